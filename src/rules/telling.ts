import type { InstanceRecord, SeatRecord } from '../licence/document.js';

/**
 * One revision may tell of seats that were taken away in this many bytes: 8,000 seats with names of usual
 * length.
 */
const MOST_TOLD = 4 * 1024 * 1024;
/** An event without the names of the holder. Bytes. */
const EVENT_BYTES = 512;

/**
 * Whether what a commit has to tell still fits into its revision. The rest is left to the next commit. If
 * all the dead of a large table were evicted at once, the revision that tells of it could be too large to
 * be written, and no beat would succeed.
 */
export class Telling {
  private left = MOST_TOLD;

  /** The first record always fits. */
  fits({ user, host }: InstanceRecord, seats: readonly SeatRecord[]): boolean {
    const bytes = seats.length * (EVENT_BYTES + Buffer.byteLength(JSON.stringify([user, host])));
    if (bytes > this.left && this.left < MOST_TOLD) return false;
    this.left -= bytes;
    return true;
  }
}
