import type { Instant } from '../licence/time.js';
import { beatBy, NOTHING_DUE, pollBy, soonerOf } from './schedule.js';

/** What a beat or a poll found, for the client to act on. */
export class Found {
  /** The own record is in the table since a commit that began then. Null: no beat was confirmed. */
  confirmedSince: Instant | null = null;
  /** When the next beat and the next poll are wanted, at the latest; it counts after the confirmed beat. */
  wanted = NOTHING_DUE;
  /** Seats of this instance were lost. Their handles know it already. */
  hasLost = false;
  /** Seats of the own record are removed gently. Their handles know it, and the table is to be told that they do. */
  mustLeave = false;

  /** `dueMs`: by the monotonic clock. */
  wantBeat(dueMs: number): void {
    this.wanted = beatBy(this.wanted, dueMs);
  }

  wantPoll(dueMs: number): void {
    this.wanted = pollBy(this.wanted, dueMs);
  }

  /** The wishes of both. */
  and({ wanted, mustLeave }: Found): this {
    this.wanted = soonerOf(this.wanted, wanted);
    this.mustLeave ||= mustLeave;
    return this;
  }
}
