import { expect, test } from 'vitest';
import { type Sighting, Unchanged } from '../../src/licence/unchanged.js';

const after = (...sights: readonly Sighting[]): Unchanged => {
  const [first, ...later] = sights;
  if (!first) throw new Error('no sight');
  return later.reduce(
    (before: Unchanged, sight) => Unchanged.after(before, sight),
    Unchanged.after(null, first),
  );
};

test('a thing counts from the end of the sight that first showed it to the start of the last', () => {
  const look = (startedMs: number) => ({ identity: 'a', startedMs, endedMs: startedMs + 5 });
  expect(after(look(100)).forMs).toBe(0);
  expect(after(look(100), look(200)).forMs).toBe(95);
  expect(after(look(100), look(200), look(300))).toMatchObject({ sinceMs: 105, seenMs: 300, forMs: 195 });
});

test('a change begins anew, and so does what was there before when it comes back', () => {
  const sights = ['a', 'b', 'a'].map((identity, n) => ({ identity, startedMs: 100 * n }));
  expect(after(...sights).forMs).toBe(0);
  expect(after(...sights, { identity: 'a', startedMs: 250 }).forMs).toBe(50);
});

test('of a gap at most the longest counts', () => {
  const sight = (startedMs: number) => ({ identity: 1, startedMs, longestGapMs: 10 });
  expect(after(sight(0), sight(8), sight(1000)).forMs).toBe(18);
  expect(after(sight(0), sight(8), sight(1000), sight(1003)).forMs).toBe(21);
});

test('a sight that is older than the last counts for nothing', () => {
  expect(after({ identity: 1, startedMs: 10 }, { identity: 1, startedMs: 4 })).toMatchObject({
    sinceMs: 10,
    seenMs: 10,
    forMs: 0,
  });
});

test('less may be counted', () => {
  const seen = after({ identity: 1, startedMs: 0 }, { identity: 1, startedMs: 90 });
  expect(seen.atMost(40).forMs).toBe(40);
  expect(seen.atMost(400).forMs).toBe(90);
});
