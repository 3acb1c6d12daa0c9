import type { Settings } from '../licence/document.js';
import type { ModuleGrant, Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { nearest } from '../licence/nearest.js';
import type { Excess } from '../rules/installation.js';
import { ownPollMs, POLLS_PER_ANSWER } from '../rules/timing.js';
import { commandLine } from './advice-line.js';
import { counted } from './told.js';
import { duration, printable } from './words.js';
import type { World } from './world.js';

/** What `set` says, before a change and after it. */

/** What it was, and what it is now, or would be. */
export interface Changed {
  readonly before: Policy;
  readonly now: Policy;
  readonly isChanged: boolean;
  readonly isDryRun: boolean;
}

/** Running applications follow at their next poll. Seconds. */
export const followSeconds = ({ level, checkIntervalSeconds, answerWithinSeconds }: Policy): number =>
  Math.ceil(ownPollMs(level, checkIntervalSeconds, answerWithinSeconds) / 1000);

export function describeChange({ before, now, isChanged, isDryRun }: Changed): string {
  const follow = !isChanged
    ? ', as before'
    : isDryRun
      ? ''
      : `. Running applications use the new settings within ${duration(followSeconds(before))}`;
  return `${isDryRun ? 'Would be: ' : ''}${describe(now, before)}${follow}.\n`;
}

function describe(now: Policy, before: Policy): string {
  const { level, checkIntervalSeconds, answerWithinSeconds, graceSeconds } = now;
  if (level === 'light') return level;
  const was = before.checkIntervalSeconds;
  const past = was === checkIntervalSeconds ? '' : ` (it was ${duration(was)})`;
  const parts = [
    level,
    `check interval ${duration(checkIntervalSeconds)}${past}`,
    ...(answerWithinSeconds === null ? [] : [`answers within ${duration(answerWithinSeconds)}`]),
    ...(graceSeconds === 0 ? [] : [`offline grace ${duration(graceSeconds)}`]),
  ];
  return parts.join(', ');
}

/** One line for each module that is another than before. */
export function describeModules({ before, now }: Changed): string {
  const names = [...new Set([...now.modules.keys(), ...before.modules.keys()])];
  return names.map((name) => describeModule(name, before.modules.get(name), now.modules.get(name))).join('');
}

function describeModule(name: string, was: ModuleGrant | undefined, is: ModuleGrant | undefined): string {
  const module = printable(name);
  if (!is) return `${module}: dropped.\n`;
  if (!was) return `${module}: ${counted(is.maxUsers, 'user')} at once, a new module.\n`;
  return was.maxUsers === is.maxUsers
    ? ''
    : `${module}: ${counted(is.maxUsers, 'user')} at once; it was ${was.maxUsers}.\n`;
}

/** New modules that look like a misspelling of one there was. A line each. */
export function describeDoubtful({ before, now }: Changed, file: string): string {
  const known = [...before.modules.keys()];
  const added = [...now.modules.keys()].filter((name) => !before.modules.has(name));
  return added
    .flatMap((name) => {
      const near = nearest(name, known);
      if (near === null) return [];
      const drop = commandLine('set', file, { 'drop-module': name });
      return [`${name} is a new module, beside ${near}. If ${near} was meant: ${drop}\n`];
    })
    .join('');
}

/** Where more seats are in use than there are from now on. */
export const describeTooFew = ({ module, inUse, limit }: Excess): string =>
  `${printable(module)}: ${inUse === 1 ? '1 seat is' : `${inUse} seats are`} in use, and there are ${limit ?? 0}. ` +
  `No user loses a seat; no new user is seated before ${inUse + 1 - (limit ?? 0)} are given back.\n`;

/** More reads a second than this need the administrator's --yes. */
const CHEAP_READS = 50;

/** Rule 7: the cost of answering, before the change. @throws SeatfileFault BAD_ARGUMENT if it is high, without --yes */
export function warnOfPrice(answerSeconds: number, policy: Policy, isAgreed: boolean, world: World): void {
  const users = Math.max(...[...policy.modules.values()].map(({ maxUsers }) => maxUsers));
  const reads = (POLLS_PER_ANSWER * users) / answerSeconds;
  const price =
    `with up to ${users} users at work, answers within ${duration(answerSeconds)} need ` +
    `${perSecond(reads, 'read')} of the folder, and ${perSecond(users / answerSeconds, 'write')} ` +
    'while a user needs a seat';
  const cheaper = duration(Math.ceil((POLLS_PER_ANSWER * users) / CHEAP_READS));
  if (reads > CHEAP_READS && !isAgreed)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `set: ${price}; for more than ${CHEAP_READS} reads a second add --yes, or give a longer time, like ${cheaper}`,
    );
  world.err(`Extra load: ${price}.\n`);
  world.err(
    `An application that is stopped or cut off for ${duration(answerSeconds)} may lose its seat ` +
      'when a user needs one.\n',
  );
}

const perSecond = (count: number, what: string): string =>
  count >= 1.5
    ? `${Math.round(count)} ${what}s a second`
    : `a ${what} every ${duration(Math.round(1 / count))}`;

export function warnOfUse(now: Policy, settings: Settings, world: World): void {
  if (now.checkIntervalSeconds < 8 && now.level === 'heartbeat')
    world.err('A check interval below 8 s is for demonstrations only.\n');
  if (settings.onDemand && now.level === 'light')
    world.err('Light has no answers on demand. The setting takes effect when the level is heartbeat.\n');
  if (now.answerWithinSeconds !== null && now.graceSeconds > 0)
    world.err(
      'Answers on demand go before offline grace: an application that cannot answer may lose its seat.\n',
    );
}
