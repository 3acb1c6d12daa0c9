import { JITTER_INTERVALS, LONGEST_RETRY_MS, RETRY_INTERVALS } from '../rules/timing.js';

/**
 * When the next beat and the next look are due, as a function of what happened. There is no timer and no clock here: every
 * time is given, in milliseconds of the monotonic clock. Infinity: not due.
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

/** After this a failed beat or look is tried again. `jitter`: from 0 to 1. */
export const retryMs = ({ intervalMs, lookPeriodMs }: Pace, jitter: number): number =>
  Math.min(intervalMs * RETRY_INTERVALS, lookPeriodMs / 2, LONGEST_RETRY_MS) * (0.75 + jitter / 4);

/** A beat begins. The time of its next try stands if this one fails; it counts from the start of this one. */
export const beatBegan = (schedule: Schedule, startedMs: number, retryAfterMs: number): Schedule => ({
  ...schedule,
  beatDueMs: startedMs + retryAfterMs,
});

/** A beat that began at `startedMs` was confirmed: the next one follows T after it, a little earlier by chance. */
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

/** A look begins. The time of its next try stands if this one fails. */
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

/** When something is due next. */
export const nextDueMs = ({ beatDueMs, lookDueMs }: Schedule): number => Math.min(beatDueMs, lookDueMs);

/** What is to be done now; a beat is also a look. `isHinted`: something is there to look at. */
export function dueNow(schedule: Schedule, nowMs: number, isHinted: boolean): 'beat' | 'look' | null {
  if (nowMs >= schedule.beatDueMs) return 'beat';
  return nowMs >= schedule.lookDueMs || isHinted ? 'look' : null;
}
