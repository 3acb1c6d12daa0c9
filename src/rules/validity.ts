import { elapsedMs, type Instant } from '../licence/time.js';
import { intervalMs, LATE_PART, OVERDUE_INTERVALS, VALID_PART, validForMs } from './timing.js';

/**
 * Rule 9: how long an instance may believe in its seat by itself. It stops before any peer may evict it, whatever
 * stopped the beats: a stall, a sleep, a dead share.
 */

/** What a confirmed beat supports. */
export interface Belief {
  /** The *start* of the commit that was confirmed. */
  readonly since: Instant;
  /** Infinity for Light, which is never swept. */
  readonly validForMs: number;
  /** From when the next beat is overdue, after `since`. */
  readonly overdueAfterMs: number;
}

export function beliefOf(
  record: { level: 'heartbeat' | 'light'; checkIntervalSeconds: number; graceSeconds: number },
  since: Instant,
): Belief {
  if (record.level === 'light')
    return { since, validForMs: Number.POSITIVE_INFINITY, overdueAfterMs: Number.POSITIVE_INFINITY };
  return {
    since,
    validForMs: validForMs(record),
    overdueAfterMs: (1 + OVERDUE_INTERVALS) * intervalMs(record),
  };
}

/**
 * Rule 7: who has promised to answer within so many seconds believes for 6/7 of them after the *start* of his last good look: one
 * that did not show him called, or his confirmed beat. Whoever calls him counts from when the call was confirmed, so it is later.
 */

/** `lookLagMs`: how old what a look shows can be, because this computer's client keeps what it was shown before. */
export const answerBelief = (answersWithinSeconds: number, since: Instant, lookLagMs: number): Belief => ({
  since,
  validForMs: VALID_PART * 1000 * answersWithinSeconds - lookLagMs,
  overdueAfterMs: LATE_PART * 1000 * answersWithinSeconds,
});

/** Milliseconds of belief left; at or below 0 it is over. */
export const remainingMs = (belief: Belief, now: Instant): number =>
  belief.validForMs - elapsedMs(belief.since, now);

export const isOverdue = (belief: Belief, now: Instant): boolean =>
  elapsedMs(belief.since, now) >= belief.overdueAfterMs;
