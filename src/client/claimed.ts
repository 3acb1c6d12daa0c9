import type { Licence, Tombstone } from '../licence/document.js';
import type { Instant } from '../licence/time.js';
import type { ClaimOutcome, NoSeat } from '../rules/claim.js';
import type { Deadline } from '../share/deadline.js';
import type { AllOrNone } from './all-or-none.js';
import { type NotSeated, refused } from './answers.js';

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

export const isNoSeat = (refusal: NotGranted | Unplaced): refusal is NoSeat =>
  refusal.kind === 'full' || refusal.kind === 'reserved';

/** Refused by the table itself: true also where the share did not take what the claim would have written. */
export const isRefused = (tried: AllOrNone<unknown, NotGranted | Unplaced>): boolean =>
  tried.kind === 'none' && (isNoSeat(tried.refusal) || tried.refusal.kind === 'banned');

/** What the caller is told of a claim that was not granted. */
export function answerTo(module: string, refusal: NotGranted): NotSeated {
  if (refusal.kind === 'closed') return refused(module, 'closed', refusal.untilAt);
  if (refusal.kind === 'banned') return refused(module, 'banned', refusal.ban.untilAt, refusal.ban);
  if (refusal.kind === 'reserved') return refused(module, 'reserved', null);
  return { ...refusal, kind: 'full', module, waitedMs: 0 };
}
