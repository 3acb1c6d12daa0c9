import nodePath from 'node:path';
import { SeatfileFault } from '../licence/fault.js';
import { toFault } from '../share/deadline.js';
import { nullIf, ShareError, type ShareFiles, STICKY } from '../share/files.js';
import { wholePath } from '../share/paths.js';
import { type GivenFile, readGiven } from './given-file.js';
import { type NewKeys, openPrivateKey, type SigningKey } from './keys.js';

/** The vendor's keys on the disk. Rights are those of POSIX: Windows and some file systems have none to look at. */

const PRIVATE_FILE = 'private.pem';
const PUBLIC_FILE = 'public.pem';
const OWN_FILE = 0o600;
const OWN_DIRECTORY = 0o700;
const SHOWN_FILE = 0o644;
const [GROUP_WRITES, OTHERS_WRITE, OTHERS_AT_ALL] = [0o020, 0o002, 0o077];

/** What makes a secret less safe than it could be. It is told, and stops nothing. */
export interface KeyWarning {
  readonly kind: 'group can write' | 'others can write' | 'others can read';
  readonly path: string;
  readonly mode: number;
}

export interface KeyDeps {
  readonly files: ShareFiles;
  readonly platform: NodeJS.Platform;
}

export interface WrittenKeys {
  readonly privateFile: string;
  readonly publicFile: string;
  readonly warnings: readonly KeyWarning[];
}

/**
 * Writes a new pair of keys into a directory, which is made if it is missing. Never over anything; both or neither.
 * @throws SeatfileFault LICENCE_EXISTS, LICENCE_MISSING (no directory for the directory), BAD_ARGUMENT (every user may
 * write there), SHARE_*
 */
export async function writeKeys(out: string, keys: NewKeys, deps: KeyDeps): Promise<WrittenKeys> {
  const asked = wholePath(out);
  const isMade = await makeMissing(asked, deps.files);
  try {
    return await writeInto(await deps.files.resolve(asked), keys, deps);
  } catch (error) {
    if (isMade) await deps.files.removeDirectory(asked).catch(() => undefined);
    throw toFault(error);
  }
}

async function makeMissing(directory: string, files: ShareFiles): Promise<boolean> {
  try {
    if ((await nullIf(files.stat(directory), 'missing')) !== null) return false;
    await files.makeDirectory(directory, OWN_DIRECTORY);
    return true;
  } catch (error) {
    if (!(error instanceof ShareError && (error.kind === 'missing' || error.kind === 'wrongKind')))
      throw toFault(error);
    const around = nodePath.dirname(directory);
    throw new SeatfileFault('LICENCE_MISSING', `${around}: expected a directory, found none; make it first`, {
      cause: error,
    });
  }
}

/**
 * Whether keys can go there, as far as it can be told before they are made. A missing directory is no trouble.
 * @throws SeatfileFault as writeKeys()
 */
export async function checkKeyPlace(out: string, deps: KeyDeps): Promise<void> {
  try {
    const directory = await nullIf(deps.files.resolve(wholePath(out)), 'missing');
    if (directory !== null) await checkFolder(directory, deps);
  } catch (error) {
    throw toFault(error);
  }
}

async function checkFolder(directory: string, deps: KeyDeps): Promise<KeyWarning[]> {
  const folder = await deps.files.stat(directory);
  if (folder.kind !== 'directory')
    throw new SeatfileFault(
      'LICENCE_EXISTS',
      `${directory}: expected a directory for the keys, found a ${folder.kind}; give another`,
    );
  for (const name of [PRIVATE_FILE, PUBLIC_FILE]) {
    const path = nodePath.join(directory, name);
    if ((await nullIf(deps.files.stat(path), 'missing')) !== null) throw exists(path);
  }
  const warnings = await openFolder(directory, deps);
  refuseOpen(warnings);
  return warnings;
}

async function writeInto(directory: string, keys: NewKeys, deps: KeyDeps): Promise<WrittenKeys> {
  const { files } = deps;
  const groupWrites = await checkFolder(directory, deps);
  const privateFile = nodePath.join(directory, PRIVATE_FILE);
  const publicFile = nodePath.join(directory, PUBLIC_FILE);
  await writeWhole(privateFile, keys.privatePem, OWN_FILE, files);
  await writeWhole(publicFile, keys.publicPem, SHOWN_FILE, files).catch(async (error: unknown) => {
    await files.removeFile(privateFile).catch(() => undefined);
    throw error;
  });
  const seen = await openToOthers(privateFile, deps).catch(() => []); // the keys are there, whatever is seen of them
  return { privateFile, publicFile, warnings: [...groupWrites, ...seen] };
}

/** A file that is there is the one that another process has made meanwhile; any other is a piece of this one. */
async function writeWhole(path: string, text: string, mode: number, files: ShareFiles): Promise<void> {
  await files.writeNew(path, text, mode).catch(async (error: unknown) => {
    if (error instanceof ShareError && error.kind === 'exists') throw exists(path);
    await files.removeFile(path).catch(() => undefined);
    throw error;
  });
}

/** A user that can write in the folder can put its own key in the place of the vendor's. */
async function openFolder(directory: string, deps: KeyDeps): Promise<KeyWarning[]> {
  if (!hasModes(deps)) return [];
  const { mode } = await deps.files.stat(directory);
  if ((mode & STICKY) !== 0) return []; // there only the owner of a file may replace it
  if ((mode & OTHERS_WRITE) !== 0) return [{ kind: 'others can write', path: directory, mode }];
  return (mode & GROUP_WRITES) === 0 ? [] : [{ kind: 'group can write', path: directory, mode }];
}

/** New keys do not go where every user can exchange them. */
function refuseOpen(warnings: readonly KeyWarning[]): void {
  for (const { kind, path, mode } of warnings)
    if (kind === 'others can write')
      throw new SeatfileFault(
        'BAD_ARGUMENT',
        `${path}: every user of this computer can write there (mode ${mode.toString(8)}), and put another key in ` +
          `the place of yours; run chmod go-w ${path}, or give another directory`,
      );
}

const hasModes = ({ platform }: KeyDeps): boolean => platform !== 'win32';

const exists = (path: string): SeatfileFault =>
  new SeatfileFault(
    'LICENCE_EXISTS',
    `${path}: already exists, and a key is never overwritten: licences that it signed could not be issued again; ` +
      'give another directory',
  );

async function openToOthers(path: string, deps: KeyDeps): Promise<KeyWarning[]> {
  if (!hasModes(deps)) return [];
  const { mode } = await deps.files.stat(path);
  return (mode & OTHERS_AT_ALL) !== 0 ? [{ kind: 'others can read', path, mode }] : [];
}

/** A private key as read from its file. */
export interface FoundKey extends SigningKey {
  /** Resolved: the list of what was issued lies beside it. */
  readonly file: string;
  readonly warnings: readonly KeyWarning[];
}

/**
 * @param passphrase asked where the key has one
 * @throws SeatfileFault BAD_ARGUMENT, SHARE_*
 */
export async function readKeyFile(
  path: string,
  passphrase: () => Promise<string>,
  deps: KeyDeps,
): Promise<FoundKey> {
  const { file, text, warnings } = await readSecret('--key', path, deps);
  const folder = await openFolder(nodePath.dirname(file), deps);
  return { ...(await openPrivateKey(text, file, passphrase)), file, warnings: [...folder, ...warnings] };
}

/**
 * A passphrase from a file: its one line.
 * @throws SeatfileFault BAD_ARGUMENT, SHARE_*
 */
export async function readPassphrase(
  path: string,
  deps: KeyDeps,
): Promise<{ readonly passphrase: string; readonly warnings: readonly KeyWarning[] }> {
  const { file, text, warnings } = await readSecret('--passphrase-file', path, deps);
  const [passphrase = '', ...more] = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  if (more.some((line) => line !== ''))
    throw new SeatfileFault('BAD_ARGUMENT', `${file}: expected one line, the passphrase; found several`);
  if (passphrase === '')
    throw new SeatfileFault('BAD_ARGUMENT', `${file}: expected one line, the passphrase; found none`);
  return { passphrase, warnings };
}

/** The text of a file that should be its owner's alone. */
async function readSecret(
  option: string,
  path: string,
  deps: KeyDeps,
): Promise<GivenFile & { readonly warnings: readonly KeyWarning[] }> {
  const given = await readGiven(option, path, deps.files);
  return { ...given, warnings: await openToOthers(given.file, deps) };
}
