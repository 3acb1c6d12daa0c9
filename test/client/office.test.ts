import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InstanceRecord } from '../../src/licence/document.js';
import { nextRevision } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import type { ShareFiles } from '../../src/share/files.js';
import { numberName } from '../../src/share/layout.js';
import { counting } from '../helpers/faults.js';
import { FOLDER, type Host, type User, World } from '../helpers/world.js';
import { AdminSession } from '../stories/desk.js';
import {
  evicted,
  expectAllSeated,
  expectNeverOver,
  few,
  intervals,
  msOf,
  type Office,
  office,
  part,
  recordOf,
  seeds,
  stepping,
  toldOf,
} from './office.js';

const people = fc.integer({ min: 2, max: 5 });
/** Of one share operation, milliseconds: a commit takes a dozen of them. */
const latency = fc.constantFrom(0, 1, 8, 40);
const cases = { seed: seeds, intervalMs: intervals, people };

/** Waits for the next beat of a user; gives when its commit began, by the server's clock. */
async function nextBeat(world: World, user: User, withinMs: number): Promise<number> {
  const before = recordOf(world, user)?.beat ?? 0;
  await world.until(() => (recordOf(world, user)?.beat ?? 0) > before, withinMs, withinMs / 200);
  return msOf(recordOf(world, user)?.beatAt ?? '');
}

describe('rule 4: the living', () => {
  test('whose beats are up to 0.75 T late are never evicted', async () => {
    const late = fc.record({
      ...cases,
      latencyMs: latency,
      stops: fc.array(fc.tuple(part, part), { minLength: 3, maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(late, async ({ latencyMs, stops, ...rest }) => {
        const { world, users } = await office({ ...rest, latencyMs: () => latencyMs });
        const [victim] = users as [User];
        for (const [from, lateness] of stops) {
          const beatMs = await nextBeat(world, victim, 2 * rest.intervalMs);
          await world.advance(from * 0.9 * rest.intervalMs);
          const untilMs = beatMs + (1 + 0.75 * lateness) * rest.intervalMs - 30 * latencyMs - 50;
          victim.freeze();
          await world.advance(Math.max(0, untilMs - world.nowMs));
          victim.thaw();
        }
        await world.advance(rest.intervalMs);
        expect(evicted(world)).toEqual([]);
        expectAllSeated({ world, users, hosts: [] });
      }),
      few(20),
    );
  });

  test('a seat released and taken again begins a new silence: nobody adds the old one to it', async () => {
    const again = fc.record({ ...cases, after: fc.array(part, { minLength: 1, maxLength: 6 }) });
    await fc.assert(
      fc.asyncProperty(again, async ({ after, ...rest }) => {
        const { world, users } = await office(rest);
        const [user] = users as [User];
        for (const ofT of after) {
          await world.advance(0.93 * ofT * rest.intervalMs);
          await world.run((user.seats.at(-1) as User['seats'][number]).release());
          await user.sit('M1');
        }
        await world.advance(2 * rest.intervalMs);
        expect(evicted(world)).toEqual([]);
      }),
      few(20),
    );
  });
});

describe('rule 4: the dead', () => {
  test('are gone between 1.75 T and 2 T, and one commit, after their last beat', async () => {
    const dying = fc.record({
      ...cases,
      latencyMs: latency,
      when: fc.double({ min: 0, max: 3, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(dying, async ({ latencyMs, when, ...rest }) => {
        const { world, users } = await office({ ...rest, latencyMs: () => latencyMs });
        const { intervalMs } = rest;
        const [victim] = users as [User];
        await world.advance(when * intervalMs);
        victim.kill();
        await world.advance(30 * latencyMs); // what it had under way is done by now, or never
        const beatMs = msOf(recordOf(world, victim)?.beatAt ?? '');
        await world.advance(2.1 * intervalMs + 60 * latencyMs);
        const [stone, ...others] = evicted(world);
        expect(others).toEqual([]);
        expect(stone).toMatchObject({ user: victim.name, reason: 'evicted' });
        const goneMs = msOf(stone?.at ?? '') - beatMs;
        expect(goneMs).toBeGreaterThanOrEqual(1.75 * intervalMs);
        expect(goneMs).toBeLessThanOrEqual(2 * intervalMs + 30 * latencyMs);
      }),
      few(25),
    );
  });

  test('on the same computer they are gone at the next look of a peer there', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, intervals, part, async (seed, intervalMs, when) => {
        const world = new World({ modules: { M1: 3 }, checkIntervalSeconds: intervalMs / 1000, seed });
        const host = world.host('pc-hall');
        const [ada, bob] = [await world.user(host, 'ada'), await world.user(host, 'bob')];
        for (const user of [ada, bob]) await user.sit('M1');
        await world.advance(when * intervalMs);
        ada.kill();
        await world.advance(intervalMs / 8 + 1);
        expect(evicted(world)).toMatchObject([{ user: 'ada', reason: 'process gone', actor: 'bob@pc-hall' }]);
      }),
      few(15),
    );
  });
});

describe('rule 3: those who sleep', () => {
  interface Nap {
    readonly from: number;
    readonly until: number;
  }
  const naps = fc.array(fc.record({ from: part, until: part }), { minLength: 5, maxLength: 5 });
  const asleep = fc.record({
    ...cases,
    before: fc.double({ min: 0, max: 2, noNaN: true }),
    forT: fc.double({ min: 0.2, max: 30, noNaN: true }),
    naps,
    monotonicStops: fc.boolean(),
  });

  /** Everybody falls asleep within `fallMs`, and wakes within `wakeMs`, in an order of their own. */
  async function sleepAll(
    { world, hosts }: Office,
    all: readonly Nap[],
    fallMs: number,
    sleepMs: number,
    wakeMs: number,
  ) {
    const startMs = world.nowMs;
    const acts = hosts.flatMap((host, index) => {
      const { from = 0, until = 0 } = all[index] ?? {};
      return [
        { atMs: startMs + from * fallMs, act: () => host.sleep() },
        { atMs: startMs + fallMs + sleepMs + until * wakeMs, act: () => host.wake() },
      ];
    });
    for (const { atMs, act } of acts.sort((a, b) => a.atMs - b.atMs)) {
      await world.advance(atMs - world.nowMs);
      act();
      expectNeverOver(world);
    }
  }

  test('a whole office that sleeps and wakes within 0.5 T of each other loses nobody', async () => {
    await fc.assert(
      fc.asyncProperty(asleep, async ({ before, forT, naps: all, monotonicStops, ...rest }) => {
        const place = await office({ ...rest, host: { monotonicStops } });
        const { intervalMs } = rest;
        await place.world.advance(before * intervalMs);
        await sleepAll(place, all, 0.5 * intervalMs, forT * intervalMs, 0.5 * intervalMs);
        await place.world.advance(1.2 * intervalMs);
        expectAllSeated(place);
      }),
      few(25),
    );
  });

  test('that falls asleep at once is not even evicted', async () => {
    await fc.assert(
      fc.asyncProperty(asleep, async ({ before, forT, naps: all, monotonicStops, ...rest }) => {
        const place = await office({ ...rest, host: { monotonicStops } });
        const { intervalMs } = rest;
        await place.world.advance(before * intervalMs);
        await sleepAll(place, all, 0, forT * intervalMs, 0.5 * intervalMs);
        await place.world.advance(1.2 * intervalMs);
        expect(evicted(place.world)).toEqual([]);
        expectAllSeated(place);
      }),
      few(25),
    );
  });
});

describe('rule 4(b): a share nobody, or somebody, can write to', () => {
  const troubled = fc.record({
    ...cases,
    before: fc.double({ min: 0, max: 2, noNaN: true }),
    forT: fc.constantFrom(0.8, 1, 2),
    how: fc.constantFrom('full' as const, 'readOnly' as const, 'refused' as const),
  });

  test('by all, for 0.8, 1 and 2 T: nobody is evicted', async () => {
    await fc.assert(
      fc.asyncProperty(troubled, async ({ before, forT, how, ...rest }) => {
        const place = await office(rest);
        const { world } = place;
        await world.advance(before * rest.intervalMs);
        world.unwritable(how);
        await stepping(world, forT * rest.intervalMs, rest.intervalMs / 8, () => expectNeverOver(world));
        world.unwritable(null);
        await world.advance(2 * rest.intervalMs);
        expect(evicted(world)).toEqual([]);
        expectAllSeated(place);
      }),
      few(20),
    );
  });

  test('by some, for 0.8, 1 and 2 T: all are back in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        troubled,
        fc.integer({ min: 1, max: 4 }),
        async ({ before, forT, how, ...rest }, some) => {
          const place = await office(rest);
          const { world, hosts } = place;
          await world.advance(before * rest.intervalMs);
          for (const host of hosts.slice(0, some)) host.unwritable(how);
          await stepping(world, forT * rest.intervalMs, rest.intervalMs / 8, () => expectNeverOver(world));
          for (const host of hosts) host.unwritable(null);
          await world.advance(2 * rest.intervalMs);
          expectAllSeated(place);
        },
      ),
      few(20),
    );
  });

  test('while it lasts, a user is warned once, not at every attempt', async () => {
    const { world, users } = await office({ seed: 1, intervalMs: 80_000, people: 2 });
    await world.advance(5000); // licence.json shows both
    world.unwritable('full');
    await world.advance(160_000);
    const warned = toldOf(world, 'warning').map(({ who }) => who);
    expect(warned.sort()).toEqual(users.map(({ name }) => name));
  });
});

test('a removed holder knows it at its poll, also beside a dead one, on a share that takes no commit', async () => {
  const { world, users } = await office({ seed: 2, intervalMs: 80_000, people: 1 });
  const [ada] = users as [User];
  const bob = await world.user(ada.host, 'bob');
  await bob.sit('M1');
  await world.advance(80_000);
  await new AdminSession(world).remove(({ user }) => user === ada.name);
  bob.kill();
  world.unwritable('full');
  await world.advance(80_000 / 8 + 1000);
  expect(toldOf(world, 'lost')).toMatchObject([{ who: ada.name, detail: { reason: 'removed' } }]);
});

describe('rule 10: Light', () => {
  test('is never swept: dead, asleep or cut off, each record stays until somebody takes it out', async () => {
    const fates = fc.array(fc.constantFrom('lives', 'dies', 'sleeps', 'is cut off', 'freezes'), {
      minLength: 4,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(seeds, intervals, fates, async (seed, intervalMs, all) => {
        const { world, users } = await office({ seed, intervalMs, people: 4, level: 'light' });
        for (const [index, fate] of all.entries()) meet(users[index] as User, fate);
        await world.advance(20 * intervalMs);
        expect(evicted(world)).toEqual([]);
        expect(world.table().instances.map(({ user, beat }) => [user, beat])).toEqual(
          users.map(({ name }) => [name, 1]),
        );
        expect(toldOf(world, 'jeopardy')).toEqual([]);
      }),
      few(15),
    );
  });

  function meet(user: User, fate: string): void {
    if (fate === 'dies') user.kill();
    if (fate === 'sleeps') user.host.sleep();
    if (fate === 'is cut off') user.host.cut('silent');
    if (fate === 'freezes') user.freeze();
  }
});

describe('rule 9: never over', () => {
  const acts = [
    ...[
      'ask',
      'ask',
      'ask',
      'ask',
      'restart',
      'restart',
      'release',
      'kill',
      'reboot',
      'freeze',
      'thaw',
      'thaw',
    ],
    ...['sleep', 'wake', 'wake', 'cut', 'mend', 'mend', 'full', 'writable', 'writable'],
  ] as const;
  type Act = (typeof acts)[number];
  const act = fc.record({
    what: fc.constantFrom(...acts),
    who: fc.nat(6),
    afterT: fc.double({ min: 0, max: 0.6, noNaN: true }),
  });
  const chaos = fc.record({
    seed: seeds,
    intervalMs: fc.constantFrom(16_000, 80_000),
    places: fc.integer({ min: 1, max: 3 }),
    drifts: fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), { minLength: 7, maxLength: 7 }),
    latencyMs: latency,
    acting: fc.array(act, { minLength: 20, maxLength: 50 }),
  });

  const onHost: Partial<Record<Act, (host: Host) => void>> = {
    reboot: (host) => host.reboot(),
    sleep: (host) => host.sleep(),
    wake: (host) => host.wake(),
    cut: (host) => host.cut('unsaid'),
    mend: (host) => host.mend(),
    full: (host) => host.unwritable('full'),
    writable: (host) => host.unwritable(null),
  };
  const onUser: Partial<Record<Act, (user: User) => void>> = {
    freeze: (user) => user.freeze(),
    thaw: (user) => user.thaw(),
    kill: (user) => user.kill(),
    ask: (user) => forget(user.ask('M1')),
    release: (user) => forget(user.seats.at(-1)?.release()),
    restart: (user) => {
      user.kill();
      forget(user.host.start(user.name).then((next) => next.ask('M1')));
    },
  };
  /** The test that runs the world moves the time, and the answer may never come. */
  const forget = (answer: Promise<unknown> | undefined) => void answer?.catch(() => undefined);

  async function officeOf(world: World, drifts: readonly number[]): Promise<Host[]> {
    const hosts = drifts.map((drift, index) => world.host(`pc-${index}`, { drift }));
    for (const host of hosts) await world.user(host, `user-of-${host.name}`);
    return hosts;
  }

  function restore(world: World): void {
    for (const host of world.hosts) {
      host.wake();
      host.mend();
      host.unwritable(null);
      for (const user of host.users) user.thaw();
    }
  }

  test('at random: more people than places, clocks of different rates, deaths, sleeps, stops and outages', async () => {
    await fc.assert(
      fc.asyncProperty(chaos, async ({ seed, intervalMs, places, drifts, latencyMs, acting }) => {
        const options = { modules: { M1: places }, checkIntervalSeconds: intervalMs / 1000, seed };
        const world = new World({ ...options, latencyMs: () => latencyMs });
        const hosts = await officeOf(world, drifts);
        for (const { what, who, afterT } of acting) {
          const host = hosts[who] as Host;
          onHost[what]?.(host);
          onUser[what]?.(host.users.at(-1) as User);
          expectNeverOver(world);
          await stepping(world, afterT * intervalMs, intervalMs / 16, () => expectNeverOver(world));
        }
        restore(world);
        await stepping(world, 2.5 * intervalMs, intervalMs / 4, () => expectNeverOver(world));
        const living = world.users.filter((user) => user.isAlive).flatMap((user) => user.seats);
        const undecided = living.filter((seat) => seat.state === 'suspended' || seat.state === 'jeopardy');
        expect(undecided.map((seat) => `${seat.user} ${seat.state}`)).toEqual([]); // each is good again, or lost
      }),
      few(80),
    );
  });
});

describe('a record that is gone without a tombstone (a restored table), and its place is taken', () => {
  /** Another instance has the place of the first record, as if that had never been. */
  function replaceFirst(world: World): void {
    const base = world.table();
    const [first] = base.instances as [InstanceRecord];
    const licence = { ...base, instances: [{ ...first, id: 'other', user: 'other' }] };
    const stamp = { changeId: 'restored', commit: 'restored', shareTimeMs: world.server.nowMs };
    const next = nextRevision(base, { licence, events: [] }, stamp);
    const path = `${FOLDER}/${numberName(next.revision)}`;
    world.server.makeDirectory(path);
    world.server.writeNew(`${path}/licence.json`, formatLicence(next, 'compact'), 0o664);
  }

  test('is asked for again at the pace of looks, for 2 T, and then lost', async () => {
    const options = { modules: { M1: 1 }, checkIntervalSeconds: 80, latencyMs: () => 5 };
    const world = new World(options);
    const counted: ReturnType<typeof counting>[] = [];
    const wrap = (files: ShareFiles) => {
      counted.push(counting(files));
      return (counted[0] as ReturnType<typeof counting>).files;
    };
    const ada = await world.user(world.host('pc-ada', { wrap }), 'ada');
    await ada.sit('M1');
    replaceFirst(world);
    const stages = () => counted[0]?.counts.makeDirectory ?? 0;
    const before = stages();
    await world.advance(20_000);
    expect(stages() - before).toBeLessThanOrEqual(8); // two or three attempts, each a stage and a lock, not hundreds
    await world.advance(160_000);
    expect(toldOf(world, 'lost')).toMatchObject([{ who: 'ada', detail: { reason: 'place taken' } }]);
  });
});

describe('rules 2 and 3: what an idle holder costs', () => {
  /** What one holder of so many modules asks of the share in ten intervals, besides what others do. */
  async function idle(modules: number, people: number) {
    const names = Array.from({ length: modules }, (_, index) => `M${index + 1}`);
    const limits = Object.fromEntries(names.map((name) => [name, 9]));
    const clearing = { segmentNumbers: 64, supersededMs: 86_400_000, abandonedMs: 86_400_000 }; // comes on top, rarely
    const world = new World({ modules: limits, checkIntervalSeconds: 80, seed: 7, store: { clearing } });
    const counts: ReturnType<typeof counting>[] = [];
    for (let n = 0; n < people; n++) {
      const wrap = (files: Parameters<typeof counting>[0]) => {
        const counted = counting(files);
        counts.push(counted);
        return counted.files;
      };
      const user = await world.user(world.host(`pc-${n}`, { wrap }), `user${n}`);
      for (const name of names) await user.sit(name);
    }
    await world.advance(80_000);
    const before = {
      revision: world.table().revision,
      counts: counts.map(({ counts: all }) => ({ ...all })),
    };
    await world.advance(800_000);
    const commits = world.table().revision - before.revision;
    const [first] = counts.map(({ counts: all }, index) => ({
      reads: all.read - (before.counts[index]?.read ?? 0),
      writes: all.writeNew - (before.counts[index]?.writeNew ?? 0),
    }));
    return { commits, reads: first?.reads ?? 0, writes: first?.writes ?? 0 };
  }

  test('seven looks and one commit per T, which is the eighth, for any number of modules', async () => {
    for (const modules of [1, 12]) {
      const { commits, reads, writes } = await idle(modules, 1);
      expect(commits).toBeGreaterThanOrEqual(10);
      expect(commits).toBeLessThanOrEqual(11); // the jitter takes up to T/16 off each
      expect(writes).toBe(commits);
      expect(reads - 2 * commits).toBeGreaterThanOrEqual(71); // a commit reads what it follows, and the face
      expect(reads - 2 * commits).toBeLessThanOrEqual(73);
    }
  });

  test('peers that live add nothing to it but the commits of their own', async () => {
    const { commits, writes, reads } = await idle(1, 4);
    expect(writes).toBeLessThanOrEqual(11);
    expect(commits).toBeLessThanOrEqual(4 * 11);
    expect(reads).toBeLessThanOrEqual(73 + 10 + 4 * 11); // the face is read again whenever it has been refreshed
  });
});
