import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLicenceKey, newLicenceKey, readLicenceKey } from '../../src/licence/licence-key.js';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** A key from a number, as 32 hexadecimal digits; the next number where that one has no check character. */
function keyFrom(seed: bigint): string {
  let next = seed;
  return newLicenceKey(() => (next++).toString(16).padStart(32, '0'));
}
const bits = fc.bigInt({ min: 0n, max: 2n ** 55n - 2n });
const someKeys = [0n, 1n, 36n, 2n ** 54n, 2n ** 55n - 40n, 12_345_678_901_234_567n].map(keyFrom);

const faultOf = (typed: string): string => {
  try {
    return `read as ${readLicenceKey(typed)}`;
  } catch (error) {
    return String(error);
  }
};

describe('a licence key', () => {
  test('is 12 characters in three groups, the last one the check of the others', () => {
    expect(keyFrom(0n)).toBe('0000-0000-0000');
    expect(keyFrom(31n)).toBe('0000-0000-00ZZ');
    const chance = newLicenceKey(() => randomBytes(16).toString('hex'));
    expect(chance).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(isLicenceKey(chance)).toBe(true);
  });

  test('is rolled again where its check would be none of the letters and digits', () => {
    const rolls: string[] = [];
    const key = newLicenceKey(() => {
      const roll = (32 + rolls.length).toString(16); // 32 to 36 have no check character
      rolls.push(roll);
      return roll;
    });
    expect(rolls).toHaveLength(6);
    expect(key).toBe('0000-0000-0150');
  });

  test('is read as it was written, whatever the spaces, dashes and case, with O for 0, I and l for 1', () => {
    fc.assert(
      fc.property(bits, fc.infiniteStream(fc.constantFrom('', '-', ' ', '\t', '–')), (seed, separators) => {
        const key = keyFrom(seed);
        const typed = Array.from(key.replaceAll('-', ''), (one) => {
          const likeness = { '0': 'o', '1': 'l' }[one] ?? one.toLowerCase();
          return likeness + separators.next().value;
        });
        expect(readLicenceKey(typed.join(''))).toBe(key);
        expect(readLicenceKey(key.replaceAll('0', 'O').replaceAll('1', 'I'))).toBe(key);
        expect(isLicenceKey(key)).toBe(true);
      }),
    );
  });

  test('every single mistyped character is noticed', () => {
    for (const key of someKeys)
      for (let place = 0; place < key.length; place++)
        for (const other of ALPHABET) {
          if (key[place] === '-' || key[place] === other) continue;
          const typed = key.slice(0, place) + other + key.slice(place + 1);
          expect(faultOf(typed), `${key} typed as ${typed}`).toContain('at least one character is mistyped');
          expect(isLicenceKey(typed)).toBe(false);
        }
  });

  test('neighbours that changed places are noticed', () => {
    fc.assert(
      fc.property(bits, fc.integer({ min: 0, max: 10 }), (seed, place) => {
        const plain = keyFrom(seed).replaceAll('-', '');
        const [one = '', other = ''] = plain.slice(place);
        fc.pre(one !== other);
        const typed = plain.slice(0, place) + other + one + plain.slice(place + 2);
        expect(faultOf(typed)).toContain('at least one character is mistyped');
      }),
    );
  });

  test.each([
    ['', 'found 0 of them (nothing)'],
    ['7k2m-0qx', 'found 7 of them (7K2M-0QX)'],
    ['0000-0000-0000-0', 'found 13 of them (0000-0000-0000-0)'],
    ['0000-0000-000U', 'found "U", which no licence key has'],
    ['0000-0000-000\u{1F511}', 'found "\u{1F511}", which no licence key has'],
    ['0000/0000/0000', 'found "/", which no licence key has'],
    ['0000-0000-0001', 'read 0000-0000-0001, whose check character does not fit'],
  ])('"%s" is refused, and the message says: %s', (typed, says) => {
    const fault = faultOf(typed);
    expect(fault).toContain(`licence key "${typed}"`);
    expect(fault).toContain(says);
  });

  test('a megabyte in its place is refused in one line', () => {
    expect(faultOf('0'.repeat(1_000_000)).length).toBeLessThan(300);
  });

  test.each(['0000-0000-000', '000000000000', '0000-0000-0000 ', '0000-0000-000o', '000-00000-0000'])(
    '"%s" is not in the form in which keys are written',
    (text) => expect(isLicenceKey(text)).toBe(false),
  );
});
