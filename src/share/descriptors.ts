import {
  close as closeFile,
  fchmod,
  fstat,
  fsync,
  open as openFile,
  read as readFile,
  type Stats,
  write as writeFile,
} from 'node:fs';
import { promisify } from 'node:util';

/** Open files as plain numbers: a FileHandle costs as much as the operation. Each is closed once. */

export const open: (path: string, flags: number, mode?: number) => Promise<number> = promisify(openFile);
export const close: (descriptor: number) => Promise<void> = promisify(closeFile);
export const stat: (descriptor: number) => Promise<Stats> = promisify(fstat);
export const sync: (descriptor: number) => Promise<void> = promisify(fsync);
export const setMode: (descriptor: number, mode: number) => Promise<void> = promisify(fchmod);
const read = promisify(readFile);
const write = promisify(writeFile);

/** What the file was long when it was opened, or less: never what is being added to it meanwhile. */
export async function readUpTo(size: number, descriptor: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await read(descriptor, bytes, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Until every byte is out. */
export async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length)
    written += (await write(descriptor, bytes, written, bytes.length - written, null)).bytesWritten;
}
