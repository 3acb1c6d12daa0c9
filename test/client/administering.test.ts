import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RemoveOptions, SeatSelection } from '../../src/api.js';
import * as administering from '../../src/client/administering.js';
import { removeSeats as exported } from '../../src/index.js';
import { codeOf } from '../helpers/table.js';
import { FACE, type User, World } from '../helpers/world.js';
import { AdminSession } from '../stories/desk.js';

const T = { modules: { M1: 2 }, checkIntervalSeconds: 80 };

async function office(names: readonly string[], options = {}) {
  const world = new World({ ...T, ...options });
  const users: User[] = [];
  for (const name of names) users.push(await world.user(world.host(`pc-${name}`), name));
  const desk = await world.user(world.host('desk'), 'admin');
  for (const user of users) await user.sit('M1');
  const remove = async (selection: SeatSelection, more: RemoveOptions = {}) =>
    await world.run(administering.removeSeats(FACE, selection, more, desk.system()), 200_000);
  return { world, users, desk, remove };
}
const seatedIn = (world: World) => world.table().instances.map(({ user }) => user);

describe('removeSeats', () => {
  test('frees the chosen seats in one commit, and says what became of them', async () => {
    const { world, remove } = await office(['ada', 'bob']);
    const { revision } = world.table();
    const removal = await remove({ user: 'ADA' }, { reason: 'lunch', actor: 'root@panel' });
    expect(removal).toMatchObject({
      ...{ file: FACE, dryRun: false, gently: false, actor: 'root@panel', reason: 'lunch', missed: 0 },
      seats: [{ user: 'ada', host: 'pc-ada', place: 'free', toldWithinSeconds: 10, processGone: false }],
    });
    expect([world.table().revision, seatedIn(world)]).toEqual([revision + 1, ['bob']]);
    await world.advance(10_000);
    expect(world.told).toMatchObject([
      { who: 'ada', event: 'lost', detail: { reason: 'removed', by: 'root@panel', words: 'lunch' } },
    ]);
  });

  test('a dry run, and a selection that nothing matches, change nothing and write nothing', async () => {
    const { world, remove } = await office(['ada']);
    const before = world.table();
    const dry = await remove({ all: true }, { dryRun: true, gently: true });
    expect(dry).toMatchObject({ dryRun: true, seats: [{ user: 'ada', place: null }] });
    expect(await remove({ user: 'zoe' })).toMatchObject({ dryRun: false, seats: [], missed: 0 });
    expect(world.table()).toEqual(before);
  });

  test('what is wrong is told before anything is opened', async () => {
    const wrong: [unknown, unknown, unknown, RegExp][] = [
      [FACE, {}, {}, /which seats/],
      [FACE, { all: false }, {}, /which seats/],
      [FACE, { usr: 'ada' }, {}, /selection: there is no option "usr"; did you mean user/],
      [FACE, { user: 'ada' }, { dryrun: true }, /options: there is no option "dryrun"; did you mean dryRun/],
      [FACE, { user: 7 }, {}, /user: expected a text/],
      [FACE, { seat: 'abc' }, {}, /seat abc: expected a seat id/],
      [FACE, { all: 'yes' }, {}, /all: expected a value of type boolean/],
      [FACE, null, {}, /selection: expected an object/],
      [FACE, { all: true }, { reason: 'x'.repeat(1025) }, /reason: expected/],
      [7, { all: true }, {}, /path: expected a text/],
    ];
    for (const [place, selection, options, words] of wrong) {
      const asked = exported(place as string, selection as SeatSelection, options as RemoveOptions);
      await expect(asked).rejects.toMatchObject({
        code: 'BAD_ARGUMENT',
        message: expect.stringMatching(words),
      });
    }
  });

  test('an unknown module; given up by a signal; a share that does not answer', async () => {
    const { world, desk, remove } = await office(['ada']);
    const before = world.table();
    expect(await codeOf(remove({ module: 'M9' }))).toBe('UNKNOWN_MODULE');
    expect(await codeOf(remove({ all: true }, { signal: AbortSignal.abort() }))).toBe('ABORTED');
    desk.host.cut('silent');
    expect(await codeOf(remove({ all: true }, { timeoutMs: 5000 }))).toBe('SHARE_UNREACHABLE');
    expect(world.table()).toEqual(before);
  });

  test('the dead are those whom the rules call dead: a clock that was set removes no user that lives', async () => {
    const { world, users, remove } = await office(['ada', 'bob']);
    world.server.wallOffsetMs += 86_400_000;
    await world.until(() => world.table().instances.some(({ beat }) => beat > 1), 90_000); // one beats by the new clock
    expect((await remove({ dead: true })).seats).toEqual([]);
    for (const user of users) user.kill();
    await world.advance(80_000);
    expect((await remove({ dead: true })).seats).toEqual([]); // not for 2 T yet
    await world.advance(160_000);
    expect((await remove({ dead: true })).seats.map(({ user }) => user).sort()).toEqual(['ada', 'bob']);
  });
});

describe('removed gently', () => {
  test('a holder that cannot write has lost its seat, which counts until the share has taken it back', async () => {
    const { world, users, remove } = await office(['ada']);
    const [ada] = users as [User];
    expect((await remove({ all: true }, { gently: true })).seats).toMatchObject([{ place: 'kept' }]);
    ada.host.unwritable('full');
    await world.advance(11_000);
    expect(ada.seats[0]).toMatchObject({ valid: false, state: 'lost' });
    expect(seatedIn(world)).toEqual(['ada']);
    ada.host.unwritable(null);
    await world.advance(11_000);
    expect(seatedIn(world)).toEqual([]);
    expect(world.table().gone).toMatchObject([{ user: 'ada', reason: 'removed' }]);
    await world.advance(200_000);
    expect(world.stories()).toEqual(['ada M1 lost', 'ada  warning']);
  });

  test('its user may ask again at once, although the share has not taken the seat back', async () => {
    const { world, users, remove } = await office(['ada']);
    const [ada] = users as [User];
    await remove({ all: true }, { gently: true });
    ada.host.unwritable('full');
    await world.advance(11_000);
    ada.host.unwritable(null);
    expect((await ada.sit('M1')).valid).toBe(true);
    await world.advance(240_000);
    expect([ada.seats.at(-1)?.valid, seatedIn(world)]).toEqual([true, ['ada']]);
  });
});

describe.each(['heartbeat', 'light'] as const)(
  'told to leave, and not able to say so (%s), a holder ends',
  (level) => {
    /** Ada has lost her seat, and the table does not know it yet. */
    async function toldOnly() {
      const at = await office(['ada'], { level });
      const [ada] = at.users as [User];
      const [record] = at.world.table().instances;
      const seat = record?.seats[0]?.id ?? '';
      await at.remove({ all: true }, { gently: true });
      ada.host.unwritable('full');
      await at.world.advance(level === 'light' ? 61_000 : 11_000);
      expect(ada.seats[0]?.state).toBe('lost');
      expect(seatedIn(at.world)).toEqual(['ada']);
      return { ...at, ada, seat, desk: new AdminSession(at.world) };
    }

    /** What the host of the holder asks of the share from the second poll on. */
    async function askedAfter(world: World, { host }: User): Promise<number> {
      await world.advance(121_000);
      let asked = 0;
      host.client.onAnswer = () => asked++;
      await world.advance(400_000);
      return asked;
    }

    test('when the removal is undone', async () => {
      const { world, ada, seat, desk } = await toldOnly();
      expect(await desk.undo(seat)).toBeNull();
      expect(await askedAfter(world, ada)).toBe(0);
    });

    test('when its seat is removed at once', async () => {
      const { world, ada, remove } = await toldOnly();
      expect((await remove({ all: true })).seats).toMatchObject([{ place: 'free' }]);
      expect(await askedAfter(world, ada)).toBe(0);
      ada.host.unwritable(null);
      expect((await ada.sit('M1')).valid).toBe(true);
      await world.advance(400_000);
      expect([ada.seats.at(-1)?.valid, seatedIn(world)]).toEqual([true, ['ada']]);
    });

    test('and not before: its mark is answered as soon as the share can be written again', async () => {
      const { world, ada } = await toldOnly();
      await world.advance(100_000);
      ada.host.unwritable(null);
      await world.advance(61_000);
      expect(seatedIn(world)).toEqual([]);
      expect(world.table().gone).toMatchObject([{ user: 'ada', reason: 'removed' }]);
      expect(await askedAfter(world, ada)).toBe(0);
    });
  },
);

test.each([
  ['heartbeat', 170_000],
  ['light', 125_000],
] as const)('more dead ones than can be told of are freed, too: %s', async (level, afterMs) => {
  const names = Array.from({ length: 101 }, (_, n) => `user${n}`);
  const { world, users, remove } = await office(names, { modules: { M1: 101 }, level });
  for (const user of users) user.kill();
  const dry = await remove({ all: true }, { dryRun: true });
  expect(dry).toMatchObject({ dryRun: true, gently: true });
  const first = await remove({ all: true });
  expect([first.gently, new Set(first.seats.map(({ place }) => place))]).toEqual([true, new Set(['kept'])]);
  expect(seatedIn(world)).toHaveLength(101);
  await world.advance(afterMs);
  expect(await remove({ all: true }, { dryRun: true })).toMatchObject({ gently: false });
  const second = await remove({ all: true });
  expect([second.gently, new Set(second.seats.map(({ place }) => place))]).toEqual([
    false,
    new Set(['free']),
  ]);
  expect(seatedIn(world)).toEqual([]);
});

test('of many the dead are freed at once, where they are known to be dead', async () => {
  const names = Array.from({ length: 101 }, (_, n) => `user${n}`);
  const { world, users, remove } = await office(names, { modules: { M1: 101 } });
  for (const user of users) user.kill();
  await world.advance(241_000);
  expect((await remove({ dead: true })).seats).toHaveLength(101);
  expect(seatedIn(world)).toEqual([]);
});

test('a message is told once to each window of a process, whatever fails meanwhile', async () => {
  const { world, users } = await office(['ada', 'bob']);
  const [ada] = users as [User];
  const released = await ada.sit('M1');
  await world.run(released.release());
  const desk = new AdminSession(world);
  await desk.notify(({ user }) => user === 'ada', 'tea');
  ada.host.unwritable('full');
  await world.advance(60_000);
  ada.host.unwritable(null);
  await world.advance(240_000);
  const told = world.told.filter(({ event }) => event === 'message');
  expect(told).toMatchObject([{ who: 'ada', detail: { words: 'tea', by: 'admin@desk' } }]);
  expect(world.table().instances.flatMap(({ seats }) => seats.filter(({ messages }) => messages))).toEqual(
    [],
  );
});

test('at random moments: no seat too many, and an undone holder that had not noticed keeps its seat', async () => {
  const names = ['ada', 'bob', 'cyd'];
  const act = fc.record({
    waitMs: fc.integer({ min: 0, max: 30_000 }),
    what: fc.constantFrom('sit', 'sit', 'leave', 'remove', 'gently', 'undo', 'undo', 'notify'),
    who: fc.nat({ max: names.length - 1 }),
  });
  const latency = fc.constantFrom(0, 0, 8, 40);
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), latency, async (acts, latencyMs) => {
      const { world, users } = await office([], { latencyMs: () => latencyMs });
      for (const name of names) users.push(await world.user(world.host(`pc-${name}`), name));
      const desk = new AdminSession(world);
      const removedMs = new Map<User, number>(); // removed, and not gently: valid until the next poll
      const kept = new Set<User>(); // undone before it was noticed, and left alone since
      for (const { waitMs, what, who } of acts) {
        for (let left = waitMs; left > 0; left -= 2500) {
          await world.advance(Math.min(2500, left));
          check(world, users, removedMs, kept);
        }
        const user = users[who] as User;
        await play({ world, desk, user, what, removedMs, kept });
        if (latencyMs > 0) kept.clear(); // what was removed may be on its way to the holder when it is undone
        check(world, users, removedMs, kept);
      }
    }),
    { numRuns: 60 },
  );
});

interface Step {
  readonly world: World;
  readonly desk: AdminSession;
  readonly user: User;
  readonly what: string;
  readonly removedMs: Map<User, number>;
  readonly kept: Set<User>;
}

const isValid = (user: User) => user.seats.some((seat) => seat.valid);
const recordOf = (world: World, user: User) => world.table().instances.find((one) => one.user === user.name);

async function play({ world, desk, user, what, removedMs, kept }: Step): Promise<void> {
  const isMine = (one: { user: string }) => one.user === user.name;
  const wasThere = recordOf(world, user) !== undefined;
  if (what !== 'notify' && what !== 'undo') kept.delete(user);
  if (what === 'sit') await user.acquire('M1');
  if (what === 'leave') for (const seat of user.seats) await world.run(seat.release());
  if (what === 'remove' && (await desk.remove(isMine))) removedMs.set(user, world.nowMs);
  if (what === 'gently') await desk.remove(isMine, null, true);
  if (what === 'notify') await desk.notify(isMine, 'tea');
  if (what === 'undo') {
    const stone = world.table().gone.findLast(isMine);
    const marked = recordOf(world, user)?.seats.find(({ leaving }) => leaving);
    const had = isValid(user);
    const why = await desk.undo(marked?.id ?? stone?.seat ?? 'none');
    if (why === null && had && (marked || !wasThere)) kept.add(user);
  }
}

/** Rule 9, and what an undo promises. */
function check(
  world: World,
  users: readonly User[],
  removedMs: ReadonlyMap<User, number>,
  kept: ReadonlySet<User>,
): void {
  expect(world.inUse('M1')).toBeLessThanOrEqual(2);
  for (const user of users) {
    if (kept.has(user)) expect([user.name, isValid(user)]).toEqual([user.name, true]);
    if (!isValid(user) || recordOf(world, user)) continue;
    const sinceMs = world.nowMs - (removedMs.get(user) ?? Number.NEGATIVE_INFINITY);
    expect([user.name, sinceMs <= 11_000]).toEqual([user.name, true]);
  }
}
