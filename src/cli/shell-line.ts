/** A command line as it is being typed, cut into words the way a shell cuts it; nothing in it is expanded. */

interface Typed {
  /** The words that are complete, the command first. */
  readonly before: readonly string[];
  /** What is typed of the word at the cursor. */
  readonly current: string;
}

const BLANK = /\s/;

/** @param home what a leading `~/` stands for; null where that is not known */
export function wordsOfLine(line: string, home: string | null): Typed {
  const before: string[] = [];
  let current = '';
  let isBegun = false;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (quote === null && BLANK.test(char)) {
      if (isBegun) before.push(current);
      [current, isBegun] = ['', false];
      continue;
    }
    const isHome = !isBegun && home !== null && line.startsWith('~/', at);
    isBegun = true;
    if (char === quote) quote = null;
    else if (quote === null && (char === '"' || char === "'")) quote = char;
    else if (char === '\\' && quote !== "'") current += line[++at] ?? '';
    else current += isHome ? home : char;
  }
  return { before, current };
}
