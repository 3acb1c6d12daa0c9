import type { Stats } from 'node:fs';
import fs from 'node:fs/promises';
import { MAX_BYTES } from '../core/licence.js';
import { minded } from './pinned.js';
import { replaceWhole } from './replace.js';

/**
 * The few file operations a share must offer. Everything else of `src/` reaches the disk through this port, so that
 * tests can stand a share in memory, a slow one, a lying one or a Windows-shaped one in its place.
 */
export interface ShareFiles {
  /** Names in a directory, in no order. */
  list(directory: string): Promise<string[]>;
  /** A whole file, at most 16 MiB (else `tooLarge`). */
  read(file: string): Promise<Uint8Array>;
  /** Creates a file that must not exist, writes all of it to the disk, closes it, checks its size, and gives it the mode. */
  writeNew(file: string, text: string, mode: number): Promise<void>;
  /**
   * Shows a text in a file that people read, whole or not at all: temporary file beside it, then a rename over it. Only where
   * `beside` is there (else `missing`): where a share was mounted and is not any more, nothing may be left.
   */
  replace(file: string, text: string, mode: number, beside: string): Promise<void>;
  /** Creates a directory that must not exist. */
  makeDirectory(directory: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** Of the entry itself, not of what a link points to. */
  stat(path: string): Promise<FileStat>;
  rename(from: string, to: string): Promise<void>;
  removeFile(file: string): Promise<void>;
  removeDirectory(directory: string): Promise<void>;
  /** The path with every link resolved. */
  resolve(path: string): Promise<string>;
  /** The file system something lies on. */
  volume(path: string): Promise<Volume>;
}

export interface Volume {
  /** As statfs(2) tells it; 0 on Windows. */
  readonly type: number;
  readonly freeBytes: number;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly inode: string;
  readonly links: number;
  /** Permission bits with set-id and sticky, 0 to 0o7777. */
  readonly mode: number;
}

export type ShareErrorKind =
  | 'missing' // ENOENT
  | 'exists' // EEXIST
  | 'notEmpty' // ENOTEMPTY
  | 'refused' // EACCES, EPERM: rights, or on Windows an open file
  | 'busy' // EBUSY, ETXTBSY
  | 'readOnly' // EROFS
  | 'full' // ENOSPC, EDQUOT, EFBIG
  | 'stale' // ESTALE: the handle's file is gone, look again
  | 'wrongKind' // ENOTDIR, EISDIR, ELOOP: something else stands there
  | 'tooLarge'
  | 'silent' // no answer within our deadline; it may still happen
  | 'unsaid'; // EIO, ETIMEDOUT, ECONNRESET, UNKNOWN ...: it may have happened

/** What a share operation ended with, when not with success. */
export class ShareError extends Error {
  override readonly name = 'ShareError';
  readonly kind: ShareErrorKind;
  readonly operation: string;
  readonly path: string;

  constructor(kind: ShareErrorKind, operation: string, path: string, cause?: unknown) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    super(`${operation} ${path}: ${kind}${code}`, { cause });
    this.kind = kind;
    this.operation = operation;
    this.path = path;
  }
}

/** Null where the share refuses for one of these reasons (mostly: there is nothing); every other failure is thrown. */
export async function nullIf<T>(asked: Promise<T>, ...kinds: readonly ShareErrorKind[]): Promise<T | null> {
  return await asked.catch((error: unknown) => {
    if (error instanceof ShareError && kinds.includes(error.kind)) return null;
    throw error;
  });
}

const kinds: Readonly<Record<string, ShareErrorKind>> = {
  ENOENT: 'missing',
  EEXIST: 'exists',
  ENOTEMPTY: 'notEmpty',
  EACCES: 'refused',
  EPERM: 'refused',
  EBUSY: 'busy',
  ETXTBSY: 'busy',
  EROFS: 'readOnly',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  ENOTDIR: 'wrongKind',
  EISDIR: 'wrongKind',
  ELOOP: 'wrongKind',
  ESTALE: 'stale',
};
/** libuv does not name it: Node reports 'Unknown system error -116'. */
const ESTALE = -116;

/** What Node threw, in the closed union. */
export function sortError(error: unknown, operation: string, path: string): ShareError {
  if (error instanceof ShareError) return error;
  const { code, errno } = error as NodeJS.ErrnoException;
  const kind = errno === ESTALE ? 'stale' : (kinds[code ?? ''] ?? 'unsaid');
  return new ShareError(kind, operation, path, error);
}

/** The share as this computer mounts it. */
export const diskFiles: ShareFiles = {
  list: (directory) => sorted('list', directory, () => fs.readdir(directory)),
  read: (file) => sorted('read', file, () => readBounded(file)),
  writeNew: (file, text, mode) => sorted('write', file, () => writeNew(file, text, mode)),
  replace: (file, text, mode, beside) =>
    sorted('replace', file, () => replaceWhole(file, text, mode, beside)),
  makeDirectory: (directory) => sorted('make directory', directory, () => fs.mkdir(directory)),
  setMode: (path, mode) => sorted('set rights of', path, () => fs.chmod(path, mode)),
  stat: (path) => sorted('look at', path, async () => describe(await fs.lstat(path))),
  rename: (from, to) => sorted('rename', `${from} to ${to}`, () => fs.rename(from, to)),
  removeFile: (file) => sorted('remove', file, () => fs.unlink(file)),
  removeDirectory: (directory) => sorted('remove', directory, () => fs.rmdir(directory)),
  resolve: (path) => sorted('resolve', path, () => fs.realpath(path)),
  volume: (path) => sorted('ask for the file system of', path, () => volumeOf(path)),
};

async function sorted<T>(operation: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await minded(act);
  } catch (error) {
    throw sortError(error, operation, path);
  }
}

async function readBounded(file: string): Promise<Uint8Array> {
  const handle = await fs.open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size > MAX_BYTES) throw new ShareError('tooLarge', 'read', file);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function writeNew(file: string, text: string, mode: number): Promise<void> {
  const handle = await fs.open(file, 'wx', mode); // never 'w': no truncation exists that could arrive late
  let stat: Stats;
  try {
    await handle.writeFile(text); // loops until every byte is out
    await handle.sync();
    stat = await handle.stat();
  } finally {
    await handle.close();
  }
  if (stat.size !== Buffer.byteLength(text)) throw new ShareError('full', 'write', file);
  if (!sameRights(stat.mode, mode)) await fs.chmod(file, mode).catch(() => undefined); // a share may refuse chmod
}

async function volumeOf(path: string): Promise<Volume> {
  const { type, bavail, bsize } = await fs.statfs(path);
  return { type, freeBytes: bavail * bsize };
}

/** Whether the permission bits are as asked; set-id and sticky bits left aside. */
export const sameRights = (found: number, wanted: number): boolean => (found & 0o777) === (wanted & 0o777);

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
    links: stat.nlink,
    mode: stat.mode & 0o7777,
  };
}
