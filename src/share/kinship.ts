import { licenceIdOf } from '../core/restore.js';
import { readLoosely } from './face.js';
import { nullIf, type ShareFiles } from './files.js';
import { documentIn, folderOf, inFolder, numberName, numbersAmong } from './place.js';

/** Whether two places hold one seat table under two names, or a table and a copy of it that goes its own way. */

/** What is compared of a table. Nothing is written, and nothing but a directory and plain files is opened. */
export interface Sight {
  /** Ascending; null when there is no folder. */
  numbers(): Promise<number[] | null>;
  /** A revision's document; null when it is not there, or no file to be read for this. */
  document(number: number): Promise<Uint8Array | null>;
}

/**
 * same: one folder under two names. two: tables that were one once. undecided: nothing tells yet. gone: there is no table of
 * this licence at the other place (any more).
 */
export type Kinship = 'same' | 'two' | 'undecided' | 'gone';

/** A place that somebody else wrote down may hold anything: no more than this is read of a document. 9,000 seats fit. Bytes. */
const MOST_BYTES = 4 * 1024 * 1024;

export function sightOf(face: string, files: ShareFiles): Sight {
  const folder = folderOf(face);
  return {
    numbers: async () => {
      const stat = await nullIf(files.stat(folder), 'missing', 'wrongKind');
      if (stat?.kind !== 'directory') return null;
      const names = await nullIf(files.list(folder), 'missing');
      return names && numbersAmong(names);
    },
    document: async (number) => {
      const path = documentIn(inFolder({ folder }, numberName(number)));
      const stat = await nullIf(files.stat(path), 'missing', 'wrongKind');
      if (stat?.kind !== 'file' || stat.bytes > MOST_BYTES) return null;
      return await nullIf(files.read(path), 'missing');
    },
  };
}

/** Two tables are believed at the second look: between listing here and there a process may be stopped for any time. */
export async function kinship(here: Sight, there: Sight, licenceId: string): Promise<Kinship> {
  const first = await compare(here, there, licenceId);
  return first === 'two' ? await compare(here, there, licenceId) : first;
}

/**
 * A revision never changes, and the newest ones stay for minutes. So one folder shows, by whatever name, a number in common,
 * and under the highest such number the same bytes; two tables differ there as soon as both have gone on.
 */
async function compare(here: Sight, there: Sight, licenceId: string): Promise<Kinship> {
  const ours = await here.numbers();
  if (ours === null) return 'undecided'; // no revision yet
  const theirs = await there.numbers();
  const top = theirs?.at(-1);
  if (theirs === null || top === undefined) return 'gone';
  const newest = await there.document(top);
  if (newest === null) return 'undecided';
  if (licenceIdIn(newest) !== licenceId) return 'gone';
  const common = theirs.findLast((number) => ours.includes(number));
  if (common === undefined) return 'two';
  const one = await here.document(common);
  const other = common === top ? newest : await there.document(common);
  if (one === null || other === null) return 'undecided';
  if (Buffer.compare(one, other) !== 0) return 'two';
  return common === ours.at(-1) ? 'same' : 'undecided';
}

/** Of the newest revision; null where nothing tells. */
export async function licenceIdAt(sight: Sight): Promise<string | null> {
  const top = (await sight.numbers())?.at(-1);
  const newest = top === undefined ? null : await sight.document(top);
  return newest && licenceIdIn(newest);
}

function licenceIdIn(document: Uint8Array): string | null {
  const read = readLoosely(document);
  return read && licenceIdOf(read.entitlement);
}
