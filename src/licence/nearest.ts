import { foldedName } from './names.js';

/** What a mistyped name was meant to be: a command, a module, a user. */

/** A longer name is not compared: no person types it. */
const MOST_LENGTH = 64;
/** A name that begins with what was typed is meant from this length on. */
const LEAST_BEGINNING = 3;

/** How many slips are taken for one, by the length of what was typed. */
const slipsIn = (length: number): number => (length < 3 ? 0 : length < 6 ? 1 : length < 10 ? 2 : 3);

/**
 * The name nearest to what was typed; null where none is near. The same in upper and lower case is nearest, then fewest
 * slips (a letter too many, missing, another, or two the wrong way round), then the only one that begins so.
 */
export function nearest(typed: string, names: Iterable<string>): string | null {
  const wanted = foldedName(typed);
  if (wanted.length === 0 || wanted.length > MOST_LENGTH) return null;
  let best: string | null = null;
  let fewest = slipsIn(wanted.length) + 1;
  const longer = new Set<string>();
  for (const name of names) {
    if (name.length > MOST_LENGTH || name === typed) continue;
    const folded = foldedName(name);
    const slips = slipsBetween(wanted, folded, fewest - 1);
    if (slips < fewest) [best, fewest] = [name, slips];
    if (wanted.length >= LEAST_BEGINNING && folded.startsWith(wanted)) longer.add(name);
  }
  const [only = null] = longer.size === 1 ? longer : [];
  return best ?? only;
}

/** `; did you mean anna?`, or nothing. @param show how a name is shown, where it is not to be trusted */
export function didYouMean(
  typed: string,
  names: Iterable<string>,
  show: (name: string) => string = (name) => name,
): string {
  const meant = nearest(typed, names);
  return meant === null ? '' : `; did you mean ${show(meant)}?`;
}

/** Slips from one text to another; `most` + 1 for any more. Only what is that near to the diagonal is looked at. */
function slipsBetween(from: string, to: string, most: number): number {
  const beyond = most + 1;
  if (most < 0 || Math.abs(from.length - to.length) > most) return beyond;
  let [before, last] = [[] as number[], Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= from.length; row++) {
    const now: number[] = new Array(to.length + 1).fill(beyond);
    if (row <= most) now[0] = row;
    const [first, end] = [Math.max(1, row - most), Math.min(to.length, row + most)];
    for (let column = first; column <= end; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isTurned = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      now[column] = Math.min(
        (last[column - 1] ?? beyond) + (isSame ? 0 : 1),
        (last[column] ?? beyond) + 1,
        (now[column - 1] ?? beyond) + 1,
        row > 1 && column > 1 && isTurned ? (before[column - 2] ?? beyond) + 1 : beyond,
      );
    }
    [before, last] = [last, now];
  }
  return Math.min(last[to.length] ?? beyond, beyond);
}
