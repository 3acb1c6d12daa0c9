/** What was meant by a misspelt word. Pure. */

const LONGEST = 64;

/** The word of the list that `typed` was most likely meant for; null: none is near. */
export function nearWord(typed: string, words: readonly string[]): string | null {
  const asked = folded(typed);
  const most = Math.max(1, Math.floor(asked.length / 3));
  let best: { readonly word: string; readonly steps: number } | null = null;
  for (const word of words) {
    const steps = stepsBetween(asked, folded(word));
    if (steps <= most && (best === null || steps < best.steps)) best = { word, steps };
  }
  return best?.word ?? null;
}

/** Capitals and hyphens are the least of mistakes. */
const folded = (word: string): string => word.slice(0, LONGEST).toLowerCase().replaceAll(/[-_ ]/g, '');

/** How many letters are wrong, lacking, too many, or exchanged with their neighbour. */
function stepsBetween(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isExchanged = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(
        cell(row, j) + 1,
        cell(next, j - 1) + 1,
        cell(row, j - 1) + (isSame ? 0 : 1),
        isExchanged ? cell(before, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = row;
    row = next;
  }
  return cell(row, b.length);
}

const cell = (row: readonly number[], at: number): number => row[at] ?? Number.POSITIVE_INFINITY;
