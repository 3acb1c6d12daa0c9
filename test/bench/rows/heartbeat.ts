import { mkdtemp, readdir, rm } from 'node:fs/promises';
import nodePath from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openWith } from '../../../src/client/open-licence.js';
import { realSystem } from '../../../src/client/system.js';
import { folderOf, numbersAmong } from '../../../src/share/layout.js';
import type { TestVendor } from '../../helpers/vendor.js';
import { Meter, metered } from '../contenders/meter.js';
import { crowdedTable, MODULE } from '../crowded-table.js';
import { JumpingClock } from '../jumping-clock.js';
import { alone, beside, type Figure, type Line, ownMost } from '../line.js';
import { type Row, runsOf, type Setting } from '../row.js';

/** What one heartbeat costs the server and the processor, with what follows it. */
export interface Beat {
  readonly operations: number;
  readonly bytes: number;
  readonly cpuMs: number;
}

const SIZES = [10, 100, 1000, 10_000] as const;
/** For what follows a commit: the display copy. Milliseconds. */
const BEHIND_MS = 4000;
const BEAT_MS = 30_000;

/** One holder in a table whose other places are taken: this process. Its clock is set ahead by T each time. */
export const heartbeat: Row = {
  name: 'heartbeat',
  measure: async (setting) => {
    const directory = await mkdtemp(nodePath.join(setting.directory, 'heartbeat-'));
    const holders: Holder[] = [];
    try {
      for (const places of SIZES) holders.push(await Holder.sit(directory, places));
      return await beatAll(setting, holders);
    } finally {
      for (const holder of holders) await holder.leave();
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function beatAll(setting: Setting, holders: readonly Holder[]): Promise<readonly Line[]> {
  for (const holder of holders) await holder.beat(); // warm
  const sides = holders.map((holder) => [holder.places, () => holder.beat()] as const);
  const runs = await runsOf<string, Beat>(setting, Object.fromEntries(sides));
  return SIZES.flatMap((places) => linesOf(places, runs[places] ?? [], runs[SIZES[0]] ?? []));
}

export class Holder {
  readonly places: number;
  readonly leave: () => Promise<void>;
  private readonly folder: string;
  private readonly clock: JumpingClock;
  private readonly meter: Meter;

  private constructor(
    places: number,
    folder: string,
    clock: JumpingClock,
    meter: Meter,
    leave: Holder['leave'],
  ) {
    this.places = places;
    this.folder = folder;
    this.clock = clock;
    this.meter = meter;
    this.leave = leave;
  }

  /** @param vendor signs the licence, and is trusted alone. Without one it is unsigned, and opened without a key */
  static async sit(directory: string, places: number, vendor?: TestVendor): Promise<Holder> {
    const file = await crowdedTable(directory, places, vendor);
    const clock = new JumpingClock();
    const meter = new Meter(0);
    const system = realSystem();
    const files = metered(system.files, meter);
    const licence = await openWith(
      file,
      { user: 'ada', publicKey: vendor?.pem },
      { ...system, files, clock: clock.clock },
    );
    const claim = await licence.acquire(MODULE);
    if (claim.kind !== 'seated') throw new Error(`expected the last of ${places} places, got ${claim.kind}`);
    return new Holder(places, folderOf(file), clock, meter, () => licence.close());
  }

  /** The next heartbeat: T passes at once. */
  async beat(): Promise<Beat> {
    const revision = await this.revision();
    const before = this.meter.traffic;
    const cpu = process.cpuUsage();
    this.clock.jump(30_000 * this.places);
    await this.after(revision);
    await pause(BEHIND_MS);
    const { user, system } = process.cpuUsage(cpu);
    const { operations, bytesRead, bytesWritten } = this.meter.traffic;
    return {
      operations: operations - before.operations,
      bytes: bytesRead + bytesWritten - before.bytesRead - before.bytesWritten,
      cpuMs: (user + system) / 1000,
    };
  }

  private async after(revision: number): Promise<void> {
    const untilMs = performance.now() + BEAT_MS;
    while ((await this.revision()) === revision) {
      if (performance.now() > untilMs) throw new Error(`no heartbeat of ${this.places} places`);
      await pause(50);
    }
  }

  private async revision(): Promise<number> {
    return numbersAmong(await readdir(this.folder)).at(-1) ?? 0;
  }
}

function linesOf(places: number, ours: readonly Beat[], theirs: readonly Beat[]): Line[] {
  const all = places.toLocaleString('en');
  const line = (figure: Figure<Beat>) => {
    const named = { ...figure, what: `a heartbeat, ${all} seats: ${figure.what}` };
    return places === SIZES[0]
      ? alone('heartbeat', ours, named)
      : beside('heartbeat', { ours, theirs, peer: '10 seats' }, named);
  };
  return [
    line({ what: 'operations', of: (beat) => beat.operations }),
    line({ what: 'bytes', of: (beat) => beat.bytes }),
    line({
      what: 'CPU',
      unit: 'ms',
      of: (beat) => beat.cpuMs,
      bound: places === 10_000 ? ownMost(200) : undefined,
    }),
  ];
}
