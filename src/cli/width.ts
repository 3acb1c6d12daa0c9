/** How wide text is on a terminal, and text made to fit. */

/** To make one takes 10 ms, so it is made for the first text that needs it. */
let segmenter: Intl.Segmenter | null = null;

const PLAIN = /^[\x20-\x7e]*$/;
/** East Asian wide characters: letters and signs, Hangul, full-width forms, and what lies beyond the first plane. */
const WIDE = [
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uF900-\uFAFF\uFE30-\uFE6F]/,
  /^[\uA960-\uA97C\uAC00-\uD7A3]/,
  /^[\uFF01-\uFF60\uFFE0-\uFFE6]/,
  /^[\u{16FE0}-\u{18DF2}\u{1AFF0}-\u{1B2FF}\u{1F200}-\u{1F265}\u{20000}-\u{3FFFD}]/u,
];
/** A picture in itself, or made one: by U+FE0F, as a part of a joined sequence, or as a flag of two letters. */
const PICTURE =
  /^\p{Emoji_Presentation}|^\p{Emoji}.*(?:\uFE0F|\u200D|[\u{1F3FB}-\u{1F3FF}])|^[\u{1F1E6}-\u{1F1FF}]{2}/u;
/** What is drawn over or beside another character, and the later letters of a Hangul syllable. */
const NO_WIDTH = /^[\p{M}\p{Default_Ignorable_Code_Point}\u1160-\u11FF\uD7B0-\uD7FF]/u;

/** What a reader takes for one character, with all that is drawn over it. */
const clustersOf = (text: string): string[] => {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
};

function clusterWidth(cluster: string): number {
  if (PICTURE.test(cluster)) return 2;
  let width = 0;
  for (const character of cluster)
    if (!NO_WIDTH.test(character)) width += WIDE.some((wide) => wide.test(character)) ? 2 : 1;
  return width;
}

/** Columns a text takes on a terminal. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return clustersOf(text).reduce((width, cluster) => width + clusterWidth(cluster), 0);
}

export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** At most this wide. What is cut ends with an ellipsis. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? '' : `${headOf(text, width - 1)}…`;
}

/** The longest beginning that is at most this wide. */
function headOf(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, width);
  let head = '';
  let left = width;
  for (const cluster of clustersOf(text)) {
    left -= clusterWidth(cluster);
    if (left < 0) break;
    head += cluster;
  }
  return head;
}

/** The lines that a terminal this wide makes of one. */
export function foldedTo(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let left = width;
  for (const cluster of clustersOf(text)) {
    const taken = clusterWidth(cluster);
    if (taken > left && line !== '') {
      lines.push(line);
      line = '';
      left = width;
    }
    line += cluster;
    left -= taken;
  }
  return [...lines, line];
}

const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
const [ISOLATE, END_OF_ISOLATE] = ['\u2068', '\u2069'];

/** Text that is written from right to left turns itself on a terminal, and not what stands beside it. */
export const isolated = (text: string): string =>
  RIGHT_TO_LEFT.test(text) ? `${ISOLATE}${text}${END_OF_ISOLATE}` : text;
