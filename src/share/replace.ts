import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { showingName } from './layout.js';

interface Terms {
  readonly beside: string;
  /** Whether the file may still be replaced. It is asked last of all, when the text is complete. */
  readonly isStill: () => Promise<boolean>;
}

/**
 * Shows `text` in `file`, whole or not at all. The one door of write-file-atomic, which is used for what people read
 * (`licence.json`, reports) and never for the truth: renaming over a file is not safe on a share.
 *
 * The package gives its temporary file a name that can be foretold, opens it through links, and follows a link at the
 * target. So it gets a target of ours with a name that no other user can foretell. Then this function renames the
 * finished file onto the real one: a rename replaces a link, and follows none.
 *
 * A share may be unmounted at any moment. Then the same path is an empty local directory. A licence written there would
 * be taken for a table that has lost its folder, and be rebuilt there. So this function looks for `beside`, which only
 * the share has, when the file is complete. If `beside` is there, the finished file is on the share, too, or nowhere:
 * the rename finds it there, or fails.
 *
 * @returns false: the file is not the expected one any more, and was left as it is
 */
export async function replaceWhole(file: string, text: string, mode: number, terms: Terms): Promise<boolean> {
  const finished = showingName(file);
  try {
    const inode = await writeFinished(finished, text, mode);
    const stat = await fs.lstat(finished);
    if (!stat.isFile() || stat.ino !== inode) throw exchanged(finished);
    await fs.lstat(terms.beside);
    const isStill = await terms.isStill();
    await (isStill ? fs.rename(finished, file) : fs.unlink(finished));
    return isStill;
  } catch (error) {
    await fs.unlink(finished).catch(() => undefined);
    throw error;
  }
}

/** @returns the inode of the file that was written */
async function writeFinished(finished: string, text: string, mode: number): Promise<number> {
  let inode = 0;
  // The published types know neither `chown: false` nor `null` for "the hook has written it"; the package does.
  const options = {
    // A new object each time, because the package writes into it. No mode: the package would set it through a link.
    chown: false, // owners are the share's business; a refused chown would fail the whole write
    fsync: true,
    // The package ignores how many bytes were written, and publishes a cut-off file on a full volume. So it gets no
    // data: the hook writes until every byte is out.
    tmpfileCreated: async (temporary: string) => {
      inode = await writeInto(temporary, text, mode);
    },
  };
  const { default: writeFileAtomic } = await import('write-file-atomic'); // behind the first answer
  await writeFileAtomic(finished, null as never, options as never);
  return inode;
}

/** Into the file that the package has just made, and into nothing that was put in its place. */
async function writeInto(temporary: string, text: string, mode: number): Promise<number> {
  const handle = await fs.open(temporary, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const made = await handle.stat();
    if (!made.isFile() || made.size !== 0 || made.nlink !== 1) throw exchanged(temporary);
    const bytes = Buffer.from(text);
    await handle.writeFile(bytes);
    await handle.chmod(mode).catch(() => undefined); // a share may refuse chmod
    const { size } = await handle.stat();
    if (size !== bytes.length)
      throw Object.assign(new Error(`short write to ${temporary}`), { code: 'ENOSPC' });
    return made.ino;
  } finally {
    await handle.close();
  }
}

const exchanged = (path: string): Error =>
  Object.assign(new Error(`${path} was exchanged for something else while it was written`), {
    code: 'EPERM',
  });
