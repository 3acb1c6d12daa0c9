import { ratio, type Summary, summary } from './arithmetic.js';

/** What must hold of a line: of the ratio, or of our own figure whatever the peer's is. */
export interface Bound {
  readonly of: 'ratio' | 'figure';
  readonly most?: number;
  readonly least?: number;
}

/** One figure of the report. */
export interface Line {
  readonly row: string;
  readonly what: string;
  readonly unit: string;
  readonly ours: Summary;
  readonly peer: Peer | null;
  readonly bound: Bound | null;
}

export interface Peer {
  readonly name: string;
  readonly figure: Summary;
  readonly ratio: Summary;
}

export interface Figure<T> {
  readonly what: string;
  readonly unit?: string;
  /** The figure of one run. */
  readonly of: (run: T) => number;
  readonly bound?: Bound | undefined;
}

export const most = (limit: number): Bound => ({ of: 'ratio', most: limit });
export const least = (limit: number): Bound => ({ of: 'ratio', least: limit });
export const ownLeast = (limit: number): Bound => ({ of: 'figure', least: limit });
export const ownMost = (limit: number): Bound => ({ of: 'figure', most: limit });

/** A figure beside that of a peer, measured in the same runs. */
export function beside<T>(
  row: string,
  runs: { readonly ours: readonly T[]; readonly theirs: readonly T[]; readonly peer: string },
  figure: Figure<T>,
): Line {
  const ours = runs.ours.map(figure.of);
  const theirs = runs.theirs.map(figure.of);
  const peer = { name: runs.peer, figure: summary(theirs), ratio: ratio(ours, theirs) };
  return { ...alone(row, runs.ours, figure), peer };
}

/** A figure that stands by itself. */
export function alone<T>(row: string, ours: readonly T[], figure: Figure<T>): Line {
  const { what, unit = '', of, bound = null } = figure;
  return { row, what, unit, ours: summary(ours.map(of)), peer: null, bound };
}

/** Whether a line is as it must be; null where nothing is asked. */
export function isHeld({ ours, peer, bound }: Line): boolean | null {
  if (bound === null) return null;
  const found = bound.of === 'ratio' ? peer?.ratio : ours;
  if (found === undefined) return false;
  return (
    found.median <= (bound.most ?? Number.POSITIVE_INFINITY) &&
    found.median >= (bound.least ?? Number.NEGATIVE_INFINITY)
  );
}
