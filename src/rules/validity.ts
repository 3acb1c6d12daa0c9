import { elapsedMs, type Instant } from '../licence/time.js';

/**
 * Rule 9: how long an instance may believe in its seat by itself. It stops before any peer may evict it, whatever
 * stopped the beats: a stall, a sleep, a dead share.
 */

/** In check intervals. Invariant: less than DEAD_INTERVALS, so that belief ends before eviction. */
const BELIEF_INTERVALS = 1.5;
/** A beat is overdue so long after it was due, in check intervals. */
const OVERDUE_INTERVALS = 1 / 8;

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
  const intervalMs = record.checkIntervalSeconds * 1000;
  return {
    since,
    validForMs: BELIEF_INTERVALS * intervalMs + record.graceSeconds * 1000,
    overdueAfterMs: (1 + OVERDUE_INTERVALS) * intervalMs,
  };
}

/**
 * Rule 7: who has promised to answer within so many seconds believes for 6/7 of them after the *start* of his last good look: one
 * that did not show him called, or his confirmed beat. Whoever calls him counts from when the call was confirmed, so it is later.
 */
const ANSWER_PART = 6 / 7;
/** Two looks have failed. */
const LATE_PART = 1 / 2;

/** `lookLagMs`: how old what a look shows can be, because this computer's client keeps what it was shown before. */
export const answerBelief = (answersWithinSeconds: number, since: Instant, lookLagMs: number): Belief => ({
  since,
  validForMs: ANSWER_PART * 1000 * answersWithinSeconds - lookLagMs,
  overdueAfterMs: LATE_PART * 1000 * answersWithinSeconds,
});

/** Milliseconds of belief left; at or below 0 it is over. */
export const remainingMs = (belief: Belief, now: Instant): number =>
  belief.validForMs - elapsedMs(belief.since, now);

export const isOverdue = (belief: Belief, now: Instant): boolean =>
  elapsedMs(belief.since, now) >= belief.overdueAfterMs;
