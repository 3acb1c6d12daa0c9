import type { Licence, Tombstone } from '../licence/document.js';
import type { Instant } from '../licence/time.js';
import type { ClaimOutcome } from '../rules/claim.js';
import type { Deadline } from '../share/deadline.js';

/** What is asked of one commit for seats, and what becomes of it. */

/** The table was restored and is still closed: see {@link SettlingPeriod}. */
interface Closed {
  readonly kind: 'closed';
  readonly untilAt: string;
}

/** A later entitlement is bound to what was not looked at yet: see {@link PlaceCheck}. */
export interface Unplaced {
  readonly kind: 'unplaced';
  readonly boundTo: readonly string[];
}

/** The outcome of one attempt at a claim. */
export type Tried = Granted | NotGranted | Unplaced;
export type Granted = Extract<ClaimOutcome, { kind: 'seated' }> & { readonly removed: Tombstone | null };
export type NotGranted = Exclude<ClaimOutcome, { kind: 'seated' }> | Closed;

/** One module, or several of which all are wanted. */
export interface Asked {
  readonly modules: readonly string[];
  readonly wait: Deadline | null;
}

export interface Claimed<A> {
  readonly answer: A;
  /** Null: the claim was refused, and not recorded. */
  readonly licence: Licence | null;
  readonly since: Instant;
}
