import { expect, test } from 'vitest';
import type { LicenceStatus } from '../../src/api.js';
import type { Block } from '../../src/cli/status-text.js';
import { onTerminal } from '../../src/cli/watch-pictures.js';
import { widthOf } from '../../src/cli/width.js';

/** The picture of `status --watch` on a screen. That it is drawn again and again: status.test.ts. */

const tableOf = (name: string, rows: number): string =>
  ['HEAD', ...Array.from({ length: rows }, (_, n) => `${name} ${n}`)].map((line) => `${line}\n`).join('');

const blocks = (seats: number, waiters: number): Block[] => [
  { text: 'licence.json: heartbeat\n', rowsAre: null },
  { text: tableOf('seat', seats), rowsAre: 'seats' },
  { text: tableOf('waiter', waiters), rowsAre: 'in the queue' },
  { text: '2 seats look dead: seatfile remove licence.json --dead\n', rowsAre: null },
];

/** What stands on a screen of that size, and what is left at the end. */
function drawn(shown: readonly Block[], columns: number, rows: number) {
  const said: string[] = [];
  const world = {
    out: (text: string) => void said.push(text),
    screen: () => ({ columns, rows }),
    onSignals: () => () => undefined,
  };
  const picture = onTerminal(world, () => shown, 'Every 5 s; Ctrl-C ends it.');
  picture.show({} as LicenceStatus);
  const plain = (text = '') => text.replaceAll(/\p{Cc}\[\??\d*[A-Za-z]/gu, '');
  const lines = plain(said.at(-1)).split('\r\n');
  picture.end();
  return { lines, left: plain(said.at(-1)) };
}

test('where there is room all is shown, and nothing is said to be left out', () => {
  const { lines } = drawn(blocks(3, 2), 80, 24);
  expect(lines.filter((line) => line.startsWith('seat '))).toHaveLength(3);
  expect(lines.join('\n')).not.toContain('more');
});

test('seats are left out for the queue and for what is to be done; at the end all is there', () => {
  const { lines, left } = drawn(blocks(100, 2), 80, 24);
  expect(lines).toHaveLength(23);
  expect(lines).toContain('waiter 1');
  expect(lines.at(-1)).toBe('2 seats look dead: seatfile remove licence.json --dead');
  const seats = lines.filter((line) => line.startsWith('seat ')).length;
  expect(seats).toBeGreaterThan(8);
  expect(lines).toContain(`... ${100 - seats} more seats`);
  expect(left).toContain('seat 99\n');
});

test('then waiters are left out; a line that is folded still counts', () => {
  const { lines } = drawn(blocks(100, 100), 30, 20);
  expect(lines).toHaveLength(19);
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(30);
  expect(lines).toContain('... 99 more seats');
  expect(lines.some((line) => /^\.\.\. \d\d more in the queue$/.test(line))).toBe(true);
  expect(lines.slice(-2).join('')).toBe('2 seats look dead: seatfile remove licence.json --dead');
});

test('on a screen that is too small for that, too, the end is cut, and that is said', () => {
  const { lines } = drawn(blocks(9, 9), 80, 6);
  expect(lines).toHaveLength(5);
  expect(lines.at(-1)).toMatch(/^\.\.\. \d+ more lines$/);
});
