import { describe, expect, test } from 'vitest';
import { fittedTable } from '../../src/cli/fitted-table.js';
import { cutTo, isolated, padded, widthOf } from '../../src/cli/width.js';
import { printable } from '../../src/cli/words.js';

describe('columns on a terminal', () => {
  test.each([
    ['ada', 3],
    ['Zoë', 3],
    ['Zoe\u0308', 3], // the same in two characters
    ['山田太郎', 8],
    ['ｱﾀﾞ', 3], // half-width, and a mark that takes a column of its own
    ['Ａ', 2],
    ['한국', 4],
    ['\u1112\u1161\u11ab', 2], // one syllable in three letters
    ['👍', 2],
    ['👍🏽', 2],
    ['👩‍👩‍👧', 2],
    ['❤\uFE0F', 2],
    ['❤', 1],
    ['✅', 2],
    ['🇩🇪', 2],
    ['क्षि', 2], // two letters in one cluster
    ['עברית', 5],
    ['\u200b', 0],
    ['\u0301', 0],
    ['', 0],
  ])('%j: %i', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  test('what a terminal may show has no part without a width of its own', () => {
    const hidden = [
      '\u0301',
      ' \u0301',
      '\u200b',
      '\u3164',
      '\u115f',
      '\uffa0',
      '\u2800',
      '\u{e0041}',
      '\u034f',
    ];
    for (const text of hidden)
      expect(printable(text).trim(), JSON.stringify(text)).toMatch(/^\\u\{[0-9a-f]+\}$/);
    expect(printable('Zoe\u0308 ❤\uFE0F')).toBe('Zoe\u0308 ❤\uFE0F');
  });

  test.each([
    ['acme', 4, 'acme'],
    ['acme-cad', 5, 'acme…'],
    ['山田太郎', 5, '山田…'],
    ['山田太郎', 4, '山…'],
    ['a👩‍👩‍👧bc', 4, 'a👩‍👩‍👧…'],
    ['Zoe\u0308x', 3, 'Zo…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j cut to %i: %j', (text, width, cut) => {
    expect(cutTo(text, width)).toBe(cut);
    expect(widthOf(cut)).toBeLessThanOrEqual(width);
  });

  test('padding counts what is seen', () => {
    expect(padded('山', 4)).toBe('山  ');
    expect(padded('abcd', 2)).toBe('abcd');
  });

  test('text from right to left turns nothing but itself, and takes no more room by that', () => {
    expect(isolated('ada')).toBe('ada');
    expect(isolated('עדה')).toBe('\u2068עדה\u2069');
    expect(widthOf(isolated('עדה'))).toBe(3);
  });
});

describe('a table that fits', () => {
  interface Row {
    readonly name: string;
    readonly host: string;
    readonly application: string;
  }
  const columns = [
    { header: 'NAME', cell: (row: Row) => row.name, least: 4 },
    {
      header: 'HOST',
      cell: (row: Row) => row.host,
      short: (row: Row) => row.host.split('.')[0] ?? '',
      least: 4,
    },
    { header: 'APPLICATION', cell: (row: Row) => row.application, least: 11, isSpare: true },
  ];
  const rows = [
    { name: 'ada', host: 'pc-1.example.com', application: 'Acme CAD 5.2 for everybody' },
    { name: '山田太郎', host: 'workstation-12.example.com', application: '' },
  ];
  const at = (width: number | null) => fittedTable(columns, rows, width).split('\n').slice(0, -1);

  test('nothing is cut where there is room, or no width', () => {
    expect(at(null)).toEqual(at(200));
    expect(at(null)[1]).toBe('ada       pc-1.example.com            Acme CAD 5.2 for everybody');
  });

  test('then hosts are shown without their domains, then the application is cut', () => {
    expect(at(54)[1]).toBe('ada       pc-1            Acme CAD 5.2 for everybody');
    expect(at(40)[1]).toBe('ada       pc-1            Acme CAD 5.2 …');
  });

  test('then the application is left out, and then names are cut', () => {
    expect(at(35)[2]).toBe('山田太郎  workstation-12');
    expect(at(22)).toEqual(['NAME      HOST', 'ada       pc-1', '山田太郎  workstation…']);
  });

  test('one long name is cut before it takes the room of all other columns', () => {
    const long = { name: 'x'.repeat(200), host: 'workstation-12.example.com', application: 'Acme CAD 5.2' };
    const [head, ada, other] = fittedTable(columns, [...rows.slice(0, 1), long], 80).split('\n');
    expect(head).toMatch(/^NAME +HOST +APPLICATION$/);
    expect(ada).toMatch(/^ada +pc-1 +Acme CAD 5\.2 for everybody$/);
    expect(other).toMatch(/^x{35}… {2}workstation-12 {2}Acme CAD 5\.2$/);
  });

  test('spare columns are left out one by one, the last first', () => {
    const noted = columns.toSpliced(1, 1, { header: 'NOTE', cell: () => 'desk 4', isSpare: true, least: 6 });
    const shown = (width: number) => fittedTable(noted, rows, width).split('\n')[0];
    expect([shown(40), shown(28), shown(20), shown(9)]).toEqual([
      'NAME      NOTE    APPLICATION',
      'NAME      NOTE',
      'NAME      NOTE',
      'NAME',
    ]);
  });

  test.each(Array.from({ length: 80 }, (_, width) => width))('a row is a line at %i columns', (width) => {
    for (const line of at(width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
    expect(at(width)).toHaveLength(3);
  });
});
