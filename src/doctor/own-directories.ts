import type { Clock } from '../share/clock.js';
import { removeTree } from '../share/emptying.js';
import { nullIf, ShareError, type ShareErrorKind, type ShareFiles } from '../share/files.js';
import { besideLicenceFile, examinationName, folderOf, inFolder, type StageOwner } from '../share/layout.js';
import type { Random } from '../share/random.js';
import { NOTHING } from './first-look.js';
import { CONTENTS } from './probes.js';

/** A virus scanner may hold a new file open: a removal is tried REMOVALS times, this many milliseconds apart. */
const REMOVE_AGAIN_MS = 500;
const REMOVALS = 4;
/** The scratch licence of a hammer holds thousands of files. What takes longer to remove was planted. Milliseconds. */
const LONGEST_REMOVAL_MS = 20_000;

/** The directories of one examination, beside the licence and in its folder: their names, and their removal. */
export class OwnDirectories {
  /** Directories that this examination tried to make. An answer may be lost, so each of them may be there. */
  readonly attempted: string[] = [];
  private readonly licenceFile: string;
  private readonly owner: StageOwner;
  private readonly random: Random;

  constructor(
    licenceFile: string,
    { owner, random }: { readonly owner: StageOwner; readonly random: Random },
  ) {
    this.licenceFile = licenceFile;
    this.owner = owner;
    this.random = random;
  }

  /** A new path beside the licence. */
  beside(): string {
    return besideLicenceFile(this.licenceFile, examinationName(this.owner, this.random.id()));
  }

  /** A new path in the folder of the licence. */
  inside(): string {
    return inFolder({ folder: folderOf(this.licenceFile) }, examinationName(this.owner, this.random.id()));
  }

  /** Removes them all. @returns those that may still be there */
  async remove(files: ShareFiles, clock: Clock): Promise<string[]> {
    const left: string[] = [];
    let isSilent = false;
    for (const directory of this.attempted) {
      const failure: ShareErrorKind | null = isSilent ? 'silent' : await whyLeft(directory, files, clock);
      isSilent = failure === 'silent'; // a share that did not answer is not asked again
      if (failure !== null) left.push(directory);
    }
    return left;
  }
}

/** Removes a directory of an examination, this one's or another's. */
export const removeDirectory = (directory: string, files: ShareFiles, clock: Clock): Promise<void> => {
  const untilMs = clock.elapsedMs() + LONGEST_REMOVAL_MS;
  return removeTree(directory, files, CONTENTS, () => clock.elapsedMs() >= untilMs);
};

async function whyLeft(directory: string, files: ShareFiles, clock: Clock): Promise<ShareErrorKind | null> {
  for (let tries = 1; ; tries++) {
    const failure = await whyNotRemoved(directory, files, clock);
    if (failure === null || failure === 'silent' || tries === REMOVALS) return failure;
    await clock.sleep(REMOVE_AGAIN_MS);
  }
}

/** Why it is still there, or may be; null when it is gone. */
async function whyNotRemoved(
  directory: string,
  files: ShareFiles,
  clock: Clock,
): Promise<ShareErrorKind | null> {
  try {
    await removeDirectory(directory, files, clock);
    return (await nullIf(files.stat(directory), ...NOTHING)) === null ? null : 'busy';
  } catch (error) {
    if (error instanceof ShareError) return error.kind;
    throw error;
  }
}
