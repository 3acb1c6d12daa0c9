import type { Signal } from './emits.js';
import type { GoneReason, Loss, Seat } from './seat.js';

export interface AcquireOptions {
  /**
   * Milliseconds to wait in the queue while no seat is free, at most 24 h. The queue is first come, first served,
   * across all processes and computers. `waiting` events tell the place in it. Meanwhile a holder that seems dead is
   * asked to beat. Its seat goes to the first waiter if it has not answered within a quarter of the check interval,
   * and has been silent for two. @default 0
   */
  readonly wait?: number | undefined;
  /** For this claim alone. @default that of the licence */
  readonly timeoutMs?: number | undefined;
  /** Gives up at the caller's wish (ABORTED). */
  readonly signal?: Signal | undefined;
}

/** The answer to a claim. "No seat is free" is one of the answers, not an exception. */
export type ClaimAnswer =
  | {
      readonly kind: 'seated';
      /** The licence file that the seat is in. */
      readonly file: string;
      readonly seat: Seat;
      /** The same seat, as the answer to a claim for several modules has it. */
      readonly seats: readonly Seat[];
      /**
       * The removal of this user from the module by an administrator. It is told once, to the first claim after the
       * removal; else null.
       */
      readonly removed: Loss | null;
    }
  | {
      readonly kind: 'full';
      /** The module that has no free seat; of several, the first. What follows tells of it. */
      readonly module: string;
      /** Of several licences, in all that answered. */
      readonly holders: readonly Holder[];
      /**
       * ISO 8601, by the file server's clock: the latest time by which a place is free, if its silent holders are dead.
       * A living peer frees it; without one, this process does, as long as it runs. Null when all holders beat.
       */
      readonly freesAt: string | null;
      /** What became of this user's last seat in the module, if it was taken away within max(4 T, 24 h); else null. */
      readonly evicted: Eviction | null;
      readonly waitedMs: number;
    }
  | {
      readonly kind: 'refused';
      readonly module: string;
      /**
       * `banned`: an administrator has banned this user, and a claim that waits ends by it. `reserved`: seats are free,
       * and all of them are kept for other users or hosts; it is worth waiting. `closed`: after a lost table was
       * restored, no new user is seated for a quarter of the check interval.
       */
      readonly reason: 'banned' | 'reserved' | 'closed';
      /** ISO 8601, share time: when to ask again; null when that is not known. */
      readonly untilAt: string | null;
      /** `user@host` of the administrator; null: there is none in particular. */
      readonly by: string | null;
      /** What the administrator says to it. */
      readonly words: string | null;
    };

/**
 * The answer to a claim for several modules: a seat in each, or in none. `full` and `refused` tell of the first module
 * that could not be had.
 */
export type SeveralAnswer =
  | Exclude<ClaimAnswer, { kind: 'seated' }>
  | {
      readonly kind: 'seated';
      /** The licence file that all of them are in. */
      readonly file: string;
      /** One for each module, in the order in which they were asked for. */
      readonly seats: readonly Seat[];
      /** As in {@link ClaimAnswer}: the removal from the first of these modules that has one. */
      readonly removed: Loss | null;
    };

/** Where a wait stands. It is told when the wait begins, and whenever its place in the queue changes. */
export interface WaitingNews {
  /** The licence file whose queue it is. */
  readonly file: string;
  readonly module: string;
  /** 1 is the next to be seated. */
  readonly place: number;
  readonly holders: readonly Holder[];
  /** As in the refusal. */
  readonly freesAt: string | null;
  readonly evicted: Eviction | null;
}

/** A holder of a seat in a module. */
export interface Holder {
  readonly seat: string;
  readonly user: string;
  readonly host: string;
  /** ISO 8601, share time. */
  readonly sinceAt: string;
  readonly note: string | null;
}

/** A seat that was taken away, as its tombstone tells. */
export interface Eviction {
  readonly reason: GoneReason;
  /** `user@host` of the observer or the administrator. */
  readonly by: string;
  readonly words: string | null;
  /** ISO 8601, share time. */
  readonly at: string;
}
