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

/** The command that lifts the first reservation of a module; a caller that knows the file puts it for FILE. */
export function liftingOne({ settings }: Pick<Licence, 'settings'>, module: string): string {
  const first = settings.reservations?.find((one) => one.module === module);
  const names = [first?.user === undefined ? '' : ` --user ${quoted(first.user)}`];
  if (first?.host !== undefined) names.push(` --host ${quoted(first.host)}`);
  return `seatfile reserve FILE --module ${module}${names.join('')} --lift`;
}

/** One word for every shell; a name with a quote in it is left to the reader. */
const quoted = (name: string): string => (/^[\w.:@+-]+$/.test(name) ? name : `"${name}"`);
