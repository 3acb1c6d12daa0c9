import type { InstanceRecord, Licence, SeatRecord } from '../licence/document.js';
import type { ChangeContext, EventDraft } from '../licence/revision.js';
import { toIso } from '../licence/time.js';
import type { Requester } from './seats.js';

/** The records of the instances: made, renewed by a beat, put into the table, taken out of it. */

type RecordToRenew = Omit<
  InstanceRecord,
  'level' | 'checkIntervalSeconds' | 'graceSeconds' | 'answersWithin'
>;

/**
 * The instance's own record, or a new one that has not beaten yet. Its next beat is above every one that it
 * ever tried to write, also when an older state of the table was brought back: an observer that saw a lost
 * beat must not take the next one for the same.
 */
export function ownRecord({ licence, nowMs }: ChangeContext, me: Requester): RecordToRenew {
  const { highestBeat: beat = 0, ...who } = me;
  const mine = licence.instances.find((record) => record.id === who.id);
  if (mine) return { ...mine, beat: Math.max(mine.beat, beat) };
  const at = toIso(nowMs);
  return { ...who, joinedAt: at, beat, beatAt: at, seats: [] };
}

/** One beat: raises the counter, and commits the instance to what the policy says now. */
export function renewRecord(
  { policy, nowMs }: ChangeContext,
  record: RecordToRenew,
  seats: readonly SeatRecord[],
): InstanceRecord {
  const { unconfirmed: _, ...confirmed } = record;
  return {
    ...confirmed,
    level: policy.level,
    checkIntervalSeconds: policy.checkIntervalSeconds,
    graceSeconds: policy.graceSeconds,
    answersWithin: policy.answerWithinSeconds,
    beat: record.beat + 1,
    beatAt: toIso(nowMs),
    seats,
  };
}

/** The requester's record with one more seat, as at a beat. */
export function withSeat(
  context: ChangeContext,
  who: Requester,
  place: { readonly id: string; readonly module: string },
): InstanceRecord {
  const before = context.licence.instances.find((record) => record.id === who.id)?.seats ?? [];
  const isSame = (held: SeatRecord) => held.module === place.module && held.id === place.id;
  const isSameOffer = (held: SeatRecord) => held.module === place.module && isOffered(held);
  // An offered seat is accepted, or given up.
  const others = before.filter((held) => !isSame(held) && !isSameOffer(held));
  const same = before.find(isSame);
  const taken = same ? anew(same) : { ...place, sinceAt: toIso(context.nowMs), untilAt: null };
  return renewRecord(context, ownRecord(context, who), [...others, taken]);
}

/** Offered to a waiter, and not accepted yet (rule 8). */
export const isOffered = (seat: SeatRecord): boolean => seat.given === true;

/** The instance's own beat accepts an offered seat: clears the `given` mark. */
export const withoutMark = ({ given: _, ...seat }: SeatRecord): SeatRecord => seat;

/** A seat that is asked for again: what was decided about it before has been told. */
function anew(seat: SeatRecord): SeatRecord {
  const { leaving: _, ...taken } = withoutMark(seat);
  return taken;
}

export function putRecord(licence: Licence, record: InstanceRecord): Licence {
  const at = licence.instances.findIndex((other) => other.id === record.id);
  const instances = at < 0 ? [...licence.instances, record] : licence.instances.with(at, record);
  return { ...licence, instances };
}

/** Takes seats out of their records; a record without seats goes too. */
export function dropSeats(licence: Licence, leaving: ReadonlySet<SeatRecord>): Licence {
  if (leaving.size === 0) return licence;
  const instances = licence.instances.flatMap((record) => {
    const seats = record.seats.filter((seat) => !leaving.has(seat));
    if (seats.length === record.seats.length) return [record];
    return seats.length > 0 ? [{ ...record, seats }] : [];
  });
  return { ...licence, instances };
}

export const isBorrowed = ({ untilAt }: SeatRecord): boolean => untilAt !== null;

/** A borrowed seat survives its process. */
export const notBorrowed = (record: InstanceRecord): SeatRecord[] =>
  record.seats.filter((seat) => !isBorrowed(seat));

export const heldSeat = (licence: Licence, instanceId: string, module: string): SeatRecord | undefined =>
  licence.instances.find((record) => record.id === instanceId)?.seats.find((seat) => seat.module === module);

export const seatEvent = (kind: string, record: InstanceRecord, seat: SeatRecord): EventDraft => ({
  kind,
  instance: record.id,
  seat: seat.id,
  module: seat.module,
  user: record.user,
  host: record.host,
});
