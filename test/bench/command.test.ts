import { describe, expect, test } from 'vitest';
import { alone, beside, type Line, most } from './line.js';
import { measureAll } from './measure.js';
import { markdownText, tableText } from './report.js';
import { delayed, type Row, runsOf, type Setting } from './row.js';
import { launchHere } from './voice.js';
import { chosenOf, wishOf } from './wish.js';

const place = { runs: 3, delayMs: 0, directory: '/tmp', seenAt: '/tmp', launch: launchHere };
const setting: Setting = {
  ...place,
  untilMs: Number.POSITIVE_INFINITY,
  note: () => undefined,
  say: () => undefined,
};
const line: Line = alone('row', [1, 2, 3], { what: 'a figure', unit: 'ms', of: (value) => value });
const rowOf = (name: string, measure: Row['measure'] = async () => [line]): Row => ({ name, measure });

describe('the command line', () => {
  const rows = [rowOf('alone'), rowOf('crowd-50'), { ...rowOf('crowd-300'), isLong: true }];
  const namesOf = (...words: string[]) => chosenOf(wishOf(words), rows).map(({ name }) => name);

  test('without names all rows, or the short ones', () => {
    expect(namesOf()).toEqual(['alone', 'crowd-50', 'crowd-300']);
    expect(namesOf('--quick')).toEqual(['alone', 'crowd-50']);
  });

  test('a name stands for the rows that begin so, long ones too', () => {
    expect(namesOf('crowd', '--quick')).toEqual(['crowd-50', 'crowd-300']);
    expect(namesOf('crowd-50', 'alone')).toEqual(['alone', 'crowd-50']);
    expect(() => namesOf('crow')).toThrow('there are alone, crowd-50, crowd-300');
  });

  test('what it does not understand is told', () => {
    expect(() => wishOf(['--delay', 'five'])).toThrow('--delay: expected a whole number from 0, got "five"');
    expect(() => wishOf(['--share', 'afs'])).toThrow('--share: expected smb, nfs3, nfs42, got "afs"');
  });
});

describe('runs', () => {
  test('go the other way round every second time', async () => {
    const order: string[] = [];
    const side = (name: string) => async () => order.push(name);
    await runsOf(setting, { a: side('a'), b: side('b') });
    expect(order.join('')).toBe('abbaab');
  });

  test('end when the time is over, but for the first', async () => {
    const runs = await runsOf({ ...setting, untilMs: 0 }, { a: async () => 1 });
    expect(runs.a).toEqual([1]);
  });

  test('of a delayed row have the delay, and say so', async () => {
    const row = delayed(
      rowOf('crowd', async ({ delayMs }) => [{ ...line, ours: { ...line.ours, median: delayMs } }]),
      5,
    );
    expect(await row.measure(setting)).toMatchObject([
      { row: 'crowd-delay-5', what: 'a figure, 5 ms an operation', ours: { median: 5 } },
    ]);
  });
});

describe('a report', () => {
  test('has the lines of all rows but those that fail, which are told', async () => {
    const broken = rowOf('broken', async () => await Promise.reject(new Error('no disk')));
    const { lines, failures } = await measureAll([broken, rowOf('alone')], 60_000, place);
    expect(lines).toEqual([line]);
    expect(failures).toEqual(['broken: Error: no disk']);
  });

  test('says which rows there was no time for', async () => {
    const { lines, notes } = await measureAll([rowOf('alone')], -1, place);
    expect(lines).toEqual([]);
    expect(notes[0]).toContain('alone was left out');
  });

  test('shows figures, ratios and verdicts', () => {
    const both = { ours: [1234, 1234], theirs: [100, 100], peer: 'loop' };
    const slow = beside('row', both, { what: 'all', unit: 'ms', of: (ms) => ms, bound: most(3) });
    expect(markdownText([line, slow]).split('\n').slice(2)).toEqual([
      '| a figure | 2 (1-3) ms |  |  | 3 |  |  |',
      '| all | 1,234 ms | loop 100 ms | 12.3 (12.3-12.3) | 2 | ratio <= 3 | MISSED |',
    ]);
    expect(tableText([slow]).split('\n')[1]).toMatch(/^all {3}1,234 ms {2}loop 100 ms /);
  });
});
