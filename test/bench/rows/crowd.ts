import { setTimeout as pause } from 'node:timers/promises';
import { median, sum } from '../arithmetic.js';
import { alone, beside, type Figure, type Line, most, ownMost } from '../line.js';
import type { Answer, Member, Said } from '../member.js';
import { withMembers } from '../place.js';
import { type Row, type Runs, runsOf, type Setting } from '../row.js';

/** What is still done behind the answers: the display copy, first looks. Milliseconds. */
const BEHIND_MS = 4000;
/** An application that has no answer by then has given up: the default of `timeoutMs`. */
const GIVES_UP_MS = 30_000;

export interface Crowd {
  /** From the signal until the last is answered. Milliseconds. */
  readonly allMs: number;
  /** Until half of them are answered. Milliseconds. */
  readonly medianMs: number;
  /** The slowest answer / the median. */
  readonly unevenness: number;
  /** Each per answered process; `later` is with what follows in BEHIND_MS. */
  readonly operations: number;
  readonly later: number;
  readonly cpuMs: number;
  readonly gaveUp: number;
  readonly failed: number;
  readonly lostSeats: number;
}

/** Processes that have loaded their packages open, and take a seat, all at one signal. */
export async function seatAll(members: readonly Member[], behindMs: number): Promise<Crowd> {
  const before = members.map(({ loaded }) => loaded);
  const after = await Promise.all(members.map((member) => member.attempt({ do: 'seat' })));
  await pause(behindMs);
  const later = await Promise.all(members.map((member) => member.ask({ do: 'state' })));
  return crowdOf(before, after, later);
}

function crowdOf(before: readonly Said[], after: readonly Answer[], later: readonly Answer[]): Crowd {
  const startedMs = Math.min(...after.map((answer) => answer.startedMs));
  const answeredMs = after.map(({ endedMs }) => endedMs - startedMs);
  const operations = (answers: readonly Said[]) =>
    sum(answers.map(({ traffic }) => traffic.operations)) / after.length;
  const allMs = Math.max(...answeredMs);
  return {
    allMs,
    medianMs: median(answeredMs),
    unevenness: allMs / median(answeredMs),
    operations: operations(after),
    later: operations(later),
    cpuMs: (sum(after.map(({ cpuMs }) => cpuMs)) - sum(before.map(({ cpuMs }) => cpuMs))) / after.length,
    gaveUp: answeredMs.filter((ms) => ms > GIVES_UP_MS).length,
    failed: after.filter(({ error, isSeated }) => error !== undefined || !isSeated).length,
    lostSeats: later.filter(({ isSeated }, n) => after[n]?.isSeated && !isSeated).length,
  };
}

const crowdOfSize = (setting: Setting, contender: 'seatfile' | 'loop', count: number) => () =>
  withMembers(setting, { contender, count, places: count }, (members) => seatAll(members, BEHIND_MS));

/** A crowd beside one that uses the loop. */
export const crowd = (count: number): Row => ({
  name: `crowd-${count}`,
  measure: async (setting) => {
    const ours = crowdOfSize(setting, 'seatfile', count);
    const loop = crowdOfSize(setting, 'loop', count);
    return linesOf(count, await runsOf(setting, { ours, loop }), setting);
  },
});

function linesOf(count: number, { ours, loop }: Runs<'ours' | 'loop', Crowd>, { delayMs }: Setting): Line[] {
  const row = `crowd-${count}`;
  const line = (figure: Figure<Crowd>) =>
    beside(row, { ours, theirs: loop, peer: 'loop' }, named(count, figure));
  return [
    line({ ...allAnswered, bound: most(delayMs >= 5 ? 2 : 3) }),
    line(halfAnswered),
    line({ ...unevenness, bound: ownMost(3) }),
    line({ ...operations, bound: ownMost(30) }),
    line(operationsLater),
    line(cpu),
    ...promises.map((figure) => alone(row, ours, named(count, figure))),
  ];
}

/** A crowd so large that the loop comes to no end: beside a smaller one of our own. */
export const largeCrowd = (count: number, smaller: number): Row => ({
  name: `crowd-${count}`,
  isLong: true,
  measure: async (setting) => {
    const large = crowdOfSize(setting, 'seatfile', count);
    const small = crowdOfSize(setting, 'seatfile', smaller);
    const runs = await runsOf(setting, { large, small });
    const row = `crowd-${count}`;
    const both = { ours: runs.large, theirs: runs.small, peer: `${smaller} at once` };
    return [
      beside(row, both, named(count, { ...allAnswered, bound: most(4) })),
      ...[{ ...unevenness, bound: ownMost(3) }, operations, operationsLater, cpu].map((figure) =>
        beside(row, both, named(count, figure)),
      ),
      ...promises.map((figure) => alone(row, runs.large, named(count, figure))),
    ];
  },
});

export const named = (count: number, figure: Figure<Crowd>): Figure<Crowd> => ({
  ...figure,
  what: `${count} at once: ${figure.what}`,
});

export const allAnswered: Figure<Crowd> = { what: 'all answered', unit: 'ms', of: (run) => run.allMs };
const halfAnswered: Figure<Crowd> = { what: 'half of them answered', unit: 'ms', of: (run) => run.medianMs };
const unevenness: Figure<Crowd> = { what: 'slowest / median answer', of: (run) => run.unevenness };
const operations: Figure<Crowd> = { what: 'operations per process', of: (run) => run.operations };
const operationsLater: Figure<Crowd> = {
  what: `operations per process, ${BEHIND_MS / 1000} s later`,
  of: (run) => run.later,
};
const cpu: Figure<Crowd> = { what: 'CPU per process', unit: 'ms', of: (run) => run.cpuMs };
const promises: readonly Figure<Crowd>[] = [
  { what: 'without a seat', of: (run) => run.failed, bound: ownMost(0) },
  { what: 'answered after 30 s: given up', of: (run) => run.gaveUp, bound: ownMost(0) },
  { what: 'seats taken away', of: (run) => run.lostSeats, bound: ownMost(0) },
];
