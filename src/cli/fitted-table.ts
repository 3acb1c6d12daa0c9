import { widestIn } from './tables.js';
import { cutTo, widthOf } from './width.js';

/** A table that fits a terminal: one line for each row, as long as there is room for every column. */

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => string;
  /** A shorter form, taken for the whole column where the table is too wide. */
  readonly short?: (row: Row) => string;
  /** What is left of the column when it is cut, with an ellipsis. @default it is never cut */
  readonly least?: number;
  /** Left out where even the least does not fit, the last first. */
  readonly isSpare?: boolean;
  /** Applied to the padded cell: colour takes no room. */
  readonly paint?: (text: string, row: Row) => string;
}

interface Laid<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

const GAP = 2;

/** @param width of the terminal; null: as wide as it gets, and nothing is cut */
export function fittedTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | null,
): string {
  const laid = width === null ? columns.map((column) => lay(column, rows)) : narrowTo(columns, rows, width);
  const lines = [null, ...rows].map((row, at) => lineOf(laid, row, at));
  return lines.map((line) => `${line}\n`).join('');
}

function lay<Row>(column: Column<Row>, rows: readonly Row[], cell = column.cell): Laid<Row> {
  const cells = [column.header, ...rows.map(cell)];
  return { column, cells, width: widestIn(cells.map((one) => [one]))[0] ?? 0 };
}

const widthOfAll = <Row>(laid: readonly Laid<Row>[]): number =>
  laid.reduce((sum, { width }) => sum + width, GAP * (laid.length - 1));

/** A column that is no wider than this is not cut before the spare ones are. */
const leastCap = (width: number): number => Math.max(16, Math.floor(width / 3));

/**
 * First the short forms; then a column that takes more than its share, because of one long name; then spare columns are
 * cut, and left out one by one; then the others are cut. Of several the last first.
 */
function narrowTo<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): Laid<Row>[] {
  const laid = columns.map((column) => lay(column, rows));
  for (const [at, column] of columns.entries())
    if (column.short && widthOfAll(laid) > width) laid[at] = lay(column, rows, column.short);
  const spare = columns.findLastIndex(({ isSpare }) => isSpare);
  cutColumns(laid, width, ({ column, width: own }) =>
    column.isSpare ? own : Math.max(column.least ?? own, leastCap(width)),
  );
  cutColumns(laid, width, ({ column, width: own }) =>
    spare >= 0 && !column.isSpare ? own : (column.least ?? own),
  );
  if (widthOfAll(laid) <= width) return laid;
  return spare < 0 ? cutFromTheEnd(laid, width) : narrowTo(columns.toSpliced(spare, 1), rows, width);
}

/** As far as is needed, the last first; none to less than its least. */
function cutColumns<Row>(laid: Laid<Row>[], width: number, leastOf: (one: Laid<Row>) => number): void {
  for (const [at, one] of [...laid.entries()].reverse()) {
    const excess = widthOfAll(laid) - width;
    const least = leastOf(one);
    if (excess > 0 && one.width > least) laid[at] = { ...one, width: Math.max(least, one.width - excess) };
  }
}

/** A terminal too narrow for the table: what is at the end of the line is cut, so that a row stays a line. */
function cutFromTheEnd<Row>(laid: readonly Laid<Row>[], width: number): Laid<Row>[] {
  let left = width;
  return laid.flatMap((one) => {
    const own = Math.min(one.width, left);
    left -= own + GAP;
    return own > 0 ? [{ ...one, width: own }] : [];
  });
}

function lineOf<Row>(laid: readonly Laid<Row>[], row: Row | null, at: number): string {
  const last = laid.length - 1;
  return laid
    .map(({ column, cells, width }, index) => {
      const text = cutTo(cells[at] ?? '', width);
      const painted = row !== null && column.paint ? column.paint(text, row) : text;
      return index === last ? painted : painted + ' '.repeat(Math.max(0, width - widthOf(text)));
    })
    .join(' '.repeat(GAP))
    .replace(/ +$/, '');
}
