import nodePath from 'node:path';
import type { Licence } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import { formatLicence } from '../licence/text.js';
import { toFault } from '../share/deadline.js';
import {
  type FileStat,
  nullIf,
  READ_AND_WRITE,
  ShareError,
  type ShareErrorKind,
  type ShareFiles,
} from '../share/files.js';
import { folderOf } from '../share/layout.js';
import { refuseInside, wholePath } from '../share/paths.js';
import { unreadable } from './first-folder.js';

/**
 * Writes a new licence file, with the read and write rights of its directory. Never over anything.
 * @param examine called before anything is written, and throws where nothing should be
 * @returns the resolved path
 * @throws SeatfileFault LICENCE_EXISTS, LICENCE_MISSING (no such directory), SHARE_*
 */
export async function createLicenceFile(
  path: string,
  licence: Licence,
  files: ShareFiles,
  examine: (licenceFile: string) => Promise<void>,
): Promise<string> {
  const { licenceFile, directory } = await freePlace(path, files);
  try {
    await examine(licenceFile);
    const { mode } = await files.stat(directory);
    await writeWhole(licenceFile, formatLicence(licence, 'pretty'), mode & READ_AND_WRITE, files);
    return licenceFile;
  } catch (error) {
    if (error instanceof ShareError && error.kind === 'exists') throw exists(licenceFile);
    throw toFault(error);
  }
}

/** After these nothing was made, or it is not known what. */
const NOT_TAKEN_BACK: readonly ShareErrorKind[] = ['exists', 'silent', 'unsaid'];

async function writeWhole(file: string, text: string, mode: number, files: ShareFiles): Promise<void> {
  await files.writeNew(file, text, mode).catch(async (error: unknown) => {
    const isTakenBack = error instanceof ShareError && !NOT_TAKEN_BACK.includes(error.kind);
    if (isTakenBack) await takeBack(file, text, files);
    throw error;
  });
}

/** Removes what was written of a text that the share then refused: a file of another writer begins otherwise. */
async function takeBack(licenceFile: string, text: string, files: ShareFiles): Promise<void> {
  const bytes = await files.read(licenceFile).catch(() => null);
  const isOurs = bytes !== null && Buffer.from(text).subarray(0, bytes.length).equals(bytes);
  if (isOurs) await files.removeFile(licenceFile).catch(() => undefined);
}

/**
 * Where a licence file can be written: the resolved path, and the directory around it.
 * @throws SeatfileFault LICENCE_EXISTS where a file or a folder of revisions is there, LICENCE_MISSING, SHARE_*
 */
export async function freePlace(
  path: string,
  files: ShareFiles,
): Promise<{ readonly licenceFile: string; readonly directory: string }> {
  const asked = wholePath(path);
  const directory = await files.resolve(nodePath.dirname(asked)).catch((error: unknown) => {
    throw noDirectory(error, nodePath.dirname(asked));
  });
  const licenceFile = nodePath.join(directory, nodePath.basename(asked));
  refuseInside(licenceFile);
  try {
    const [file, folder] = [await lookAt(licenceFile, files), await lookAt(folderOf(licenceFile), files)];
    if (file?.kind === 'directory') throw isDirectory(licenceFile);
    if (file && folder) throw isInstalled(licenceFile);
    if (folder) throw tableThere(licenceFile);
    if (file) throw exists(licenceFile);
    return { licenceFile, directory };
  } catch (error) {
    throw toFault(error);
  }
}

/** Takes a file back that createLicenceFile made, when the share turned out unfit for it. */
export async function removeLicenceFile(licenceFile: string, files: ShareFiles): Promise<void> {
  const folder = await files.stat(folderOf(licenceFile)).catch((error: unknown) => error);
  const isAlone = folder instanceof ShareError && folder.kind === 'missing'; // any other answer proves nothing
  if (isAlone) await files.removeFile(licenceFile).catch(() => undefined);
}

const lookAt = (path: string, files: ShareFiles): Promise<FileStat | null> =>
  nullIf(files.stat(path), 'missing');

const isDirectory = (path: string): SeatfileFault =>
  new SeatfileFault(
    'LICENCE_EXISTS',
    `${path}: that is a directory; give the path of the licence file in it, like ` +
      nodePath.join(path, 'licence.json'),
    { details: { path } },
  );

const isInstalled = (path: string): SeatfileFault =>
  new SeatfileFault(
    'LICENCE_EXISTS',
    `${path}: already exists, with its seats and its journal, and is never overwritten. seatfile set changes it, ` +
      'seatfile install puts another licence in its place; or choose another name',
    { details: { path } },
  );

const exists = (path: string): SeatfileFault =>
  new SeatfileFault(
    'LICENCE_EXISTS',
    `${path}: already exists, and is never overwritten; delete it, or choose another name`,
    { details: { path } },
  );

/** Without the licence file beside it: all seats and the journal are in that folder, so no advice may cost it. */
const tableThere = (licenceFile: string): SeatfileFault =>
  new SeatfileFault(
    'LICENCE_EXISTS',
    `${folderOf(licenceFile)}: a seat table is there, with all its seats: leave it. The missing ` +
      `${nodePath.basename(licenceFile)} comes back with the next commit (seatfile status ${licenceFile} shows it). ` +
      'Make the new licence in another directory, and install it with seatfile install',
    { details: { path: licenceFile } },
  );

function noDirectory(error: unknown, directory: string): unknown {
  if (error instanceof ShareError && (error.kind === 'missing' || error.kind === 'wrongKind'))
    return new SeatfileFault(
      'LICENCE_MISSING',
      `${directory}: expected a directory, found none; is the share connected?`,
      { cause: error, details: { path: directory } },
    );
  return unreadable(error, directory);
}
