import {
  type Former,
  type InstanceRecord,
  type Licence,
  MAX_GONE,
  type SeatRecord,
  type Tombstone,
} from '../licence/document.js';
import { countByOf } from '../licence/entitlement.js';
import { sameName } from '../licence/names.js';
import type { ChangeContext, Draft, EventDraft } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import { dropSeats, seatEvent } from './records.js';
import { keptMs } from './timing.js';

/**
 * Seats that are taken away, and what is told of that: each leaves a tombstone, which its former holder
 * reads.
 */

/** What one holder loses, and why. */
export interface Taking {
  readonly record: InstanceRecord;
  readonly seats: readonly SeatRecord[];
  readonly why: Pick<Tombstone, 'reason' | 'actor' | 'words'>;
}

interface Taken extends Omit<Taking, 'seats'> {
  readonly seat: SeatRecord;
}

/** Takes seats away, with a tombstone and an event for each. Null when there is nothing to take. */
export function takeAway(context: ChangeContext, takings: readonly Taking[]): Draft | null {
  const { licence } = context;
  const taken = takings.flatMap(({ record, seats, why }) =>
    seats.map((seat): Taken => ({ record, seat, why: decided(seat, why) })),
  );
  if (taken.length === 0) return null;
  const kept = licence.gone.filter((stone) => isKept(context, stone));
  const stones = taken.map((one) => tombstoneOf(context, one));
  const left = dropSeats(licence, new Set(taken.map(({ seat }) => seat)));
  return {
    licence: { ...left, gone: [...kept, ...stones].slice(-MAX_GONE) },
    events: taken.map(takingEvent),
  };
}

const tombstoneOf = ({ licence, nowMs }: ChangeContext, { record, seat, why }: Taken): Tombstone => ({
  instance: record.id,
  seat: seat.id,
  module: seat.module,
  user: record.user,
  host: record.host,
  ...why,
  at: toIso(nowMs),
  revision: licence.revision + 1,
  ...(isFinal(why.reason) && { was: formerOf(record, seat) }),
});

/** What `undo` puts back. */
function formerOf(record: InstanceRecord, { sinceAt, untilAt }: SeatRecord): Former {
  const { id: _id, user: _user, host: _host, unconfirmed: _unconfirmed, seats: _seats, ...facts } = record;
  return { ...facts, sinceAt, untilAt };
}

const takingEvent = ({ record, seat, why }: Taken): EventDraft => {
  const kind = isFinal(why.reason) ? why.reason : 'evicted';
  return { ...seatEvent(kind, record, seat), ...why };
};

/** A holder that dies while it is removed gently is removed: a person has decided that before. */
function decided(seat: SeatRecord, why: Taking['why']): Taking['why'] {
  const { leaving } = seat;
  if (!leaving || isFinal(why.reason)) return why;
  return { reason: 'removed', actor: leaving.actor, words: leaving.words };
}

const isKept = ({ policy, nowMs }: ChangeContext, stone: Tombstone): boolean =>
  nowMs - fromIso(stone.at) < keptMs(policy);

/**
 * Whether a person decided so. After an eviction a free seat may be taken again at once; after such a
 * decision it may not.
 */
export const isFinal = (reason: string): boolean => reason !== 'evicted' && reason !== 'process gone';

/** The last tombstone for each seat of an instance. */
export function tombstonesOf(licence: Licence, instanceId: string): (seat: SeatRecord) => Tombstone | null {
  const own = licence.gone.filter((stone) => stone.instance === instanceId);
  const last = new Map(own.map((stone) => [`${stone.seat} ${stone.module}`, stone]));
  return (seat) => last.get(`${seat.id} ${seat.module}`) ?? null;
}

/** A user that comes back for a seat, by the names it goes by. */
interface ReturningUser {
  readonly user: string;
  readonly host: string;
  readonly module: string;
}

/**
 * A removed user may come back. The first successful claim reports the removal once, because a closed
 * process cannot have shown it; the tombstone is then marked `told`. Names are enough here: the user is
 * only told something.
 *
 * @param context after the claim
 */
export function acknowledgeRemoval(
  { licence, policy }: ChangeContext,
  { user, host, module }: ReturningUser,
): { readonly draft: Draft | null; readonly removed: Tombstone | null } {
  const asked = countByOf(policy, module) === 'user' ? { user } : { user, host };
  const isNews = (stone: Tombstone) =>
    stone.reason === 'removed' && !stone.told && stone.module === module && isNamed(stone, asked);
  const removed = licence.gone.findLast(isNews) ?? null;
  if (removed === null) return { draft: null, removed };
  const gone = licence.gone.map((stone) => (isNews(stone) ? { ...stone, told: true } : stone));
  return { draft: { licence: { ...licence, gone }, events: [] }, removed };
}

/** Whether a record is of the user and host asked for; what is not asked for matches. */
export const isNamed = (
  one: { readonly user: string; readonly host: string },
  asked: { readonly user?: string | undefined; readonly host?: string | undefined },
): boolean =>
  (asked.user === undefined || sameName(one.user, asked.user)) &&
  (asked.host === undefined || sameName(one.host, asked.host));
