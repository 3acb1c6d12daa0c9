import fs from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';

/**
 * Shows `text` in `file`, whole or not at all. The one door of write-file-atomic, which is used for what people read
 * (`licence.json`, reports) and never for the truth: renaming over a file is not safe on a share.
 *
 * A share may be unmounted at any moment, and then the same path is an empty local directory. A licence written there would be
 * taken for a table that has lost its folder, and be healed there. So `beside`, which only the share has, is looked for when the
 * temporary file is complete: who sees it has that file on the share, or nowhere, and the rename finds it there, or fails.
 */
export async function replaceWhole(file: string, text: string, mode: number, beside: string): Promise<void> {
  // The published types know neither `chown: false` nor `null` for "the hook has written it"; the package does.
  const options = {
    // The options are a new object each time: the package writes the first file's mode and owner into it.
    mode,
    chown: false, // owners are the share's business; a refused chown would fail the whole write
    fsync: true,
    // The package ignores how many bytes were written and publishes a cut-off file on a full volume. So it gets no data,
    // and the hook writes, in a loop until every byte is out.
    tmpfileCreated: async (temporary: string) => {
      await fs.writeFile(temporary, text, { flag: 'r+' }); // the one that the package made, and no other
      const { size } = await fs.stat(temporary);
      if (size !== Buffer.byteLength(text))
        throw Object.assign(new Error(`short write to ${temporary}`), { code: 'ENOSPC' });
      await fs.stat(beside);
    },
  };
  await writeFileAtomic(file, null as never, options as never);
}
