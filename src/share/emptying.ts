import { nullIf, ShareError, type ShareErrorKind, type ShareFiles } from './files.js';

/**
 * Removes a directory of ours with all in it. A user that may write in the shared folder can plant anything under any
 * name, and exchange it at any moment. So what is no directory (a link, a pipe) is unlinked and never entered. What is
 * mounted there is left alone. If a directory cannot be held while its name is exchanged, only what we expect in it is
 * removed.
 */

/** What a directory holds when we have filled it: a file (null), or a directory with contents of its own. */
export interface Contents {
  readonly [name: string]: Contents | null;
}

/** Of a stage, a revision, a segment of the journal. */
export const OF_A_REVISION: Contents = { 'licence.json': null, 'events.ndjson': null };

/**
 * Nothing of ours is nested deeper. The deepest: an examination, a licence, its folder, the journal, a segment, a file.
 */
const DEEPEST = 6;

const GONE: readonly ShareErrorKind[] = ['missing', 'stale'];

/**
 * Removes what is at a path, whatever it is.
 * @param contents what we expect in it, where it is a directory
 * @param isLate when true, the rest is left for later. @default after 256 entries: what is larger was planted
 * @throws ShareError when something may not or could not be removed; what could be is gone
 */
export async function removeTree(
  path: string,
  files: ShareFiles,
  contents: Contents = OF_A_REVISION,
  isLate: () => boolean = after(MOST_ENTRIES),
): Promise<void> {
  await new Removal(files, isLate).remove(path, contents, DEEPEST);
}

/** A stage or a revision holds one file; a caller is not to wait for what was put in its place. */
const MOST_ENTRIES = 256;

function after(count: number): () => boolean {
  let left = count;
  return () => left-- <= 0;
}

class Removal {
  private readonly files: ShareFiles;
  private readonly isLate: () => boolean;

  constructor(files: ShareFiles, isLate: () => boolean) {
    this.files = files;
    this.isLate = isLate;
  }

  async remove(path: string, contents: Contents, depth: number): Promise<void> {
    const names = await this.namesIn(path, contents);
    if (names === 'no directory') return await this.unlink(path);
    for (const name of names) {
      if (this.isLate()) return;
      await this.removeInside(path, name, contents[name] ?? OF_A_REVISION, depth);
    }
    await nullIf(this.files.removeDirectory(path), ...GONE);
  }

  private async removeInside(path: string, name: string, contents: Contents, depth: number): Promise<void> {
    const inner = `${path}/${name}`;
    const stat = await nullIf(this.files.stat(inner), ...GONE);
    if (stat === null) return;
    if (stat.kind !== 'directory') return await this.unlink(inner);
    const isMounted = stat.device !== (await this.files.stat(path)).device;
    if (isMounted || depth === 0) throw new ShareError('wrongKind', 'remove', inner);
    await this.remove(inner, contents, depth - 1);
  }

  /** A directory that we may not list (its owner died before it got its rights) can only go if it is empty. */
  private async namesIn(path: string, contents: Contents): Promise<readonly string[] | 'no directory'> {
    try {
      return await this.files.removable(path, Object.keys(contents));
    } catch (error) {
      if (!(error instanceof ShareError)) throw error;
      if (error.kind === 'wrongKind') return 'no directory';
      if (error.kind === 'refused' || GONE.includes(error.kind)) return [];
      throw error;
    }
  }

  private async unlink(path: string): Promise<void> {
    await nullIf(this.files.removeFile(path), ...GONE);
  }
}
