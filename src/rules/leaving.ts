import type { InstanceRecord, Licence, SeatRecord } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import type { ChangeContext, Draft, EventDraft } from '../licence/revision.js';
import type { Leaving } from '../licence/seat-marks.js';
import { fromIso, toIso } from '../licence/time.js';
import { seatEvent } from './records.js';
import { eventsWithin, roomToTell } from './telling.js';
import { ownPollMs } from './timing.js';
import { takeAway } from './tombstones.js';

/**
 * Removing gently (rule 9). The seat gets a mark and counts on, so no other user can have it while its holder
 * still takes it for valid. The holder ends its validity when it sees the mark, and only then commits that the
 * seat is gone. A holder that is dead is evicted like any other.
 */

/** One seat, and the record that holds it. */
export interface ChosenSeat {
  readonly record: InstanceRecord;
  readonly seat: SeatRecord;
}

export type IsChosen = (record: InstanceRecord, seat: SeatRecord) => boolean;

/**
 * Which seats a person means by the beginning of an id. One that is the whole id of a seat means that seat alone:
 * otherwise a user could make the seat of another one unnameable, by a seat with a longer id.
 */
export function idsMeant(ids: Iterable<string>, beginning: string): ReadonlySet<string> {
  const meant = new Set<string>();
  for (const id of ids) if (id.startsWith(beginning)) meant.add(id);
  return meant.has(beginning) ? new Set([beginning]) : meant;
}

export const isLeaving = (seat: SeatRecord): seat is SeatRecord & { readonly leaving: Leaving } =>
  seat.leaving !== undefined;

/** A holder that runs and reaches the share learns within this what was done to its seats. Milliseconds. */
export function noticedWithinMs(
  { level, checkIntervalSeconds, answersWithin }: InstanceRecord,
  policy: Pick<Policy, 'checkIntervalSeconds'>,
): number {
  return ownPollMs(level, Math.max(policy.checkIntervalSeconds, checkIntervalSeconds), answersWithin);
}

/** In polls of its holder: a mark that is older is of a holder that does not run, or does not know marks. */
export const POLLS_TO_LEAVE = 2;

/** Whether a holder was asked to leave, and would have left by now if it ran. A time ahead proves nothing. */
export function isDeaf(
  { policy, nowMs }: { readonly policy: Pick<Policy, 'checkIntervalSeconds'>; readonly nowMs: number | null },
  record: InstanceRecord,
  seat: SeatRecord,
): boolean {
  if (!isLeaving(seat) || nowMs === null) return false;
  const askedMs = nowMs - fromIso(seat.leaving.at);
  return askedMs < 0 || askedMs > POLLS_TO_LEAVE * noticedWithinMs(record, policy);
}

/** Every chosen seat changed by `change`, which gives the same one to leave it as it is; and which it changed. */
export function changeSeats(
  licence: Licence,
  change: (record: InstanceRecord, seat: SeatRecord) => SeatRecord,
): { readonly licence: Licence; readonly changed: readonly ChosenSeat[] } {
  const changed: ChosenSeat[] = [];
  const instances = licence.instances.map((record) => {
    const before = changed.length;
    const seats = record.seats.map((seat) => {
      const next = change(record, seat);
      if (next !== seat) changed.push({ record, seat: next });
      return next;
    });
    return changed.length === before ? record : { ...record, seats };
  });
  return { licence: changed.length === 0 ? licence : { ...licence, instances }, changed };
}

/** Marks the chosen seats that are not marked yet. Null when there are none. */
export function markLeaving(
  { licence, nowMs }: ChangeContext,
  isChosen: IsChosen,
  by: Omit<Leaving, 'at'>,
): Draft | null {
  const leaving: Leaving = { ...by, at: toIso(nowMs) };
  const marked = changeSeats(licence, (record, seat) =>
    isChosen(record, seat) && !isLeaving(seat) ? { ...seat, leaving } : seat,
  );
  if (marked.changed.length === 0) return null;
  const events = marked.changed.map((one): EventDraft => ({ ...eventOf('leaving', one), ...by }));
  return { licence: marked.licence, events: eventsWithin(events, roomToTell(marked.licence)) };
}

/** Takes back the mark of the chosen seats: their holders have not seen it yet. Null when none of them has one. */
export function unmarkLeaving({ licence }: ChangeContext, isChosen: IsChosen, actor: string): Draft | null {
  const kept = changeSeats(licence, (record, seat) => {
    if (!isLeaving(seat) || !isChosen(record, seat)) return seat;
    const { leaving: _, ...unmarked } = seat;
    return unmarked;
  });
  if (kept.changed.length === 0) return null;
  const events = kept.changed.map((one): EventDraft => ({ ...eventOf('stays', one), actor }));
  return { licence: kept.licence, events: eventsWithin(events, roomToTell(kept.licence)) };
}

/** The holder has seen its marks, and takes none of these seats for valid any more: they go. Null: there are none. */
export function leaveMarked(context: ChangeContext, instanceId: string): Draft | null {
  const record = context.licence.instances.find(({ id }) => id === instanceId);
  if (!record) return null;
  const takings = record.seats.filter(isLeaving).map((seat) => {
    const { actor, words } = seat.leaving;
    return { record, seats: [seat], why: { reason: 'removed', actor, words } };
  });
  return takeAway(context, takings);
}

const eventOf = (kind: string, { record, seat }: ChosenSeat): EventDraft => seatEvent(kind, record, seat);
