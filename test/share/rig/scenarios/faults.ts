/**
 * What happens to file servers, networks, disks and rights, while two users on three hosts commit and hold seats. After
 * each fault: what was acknowledged is there, no seat is granted twice, all processes go on, and the event loops of the
 * applications never stood still.
 */
import { chmodSync, chownSync } from 'node:fs';
import { App } from '../apps.js';
import { PLACES } from '../link.js';
import { asTeam } from '../people.js';
import type { CommitJob } from '../programs/commit.js';
import { type Hosts, must, type Rig, type Scenario } from '../rig.js';
import { pause, run } from '../shell.js';
import type { Running } from '../station.js';
import { complaintsAbout, faultsIn, giveToTeam, newTable, seatedIn, type Table, triesIn } from '../table.js';

const T_SECONDS = 30;
const BOUND_MS = 15_000;
/** Until a host has noticed that its server is back: TCP and the clients' own pauses. Milliseconds. */
const RECOVERY_MS = 100_000;
/**
 * A call that waited for the share would stand still for as long as the fault lasts, five seconds and more. What is
 * shorter than this is the computer: on two busy cores one collection of garbage took 195 of 222 ms that an
 * application stood still (seen in its profile). On a busy one no more than three times what a process with nothing to
 * do suffers.
 */
const LOOP_MS = 1000;

export interface Fault<World extends Hosts> {
  readonly name: string;
  readonly forMs: number;
  readonly isLong?: boolean;
  readonly strike: (rig: World, table: Table) => Promise<void> | void;
  readonly mend: (rig: World, table: Table) => Promise<void> | void;
}

const filler = `${PLACES.exported}/filler`;
const MOST_FILLINGS = 10;

/** Writers go on meanwhile, so what was free a moment ago may not be free any more. */
async function fillDisk(): Promise<void> {
  for (let tries = 1; ; tries++) {
    const free = Number((await run('df', '--output=avail', '-B1', PLACES.exported)).split('\n')[1]);
    try {
      return void (await run('fallocate', '-l', String(free - 8192), filler));
    } catch (error) {
      await run('rm', '-f', filler);
      if (tries === MOST_FILLINGS) throw error;
    }
  }
}

const cut = (isIn: boolean) => async (rig: Rig) => {
  for (const guest of rig.guests) await guest.cable(isIn);
};

export const diskFull: Fault<Hosts> = {
  name: 'disk full',
  forMs: 3000,
  strike: fillDisk,
  mend: async () => void (await run('rm', filler)),
};

const faults: readonly Fault<Rig>[] = [
  {
    name: 'server stopped for 8 s',
    forMs: 8000,
    strike: ({ mount }) => mount.server.stop(),
    mend: ({ mount }) => mount.server.goOn(),
  },
  {
    name: 'server killed and started again',
    forMs: 1000,
    strike: ({ mount }) => mount.server.kill(),
    mend: ({ mount }) => mount.server.start(),
  },
  { name: 'network cut for 5 s', forMs: 5000, strike: cut(false), mend: cut(true) },
  { name: 'network cut for 90 s', forMs: 90_000, isLong: true, strike: cut(false), mend: cut(true) },
  {
    name: 'export read-only',
    forMs: 3000,
    strike: ({ mount }) => mount.setReadOnly(true),
    mend: ({ mount }) => mount.setReadOnly(false),
  },
  diskFull,
  {
    name: 'rights taken away',
    forMs: 3000,
    strike: (_, { folder }) => {
      chownSync(folder, 0, 0);
      chmodSync(folder, 0o555);
    },
    mend: (_, { folder }) => giveToTeam(folder, 0o2770),
  },
];

export const faultsOf = <World extends Hosts>(faults: readonly Fault<World>[]): Scenario<World> => ({
  name: 'faults',
  play: async (rig) => {
    const table = newTable({ isTeams: true, maxUsers: 3, checkIntervalSeconds: T_SECONDS });
    const office = await open(rig, table);
    const recoveries: number[] = [];
    for (const one of faults.filter(({ isLong }) => !isLong || rig.isLong))
      recoveries.push(await strike(rig, table, office, one));
    const worstMs = await close(rig, table, office);
    return {
      faults: recoveries.length,
      'slowest recovery ms': Math.max(...recoveries),
      'loop stood still ms': worstMs,
    };
  },
});

export const fault = faultsOf(faults);

interface Office {
  readonly apps: readonly App[];
  readonly writers: readonly Running[];
  /** One per host that does nothing else: what the computer does to everybody. */
  readonly controls: readonly Running[];
}

async function open(rig: Hosts, table: Table): Promise<Office> {
  const job = (name: string): CommitJob => ({
    ...{ file: table.file, name, commits: 1_000_000, boundMs: BOUND_MS, eventEvery: 4, paceMs: 200 },
    ...{
      umask: 0o077,
      options: { clearing: { segmentNumbers: 16, supersededMs: 20_000, abandonedMs: 3_600_000 } },
    },
    traps: {},
  });
  const controls = rig.guests.map((guest) => guest.program('loop', {}));
  const apps = await Promise.all(
    rig.guests.map((guest) =>
      App.open(guest, { file: table.file, user: `user-${guest.number}` }, { ...asTeam(guest), umask: '077' }),
    ),
  );
  for (const app of apps) {
    const answer = await app.ask('acquire 30000');
    must(answer.kind === 'seated', `no seat to begin with: ${JSON.stringify(answer)}`);
    await app.ask('loop'); // measured from here on: starting is no fault
  }
  const writers = rig.guests.map((guest) => guest.program('commit', job(`w${guest.number}`), asTeam(guest)));
  await Promise.all(writers.map((one) => one.heard((line) => line.startsWith('ack '), 60_000)));
  return { apps, writers, controls };
}

/** Gives how long it took until everybody's commits went through again. */
async function strike<World extends Hosts>(
  rig: World,
  table: Table,
  office: Office,
  { name, forMs, ...one }: Fault<World>,
): Promise<number> {
  const from = office.writers.map((writer) => writer.lines.length);
  await one.strike(rig, table);
  await pause(forMs).finally(() => one.mend(rig, table));
  const startedMs = performance.now();
  const now = office.writers.map((writer) => writer.lines.length);
  await Promise.all(
    office.writers.map((writer, index) =>
      writer.heard((line) => line.startsWith('ack '), RECOVERY_MS, now[index] ?? 0),
    ),
  );
  const tookMs = Math.round(performance.now() - startedMs);
  const tries = office.writers.flatMap((writer, index) => triesIn(writer.lines.slice(from[index])));
  const said = faultsIn(tries);
  rig.say(
    `${name}: everybody commits again ${tookMs} ms after; ${said.length === 0 ? 'nobody was refused' : ''}`,
  );
  for (const words of said) rig.say(`  ${words}`);
  check(table, office, name);
  return tookMs;
}

function check(table: Table, { writers, apps }: Office, name: string): void {
  const complaints = complaintsAbout(table, triesIn(writers.flatMap(({ lines }) => lines)));
  must(complaints.length === 0, `${name}: ${complaints.slice(0, 5).join('; ')}`);
  const seated = seatedIn(table);
  must(new Set(seated.map(({ seat }) => seat)).size === seated.length, `${name}: a seat is there twice`);
  must(seated.length <= 3, `${name}: ${seated.length} seats of 3 are taken`);
  for (const app of apps) {
    const lost = app.said.find(({ what }) => what === 'lost');
    must(lost === undefined, `${name}: a live user lost his seat (${lost?.reason})`);
  }
}

async function close(rig: Hosts, table: Table, { apps, writers, controls }: Office): Promise<number> {
  const worst = await Promise.all(apps.map(async (app) => (await app.ask('loop')).worstMs ?? 0));
  for (const run of [...writers, ...controls]) run.close();
  await Promise.all(writers.map((run) => run.ended));
  check(table, { apps, writers, controls }, 'at the end');
  const idle = await Promise.all(controls.map(loopOf));
  const ours = await Promise.all(writers.map(loopOf));
  rig.say(
    `event loops stood still for at most: applications ${worst.join(', ')} ms; writers ${ours.join(', ')} ms`,
  );
  rig.say(`  and that of a process with nothing to do, on the same hosts: ${idle.join(', ')} ms`);
  const isCalm = (ms: number, host: number) => ms <= Math.max(LOOP_MS, 3 * (idle[host] ?? 0));
  must(worst.every(isCalm), `an application's event loop stood still for ${Math.max(...worst)} ms`);
  for (const app of apps)
    must((await app.ask('release')).code === undefined, 'a seat could not be given back');
  for (const app of apps) app.run.say('exit\n');
  return Math.max(...worst);
}

async function loopOf(one: Running): Promise<number> {
  return Number((await one.heard((line) => line.startsWith('loop '), 30_000)).split(' ')[1]);
}
