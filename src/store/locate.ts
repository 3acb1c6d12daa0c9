import nodePath from 'node:path';
import type { Licence } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import { toFault } from '../share/deadline.js';
import {
  DIRECTORY_BITS,
  type FileStat,
  nullIf,
  READ_AND_WRITE,
  ShareError,
  type ShareFiles,
} from '../share/files.js';
import {
  documentIn,
  folderOf,
  inFolder,
  type LicencePaths,
  numberName,
  numbersAmong,
  pathsOf,
} from '../share/layout.js';
import { hintFor, refuseInside, refuseMounted, wholePath } from '../share/paths.js';
import { unreadable } from './first-folder.js';
import { readLoosely } from './shown.js';
import type { Store } from './store.js';

/**
 * Finds a licence: every link resolved once, the rights to hand on, and what must not be: a file from which a
 * second table would begin, or a link where the folder or the lock should be (another user could exchange
 * it).
 * @param mountinfo of this computer; null where there is none
 * @throws SeatfileFault BAD_ARGUMENT, LICENCE_MISSING, LICENCE_UNREADABLE, SHARE_UNFIT, SHARE_*
 */
export async function locate(
  path: string,
  files: ShareFiles,
  mountinfo: string | null = null,
): Promise<LicencePaths> {
  const hint = hintFor(path);
  const spelt = wholePath(path);
  const licenceFile = await resolveLicenceFile(spelt, files, hint);
  refuseInside(licenceFile);
  refuseMounted(licenceFile, mountinfo);
  try {
    const around = await files.stat(nodePath.dirname(licenceFile));
    const shown = await nullIf(files.stat(licenceFile), 'missing');
    const folder = await nullIf(files.stat(folderOf(licenceFile)), 'missing');
    refuseOddLicenceFile(licenceFile, shown, folder, hint);
    const directoryMode = around.mode & DIRECTORY_BITS;
    const fileMode = shown ? shown.mode & 0o777 : directoryMode & READ_AND_WRITE;
    const volume = await files.volume(nodePath.dirname(licenceFile)).catch(nullUnlessSilent);
    const isFolderFound = folder !== null;
    const paths = {
      ...pathsOf(licenceFile, directoryMode, fileMode, volume?.type ?? null),
      ...{ isFolderFound, spelt },
    };
    if (folder) await refuseLinks(paths, folder, files);
    return shown ? paths : { ...paths, fileMode: await modeOfLatest(paths, files) };
  } catch (error) {
    throw toFault(error);
  }
}

async function resolveLicenceFile(path: string, files: ShareFiles, hint: string): Promise<string> {
  try {
    return await files.resolve(path);
  } catch (error) {
    if (!(error instanceof ShareError && error.kind === 'missing')) throw notThere(error, path, hint);
  }
  try {
    return nodePath.join(await files.resolve(nodePath.dirname(path)), nodePath.basename(path));
  } catch (error) {
    throw notThere(error, path, hint);
  }
}

/** With a hint at what the path may have been meant for. */
function notThere(error: unknown, path: string, hint: string): unknown {
  const fault = unreadable(error, path);
  if (!(fault instanceof SeatfileFault) || fault.code !== 'LICENCE_MISSING' || hint === '') return fault;
  return new SeatfileFault('LICENCE_MISSING', fault.message + hint, { cause: error, details: fault.details });
}

function refuseOddLicenceFile(
  licenceFile: string,
  shown: FileStat | null,
  folder: FileStat | null,
  hint: string,
): void {
  if (shown === null && folder === null)
    throw notThere(new ShareError('missing', 'look at', licenceFile), licenceFile, hint);
  if (shown !== null && shown.kind !== 'file')
    throw new SeatfileFault(
      'LICENCE_UNREADABLE',
      `${licenceFile}: expected a licence file, ` +
        `found ${shown.kind === 'other' ? 'something that is no file' : `a ${shown.kind}`}; ` +
        'give the path of the file itself',
      { details: { path: licenceFile } },
    );
  if (shown !== null && shown.links > 1 && folder === null)
    throw new SeatfileFault(
      'SHARE_UNFIT',
      `${licenceFile}: expected a file with one name, found one with ${shown.links} (hard links): ` +
        'a seat table could begin beside each; copy it to a name of its own',
      { details: { path: licenceFile } },
    );
}

/** What does not matter yet may fail. But a share that does not answer is told now, not after one more wait. */
function nullUnlessSilent(error: unknown): null {
  if (error instanceof ShareError && error.kind === 'silent') throw error;
  return null;
}

async function refuseLinks(paths: LicencePaths, folder: FileStat, files: ShareFiles): Promise<void> {
  const lock = await files.stat(paths.lock).catch(nullUnlessSilent);
  const odd =
    folder.kind !== 'directory' ? paths.folder : lock && lock.kind !== 'directory' ? paths.lock : null;
  if (odd !== null)
    throw new SeatfileFault(
      'SHARE_UNFIT',
      `${odd}: expected a directory of seatfile's own, found something else; remove it`,
      { details: { path: odd } },
    );
}

/** Where `licence.json` is missing, the newest revision tells the rights its files have. */
async function modeOfLatest(paths: LicencePaths, files: ShareFiles): Promise<number> {
  const top = numbersAmong(await files.list(paths.folder)).at(-1);
  if (top === undefined) return paths.fileMode;
  const stat = await nullIf(files.stat(documentIn(inFolder(paths, numberName(top)))), 'missing');
  return stat ? stat.mode & 0o777 : paths.fileMode;
}

/**
 * Why a licence cannot be opened, and what to do. Before a seat is held, a refused right is a fault of the licence
 * file.
 */
export function whyNotOpened(error: unknown): unknown {
  if (!(error instanceof SeatfileFault)) return error;
  const { code, details, message } = error;
  if (code === 'SHARE_REFUSED')
    return new SeatfileFault('LICENCE_UNREADABLE', message, { cause: error, details });
  if (code !== 'LICENCE_INVALID') return error;
  return new SeatfileFault(code, `${message}; put a good copy in its place (seatfile doctor tells more)`, {
    cause: error,
    details,
  });
}

/**
 * If `licence.json` shows a later revision of the same lineage than the table has, the table went backwards.
 */
export async function heedLicenceFile(store: Store, top: Licence, files: ShareFiles): Promise<boolean> {
  const bytes = await files.read(store.paths.licenceFile).catch(() => null);
  const shown = bytes && readLoosely(bytes);
  if (!shown || shown.lineage !== top.lineage || typeof shown.revision !== 'number') return false;
  store.expectAtLeast(shown.revision);
  return shown.revision > top.revision;
}
