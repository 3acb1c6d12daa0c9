import type { LicencePlace } from '../api.js';
import { SeatfileFault } from '../licence/fault.js';
import { type Clock, inTime, LATE } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';

/** Every wait has a deadline and a signal, whatever hangs on the share. */

/** How long after its deadline an answer may come, so that a more exact fault comes first. Milliseconds. */
export const LATE_MS = 500;

/** What is waited for, for the fault. */
export interface Awaited {
  /** The licence file, or what it was asked for by. */
  readonly name: string;
  /** What is done: `opening`. */
  readonly doing: string;
}

/**
 * The caller is answered at the deadline, whatever hangs. The work goes on, and its result is dropped.
 * @throws SeatfileFault ABORTED, SHARE_UNREACHABLE
 */
export async function answeredBy<T>(
  deadline: Deadline,
  work: () => Promise<T>,
  clock: Clock,
  what: Awaited,
): Promise<T> {
  const { untilMs, signal } = deadline;
  if (signal?.aborted) throw abortedFault(what, signal);
  const startedMs = clock.elapsedMs();
  const asked = work();
  const dueMs = untilMs + LATE_MS;
  const answer = await inTime(clock, dueMs - startedMs, asked, signal);
  if (answer !== LATE) return answer;
  // A process that was stopped past its deadline hears first what it would have been told.
  const isLate = clock.elapsedMs() > dueMs + LATE_MS && !signal?.aborted;
  const last = isLate ? await inTime(clock, LATE_MS, asked, signal) : LATE;
  if (last !== LATE) return last;
  if (signal?.aborted) throw abortedFault(what, signal);
  throw silentFault(what.name, untilMs - startedMs);
}

export const abortedFault = ({ name, doing }: Awaited, { reason }: AbortSignal): SeatfileFault =>
  new SeatfileFault('ABORTED', `${name}: ${doing} was given up at the caller's wish`, {
    cause: reason,
    details: { path: name, operation: doing },
  });

export const silentFault = (name: string, ms: number): SeatfileFault =>
  new SeatfileFault(
    'SHARE_UNREACHABLE',
    `${name}: no answer from the share within ${Math.round(ms) / 1000} s; is it connected?`,
    { details: { path: name, seconds: Math.round(ms) / 1000 } },
  );

/** A licence as it was asked for. */
export const nameOf = (place: LicencePlace): string =>
  typeof place === 'string' ? place : `${place.key} in ${place.in}`;
