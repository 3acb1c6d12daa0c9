import { setTimeout as pause } from 'node:timers/promises';
import { alone, beside, type Line, ownMost } from '../line.js';
import { Member } from '../member.js';
import { withTable } from '../place.js';
import { type Row, runsOf, type Setting } from '../row.js';

/** For what follows the seat, and the two collections of garbage that V8 makes once, some 8 s later. Milliseconds. */
const SETTLE_MS = 12_000;
const IDLE_MS = 10_000;

interface Idle {
  /** Of one processor. */
  readonly percent: number;
  readonly megabytes: number;
}

/** A process that has a seat, and nothing to do, at the same time as one that has loaded zod. Each run has new ones. */
export const idle: Row = {
  name: 'idle',
  measure: async (setting) => {
    const { both } = await runsOf(setting, {
      both: async () => {
        const [ours, zod] = await Promise.all([idleOf(setting, 'seatfile'), idleOf(setting, 'zod')]);
        return { ours, zod };
      },
    });
    return linesOf(both);
  },
};

async function idleOf(setting: Setting, contender: 'seatfile' | 'zod'): Promise<Idle> {
  return await withTable(setting, contender, 10, async (table) => {
    await using member = await Member.start(setting.launch, { contender, table, user: 'ada', delayMs: 0 });
    await member.ask({ do: 'seat' });
    await pause(SETTLE_MS);
    await member.ask({ do: 'state' }); // the first answer costs more
    const before = await member.ask({ do: 'state' });
    await pause(IDLE_MS);
    const after = await member.ask({ do: 'state' });
    return {
      percent: (100 * (after.cpuMs - before.cpuMs)) / IDLE_MS,
      megabytes: after.residentBytes / 2 ** 20,
    };
  });
}

function linesOf(runs: readonly { readonly ours: Idle; readonly zod: Idle }[]): Line[] {
  const both = {
    ours: runs.map(({ ours }) => ours),
    theirs: runs.map(({ zod }) => zod),
    peer: 'Node with zod',
  };
  const over = (of: (run: Idle) => number) => runs.map(({ ours, zod }) => of(ours) - of(zod));
  const percent = (run: Idle) => run.percent;
  const megabytes = (run: Idle) => run.megabytes;
  const itself = (value: number) => value;
  const moreCpu = { what: 'an idle holder: processor over Node with zod', unit: '%', of: itself };
  const moreMemory = { what: 'an idle holder: memory over Node with zod', unit: 'MB', of: itself };
  return [
    beside('idle', both, { what: 'an idle holder: processor', unit: '%', of: percent }),
    alone('idle', over(percent), { ...moreCpu, bound: ownMost(0.1) }),
    beside('idle', both, { what: 'an idle holder: memory', unit: 'MB', of: megabytes }),
    alone('idle', over(megabytes), { ...moreMemory, bound: ownMost(10) }),
  ];
}
