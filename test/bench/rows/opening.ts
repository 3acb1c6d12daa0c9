import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../arithmetic.js';
import { alone, beside, type Figure, type Line, most } from '../line.js';
import { type Answer, Member } from '../member.js';
import { withMembers, withTable } from '../place.js';
import { oftener, type Row, type Runs, runsOf, type Setting } from '../row.js';

type Side = 'seatfile' | 'loop';

/** For what goes on behind the first seat: the display copy, warnings about the place. Milliseconds. */
const BEHIND_MS = 4000;
const CALLS = 100_000;

interface First {
  readonly openMs: number;
  readonly seatMs: number;
  readonly cpuMs: number;
  readonly laterCpuMs: number;
  readonly operations: number;
  readonly validMs: number;
}

/** A cold process, that has loaded its packages and nothing more, opens and takes its first seat. */
export const firstSeat: Row = {
  name: 'first-seat',
  measure: async (setting) => {
    const run = (contender: Side) => () =>
      withMembers(setting, { contender, count: 1, places: 10 }, ([member]) => openAndSit(member));
    return linesOfFirst(await runsOf(oftener(setting, 2), { ours: run('seatfile'), loop: run('loop') }));
  },
};

async function openAndSit(member: Member | undefined): Promise<First> {
  if (member === undefined) throw new Error('expected a process');
  const { loaded } = member;
  const opened = await member.ask({ do: 'open' });
  const seated = await member.ask({ do: 'acquire' });
  await pause(BEHIND_MS);
  const later = await member.ask({ do: 'state' });
  const { tookMs } = await member.ask({ do: 'valid', times: CALLS });
  return {
    openMs: tookOf(opened),
    seatMs: tookOf(seated),
    cpuMs: seated.cpuMs - loaded.cpuMs,
    laterCpuMs: later.cpuMs - loaded.cpuMs,
    operations: seated.traffic.operations,
    validMs: tookMs[0] ?? Number.NaN,
  };
}

const tookOf = ({ startedMs, endedMs }: Answer): number => endedMs - startedMs;

function linesOfFirst({ ours, loop }: Runs<'ours' | 'loop', First>): Line[] {
  const line = (figure: Figure<First>) => beside('first-seat', { ours, theirs: loop, peer: 'loop' }, figure);
  return [
    line({
      what: 'CPU of opening and the first seat, cold',
      unit: 'ms',
      of: (run) => run.cpuMs,
      bound: most(3.5),
    }),
    line({ what: `the same, ${BEHIND_MS / 1000} s later`, unit: 'ms', of: (run) => run.laterCpuMs }),
    line({ what: 'opening', unit: 'ms', of: (run) => run.openMs }),
    line({ what: 'the first seat', unit: 'ms', of: (run) => run.seatMs }),
    line({ what: 'operations of both', of: (run) => run.operations }),
    alone('first-seat', ours, { what: 'seat.valid', unit: 'us', of: (run) => 1000 * run.validMs }),
  ];
}

const REFUSALS = 10;

interface Refused {
  readonly answerMs: number;
  readonly cpuMs: number;
  readonly operations: number;
}

/** One process has the only place; another, which has opened before, asks again and again. */
export const full: Row = {
  name: 'full',
  measure: async (setting) =>
    await withFullTable(setting, 'seatfile', (ours) =>
      withFullTable(setting, 'loop', async (loop) =>
        linesOfFull(
          await runsOf(oftener(setting, 4), { ours: () => refuse(ours), loop: () => refuse(loop) }),
        ),
      ),
    ),
};

async function withFullTable<T>(
  setting: Setting,
  contender: Side,
  act: (member: Member) => Promise<T>,
): Promise<T> {
  const { delayMs, launch } = setting;
  return await withTable(setting, contender, 1, async (table) => {
    await using holder = await Member.start(launch, { contender, table, user: 'ada', delayMs });
    await using other = await Member.start(launch, { contender, table, user: 'ben', delayMs });
    await holder.ask({ do: 'seat' });
    await other.ask({ do: 'open' });
    await other.ask({ do: 'refused', times: REFUSALS }); // warm
    return await act(other);
  });
}

async function refuse(member: Member): Promise<Refused> {
  const before = await member.ask({ do: 'state' });
  const after = await member.ask({ do: 'refused', times: REFUSALS });
  return {
    answerMs: median(after.tookMs),
    cpuMs: (after.cpuMs - before.cpuMs) / REFUSALS,
    operations: (after.traffic.operations - before.traffic.operations) / REFUSALS,
  };
}

function linesOfFull({ ours, loop }: Runs<'ours' | 'loop', Refused>): Line[] {
  const line = (figure: Figure<Refused>) => beside('full', { ours, theirs: loop, peer: 'loop' }, figure);
  return [
    line({ what: 'a refusal, the table being full', unit: 'ms', of: (run) => run.answerMs }),
    line({ what: 'CPU of a refusal', unit: 'ms', of: (run) => run.cpuMs }),
    line({ what: 'operations of a refusal', of: (run) => run.operations }),
  ];
}
