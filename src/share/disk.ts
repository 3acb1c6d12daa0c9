import { constants, type Stats } from 'node:fs';
import fs from 'node:fs/promises';
import nodePath from 'node:path';
import { MAX_BYTES } from '../licence/size.js';
import { elapsedMs } from '../licence/time.js';
import { instantOf, systemClock } from './clock.js';
import {
  type FileStat,
  identityOf,
  ShareError,
  type ShareFiles,
  sameRights,
  sortError,
  type Volume,
} from './files.js';
import { tracked } from './hung-exit.js';
import { findAnew, inDirectory, ourWay, reach, type Way } from './reach.js';
import { replaceWhole } from './replace.js';

/** Unknown to Windows, which has no such links at the end of a path that a share shows. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;
/** A pipe without a writer is opened at once, and then found to be no file. */
const NO_WAIT = constants.O_NONBLOCK ?? 0;

/** A process may be stopped between its last look at a file and the rename: what it saw is old then. Milliseconds. */
const LONGEST_LOOK_MS = 1000;

/** The share as this computer mounts it. */
export const diskFiles: ShareFiles = diskFilesBy(ourWay);

/** The same by one way only, for tests. */
export function diskFilesBy(wayOf: () => Promise<Way>): ShareFiles {
  const to = <T>(operation: string, path: string, act: (name: string) => Promise<T>) =>
    sorted(operation, path, async () => await reach(path, await wayOf(), act));
  const into = <T>(operation: string, path: string, act: (name: string, way: Way) => Promise<T>) =>
    sorted(operation, path, async () => {
      const way = await wayOf();
      return await inDirectory(path, way, (name) => act(name, way));
    });
  return {
    list: (directory) => into('list', directory, (name) => namesIn(name, directory)),
    removable: (directory, expected) =>
      into('list', directory, (name, way) =>
        way === 'descriptors' ? namesIn(name, directory) : presentAmong(expected, name),
      ),
    read: (file) => to('read', file, (name) => readBounded(name, file)),
    writeNew: (file, text, mode) => to('write', file, (name) => writeNew(name, file, text, mode)),
    replace: (file, text, mode, { beside, expected }) =>
      sorted('replace', file, () =>
        replaceWhole(file, text, mode, { beside, isStill: () => isStill(file, expected) }),
      ),
    makeDirectory: (directory, mode = 0o777) =>
      to('make directory', directory, (name) => fs.mkdir(name, mode)),
    setMode: (directory, mode) => into('set rights of', directory, (name, way) => setMode(name, mode, way)),
    stat: (path) => to('look at', path, async (name) => describe(await fs.lstat(name))),
    rename: (from, to) =>
      sorted('rename', `${from} to ${to}`, async () => {
        const way = await wayOf();
        const isWithin = nodePath.dirname(from) === nodePath.dirname(to);
        findAnew(); // what is published must be published in the folder that is at the path now
        await (isWithin ? renameIn(from, to, way) : renameAcross(from, to, way)).finally(findAnew);
      }),
    removeFile: (file) => to('remove', file, (name) => fs.unlink(name)),
    removeDirectory: (directory) => to('remove', directory, (name) => fs.rmdir(name)),
    resolve: (path) => sorted('resolve', path, () => fs.realpath(path)),
    volume: (path) => sorted('ask for the file system of', path, () => volumeOf(path)),
  };
}

async function sorted<T>(operation: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await tracked(act);
  } catch (error) {
    throw sortError(error, operation, path);
  }
}

/** Within one directory, which is opened once. */
const renameIn = (from: string, to: string, way: Way): Promise<void> =>
  reach(from, way, (name) => fs.rename(name, `${nodePath.dirname(name)}/${nodePath.basename(to)}`));

const renameAcross = (from: string, to: string, way: Way): Promise<void> =>
  reach(from, way, (one) => reach(to, way, (other) => fs.rename(one, other)));

/** The names of a directory up to this size fit into memory at once. Not every share tells the size of a directory. */
const SMALL_DIRECTORY = 1024 * 1024;
/** Ten times what the busiest table makes in the five minutes for which it keeps them. */
const MOST_NAMES = 100_000;
const NAMES_AT_ONCE = 4096;
/** A directory with so few names a moment ago is small still. The moment: milliseconds. */
const FEW_NAMES = 1000;
const MOMENT_MS = 300;
let lastListed = { directory: '', atMs: 0 };

/** A folder that was filled with names must not fill the memory. */
async function namesIn(name: string, directory: string): Promise<string[]> {
  const atMs = performance.now();
  const isSmall = lastListed.directory === directory && atMs - lastListed.atMs < MOMENT_MS;
  if (isSmall || (await fs.stat(name)).size <= SMALL_DIRECTORY) {
    const names = await fs.readdir(name);
    if (names.length < FEW_NAMES) lastListed = { directory, atMs };
    return names;
  }
  const names: string[] = [];
  for await (const entry of await fs.opendir(name, { bufferSize: NAMES_AT_ONCE })) {
    if (names.push(entry.name) > MOST_NAMES) throw new ShareError('tooLarge', 'list', directory);
  }
  return names;
}

async function presentAmong(expected: readonly string[], directory: string): Promise<string[]> {
  const present: string[] = [];
  for (const name of expected) {
    const stat = await fs.lstat(`${directory}/${name}`).catch(() => null);
    if (stat !== null) present.push(name);
  }
  return present;
}

async function readBounded(name: string, file: string): Promise<Uint8Array> {
  const handle = await fs.open(name, constants.O_RDONLY | NO_LINK | NO_WAIT);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new ShareError('wrongKind', 'read', file);
    if (stat.size > MAX_BYTES) throw new ShareError('tooLarge', 'read', file);
    return await readUpTo(stat.size, handle);
  } finally {
    await handle.close();
  }
}

/** What the file was long when it was opened, or less: never what is being added to it meanwhile. */
async function readUpTo(size: number, handle: fs.FileHandle): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function writeNew(name: string, file: string, text: string, mode: number): Promise<void> {
  // Never truncating: no request to do so exists that could arrive late. Never through a link.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_LINK;
  const bytes = Buffer.from(text);
  const handle = await fs.open(name, flags, mode);
  let stat: Stats;
  try {
    await handle.writeFile(bytes); // loops until every byte is out
    stat = await handle.stat();
    if (!sameRights(stat.mode, mode)) await handle.chmod(mode).catch(() => undefined); // a share may refuse chmod
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (stat.size !== bytes.length) throw new ShareError('full', 'write', file);
}

/** By a descriptor: what is at a name may be exchanged, and chmod follows links. Windows has no such rights. */
async function setMode(name: string, mode: number, way: Way): Promise<void> {
  if (way === 'descriptors') return await fs.chmod(name, mode);
  if (process.platform === 'win32') return;
  const handle = await fs.open(name, constants.O_RDONLY | constants.O_DIRECTORY | NO_LINK);
  try {
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}

async function volumeOf(path: string): Promise<Volume> {
  const { type, bavail, bsize, files, ffree } = await fs.statfs(path);
  return { type, freeBytes: bavail * bsize, freeFiles: files > 0 ? ffree : undefined };
}

/** The last look at a file before the rename over it, and whether the process was stopped on the way to that. */
async function isStill(file: string, expected: string | undefined): Promise<boolean> {
  if (expected === undefined) return true;
  const since = instantOf(systemClock);
  const found = await fs.lstat(file).then(describe, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const isExpected = (found === null ? 'missing' : identityOf(found)) === expected;
  return isExpected && elapsedMs(since, instantOf(systemClock)) <= LONGEST_LOOK_MS;
}

function describe(stat: Stats): FileStat {
  const kind = stat.isFile()
    ? 'file'
    : stat.isDirectory()
      ? 'directory'
      : stat.isSymbolicLink()
        ? 'link'
        : 'other';
  return {
    kind,
    bytes: stat.size,
    modifiedMs: stat.mtimeMs,
    inode: String(stat.ino),
    device: String(stat.dev),
    links: stat.nlink,
    mode: stat.mode & 0o7777,
    group: stat.gid,
  };
}
