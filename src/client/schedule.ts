import { JITTER_INTERVALS, LONGEST_RETRY_MS, RETRY_INTERVALS } from '../rules/timing.js';

/**
 * When the next beat and the next look are due, as a function of what happened. There is no timer and no clock here, so
 * a test needs none either: the caller gives every time, in milliseconds of the monotonic clock. Infinity: not due.
 */
export interface Schedule {
  readonly beatDueMs: number;
  readonly lookDueMs: number;
}

/** Before the first seat. */
export const NOTHING_DUE: Schedule = {
  beatDueMs: Number.POSITIVE_INFINITY,
  lookDueMs: Number.POSITIVE_INFINITY,
};

/** What the pace of one instance depends on. Milliseconds. */
export interface Pace {
  /** T of the file. */
  readonly intervalMs: number;
  readonly lookPeriodMs: number;
}

/** The pause before a failed beat or look is tried again. `jitter`: from 0 to 1. */
export const retryMs = ({ intervalMs, lookPeriodMs }: Pace, jitter: number): number =>
  Math.min(intervalMs * RETRY_INTERVALS, lookPeriodMs / 2, LONGEST_RETRY_MS) * (0.75 + jitter / 4);

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

/** A look begins. If it fails, the next try is due at this time. */
export const lookBegan = (schedule: Schedule, startedMs: number, retryAfterMs: number): Schedule => ({
  ...schedule,
  lookDueMs: startedMs + retryAfterMs,
});

/** A look that began at `startedMs` is over. */
export const looked = (schedule: Schedule, startedMs: number, { lookPeriodMs }: Pace): Schedule => ({
  ...schedule,
  lookDueMs: startedMs + lookPeriodMs,
});

/** A beat is wanted at `dueMs`, if none is due before. */
export const beatBy = (schedule: Schedule, dueMs: number): Schedule => ({
  ...schedule,
  beatDueMs: Math.min(schedule.beatDueMs, dueMs),
});

/** A look is wanted at `dueMs`, if none is due before. */
export const lookBy = (schedule: Schedule, dueMs: number): Schedule => ({
  ...schedule,
  lookDueMs: Math.min(schedule.lookDueMs, dueMs),
});

/** The sooner of both beats, and of both looks. */
export const soonerOf = (one: Schedule, other: Schedule): Schedule =>
  lookBy(beatBy(one, other.beatDueMs), other.lookDueMs);

/** When something is due next. */
export const nextDueMs = ({ beatDueMs, lookDueMs }: Schedule): number => Math.min(beatDueMs, lookDueMs);

/** What is due now. A beat is also a look. `isHinted`: the licence file has moved, so a look is worth it. */
export function dueNow(schedule: Schedule, nowMs: number, isHinted: boolean): 'beat' | 'look' | null {
  if (nowMs >= schedule.beatDueMs) return 'beat';
  return nowMs >= schedule.lookDueMs || isHinted ? 'look' : null;
}
