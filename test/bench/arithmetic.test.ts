import { describe, expect, test } from 'vitest';
import { median, quantile, ratio, sum, summary } from './arithmetic.js';
import { alone, beside, isHeld, least, most, ownMost } from './line.js';

describe('quantile', () => {
  test('the median of an odd number of values is the one in the middle, whatever their order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  test('the median of an even number lies between the two in the middle', () => {
    expect(median([10, 2, 4, 8])).toBe(6);
  });

  test('95 % of 0 to 100 lie below 95; 0 and 1 are the ends', () => {
    const values = Array.from({ length: 101 }, (_, n) => 100 - n);
    expect([0, 0.95, 1].map((part) => quantile(values, part))).toEqual([0, 95, 100]);
  });

  test('of no values there is none', () => {
    expect(() => median([])).toThrow('expected at least one value');
  });

  test('values are compared as numbers, and stay in their order', () => {
    const values = [100, 20, 3];
    expect(median(values)).toBe(20);
    expect(values).toEqual([100, 20, 3]);
  });
});

test('a summary tells the spread', () => {
  expect(summary([3, 1, 8])).toEqual({ median: 3, least: 1, most: 8, runs: 3 });
  expect(sum([3, 1, 8])).toBe(12);
});

describe('ratio', () => {
  test('is taken run by run: a slow minute that both met counts for neither', () => {
    expect(ratio([2, 20, 4], [1, 10, 2])).toEqual({ median: 2, least: 2, most: 2, runs: 3 });
  });

  test('needs as many runs of both', () => {
    expect(() => ratio([1, 2], [1])).toThrow('as many runs of both');
  });
});

describe('a bound', () => {
  const runs = { ours: [3, 4, 5], theirs: [2, 2, 2], peer: 'loop' };
  const figure = { what: 'time', of: (value: number) => value };

  test('of the ratio looks at the median of the ratios', () => {
    expect(isHeld(beside('row', runs, { ...figure, bound: most(2) }))).toBe(true);
    expect(isHeld(beside('row', runs, { ...figure, bound: most(1.9) }))).toBe(false);
    expect(isHeld(beside('row', runs, { ...figure, bound: least(2) }))).toBe(true);
    expect(isHeld(beside('row', runs, { ...figure, bound: least(2.1) }))).toBe(false);
  });

  test('of the figure looks at ours alone, also beside a peer', () => {
    expect(isHeld(beside('row', runs, { ...figure, bound: ownMost(4) }))).toBe(true);
    expect(isHeld(alone('row', [3, 4, 5], { ...figure, bound: ownMost(3.9) }))).toBe(false);
  });

  test('of a ratio is not held where nothing was measured beside it; where none is asked, there is no verdict', () => {
    expect(isHeld(alone('row', [1], { ...figure, bound: most(9) }))).toBe(false);
    expect(isHeld(alone('row', [1], figure))).toBeNull();
  });
});
