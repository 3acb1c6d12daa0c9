import { describe, expect, test } from 'vitest';
import type { ClaimAnswer } from '../../src/api.js';
import { ShareError } from '../../src/share/files.js';
import { type User, World, type WorldOptions } from '../helpers/world.js';
import { AdminSession } from '../stories/desk.js';
import { evicted, msOf, recordOf, toldOf } from './office.js';

const ANSWER_MS = 20_000;
const HOUR_MS = 3_600_000;
/** From the end of what was promised to the answer. Milliseconds. */
const AFTER_MS = 2000;
const onDemand = { answerWithinSeconds: ANSWER_MS / 1000 };

/** A file for a thousand users: T is 8 h 20 min. So many of them sit in M1, which is full. */
async function bigOffice(names: readonly string[], options: Partial<WorldOptions> = {}) {
  const world = new World({
    ...{ modules: { M1: names.length, M2: 1000 }, checkIntervalSeconds: 30_000, seed: 1 },
    settings: { onDemand },
    ...options,
  });
  const comer = async (name: string) => await world.user(world.host(`pc-${name}`), name);
  const users: User[] = [];
  for (const name of names) users.push(await comer(name));
  for (const user of users) await user.sit('M1');
  return { world, users, comer };
}

const states = (users: readonly User[]) => users.map((user) => user.seats[0]?.state);
const seated = (answer: ClaimAnswer) => answer.kind;

describe('a dead seat, and somebody needs one', () => {
  test('it is his within what was promised and 2 s; the living answer and keep theirs', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob', 'cy']);
    await world.advance(HOUR_MS);
    users[1]?.kill();
    await world.advance(1000);
    const beforeMs = world.nowMs;
    const answer = await (await comer('dee')).acquire('M1', { wait: HOUR_MS });
    expect(answer.kind).toBe('seated');
    expect(world.nowMs - beforeMs).toBeLessThanOrEqual(ANSWER_MS + AFTER_MS);
    expect(evicted(world)).toMatchObject([
      { user: 'bob', reason: 'evicted', words: 'did not answer within 20 s, as it had promised' },
    ]);
    await world.advance(HOUR_MS);
    expect(states([users[0] as User, users[2] as User])).toEqual(['seated', 'seated']);
    expect(toldOf(world, 'suspended')).toEqual([]);
  });

  test('who does not wait is told by when, and that is true for whoever asks then', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob']);
    await world.advance(HOUR_MS);
    users[0]?.kill();
    const first = await (await comer('dee')).acquire('M1');
    if (first.kind !== 'full' || first.freesAt === null) throw new Error('expected full, with a time');
    expect(msOf(first.freesAt) - world.nowMs).toBeLessThanOrEqual(ANSWER_MS + AFTER_MS);
    await world.advance(msOf(first.freesAt) - world.nowMs);
    expect(seated(await (await comer('eve')).acquire('M1'))).toBe('seated');
  });

  test('two who need one share a roll call; there are two revisions for it, and one for each answer', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob', 'cy', 'dee']);
    await world.advance(HOUR_MS);
    users[0]?.kill();
    users[1]?.kill();
    const { revision } = world.table();
    const comers = [await comer('eve'), await comer('fay')];
    const both = comers.map((user) => user.ask('M1', { wait: HOUR_MS }));
    expect((await world.run(Promise.all(both))).map(seated)).toEqual(['seated', 'seated']);
    // both in the queue (the first calls), two denials, two answers, a proof, the verdict seats both, the other takes
    // its seat
    expect(world.table().revision - revision).toBeLessThanOrEqual(10);
    expect(evicted(world).map(({ user }) => user)).toEqual(['ada', 'bob']);
  });

  test('nobody is asked where nobody is refused, and nobody answers for nothing', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob']);
    await world.advance(HOUR_MS);
    const { revision } = world.table();
    await (await comer('dee')).sit('M2');
    await world.advance(HOUR_MS);
    expect(world.table().revision).toBe(revision + 1);
    expect(states(users)).toEqual(['seated', 'seated']);
  });

  test('all live: refused; who asks again at once calls nobody again, who waits only now and then', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob']);
    await world.advance(HOUR_MS);
    const dee = await comer('dee');
    await dee.acquire('M1');
    await world.advance(ANSWER_MS / 2);
    const beats = () => users.map((user) => recordOf(world, user)?.beat ?? 0);
    const before = beats();
    await dee.acquire('M1');
    await world.advance(ANSWER_MS / 2 - 1000);
    expect(beats()).toEqual(before);
    await world.advance(HOUR_MS);
    const asked = beats();
    const waiting = dee.acquire('M1', { wait: 0.9 * 10 * ANSWER_MS });
    expect((await waiting).kind).toBe('full');
    expect(beats().map((beat, n) => beat - (asked[n] ?? 0))).toEqual([1, 1]);
    expect(evicted(world)).toEqual([]);
  });
});

describe('the living are never blamed', () => {
  test('for a stall below 6/7 of the promise; a longer one suspends, and costs a seat only on demand', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob']);
    const [ada] = users as [User, User];
    await world.advance(HOUR_MS);
    for (const stallMs of [10_000, 25_000, HOUR_MS]) {
      ada.freeze();
      await world.advance(stallMs);
      ada.thaw();
      await world.advance(ANSWER_MS);
      expect(states(users)).toEqual(['seated', 'seated']);
    }
    expect(toldOf(world, 'suspended')).toHaveLength(2);
    const dee = await comer('dee');
    const asked = dee.ask('M1', { wait: HOUR_MS });
    ada.freeze();
    expect((await world.run(asked)).kind).toBe('seated');
    expect(ada.seats[0]?.valid).toBe(false);
    ada.thaw();
    await world.advance(ANSWER_MS);
    expect(ada.seats[0]?.state).toBe('lost');
  });

  test('where a look can show what was there ten seconds before, belief ends so much earlier', async () => {
    const { world } = await bigOffice(['bob'], { modules: { M1: 2 } });
    const ada = await world.user(world.host('pc-ada', { cacheAgeMs: 10_000 }), 'ada');
    const seat = await ada.sit('M1');
    for (let n = 0; n < 30; n++) {
      await world.advance(997);
      expect(seat.remainingMs).toBeLessThanOrEqual((6 / 7) * ANSWER_MS - 10_000);
      expect(seat.valid).toBe(true);
    }
  });

  test('whoever looks before the end of his belief answers, at whatever moment he is called', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob']);
    for (let n = 0; n < 12; n++) {
      await world.advance(10 * ANSWER_MS + n * 431);
      await (await comer(`dee${n}`)).acquire('M1', { wait: 2 * ANSWER_MS });
    }
    expect(states(users)).toEqual(['seated', 'seated']);
    expect(evicted(world)).toEqual([]);
    expect(toldOf(world, 'suspended')).toEqual([]);
  });

  test('for a full disk, that they could not answer on: whoever asks proves that he could write', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob']);
    for (const [fromMs, forMs] of [
      [100, 9000],
      [100, 19_500],
      [3000, 16_500],
      [9000, 14_000],
    ] as const) {
      await world.advance(HOUR_MS);
      const dee = await comer(`dee${fromMs}-${forMs}`);
      const asked = dee.ask('M1', { wait: 5 * ANSWER_MS }).catch(() => null);
      await world.advance(fromMs);
      for (const host of world.hosts) host.unwritable('full');
      await world.advance(forMs);
      for (const host of world.hosts) host.unwritable(null);
      await world.run(asked);
      await world.advance(ANSWER_MS);
      expect(evicted(world)).toEqual([]);
      expect(states(users)).toEqual(['seated', 'seated']);
    }
  });

  test('for a disk that takes directories and no files, as some full ones: a written entry is proof', async () => {
    let isFull = false;
    const world = new World({
      ...{ modules: { M1: 1 }, checkIntervalSeconds: 30_000, seed: 1, settings: { onDemand } },
    });
    const onFullDisk = (name: string) =>
      world.host(`pc-${name}`, {
        wrap: (files) => ({
          ...files,
          writeNew: (path, ...rest) =>
            isFull ? Promise.reject(new ShareError('full', 'writeNew', path)) : files.writeNew(path, ...rest),
        }),
      });
    const ada = await world.user(onFullDisk('ada'), 'ada');
    await ada.sit('M1');
    for (const fromMs of [100, 500, 1000, 2000, 4000]) {
      await world.advance(HOUR_MS);
      const dee = await world.user(onFullDisk(`dee${fromMs}`), 'dee');
      void dee.ask('M1', { wait: 5 * ANSWER_MS }).catch(() => null);
      await world.advance(fromMs);
      isFull = true;
      await world.advance(ANSWER_MS - fromMs - 50);
      isFull = false;
      await world.advance(3 * ANSWER_MS);
      dee.kill();
      await world.advance(4 * ANSWER_MS);
      expect(evicted(world)).toEqual([]);
    }
    expect(states([ada])).toEqual(['seated']);
  });

  test('for what they slept through together with whoever asks', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob']);
    await world.advance(HOUR_MS);
    const dee = await comer('dee');
    const asked = dee.ask('M1', { wait: 10 * HOUR_MS });
    await world.advance(100);
    for (const host of world.hosts) host.sleep();
    await world.advance(5 * HOUR_MS);
    dee.host.wake();
    for (const host of world.hosts) if (host !== dee.host) host.wake();
    await world.advance(3 * ANSWER_MS);
    expect(states(users)).toEqual(['seated', 'seated']);
    dee.kill();
    void asked;
  });
});

describe('changing it on a live file', () => {
  test('set: whoever has not promised yet is not put out by it; at his next look he does, and is', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob'], { settings: {} });
    await world.advance(HOUR_MS);
    users[0]?.freeze();
    await new AdminSession(world).set({ onDemand });
    await world.advance(HOUR_MS + HOUR_MS / 10);
    expect(recordOf(world, users[1] as User)?.answersWithin).toBe(20);
    const dee = await comer('dee');
    expect((await dee.acquire('M1', { wait: 10 * ANSWER_MS })).kind).toBe('full');
    expect(evicted(world)).toEqual([]);
    users[0]?.thaw();
    await world.advance(ANSWER_MS);
    expect(recordOf(world, users[0] as User)?.answersWithin).toBe(20);
  });

  test('unset: a holder answers as he promised until his record says otherwise', async () => {
    const { world, users, comer } = await bigOffice(['ada', 'bob']);
    await world.advance(HOUR_MS);
    users[0]?.kill();
    await new AdminSession(world).set({ onDemand: undefined });
    await world.advance(ANSWER_MS);
    expect(recordOf(world, users[1] as User)?.answersWithin).toBeNull();
    expect((await (await comer('dee')).acquire('M1', { wait: 10 * ANSWER_MS })).kind).toBe('full');
    expect(evicted(world)).toEqual([]);
    await world.advance(2.1 * 30_000_000);
    expect(evicted(world)).toMatchObject([{ user: 'ada', reason: 'evicted', words: null }]);
    expect(users[1]?.seats[0]?.state).toBe('seated');
  });

  test('a promise made but not confirmed counts: a holder that is cut off then believes no longer', async () => {
    const { world, users, comer } = await bigOffice(['bob'], { modules: { M1: 2 }, settings: {} });
    let isArmed = false;
    const host = world.host('pc-ada', {
      wrap: (files) => ({
        ...files,
        rename: async (from, to) => {
          await files.rename(from, to);
          if (!isArmed || !from.includes('stage-')) return;
          host.cut('unsaid');
          throw new ShareError('unsaid', 'rename', from);
        },
      }),
    });
    const ada = await world.user(host, 'ada');
    const seat = await ada.sit('M1');
    await new AdminSession(world).set({ onDemand });
    isArmed = true;
    await world.advance(1.2 * HOUR_MS);
    expect(recordOf(world, ada)?.answersWithin).toBe(20);
    const dee = await comer('dee');
    expect((await dee.acquire('M1', { wait: HOUR_MS })).kind).toBe('seated');
    expect(evicted(world)).toMatchObject([{ user: 'ada' }]);
    expect(seat.valid).toBe(false);
    expect(users[0]?.seats[0]?.valid).toBe(true);
  });

  test.each([
    ['shorter', 20, 60],
    ['longer', 60, 20],
  ])('to a %s time: the living keep their seats through it', async (_words, after, before) => {
    const { world, users, comer } = await bigOffice(['ada', 'bob'], {
      settings: { onDemand: { answerWithinSeconds: before } },
    });
    await world.advance(HOUR_MS);
    const asked = (await comer('dee')).ask('M1', { wait: 300_000 });
    await world.advance(1000);
    await new AdminSession(world).set({ onDemand: { answerWithinSeconds: after } });
    await world.run(asked);
    expect(users.map((user) => recordOf(world, user)?.answersWithin)).toEqual([after, after]);
    expect(evicted(world)).toEqual([]);
    expect(toldOf(world, 'suspended')).toEqual([]);
  });

  test('Light neither asks nor answers', async () => {
    const { world, users, comer } = await bigOffice(['ada'], { level: 'light' });
    users[0]?.kill();
    expect(await (await comer('dee')).acquire('M1', { wait: 5 * ANSWER_MS })).toMatchObject({
      freesAt: null,
    });
    expect(world.table().rollCall).toBeUndefined();
  });
});
