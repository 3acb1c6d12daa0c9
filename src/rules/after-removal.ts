import type { Licence } from '../licence/document.js';
import { type Policy, seatLimit } from '../licence/entitlement.js';
import type { EventDraft } from '../licence/revision.js';
import { type ChosenSeat, isLeaving } from './leaving.js';
import { reservationKey } from './reserved-seats.js';
import { SeatIndex } from './seats.js';

/** What became of a place whose seat was removed. */
export type PlaceAfter =
  /** It counts until its holder has noticed: removed gently. */
  | { readonly kind: 'kept' }
  /** Another instance of the same user holds the same seat. */
  | { readonly kind: 'shared' }
  /** It was offered to the first user in the queue, or to one for which a seat is reserved. */
  | { readonly kind: 'given'; readonly to: Receiver }
  | { readonly kind: 'free' }
  /** It is kept for a user or a host that has none now. */
  | { readonly kind: 'reserved' }
  /** More seats are still in use than there are. */
  | { readonly kind: 'excess' };

interface Receiver {
  readonly user: string;
  readonly host: string;
  readonly isReserved: boolean;
}

interface AfterRemoval {
  readonly licence: Licence;
  readonly policy: Policy;
  /** What the removal told: the seats that it offered are among it. */
  readonly events: readonly EventDraft[];
}

/** For each of the removed seats. Those that shared one seat get the same answer. */
export function placesAfter(
  { licence, policy, events }: AfterRemoval,
  removed: readonly ChosenSeat[],
): PlaceAfter[] {
  const held = new Map<string, boolean>(); // and whether one of its records is to leave
  for (const { seats } of licence.instances)
    for (const seat of seats) held.set(keyOf(seat), held.get(keyOf(seat)) || isLeaving(seat));
  const answers = new Map<string, PlaceAfter>();
  const [offered, places] = [offersIn(events, licence), new SeatIndex({ licence, policy })];
  const left = new Map(
    [...policy.modules].map(([module, grant]) => [module, seatLimit(grant) - places.inUse(module)]),
  );
  const freed = (module: string): PlaceAfter => {
    const to = offered.get(module)?.shift();
    if (to) return { kind: 'given', to };
    const free = left.get(module) ?? 0;
    left.set(module, free - 1);
    if (free <= 0) return { kind: 'excess' };
    return { kind: free > places.kept(module) ? 'free' : 'reserved' };
  };
  return removed.map(({ seat }) => {
    const key = keyOf(seat);
    const isHeld = held.get(key);
    const answer =
      answers.get(key) ?? (isHeld === undefined ? freed(seat.module) : { kind: isHeld ? 'kept' : 'shared' });
    answers.set(key, answer);
    return answer;
  });
}

const keyOf = ({ id, module }: { readonly id: string; readonly module: string }): string => `${module} ${id}`;

/** To whom a seat was offered, by module, in order. */
function offersIn(events: readonly EventDraft[], { settings }: Licence): Map<string, Receiver[]> {
  const reserved = new Set((settings.reservations ?? []).map(reservationKey));
  const isReserved = (module: string, names: { readonly user: string; readonly host: string }) =>
    [names, { user: names.user }, { host: names.host }].some((part) =>
      reserved.has(reservationKey({ module, ...part })),
    );
  const offers = new Map<string, Receiver[]>();
  for (const { kind, module, user, host } of events) {
    if (kind !== 'given') continue;
    const names = { user: String(user), host: String(host) };
    const to = { ...names, isReserved: isReserved(String(module), names) };
    const known = offers.get(String(module));
    if (known) known.push(to);
    else offers.set(String(module), [to]);
  }
  return offers;
}
