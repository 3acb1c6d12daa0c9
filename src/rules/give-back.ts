import type { InstanceRecord, Licence, SeatRecord } from '../licence/document.js';
import type { Draft } from '../licence/revision.js';
import { dequeue } from './queue.js';
import { dropSeats, isOffered, seatEvent } from './records.js';

/**
 * Leaves the table and the queue: these modules, in their order, or all when `modules` is null. Without a
 * tombstone: the user knows. Null when there was nothing to leave.
 */
export function giveBack(
  licence: Licence,
  instanceId: string,
  modules: readonly string[] | null,
): Draft | null {
  const left = dequeue(licence, instanceId, modules);
  const record = left.instances.find((other) => other.id === instanceId);
  const leaving = record ? seatsIn(record, modules) : [];
  if (!record || leaving.length === 0) return left === licence ? null : { licence: left, events: [] };
  const events = leaving.map((seat) => seatEvent(isOffered(seat) ? 'gave up' : 'released', record, seat));
  return { licence: dropSeats(left, new Set(leaving)), events };
}

function seatsIn({ seats }: InstanceRecord, modules: readonly string[] | null): readonly SeatRecord[] {
  if (modules === null) return seats;
  const held = new Map<string, SeatRecord[]>(); // a record may have several seats in one module
  for (const seat of seats) {
    const before = held.get(seat.module);
    if (before) before.push(seat);
    else held.set(seat.module, [seat]);
  }
  return [...new Set(modules)].flatMap((module) => held.get(module) ?? []);
}
