import type { Line } from '../line.js';
import type { Axis, Chart, Series } from './chart.js';

const powers = (label: string, values: readonly number[]): Axis => ({
  label,
  ticks: values.map((at) => ({ at, word: at.toLocaleString('en') })),
});

/** The first number in what a line is called: how many processes, or seats. */
const countIn = ({ what }: Line): number =>
  Number(/\d[\d,]*/.exec(what)?.[0].replaceAll(',', '') ?? Number.NaN);

/** Answers a second over the size of a crowd, ours and the peers'. Null where no such rows were measured. */
export function answersChart(lines: readonly Line[]): Chart | null {
  const crowds = lines.filter(({ row }) => row.startsWith('peers-'));
  if (crowds.length === 0) return null;
  const perSecond = (line: Line, ms: number): readonly [number, number] => [
    countIn(line),
    (1000 * countIn(line)) / ms,
  ];
  const names = [...new Set(crowds.map(({ peer }) => peer?.name ?? ''))];
  const ours = [...new Map(crowds.map((line) => [line.row, line])).values()];
  const theirs = names.map((name): Series => {
    const points = crowds.flatMap((line) =>
      line.peer?.name === name ? [perSecond(line, line.peer.figure.median)] : [],
    );
    return { name: name === 'loop' ? 'the ordinary loop' : name, isOurs: false, points };
  });
  return {
    title: 'Processes that open and take a seat, all at once',
    x: powers('processes', [1, 3, 10, 30, 100, 300]),
    y: powers('answers a second', [1, 10, 100, 1000]),
    series: [
      { name: 'seatfile', isOurs: true, points: ours.map((line) => perSecond(line, line.ours.median)) },
      ...theirs,
    ],
  };
}

/** What a heartbeat costs over the number of seats. Null where it was not measured. */
export function heartbeatChart(lines: readonly Line[]): Chart | null {
  const beats = lines.filter(({ row }) => row === 'heartbeat');
  if (beats.length === 0) return null;
  const series = (name: string, ending: string, per: number): Series => ({
    name,
    isOurs: true,
    points: beats
      .filter(({ what }) => what.endsWith(ending))
      .map((line) => [countIn(line), line.ours.median / per]),
  });
  return {
    title: 'A heartbeat, with what follows it',
    x: powers('seats', [10, 100, 1000, 10_000]),
    y: powers('operations, ms, KiB', [1, 10, 100, 1000, 10_000, 100_000]),
    series: [
      series('operations on the share', ': operations', 1),
      series('processor time, ms', ': CPU', 1),
      series('read and written, KiB', ': bytes', 1024),
    ],
  };
}
