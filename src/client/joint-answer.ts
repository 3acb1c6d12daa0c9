import { SeatfileFault } from '../licence/fault.js';
import type { NotSeated } from './answers.js';
import { isShareTrouble } from './table-view.js';

/** What several licences say together, and where a claim goes on to the next. */

/** Where a share is not connected, its files seem to be missing. */
export const isOutOfReach = (error: unknown): error is SeatfileFault =>
  isShareTrouble(error) || (error instanceof SeatfileFault && error.code === 'LICENCE_MISSING');

/** A person has decided about this user. Another licence is no way round that. */
export const isFinal = (answer: { readonly kind: string; readonly reason?: string }): boolean =>
  answer.kind === 'refused' && answer.reason === 'banned';

/** The next licence may have what this one has not: an answer, or the module. */
export const isPassedBy = (error: unknown): error is SeatfileFault =>
  isOutOfReach(error) || (error instanceof SeatfileFault && error.code === 'UNKNOWN_MODULE');

/** A licence that is out of reach may have the module that the others lack. */
export function worstOf(faults: readonly SeatfileFault[]): SeatfileFault | undefined {
  const [worst = faults[0], ...others] = faults.filter(({ code }) => code !== 'UNKNOWN_MODULE');
  if (worst === undefined || others.length === 0) return worst;
  const message = [worst, ...others].map((fault) => fault.message).join('; and ');
  return new SeatfileFault(worst.code, message, { cause: worst, details: worst.details });
}

/** No licence has a free seat: the holders of all, and the first time at which one may be free. */
export function together(answers: readonly NotSeated[]): NotSeated {
  const full = answers.filter((answer) => answer.kind === 'full');
  const [first] = full;
  if (first === undefined) return answers[0] as NotSeated;
  const times = full.flatMap(({ freesAt }) => freesAt ?? []).sort();
  return {
    ...{ ...first, holders: full.flatMap(({ holders }) => holders) },
    freesAt: times[0] ?? null,
    evicted: full.find(({ evicted }) => evicted !== null)?.evicted ?? null,
  };
}
