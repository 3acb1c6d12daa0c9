import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../arithmetic.js';
import { beside, type Line, most } from '../line.js';
import { type Answer, Member } from '../member.js';
import { withTable } from '../place.js';
import { oftener, type Row, type Runs, runsOf, type Setting } from '../row.js';

const PAIRS = 12;
/** For what goes on behind the answers. Milliseconds. */
const SETTLE_MS = 200;
const ROW = 'alone';

/** One process takes a seat and gives it back, by turns with processes that do the like by other means. */
export const alone: Row = {
  name: ROW,
  measure: (setting) =>
    withMember(setting, 'seatfile', (ours) =>
      withMember(setting, 'loop', (loop) =>
        withMember(setting, 'bare', async (bare) => {
          const sides = { ours: await batches(ours), loop: await batches(loop), bare: await batches(bare) };
          return linesOf(await runsOf(oftener(setting, 6), sides));
        }),
      ),
    ),
};

async function withMember<T>(
  setting: Setting,
  contender: 'seatfile' | 'loop' | 'bare',
  act: (member: Member) => Promise<T>,
): Promise<T> {
  return await withTable(setting, contender, 10, async (table) => {
    await using member = await Member.start(setting.launch, {
      contender,
      table,
      user: 'ada',
      delayMs: setting.delayMs,
    });
    return await act(member);
  });
}

interface Batch {
  readonly pairMs: number;
  readonly cpuMs: number;
  readonly operations: number;
}

/** Opens, and gets warm. A batch is paid for from the end of the one before, with what was done behind its answers. */
async function batches(member: Member): Promise<() => Promise<Batch>> {
  await member.ask({ do: 'open' });
  let before = await member.ask({ do: 'pairs', times: PAIRS });
  await pause(SETTLE_MS);
  return async () => {
    const after = await member.ask({ do: 'pairs', times: PAIRS });
    const batch = batchOf(before, after);
    before = after;
    await pause(SETTLE_MS);
    return batch;
  };
}

function batchOf(before: Answer, after: Answer): Batch {
  const commits = after.tookMs.length;
  return {
    pairMs: 2 * median(after.tookMs),
    cpuMs: (after.cpuMs - before.cpuMs) / commits,
    operations: (after.traffic.operations - before.traffic.operations) / commits,
  };
}

function linesOf({ ours, loop, bare }: Runs<'ours' | 'loop' | 'bare', Batch>): Line[] {
  const toBare = { ours, theirs: bare, peer: 'bare operations' };
  const toLoop = { ours, theirs: loop, peer: 'loop' };
  const pair = { what: 'acquire + release, one process', unit: 'ms', of: ({ pairMs }: Batch) => pairMs };
  const cpu = { what: 'CPU per commit, one process', unit: 'ms', of: ({ cpuMs }: Batch) => cpuMs };
  const count = { what: 'operations per commit, one process', of: ({ operations }: Batch) => operations };
  return [
    beside(ROW, toBare, { ...pair, bound: most(1.4) }),
    beside(ROW, toLoop, pair),
    beside(ROW, toLoop, { ...cpu, bound: most(1.6) }),
    beside(ROW, toLoop, count),
  ];
}
