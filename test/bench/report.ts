import type { Summary } from './arithmetic.js';
import { type Bound, isHeld, type Line, type Peer } from './line.js';

/** Three figures of each number, the thousands apart. */
function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const rounded = value.toFixed(digits).replace(/\.0+$/, '');
  return rounded.replace(/\B(?=(?:\d{3})+$)/g, rounded.includes('.') ? '' : ',');
}

const withUnit = (text: string, unit: string): string =>
  `${text}${unit.startsWith('/') ? '' : ' '}${unit}`.trim();
const figureOf = ({ median }: Summary, unit: string): string => withUnit(shown(median), unit);
const spreadOf = ({ median, least, most }: Summary): string =>
  `${shown(median)} (${shown(least)}-${shown(most)})`;
const peerOf = (peer: Peer | null, unit: string): string =>
  peer === null ? '' : `${peer.name} ${figureOf(peer.figure, unit)}`;

function boundOf({ of, most, least }: Bound): string {
  const what = of === 'ratio' ? 'ratio ' : '';
  return `${what}${most === undefined ? `>= ${shown(least ?? 0)}` : `<= ${shown(most)}`}`;
}

const verdictOf = (line: Line): string => {
  const held = isHeld(line);
  return held === null ? '' : held ? 'held' : 'MISSED';
};

const HEAD = ['what', 'seatfile', 'beside', 'ratio (spread)', 'runs', 'must be', ''];

/** A line as the columns of HEAD. A figure without a peer shows its own spread. */
function columnsOf(line: Line): string[] {
  const { what, unit, ours, peer, bound } = line;
  return [
    what,
    peer === null ? withUnit(spreadOf(ours), unit) : figureOf(ours, unit),
    peerOf(peer, unit),
    peer === null ? '' : spreadOf(peer.ratio),
    String(ours.runs),
    bound === null ? '' : boundOf(bound),
    verdictOf(line),
  ];
}

/** For a terminal. */
export function tableText(lines: readonly Line[]): string {
  const table = [HEAD, ...lines.map(columnsOf)];
  const widths = HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  return table
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** For a page. */
export function markdownText(lines: readonly Line[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(HEAD),
    `|${HEAD.map(() => '---').join('|')}|`,
    ...lines.map((line) => row(columnsOf(line))),
  ].join('\n');
}
