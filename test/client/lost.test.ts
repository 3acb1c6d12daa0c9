import { describe, expect, test } from 'vitest';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { numberName } from '../../src/share/layout.js';
import { FACE, FOLDER, type User, type World } from '../helpers/world.js';
import { AdminSession } from '../stories/desk.js';
import { evicted, expectNeverOver, office, recordOf, stepping, toldOf } from './office.js';

/**
 * The server has forgotten the newest revisions, and nothing else: fewer than 16. What is there is the truth, whichever
 * instance goes on from it; each instance puts in what is missing, and no user that lives and sits there loses a seat.
 */

const T = 120_000;
/** Within a look, the jitter of what is put in, and the commits. */
const NOTICED_MS = T / 8 + T / 32 + 5000;

/** Down to the revision before the last `count`, in which `licence.json` may still show one of those that are lost. */
function forget(world: World, count: number): void {
  for (let n = 0; n < count; n++) world.server.removeTree(`${FOLDER}/${numberName(world.table().revision)}`);
}

const validOf = (users: readonly User[]) => users.map((user) => user.seats.map((seat) => seat.valid));
const lost = (world: World) => toldOf(world, 'lost').map(({ who }) => who);
const forgotten = (world: World) =>
  world.table().instances.length > 0 && world.table().restored === undefined;

/** Waits for the next beat of this user, and loses it. */
async function loseBeatOf(world: World, user: User): Promise<void> {
  const beatOf = () => recordOf(world, user)?.beat ?? 0;
  const before = beatOf();
  await world.until(() => beatOf() > before, 2 * T, 500);
  while (beatOf() > before) forget(world, 1);
}

describe.each([1, 2, 8, 15])('%i revisions', (count) => {
  test('all know them, and nobody comes: nobody is told anything, and all are valid all the time', async () => {
    const { world, users } = await office({ seed: count, intervalMs: T, people: 4 });
    await world.advance(5 * T);
    forget(world, count);
    await stepping(world, 3 * T, 2000, () => {
      expectNeverOver(world);
      expect(validOf(users)).toEqual(users.map(() => [true]));
    });
    expect([lost(world), evicted(world), forgotten(world)]).toEqual([[], [], true]);
    expect(world.inUse('M1')).toBe(4);
  });

  test('a newcomer that knows nothing goes on first, in a full office: who sits keeps the seat', async () => {
    const { world, users } = await office({ seed: count, intervalMs: T, people: 3, modules: { M1: 4 } });
    await world.advance(6 * T);
    forget(world, count);
    const eve = await world.user(world.host('pc-eve'), 'eve');
    await eve.sit('M1');
    await stepping(world, 3 * T, 2000, () => expectNeverOver(world));
    expect([lost(world), evicted(world), forgotten(world)]).toEqual([[], [], true]);
    expect(validOf([...users, eve])).toEqual([[true], [true], [true], [true]]);
  });
});

/** hostile-05: three places, all taken, one waits. The beat of one holder is lost, and the others go on. */
describe('the newest beat of one holder is lost, and a user that waited is seated meanwhile', () => {
  async function story(seed: number) {
    const { world, users } = await office({ seed, intervalMs: T, people: 3, modules: { M1: 3 } });
    const [ada, bob, cyd] = users as [User, User, User];
    const dan = await world.user(world.host('pc-dan'), 'dan');
    void dan.ask('M1', { wait: 30 * T }).catch(() => undefined);
    await world.advance(2 * T);
    await loseBeatOf(world, ada);
    return { world, ada, bob, cyd, dan };
  }

  test.each([1, 2])('nobody is put out (%i)', async (seed) => {
    const { world, ada, bob, cyd, dan } = await story(seed);
    await bob.leave();
    await stepping(world, 3 * T, 2000, () => expectNeverOver(world));
    expect([lost(world), forgotten(world)]).toEqual([[], true]);
    expect(validOf([ada, cyd, dan])).toEqual([[true], [true], [true]]);
  });

  test.each([1, 2])('also while that holder is cut off from the share for a while (%i)', async (seed) => {
    const { world, ada, bob, cyd, dan } = await story(seed);
    ada.host.cut();
    await bob.leave();
    await world.advance(0.75 * T);
    ada.host.mend();
    await stepping(world, 3 * T, 2000, () => expectNeverOver(world));
    expect([lost(world), forgotten(world)]).toEqual([[], true]);
    expect(validOf([ada, cyd, dan])).toEqual([[true], [true], [true]]);
  });
});

test('certain, because others have gone on past it: the seat is not valid before a beat is confirmed', async () => {
  const { world, users } = await office({ seed: 1, intervalMs: T, people: 3 });
  const [ada] = users as [User];
  await world.advance(T);
  await loseBeatOf(world, ada);
  const eve = await world.user(world.host('pc-eve'), 'eve');
  await eve.sit('M1');
  const told = () => world.told.filter(({ who }) => who === ada.name).map(({ event }) => event);
  await world.until(() => told().includes('suspended'), T / 8 + 1000, 100);
  expect(ada.seats.map((seat) => seat.valid)).toEqual([false]);
  await world.until(() => told().includes('safe'), T / 32 + 1000, 100);
  expect(ada.seats.map((seat) => seat.valid)).toEqual([true]);
  expect(lost(world)).toEqual([]);
});

test('a user that was seated only in lost revisions is back before any newcomer', async () => {
  const { world } = await office({ seed: 2, intervalMs: T, people: 2, modules: { M1: 3 } });
  const eve = await world.user(world.host('pc-eve'), 'eve');
  await world.advance(T);
  await eve.sit('M1');
  forget(world, 1);
  await stepping(world, NOTICED_MS, 250, () => expectNeverOver(world));
  expect(recordOf(world, eve)).toBeDefined();
  expect(evicted(world)).toEqual([]);
  expect(eve.seats.map((seat) => seat.valid)).toEqual([true]);
});

test('a removal in lost revisions that a holder has seen is done again', async () => {
  const { world, users } = await office({ seed: 3, intervalMs: T, people: 3 });
  const [, bob] = users as [User, User];
  await world.advance(T);
  await new AdminSession(world).remove((record) => record.user === bob.name);
  await world.until(() => lost(world).includes(bob.name), T / 4);
  await world.advance(T / 8);
  const count = world.table().revision - (world.table().gone[0]?.revision ?? 0) + 1;
  expect(count).toBeLessThan(16);
  forget(world, count);
  expect(recordOf(world, bob)).toBeDefined();
  await world.advance(NOTICED_MS);
  expect(recordOf(world, bob)).toBeUndefined();
  expect(evicted(world)).toMatchObject([{ user: bob.name, reason: 'removed' }]);
});

test('a seat that was given back in lost revisions does not stand there for two check intervals', async () => {
  const { world, users } = await office({ seed: 4, intervalMs: T, people: 3 });
  const [, bob] = users as [User, User];
  await world.advance(T);
  await bob.leave();
  await world.advance(T / 8);
  let count = 0;
  while (recordOf(world, bob) === undefined && count++ < 15) forget(world, 1);
  expect(recordOf(world, bob)).toBeDefined();
  await world.advance(NOTICED_MS);
  expect([recordOf(world, bob), evicted(world)]).toEqual([undefined, []]);
});

test('a waiter whose place in the line is lost stands there again, from when it first came', async () => {
  const { world } = await office({ seed: 5, intervalMs: T, people: 2, modules: { M1: 2 } });
  const comers = [];
  for (const name of ['dan', 'eve', 'fay']) comers.push(await world.user(world.host(`pc-${name}`), name));
  const [dan, eve, fay] = comers as [User, User, User];
  await world.advance(T / 4);
  const wait = (user: User) => void user.ask('M1', { wait: 20 * T }).catch(() => undefined);
  const line = () => world.table().waiting.map(({ user }) => user);
  wait(dan);
  await world.until(() => line().length === 1, 5000, 10);
  await world.advance(1000);
  const since = world.table().waiting[0]?.sinceAt;
  while (line().length > 0) forget(world, 1);
  wait(eve);
  wait(fay);
  await world.until(() => line().length === 3, 10_000, 10);
  expect(line()[0]).toBe('dan');
  expect(world.table().waiting[0]?.sinceAt).toBe(since);
});

test('a Light seat that was only in lost revisions is put back by whoever remembers it, and marked', async () => {
  const { world, users } = await office({ seed: 6, intervalMs: T, people: 2, level: 'light' });
  const lia = await world.user(world.host('pc-lia'), 'lia');
  await world.advance(T);
  await lia.sit('M1');
  await world.advance(T); // the others look
  lia.host.cut();
  while (recordOf(world, lia)) forget(world, 1);
  await world.advance(2 * T);
  expect(recordOf(world, lia)).toMatchObject({ unconfirmed: true });
  lia.host.mend();
  await world.advance(2 * T);
  expect(validOf([...users, lia])).toEqual([[true], [true], [true]]);
  expect(recordOf(world, lia)?.unconfirmed).toBeUndefined();
});

test('licence.json shows what is there, also where it has shown a lost revision', async () => {
  const { world } = await office({ seed: 7, intervalMs: T, people: 2 });
  await world.advance(2 * T);
  forget(world, 2);
  await world.advance(NOTICED_MS);
  const shown = parseLicence(world.server.readText(FACE), FACE);
  expect(formatLicence(shown, 'compact')).toBe(formatLicence(world.table(), 'compact'));
});

test('a recorded refusal that finds a ghost gives the place to the first waiter, as every commit does', async () => {
  const { world, users } = await office({ seed: 8, intervalMs: T, people: 2, modules: { M1: 2 } });
  const [ada, bob] = users as [User, User];
  const dan = await world.user(world.host('pc-dan'), 'dan');
  const eve = await world.user(world.host('pc-eve'), 'eve');
  void dan.ask('M1', { wait: 20 * T }).catch(() => undefined);
  await world.until(() => world.table().waiting.length === 1, 5000, 10);
  await eve.acquire('M1'); // recorded at once; the next refusal of this user a minute later
  await bob.leave();
  expect(recordOf(world, dan)).toBeDefined();
  await eve.acquire('M1');
  for (const { host } of [ada, bob, dan]) host.cut();
  while (recordOf(world, bob) === undefined) forget(world, 1);
  expect(world.table().waiting.map(({ user }) => user)).toEqual(['dan']);
  const { revision } = world.table();
  await world.until(() => world.table().revision > revision, 61_000, 10);
  expect(
    world
      .table()
      .instances.map(({ user }) => user)
      .sort(),
  ).toEqual(['dan', ada.name]);
  expect(world.table().waiting).toEqual([]);
});

describe('16 and more are lost, and no holder lives that would rebuild the table', () => {
  /** Everyone has given back, and licence.json shows the end; then the folder ends far below. */
  async function story(seed: number) {
    const { world, users } = await office({ seed, intervalMs: T, people: 2 });
    await world.advance(9 * T);
    for (const { seats } of users) for (const seat of [...seats]) await world.run(seat.release());
    await world.advance(5000);
    forget(world, 18);
    return { world, users: users as [User, User], before: world.table() };
  }

  test('an instance without a seat that has seen them takes what is there once that has lasted a minute', async () => {
    const { world, users, before } = await story(9);
    const [ada] = users;
    const askedMs = world.nowMs;
    expect(await ada.acquire('M1', { timeoutMs: 90_000 })).toMatchObject({ kind: 'seated' });
    expect(world.nowMs - askedMs).toBeGreaterThanOrEqual(60_000);
    expect(world.nowMs - askedMs).toBeLessThan(70_000);
    expect(world.table()).toMatchObject({ lineage: before.lineage, revision: before.revision + 1 });
    expect(world.table().events).toContainEqual(expect.objectContaining({ kind: 'forgotten' }));
  });

  test('so does a newcomer, to which licence.json shows them', async () => {
    const { world, before } = await story(10);
    const shown = parseLicence(world.server.readText(FACE), FACE);
    expect(shown.revision).toBeGreaterThanOrEqual(before.revision + 16);
    const eve = await world.user(world.host('pc-eve'), 'eve');
    await eve.sit('M1');
    expect(world.table()).toMatchObject({ lineage: before.lineage, revision: before.revision + 1 });
  });

  test('a command tells the loss, and changes nothing', async () => {
    const { world, before } = await story(11);
    await expect(new AdminSession(world).remove(() => true)).rejects.toMatchObject({ code: 'TABLE_LOST' });
    expect(world.table()).toEqual(before);
  });
});
