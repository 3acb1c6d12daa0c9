import type { Licence, Reservation } from '../licence/document.js';
import { foldedName } from '../licence/names.js';

/** What a reservation is, and how many there are. Which of them are held is told by `kept-seats.ts`. */

/** Tells one reservation from another; users and hosts as they are compared. */
export const reservationKey = ({ module, user, host }: Reservation): string =>
  JSON.stringify([
    module,
    user === undefined ? null : foldedName(user),
    host === undefined ? null : foldedName(host),
  ]);

/** How many seats of each module are kept, held or not. */
export function reservedSeats({ settings }: Pick<Licence, 'settings'>): ReadonlyMap<string, number> {
  const keys = new Set<string>();
  const seats = new Map<string, number>();
  for (const one of settings.reservations ?? []) {
    const isTwice = keys.size === keys.add(reservationKey(one)).size;
    if (!isTwice) seats.set(one.module, (seats.get(one.module) ?? 0) + 1);
  }
  return seats;
}
