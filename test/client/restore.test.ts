import { describe, expect, test } from 'vitest';
import { MAX_BYTES } from '../../src/licence/size.js';
import { numberName } from '../../src/share/layout.js';
import { FACE, FOLDER, type User, type World } from '../helpers/world.js';
import { AdminSession } from '../stories/desk.js';
import { evicted, expectAllSeated, expectNeverOver, office, recordOf, stepping, toldOf } from './office.js';

/** A lost or damaged table, and the live instances that have seen it whole. */

const T = 120_000;
/** Trouble is believed after a minute; then the first instance that looks rebuilds. */
const HEALED_MS = 120_000;

/** A copy of the folder, to be brought back later. */
const backUp = (world: World) => world.server.copyTree(FOLDER, '/backup');
function bringBack(world: World): void {
  world.server.removeTree(FOLDER);
  world.server.copyTree('/backup', FOLDER);
}

const latestOf = (world: World): string => `${FOLDER}/${numberName(world.table().revision)}`;

/** As a hostile neighbour would: the newest revision, but for one thing. */
function scribbleTop(world: World, spoil: (text: string) => string): void {
  const path = `${latestOf(world)}/licence.json`;
  const text = world.server.readText(path);
  const spoilt = spoil(text);
  expect(spoilt).not.toBe(text);
  world.server.scribble(path, spoilt);
}

const losses: readonly (readonly [string, (world: World) => void])[] = [
  ['the folder is deleted', (world) => world.server.removeTree(FOLDER)],
  [
    'the newest revision is damaged',
    (world) => world.server.scribble(`${latestOf(world)}/licence.json`, '{"form'),
  ],
  [
    'the newest revision is nested 200,000 deep',
    (world) =>
      scribbleTop(world, (text) => `${text.slice(0, -1)},"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`),
  ],
  [
    'the newest revision is larger than 16 MiB',
    (world) => scribbleTop(world, (text) => `${text.slice(0, -1)},"x":"${'x'.repeat(MAX_BYTES)}"}`),
  ],
  [
    'the newest revision grants no module',
    (world) => scribbleTop(world, (text) => text.replace(/\\"modules\\":\[.*?\]/, '\\"modules\\":[]')),
  ],
  [
    'every revision is deleted',
    (world) => {
      for (const name of world.server.list(FOLDER)) world.server.removeTree(`${FOLDER}/${name}`);
    },
  ],
  [
    'a file stands where the next revision belongs',
    (world) => world.server.writeNew(`${FOLDER}/${numberName(world.table().revision + 1)}`, 'x', 0o644),
  ],
];

describe.each(losses)('%s', (_, happen) => {
  test('the live instances rebuild it, and nobody loses a seat', async () => {
    const { world, users } = await office({ seed: 1, intervalMs: T, people: 3 });
    await world.advance(3 * T);
    const before = world.table();
    happen(world);
    await world.advance(HEALED_MS);
    const table = world.table();
    expect(table.revision).toBeGreaterThanOrEqual(1000);
    expect(table.lineage).not.toBe(before.lineage);
    expect(table.restored).toMatchObject({ lineage: before.lineage });
    await world.advance(3 * T);
    expectAllSeated({ world, users, hosts: [] });
    expectNeverOver(world);
    expect(world.table().gone).toEqual([]);
    expect(JSON.parse(world.server.readText(FACE)).lineage).toBe(table.lineage);
  });
});

/** The folder of an hour ago is brought back; since then one user came, one left, and one was removed. */
describe('an older backup of the whole folder is brought back', () => {
  async function story() {
    const { world, users } = await office({ seed: 2, intervalMs: T, people: 4, modules: { M1: 5 } });
    const [ada, bob, cyd, dan] = users as [User, User, User, User];
    await world.advance(T);
    backUp(world);
    await new AdminSession(world).remove((record) => record.user === bob.name);
    await cyd.leave();
    const eve = await world.user(world.host('pc-eve'), 'eve');
    await eve.sit('M1');
    await world.advance(T);
    bringBack(world);
    return { world, ada, bob, cyd, dan, eve };
  }

  test('who lives keeps his seat, who came since as well; who was removed does not come back', async () => {
    const { world, ada, bob, dan, eve } = await story();
    await stepping(world, 5 * T, 1000, () => expectNeverOver(world));
    for (const user of [ada, dan, eve]) {
      expect(user.seats.map((seat) => seat.valid)).toEqual([true]);
      expect(recordOf(world, user)).toBeDefined();
    }
    expect(recordOf(world, bob)).toBeUndefined();
    expect(world.table().gone).toMatchObject([{ user: bob.name, reason: 'removed' }]);
    expect(toldOf(world, 'lost').map(({ who }) => who)).toEqual([bob.name]);
  });

  test('who had left does not come back with it', async () => {
    const { world, cyd } = await story();
    expect(recordOf(world, cyd)).toBeDefined();
    await world.advance(T / 4);
    expect(recordOf(world, cyd)).toBeUndefined();
    expect(evicted(world).filter(({ user }) => user === cyd.name)).toEqual([]);
    expect(world.table().restored).toBeUndefined();
  });
});

/**
 * Folder and licence file of before a user came are brought back, and a newcomer has the place before any instance
 * looks.
 */
describe('whoever finds no place for his record', () => {
  async function story() {
    const { world, users } = await office({ seed: 6, intervalMs: T, people: 2, modules: { M1: 3 } });
    const [ada] = users as [User];
    const comer = async (name: string) => await world.user(world.host(`pc-${name}`), name);
    const [eve, fay, dee] = [await comer('eve'), await comer('fay'), await comer('dee')];
    backUp(world);
    const shown = world.server.readText(FACE);
    await eve.sit('M1');
    void dee.ask('M1', { wait: 10 * T }).catch(() => undefined);
    await world.advance(T / 2);
    bringBack(world);
    world.server.scribble(FACE, shown);
    await fay.sit('M1');
    return { world, ada, eve, fay, dee };
  }
  const line = (world: World) => world.table().waiting.map(({ user }) => user);
  const holds = (world: World, user: User) =>
    recordOf(world, user)?.seats.some((seat) => seat.given === undefined) === true;

  test('is the next to get one, before who waited already', async () => {
    const { world, ada, eve, dee } = await story();
    await world.until(() => line(world).length === 2, T);
    expect(line(world)).toEqual(['eve', 'dee']);
    expect(eve.seats.map((seat) => seat.valid)).toEqual([false]);
    await world.advance(T / 2);
    const freedMs = world.nowMs;
    await ada.leave();
    await world.until(() => holds(world, eve), 10_000);
    expect(world.nowMs - freedMs).toBeLessThan(7000);
    expect(line(world)).toEqual(['dee']);
    expect(dee.seats).toEqual([]);
    await stepping(world, 3 * T, 1000, () => expectNeverOver(world));
    expect(eve.seats.map((seat) => seat.valid)).toEqual([true]);
  });

  test('has lost his seat after two check intervals, and has left the line', async () => {
    const { world, eve } = await story();
    await world.until(() => line(world).includes('eve'), T);
    await world.advance(2.5 * T);
    expectNeverOver(world);
    expect(toldOf(world, 'lost').map(({ who }) => who)).toEqual(['eve']);
    expect(line(world)).toEqual(['dee']);
    expect(eve.seats.map((seat) => seat.valid)).toEqual([false]);
  });
});

describe('for a quarter of the check interval after the restore', () => {
  test('nobody new is seated, and he is told until when; then he is', async () => {
    const { world } = await office({ seed: 3, intervalMs: T, people: 2 });
    world.server.removeTree(FOLDER);
    const eve = world.host('pc-eve').enter('eve');
    await world.until(() => world.server.isThere(FOLDER), HEALED_MS, 100);
    const restoredMs = world.nowMs;
    await world.run(eve.open({}));
    const claim = await eve.acquire('M1');
    expect(claim).toMatchObject({ kind: 'refused', reason: 'closed' });
    const untilMs = claim.kind === 'refused' ? Date.parse(claim.untilAt ?? '') : Number.NaN;
    expect(untilMs - Date.parse(world.table().restored?.at ?? '')).toBe(T / 4);
    await world.advance(restoredMs + T / 4 - world.nowMs + 1000);
    await eve.sit('M1');
  });

  test('who comes back to his own record is nobody new', async () => {
    const { world, users } = await office({ seed: 3, intervalMs: T, people: 2 });
    const [ada] = users as [User, User];
    world.server.removeTree(FOLDER);
    await world.until(() => world.server.isThere(FOLDER), HEALED_MS, 100);
    const again = await world.user(ada.host, ada.name);
    expect((await again.acquire('M1')).kind).toBe('seated');
  });

  test('nobody is evicted', async () => {
    const { world, users } = await office({ seed: 4, intervalMs: T, people: 3 });
    const [ada] = users as [User];
    ada.kill();
    await world.advance(1.5 * T);
    world.server.removeTree(FOLDER);
    await world.until(() => world.server.isThere(FOLDER), HEALED_MS, 100);
    await stepping(world, T / 4 - 1000, 1000, () => expect(evicted(world)).toEqual([]));
    await world.advance(2 * T);
    expect(evicted(world).map(({ user }) => user)).toEqual([ada.name]);
  });
});

describe('out of reach is never a loss: nothing is written', () => {
  test('an unmounted share: an empty folder where it was', async () => {
    const { world, users } = await office({ seed: 5, intervalMs: T, people: 2 });
    world.server.rename('/share', '/elsewhere');
    world.server.makeDirectory('/share');
    await world.advance(3 * T);
    expect(world.server.list('/share')).toEqual([]);
    expect(users.map((user) => user.seats[0]?.valid)).toEqual([false, false]);
    world.server.removeDirectory('/share');
    world.server.rename('/elsewhere', '/share');
    await world.advance(T);
    expectAllSeated({ world, users, hosts: [] });
    expect(world.table().restored).toBeUndefined();
  });

  test('another file system with an old copy of the licence file on it', async () => {
    const { world } = await office({ seed: 6, intervalMs: T, people: 2 });
    const old = world.server.readText(FACE);
    world.server.rename('/share', '/elsewhere');
    world.server.makeDirectory('/share');
    world.server.writeNew(FACE, old, 0o644);
    world.server.disk = { type: 0xef53, freeBytes: 1e12 };
    await world.advance(3 * T);
    expect(world.server.list('/share')).toEqual(['licence.json']);
  });
});

describe("another licence's folder in its place", () => {
  test('is told, and left as it is', async () => {
    const { world } = await office({ seed: 7, intervalMs: T, people: 2 });
    const text = JSON.stringify({ ...world.table(), lineage: 'other', revision: 900 });
    world.server.removeTree(FOLDER);
    world.server.makeDirectory(FOLDER);
    world.server.makeDirectory(`${FOLDER}/${numberName(900)}`);
    const other = text.replaceAll('acme-1', 'other-2');
    world.server.writeNew(`${FOLDER}/${numberName(900)}/licence.json`, other, 0o644);
    await world.advance(3 * T);
    expect(world.server.list(FOLDER).filter((name) => /^\d{12}$/.test(name))).toEqual([numberName(900)]);
    const warnings = toldOf(world, 'warning').map(({ detail }) => (detail as { message: string }).message);
    expect(warnings.some((one) => /other-2.*expected.*acme-1/.test(one))).toBe(true);
  });
});

test('only licence.json is brought back: it is just an old face, and shown again', async () => {
  const { world, users } = await office({ seed: 8, intervalMs: T, people: 2 });
  const old = world.server.readText(FACE);
  await world.advance(2 * T);
  world.server.scribble(FACE, old);
  await world.advance(T);
  expect(JSON.parse(world.server.readText(FACE)).revision).toBe(world.table().revision);
  expect(world.table().restored).toBeUndefined();
  expectAllSeated({ world, users, hosts: [] });
});

test('a process without a seat heals nothing: it is told what to do', async () => {
  const { world, users } = await office({ seed: 10, intervalMs: T, people: 1 });
  const [ada] = users as [User];
  const eve = await world.user(world.host('pc-eve'), 'eve');
  ada.kill();
  world.server.removeTree(FOLDER);
  await expect(world.run(eve.licence.acquire('M1', { timeoutMs: 100_000 }))).rejects.toMatchObject({
    code: 'TABLE_LOST',
    message: expect.stringContaining(`seatfile repair ${FACE}`),
  });
  expect(world.server.isThere(FOLDER)).toBe(false);
});
