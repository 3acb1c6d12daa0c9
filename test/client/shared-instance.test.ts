import { describe, expect, test } from 'vitest';
import { SHAPE } from '../../src/client/instances.js';
import type { OpenLicence } from '../../src/client/open-licence.js';
import { Member, SharedInstance } from '../../src/client/shared-instance.js';
import { faulty } from '../helpers/faults.js';
import { type User, World } from '../helpers/world.js';

/** One process, one instance: what openings of one licence in one process share, and what each has of its own. */

const T_SECONDS = 80;

function office(users = 1, more: object = {}): World {
  return new World({
    modules: { M1: users, M2: users },
    checkIntervalSeconds: T_SECONDS,
    countBy: 'instance',
    ...more,
  });
}

async function seatOf(world: World, licence: OpenLicence, module = 'M1') {
  const answer = await world.run(licence.acquire(module));
  if (answer.kind !== 'seated') throw new Error(`expected a seat in ${module}, got ${answer.kind}`);
  return answer.seat;
}

const records = (world: World) =>
  world.table().instances.map(({ user, host, application }) => ({ user, host, application }));

async function twice(world: World): Promise<readonly [User, OpenLicence, OpenLicence]> {
  const ada = await world.user(world.host('pc-1'), 'ada', { application: 'first' });
  return [ada, ada.licence, await ada.openAgain({ application: 'second' })];
}

describe('two openings in one process are one instance', () => {
  test('one seat, free when both have given it back; the text beside it is that of the first', async () => {
    const world = office();
    const [ada, first, second] = await twice(world);
    const seats = [await seatOf(world, first), await seatOf(world, second)];
    expect(records(world)).toEqual([{ user: 'ada', host: 'pc-1', application: 'first' }]);
    expect(new Set(seats.map(({ id }) => id)).size).toBe(1);
    await world.run(first.close());
    expect(seats.map(({ state, valid }) => [state, valid])).toEqual([
      ['left', false],
      ['seated', true],
    ]);
    expect(world.inUse('M1')).toBe(1);
    await world.run(second.close());
    expect(records(world)).toEqual([]);
    expect(ada.instances.size).toBe(0);
  });

  test('close() gives back what this opening took, and no more', async () => {
    const world = office();
    const [, first, second] = await twice(world);
    const kept = await seatOf(world, first, 'M1');
    await seatOf(world, second, 'M2');
    await world.run(second.close());
    expect([world.inUse('M1'), world.inUse('M2'), kept.valid]).toEqual([1, 0, true]);
    await world.advance(3 * T_SECONDS * 1000);
    expect([world.inUse('M1'), kept.valid]).toEqual([1, true]); // it beats on
  });

  test('close() while a seat of it is on its way back, and twice at once', async () => {
    const world = office();
    const [, first, second] = await twice(world);
    const seat = await seatOf(world, first, 'M1');
    await seatOf(world, second, 'M1');
    const returning = seat.release();
    await world.run(first.close());
    await world.run(returning);
    expect([seat.state, world.inUse('M1')]).toEqual(['left', 1]);
    await world.run(Promise.all([second.close(), second.close()]));
    expect(records(world)).toEqual([]);
  });

  test('there is one beat for both', async () => {
    const world = office();
    const [, first, second] = await twice(world);
    await seatOf(world, first, 'M1');
    await seatOf(world, second, 'M2');
    const before = world.table().revision;
    await world.advance(8 * T_SECONDS * 1000);
    expect(world.table().revision - before).toBeLessThanOrEqual(9);
  });

  test('each is told of its own seats, and both of trouble', async () => {
    const world = office();
    const [ada, first, second] = await twice(world);
    const told: string[] = [];
    for (const [name, licence] of Object.entries({ first, second })) {
      licence.on('warning', ({ code }) => told.push(`${name} ${code}`));
      (await seatOf(world, licence, name === 'first' ? 'M1' : 'M2')).on('suspended', () =>
        told.push(`${name} suspended`),
      );
    }
    ada.host.cut('unsaid');
    await world.advance(2 * T_SECONDS * 1000);
    for (const words of ['first SHARE', 'second SHARE', 'first suspended', 'second suspended'])
      expect(told).toContain(words);
    expect(told.filter((words) => words.endsWith('suspended'))).toHaveLength(2);
  });

  test('the place in the line is told to the one that waits, which waits on when the other closes', async () => {
    const world = office();
    const bob = await world.user(world.host('pc-2'), 'bob');
    const taken = await bob.sit('M1');
    const [, first, second] = await twice(world);
    const told: string[] = [];
    first.on('waiting', () => told.push('first'));
    second.on('waiting', ({ place }) => told.push(`second ${place}`));
    const waiting = second.acquire('M1', { wait: 600_000 });
    await world.advance(10_000);
    expect(told).toEqual(['second 1']);
    await world.run(first.close());
    expect(world.table().waiting).toHaveLength(1);
    await world.run(taken.release());
    expect((await world.run(waiting)).kind).toBe('seated');
  });

  test('a wait ends with its own opening, and the place in the line with the last wait', async () => {
    const world = office();
    const bob = await world.user(world.host('pc-2'), 'bob');
    await bob.sit('M1');
    const [, first, second] = await twice(world);
    const waits = [first, second].map((one) =>
      one.acquire('M1', { wait: 600_000 }).catch((error: { code: string }) => error.code),
    );
    await world.advance(10_000);
    await world.run(first.close());
    expect(await world.run(waits[0] as Promise<unknown>)).toBe('CLOSED');
    expect(world.table().waiting).toHaveLength(1);
    await world.run(second.close());
    expect(world.table().waiting).toEqual([]);
  });

  test('an opening while the last one closes goes on with the same instance', async () => {
    const world = office();
    const ada = await world.user(world.host('pc-1'), 'ada');
    await ada.sit('M1');
    const closing = ada.licence.close();
    const next = await ada.openAgain();
    await world.run(closing);
    expect((await seatOf(world, next)).valid).toBe(true);
    expect([world.inUse('M1'), ada.instances.size]).toEqual([1, 1]);
    await world.run(next.close());
    expect([world.inUse('M1'), ada.instances.size]).toEqual([0, 0]);
  });

  test('nothing is asked any more for an opening that was refused and has closed', async () => {
    const world = office();
    const bob = await world.user(world.host('pc-2'), 'bob');
    await bob.sit('M1');
    bob.kill();
    await world.advance(1.8 * T_SECONDS * 1000);
    const [, first] = await twice(world);
    expect((await world.run(first.acquire('M1'))).kind).toBe('full');
    await world.run(first.close());
    await world.advance(3 * T_SECONDS * 1000);
    expect(world.inUse('M1')).toBe(1); // the dead one sits there until a process asks
  });
});

describe('told apart are', () => {
  test.each([
    ['another user', { user: 'bob' }],
    ['another host', { host: 'pc-2' }],
  ])('%s', async (_words, options) => {
    const world = office(2);
    const ada = await world.user(world.host('pc-1'), 'ada');
    const other = await ada.openAgain(options);
    await seatOf(world, ada.licence);
    await seatOf(world, other);
    expect(world.inUse('M1')).toBe(2);
    await world.run(other.close());
    expect(records(world)).toEqual([{ user: 'ada', host: 'pc-1', application: null }]);
  });

  test('but not one name in two spellings', async () => {
    const world = office(1);
    const ada = await world.user(world.host('pc-1'), 'Ad\u00e9');
    await seatOf(world, ada.licence);
    await seatOf(world, await ada.openAgain({ user: 'AD\u0045\u0301', host: 'PC-1' }));
    expect(records(world)).toEqual([{ user: 'Ad\u00e9', host: 'pc-1', application: null }]);
  });
});

test('the record names the thread, also the one that the commit that frees a place makes for a waiter', async () => {
  const world = office();
  const bob = await world.user(world.host('pc-2'), 'bob');
  const taken = await bob.sit('M1');
  const ada = world.host('pc-1').enter('ada');
  const system = ada.system();
  ada.system = () => ({ ...system, thread: '4711/17' });
  await world.run(ada.open({}));
  const waiting = ada.ask('M1', { wait: 600_000 });
  await world.advance(10_000);
  expect(world.table().waiting[0]?.thread).toBe('4711/17');
  const released = taken.release();
  await world.until(() => world.table().instances.some(({ user }) => user === 'ada'), 60_000, 10);
  expect(world.table().instances[0]).toMatchObject({ user: 'ada', thread: '4711/17' });
  await world.run(Promise.all([released, waiting]));
  expect(world.table().instances[0]).toMatchObject({ user: 'ada', thread: '4711/17' });
});

test('an opening that fails leaves nothing behind, and takes nothing from the others', async () => {
  const world = office();
  let isDown = false;
  const wrap = (files: Parameters<typeof faulty>[0]) =>
    faulty(files, () => (isDown ? { kind: 'refuse', error: 'unsaid' } : null));
  const ada = await world.user(world.host('pc-1', { wrap }), 'ada');
  const seat = await ada.sit('M1');
  isDown = true;
  await expect(ada.openAgain()).rejects.toMatchObject({ name: 'SeatfileFault' });
  isDown = false;
  expect([ada.instances.size, seat.valid]).toEqual([1, true]);
  await world.run(ada.licence.close());
  expect([ada.instances.size, world.inUse('M1')]).toEqual([0, 0]);
});

test('what crosses from one copy of the package to another: a change of it wants another SHAPE', () => {
  const namesOf = (one: { prototype: object }) => Object.getOwnPropertyNames(one.prototype).sort().join();
  expect({ SHAPE, shared: SharedInstance.prototype.join.length, member: namesOf(Member) }).toEqual({
    SHAPE: 4,
    shared: 0,
    member:
      'acquire,constructor,hearPlace,held,latest,leave,noteBusy,outpaced,part,read,settled,warnOfPlaceLater,watch',
  });
});
