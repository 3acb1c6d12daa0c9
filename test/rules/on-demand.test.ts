import { expect, test } from 'vitest';
import type { InstanceRecord } from '../../src/licence/document.js';
import { Unchanged } from '../../src/licence/unchanged.js';
import { isMissed } from '../../src/rules/on-demand.js';

/** A holder that has promised to answer within 20 s, and was called at 1000 s on the clock of its caller. */
const record = { answersWithin: 20 } as InstanceRecord;
const sight = Unchanged.after(null, { identity: 1, startedMs: 1_000_000 });
const known = { byInterval: sight, byAnswer: sight };
const isOut = (atMs: number, gapMs: number, wroteMs: number) =>
  isMissed(record, known, {
    calledSince: new Map(),
    nowMs: 1_000_000 + atMs,
    gapMs,
    wroteMs: 1_000_000 + wroteMs,
  });

test.each([
  ['when its time is over, and the caller was there and wrote', 20_000, 5000, 10_000, true],
  ['not a moment before', 19_999, 5000, 10_000, false],
  ['not if the caller itself was away for more than a quarter of it', 20_000, 5001, 10_000, false],
  ['not if the caller wrote nothing in the second half of it', 20_000, 5000, 9999, false],
])('rule 7: a called holder is out %s', (_name, atMs, gapMs, wroteMs, expected) => {
  expect(isOut(atMs, gapMs, wroteMs)).toBe(expected);
});
