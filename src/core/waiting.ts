import type { Policy } from './entitlement.js';
import type { InstanceRecord, SeatRecord, Waiter } from './licence.js';
import { isGiven, leaveLine, type Pending } from './line.js';
import { toIso } from './moment.js';
import type { Draft } from './revision.js';
import { dropSeats, placeFor, putRecord, seatEvent } from './seats.js';
import { heldSeat } from './sweep.js';

/**
 * Rule 8: the commit that frees a place seats the first who waits for it. He believes from his own first beat on; a place
 * that he does not take goes to the next, and he has left the line.
 */

/** Gives every place that is free to those who wait, in their order. Unchanged when there is none, or nobody. */
export function seatWaiters(draft: Draft, policy: Policy, shareTimeMs: number, path: string): Draft {
  return draft.licence.waiting.reduce((before, waiter) => {
    if (!policy.modules.has(waiter.module)) return before;
    if (heldSeat(before.licence, waiter.instance, waiter.module)) return withoutLine(before, waiter);
    const who = { ...waiter, id: waiter.instance };
    const place = placeFor(before.licence, policy, who, waiter.module, waiter.seat, path);
    return place === null ? before : give(before, policy, waiter, place, shareTimeMs);
  }, draft);
}

/** In a restored table somebody may stand in the line who sits again: a second seat would make a table that nobody can write. */
const withoutLine = ({ licence, events }: Draft, { instance, module }: Waiter): Draft => ({
  licence: leaveLine(licence, instance, module),
  events,
});

function give(draft: Draft, policy: Policy, waiter: Waiter, place: string, shareTimeMs: number): Draft {
  const at = toIso(shareTimeMs);
  const seat: SeatRecord = { id: place, module: waiter.module, sinceAt: at, untilAt: null, given: true };
  const before = draft.licence.instances.find((record) => record.id === waiter.instance);
  const record = before ? { ...before, seats: [...before.seats, seat] } : recordOf(waiter, policy, seat, at);
  const licence = leaveLine(putRecord(draft.licence, record), waiter.instance, waiter.module);
  return { licence, events: draft.events.concat(seatEvent('given', record, seat)) };
}

/** What he would have written himself. The first silence is not his: he is judged by whether he takes the place. */
function recordOf(waiter: Waiter, policy: Policy, seat: SeatRecord, at: string): InstanceRecord {
  const { instance, user, host, machine, pid, processStart, application, note, beat } = waiter;
  const { level, checkIntervalSeconds, graceSeconds } = policy;
  return {
    ...{ id: instance, user, host, machine, pid, processStart, application, note, level },
    ...{ joinedAt: at, beat, beatAt: at, checkIntervalSeconds, graceSeconds, answersWithin: null },
    seats: [seat],
  };
}

/** Who stands for too long is out of the line; who has not taken his place has lost it. Null when none of them is there any more. */
export function passOver(draft: Draft, overdue: readonly Pending[]): Draft | null {
  const after = overdue.reduce(
    (before, one) => (one.kind === 'given' ? withoutGiven(before, one) : withoutWait(before, one)),
    draft,
  );
  return after.licence === draft.licence ? null : after;
}

function withoutWait({ licence, events }: Draft, { instance, module, seat }: Pending): Draft {
  const isThere = licence.waiting.some((one) => one.instance === instance && one.seat === seat);
  return { licence: isThere ? leaveLine(licence, instance, module) : licence, events };
}

function withoutGiven(draft: Draft, { instance, module, seat }: Pending): Draft {
  const record = draft.licence.instances.find((one) => one.id === instance);
  const given = record?.seats.filter((one) => isGiven(one) && one.module === module && one.id === seat) ?? [];
  if (!record || given.length === 0) return draft;
  const events = given.map((one) => seatEvent('passed over', record, one));
  return { licence: dropSeats(draft.licence, record, given), events: draft.events.concat(events) };
}
