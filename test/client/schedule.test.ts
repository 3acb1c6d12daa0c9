import { expect, test } from 'vitest';
import {
  beatBegan,
  beatBy,
  beatConfirmed,
  dueNow,
  NOTHING_DUE,
  nextDueMs,
  noBeatDue,
  pollBegan,
  pollBy,
  pollEnded,
  retryMs,
  soonerOf,
} from '../../src/client/schedule.js';

/** T = 80 s, looks every 10 s. Milliseconds. */
const pace = { intervalMs: 80_000, pollPeriodMs: 10_000 };

test('nothing is due before the first seat, but a hint is worth a look', () => {
  expect(nextDueMs(NOTHING_DUE)).toBe(Number.POSITIVE_INFINITY);
  expect(dueNow(NOTHING_DUE, 1e12, false)).toBeNull();
  expect(dueNow(NOTHING_DUE, 0, true)).toBe('look');
});

test('a confirmed beat is followed by the next after T, and never later', () => {
  const latest = beatConfirmed(NOTHING_DUE, 1000, pace, 0);
  const earliest = beatConfirmed(NOTHING_DUE, 1000, pace, 1);
  expect(latest.beatDueMs).toBe(81_000);
  expect(earliest.beatDueMs).toBe(76_000);
  expect(dueNow(latest, 80_999, false)).toBeNull();
  expect(dueNow(latest, 81_000, false)).toBe('beat');
});

test('a failed beat or look is tried again soon, counted from its start', () => {
  expect(retryMs(pace, 1)).toBe(5000);
  expect(retryMs(pace, 0)).toBe(3750);
  expect(retryMs({ intervalMs: 16_000, pollPeriodMs: 2000 }, 1)).toBe(1000);
  expect(beatBegan(NOTHING_DUE, 7000, 5000).beatDueMs).toBe(12_000);
  expect(pollBegan(NOTHING_DUE, 7000, 5000).pollDueMs).toBe(12_000);
});

test('a look that went well is followed by the next after one period', () => {
  const tried = pollBegan(NOTHING_DUE, 7000, 5000);
  expect(pollEnded(tried, 7000, pace).pollDueMs).toBe(17_000);
});

test('what is wanted sooner moves a due time forward, never back', () => {
  const beaten = beatConfirmed(NOTHING_DUE, 0, pace, 0);
  expect(beatBy(beaten, 5000).beatDueMs).toBe(5000);
  expect(beatBy(beaten, 90_000).beatDueMs).toBe(80_000);
  expect(pollBy(pollEnded(beaten, 0, pace), 5000).pollDueMs).toBe(5000);
  expect(pollBy(pollEnded(beaten, 0, pace), 50_000).pollDueMs).toBe(10_000);
});

test('of two schedules the sooner beat and the sooner look count', () => {
  const wanted = pollBy(beatBy(NOTHING_DUE, 5000), 40_000);
  const planned = { beatDueMs: 80_000, pollDueMs: 10_000 };
  expect(soonerOf(planned, wanted)).toEqual({ beatDueMs: 5000, pollDueMs: 10_000 });
  expect(soonerOf(planned, NOTHING_DUE)).toEqual(planned);
});

test('where a beat and a look are due, the beat is done', () => {
  const both = pollBy(beatBy(NOTHING_DUE, 5000), 4000);
  expect(nextDueMs(both)).toBe(4000);
  expect(dueNow(both, 4000, false)).toBe('look');
  expect(dueNow(both, 5000, true)).toBe('beat');
});

test('Light owes no beat, and looks all the same', () => {
  const light = noBeatDue(pollEnded(beatBy(NOTHING_DUE, 5000), 0, pace));
  expect(dueNow(light, 9999, false)).toBeNull();
  expect(dueNow(light, 10_000, false)).toBe('look');
});
