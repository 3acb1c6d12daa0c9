import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { type Clock, inTime, LATE } from './clock.js';
import { ShareError, sortError } from './files.js';
import { tracked } from './hung-exit.js';
import { ANSWER_MS } from './op-timeouts.js';

/**
 * Adds a text to the end of a file, in one write, through to the disk. A missing file is created with this mode. On one
 * computer the texts of two processes come one after the other, each whole. No link is followed.
 *
 * It is no operation of a share: NFS gives two hosts one end, and one text would cover the other.
 */
export type Append = (file: string, text: string, mode: number) => Promise<void>;

export const append: Append = async (file, text, mode) => {
  try {
    await tracked(() => appendTo(file, text, mode));
  } catch (error) {
    throw sortError(error, 'write', file);
  }
};

/** The same, given up at the deadline of an operation: the text may still come. @throws ShareError `silent` */
export const appendInTime =
  (act: Append, clock: Clock): Append =>
  async (file, ...rest) => {
    const answer = await inTime(clock, ANSWER_MS, act(file, ...rest));
    if (answer === LATE) throw new ShareError('silent', 'write', file);
  };

const FLAGS =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  (constants.O_NOFOLLOW ?? 0) | // Windows has none
  (constants.O_NONBLOCK ?? 0); // a pipe without a reader is refused at once

async function appendTo(file: string, text: string, mode: number): Promise<void> {
  const handle = await fs.open(file, FLAGS, mode);
  try {
    if (!(await handle.stat()).isFile()) throw new ShareError('wrongKind', 'write', file);
    const bytes = Buffer.from(text);
    const { bytesWritten } = await handle.write(bytes);
    if (bytesWritten < bytes.length) throw new ShareError('full', 'write', file);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
