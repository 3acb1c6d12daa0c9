import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeatfileFault } from '../../src/licence/fault.js';
import { MAX_DEPTH, MAX_ITEMS, MAX_KEYS, MAX_VALUES, parseJson } from '../../src/licence/json.js';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

function refusal(text: string): string {
  try {
    parseJson(text, 'it');
  } catch (error) {
    if (error instanceof SeatfileFault && error.code === 'LICENCE_INVALID') return error.message;
    throw error;
  }
  throw new Error('expected a SeatfileFault, and nothing was thrown');
}

describe('depth', () => {
  test('as deep as the limit is read, a level more is refused with the place', () => {
    expect(parseJson(nested(MAX_DEPTH), 'it')).toEqual(JSON.parse(nested(MAX_DEPTH)));
    expect(refusal(` \n ${nested(MAX_DEPTH + 1)}`)).toBe(
      'it: expected a seatfile licence (JSON), found lists or objects nested deeper than ' +
        `${MAX_DEPTH} levels at line 2, column ${MAX_DEPTH + 2}`,
    );
  });

  test('lists beside each other, and brackets in strings, are no depth', () => {
    const strings = ['[{'.repeat(100), '\\"[['.repeat(100), '\\', '"['];
    for (const value of [Array(1000).fill([[1]]), strings, { '[[[[': { ']': strings } }])
      expect(parseJson(JSON.stringify(value), 'it')).toEqual(value);
  });

  test('what closes more than was opened is no JSON, and no depth either', () => {
    expect(refusal(`${']'.repeat(99)}${nested(MAX_DEPTH)}`)).toMatch(/found text that is not JSON/);
  });

  test.each(['[', '{"a":', '[{"\\\\":'])('16 MiB of %s is refused before it is parsed', (piece) => {
    expect(refusal(piece.repeat(Math.floor((16 * 1024 * 1024) / piece.length)))).toMatch(/nested deeper/);
  });

  test('a fault in 16 MiB of empty lines names the line', () => {
    expect(refusal(`[1${'\n'.repeat(16 * 1024 * 1024 - 4)}x`)).toMatch(/ line 16777213, column 1/);
  });
});

describe('counts', () => {
  const object = (keys: number) => `{${Array.from({ length: keys }, (_, n) => `"k${n}":[1,2]`).join(',')}}`;
  const list = (items: number, item: string) => `[${Array(items).fill(item).join(',')}]`;

  test.each([
    ['an object', object(MAX_KEYS), object(MAX_KEYS + 1), `an object of more than ${MAX_KEYS} keys`],
    ['a list', list(MAX_ITEMS, '{}'), list(MAX_ITEMS + 1, '{}'), `a list of more than ${MAX_ITEMS} values`],
    [
      'a document',
      list(199_999, '[1,1,1,1,1,1,1,1,1]'),
      list(200_000, '[1,1,1,1,1,1,1,1,1,1]'),
      `more than ${MAX_VALUES} values`,
    ],
  ])('%s as large as the limit is read, and a larger one refused', (_, most, more, words) => {
    expect(parseJson(most, 'it')).toEqual(JSON.parse(most));
    expect(refusal(more)).toContain(`found ${words} at line 1, `);
  });
});

describe('numbers', () => {
  test.each(['1e999', '-1E+309', `${'9'.repeat(310)}`, `-${'9'.repeat(400)}.5`])(
    '%s is refused',
    (number) => {
      expect(refusal(`{"a":[${number}]}`)).toMatch(
        /found a number too large to be kept at line 1, column 7$/,
      );
    },
  );

  test.each(['1e308', '-1.7976931348623157e308', '5e-324', '1e-999', '9'.repeat(308)])(
    '%s is read',
    (number) => {
      expect(parseJson(number, 'it')).toBe(Number(number));
    },
  );

  test('beyond 2^53 a number is rounded to a double, once', () => {
    const once = parseJson('[9007199254740993,0.1000000000000000000001,-0]', 'it');
    expect(JSON.stringify(once)).toBe('[9007199254740992,0.1,0]');
  });
});

describe('keys', () => {
  test('of two that are alike the last one counts', () => {
    expect(parseJson('{"a":1,"b":2,"a":3}', 'it')).toEqual({ a: 3, b: 2 });
  });

  test('a forbidden one is named by a path of bounded length', () => {
    const text = JSON.stringify({ ['k'.repeat(100_000)]: [{}] }).replace('{}', '{"__proto__":1}');
    expect(refusal(text).length).toBeLessThan(400);
  });
});

test('any value within the limits is read as JSON.parse reads it', () => {
  const values = fc
    .jsonValue({ maxDepth: 5 })
    .filter((value) => !JSON.stringify(value).includes('__proto__'));
  fc.assert(
    fc.property(values, (value) => {
      const text = JSON.stringify(value);
      expect(parseJson(text, 'it')).toEqual(JSON.parse(text));
      expect(parseJson(JSON.stringify(value, null, 2), 'it')).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});
