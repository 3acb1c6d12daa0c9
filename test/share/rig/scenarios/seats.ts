/**
 * Seats through the command line on several hosts: claim, full, release, eviction, reclaim, waking, Light, two users.
 */
import { asTeam, Holder, seatfile } from '../people.js';
import { type Hosts, must, type Scenario } from '../rig.js';
import { pause, until } from '../shell.js';
import type { Station } from '../station.js';
import { complaintsAbout, newTable, seatedIn, type Table, triesIn } from '../table.js';

const T_SECONDS = 5;
const T_MS = 1000 * T_SECONDS;
/** A commit, on a computer that does a lot at once. Milliseconds. */
const COMMIT_MS = 3000;

export const seats: Scenario<Hosts> = {
  name: 'seats',
  play: async (rig) => {
    const table = await begin(rig.guests[0], 'heartbeat', 2);
    const [ada, bob] = await claimAndRelease(rig, table);
    const evictedMs = await killedIsEvicted(rig, table, bob);
    await comesBack(rig);
    const [isBack, isLost] = await frozenHost(rig, table);
    await ada.leave();
    must(isBack && isLost, 'who wakes gets his free place back, and not one that was taken');
    await light(rig);
    return { 'evicted after ms': evictedMs, 'promised at most ms': 2 * T_MS };
  },
};

async function begin(
  guest: Station,
  level: 'heartbeat' | 'light',
  maxUsers: number,
  seconds = T_SECONDS,
): Promise<Table> {
  const table = newTable({ isBare: true });
  const settings = level === 'light' ? ['--level', 'light'] : ['--check-interval', `${seconds}s`];
  const { ending, said } = await seatfile(
    guest,
    'init',
    table.file,
    '--module',
    `M1=${maxUsers}`,
    ...settings,
  );
  must(ending.status === 0, `init: ${said}`);
  return table;
}

async function seated(guest: Station, table: Table, user: string): Promise<Holder> {
  const holder = new Holder(guest, table.file, user);
  await holder.next(['seated']);
  return holder;
}

async function refused(guest: Station, table: Table, user: string): Promise<void> {
  const holder = new Holder(guest, table.file, user);
  await holder.next(['full']);
  must((await holder.run.ended).status === 4, `${user} was refused, and his status is not 4`);
}

async function claimAndRelease({ guests: [a, b, c] }: Hosts, table: Table): Promise<[Holder, Holder]> {
  const ada = await seated(a, table, 'ada');
  const bob = await seated(b, table, 'bob');
  await refused(c, table, 'cyd');
  must((await ada.leave()).status === 0, 'ada could not give her seat back');
  const cyd = await seated(c, table, 'cyd');
  return [cyd, bob];
}

/** From the kill to the table without that instance, on the server's own disk. */
async function killedIsEvicted(rig: Hosts, table: Table, bob: Holder): Promise<number> {
  bob.run.signal('SIGKILL');
  await bob.run.ended;
  const startedMs = performance.now();
  const isGone = () => !seatedIn(table).some(({ user }) => user === 'bob');
  await until('the killed user is evicted', 2 * T_MS + COMMIT_MS, isGone);
  const tookMs = Math.round(performance.now() - startedMs);
  rig.say(`killed on another host: out of the table after ${tookMs} ms (T ${T_MS} ms)`);
  return tookMs;
}

/** In a full file, to the same seat, at once: long before an instance could evict it. */
async function comesBack({ guests: [a, b] }: Hosts): Promise<void> {
  const table = await begin(a, 'heartbeat', 1, 60);
  const first = new Holder(b, table.file, 'bob');
  const before = await first.next(['seated']);
  first.run.signal('SIGKILL');
  await first.run.ended;
  await refused(a, table, 'ada');
  const second = new Holder(b, table.file, 'bob');
  const after = await second.next(['seated']);
  must(before.seat === after.seat, `bob came back to seat ${after.seat}, and had ${before.seat}`);
  must(seatedIn(table).length === 1, 'the dead record is still there');
  await second.leave();
}

/** A host that slept for longer than 2 T: back in a free place; lost if the place was taken. */
async function frozenHost(rig: Hosts, table: Table): Promise<[boolean, boolean]> {
  const [a, b] = rig.guests;
  const bob = await seated(b, table, 'bob');
  await sleepThrough(b, table, 'bob', async () => undefined);
  const back = await bob.next(['safe', 'lost'], T_MS);
  const dan: Holder[] = [];
  await sleepThrough(b, table, 'bob', async () => void dan.push(await seated(a, table, 'dan')));
  const lost = await bob.next(['lost'], T_MS);
  rig.say(`a host slept 2 T: ${back.event}; and with its place taken: ${lost.event} (${lost.reason})`);
  await bob.run.ended;
  for (const one of dan) await one.leave();
  return [back.event === 'safe', lost.reason === 'evicted'];
}

async function sleepThrough(
  host: Station,
  table: Table,
  user: string,
  meanwhile: () => Promise<void>,
): Promise<void> {
  host.freeze();
  try {
    const isGone = () => !seatedIn(table).some((one) => one.user === user);
    await until(`${user} on the frozen host is evicted`, 2 * T_MS + COMMIT_MS, isGone);
    await meanwhile();
  } finally {
    host.thaw();
  }
}

async function light({ guests: [a, b, c] }: Hosts): Promise<void> {
  const table = await begin(a, 'light', 1);
  const ada = await seated(a, table, 'ada');
  ada.run.signal('SIGKILL');
  await ada.run.ended;
  await pause(2000);
  await refused(b, table, 'bob');
  const { ending, said } = await seatfile(c, 'remove', table.file, '--user', 'ada', '--yes');
  must(ending.status === 0, `remove: ${said}`);
  const bob = await seated(b, table, 'bob');
  must((await bob.leave()).status === 0, 'bob could not give his seat back');
}

/** Two users of one group on two hosts, both with umask 077: one after the other, and both at once. */
export const users: Scenario = {
  name: 'users',
  play: async ({ guests: [a, b] }) => {
    const table = newTable({ isTeams: true, maxUsers: 1, checkIntervalSeconds: T_SECONDS });
    for (const [first, second] of [
      [a, b],
      [b, a],
    ] as const) {
      const one = umasked(first, table);
      await one.next(['seated']);
      await umasked(second, table).next(['full']);
      must((await one.leave()).status === 0, 'the seat could not be given back');
    }
    const both = await Promise.all(
      [a, b].map(async (guest) => {
        const job = {
          file: table.file,
          name: `${guest.number}`,
          commits: 15,
          boundMs: 30_000,
          eventEvery: 1,
        };
        const run = guest.program(
          'commit',
          { ...job, paceMs: 0, umask: 0o077, options: {}, traps: {} },
          asTeam(guest),
        );
        await run.ended;
        return [...run.lines, ...run.complaints];
      }),
    );
    const tries = triesIn(both.flat());
    const refusals = tries.filter(({ fate }) => fate !== 'ack');
    must(refusals.length === 0, `refused: ${refusals[0]?.fate} ${refusals[0]?.reason}`);
    must(tries.length === 30, `30 commits expected: ${both.flat().slice(-3).join(' ')}`);
    const complaints = complaintsAbout(table, tries);
    must(complaints.length === 0, complaints.join('; '));
    return { 'commits by turns and at once': tries.length };
  },
};

/** `hold` with umask 077, as the user whose host this is. */
function umasked(guest: Station, table: Table): Holder {
  const options = asTeam(guest);
  return new Holder(guest, table.file, `user-${guest.number}`, { ...options, umask: '077' });
}
