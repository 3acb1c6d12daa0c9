import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { didYouMean, nearest } from '../../src/licence/nearest.js';

const commands = ['status', 'set', 'run', 'hold', 'remove', 'repair', 'renew', 'serve-renewals'];

describe('the name that was meant', () => {
  test.each([
    ['anja', ['bob', 'anna', 'cyd'], 'anna'], // another letter
    ['ana', ['anna'], 'anna'], // one missing
    ['annna', ['anna'], 'anna'], // one too many
    ['nana', ['anna'], 'anna'], // two the wrong way round
    ['cad', ['CAM', 'CAD'], 'CAD'], // the same in another case goes before a slip
    ['cad', ['cam', 'CAD'], 'CAD'],
    ['Zoë', ['zoë'], 'zoë'], // however it is composed
    ['stat', commands, 'status'], // how it begins
    ['serve', commands, 'serve-renewals'],
    ['remvoe', commands, 'remove'],
    ['re', commands, null], // several begin so
    ['xyz', commands, null],
    ['', commands, null],
    ['b', ['bob', 'a'], null], // too short for any slip
    ['anna', [], null],
    ['anna', ['anna'], null], // it is there: nothing is to be proposed
    ['a'.repeat(65), ['a'.repeat(64)], null],
  ] as const)('%j among %j: %j', (typed, names, meant) => {
    expect(nearest(typed, names)).toBe(meant);
  });

  test('is told in words, as a terminal may show it', () => {
    expect(didYouMean('anja', ['anna'])).toBe('; did you mean anna?');
    expect(didYouMean('anja', ['bob'])).toBe('');
    expect(didYouMean('anja', ['anna'], (name) => name.toUpperCase())).toBe('; did you mean ANNA?');
  });

  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', 'é'), minLength: 10, maxLength: 20 });
  test('one slip in a long name is always found; what is proposed is one of the names', () => {
    fc.assert(
      fc.property(word, fc.nat(19), fc.array(word), (name, where, others) => {
        const at = where % name.length;
        const typed = `${name.slice(0, at)}x${name.slice(at + 1)}`;
        expect([name, ...others]).toContain(nearest(typed, [name, ...others]));
      }),
    );
  });

  test('as many slips as are counted by the whole table of distances', () => {
    const distance = (from: string, to: string): number => {
      const rows: number[][] = [];
      for (let row = 0; row <= from.length; row++) {
        rows.push([]);
        for (let column = 0; column <= to.length; column++) {
          const at = (up: number, left: number) =>
            rows[row - up]?.[column - left] ?? Number.POSITIVE_INFINITY;
          const isTurned = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
          const steps = [at(1, 0) + 1, at(0, 1) + 1, at(1, 1) + (from[row - 1] === to[column - 1] ? 0 : 1)];
          if (row > 1 && column > 1 && isTurned) steps.push(at(2, 2) + 1);
          rows[row]?.push(row + column === 0 ? 0 : Math.min(...steps));
        }
      }
      return rows[from.length]?.[to.length] ?? Number.NaN;
    };
    const short = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 6, maxLength: 9 });
    fc.assert(
      fc.property(short, short, (typed, name) => {
        const isNear = typed !== name && (distance(typed, name) <= 2 || name.startsWith(typed));
        expect(nearest(typed, [name])).toBe(isNear ? name : null);
      }),
    );
  });
});
