import type { ClaimAnswer, WaitingNews } from '../api.js';
import type { Seat } from './seat.js';

type Seated = Extract<ClaimAnswer, { kind: 'seated' }>;
type Parts = Pick<Seated, 'removed'> & { readonly kind: 'seated'; readonly seats: readonly Seat[] };
type NotSeated = Exclude<ClaimAnswer, Seated>;

/** The answer to a claim, with the seat as the instance knows it. */
export type Answer = NotSeated | (Parts & { readonly file: string; readonly seat: Seat });

/** The same before the opening adds which licence file it is of. */
export type InstanceAnswer = NotSeated | Parts;
export type QueueNews = Omit<WaitingNews, 'file'>;

/** What the journal says of a refusal: the end of the claim, or that it goes on to another licence; or nothing. */
export type RefusalNote = 'final' | 'goes on' | 'none';
