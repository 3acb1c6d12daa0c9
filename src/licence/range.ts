import { firstWhere } from './ordered.js';

/** A range of revision numbers, both ends in it. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** The range that a number is in, of ranges that have `numbers` numbers each. */
export function rangeOf(revision: number, numbers: number): Range {
  const first = revision - (revision % numbers);
  return { first, last: first + numbers - 1 };
}

export const isIn = (range: Range, revision: number): boolean =>
  range.first <= revision && revision <= range.last;

/** Those of a range among ascending numbers. */
export const numbersIn = (range: Range, ascending: readonly number[]): number[] =>
  ascending.slice(indexOf(range.first, ascending), indexOf(range.last + 1, ascending));

/** Whether a number is among ascending ones. */
export const isAmong = (number: number, ascending: readonly number[]): boolean =>
  ascending[indexOf(number, ascending)] === number;

/** Where a number stands among ascending ones, or would. */
export const indexOf = (number: number, ascending: readonly number[]): number =>
  firstWhere(ascending, (one) => one >= number);

/** Whether a number lies in one of the ranges, which may overlap. */
export function coverOf(ranges: readonly Range[]): (revision: number) => boolean {
  let reaches = -1;
  const steps = ranges
    .toSorted((a, b) => a.first - b.first)
    .map(({ first, last }) => {
      reaches = Math.max(reaches, last);
      return { first, reaches };
    });
  return (revision) => {
    const step = steps[firstWhere(steps, ({ first }) => first > revision) - 1];
    return step !== undefined && revision <= step.reaches;
  };
}
