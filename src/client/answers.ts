import type { Eviction, Holder } from '../rules/refusal.js';
import type { Loss, Seat } from './seat.js';

/** The answer to a claim. "No seat is free" is one of the answers, not an exception. */
export type ClaimAnswer =
  | {
      readonly kind: 'seated';
      readonly seat: Seat;
      /**
       * The removal of this user from the module by an administrator. It is told once, to the first claim after the
       * removal; else null.
       */
      readonly removed: Loss | null;
    }
  | {
      readonly kind: 'full';
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
      /** `closed`: after a lost table was restored, no new user is seated for a quarter of the check interval. */
      readonly reason: 'banned' | 'reserved' | 'closed';
      /** ISO 8601, share time: when to ask again; null when that is not known. */
      readonly untilAt: string | null;
    };

/** Where a wait stands. It is told when the wait begins, and whenever its place in the queue changes. */
export interface WaitingNews {
  readonly module: string;
  /** 1 is the next to be seated. */
  readonly place: number;
  readonly holders: readonly Holder[];
  /** As in the refusal. */
  readonly freesAt: string | null;
  readonly evicted: Eviction | null;
}
