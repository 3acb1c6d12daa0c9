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
import { eventsWithin, roomToTell, stonesWithin } from './telling.js';
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
  /** No holder will read the tombstone: it makes room for others first. @default no */
  readonly isGone?: boolean;
}

interface Taken extends Omit<Taking, 'seats'> {
  readonly seat: SeatRecord;
}

/** Takes seats away, with a tombstone and an event for each. Null when there is nothing to take. */
export function takeAway(context: ChangeContext, takings: readonly Taking[]): Draft | null {
  const { licence } = context;
  const taken = takings.flatMap(({ seats, why, ...of }) =>
    seats.map((seat): Taken => ({ ...of, seat, why: decided(seat, why) })),
  );
  if (taken.length === 0) return null;
  const left = dropSeats(licence, new Set(taken.map(({ seat }) => seat)));
  const room = roomToTell({ ...left, gone: [] });
  const kept = licence.gone.filter((stone) => isKept(context, stone));
  const unread = taken.filter(({ isGone }) => isGone);
  const read = taken.filter(({ isGone }) => !isGone);
  const news = mostWanted([...unread, ...read], ({ why }) => isFinal(why.reason));
  const stones = [...kept, ...news.map((one) => tombstoneOf(context, one))];
  const gone = stonesWithin(
    mostWanted(stones, ({ reason, told }) => isFinal(reason) && !told),
    room,
  );
  return { licence: { ...left, gone }, events: eventsWithin(taken.map(takingEvent), room) };
}

/**
 * At most {@link MAX_GONE}. An eviction that is not told of costs its holder nothing: it asks for its seat again. A
 * holder that is not told of its removal would put its record back.
 */
function mostWanted<T>(all: readonly T[], isWanted: (one: T) => boolean): readonly T[] {
  const excess = all.length - MAX_GONE;
  if (excess <= 0) return all;
  const places = all.map((one, place) => ({ place, isWanted: isWanted(one) }));
  const order = [...places.filter((one) => !one.isWanted), ...places.filter((one) => one.isWanted)];
  const dropped = new Set(order.slice(0, excess).map(({ place }) => place));
  return all.filter((_one, place) => !dropped.has(place));
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
  ...(isFinal(why.reason) && { was: { ...factsOf(record), sinceAt: seat.sinceAt, untilAt: seat.untilAt } }),
});

/**
 * What `undo` puts back of a record. Only what is known: any other key that a hostile user wrote there must be copied
 * into no tombstone, and stand for nothing when the record is put back.
 */
export function factsOf(one: Former | InstanceRecord) {
  const { pids, host, installation } = one.machine;
  const { pid, processStart, thread, application, note } = one;
  const { level, joinedAt, beat, beatAt, checkIntervalSeconds, graceSeconds, answersWithin } = one;
  return {
    ...{ machine: { pids, host, installation }, pid, processStart, application, note },
    ...(thread !== undefined && { thread }),
    ...{ level, joinedAt, beat, beatAt, checkIntervalSeconds, graceSeconds, answersWithin },
  };
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
