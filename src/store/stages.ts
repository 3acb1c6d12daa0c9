import { type Contents, removeTree } from '../share/emptying.js';
import { type FileStat, nullIf, ShareError, sameRights } from '../share/files.js';
import { clearingName, inFolder, stageName } from '../share/layout.js';
import type { StoreContext } from './context.js';
import type { Attempt } from './register.js';
import { folderGone } from './trouble.js';

/** A stage that is exchanged for something else as soon as it is made is made again at most this often. */
const MOST_EXCHANGES = 5;

/**
 * Directories of this process in the folder: made to write in, and removed so that no late request finds
 * them.
 */
export class Stages {
  private readonly context: StoreContext;

  constructor(context: StoreContext) {
    this.context = context;
  }

  /**
   * A private directory, with the server's time on it. It is made before the folder is listed: that makes
   * most clients list anew.
   */
  async make(): Promise<Attempt> {
    const { random, files, owner, paths } = this.context;
    for (let tries = 1; ; tries++) {
      const name = stageName(owner, random.id());
      const path = inFolder(paths, name);
      try {
        const { modifiedMs } = await this.makeDirectory(path);
        return { name, path, shareTimeMs: modifiedMs };
      } catch (error) {
        if (error instanceof ShareError && error.kind === 'missing') throw await folderGone(paths, files);
        const isExchanged = error instanceof ShareError && error.kind === 'wrongKind';
        if (!isExchanged || tries === MOST_EXCHANGES) throw error;
      }
    }
  }

  /** Makes a directory with the rights of the directory around the licence, whatever the umask. */
  async makeDirectory(path: string): Promise<FileStat> {
    const { files, paths } = this.context;
    await files.makeDirectory(path, paths.directoryMode & 0o777);
    const stat = await files.stat(path);
    if (stat.kind !== 'directory') throw new ShareError('wrongKind', 'make directory', path); // planted meanwhile
    if (!sameRights(stat.mode, paths.directoryMode))
      await files.setMode(path, paths.directoryMode).catch(() => undefined); // a share may refuse chmod
    return stat;
  }

  /** Removes a stage that holds nothing of ours and is never renamed; with litter in it, it is discarded. */
  async drop(stage: Attempt): Promise<void> {
    const gone = nullIf(this.context.files.removeDirectory(stage.path), 'notEmpty').catch(() => undefined);
    if ((await gone) === null) await this.discard(stage.path);
  }

  /**
   * Removes a directory of ours, or what was planted under its name. It is renamed away first: a late rename
   * finds nothing to move, and a slow reader gets the whole file or none. What cannot be emptied stays for
   * garbage collection.
   * @param contents what we expect in it. @default that of a revision
   * @returns whether it could be renamed away
   */
  async discard(path: string, isLate?: () => boolean, contents?: Contents): Promise<boolean> {
    return (await this.moveAway(path, isLate, contents)) === null;
  }

  /** As discard(). Null, or why it could not be renamed away. */
  async moveAway(path: string, isLate?: () => boolean, contents?: Contents): Promise<unknown> {
    const { random, files, paths } = this.context;
    const aside = inFolder(paths, clearingName(random.id()));
    try {
      await files.rename(path, aside);
    } catch (error) {
      return error;
    }
    await removeTree(aside, files, contents, isLate).catch(() => undefined);
    return null;
  }
}
