import { describe, expect, test } from 'vitest';
import { removeSeats } from '../../src/client/administering.js';
import type { InstanceRecord, Licence, Tombstone } from '../../src/licence/document.js';
import { nextRevision } from '../../src/licence/revision.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { numberName } from '../../src/share/layout.js';
import { FOLDER, type User, World } from '../helpers/world.js';
import { AdminSession } from '../stories/desk.js';

/** A hostile user may write into the folder, and publishes revisions of its own. All other users go on. */

const T = { modules: { M1: 400 }, checkIntervalSeconds: 80 };
const T_MS = 80_000;

async function office(names: readonly string[]) {
  const world = new World(T);
  const users: User[] = [];
  for (const name of names) users.push(await world.user(world.host(`pc-${name}`), name));
  for (const user of users) await user.sit('M1');
  return { world, users };
}

/** Publishes what `change` makes of the table, and is read like any other revision. */
function plant(world: World, change: (licence: Licence) => Partial<Licence>): void {
  const base = world.table();
  const stamp = { changeId: 'planted', commit: 'planted', shareTimeMs: Date.parse(base.committedAt ?? '') };
  const next = nextRevision(base, { licence: { ...base, ...change(base) }, events: [] }, stamp);
  const directory = `${FOLDER}/${numberName(next.revision)}`;
  world.server.makeDirectory(directory);
  world.server.writeNew(`${directory}/licence.json`, formatLicence(next, 'compact'), 0o664);
  parseLicence(formatLicence(next, 'compact'), directory);
}

const dead = (like: InstanceRecord, seats: number, ofSeat: object): InstanceRecord => ({
  ...{ ...like, id: 'planted', user: 'mallory', host: 'pc-m', zzz: 'x'.repeat(100_000) },
  seats: Array.from({ length: seats }, (_, n) => ({
    ...{ id: `p${n}`, module: 'M1', sinceAt: like.joinedAt, untilAt: null, ...ofSeat },
  })),
});
const usersIn = (world: World) => [...new Set(world.table().instances.map(({ user }) => user))].sort();

describe('a dead record of 100 KB with 200 seats that are to leave', () => {
  async function planted() {
    const { world, users } = await office(['ada', 'bob', 'cy']);
    const leaving = { actor: 'm@pc-m', words: null, at: world.table().committedAt };
    plant(world, ({ instances }) => ({
      instances: [...instances, dead(instances[0] as InstanceRecord, 200, { leaving })],
    }));
    return { world, users };
  }

  test('is out by 2 T, and so is a user that crashed', async () => {
    const { world, users } = await planted();
    users[1]?.kill();
    await world.advance(2 * T_MS + T_MS / 8);
    expect(usersIn(world)).toEqual(['ada', 'cy']);
    expect(world.told).toEqual([]);
    expect(formatLicence(world.table(), 'compact').length).toBeLessThan(1_000_000);
    await world.user(world.host('pc-dora'), 'dora').then((dora) => dora.sit('M1'));
  });

  test('is banned', async () => {
    const { world } = await planted();
    const desk = new AdminSession(world);
    await desk.ban('mallory', null, null);
    expect(usersIn(world)).toEqual(['ada', 'bob', 'cy']);
  });
});

test('undo gives back the seat of the tombstone, whatever else is written there', async () => {
  const { world } = await office(['ada', 'bob']);
  const desk = new AdminSession(world);
  const [ada, bob] = world.table().instances as [InstanceRecord, InstanceRecord];
  await desk.remove(({ id }) => id === ada.id);
  plant(world, ({ gone }) => ({
    gone: gone.map((stone): Tombstone => {
      const was = { ...(stone.was as object), id: bob.id, user: 'bob', seats: [], zzz: 1 };
      return { ...stone, was: was as unknown as NonNullable<Tombstone['was']> };
    }),
  }));
  expect(await desk.undo(ada.seats[0]?.id ?? '')).toBeNull();
  expect(world.table().instances.map(({ id, user }) => [id, user])).toEqual([
    [bob.id, 'bob'],
    [ada.id, 'ada'],
  ]);
  expect(world.table().instances[1]).not.toHaveProperty('zzz');
  await world.advance(2 * T_MS);
  expect(world.told).toEqual([]);
});

test('a seat whose id begins with that of another one takes it no name', async () => {
  const { world } = await office(['ada']);
  const desk = await world.user(world.host('desk'), 'admin');
  const [ada] = world.table().instances as [InstanceRecord];
  const [seat] = ada.seats;
  const longer = { ...ada, id: 'planted', user: 'mallory', seats: [{ ...ada.seats[0], id: `${seat?.id}0` }] };
  plant(world, ({ instances }) => ({ instances: [...instances, longer as InstanceRecord] }));
  const id = seat?.id ?? '';
  const { seats } = await world.run(removeSeats('/share/licence.json', { seat: id }, {}, desk.system()));
  expect(seats).toMatchObject([{ seat: id, user: 'ada' }]);
  expect(await new AdminSession(world).undo(id)).toBeNull();
  expect(usersIn(world)).toEqual(['ada', 'mallory']);
});

test('a holder that is removed beside 229 that have crashed learns of it', async () => {
  const { world } = await office(['ada']);
  plant(world, ({ instances }) => {
    const [ada] = instances as [InstanceRecord];
    const crashed = Array.from({ length: 229 }, (_, n) => ({
      ...{ ...ada, id: `c${n}`, user: `c${n}`, pid: 99 },
      seats: ada.seats.map((seat) => ({ ...seat, id: `seat-c${n}` })),
    }));
    return { instances: [ada, ...crashed] };
  });
  const desk = await world.user(world.hosts[0] as World['hosts'][0], 'admin');
  await world.run(removeSeats('/share/licence.json', { all: true }, {}, desk.system()));
  await world.advance(2 * T_MS);
  expect(world.stories()).toEqual(['ada M1 lost']);
  expect(world.table().instances).toEqual([]);
});
