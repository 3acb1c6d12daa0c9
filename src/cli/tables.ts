/** Borderless tables: columns by two spaces, greppable. */

/** Rows to lines; the first row is the header. Trailing blanks are cut. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, at) => Math.max(widest[at] ?? 0, columns(cell))),
    [],
  );
  const lines = rows.map((row) =>
    row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - columns(cell))).join('  '),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** To make one takes 10 ms, so it is made for the first text that needs it. */
let graphemes: Intl.Segmenter | null = null;
const PLAIN = /^[\x20-\x7e]*$/;
/** East Asian wide characters and emoji take two columns. */
const WIDE_BASIC =
  /^[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/;
const WIDE_BEYOND = /^[\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;
const isWide = (character: string): boolean => WIDE_BASIC.test(character) || WIDE_BEYOND.test(character);

/** Columns a text takes on a terminal. */
function columns(text: string): number {
  if (PLAIN.test(text)) return text.length;
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += isWide(segment) ? 2 : 1;
  return width;
}
