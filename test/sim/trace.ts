import type { EventDraft } from '../../src/licence/revision.js';

/** What happened in a run, for people: which process did what to which file when, and which rule spoke. */
export class Trace {
  readonly lines: string[] = [];
  private readonly now: () => number;
  /** Without it nothing is kept, and nothing costs anything. */
  readonly isKept: boolean;

  constructor(now: () => number, isKept: boolean) {
    this.now = now;
    this.isKept = isKept;
  }

  note(who: string, text: string): void {
    if (this.isKept) this.lines.push(`${clockTime(this.now())}  ${who.padEnd(16)} ${text}`);
  }
}

const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');

/** Since the run began, in true time: `1d 02:03:04.567`. */
export function clockTime(ms: number): string {
  const seconds = ms / 1000;
  const days = Math.floor(seconds / 86_400);
  const time = `${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${days}d ${time}.${String(Math.floor(ms % 1000)).padStart(3, '0')}`;
}

/** Long ids and the folder say nothing in a trace: `stage-1a2b3c4d-1000-9f8e7d...` becomes `stage-1000-9f8e`. */
export const shortPath = (path: string): string =>
  path
    .replace(/^\/share\/licence\.json\.revisions(?=\/|$)/, 'revisions')
    .replace(/^\/share\//, '')
    .replace(/stage-[0-9a-f]{8}-(\d+)-([0-9a-f]{4})[0-9a-f]{28}/, 'stage-$1-$2')
    .replace(/clearing-([0-9a-f]{4})[0-9a-f]{28}/, 'clearing-$1')
    .replace(/0{6}(\d{6})/, '$1');

/** What a tombstone says of a holder that did not answer a call. */
export const UNANSWERED = 'did not answer the roll call';

/** Which rule spoke. */
const rules: Readonly<Record<string, string>> = {
  seated: 'was seated',
  back: 'put his own record back',
  given: 'was given the place he waited for',
  'passed over': 'did not take his place',
  'gave up': 'gave up the place he waited for',
  forgotten: 'went on where revisions are lost',
  reminded: 'put in what he remembered of the lost revisions',
  released: 'gave his seat back',
  evicted: 'was put out',
  removed: 'was removed',
  banned: 'was banned',
  leaving: 'is to leave',
  stays: 'is to stay after all',
  undone: 'has the removed seat again',
  notified: 'was sent a message',
  settings: 'the settings were changed',
};

/** One event of a revision. */
export function wordsOf(event: EventDraft): string {
  const { kind, user, host, module, reason, actor, words } = event;
  const who = user === undefined ? String(actor ?? '') : `${user}@${host} in ${module}`;
  const silent = words === UNANSWERED ? ' (rule 5b: did not answer)' : ' (rule 4: stood still)';
  const gone = reason === 'process gone' ? ' (rule 5a: provably gone)' : '';
  return `; ${who} ${rules[kind] ?? kind}${reason === 'evicted' ? silent : gone}`;
}
