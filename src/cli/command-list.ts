/**
 * The commands, and where each is. Only the one that is asked for is loaded: most of what the others need would cost a
 * command that is asked for more than its own work does.
 */
export const COMMANDS = {
  status: async () => (await import('./commands/status.js')).addStatus,
  why: async () => (await import('./commands/why.js')).addWhy,
  run: async () => (await import('./commands/run.js')).addRun,
  hold: async () => (await import('./commands/hold.js')).addHold,
  init: async () => (await import('./commands/init.js')).addInit,
  remove: async () => (await import('./commands/remove.js')).addRemove,
  ban: async () => (await import('./commands/ban.js')).addBan,
  reserve: async () => (await import('./commands/reserve.js')).addReserve,
  undo: async () => (await import('./commands/undo.js')).addUndo,
  notify: async () => (await import('./commands/notify.js')).addNotify,
  install: async () => (await import('./commands/install.js')).addInstall,
  renew: async () => (await import('./commands/renew.js')).addRenew,
  set: async () => (await import('./commands/set.js')).addSet,
  journal: async () => (await import('./commands/journal.js')).addJournal,
  keygen: async () => (await import('./commands/keygen.js')).addKeygen,
  issue: async () => (await import('./commands/issue.js')).addIssue,
  verify: async () => (await import('./commands/verify.js')).addVerify,
  'serve-renewals': async () => (await import('./commands/serve-renewals.js')).addServeRenewals,
  doctor: async () => (await import('./commands/doctor.js')).addDoctor,
  repair: async () => (await import('./commands/repair.js')).addRepair,
  completion: async () => (await import('./commands/completion.js')).addCompletion,
  demo: async () => (await import('./commands/demo.js')).addDemo,
};

export type CommandName = keyof typeof COMMANDS;

export const isCommand = (word: string | undefined): word is CommandName =>
  word !== undefined && Object.hasOwn(COMMANDS, word);
