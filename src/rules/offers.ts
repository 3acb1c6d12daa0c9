import type { InstanceRecord, Licence, SeatRecord, Waiter } from '../licence/document.js';
import { isExpired, type Policy } from '../licence/entitlement.js';
import type { ChangeContext, Draft, EventDraft } from '../licence/revision.js';
import { toIso } from '../licence/time.js';
import { type Pending, placeKey, withoutWaiters } from './queue.js';
import { dropSeats, isGiven, seatEvent } from './records.js';
import { closedForMs } from './restore.js';
import { Places } from './seats.js';

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
export const MOST_GIVEN = 1000;

/**
 * A record, where it stands in the table, and the seats it gets. A record made for a waiter has no others.
 */
interface Gift {
  readonly record: InstanceRecord;
  readonly at: number;
  readonly seats: SeatRecord[];
}

/**
 * Offers every free seat to the waiters, in their order, in one pass. After a restore an instance can be
 * both queued and seated: its queue entry is dropped, because two seats for one module fail validation and
 * would block every commit. Null when there is no free seat, or no waiter.
 */
export function seatWaiters(context: ChangeContext): Draft | null {
  const { licence, policy } = context;
  const places = new Places(context);
  const gifts = new Gifts(context);
  const left = new Set<string>();
  for (const waiter of licence.waiting) {
    if (gifts.events.length === MOST_GIVEN) break;
    if (!policy.modules.has(waiter.module)) continue;
    const isSeated = places.held(waiter.instance, waiter.module) !== undefined;
    const { instance: id, module, user, host, machine } = waiter;
    const place = isSeated
      ? null
      : places.placeFor({ id, user, host, machine }, { module, preferred: waiter.seat });
    if (place !== null) gifts.give(waiter, place, places);
    if (isSeated || place !== null) left.add(placeKey(waiter));
  }
  if (left.size === 0) return null;
  const after = withoutWaiters(licence, (waiter) => left.has(placeKey(waiter)));
  return {
    licence: gifts.events.length === 0 ? after : { ...after, instances: gifts.instances() },
    events: gifts.events,
  };
}

/**
 * Offers the seats that an administrator, or a replacement file, leaves free. During the settling period
 * after a restore no new user is seated; a waiter takes a free seat itself, later.
 */
export function offerFree(context: ChangeContext): Draft | null {
  const isClosed = isExpired(context.policy, context.nowMs) || closedForMs(context) > 0;
  return isClosed ? null : seatWaiters(context);
}

/** What one pass offers to the waiters. */
class Gifts {
  readonly events: EventDraft[] = [];
  private readonly policy: Policy;
  private readonly at: string;
  private readonly gifts: Map<string, Gift>;

  constructor({ licence, policy, nowMs }: ChangeContext) {
    this.policy = policy;
    this.at = toIso(nowMs);
    this.gifts = new Map(
      licence.instances.map((record, index) => [record.id, { record, at: index, seats: [] }]),
    );
  }

  give(waiter: Waiter, place: string, places: Places): void {
    const { module } = waiter;
    const seat: SeatRecord = { id: place, module, sinceAt: this.at, untilAt: null, given: true };
    const gift = this.giftFor(waiter);
    gift.seats.push(seat);
    places.put(gift.record, seat, gift.at);
    this.events.push(seatEvent('given', gift.record, seat));
  }

  /** Those that were there keep their order, and new ones follow in theirs. */
  instances(): InstanceRecord[] {
    return [...this.gifts.values()].map(({ record, seats }) => {
      if (seats.length === 0 || record.seats === seats) return record;
      return { ...record, seats: [...record.seats, ...seats] };
    });
  }

  private giftFor(waiter: Waiter): Gift {
    const known = this.gifts.get(waiter.instance);
    if (known) return known;
    const seats: SeatRecord[] = [];
    const gift = { record: { ...recordOf(waiter, this.policy, this.at), seats }, at: this.gifts.size, seats };
    this.gifts.set(waiter.instance, gift);
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
export function passOver({ licence }: ChangeContext, overdue: readonly Pending[]): Draft | null {
  if (overdue.length === 0) return null;
  const late = new Set(overdue.filter(({ kind }) => kind === 'waits').map(keyOf));
  const isLate = ({ instance, module, seat }: Waiter) => late.has(keyOf({ instance, module, seat }));
  const leaving = new Set(licence.waiting.filter(isLate).map(placeKey));
  const stayed = withoutWaiters(licence, (waiter) => leaving.has(placeKey(waiter)));
  const untaken = untakenIn(licence, overdue);
  if (stayed === licence && untaken.length === 0) return null;
  const events = untaken.map(({ record, seat }) => seatEvent('passed over', record, seat));
  const left = new Set(untaken.map(({ seat }) => seat));
  return { licence: dropSeats(stayed, left), events };
}

const keyOf = ({ instance, module, seat }: Pick<Pending, 'instance' | 'module' | 'seat'>): string =>
  `${instance} ${module} ${seat}`;

/** The seats that were offered and not accepted, in the order in which they are named. */
function untakenIn(
  { instances }: Licence,
  overdue: readonly Pending[],
): { readonly record: InstanceRecord; readonly seat: SeatRecord }[] {
  const given = new Map(
    instances.flatMap((record) =>
      record.seats
        .filter(isGiven)
        .map((seat) => [
          keyOf({ instance: record.id, module: seat.module, seat: seat.id }),
          { record, seat },
        ]),
    ),
  );
  const named = new Set(overdue.filter(({ kind }) => kind === 'given').map(keyOf));
  return [...named].flatMap((key) => given.get(key) ?? []);
}
