import { expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { type Entitlement, sealUnsigned } from '../../src/licence/entitlement.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { numberName, numbersAmong } from '../../src/share/layout.js';
import { FACE, FOLDER, type World } from '../helpers/world.js';
import { expectAllSeated, office, toldOf } from './office.js';

/** A new file dropped over `licence.json` while people work. */

const T = 120_000;

function drop(
  world: World,
  licenceId: string,
  maxUsers: number,
  more: Pick<Entitlement, 'binding'> = {},
): Licence {
  const entitlement = sealUnsigned({
    ...{ licenceId, issuedAt: '2026-01-01T00:00:00Z', checkIntervalSeconds: T / 1000 },
    modules: [{ module: 'M1', maxUsers }],
    ...more,
  });
  const licence = { ...world.table(), entitlement, lineage: 'issued', revision: 0, instances: [], gone: [] };
  world.server.scribble(FACE, formatLicence(licence, 'pretty'));
  return licence;
}

const revisions = (world: World): Licence[] =>
  numbersAmong(world.server.list(FOLDER)).map((number) => {
    const path = `${FOLDER}/${numberName(number)}/licence.json`;
    return parseLicence(world.server.readText(path), path);
  });

const warnings = (world: World) =>
  toldOf(world, 'warning').map(({ detail }) => (detail as { message: string }).message);

test('is adopted within a look, and everybody keeps his seat; there is room for more', async () => {
  const { world, users } = await office({ seed: 1, intervalMs: T, people: 2, modules: { M1: 2 } });
  const eve = await world.user(world.host('pc-eve'), 'eve');
  expect((await eve.acquire('M1')).kind).toBe('full');
  const dropped = drop(world, 'acme-1', 3);
  await world.advance(T / 8 + 5000);
  expect(world.table().entitlement).toEqual(dropped.entitlement);
  expect(warnings(world)).toContain(`${FACE} was replaced by a new one, which is in force now`);
  expectAllSeated({ world, users, hosts: [] });
  expect((await eve.acquire('M1')).kind).toBe('seated');
});

test('with more seats than before those who wait get them in the commit that adopts it', async () => {
  const { world } = await office({ seed: 4, intervalMs: T, people: 2, modules: { M1: 2 } });
  const eve = await world.user(world.host('pc-eve'), 'eve');
  void eve.ask('M1', { wait: 5 * T }).catch(() => undefined);
  await world.until(() => world.table().waiting.length === 1, 5000, 10);
  drop(world, 'acme-1', 3);
  await world.advance(T / 8 + 5000);
  const adopting = revisions(world).find(({ events }) => events.some(({ kind }) => kind === 'installed'));
  expect(adopting?.waiting).toEqual([]);
  expect(adopting?.events).toContainEqual(expect.objectContaining({ kind: 'given', user: 'eve' }));
});

test('with fewer seats than users nobody is thrown out, and nobody new is seated until there is room', async () => {
  const { world, users } = await office({ seed: 2, intervalMs: T, people: 3, modules: { M1: 4 } });
  drop(world, 'acme-1', 2);
  await world.advance(3 * T);
  expectAllSeated({ world, users, hosts: [] });
  const eve = await world.user(world.host('pc-eve'), 'eve');
  await users[0]?.leave();
  expect((await eve.acquire('M1')).kind).toBe('full');
  await users[1]?.leave();
  expect((await eve.acquire('M1')).kind).toBe('seated');
});

test('of another licence it is refused, told once by each, and kept', async () => {
  const { world, users } = await office({ seed: 3, intervalMs: T, people: 2 });
  drop(world, 'other-2', 3);
  const text = world.server.readText(FACE);
  await world.advance(2 * T);
  expect(world.server.readText(`${FACE}.refused`)).toBe(text);
  expect(JSON.parse(world.server.readText(FACE)).lineage).toBe(world.table().lineage);
  const refusals = warnings(world).filter((one) => one.includes('is refused'));
  expect(refusals).toHaveLength(1);
  expectAllSeated({ world, users, hosts: [] });
});

test('that belongs elsewhere is refused, and new users still get in', async () => {
  const { world, users } = await office({ seed: 5, intervalMs: T, people: 2, modules: { M1: 3 } });
  drop(world, 'acme-1', 9, { binding: { paths: ['//other/share'] } });
  const text = world.server.readText(FACE);
  await world.advance(2 * T);
  expect(world.server.readText(`${FACE}.refused`)).toBe(text);
  expect(warnings(world).filter((one) => one.includes('belongs to //other/share'))).toHaveLength(1);
  expectAllSeated({ world, users, hosts: [] });
  const eve = await world.user(world.host('pc-eve'), 'eve');
  expect((await eve.acquire('M1')).kind).toBe('seated');
});
