import nodePath from 'node:path';
import {
  DIRECTORY_BITS,
  type FileStat,
  nullIf,
  READ_AND_WRITE,
  SET_GROUP,
  ShareError,
  type ShareErrorKind,
  type ShareFiles,
  STICKY,
  sameRights,
} from '../share/files.js';
import { folderOf } from '../share/layout.js';
import type { Finding, Refusal } from './findings.js';
import type { Target } from './first-look.js';
import type { OwnDirectories } from './own-directories.js';
import { passOver } from './probes.js';

type Others = Extract<Finding, { check: 'rights' }>['others'];

const REFUSALS: readonly ShareErrorKind[] = ['refused', 'readOnly', 'full'];

/** What a try of this user's rights needs. */
export interface Trial {
  readonly target: Target;
  readonly files: ShareFiles;
  readonly own: OwnDirectories;
  /** Whether permission bits tell anything there. */
  readonly areModesReal: boolean;
  /** Called with each directory that was made. */
  readonly made: (path: string) => void;
}

/** How the try of one directory ended. */
interface Tried {
  readonly refused: Refusal | null;
  readonly isMade: boolean;
  readonly keepsModes: boolean;
}

/** Whether this user may do all that a commit does: beside the licence, and in its folder if that is needed. */
export async function examineOwnRights(trial: Trial): Promise<Finding> {
  const { target, files, own, areModesReal } = trial;
  const { around, licenceFile, isLicence } = target;
  const licence = isLicence ? licenceFile : null;
  const stat = await files.stat(around);
  const hasFolder = (await kindOf(folderOf(licenceFile), files)) === 'directory';
  const beside = await tryDirectory(own.beside(), stat, trial);
  const needsFolder = hasFolder && (beside.refused === null || !beside.isMade);
  const inside = needsFolder ? await tryDirectory(own.inside(), stat, trial, beside.isMade) : beside;
  const refused = hasFolder ? inside.refused : beside.refused;
  const where = refused ? null : beside.refused ? 'folder' : 'around';
  const { keepsModes } = inside;
  const isSticky = (stat.mode & STICKY) !== 0;
  const keepsGroup = (stat.mode & SET_GROUP) !== 0;
  const others = areModesReal ? othersBy(stat.mode) : 'unknown';
  const isPoor = others === 'nobody' || where === 'folder' || (others === 'group' && !keepsGroup);
  return {
    check: 'rights',
    severity: refused || isSticky ? 'unfit' : isPoor ? 'warning' : keepsModes ? 'ok' : 'note',
    ...{ refused, where, mode: stat.mode, around, licence, isSticky, others, keepsGroup, keepsModes },
  };
}

/** Null if nothing is there, or if this user may not see it. */
async function kindOf(path: string, files: ShareFiles): Promise<FileStat['kind'] | null> {
  return (await nullIf(files.stat(path), 'missing', 'refused'))?.kind ?? null;
}

/**
 * All that a commit does with a directory: made, given its rights, listed, filled, renamed, emptied, removed.
 * @param isSpare the checks have a directory already: this one is removed
 */
async function tryDirectory(path: string, around: FileStat, trial: Trial, isSpare = false): Promise<Tried> {
  const { files, own, made } = trial;
  const mode = around.mode & DIRECTORY_BITS;
  let isMade = false;
  try {
    own.attempted.push(path);
    await files.makeDirectory(path);
    isMade = true;
    made(path);
    await files.setMode(path, mode).catch(passOver);
    const keepsModes = sameRights((await files.stat(path)).mode, mode);
    await files.list(nodePath.dirname(path));
    await tryFile(path, files, mode);
    if (isSpare) await nullIf(files.removeDirectory(path), 'notEmpty'); // an indexer wrote in it: removed at the end
    return { refused: null, isMade, keepsModes };
  } catch (error) {
    if (!(error instanceof ShareError && REFUSALS.includes(error.kind))) throw error;
    const { operation, kind } = error;
    return { refused: { operation, path: error.path, kind }, isMade, keepsModes: false };
  }
}

async function tryFile(directory: string, files: ShareFiles, mode: number): Promise<void> {
  const [file, moved] = [nodePath.join(directory, 'written'), nodePath.join(directory, 'renamed')];
  await files.writeNew(file, 'x', mode & READ_AND_WRITE);
  await files.read(file);
  await files.rename(file, moved);
  await files.removeFile(moved);
}

const othersBy = (mode: number): Others =>
  (mode & 0o003) === 0o003 ? 'everybody' : (mode & 0o030) === 0o030 ? 'group' : 'nobody';
