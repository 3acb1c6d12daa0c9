import { describe, expect, test } from 'vitest';
import { locateStore } from '../../src/client/open-store.js';
import type { SealedEntitlement } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { sign } from '../../src/licence/signature.js';
import { formatLicence } from '../../src/licence/text.js';
import { Trust } from '../../src/licence/trust.js';
import { numberName } from '../../src/share/layout.js';
import { expectAllSeated, office, toldOf } from '../client/office.js';
import { acme, granted, other, signedBy } from '../helpers/vendor.js';
import { FACE, FOLDER, type World } from '../helpers/world.js';
import { forgeries } from './forgeries.js';

/** Any user may write in the folder. What that user plants there gives no seat, and takes none. */

const T = 120_000;
const opening = { publicKey: acme.pem };
const people = 2;

const open = (seed: number, of: object = opening) =>
  office({ seed, intervalMs: T, people, modules: { M1: people }, vendor: acme, opening: of });

/** A next revision with another entitlement, as good as a commit in all else. */
function plant(world: World, sealed: object, revision = world.table().revision + 1): void {
  const base = world.table();
  const parent = { revision: base.revision, commit: base.commit };
  const entitlement = sealed as SealedEntitlement;
  const directory = `${FOLDER}/${numberName(revision)}`;
  world.server.makeDirectory(directory);
  const next = { ...base, entitlement, revision, parent, commit: `planted-${revision}`, events: [] };
  world.server.writeNew(`${directory}/licence.json`, formatLicence(next, 'compact'), 0o664);
}

const newcomer = async (world: World, of: object = opening) =>
  await (await world.user(world.host(`pc-eve-${world.nowMs}`), 'eve', of)).acquire('M1');

const repairing = async (world: World, publicKey: string) => {
  const { store } = await world.run(
    locateStore(FACE, world.host('pc-admin').enter('admin').system(), {
      trust: Trust.in([{ text: publicKey, where: 'key' }]),
    }),
  );
  return await world.run(store.repair({ untilMs: Number.POSITIVE_INFINITY }));
};

const damage = Object.entries(forgeries).filter(([, { code }]) => code !== 'LICENCE_UNTRUSTED');

describe('a forged revision is damage: the holders go on above it with what they verified', () => {
  test.each(damage)('%s', async (_name, { sealed }) => {
    const { world, users, hosts } = await open(1);
    const vendors = world.table().entitlement;
    plant(world, sealed);
    await world.advance(T);
    expect(world.table().entitlement).toEqual(vendors);
    expect(world.table().restored).toMatchObject({ from: expect.stringMatching(/^revision \d+ /) });
    expectAllSeated({ world, users, hosts });
    await world.advance(T);
    expect((await newcomer(world)).kind).toBe('full');
    expectAllSeated({ world, users, hosts });
  });

  test('but not under a number that leaves no room above it: that waits for repair', async () => {
    const { world, users } = await open(11);
    const vendors = world.table().entitlement;
    plant(world, forgeries['more users in the text']?.sealed ?? {}, 999_999_999_999);
    await world.advance(2 * T);
    for (const { seats } of users) expect(seats.map(({ state }) => state)).toEqual(['suspended']);
    const repaired = await repairing(world, acme.pem);
    expect(repaired?.licence).toMatchObject({ entitlement: vendors });
    await world.advance(T);
    expect(users.flatMap(({ seats }) => seats.map(({ valid }) => valid))).toEqual([true, true]);
  });

  test('an application that comes at once is refused, and gets no seat', async () => {
    const { world } = await open(2);
    plant(world, forgeries['no signature']?.sealed ?? {});
    await expect(newcomer(world)).rejects.toMatchObject({ code: 'LICENCE_UNSIGNED' });
  });

  test('planted again and again, and over licence.json too: no seat is lost, and none is gained', async () => {
    const { world, users, hosts } = await open(3);
    const vendors = world.table().entitlement;
    for (const [, { sealed }] of damage.slice(0, 4)) {
      plant(world, sealed);
      const file = { ...world.table(), revision: 900_000_000 };
      world.server.scribble(FACE, formatLicence(file, 'pretty'));
      await world.advance(2 * T);
    }
    expect(world.table().entitlement).toEqual(vendors);
    expect(world.table().revision).toBeLessThan(900_000);
    expectAllSeated({ world, users, hosts });
  });
});

test('a licence that has superseded another under running holders is rebuilt, too', async () => {
  const { world, users, hosts } = await open(10);
  const modules = [{ module: 'M1', maxUsers: people }];
  const later = signedBy(acme, { licenceId: 'acme-2', checkIntervalSeconds: T / 1000, modules });
  plant(world, later);
  await world.advance(2 * T);
  plant(world, forgeries['more users in the text']?.sealed ?? {});
  await world.advance(2 * T);
  expect(world.table()).toMatchObject({ entitlement: later, restored: {} });
  expectAllSeated({ world, users, hosts });
});

describe('another licence in the place of this one is no damage of this one', () => {
  const inHouse = sealUnsigned(granted({ licenceId: 'in-house' }));

  test.each([
    ['a table of its own, from its first revision on', (revision: number) => revision * 0],
    ['a table with later revisions', (revision: number) => revision + 1],
  ])('%s: nothing is rebuilt over it, and no seat counts there', async (_name, numberFrom) => {
    const { world, users } = await open(9);
    const base = world.table();
    const revision = numberFrom(base.revision);
    const own = firstLicence(inHouse, {}, { lineage: 'in-house', commit: 'c0' });
    const text = formatLicence({ ...own, revision }, 'compact');
    world.server.removeTree(FOLDER);
    world.server.makeDirectory(FOLDER);
    world.server.makeDirectory(`${FOLDER}/${numberName(revision)}`);
    world.server.writeNew(`${FOLDER}/${numberName(revision)}/licence.json`, text, 0o664);
    world.server.scribble(FACE, text);
    await world.advance(4 * T);
    expect(world.table()).toMatchObject({ revision, lineage: 'in-house', instances: [] });
    expect(users.flatMap(({ seats }) => seats.map(({ valid }) => valid))).toEqual([false, false]);
    await expect(newcomer(world)).rejects.toMatchObject({ code: 'LICENCE_UNSIGNED' });
  });
});

test('a key that is not known is left alone: another version may know it. Seats end by themselves', async () => {
  const { world, users } = await open(4);
  plant(world, forgeries["another product's licence"]?.sealed ?? {});
  const before = world.server.list(FOLDER);
  await world.advance(T);
  expect(users.map(({ seats }) => seats.map(({ valid }) => valid))).toEqual([[true], [true]]);
  await world.advance(T);
  for (const { seats } of users) expect(seats.map(({ state }) => state)).toEqual(['suspended']);
  expect(world.server.list(FOLDER)).toEqual(before);
  const [warning] = toldOf(world, 'warning');
  expect(warning?.detail).toMatchObject({ message: expect.stringMatching(/keyId: expected .* found/) });
  await expect(newcomer(world)).rejects.toMatchObject({ code: 'LICENCE_UNTRUSTED' });
});

test('after a change of keys an application that knows both goes on', async () => {
  const { world, users, hosts } = await open(5, { publicKey: [acme.pem, other.line] });
  plant(world, sign(world.table().entitlement.payload, other.privateKey));
  await world.advance(2 * T);
  expect(world.table().restored).toBeUndefined();
  expectAllSeated({ world, users, hosts });
});

test('an application without a key cannot tell, and follows those that can', async () => {
  const { world, users, hosts } = await open(6);
  const keyless = await world.user(world.host('pc-keyless'), 'kay');
  const vendors = world.table().entitlement;
  plant(world, forgeries['more users in the text']?.sealed ?? {});
  await keyless.sit('M1'); // it takes the larger number for true
  await world.advance(2 * T);
  expect(world.table().entitlement).toEqual(vendors);
  expect(users.flatMap(({ seats }) => seats.map(({ valid }) => valid))).toEqual([true, true]);
  expect(hosts).toHaveLength(people);
});

describe('where no instance runs', () => {
  test.each(damage.slice(0, 4))('repair goes on below what is forged: %s', async (_name, { sealed }) => {
    const { world, users } = await open(7);
    const vendors = world.table().entitlement;
    for (const user of users) user.kill();
    plant(world, sealed);
    plant(world, sealed);
    world.server.scribble(FACE, formatLicence({ ...world.table(), revision: 700 }, 'pretty'));
    const repaired = await repairing(world, acme.pem);
    expect(repaired?.licence).toMatchObject({ entitlement: vendors, revision: 1000 });
    expect(repaired?.licence.instances).toHaveLength(people);
    await world.advance(T);
    expect((await newcomer(world)).kind).toBe('full');
  });

  test('repair with a key that signed nothing there restores nothing', async () => {
    const { world, users } = await open(8);
    for (const user of users) user.kill();
    const before = world.server.list(FOLDER);
    await expect(repairing(world, other.pem)).rejects.toMatchObject({ code: 'LICENCE_UNTRUSTED' });
    expect(world.server.list(FOLDER)).toEqual(before);
  });
});
