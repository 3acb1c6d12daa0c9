import type { ClaimAnswer, WaitingNews } from '../api.js';
import type { Ban } from '../licence/banned.js';
import type { Seat } from './seat.js';

type Seated = Extract<ClaimAnswer, { kind: 'seated' }>;
type Parts = Pick<Seated, 'removed'> & { readonly kind: 'seated'; readonly seats: readonly Seat[] };
export type NotSeated = Exclude<ClaimAnswer, Seated>;

/** The answer to a claim, with the seat as the instance knows it. */
export type Answer = NotSeated | (Parts & { readonly file: string; readonly seat: Seat });

/** The same before the opening adds which licence file it is of. */
export type InstanceAnswer = NotSeated | Parts;
export type QueueNews = Omit<WaitingNews, 'file'>;

/** A refusal other than `full`. Of a ban the user is told by whom, until when, and why. */
export function refused(
  module: string,
  reason: RefusalReason,
  untilAt: string | null,
  ban: Ban | null = null,
): Refused {
  return { kind: 'refused', module, reason, untilAt, by: ban?.actor ?? null, words: ban?.words ?? null };
}

type Refused = Extract<NotSeated, { kind: 'refused' }>;
type RefusalReason = Refused['reason'];

/** What the journal says of a refusal: the end of the claim, or that it goes on to another licence; or nothing. */
export type RefusalNote = 'final' | 'goes on' | 'none';
