import { describe, expect, test } from 'vitest';
import { seededDice } from '../helpers/dice.js';
import { type User, World } from '../helpers/world.js';
import { expectNeverOver, stepping, toldOf } from './office.js';

/**
 * A virtual machine that was copied while the application ran: two processes with one id, one pid, one of everything.
 */

const T_MS = 60_000;

/**
 * Both come to the same record: hosts of one name are one machine, and the ids made at opening, the instance's among
 * them, are the same. From then on chance differs.
 */
async function copied(world: World): Promise<readonly [User, User]> {
  const original = await world.user(world.host('vm'), 'ada');
  const copy = world.host('vm').enter('ada');
  const system = copy.system();
  const own = seededDice('after the copy');
  let isOpen = false;
  const id = () => (isOpen ? own : system.random).id();
  copy.system = () => ({ ...system, random: { ...own, id } });
  await world.run(copy.open({}));
  isOpen = true;
  await original.sit('M1');
  await copy.sit('M1');
  return [original, copy];
}

const idsOf = (world: World) => world.table().instances.map(({ id }) => id);

describe('a copied machine runs as us', () => {
  test('noticed at the next look or beat: two records, and by countBy user@host still one seat', async () => {
    const world = new World({ modules: { M1: 2 }, checkIntervalSeconds: T_MS / 1000 });
    const [original, copy] = await copied(world);
    expect(idsOf(world)).toHaveLength(1);
    await stepping(world, 3 * T_MS, T_MS / 8, () => expectNeverOver(world));
    expect(new Set(idsOf(world)).size).toBe(2);
    expect(world.inUse('M1')).toBe(1);
    expect([original, copy].map(({ seats }) => seats[0]?.valid)).toEqual([true, true]);
  });

  test('with a place for each, both go on, each in its own', async () => {
    const world = new World({ modules: { M1: 2 }, checkIntervalSeconds: T_MS / 1000, countBy: 'instance' });
    const [original, copy] = await copied(world);
    await stepping(world, 3 * T_MS, T_MS / 8, () => expectNeverOver(world));
    expect(world.inUse('M1')).toBe(2);
    expect([original, copy].map(({ seats }) => seats[0]?.valid)).toEqual([true, true]);
  });

  test('with a place for one, the other is told that he has none', async () => {
    const world = new World({ modules: { M1: 1 }, checkIntervalSeconds: T_MS / 1000, countBy: 'instance' });
    const users = await copied(world);
    await stepping(world, 4 * T_MS, T_MS / 8, () => undefined);
    expect(world.inUse('M1')).toBe(1);
    expect(users.filter(({ seats }) => seats[0]?.valid)).toHaveLength(1);
    expect([...toldOf(world, 'suspended'), ...toldOf(world, 'lost')]).not.toEqual([]);
  });
});
