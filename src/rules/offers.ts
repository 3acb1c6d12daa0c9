import type { InstanceRecord, Licence, SeatRecord, Waiter } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import type { ChangeContext, Draft, EventDraft } from '../licence/revision.js';
import { toIso } from '../licence/time.js';
import { bansByUser } from './bans-in-force.js';
import { type OfferOrWait, waiterKey, withoutWaiters } from './queue.js';
import { dropSeats, isOffered, seatEvent } from './records.js';
import { isOpenToNew } from './renewal-state.js';
import { settlingForMs } from './restore.js';
import { SeatIndex } from './seats.js';
import { eventsWithin, roomToTell } from './telling.js';

/**
 * Rule 8. The commit that frees a seat offers it to the first waiter: it seats that waiter. The seat is
 * valid from the own first beat of the waiter on. An offered seat that is not accepted goes to the next
 * waiter, and the first has left the queue.
 */

/**
 * At most this many seats are offered in one commit; the next commit goes on. Each costs an event and a
 * record. A long queue served at once could make a revision that is larger than a licence may be, and no
 * instance could commit any more.
 */
export const MOST_OFFERED = 1000;

/**
 * A record, where it stands in the table, and the seats it gets. A record made for a waiter has no others.
 */
interface Offer {
  readonly record: InstanceRecord;
  readonly at: number;
  readonly seats: SeatRecord[];
}

/**
 * Offers every free seat to the waiters, in their order, in one pass. After a restore an instance can be
 * both queued and seated: its queue entry is dropped, because two seats for one module fail validation and
 * would block every commit. A banned waiter leaves, too. Null when there is no free seat, or no waiter.
 */
export function offerToWaiters(context: ChangeContext): Draft | null {
  const { licence, policy } = context;
  const seatIndex = new SeatIndex(context);
  const offers = new Offers(context);
  const banOf = bansByUser(context);
  const left = new Set<string>();
  for (const waiter of licence.waiting) {
    if (offers.events.length === MOST_OFFERED) break;
    if (!policy.modules.has(waiter.module)) continue;
    const { instance: id, module, user, host, machine } = waiter;
    const isOut = seatIndex.held(id, module) !== undefined || banOf(user) !== null;
    const place = isOut
      ? null
      : seatIndex.seatIdFor({ id, user, host, machine }, { module, preferred: waiter.seat });
    if (place !== null) offers.give(waiter, place, seatIndex);
    if (isOut || place !== null) left.add(waiterKey(waiter));
  }
  if (left.size === 0) return null;
  const after = withoutWaiters(licence, (waiter) => left.has(waiterKey(waiter)));
  if (offers.events.length === 0) return { licence: after, events: [] };
  const offered = { ...after, instances: offers.instances() };
  return { licence: offered, events: eventsWithin(offers.events, roomToTell(offered)) };
}

/**
 * Offers the seats that an administrator, or a replacement file, leaves free. During the settling period
 * after a restore no new user is seated; a waiter takes a free seat itself, later.
 */
export function offerFree(context: ChangeContext): Draft | null {
  const isClosed = !isOpenToNew(context) || settlingForMs(context) > 0;
  return isClosed ? null : offerToWaiters(context);
}

/** What one pass offers to the waiters. */
class Offers {
  readonly events: EventDraft[] = [];
  private readonly policy: Policy;
  private readonly at: string;
  private readonly offers: Map<string, Offer>;

  constructor({ licence, policy, nowMs }: ChangeContext) {
    this.policy = policy;
    this.at = toIso(nowMs);
    this.offers = new Map(
      licence.instances.map((record, index) => [record.id, { record, at: index, seats: [] }]),
    );
  }

  give(waiter: Waiter, place: string, seatIndex: SeatIndex): void {
    const { module } = waiter;
    const seat: SeatRecord = { id: place, module, sinceAt: this.at, untilAt: null, given: true };
    const gift = this.giftFor(waiter);
    gift.seats.push(seat);
    seatIndex.put(gift.record, seat, gift.at);
    this.events.push(seatEvent('given', gift.record, seat));
  }

  /** Those that were there keep their order, and new ones follow in theirs. */
  instances(): InstanceRecord[] {
    return [...this.offers.values()].map(({ record, seats }) => {
      if (seats.length === 0 || record.seats === seats) return record;
      return { ...record, seats: [...record.seats, ...seats] };
    });
  }

  private giftFor(waiter: Waiter): Offer {
    const known = this.offers.get(waiter.instance);
    if (known) return known;
    const seats: SeatRecord[] = [];
    const gift = {
      record: { ...recordOf(waiter, this.policy, this.at), seats },
      at: this.offers.size,
      seats,
    };
    this.offers.set(waiter.instance, gift);
    return gift;
  }
}

/**
 * The record that the waiter would have written itself. Its first silence does not count: it is judged by
 * whether it accepts the seat.
 */
function recordOf(waiter: Waiter, policy: Policy, at: string): Omit<InstanceRecord, 'seats'> {
  return {
    id: waiter.instance,
    user: waiter.user,
    host: waiter.host,
    machine: waiter.machine,
    pid: waiter.pid,
    processStart: waiter.processStart,
    ...(waiter.thread !== undefined && { thread: waiter.thread }),
    application: waiter.application,
    note: waiter.note,
    level: policy.level,
    joinedAt: at,
    beat: waiter.beat,
    beatAt: at,
    checkIntervalSeconds: policy.checkIntervalSeconds,
    graceSeconds: policy.graceSeconds,
    answersWithin: null,
  };
}

/**
 * Removes waiters past their maximum wait and offers not accepted in time. Null if none of them is left in
 * the table.
 */
export function expireOffers({ licence }: ChangeContext, overdue: readonly OfferOrWait[]): Draft | null {
  if (overdue.length === 0) return null;
  const late = new Set(overdue.filter(({ kind }) => kind === 'waits').map(keyOf));
  const isLate = ({ instance, module, seat }: Waiter) => late.has(keyOf({ instance, module, seat }));
  const leaving = new Set(licence.waiting.filter(isLate).map(waiterKey));
  const stayed = withoutWaiters(licence, (waiter) => leaving.has(waiterKey(waiter)));
  const untaken = untakenIn(licence, overdue);
  if (stayed === licence && untaken.length === 0) return null;
  const events = untaken.map(({ record, seat }) => seatEvent('passed over', record, seat));
  const left = new Set(untaken.map(({ seat }) => seat));
  const after = dropSeats(stayed, left);
  return { licence: after, events: eventsWithin(events, roomToTell(after)) };
}

const keyOf = ({ instance, module, seat }: Pick<OfferOrWait, 'instance' | 'module' | 'seat'>): string =>
  `${instance} ${module} ${seat}`;

/** The seats that were offered and not accepted, in the order in which they are named. */
function untakenIn(
  { instances }: Licence,
  overdue: readonly OfferOrWait[],
): { readonly record: InstanceRecord; readonly seat: SeatRecord }[] {
  const given = new Map(
    instances.flatMap((record) =>
      record.seats
        .filter(isOffered)
        .map((seat) => [
          keyOf({ instance: record.id, module: seat.module, seat: seat.id }),
          { record, seat },
        ]),
    ),
  );
  const named = new Set(overdue.filter(({ kind }) => kind === 'given').map(keyOf));
  return [...named].flatMap((key) => given.get(key) ?? []);
}
