import os from 'node:os';
import { parseArgs } from 'node:util';
import { type MountName, mountNames } from '../share/rig/servers.js';
import type { Row } from './row.js';

/** What the command line asks for. */
export interface Wish {
  /** Rows by name; none: all. */
  readonly names: readonly string[];
  readonly form: 'table' | 'json' | 'markdown';
  readonly isQuick: boolean;
  readonly runs: number;
  readonly delayMs: number;
  readonly directory: string;
  readonly share: MountName | null;
  /** Where figures are drawn. */
  readonly figures: string | null;
}

export const USAGE = `usage: npm run bench -- [ROW...] [--quick] [--json | --markdown] [--runs N] [--delay MS]
                          [--figures DIR] [--directory DIR | --share ${mountNames.join('|')}]`;

/** @throws Error at a word that is not understood */
export function wishOf(words: readonly string[]): Wish {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      ...{ quick: { type: 'boolean' }, json: { type: 'boolean' }, markdown: { type: 'boolean' } },
      ...{ runs: { type: 'string' }, delay: { type: 'string' }, directory: { type: 'string' } },
      ...{ share: { type: 'string' }, figures: { type: 'string' } },
    },
  });
  const isQuick = values.quick ?? false;
  return {
    names: positionals,
    form: values.json ? 'json' : values.markdown ? 'markdown' : 'table',
    isQuick,
    runs: numberOf('--runs', values.runs ?? (isQuick ? '2' : '5'), 1),
    delayMs: numberOf('--delay', values.delay ?? '0', 0),
    directory: values.directory ?? os.tmpdir(),
    share: mountOf(values.share),
    figures: values.figures ?? null,
  };
}

function numberOf(option: string, word: string, least: number): number {
  const value = Number(word);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`${option}: expected a whole number from ${least}, got "${word}"`);
}

function mountOf(word: string | undefined): MountName | null {
  const known = mountNames.find((name) => name === word);
  if (known !== undefined || word === undefined) return known ?? null;
  throw new Error(`--share: expected ${mountNames.join(', ')}, got "${word}"`);
}

/**
 * `crowd` stands for all rows that begin so. @throws Error where none is left
 */
export function chosenOf({ names, isQuick }: Wish, rows: readonly Row[]): readonly Row[] {
  const isNamed = (row: Row) => names.some((name) => row.name === name || row.name.startsWith(`${name}-`));
  const chosen = names.length > 0 ? rows.filter(isNamed) : rows.filter((row) => !(isQuick && row.isLong));
  if (chosen.length > 0) return chosen;
  throw new Error(`no such row; there are ${rows.map(({ name }) => name).join(', ')}`);
}
