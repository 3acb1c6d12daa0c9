import nodePath from 'node:path';
import type { FaultCode, LicencePlace } from '../api.js';
import type { SealedEntitlement } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import { parseJson } from '../licence/json.js';
import { readLicenceKey } from '../licence/licence-key.js';
import { isRecord } from '../licence/shapes.js';
import type { Trust } from '../licence/trust.js';
import { breath, type Clock, LARGE_BYTES } from '../share/clock.js';
import { checkDeadline, type Deadline, toFault } from '../share/deadline.js';
import { nullIf, ShareError, type ShareErrorKind, type ShareFiles } from '../share/files.js';
import { documentIn, folderOf, highestAmong, numberName } from '../share/layout.js';
import { wholePath } from '../share/paths.js';
import { readLoosely, type Shown } from './shown.js';

/** Bounds of a search: a directory that holds more is no directory of licences. */
const MOST_FILES = 1000;
const MOST_BYTES = 256 * 1_048_576;

/** What a search has to work with. */
export interface Search {
  readonly files: ShareFiles;
  readonly clock: Clock;
  readonly deadline: Deadline;
  /** A licence that does not verify is never picked. */
  readonly trust: Trust;
}

/** Which licence is searched for. */
interface KeyWish {
  /** In the form in which it is written. */
  readonly key: string;
  /** Every link resolved. */
  readonly directory: string;
}

/** What a search found so far: names of files. */
interface Found {
  readonly picked: string[];
  /** It has the key, and is not picked. */
  readonly refused: string[];
  readonly unreadable: string[];
}

/**
 * The path of the one licence with a key. What counts is the newest revision of each licence: `licence.json` may lag
 * behind it, or be gone. Only regular files are read, and no link is followed. An older issue of a licence beside a
 * newer one is two licences: each has a seat table of its own, and users would meet in one or the other.
 * @throws SeatfileFault BAD_ARGUMENT, LICENCE_MISSING, LICENCE_AMBIGUOUS, LICENCE_UNREADABLE, SHARE_*
 */
export async function pathByKey(place: Exclude<LicencePlace, string>, search: Search): Promise<string> {
  const key = readLicenceKey(place.key);
  if (place.in === '') throw new SeatfileFault('BAD_ARGUMENT', 'in: expected a directory, got ""');
  const directory = wholePath(place.in);
  try {
    const wish = { key, directory: await search.files.resolve(directory) };
    return nodePath.join(directory, await nameByKey(wish, search));
  } catch (error) {
    throw noDirectory(error, directory);
  }
}

async function nameByKey(wish: KeyWish, { files, clock, deadline, trust }: Search): Promise<string> {
  const listed = new Set(await files.list(wish.directory));
  const names = candidatesAmong(listed);
  if (names.length > MOST_FILES) throw tooMuch(wish, `found ${names.length} files`);
  const found: Found = { picked: [], refused: [], unreadable: [] };
  let bytes = 0;
  for (const name of names) {
    checkDeadline(deadline, clock, `the files of ${wish.directory}`);
    const path = nodePath.join(wish.directory, name);
    const read = await readNewest(path, files, listed.has(folderOf(name)));
    judge({ name, read, key: wish.key }, trust, found);
    if (read && read !== 'unreadable') bytes += read.bytes;
    if (bytes > MOST_BYTES) throw tooMuch(wish, `read ${MOST_BYTES / 1_048_576} MiB before the end`);
  }
  const [name, ...others] = found.picked;
  if (name === undefined) throw missing(wish, names.length, found);
  if (others.length > 0) throw ambiguous(wish, found.picked);
  return name;
}

const FOLDER = folderOf('');
const LICENCE_FILE = /^[^.].*\.json$/i;

/** Licence files among the names of a directory, also those of which only the folder is left. In order. */
function candidatesAmong(names: ReadonlySet<string>): string[] {
  const folders = [...names]
    .filter((name) => name.endsWith(FOLDER))
    .map((name) => name.slice(0, -FOLDER.length));
  return [...new Set([...names, ...folders])].filter((name) => LICENCE_FILE.test(name)).sort();
}

interface Candidate {
  readonly name: string;
  readonly read: Read | 'unreadable' | null;
  readonly key: string;
}

function judge({ name, read, key }: Candidate, trust: Trust, found: Found): void {
  if (read === 'unreadable') found.unreadable.push(name);
  if (read === null || read === 'unreadable' || read.shown === null) return;
  if (keyIn(read.shown.entitlement) !== key) return;
  const verdict = trust.isAsked ? trust.verdictOn(read.shown.entitlement) : 'valid';
  if (verdict === 'valid') found.picked.push(name);
  else found.refused.push(`${name} ${REFUSED[verdict]}`);
}

const REFUSED = {
  invalid: 'was changed after it was signed',
  unsigned: 'is not signed',
  'unknown key': 'is signed with a key that is not known here',
} as const;

interface Read {
  /** Null: it is no licence. */
  readonly shown: Shown | null;
  readonly bytes: number;
}

/** Null: there is no such file, or something that is no file. */
async function readNewest(path: string, files: ShareFiles, hasFolder: boolean): Promise<Candidate['read']> {
  const revision = hasFolder ? await readRevision(folderOf(path), files) : null;
  if (revision?.shown) return revision;
  try {
    const bytes = await nullIf(files.read(path), 'missing', 'wrongKind', 'stale');
    return bytes && (await loosely(bytes));
  } catch (error) {
    if (error instanceof ShareError && PLAIN_TROUBLE.includes(error.kind)) return 'unreadable';
    throw error;
  }
}

async function loosely(bytes: Uint8Array): Promise<Read> {
  if (bytes.length > LARGE_BYTES) await breath();
  return { shown: readLoosely(bytes), bytes: bytes.length };
}

/** One file is in trouble, and not the share. */
const PLAIN_TROUBLE: readonly ShareErrorKind[] = ['refused', 'busy', 'tooLarge', 'wrongKind'];

/** The latest one may be collected between listing and reading. */
async function readRevision(folder: string, files: ShareFiles): Promise<Read | null> {
  for (let tries = 0; tries < 2; tries++) {
    const names = await nullIf(files.list(folder), 'missing', 'wrongKind', 'refused', 'stale', 'tooLarge');
    const top = names ? highestAmong(names) : -1;
    if (top < 0) return null;
    const document = documentIn(nodePath.join(folder, numberName(top)));
    const bytes = await nullIf(files.read(document), 'missing', 'stale', ...PLAIN_TROUBLE);
    if (bytes) return await loosely(bytes);
  }
  return null;
}

/** The rest is checked when the licence is opened. */
function keyIn({ payload }: SealedEntitlement): unknown {
  try {
    const granted = parseJson(payload, '');
    return isRecord(granted) ? granted['licenceKey'] : null;
  } catch {
    return null;
  }
}

const NAMES_SHOWN = 10;
const list = (names: readonly string[]): string =>
  names.length <= NAMES_SHOWN
    ? names.join(', ')
    : `${names.slice(0, NAMES_SHOWN).join(', ')} and ${names.length - NAMES_SHOWN} more`;

function missing({ key, directory }: KeyWish, looked: number, { refused, unreadable }: Found): SeatfileFault {
  const files = looked === 1 ? '1 file' : `${looked} files`;
  const not = refused.length === 0 ? '' : `; with this key, but not picked: ${list(refused)}`;
  const closed = unreadable.length === 0 ? '' : `; could not be read: ${list(unreadable)}`;
  return new SeatfileFault(
    'LICENCE_MISSING',
    `${directory}: expected the licence ${key}, found none with this key among ${files} (*.json)${not}${closed}; ` +
      'compare the key with the licence, or give the licence file itself',
    { details: { path: directory, licenceKey: key } },
  );
}

const ambiguous = ({ key, directory }: KeyWish, names: readonly string[]): SeatfileFault =>
  new SeatfileFault(
    'LICENCE_AMBIGUOUS',
    `${directory}: expected one licence ${key}, found ${names.length}: ${list(names)}; each has seats of its own: ` +
      'move away all but the one in use, or give the licence file itself',
    { details: { path: directory, licenceKey: key, names } },
  );

const tooMuch = ({ key, directory }: KeyWish, what: string): SeatfileFault =>
  new SeatfileFault(
    'LICENCE_UNREADABLE',
    `${directory}: expected at most ${MOST_FILES} licence files of ${MOST_BYTES / 1_048_576} MiB together ` +
      `in a directory that is searched for ${key}, ${what}; give the licence file itself`,
    { details: { path: directory, licenceKey: key } },
  );

function noDirectory(error: unknown, directory: string): unknown {
  const fault = (code: FaultCode, found: string) =>
    new SeatfileFault(code, `${directory}: expected a directory of licences, ${found}`, {
      cause: error,
      details: { path: directory, found },
    });
  switch (error instanceof ShareError ? error.kind : null) {
    case 'missing':
      return fault('LICENCE_MISSING', 'found nothing; check the path, and whether the share is connected');
    case 'wrongKind':
      return fault('LICENCE_UNREADABLE', 'found something else; to open a licence file give no key');
    case 'refused':
      return fault(
        'LICENCE_UNREADABLE',
        'which this user has no right to list; ask the administrator of the share',
      );
    default:
      return toFault(error);
  }
}
