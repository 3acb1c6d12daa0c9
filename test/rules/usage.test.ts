import { describe, expect, test } from 'vitest';
import type { Licence, LicenceEvent } from '../../src/licence/document.js';
import { toIso } from '../../src/licence/time.js';
import { usageReport } from '../../src/rules/usage.js';
import { seatedTable } from './seated.js';
import { contextOf, emptyTable, START_MS } from './tables.js';

/** START_MS is nine o'clock in the morning. */
const HOUR_MS = 3_600_000;
const event = (kind: string, hoursAgo: number, seat: string, more: object = {}): LicenceEvent => ({
  ...{ id: 'line.1.0', kind, at: toIso(START_MS - hoursAgo * HOUR_MS), before: null },
  ...{ module: 'M1', instance: `i-${seat}`, seat, user: 'ada', host: 'pc-1', ...more },
});
const report = (licence: Licence, events: LicenceEvent[], sinceHours: number) =>
  usageReport(contextOf(licence), events, START_MS - sinceHours * HOUR_MS);

describe('the counts of a day', () => {
  test('of seats that came and went', () => {
    const events = [
      event('seated', 8, 'a'),
      event('given', 6, 'b'),
      event('released', 4, 'a'),
      event('evicted', 3, 'b'),
      event('denied', 2, 'x', { seat: undefined, count: 3 }),
      event('denied', 1, 'y', { seat: undefined }),
    ];
    expect(report(emptyTable({}), events, 9).days).toEqual([
      { day: '2026-11-21', module: 'M1', maxUsers: 1, peak: 2, average: 0.78, refused: 4 }, // 7 seat hours of 9
    ]);
  });

  test('of users that are at work all the time', () => {
    expect(report(seatedTable(3), [], 33)).toMatchObject({
      days: [
        { day: '2026-11-20', peak: 3, average: 3, refused: 0 },
        { day: '2026-11-21', peak: 3, average: 3, refused: 0 },
      ],
    });
  });

  test('of two processes that share a seat: it is one', () => {
    const events = [
      event('seated', 8, 'a', { instance: 'i1' }),
      event('seated', 6, 'a', { instance: 'i2' }),
      event('released', 3, 'a', { instance: 'i1' }),
      event('released', 1, 'a', { instance: 'i2' }),
    ];
    expect(report(emptyTable({}), events, 9).days).toMatchObject([{ peak: 1, average: 0.78 }]);
  });

  test('at most 31 days back, whole days, and each module has its own', () => {
    const modules = ['M1', 'M2'].map((module) => ({ module, maxUsers: 5 }));
    const { days, fromAt } = report(
      { ...seatedTable(2), ...emptyTable({ modules }), instances: seatedTable(2).instances },
      [],
      10_000,
    );
    expect(fromAt).toBe(toIso(START_MS - 31 * 24 * HOUR_MS));
    expect(days).toHaveLength(32); // none of M2, which no user has used
    expect(report(emptyTable({ modules }), [], 1).fromAt).toBe('2026-11-21T00:00:00.000Z');
  });
});

test('no user, no host, no seat and no instance is in it', () => {
  const events = [
    event('seated', 8, 'secret'),
    event('denied', 2, 'secret', { user: 'secret', host: 'secret' }),
  ];
  const text = JSON.stringify(report(seatedTable(3), events, 30));
  for (const one of ['secret', 'ada', 'pc-', 'user0', 'seat-', 'host-']) expect(text).not.toContain(one);
});
