import { explore, type Walk } from './explore.js';
import { lockedFile } from './locked.js';
import { protocol } from './protocol.js';
import { type Rules, type Setting, shipped } from './setting.js';

/** One walk, and what it is expected to show. */
export interface Run {
  readonly name: string;
  /** Processes, attempts, commits of others. */
  readonly size: string;
  /** What is in it, in letters. */
  readonly includes: string;
  readonly setting: Setting;
  readonly rules: Rules | 'lockedFile';
  /** What breaks; null: nothing does, anywhere. */
  readonly breaks: string | null;
  /** How many states are met: to the end, or up to the breaking step. */
  readonly states: number;
  /** How many steps the shortest way to the trouble has; 0 where there is none. */
  readonly steps: number;
}

export const isAsExpected = ({ breaks, states, steps }: Run, found: Walk): boolean =>
  found.states === states &&
  (found.finding?.trace.length ?? 0) === steps &&
  (breaks === null ? found.finding === null : found.finding?.broken.includes(breaks) === true);

const all: Setting = {
  processes: 2,
  attempts: 2,
  others: 1,
  stale: true,
  late: true,
  clearing: true,
  crashes: true,
  pausedLooks: true,
  loose: false,
  remembers: Number.POSITIVE_INFINITY,
  mostAbove: Number.POSITIVE_INFINITY,
};

/** The letters of the table in the README. */
const includes = (setting: Setting): string => {
  const parts: string[] = [];
  if (setting.stale) parts.push('o');
  if (setting.late) parts.push('l');
  if (setting.clearing) parts.push('c');
  if (setting.crashes) parts.push('x');
  if (setting.pausedLooks) parts.push('p');
  if (setting.loose) parts.push('loose');
  if (Number.isFinite(setting.remembers)) parts.push('short');
  return parts.join(' ');
};

type Wanted = readonly [
  name: string,
  rules: Rules,
  change: Partial<Setting>,
  breaks: string | null,
  states: number,
  steps: number,
];

const asRun = ([name, rules, change, breaks, states, steps]: Wanted): Run => {
  const setting = { ...all, ...change };
  const size = `${setting.processes} / ${setting.attempts} / ${setting.others}`;
  return { name, size, includes: includes(setting), setting, rules, breaks, states, steps };
};

const LOST = 'was acknowledged, and the newest revision does not hold it';
const FALSE_NO = 'was said not to be made, and the newest revision holds it';
const TWICE = 'is in the table twice';
const HOLLOW = 'holds no document that goes with its number';
const ASTRAY = 'does not follow the newest one below it';

/** A network that tells the truth, and no process is stopped between the listing and the reading of one look. */
const honest = { late: false, pausedLooks: false };
/** What one look shows was there at one moment: traces are easier to read. */
const whole = { pausedLooks: false };
const short = { remembers: 2, mostAbove: 1 };

/** The protocol of `src/share`: nothing breaks. */
const sound: readonly Wanted[] = [
  ['honest network', shipped, { late: false, processes: 3, attempts: 1, others: 0 }, null, 5562, 0],
  ['honest network', shipped, { late: false }, null, 16983, 0],
  ['all of it, one process', shipped, { processes: 1, others: 3 }, null, 8300, 0],
  ['all of it', shipped, { attempts: 1 }, null, 21790, 0],
  ['short memory', shipped, { ...short, processes: 1, others: 3 }, null, 9508, 0],
];

/** What the protocol once did wrong: each rule is called for. */
const withoutOne: readonly Wanted[] = [
  [
    'without looksAgain',
    { ...shipped, looksAgain: false },
    { late: false, crashes: false, attempts: 1, others: 3 },
    LOST,
    19659,
    13,
  ],
  ['without refusesBySetAside', { ...shipped, refusesBySetAside: false }, {}, FALSE_NO, 111, 5],
  [
    'without refusesByLook and doubtsBeaten',
    { ...shipped, refusesByLook: false, doubtsBeaten: false },
    whole,
    FALSE_NO,
    3884,
    9,
  ],
  [
    'without mindsForgetting',
    { ...shipped, mindsForgetting: false },
    { ...whole, ...short, processes: 1, others: 3 },
    TWICE,
    2711,
    11,
  ],
  [
    'with asksChild',
    { ...shipped, asksChild: true },
    { ...short, late: false, crashes: false, attempts: 1, others: 3 },
    LOST,
    61494,
    15,
  ],
];

/** The classic mistakes, each alone, in a protocol that is otherwise sound. */
const mistakes: readonly Wanted[] = [
  [
    'trusts the rename, lists no second time',
    { ...shipped, confirms: false },
    { ...whole, others: 2 },
    LOST,
    302,
    5,
  ],
  ['a new change id for every attempt', { ...shipped, oneChangeId: false }, whole, TWICE, 4443, 9],
  ['takes an error for "not done"', { ...shipped, trustsErrors: true }, whole, FALSE_NO, 29, 3],
  ['deletes inside of an undecided stage', { ...shipped, emptiesInPlace: true }, whole, HOLLOW, 92, 4],
  ['one stage name for all attempts', { ...shipped, newStageNames: false }, whole, HOLLOW, 545, 6],
  ['believes an empty folder', { ...shipped, believesEmpty: 'always' }, honest, LOST, 498, 7],
  ['clears away the newest', { ...shipped, clearsNewest: true }, whole, LOST, 116, 4],
  [
    'clears away at once (no A4)',
    { ...shipped, waitsToClear: false },
    { ...honest, others: 2 },
    LOST,
    652,
    6,
  ],
  ['does not mind what it has seen', { ...shipped, mindsSeen: false }, honest, FALSE_NO, 427, 6],
  ['aims at a number newer than its base', { ...shipped, aimsAnew: true }, whole, ASTRAY, 147, 4],
];

/** Nothing breaks: believed only before the rename, an empty folder does no harm, for the second listing tells. */
const harmless: readonly Wanted[] = [
  [
    'believes an empty folder before the rename only',
    { ...shipped, believesEmpty: 'before' },
    honest,
    null,
    21120,
    0,
  ],
];

const locked: Run = {
  name: 'replaces one file under a lock that may be stolen',
  size: '2 / 1 / 0',
  includes: 'x',
  setting: all,
  rules: 'lockedFile',
  breaks: 'was acknowledged and is lost',
  states: 100,
  steps: 7,
};

/** Seconds, all together. */
export const quick: readonly Run[] = [
  ...[...sound, ...withoutOne, ...harmless, ...mistakes].map(asRun),
  locked,
];

const loose = { loose: true };
const fresh = { ...loose, stale: false };

/** Some minutes. */
export const long: readonly Run[] = (
  [
    [
      'honest network',
      shipped,
      { ...loose, processes: 4, attempts: 1, others: 0, late: false },
      null,
      159353,
      0,
    ],
    ['honest network', shipped, { ...loose, processes: 3, others: 0, late: false }, null, 52784, 0],
    ['all of it', shipped, {}, null, 403802, 0],
    ['all of it', shipped, { ...loose, others: 2 }, null, 522607, 0],
    ['all of it', shipped, { ...loose, processes: 3, attempts: 1 }, null, 1192100, 0],
    ['all but old listings', shipped, { ...fresh, processes: 4, attempts: 1, others: 0 }, null, 321956, 0],
    ['short memory', shipped, { ...short, attempts: 1, others: 3 }, null, 404366, 0],
    ['without refusesByLook', { ...shipped, refusesByLook: false }, whole, null, 258811, 0],
  ] satisfies Wanted[]
).map(asRun);

/** The same with more in it. */
export const nightly: readonly Run[] = (
  [
    ['without doubtsBeaten', { ...shipped, doubtsBeaten: false }, whole, null, 512950, 0],
    ['honest network', shipped, { ...loose, processes: 3, late: false }, null, 1268070, 0],
    ['all but old listings', shipped, { ...fresh, processes: 3 }, null, 1474338, 0],
  ] satisfies Wanted[]
).map(asRun);

export function walk(run: Run): Walk {
  const { rules, setting } = run;
  return rules === 'lockedFile' ? explore(lockedFile(setting.processes)) : explore(protocol(setting, rules));
}
