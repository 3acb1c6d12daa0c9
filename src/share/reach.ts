import fs from 'node:fs/promises';
import nodePath from 'node:path';
import { ShareError } from './files.js';
import { closeDirectory, HeldDirectory, nameOf, openDirectory } from './held.js';
import { untrusted } from './layout.js';

/**
 * How a file operation gets to its place without following what another user of the share may have planted there.
 *
 * A path is safe up to the directory around the licence. It was resolved when the licence was opened, and a user that
 * may write above it could do anything anyway. Below that, every directory may be exchanged for a link at any moment,
 * also between two steps of one operation. So on Linux each directory on the way is opened by itself within the one
 * before (O_NOFOLLOW refuses a link). The operation is done in the descriptor of the last one: `/proc/self/fd/N/name`
 * leads into that very directory, even if its name has changed. A descriptor is closed only when the operation has
 * returned, also after its deadline: a number that is free again may be another file's. The first on the way, nearly
 * always the folder, stays open for the next operations (`held.ts`), but each rename, and what follows it, finds it by
 * its path: so a commit never confirms what it put into a folder that has another name by now.
 *
 * Other systems have no such names. There the directories on the way are looked at before and after the operation. A
 * link is refused, and an exchange is noticed, although only afterwards.
 */
export type Way = 'descriptors' | 'looks';

/** The first directory of ours on the way: nearly always the folder. */
const first = new HeldDirectory();

/** The next operation finds its directory by the path. */
export const findAnew = (): void => first.leave();

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
  const root = await openDirectory('/').catch(() => null);
  if (root === null) return false;
  try {
    const [own, named] = [await fs.stat('/'), await fs.stat(nameOf(root))];
    return own.dev === named.dev && own.ino === named.ino;
  } catch {
    return false;
  } finally {
    await closeDirectory(root);
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
  if (way === 'looks') return await betweenReadings(path, names.length, act);
  const [own, ...inner] = names;
  return await first.within(`${trusted}/${own}`, (name) => descend(name, inner, act));
}

/** Does nothing on a server: no operation waits for it. */
const leave = (descriptor: number): void => void closeDirectory(descriptor).catch(() => undefined);

async function descend<T>(
  outermost: string,
  names: readonly string[],
  act: (name: string) => Promise<T>,
): Promise<T> {
  let from = outermost;
  let last: number | null = null;
  try {
    for (const name of names) {
      const inner: number = await openDirectory(`${from}/${name}`);
      const outer = last;
      last = inner; // so that each is closed once, whatever closing says: the number may be another file's by then
      from = nameOf(inner);
      if (outer !== null) leave(outer);
    }
    return await act(from);
  } finally {
    if (last !== null) leave(last);
  }
}

/**
 * The first directory of ours lies in a trusted one, so it cannot be exchanged. The others on the way are looked at.
 */
async function betweenReadings<T>(
  path: string,
  count: number,
  act: (name: string) => Promise<T>,
): Promise<T> {
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
