import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeptSeats, type Names } from '../../src/rules/kept-seats.js';

/** How many reservations are held is the most that any assignment of seats to reservations can reach. */

const USERS = ['ada', 'bob', 'cy', 'di'];
const HOSTS = ['pc', 'lab', 'hall'];
const seat = fc.record({ user: fc.constantFrom(...USERS), host: fc.constantFrom(...HOSTS) });
const reservation = fc.oneof(
  seat,
  fc.record({ user: fc.constantFrom(...USERS), host: fc.constant(undefined) }),
  fc.record({ user: fc.constant(undefined), host: fc.constantFrom(...HOSTS) }),
);

const fits = (names: Names, wanted: Names): boolean =>
  (wanted.user === undefined || wanted.user === names.user) &&
  (wanted.host === undefined || wanted.host === names.host);

/** By trying: each seat in turn takes a reservation, and the seat that had it looks for another. */
function mostHeld(reservations: readonly Names[], seats: readonly Names[]): number {
  const holderOf = new Map<Names, Names>();
  const place = (names: Names, asked: Set<Names>): boolean =>
    reservations.some((wanted) => {
      if (!fits(names, wanted) || asked.has(wanted)) return false;
      asked.add(wanted);
      const holder = holderOf.get(wanted);
      if (holder && !place(holder, asked)) return false;
      holderOf.set(wanted, names);
      return true;
    });
  return seats.filter((names) => place({ ...names }, new Set())).length;
}

test('as many are held as can be, whatever the order of the seats', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(reservation, { selector: ({ user, host }) => `${user} ${host}`, maxLength: 9 }),
      fc.array(seat, { maxLength: 12 }),
      (reservations, seats) => {
        const kept = new KeptSeats(reservations);
        seats.forEach((names, before) => {
          const isMore =
            mostHeld(reservations, seats.slice(0, before + 1)) >
            mostHeld(reservations, seats.slice(0, before));
          expect(kept.isFor(names)).toBe(isMore);
          expect(new KeptSeats(kept).hold(names)).toBe(isMore);
          expect(kept.hold(names)).toBe(isMore);
        });
        expect(kept.unheld).toBe(reservations.length - mostHeld(reservations, seats));
      },
    ),
    { numRuns: 2000 },
  );
});

test('a reservation that stands there twice counts once', () => {
  const boss = { user: 'boss', host: undefined };
  const pair = { user: 'boss', host: 'pc' };
  expect(new KeptSeats([boss, boss, pair, pair]).unheld).toBe(2);
});

test('no name of a user is taken for the beginning of another', () => {
  const kept = new KeptSeats([{ user: 'a', host: 'b c' }]);
  expect(kept.isFor({ user: 'a b', host: 'c' })).toBe(false);
});
