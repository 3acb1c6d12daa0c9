import { describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { toIso } from '../../src/licence/time.js';
import { isGentle, remove } from '../../src/rules/admin.js';
import { placesAfter } from '../../src/rules/after-removal.js';
import { beat } from '../../src/rules/beat.js';
import { claim } from '../../src/rules/claim.js';
import { evict } from '../../src/rules/evict.js';
import { leaveMarked, noticedWithinMs } from '../../src/rules/leaving.js';
import { enqueue } from '../../src/rules/queue.js';
import { undo } from '../../src/rules/reinstate.js';
import type { Requester } from '../../src/rules/seats.js';
import { seatedTable } from './seated.js';
import { app, asking, contextOf, emptyTable, FILE, policyOf, START_MS } from './tables.js';

const [ada, bob, cyd] = [app('ada'), app('bob'), app('cyd')] as const;
const by = { actor: 'root@desk', words: 'lunch' };
const all = { isChosen: () => true, ...by };

function seat(licence: Licence, who: Requester, seatId = `seat-${who.id}`): Licence {
  const outcome = claim(contextOf(licence), asking(who, 'M1', seatId));
  if (outcome.kind !== 'seated') throw new Error(`no seat for ${who.id}`);
  return outcome.draft.licence;
}
const full = () => seat(emptyTable({}), ada);
const gently = (licence: Licence): Licence =>
  remove(contextOf(licence), { ...all, gently: true })?.licence ?? licence;
const isSeated = (licence: Licence, who: Requester) =>
  claim(contextOf(licence), asking(who, 'M1', 'new')).kind === 'seated';
const held = (licence: Licence, who: Requester) => ({
  ...{ who, highestBeat: 1, mayReturn: () => true, returnSeconds: () => 60 },
  seats: licence.instances.find(({ id }) => id === who.id)?.seats ?? [],
});

describe('removed gently', () => {
  test('the seat counts until its holder has left, and is then gone as by any removal', () => {
    const marked = gently(full());
    expect(parseLicence(formatLicence(marked, 'compact'), FILE)).toEqual(marked);
    expect(isSeated(marked, bob)).toBe(false);
    const left = leaveMarked(contextOf(marked), 'ada');
    expect(left?.events).toMatchObject([{ kind: 'removed', user: 'ada', ...by }]);
    expect(left?.licence.gone).toMatchObject([{ instance: 'ada', reason: 'removed', ...by }]);
    expect(isSeated(left?.licence ?? marked, bob)).toBe(true);
    expect(leaveMarked(contextOf(full()), 'ada')).toBeNull();
  });

  test('its holder beats on without losing the mark: it leaves when it has ended its validity', () => {
    const marked = gently(full());
    const outcome = beat(contextOf(marked), held(marked, ada));
    expect(outcome).toMatchObject({ kind: 'beaten', record: { beat: 2, seats: [{ leaving: by }] } });
  });

  test('asked again, nothing changes; removed at once, it goes', () => {
    const marked = gently(full());
    expect(remove(contextOf(marked), { ...all, gently: true })).toBeNull();
    expect(remove(contextOf(marked), all)?.licence.instances).toEqual([]);
  });

  test('a process that is gone, and a waiter that has not accepted, are not waited for', () => {
    const gone = remove(contextOf(full()), { ...all, gently: true, isGone: () => true });
    expect(gone?.licence.instances).toEqual([]);
    const queued = enqueue(contextOf(full()), { who: bob, module: 'M1', seatId: 'b', waitSeconds: 60 });
    const given = remove(contextOf(queued), all)?.licence ?? queued;
    expect(given.instances).toMatchObject([{ id: 'bob', seats: [{ given: true }] }]);
    expect(remove(contextOf(given), { ...all, gently: true })?.licence.instances).toEqual([]);
  });

  test('a holder that dies of it is removed, and does not come back by itself', () => {
    const marked = gently(full());
    const verdicts = [{ instance: 'ada', beat: 1, reason: 'evicted' as const }];
    const after = evict(contextOf(marked), { verdicts, actor: 'bob@pc-bob' });
    expect(after?.events).toMatchObject([{ kind: 'removed', ...by }]);
    const outcome = beat(contextOf(after?.licence ?? marked), held(marked, ada));
    expect(outcome).toMatchObject({ record: null });
    expect([...(outcome.kind === 'beaten' ? outcome.outcomes.values() : [])]).toMatchObject([
      { kind: 'lost' },
    ]);
  });

  test('its user may ask again: the seat is taken without the mark', () => {
    expect(seat(gently(full()), ada).instances).toMatchObject([{ seats: [{ id: 'seat-ada' }] }]);
    expect(seat(gently(full()), ada).instances[0]?.seats[0]).not.toHaveProperty('leaving');
  });

  test('undone before it was noticed, the mark is gone and nothing else', () => {
    const before = full();
    const outcome = undo(contextOf(gently(before)), { seat: 'seat-ada', actor: 'eve@desk' });
    if (outcome.kind === 'refused') throw new Error(outcome.why.reason);
    expect(outcome.draft.licence).toEqual(before);
    expect(outcome.draft.events).toMatchObject([{ kind: 'stays', user: 'ada', actor: 'eve@desk' }]);
  });
});

test('of very many none comes back, because its tombstone was pushed out: all are asked to leave', () => {
  const many = seatedTable(250);
  const after = remove(contextOf(many), { ...all, isGone: ({ id }) => id === 'user0' })?.licence ?? many;
  expect(after.instances.filter(({ seats }) => seats.some(({ leaving }) => leaving))).toHaveLength(249);
  expect(after.gone).toMatchObject([{ user: 'user0' }]);
  const dead = remove(contextOf(many), { ...all, isGone: () => true })?.licence ?? many;
  expect(dead.instances.filter(({ user }) => user !== 'eve')).toEqual([]);
});

describe('more than can be told at once', () => {
  const many = seatedTable(101);
  const beating = (licence: Licence, level: 'heartbeat' | 'light') => ({
    ...licence,
    instances: licence.instances.map((record) => ({ ...record, level, beatAt: toIso(START_MS + 600_000) })),
  });
  const users = (licence: Licence) => licence.instances.filter(({ user }) => user !== 'eve').length;
  const removedAt = (licence: Licence, nowMs: number, way = {}) =>
    remove(contextOf(licence, nowMs), { ...all, ...way })?.licence ?? licence;

  test('the dead are not waited for: nobody would end that', () => {
    const lateMs = START_MS + 3_600_000;
    expect(isGentle(contextOf(many), all)).toBe(true);
    expect(isGentle(contextOf(many, lateMs), all)).toBe(false);
    expect(users(removedAt(many, lateMs))).toBe(0);
    expect(users(removedAt(many, lateMs, { gently: true }))).toBe(101); // a person has asked to wait
    expect(isGentle({ ...contextOf(many), nowMs: null }, all)).toBe(true);
  });

  test('a borrowed seat of a silent computer is valid there', () => {
    const untilAt = toIso(START_MS + 86_400_000);
    const borrowed = {
      ...many,
      instances: many.instances.map((record) => ({
        ...record,
        seats: record.seats.map((one) => ({ ...one, untilAt })),
      })),
    };
    expect(users(removedAt(borrowed, START_MS + 3_600_000))).toBe(101);
  });

  test.each(['heartbeat', 'light'] as const)(
    'who was asked and did not leave goes the next time: %s',
    (level) => {
      const asked = removedAt(beating(many, level), START_MS);
      expect(users(asked)).toBe(101);
      const [first] = asked.instances;
      if (!first) throw new Error('no record');
      const waitMs = 2 * noticedWithinMs(first, contextOf(asked).policy);
      expect(remove(contextOf(asked, START_MS + waitMs), all)).toBeNull();
      expect(users(removedAt(asked, START_MS + waitMs + 1, { gently: true }))).toBe(101);
      expect(users(removedAt(asked, START_MS + waitMs + 1))).toBe(0);
      expect(users(removedAt(asked, START_MS - 1))).toBe(0); // a mark of a clock that was ahead
    },
  );
});

describe('what is said of the places of removed seats', () => {
  const placesOf = (licence: Licence, users: readonly string[], way = {}) => {
    const isChosen = (record: { id: string }) => users.includes(record.id);
    const chosen = licence.instances
      .filter(isChosen)
      .flatMap((record) => record.seats.map((one) => ({ record, seat: one })));
    const draft = remove(contextOf(licence), { ...all, isChosen, ...way });
    return placesAfter({ policy: policyOf(licence), ...(draft ?? { licence, events: [] }) }, chosen);
  };

  test('free; kept; of the first in the queue', () => {
    expect(placesOf(full(), ['ada'])).toEqual([{ kind: 'free' }]);
    expect(placesOf(full(), ['ada'], { gently: true })).toEqual([{ kind: 'kept' }]);
    const queued = enqueue(contextOf(full()), { who: bob, module: 'M1', seatId: 'b', waitSeconds: 60 });
    expect(placesOf(queued, ['ada'])).toEqual([
      { kind: 'given', to: { user: 'bob', host: 'pc-bob', isReserved: false } },
    ]);
  });

  test('shared with another window that stays; one answer for two windows that go', () => {
    const second = { ...ada, id: 'ada2' };
    const both = seat(full(), second);
    expect(placesOf(both, ['ada'])).toEqual([{ kind: 'shared' }]);
    expect(placesOf(both, ['ada', 'ada2'])).toEqual([{ kind: 'free' }, { kind: 'free' }]);
  });

  test('not free where more seats are in use than there are', () => {
    const three = [ada, bob, cyd].reduce(
      (licence, who) => seat(licence, who),
      emptyTable({ modules: [{ module: 'M1', maxUsers: 3 }] }),
    );
    const fewer = { ...three, entitlement: emptyTable({}).entitlement };
    expect(placesOf(fewer, ['ada'])).toEqual([{ kind: 'excess' }]);
    expect(placesOf(fewer, ['ada', 'bob', 'cyd'])).toEqual([
      { kind: 'free' },
      { kind: 'excess' },
      { kind: 'excess' },
    ]);
  });
});
