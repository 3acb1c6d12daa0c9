import type { Line } from './line.js';
import type { Row, Setting } from './row.js';

/** What one call of the bench came to. */
export interface Measured {
  readonly lines: readonly Line[];
  readonly notes: readonly string[];
  /** Rows that could not be measured, and why. */
  readonly failures: readonly string[];
}

/** All rows, one after the other, in the time there is. */
export async function measureAll(
  rows: readonly Row[],
  mostMs: number,
  setting: Omit<Setting, 'untilMs' | 'say' | 'note'>,
): Promise<Measured> {
  const endMs = performance.now() + mostMs;
  const lines: Line[] = [];
  const notes: string[] = [];
  const failures: string[] = [];
  const note = (text: string) => {
    if (!notes.includes(text)) notes.push(text);
  };
  for (const [index, row] of rows.entries()) {
    if (performance.now() > endMs) {
      note(
        `${row.name} was left out: the time was over. Alone it may be measured: npm run bench -- ${row.name}`,
      );
      continue;
    }
    const untilMs = endMs - (rows.length - index - 1) * KEPT * mostMs; // the first rows matter most
    await row.measure({ ...setting, untilMs, note, say: progress(row) }).then(
      (measured) => lines.push(...measured),
      (error: unknown) => failures.push(`${row.name}: ${String(error)}`),
    );
  }
  return { lines, notes, failures };
}

/** For each row that is still to come this part of the whole time is kept. */
const KEPT = 1 / 60;

const progress = (row: Row) => (what: string) => {
  const seconds = String(Math.round(performance.now() / 1000)).padStart(5);
  console.error(`${seconds} s  ${row.name}: ${what}`);
};
