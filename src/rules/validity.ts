import { elapsedMs, type Instant } from '../licence/time.js';
import { intervalMs, LATE_PART, OVERDUE_INTERVALS, VALID_PART, validForMs } from './timing.js';

/**
 * Rule 9: how long an instance may rely on its seat by itself. Validity ends before any peer may evict it,
 * whatever stopped the beats: a stall, a sleep, a dead share.
 */

/** What a confirmed beat supports. */
export interface Validity {
  /** The *start* of the commit that was confirmed. */
  readonly since: Instant;
  /** Infinity for Light, which is never swept. */
  readonly validForMs: number;
  /** From when the next beat is overdue, after `since`. */
  readonly overdueAfterMs: number;
}

export function validityOf(
  record: { level: 'heartbeat' | 'light'; checkIntervalSeconds: number; graceSeconds: number },
  since: Instant,
): Validity {
  if (record.level === 'light')
    return { since, validForMs: Number.POSITIVE_INFINITY, overdueAfterMs: Number.POSITIVE_INFINITY };
  return {
    since,
    validForMs: validForMs(record),
    overdueAfterMs: (1 + OVERDUE_INTERVALS) * intervalMs(record),
  };
}

/**
 * With an answer deadline A a seat is valid for 6/7 A from the *start* of the last good poll: one that did
 * not show a call, or the confirmed beat. The caller counts from its confirmed commit, which is later, so
 * validity ends before eviction.
 */

/**
 * `cacheAgeMs`: how old what a poll shows can be, because the share client of this computer keeps what it
 * was shown before.
 */
export const answerValidity = (
  answersWithinSeconds: number,
  since: Instant,
  cacheAgeMs: number,
): Validity => ({
  since,
  validForMs: VALID_PART * 1000 * answersWithinSeconds - cacheAgeMs,
  overdueAfterMs: LATE_PART * 1000 * answersWithinSeconds,
});

/** Milliseconds of validity left; at or below 0 it is over. */
export const remainingMs = (validity: Validity, now: Instant): number =>
  validity.validForMs - elapsedMs(validity.since, now);

export const isOverdue = (validity: Validity, now: Instant): boolean =>
  elapsedMs(validity.since, now) >= validity.overdueAfterMs;
