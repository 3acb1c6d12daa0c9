import { median, quantile, sum } from '../arithmetic.js';
import { type Bound, beside, type Figure, type Line, ownMost } from '../line.js';
import type { Answer, Member } from '../member.js';
import { withMembers } from '../place.js';
import { type Row, type Runs, runsOf } from '../row.js';

/** 40 commits of each writer. */
const PAIRS = 20;

interface Run {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly operations: number;
  /** Of a commit: 95 % / median. */
  readonly unevenness: number;
}

/** Writers that have all opened before take a seat and give it back, again and again, all at once. */
export const writers = (count: number, bound?: Bound): Row => ({
  name: `writers-${count}`,
  measure: async (setting) => {
    const run = (contender: 'seatfile' | 'loop') => () =>
      withMembers(setting, { contender, count, places: count }, writeAll);
    const runs = await runsOf(setting, { ours: run('seatfile'), loop: run('loop') });
    return linesOf(count, setting.delayMs === 0 ? bound : undefined, runs);
  },
});

async function writeAll(members: readonly Member[]): Promise<Run> {
  const before = await Promise.all(members.map((member) => member.ask({ do: 'open' })));
  const after = await Promise.all(members.map((member) => member.ask({ do: 'pairs', times: PAIRS })));
  return runOf(before, after);
}

function runOf(before: readonly Answer[], after: readonly Answer[]): Run {
  const tookMs = after.flatMap((answer) => answer.tookMs);
  const startedMs = Math.min(...after.map((answer) => answer.startedMs));
  const endedMs = Math.max(...after.map((answer) => answer.endedMs));
  const perCommit = (of: (answer: Answer) => number) =>
    (sum(after.map(of)) - sum(before.map(of))) / tookMs.length;
  return {
    perSecond: (tookMs.length / (endedMs - startedMs)) * 1000,
    cpuMs: perCommit(({ cpuMs }) => cpuMs),
    operations: perCommit(({ traffic }) => traffic.operations),
    unevenness: quantile(tookMs, 0.95) / median(tookMs),
  };
}

function linesOf(
  count: number,
  bound: Bound | undefined,
  { ours, loop }: Runs<'ours' | 'loop', Run>,
): Line[] {
  const all = count === 1 ? '1 writer' : `${count} writers`;
  const line = (figure: Figure<Run>) =>
    beside(
      `writers-${count}`,
      { ours, theirs: loop, peer: 'loop' },
      { ...figure, what: `${all}: ${figure.what}` },
    );
  const lines = [
    line({ what: 'commits', unit: '/s', of: (run) => run.perSecond, bound }),
    line({ what: 'CPU per commit', unit: 'ms', of: (run) => run.cpuMs }),
    line({ what: 'operations per commit', of: (run) => run.operations }),
  ];
  if (count === 1) return lines;
  const fairness = line({
    what: '95 % / median of a commit',
    of: (run) => run.unevenness,
    bound: ownMost(3),
  });
  return [...lines, fairness];
}
