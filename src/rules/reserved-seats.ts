import type { Licence, Reservation } from '../licence/document.js';
import { foldedNames } from './seats.js';

/** What a reservation is, and how many there are. Which of them are held is told by `kept-seats.ts`. */

/** Tells one reservation from another; users and hosts as they are compared. */
export function reservationKey({ module, ...names }: Reservation): string {
  const { user = null, host = null } = foldedNames(names);
  return JSON.stringify([module, user, host]);
}

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
