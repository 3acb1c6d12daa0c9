import { describe, expect, test } from 'vitest';
import type { LicenceStatus } from '../../src/api.js';
import { onTerminal } from '../../src/cli/watch-pictures.js';
import { foldedTo, widthOf } from '../../src/cli/width.js';

/** What `status --watch` draws, on a terminal of this size. */

const view = {} as LicenceStatus;
const CONTROL = new RegExp(`${String.fromCharCode(27)}\\[\\??\\d*[A-Za-z]`, 'g');

function drawn(text: string, columns: number, rows: number) {
  const outs: string[] = [];
  const world = {
    out: (part: string) => void outs.push(part),
    screen: () => ({ columns, rows }),
    onSignals: () => () => undefined,
  };
  const picture = onTerminal(world, () => [{ text, rowsAre: null }], 'head');
  picture.show(view);
  const lines = (outs.at(-1) ?? '').split('\r\n').map((line) => line.replaceAll(CONTROL, ''));
  outs.length = 0;
  picture.end();
  return { lines, left: outs.join('').replaceAll(CONTROL, '') };
}

const linesOf = (count: number, line: string) => `${Array.from({ length: count }, () => line).join('\n')}\n`;

describe('a picture', () => {
  test('that fits is whole; of one that does not, the beginning, and how much is left', () => {
    expect(drawn(linesOf(3, 'abc'), 80, 6).lines).toEqual(['head', '', 'abc', 'abc', 'abc']);
    expect(drawn(linesOf(4, 'abc'), 80, 6).lines).toEqual(['head', '', 'abc', 'abc', '... 2 more lines']);
    expect(drawn('abcdefgh\nxyz\n', 4, 9).lines).toEqual(['head', '', 'abcd', 'efgh', 'xyz']);
  });

  test('no more lines are folded than there is room for, and a very long last one is cut', () => {
    const { lines, left } = drawn(linesOf(50_000, 'ëабв'.repeat(60)), 80, 24);
    expect([lines.length, lines.at(-1)]).toEqual([23, expect.stringMatching(/^\.\.\. 500\d\d more lines$/)]);
    expect(left.split('\n')).toHaveLength(1002);
    expect(left).toMatch(/\n\.\.\. 49000 more lines\n$/);
    expect(drawn(linesOf(1000, 'abc'), 80, 24).left).toBe(linesOf(1000, 'abc'));
  }, 5000);

  test('long text is folded, and none of it is lost', () => {
    const text = '山田 Zoe\u0308 👩‍👩‍👧 abc '.repeat(300);
    const folded = foldedTo(text, 7);
    expect(folded.join('')).toBe(text);
    expect(folded.every((line) => widthOf(line) <= 7 && line !== '')).toBe(true);
    expect([foldedTo('', 7), foldedTo('山', 1), foldedTo('abcd', 2)]).toEqual([[''], ['山'], ['ab', 'cd']]);
  }, 5000);
});
