import type { LicenceStatus, SeatStatus } from '../api.js';
import { printable } from './words.js';

/** The seats as CSV (RFC 4180): a header, a line for each seat, each ended by CR LF. */

const COLUMNS: Readonly<Record<string, (seat: SeatStatus) => string | number | null>> = {
  module: ({ module }) => module,
  user: ({ user }) => user,
  host: ({ host }) => host,
  state: ({ state }) => state,
  sinceAt: ({ sinceAt }) => sinceAt,
  lastBeatSecondsAgo: ({ lastBeatSecondsAgo }) => lastBeatSecondsAgo,
  freesAt: ({ freesAt }) => freesAt,
  untilAt: ({ untilAt }) => untilAt,
  seat: ({ seat }) => seat,
  pid: ({ pid }) => pid,
  application: ({ application }) => application,
  note: ({ note }) => note,
};

export function csvOf({ seats }: LicenceStatus): string {
  const rows = seats.map((seat) => Object.values(COLUMNS).map((of) => csvCell(of(seat))));
  return [Object.keys(COLUMNS), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** Spreadsheets run a cell that begins so. */
const FORMULA = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/;
/** Where decimals have a comma, they end cells at semicolons, also within our quotes. */
const FORMULA_INSIDE = /;(?=[\s"]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g;

/** A text that a spreadsheet would take for a formula is marked as text, as a user of one would do. */
export function csvCell(value: string | number | null): string {
  if (typeof value !== 'string') return value === null ? '' : String(value);
  const shown = printable(value); // control characters too: a tab or a line break at the start among them
  const safe = FORMULA.test(value) || FORMULA.test(shown) ? `'${shown}` : shown;
  return `"${safe.replace(FORMULA_INSIDE, ";'").replaceAll('"', '""')}"`;
}
