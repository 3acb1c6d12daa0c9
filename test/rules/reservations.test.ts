import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CountBy, Licence, Reservation } from '../../src/licence/document.js';
import { seatLimit } from '../../src/licence/entitlement.js';
import { chooseSeats, remove } from '../../src/rules/admin.js';
import { placesAfter } from '../../src/rules/after-removal.js';
import { ban } from '../../src/rules/bans.js';
import { beat } from '../../src/rules/beat.js';
import { claim } from '../../src/rules/claim.js';
import { giveBack } from '../../src/rules/give-back.js';
import { offerFree } from '../../src/rules/offers.js';
import { enqueue } from '../../src/rules/queue.js';
import { undo } from '../../src/rules/reinstate.js';
import { liftReservation, reserve } from '../../src/rules/reservations.js';
import type { Requester } from '../../src/rules/seats.js';
import { statusView } from '../../src/rules/status-view.js';
import { app, asking, contextOf, emptyTable, policyOf, viewed } from './tables.js';

const [ada, bob, cy, di, boss] = [app('ada'), app('bob'), app('cy'), app('di'), app('boss')] as const;
const actor = 'eve@desk';

const table = (maxUsers: number, overdraft = 0) =>
  emptyTable({ modules: [{ module: 'M1', maxUsers, overdraft }] });
const kept = (licence: Licence, ...names: readonly Omit<Reservation, 'module'>[]): Licence => ({
  ...licence,
  settings: { reservations: names.map((one) => ({ module: 'M1', ...one })) },
});
const ask = (licence: Licence, who: Requester) =>
  claim(contextOf(licence), asking(who, 'M1', `seat-${who.id}`));
function sit(licence: Licence, ...people: readonly Requester[]): Licence {
  return people.reduce((before, who) => {
    const outcome = ask(before, who);
    if (outcome.kind !== 'seated') throw new Error(`${who.id}: ${outcome.kind}`);
    return outcome.draft.licence;
  }, licence);
}
const wait = (licence: Licence, who: Requester) =>
  enqueue(contextOf(licence), { who, module: 'M1', seatId: `seat-${who.id}`, waitSeconds: 600 });
const leave = (licence: Licence, who: Requester) => giveBack(licence, who.id, null)?.licence ?? licence;
const served = (licence: Licence) => offerFree(contextOf(licence))?.licence ?? licence;
const figures = (licence: Licence) => {
  const [one] = statusView(contextOf(licence), viewed()).modules;
  if (!one) throw new Error('no module');
  return one;
};
const usersIn = ({ instances }: Licence) => instances.map(({ user }) => user);

describe('a kept seat', () => {
  const open = kept(table(2), { user: 'boss' });

  test('is counted out of the free ones, and not as used', () => {
    expect(figures(open)).toMatchObject({ maxUsers: 2, inUse: 0, reserved: 1, free: 1 });
    expect(figures(sit(open, ada))).toMatchObject({ inUse: 1, reserved: 1, free: 0 });
    expect(figures(sit(open, ada, boss))).toMatchObject({ inUse: 2, reserved: 0, free: 0 });
    expect(figures(sit(open, boss))).toMatchObject({ inUse: 1, reserved: 0, free: 1 });
  });

  test('is for no other user: "reserved" where it is free, "full" where it is not', () => {
    expect(ask(sit(open, ada), bob)).toMatchObject({ kind: 'reserved', holders: [{ user: 'ada' }] });
    expect(ask(sit(open, ada, boss), bob).kind).toBe('full');
    expect(ask(sit(open, ada), boss).kind).toBe('seated');
  });

  test('goes to its user before all waiters, and to none of them', () => {
    const crowd = wait(wait(sit(open, ada), bob), cy);
    expect(served(crowd)).toBe(crowd);
    expect(ask(crowd, boss).kind).toBe('seated');
    const left = served(leave(crowd, ada));
    expect(usersIn(left)).toEqual(['bob']);
    expect(usersIn(served(wait(left, boss)))).toEqual(['bob', 'boss']);
  });

  test('its user waits only while all seats are really taken, and is then the first', () => {
    const late = kept(sit(table(2), ada, cy), { user: 'boss' });
    expect(ask(late, boss).kind).toBe('full');
    expect(figures(late)).toMatchObject({ inUse: 2, reserved: 0, free: 0 });
    const line = wait(wait(late, bob), boss);
    expect(usersIn(served(leave(line, ada)))).toEqual(['cy', 'boss']);
    expect(usersIn(served(leave(wait(late, bob), ada)))).toEqual(['cy']); // it is kept from now on
  });

  test('of two of its users the one that waits has it', () => {
    const room = kept(table(1), { host: 'lab' });
    const [one, two] = [app('one', { host: 'LAB' }), app('two', { host: 'lab' })];
    const closed = wait(room, one); // nothing was served yet
    expect(ask(closed, two).kind).toBe('full');
    expect(ask(closed, one).kind).toBe('seated');
  });

  test('is for a host, for a user on a host, and held by the one that fits', () => {
    const three = kept(table(3), { host: 'pc-ada' }, { user: 'boss' }, { user: 'boss', host: 'pc-boss' });
    expect(ask(three, bob).kind).toBe('reserved');
    const one = sit(three, boss);
    expect(figures(one)).toMatchObject({ inUse: 1, reserved: 2 });
    const two = sit(one, app('boss2', { user: 'boss', host: 'pc-ada' }));
    expect(figures(two)).toMatchObject({ inUse: 2, reserved: 1 });
    expect(ask(two, ada).kind).toBe('seated');
    expect(ask(two, app('boss3', { user: 'Boss' })).kind).toBe('seated');
  });

  test('the tolerated seats above max users are kept, too', () => {
    const over = kept(table(1, 1), { user: 'boss' });
    expect(figures(over)).toMatchObject({ reserved: 1, free: 1 });
    expect(ask(sit(over, ada), bob).kind).toBe('reserved');
    expect(figures(sit(over, ada, boss))).toMatchObject({ inUse: 2, reserved: 0, free: 0 });
  });

  test('counts once where two windows share the seat', () => {
    const twice = sit(open, boss, { ...boss, id: 'boss2' });
    expect(figures(twice)).toMatchObject({ inUse: 1, reserved: 0, free: 1 });
  });

  test('a user that comes back after a crash gets the own seat, although one is kept since', () => {
    const late = kept(sit(table(1), ada), { user: 'boss' });
    const back = claim(contextOf(late), asking({ ...ada, id: 'ada2' }, 'M1', 'x', { isGone: () => true }));
    expect(back).toMatchObject({ kind: 'seated', record: { seats: [{ id: 'seat-ada' }] } });
  });

  test('a holder whose record was lost puts it back all the same; one that was evicted does not', () => {
    const seats = [{ id: 'seat-ada', module: 'M1', sinceAt: '2026-11-21T09:00:00.000Z', untilAt: null }];
    const state = { who: ada, seats, highestBeat: 1, returnSeconds: () => 60 };
    const outcomeOf = (mayReturn: boolean) => {
      const outcome = beat(contextOf(kept(table(1), { user: 'boss' })), {
        ...state,
        mayReturn: () => mayReturn,
      });
      return outcome.kind === 'beaten' ? outcome.outcomes.get('M1')?.kind : outcome.kind;
    };
    expect([outcomeOf(true), outcomeOf(false)]).toEqual(['back', 'lost']);
  });

  test('a seat that is removed is kept from then on, and is not given back by undo', () => {
    const late = kept(sit(table(1), ada), { user: 'boss' });
    const by = { actor, words: null };
    const removed = remove(contextOf(late), { isChosen: () => true, ...by });
    const chosen = chooseSeats(late, {});
    if (!removed) throw new Error('ada was there');
    const placesIn = (licence: Licence) =>
      placesAfter({ ...removed, licence, policy: policyOf(late) }, chosen);
    expect(placesIn(removed.licence)).toEqual([{ kind: 'reserved' }]);
    expect(placesIn({ ...removed.licence, settings: {} })).toEqual([{ kind: 'free' }]);
    const undone = undo(contextOf(removed.licence), { seat: 'seat-ada', actor });
    expect(undone).toMatchObject({ kind: 'refused', why: { reason: 'reserved' } });
  });

  test('a waiter for whom a seat is reserved comes first, and that is told before and after', () => {
    const two = kept(sit(table(2), ada, bob), { user: 'boss' });
    const queued = [cy, boss, { ...boss, id: 'boss2' }].reduce(wait, two);
    const { waiting } = statusView(contextOf(queued), viewed());
    expect(waiting.map(({ place, isReserved }) => [place, isReserved])).toEqual([
      [1, false],
      [2, true],
      [3, false],
    ]);
    const removed = remove(contextOf(queued), { isChosen: () => true, actor, words: null });
    if (!removed) throw new Error('two sat');
    const places = placesAfter({ ...removed, policy: policyOf(queued) }, chooseSeats(queued, {}));
    expect(places).toMatchObject([
      { kind: 'given', to: { user: 'cy', isReserved: false } },
      { kind: 'given', to: { user: 'boss', isReserved: true } },
    ]);
    const one = chooseSeats(queued, { user: 'ada' });
    const first = remove(contextOf(queued), { isChosen: ({ id }) => id === 'ada', actor, words: null });
    if (!first) throw new Error('ada sat');
    expect(placesAfter({ ...first, policy: policyOf(queued) }, one)).toMatchObject([
      { kind: 'given', to: { user: 'boss', isReserved: true } },
    ]);
  });

  test('where silent holders are dead, it is told when one is free for this user', () => {
    const silent = kept(sit(table(2), ada, bob), { user: 'boss' });
    const old = {
      ...silent,
      instances: silent.instances.map((one) => ({ ...one, beatAt: '2026-11-21T08:00:00.000Z' })),
    };
    const [late, first] = [old.instances[0], old.instances[1]];
    if (!late || !first) throw new Error('two sit');
    const once = { ...old, instances: [late, { ...first, beatAt: '2026-11-21T09:00:00.000Z' }] };
    expect(ask(once, boss)).toMatchObject({ kind: 'full', freesAt: expect.any(String) });
    expect(ask(once, cy)).toMatchObject({ kind: 'full', freesAt: null });
  });
});

describe('reserving', () => {
  const change = (licence: Licence, names: Omit<Reservation, 'module'>, module = 'M1') =>
    reserve(contextOf(licence), { reservation: { module, ...names }, actor });

  test('is journalled, and is the same a second time', () => {
    const draft = change(table(2), { user: 'Boss' });
    expect(draft?.events).toEqual([{ kind: 'reserved', module: 'M1', user: 'Boss', actor }]);
    expect(draft?.licence.settings.reservations).toEqual([{ module: 'M1', user: 'Boss' }]);
    expect(change(draft?.licence ?? table(2), { user: 'BOSS' })).toBeNull();
    expect(change(draft?.licence ?? table(2), { user: 'BOSS', host: 'pc' })).not.toBeNull();
  });

  test('no more than max users, and only what the licence has', () => {
    const all = kept(table(1, 3), { user: 'boss' });
    expect(() => change(all, { user: 'ada' })).toThrow('1 of 1 seats are reserved');
    expect(() => change(all, { user: 'ada' }, 'M9')).toThrow('M9');
  });

  test('is lifted, and the seat goes to the first waiter', () => {
    const crowd = wait(sit(kept(table(2), { user: 'boss' }), ada), bob);
    const lift = (user: string) =>
      liftReservation(contextOf(crowd), { reservation: { module: 'M1', user }, actor });
    expect(lift('zoe')).toBeNull();
    const lifted = lift('BOSS');
    expect(lifted?.licence.settings).toEqual({});
    expect(usersIn(lifted?.licence ?? crowd)).toEqual(['ada', 'bob']);
    expect(lifted?.events.map(({ kind }) => kind)).toEqual(['reservation lifted', 'given']);
  });

  test('of a module that the licence has not any more, it keeps nothing, and can be lifted', () => {
    const licence = { ...table(1), settings: { reservations: [{ module: 'M9', user: 'boss' }] } };
    expect(figures(licence)).toMatchObject({ module: 'M1', reserved: 0, free: 1 });
    const reservation = { module: 'M9', user: 'boss' };
    expect(liftReservation(contextOf(licence), { reservation, actor })?.licence.settings).toEqual({});
  });
});

// --- any office ------------------------------------------------------------------------------------------------------

const people = ['ada', 'bob', 'cy', 'di'].flatMap((user) =>
  ['pc', 'lab'].map((host) => {
    const machine = { pids: `pids-${host}`, host: `host-${host}`, installation: host };
    return app(`${user}-${host}`, { user, host, machine });
  }),
);
const person = fc.constantFrom(...people);
const names = fc.constantFrom<Omit<Reservation, 'module'>>(
  ...[{ user: 'ada' }, { user: 'bob' }, { host: 'lab' }, { host: 'pc' }, { user: 'cy', host: 'lab' }],
);
const step = fc.oneof(
  fc.record({ act: fc.constant('asks' as const), who: person }),
  fc.record({ act: fc.constant('waits' as const), who: person }),
  fc.record({ act: fc.constant('leaves' as const), who: person }),
  fc.record({ act: fc.constant('keeps' as const), names }),
  fc.record({ act: fc.constant('lifts' as const), names }),
  fc.record({ act: fc.constant('bans' as const), who: person }),
);
const office = fc.record({
  countBy: fc.constantFrom<CountBy>('user@host', 'instance', 'user', 'host'),
  maxUsers: fc.integer({ min: 1, max: 4 }),
  overdraft: fc.integer({ min: 0, max: 1 }),
  steps: fc.array(step, { maxLength: 40 }),
});

function play(licence: Licence, one: typeof step extends fc.Arbitrary<infer Step> ? Step : never): Licence {
  const context = contextOf(licence);
  switch (one.act) {
    case 'asks': {
      const outcome = ask(licence, one.who);
      return outcome.kind === 'seated' ? outcome.draft.licence : licence;
    }
    case 'waits': {
      const outcome = ask(licence, one.who);
      if (outcome.kind === 'seated') return outcome.draft.licence;
      return outcome.kind === 'banned' ? licence : wait(licence, one.who);
    }
    case 'leaves':
      return served(leave(licence, one.who));
    case 'keeps':
      try {
        return reserve(context, { reservation: { module: 'M1', ...one.names }, actor })?.licence ?? licence;
      } catch {
        return licence; // all seats are kept already
      }
    case 'lifts':
      return (
        liftReservation(context, { reservation: { module: 'M1', ...one.names }, actor })?.licence ?? licence
      );
    case 'bans':
      return ban(context, { user: one.who.user, forMs: null, actor, words: null }).draft.licence;
  }
}

/** A reservation of the requester's for which no seat in use could stand: nothing in the table fits it. */
const hasUntouched = ({ instances, settings }: Licence, who: Requester): boolean =>
  (settings.reservations ?? []).some((one) => {
    const fits = ({ user, host }: { user: string; host: string }) =>
      (one.user ?? user) === user && (one.host ?? host) === host;
    return fits(who) && !instances.some(fits);
  });

test('never more than the limit; a kept seat is there for its user; no waiter waits where a seat is free', () => {
  fc.assert(
    fc.property(office, ({ countBy, maxUsers, overdraft, steps }) => {
      const modules = [{ module: 'M1', maxUsers, overdraft, countBy }];
      let licence = emptyTable({ modules });
      for (const one of steps) {
        const before = figures(licence);
        const after = served(play(licence, one)); // as each commit of a client ends
        const limit = seatLimit(policyOf(after).modules.get('M1') ?? { module: 'M1', maxUsers: 0 });
        const now = figures(after);
        expect(now.inUse).toBeLessThanOrEqual(limit);
        expect(now.inUse + now.reserved + now.free).toBe(limit);
        if (one.act === 'asks' && now.inUse > before.inUse)
          expect(before.free > 0 || now.reserved < before.reserved).toBe(true);
        for (const who of people) {
          const isBanned = after.settings.bans?.some(({ user }) => user === who.user) ?? false;
          const answer = ask(after, who).kind;
          expect(answer === 'banned').toBe(isBanned);
          if (isBanned) expect(after.instances.some(({ user }) => user === who.user)).toBe(false);
          else if (hasUntouched(after, who) && now.inUse < limit && after.waiting.length === 0)
            expect(answer).toBe('seated');
        }
        for (const { instance } of after.waiting) {
          const waiter = people.find(({ id }) => id === instance) ?? di;
          expect(ask(after, waiter).kind).not.toBe('seated');
        }
        licence = after;
      }
    }),
    { numRuns: 400 },
  );
});
