import type { ClaimAnswer } from '../api.js';
import type { Seat } from './seat.js';

type Seated = Extract<ClaimAnswer, { kind: 'seated' }>;

/** The answer to a claim, with the seat as the instance knows it. */
export type Answer = Exclude<ClaimAnswer, Seated> | (Omit<Seated, 'seat'> & { readonly seat: Seat });
