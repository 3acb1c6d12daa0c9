import type { LicenceStatus } from '../api.js';
import { changesBetween } from './status-changes.js';
import { type Block, textOf } from './status-text.js';
import type { Picture } from './status-watch.js';
import type { Times } from './times.js';
import { foldedTo, widthOf } from './width.js';
import { jsonText } from './words.js';
import type { World } from './world.js';

/** How `status --watch` shows what it sees: on a terminal, in lines for a program, or as JSON. */

type Output = Pick<World, 'out' | 'err'>;

/** The part of what is seen that was asked for. */
type Part = (view: LicenceStatus) => LicenceStatus;

interface Words {
  readonly describe: (view: LicenceStatus) => readonly Block[];
  readonly timesOf: (view: LicenceStatus) => Times;
}

/** A document a line. Trouble goes to stderr, once. */
export function jsonLines({ out, err }: Output, only: Part): Picture {
  const tell = once(err);
  return {
    show: (view) => {
      tell(null);
      out(`${jsonText(only(view))}\n`);
    },
    trouble: tell,
    end: () => undefined,
  };
}

/** All of it first; then a line for each change. */
export function changedLines({ out, err }: Output, only: Part, { describe, timesOf }: Words): Picture {
  const tell = once(err);
  let last: LicenceStatus | null = null;
  return {
    show: (view) => {
      tell(null);
      const at = timesOf(view).whole(view.shareTime);
      if (last === null) out(`${textOf(describe(view))}\n`);
      else for (const line of changesBetween(last, only(view))) out(`${at}  ${line}\n`);
      last = only(view);
    },
    trouble: tell,
    end: () => undefined,
  };
}

/** Tells each trouble when it begins, and when it is over. */
function once(err: (text: string) => void): (words: string | null) => void {
  let told: string | null = null;
  return (words) => {
    if (words === told) return;
    if (words !== null) err(`${words}; trying again\n`);
    else err('The share answers again.\n');
    told = words;
  };
}

const ESCAPE = '\u001b[';
const [ENTER, LEAVE] = [`${ESCAPE}?1049h${ESCAPE}?25l`, `${ESCAPE}?25h${ESCAPE}?1049l`];
const [HOME, REST_OF_LINE, REST_OF_SCREEN] = [`${ESCAPE}H`, `${ESCAPE}K`, `${ESCAPE}J`];
const COLOUR = new RegExp(`${ESCAPE.replace('[', '\\[')}\\d+m`, 'g');

/**
 * Redraws in place, on the second screen of the terminal: each line is written over the one before, so that nothing
 * flickers. At the end the first screen is back, with the last picture, or the beginning of a very long one.
 */
export function onTerminal(
  world: Pick<World, 'out' | 'screen' | 'onSignals'>,
  describe: (view: LicenceStatus) => readonly Block[],
  head: string,
): Picture {
  let last: readonly Block[] = [];
  let trouble: string | null = null;
  const draw = () => {
    const size = world.screen() ?? { columns: 80, rows: 24 };
    const text = trouble === null ? head : `${trouble}; trying again. This is the last that was seen:`;
    const lines = fitted([{ text: `${text}\n`, rowsAre: null }, ...last], size);
    world.out(`${HOME}${lines.map((line) => `${line}${REST_OF_LINE}`).join('\r\n')}${REST_OF_SCREEN}`);
  };
  const begin = () => {
    world.out(ENTER);
    draw();
  };
  let stop: (() => void) | null = null;
  return {
    show: (view) => {
      last = describe(view);
      trouble = null;
      if (stop !== null) return draw();
      stop = world.onSignals(['SIGWINCH', 'SIGCONT'], begin);
      begin();
    },
    trouble: (words) => {
      trouble = words;
      draw();
    },
    end: () => {
      stop?.();
      world.out(`${LEAVE}${beginningOf(textOf(last))}`);
    },
  };
}

interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/**
 * As many lines as there is room for: seats are left out first, then waiters, so that what is to be done is seen. A
 * line that is too long is folded: a command in it can still be copied.
 */
function fitted(blocks: readonly Block[], { columns, rows }: Screen): string[] {
  const room = Math.max(1, rows - 1);
  const laid = blocks.map(({ text, rowsAre }) => ({
    rowsAre,
    lines: text
      .trimEnd()
      .split('\n')
      .map((line, at) => (at < room ? foldedLine(line, columns) : [line])), // folding takes long: not what is not shown
  }));
  let excess = laid.length - 1 - room + laid.reduce((sum, { lines }) => sum + lines.flat().length, 0);
  const parts = laid.map(({ rowsAre, lines }) => {
    if (rowsAre === null || excess <= 0) return lines.flat();
    const less = shortened(lines, excess, rowsAre);
    excess -= lines.flat().length - less.length;
    return less;
  });
  const all = parts.flatMap((part, at) => (at === 0 ? part : ['', ...part]));
  if (all.length <= room) return all;
  return [...all.slice(0, room - 1), more(all.length - room + 1)];
}

function foldedLine(line: string, columns: number): string[] {
  const plain = line.replace(COLOUR, '');
  return widthOf(plain) <= columns ? [line] : foldedTo(plain, columns);
}

/** A table with fewer rows, but for its head and the first; a line says how many there are besides. */
function shortened(rows: readonly string[][], excess: number, rowsAre: string): string[] {
  let kept = rows.length;
  for (let saved = -1; kept > 2 && saved < excess; kept--) saved += rows[kept - 1]?.length ?? 0;
  const left = rows.length - kept;
  return [...rows.slice(0, kept).flat(), ...(left === 0 ? [] : [`... ${left} more ${rowsAre}`])];
}

/** The beginning of the last picture, which stays on the terminal. */
function beginningOf(text: string): string {
  const lines = text.trimEnd().split('\n');
  const hidden = lines.length - MOST_LEFT;
  return hidden <= 0 ? text : `${[...lines.slice(0, MOST_LEFT), more(hidden)].join('\n')}\n`;
}

const MOST_LEFT = 1000;

const more = (hidden: number): string => `... ${hidden} more ${hidden === 1 ? 'line' : 'lines'}`;
