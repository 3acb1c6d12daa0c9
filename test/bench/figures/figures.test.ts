import { describe, expect, test } from 'vitest';
import { beside, type Line } from '../line.js';
import { chartText, type Series } from './chart.js';
import { deadSeatChart } from './dead-seat.js';
import { answersChart, heartbeatChart } from './measured.js';

const axis = { label: 'users', ticks: [1, 10, 100].map((at) => ({ at, word: String(at) })) };
const oneLine: Series = {
  name: 'a < b & c',
  isOurs: true,
  points: [
    [1, 100],
    [10, 10],
    [100, 1],
  ],
};

describe('a chart', () => {
  const text = chartText({ title: 'Chart', x: axis, y: axis, series: [oneLine] });

  test('spreads powers of ten evenly, from the lower left', () => {
    const [, points = ''] = /<polyline[^>]* points="([^"]*)"/.exec(text) ?? [];
    const [first, second, third] = points.split(' ').map((point) => point.split(',').map(Number));
    const [x1 = 0, y1 = 0] = first ?? [];
    const [x2 = 0, y2 = 0] = second ?? [];
    const [x3 = 0, y3 = 0] = third ?? [];
    expect([x2 - x1, y2 - y1]).toEqual([x3 - x2, y3 - y2]);
    expect(x2).toBeGreaterThan(x1);
    expect(y2).toBeGreaterThan(y1); // down the page: the value falls
  });

  test('writes names so that they are text', () => {
    expect(text).toContain('a &lt; b &amp; c');
    expect(text).not.toContain('a < b');
  });
});

describe('time until a dead seat is free', () => {
  const worstOf = (start: string) =>
    deadSeatChart()
      .series.find(({ name }) => name.startsWith(start))
      ?.points.map(([, seconds]) => seconds);

  test('grows with the users by the standard interval, and by no other of ours', () => {
    expect(worstOf('seatfile, standard')).toEqual([600, 6000, 60_000, 600_000]);
    expect(worstOf('seatfile, an interval')).toEqual([120, 120, 120, 120]);
    expect(worstOf('seatfile, on demand')).toEqual([12, 12, 12, 12]);
  });
});

describe('figures of what was measured', () => {
  const crowdOf = (count: number, peer: string, oursMs: number, theirsMs: number): Line =>
    beside(
      `peers-${count}`,
      { ours: [oursMs], theirs: [theirsMs], peer },
      { what: `${count} at once: all answered`, of: (ms) => ms },
    );

  test('answers a second are processes by seconds', () => {
    const chart = answersChart([crowdOf(10, 'loop', 1000, 500), crowdOf(100, 'Redis', 2000, 1000)]);
    expect(chart?.series).toEqual([
      {
        name: 'seatfile',
        isOurs: true,
        points: [
          [10, 10],
          [100, 50],
        ],
      },
      { name: 'the ordinary loop', isOurs: false, points: [[10, 20]] },
      { name: 'Redis', isOurs: false, points: [[100, 100]] },
    ]);
  });

  test('there are none of rows that were not measured', () => {
    expect([answersChart([]), heartbeatChart([])]).toEqual([null, null]);
  });

  test('a heartbeat is found by its number of seats', () => {
    const line = beside(
      'heartbeat',
      { ours: [2048], theirs: [1], peer: '10 seats' },
      { what: 'a heartbeat, 1,000 seats: bytes', of: (bytes) => bytes },
    );
    expect(heartbeatChart([line])?.series.at(-1)?.points).toEqual([[1000, 2]]);
  });
});
