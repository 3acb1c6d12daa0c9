import type { Finding } from '../doctor/findings.js';
import { printable } from './words.js';

/** One finding in words: what it is, what it means for seats, what to do. */
export interface Told {
  readonly found: string;
  readonly meaning: string;
  /** Null: nothing is to be done. */
  readonly advice: string | null;
}

export type Of<Check extends Finding['check']> = Extract<Finding, { check: Check }>;

/** The words for each check. A new check without words fails to compile. */
export type Words = { readonly [Check in Finding['check']]: (finding: Of<Check>) => Told };

export const tell = (found: string, meaning: string, advice: string | null = null): Told => ({
  found,
  meaning,
  advice,
});
export const counted = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`;
export const list = (names: readonly string[]): string =>
  printable(names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : ''));
export const ms = (value: number): string =>
  value < 10_000 ? `${Math.round(value * 10) / 10} ms` : `${Math.round(value / 1000)} s`;
export const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)));
  return `${Math.round(count / 1024 ** step)} ${units[step]}`;
}

export const MOVE = 'Keep the licence on a file share (SMB or NFS) that all PCs mount directly.';
