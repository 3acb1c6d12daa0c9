/** A chart with two logarithmic axes, as the text of an SVG. */
export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Axis {
  readonly label: string;
  /** Where a line and a word stand, in ascending order. The first and the last are the ends. */
  readonly ticks: readonly Tick[];
}

interface Tick {
  readonly at: number;
  readonly word: string;
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Ours stand out. */
  readonly isOurs: boolean;
}

const SIZE = { width: 980, height: 480 } as const;
/** What the lines are drawn in; on the right there is room for their names. */
const BOX = { left: 80, top: 66, right: 600, bottom: 420 } as const;
const OURS = ['#0057b8', '#0a8754', '#b8860b'];
const OTHERS = ['#8c8c8c', '#b07aa1', '#9c755f', '#76b7b2', '#e15759', '#59a14f', '#bab0ac', '#f28e2b'];

export function chartText(chart: Chart): string {
  const { title, x, y, series } = chart;
  const at = { x: scale(x, BOX.left, BOX.right), y: scale(y, BOX.bottom, BOX.top) };
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" font-family="sans-serif">`,
    `<rect width="${SIZE.width}" height="${SIZE.height}" fill="white"/>`,
    word(BOX.left, 24, title, 'font-size="15" font-weight="bold"'),
    ...x.ticks.flatMap((tick) => verticalTick(at.x(tick.at), tick)),
    ...y.ticks.flatMap((tick) => levelTick(at.y(tick.at), tick)),
    word((BOX.left + BOX.right) / 2, BOX.bottom + 44, x.label, `${SMALL} text-anchor="middle"`),
    word(16, BOX.top - 16, y.label, SMALL),
    ...series.flatMap((one, index) => drawn(one, colourOf(series, index), index, at)),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

const SMALL = 'font-size="12" fill="#444"';

type Place = (value: number) => number;

function scale({ ticks }: Axis, from: number, to: number): Place {
  const [first, last] = [ticks[0]?.at ?? 1, ticks.at(-1)?.at ?? 10];
  const span = Math.log(last / first);
  return (value) => from + ((to - from) * Math.log(value / first)) / span;
}

const verticalTick = (x: number, tick: Tick): string[] => [
  rule(x, BOX.top, x, BOX.bottom),
  word(x, BOX.bottom + 20, tick.word, `${SMALL} text-anchor="middle"`),
];

const levelTick = (y: number, tick: Tick): string[] => [
  rule(BOX.left, y, BOX.right, y),
  word(BOX.left - 8, y + 4, tick.word, `${SMALL} text-anchor="end"`),
];

/** A line with its points, and its name in the list on the right. */
function drawn(
  { name, points, isOurs }: Series,
  colour: string,
  index: number,
  at: { x: Place; y: Place },
): string[] {
  const places = points.map(([x, y]) => [at.x(x).toFixed(1), at.y(y).toFixed(1)] as const);
  const width = isOurs ? 3 : 1.5;
  const y = BOX.top + 8 + 20 * index;
  const path = places.map((one) => one.join(',')).join(' ');
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="${width}" points="${path}"/>`,
    ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="${width}" fill="${colour}"/>`),
    `<rect x="${BOX.right + 20}" y="${y - 5}" width="16" height="${width}" fill="${colour}"/>`,
    word(BOX.right + 42, y, name, 'font-size="12"'),
  ];
}

function colourOf(series: readonly Series[], index: number): string {
  const isOurs = series[index]?.isOurs === true;
  const place = series.slice(0, index).filter((one) => one.isOurs === isOurs).length;
  const colours = isOurs ? OURS : OTHERS;
  return colours[place % colours.length] ?? 'black';
}

const rule = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#e4e4e4"/>`;

const word = (x: number, y: number, text: string, style: string): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${style}>${escaped(text)}</text>`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
