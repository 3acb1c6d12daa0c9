import type { InstanceRecord, Licence, SeatRecord, Tombstone } from '../licence/document.js';
import type { EventDraft } from '../licence/revision.js';
import { MAX_BYTES } from '../licence/size.js';

/**
 * What a commit tells of many seats must fit into its revision. Else it could never be written, and no instance could
 * evict, and no administrator ban or remove. Any user that may write into the folder could bring that about.
 */

/**
 * One revision may tell of seats that were taken away in this many bytes: 8,000 seats with names of usual
 * length.
 */
const MOST_TOLD = 4 * 1024 * 1024;
/** An event without the names of the holder. Bytes. */
const EVENT_BYTES = 512;
/** What the store adds to an event: its id, its time, the hash of the event before. Bytes. */
const LINK_BYTES = 256;
/** Left for the rest of the change: a beat, the ids of the revision, a ban. Bytes. */
const OTHER_BYTES = 64 * 1024;

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * Whether what a commit has to tell still fits into its revision. The rest is left to the next commit: so each seat
 * has an event of its own, where that can be had.
 */
export class Telling {
  private left = MOST_TOLD;

  /** The first record always fits. */
  fits({ user, host }: InstanceRecord, seats: readonly SeatRecord[]): boolean {
    const named = seats.length * (EVENT_BYTES + bytesOf([user, host]));
    const bytes = seats.reduce((sum, { leaving }) => sum + (leaving ? bytesOf(leaving) : 0), named);
    if (bytes > this.left && this.left < MOST_TOLD) return false;
    this.left -= bytes;
    return true;
  }
}

/** How many bytes are left beside a table. The events of the revision before go in any case. */
export const roomToTell = (licence: Licence): number =>
  MAX_BYTES - OTHER_BYTES - bytesOf({ ...licence, events: [] });

/** The tombstones that fit into half of the room, the last ones first. In the same order. */
export function stonesWithin(stones: readonly Tombstone[], room: number): Tombstone[] {
  let left = room / 2;
  return stones
    .toReversed()
    .filter((stone) => {
      const bytes = bytesOf(stone);
      const isThere = bytes <= left;
      if (isThere) left -= bytes;
      return isThere;
    })
    .reverse();
}

/**
 * Each event by itself, as far as a quarter of the room goes: what follows in the same commit has to tell something,
 * too. Of all others of one kind one event tells how many there are.
 */
export function eventsWithin(events: readonly EventDraft[], room: number): EventDraft[] {
  let left = Math.min(room / 4, MOST_TOLD);
  const told = events.filter((event) => {
    if (left >= 0) left -= LINK_BYTES + bytesOf(event);
    return left >= 0;
  });
  const rest = new Map<string, { readonly kind: string; readonly actor: unknown; count: number }>();
  for (const { kind, actor } of events.slice(told.length)) {
    const sum = rest.get(kind) ?? { kind, actor, count: 0 };
    rest.set(kind, sum);
    sum.count++;
  }
  return [...told, ...rest.values()];
}
