import { type Licence, MAX_LISTED, type Reservation } from '../licence/document.js';
import { grantOf } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { offerFree } from './offers.js';
import { liftingOne, reservationKey, reservedSeats } from './reserved-seats.js';
import { mergedSettings } from './settings.js';

/** A seat is kept for a user or a host, and is so no more: the acts of an administrator. */

export interface ReservationRequest {
  readonly reservation: Reservation;
  /** `user@host` of the administrator. */
  readonly actor: string;
}

/**
 * Keeps a seat. No user loses one by it: where all are taken, the next that falls free is kept. Null when
 * this one is kept already.
 * @throws SeatfileFault UNKNOWN_MODULE; BAD_ARGUMENT: the module has no more seats to keep
 */
export function reserve(context: ChangeContext, { reservation, actor }: ReservationRequest): Draft | null {
  const { licence, policy } = context;
  const { module, ...names } = reservation;
  const { maxUsers } = grantOf(policy, module);
  const known = licence.settings.reservations ?? [];
  const key = reservationKey(reservation);
  if (known.some((one) => reservationKey(one) === key)) return null;
  if ((reservedSeats(licence).get(module) ?? 0) >= maxUsers)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `${module}: ${maxUsers} of ${maxUsers} seats are reserved; expected no more reservations than max users. ` +
        `Lift one first, like: ${liftingOne(licence, module)}`,
    );
  if (known.length >= MAX_LISTED)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `the licence has ${MAX_LISTED} reservations, the most; lift one first`,
    );
  const event = { kind: 'reserved', module, ...names, actor };
  return { licence: withReservations(licence, [...known, reservation]), events: [event] };
}

/** The seat is free for all users again, the first waiter before others. Null when it is not reserved. */
export function liftReservation(
  context: ChangeContext,
  { reservation, actor }: ReservationRequest,
): Draft | null {
  const { licence } = context;
  const { module, ...names } = reservation;
  const key = reservationKey(reservation);
  const known = licence.settings.reservations ?? [];
  const others = known.filter((one) => reservationKey(one) !== key);
  if (others.length === known.length) return null;
  const event = { kind: 'reservation lifted', module, ...names, actor };
  return andThen(context, { licence: withReservations(licence, others), events: [event] }, offerFree);
}

const withReservations = (licence: Licence, reservations: readonly Reservation[]): Licence => ({
  ...licence,
  settings: mergedSettings(licence.settings, {
    reservations: reservations.length === 0 ? undefined : reservations,
  }),
});
