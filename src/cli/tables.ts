import { padded, widthOf } from './width.js';

/** Borderless tables: columns by two spaces, greppable. */

/** Rows to lines; the first row is the header. Trailing blanks are cut. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = widestIn(rows);
  const lines = rows.map((row) => row.map((cell, at) => padded(cell, widths[at] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Of each column. */
export const widestIn = (rows: readonly (readonly string[])[]): number[] =>
  rows.reduce<number[]>((widest, row) => row.map((cell, at) => Math.max(widest[at] ?? 0, widthOf(cell))), []);
