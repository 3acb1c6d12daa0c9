import { World } from '../../helpers/world.js';
import { Meter, metered } from '../contenders/meter.js';
import { beside, type Figure, type Line } from '../line.js';
import { type Row, runsOf, type Setting } from '../row.js';

/** What the server sees in an hour. */
interface Hour {
  readonly operations: number;
  readonly reads: number;
  readonly writes: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

const MODULE = 'CAD';
const MANY = 1000;
const FEW = 10;
const HOUR_MS = 3_600_000;
const HOURS = 24;
/** For what follows the last seat. */
const SETTLE_MS = 60_000;

/** Offices that work: every user has a seat at a computer of its own. Time is that of the simulation. */
export const day: Row = {
  name: 'day',
  isLong: true,
  measure: async (setting) => {
    setting.say(`${MANY} users come in`);
    const many = await office(MANY, setting);
    const few = await office(FEW, setting);
    const runs = await runsOf(
      { ...setting, runs: HOURS },
      { ours: () => many.hour(), theirs: () => few.hour() },
    );
    return linesOf(runs.ours, runs.theirs);
  },
};

interface Office {
  readonly hour: () => Promise<Hour>;
}

async function office(users: number, setting: Setting): Promise<Office> {
  const world = new World({ modules: { [MODULE]: users } });
  const meter = new Meter(0);
  for (let n = 0; n < users; n++) {
    const user = await world.user(
      world.host(`pc-${n}`, { wrap: (files) => metered(files, meter) }),
      `user-${n}`,
    );
    await user.sit(MODULE);
    if (n % 100 === 99) setting.say(`${n + 1} users have a seat`);
  }
  await world.advance(SETTLE_MS);
  return { hour: () => hourOf(world, meter) };
}

async function hourOf(world: World, meter: Meter): Promise<Hour> {
  const before = meter.traffic;
  await world.advance(HOUR_MS);
  const after = meter.traffic;
  const since = (name: keyof Hour) => after[name] - before[name];
  return {
    operations: since('operations'),
    reads: since('reads'),
    writes: since('writes'),
    bytesRead: since('bytesRead'),
    bytesWritten: since('bytesWritten'),
  };
}

function linesOf(ours: readonly Hour[], theirs: readonly Hour[]): Line[] {
  const line = (figure: Figure<Hour>) =>
    beside(
      'day',
      { ours, theirs, peer: `${FEW} instances` },
      { ...figure, what: `${MANY.toLocaleString('en')} instances, an hour: ${figure.what}` },
    );
  return [
    line({ what: 'operations', of: (hour) => hour.operations }),
    line({ what: 'files read', of: (hour) => hour.reads }),
    line({ what: 'files written', of: (hour) => hour.writes }),
    line({ what: 'read', unit: 'MB', of: (hour) => hour.bytesRead / 1e6 }),
    line({ what: 'written', unit: 'MB', of: (hour) => hour.bytesWritten / 1e6 }),
  ];
}
