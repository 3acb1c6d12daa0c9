import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import nodePath from 'node:path';
import { ShareError } from './files.js';
import { untrusted } from './layout.js';

/**
 * How a file operation gets to its place without following what another user of the share may have planted there.
 *
 * A path is safe up to the directory around the licence. It was resolved when the licence was opened, and a user that
 * may write above it could do anything anyway. Below that, every directory may be exchanged for a link at any moment,
 * also between two steps of one operation. So on Linux each directory on the way is opened by itself within the one
 * before (O_NOFOLLOW refuses a link). The operation is done in the descriptor of the last one: `/proc/self/fd/N/name`
 * leads into that very directory, even if its name has changed. A descriptor is closed only when the operation has
 * returned, also after its deadline: a number that is free again may be another file's.
 *
 * Other systems have no such names. There the directories on the way are looked at before and after the operation. A
 * link is refused, and an exchange is noticed, although only afterwards.
 */
export type Way = 'descriptors' | 'looks';

/**
 * Opens only a path: needs no right to read, and does nothing on a server. Node has no name for it; one value on Linux.
 */
const O_PATH = 0o10000000;
const DIRECTORY = O_PATH | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

const nameOf = (handle: fs.FileHandle): string => `/proc/self/fd/${handle.fd}`;

let areUsable = false;

/**
 * Which way this computer offers. If descriptors are not available now (too many open files), the next operation asks
 * again.
 */
export async function ourWay(): Promise<Way> {
  if (process.platform !== 'linux') return 'looks';
  areUsable ||= await hasDescriptors();
  return areUsable ? 'descriptors' : 'looks';
}

/** /proc may be missing, or be that of another namespace of processes. */
async function hasDescriptors(): Promise<boolean> {
  const handle = await fs.open('/', DIRECTORY).catch(() => null);
  if (handle === null) return false;
  try {
    const [own, named] = [await handle.stat(), await fs.stat(nameOf(handle))];
    return own.dev === named.dev && own.ino === named.ino;
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

/**
 * Calls `act` with a name for the entry at `path`. No link on the way can lead it astray. The entry may be anything.
 */
export async function reach<T>(path: string, way: Way, act: (name: string) => Promise<T>): Promise<T> {
  const { names } = untrusted(path);
  if (names.length < 2) return await act(path);
  return await inDirectory(nodePath.dirname(path), way, (directory) =>
    act(`${directory}/${nodePath.basename(path)}`),
  );
}

/** Calls `act` with a name for the directory at `path`; a link in its place is refused. */
export async function inDirectory<T>(path: string, way: Way, act: (name: string) => Promise<T>): Promise<T> {
  const { trusted, names } = untrusted(path);
  if (names.length === 0) return await act(path);
  return way === 'descriptors'
    ? await byDescriptors(trusted, names, act)
    : await betweenLooks(path, names.length, act);
}

async function byDescriptors<T>(
  trusted: string,
  names: readonly string[],
  act: (name: string) => Promise<T>,
): Promise<T> {
  let from = trusted;
  let handle: fs.FileHandle | null = null;
  try {
    for (const name of names) {
      const inner: fs.FileHandle = await fs.open(`${from}/${name}`, DIRECTORY);
      await handle?.close();
      handle = inner;
      from = nameOf(inner);
    }
    return await act(from);
  } finally {
    await handle?.close();
  }
}

/**
 * The first directory of ours lies in a trusted one, so it cannot be exchanged. The others on the way are looked at.
 */
async function betweenLooks<T>(path: string, count: number, act: (name: string) => Promise<T>): Promise<T> {
  const before = await inodesOnTheWay(path, count - 1);
  const done = await act(path);
  const after = await inodesOnTheWay(path, count - 1);
  if (before.join() !== after.join()) throw new ShareError('wrongKind', 'find again', path);
  return done;
}

async function inodesOnTheWay(path: string, count: number): Promise<number[]> {
  const inodes: number[] = [];
  for (let n = 0, at = path; n < count; n++, at = nodePath.dirname(at)) {
    const stat = await fs.lstat(at);
    if (!stat.isDirectory()) throw new ShareError('wrongKind', 'look at', at);
    inodes.push(stat.ino);
  }
  return inodes;
}
