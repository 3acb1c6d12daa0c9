import { JITTER_INTERVALS, LONGEST_RETRY_MS, RETRY_INTERVALS } from '../rules/timing.js';

/**
 * When the next beat and the next poll are due, as a function of what happened. There is no timer and no clock here, so
 * a test needs none either: the caller gives every time, in milliseconds of the monotonic clock. Infinity: not due.
 */
export interface Schedule {
  readonly beatDueMs: number;
  readonly pollDueMs: number;
}

/** Before the first seat. */
export const NOTHING_DUE: Schedule = {
  beatDueMs: Number.POSITIVE_INFINITY,
  pollDueMs: Number.POSITIVE_INFINITY,
};

/** What the pace of one instance depends on. Milliseconds. */
export interface Pace {
  /** T of the file. */
  readonly intervalMs: number;
  readonly pollPeriodMs: number;
}

/** The pause before a failed beat or poll is tried again. `jitter`: from 0 to 1. */
export const retryMs = ({ intervalMs, pollPeriodMs }: Pace, jitter: number): number =>
  Math.min(intervalMs * RETRY_INTERVALS, pollPeriodMs / 2, LONGEST_RETRY_MS) * (0.75 + jitter / 4);

/** A beat begins. If it fails, the next try is due at this time, which counts from the start of the failed one. */
export const beatBegan = (schedule: Schedule, startedMs: number, retryAfterMs: number): Schedule => ({
  ...schedule,
  beatDueMs: startedMs + retryAfterMs,
});

/** A beat that began at `startedMs` was confirmed. The next one is due T later, less a random part of the jitter. */
export const beatConfirmed = (
  schedule: Schedule,
  startedMs: number,
  { intervalMs }: Pace,
  jitter: number,
): Schedule => ({ ...schedule, beatDueMs: startedMs + intervalMs * (1 - jitter * JITTER_INTERVALS) });

/** Light: no beat is owed. */
export const noBeatDue = (schedule: Schedule): Schedule => ({
  ...schedule,
  beatDueMs: Number.POSITIVE_INFINITY,
});

/** A poll begins. If it fails, the next try is due at this time. */
export const pollBegan = (schedule: Schedule, startedMs: number, retryAfterMs: number): Schedule => ({
  ...schedule,
  pollDueMs: startedMs + retryAfterMs,
});

/** A poll that began at `startedMs` is over. */
export const pollEnded = (schedule: Schedule, startedMs: number, { pollPeriodMs }: Pace): Schedule => ({
  ...schedule,
  pollDueMs: startedMs + pollPeriodMs,
});

/** A beat is wanted at `dueMs`, if none is due before. */
export const beatBy = (schedule: Schedule, dueMs: number): Schedule => ({
  ...schedule,
  beatDueMs: Math.min(schedule.beatDueMs, dueMs),
});

/** A poll is wanted at `dueMs`, if none is due before. */
export const pollBy = (schedule: Schedule, dueMs: number): Schedule => ({
  ...schedule,
  pollDueMs: Math.min(schedule.pollDueMs, dueMs),
});

/** The sooner of both beats, and of both polls. */
export const soonerOf = (one: Schedule, other: Schedule): Schedule =>
  pollBy(beatBy(one, other.beatDueMs), other.pollDueMs);

/** When something is due next. */
export const nextDueMs = ({ beatDueMs, pollDueMs }: Schedule): number => Math.min(beatDueMs, pollDueMs);

/** What is due now. A beat is also a poll. `isHinted`: the licence file has moved, so a poll is worth it. */
export function dueNow(schedule: Schedule, nowMs: number, isHinted: boolean): 'beat' | 'look' | null {
  if (nowMs >= schedule.beatDueMs) return 'beat';
  return nowMs >= schedule.pollDueMs || isHinted ? 'look' : null;
}
