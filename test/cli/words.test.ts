import { expect, test } from 'vitest';
import { asksShare } from '../../src/cli/disk-process.js';
import { describeNoSeat, jsonText } from '../../src/cli/words.js';

test.each([undefined, 2])(
  'JSON for a terminal is the same document, without a hidden character in it (indent %s)',
  (indent) => {
    const value = {
      'k\u202e': [
        'a\u009b31m',
        'b\u009d0;title\u009c',
        'c\u2028',
        'tag \u{e0001}',
        'Zoë \u{1F4BA}\n\t\u001b',
      ],
    };
    const text = jsonText(value, indent);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\u2028\u2029]/u);
    expect(text).toContain('Zoë \u{1F4BA}');
  },
);

test('the words of the command behind -- do not make seatfile ask the share by itself', () => {
  expect(asksShare(['run', 'licence.json', '--', 'editor', '-h'])).toBe(true);
  expect(asksShare(['run', '-h', '--', 'editor'])).toBe(false);
  expect(asksShare(['--version'])).toBe(false);
});

test('who has the seats: as many as are held, which may be more or fewer than the licence has', () => {
  const ada = { seat: 's1', user: 'ada', host: 'pc-1', sinceAt: '2026-11-21T09:30:00.000Z', note: null };
  const words = (...holders: (typeof ada)[]) =>
    describeNoSeat('CAD', { holders, freesAt: null, evicted: null });
  const line = '\n  ada@pc-1 since 2026-11-21 09:30:00 UTC';
  expect(words(ada, ada)).toBe(`CAD: no seat is free; 2 are in use:${line}${line}`);
  expect(words(ada)).toBe(`CAD: no seat is free; 1 is in use:${line}`);
  expect(words()).toBe('CAD: no seat is free');
});
