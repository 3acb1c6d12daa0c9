/**
 * The few file operations a share must offer. Everything else of `src/` reaches the disk through this port, so that
 * tests can stand a share in memory, a slow one, a lying one or a Windows-shaped one in its place.
 *
 * Below the directory around a licence no link is ever followed (see README.md): an operation that meets one on its way
 * fails with `wrongKind`.
 */
export interface ShareFiles {
  /** Names in a directory, in no order. */
  list(directory: string): Promise<string[]>;
  /**
   * Names in a directory of ours that may be removed with it. If a directory cannot be held while its name is exchanged
   * for a link, these are only the names of `expected` that are there: nothing is removed only because a listing shows
   * it.
   */
  removable(directory: string, expected: readonly string[]): Promise<string[]>;
  /**
   * A regular file (else `wrongKind`; follows no link) of at most 16 MiB (else `tooLarge`). Waits for no other process.
   */
  read(file: string): Promise<Uint8Array>;
  /**
   * Creates a file that must not exist, writes it through to the disk, closes it, checks its size, and sets the mode.
   */
  writeNew(file: string, text: string, mode: number): Promise<void>;
  /**
   * Shows a text in a file that people read, whole or not at all: a temporary file beside it, then a rename over it.
   * @returns false: something else stands there, or this process was held up; nothing was replaced
   */
  replace(file: string, text: string, mode: number, terms: ReplaceTerms): Promise<boolean>;
  /** Creates a directory that must not exist, with these rights at most: the umask takes some away. @default 0o777 */
  makeDirectory(directory: string, mode?: number): Promise<void>;
  /** Of a directory; a link in its place is refused. */
  setMode(directory: string, mode: number): Promise<void>;
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

/** When a finished text may take the place of the file that people read. */
export interface ReplaceTerms {
  /** Must be there (else `missing`): after a share was unmounted, nothing may be left at its place. */
  readonly beside: string;
  /**
   * What must stand there at the last look, by {@link identityOf}; `missing`: nothing. The rename follows that look
   * within a second, or is not made. @default whatever is there is replaced
   */
  readonly expected?: string | undefined;
}

/** Tells a file from what another process puts in its place. */
export const identityOf = ({ inode, bytes, modifiedMs }: FileStat): string =>
  `${inode}:${bytes}:${modifiedMs}`;

export interface Volume {
  /** As statfs(2) tells it; 0 on Windows. */
  readonly type: number;
  readonly freeBytes: number;
  /** File entries (inodes) that are left; undefined where the file system does not count them. */
  readonly freeFiles?: number | undefined;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly inode: string;
  /** What it is mounted from: another one than that of the directory around it is a mount point. */
  readonly device: string;
  readonly links: number;
  /** Permission bits with set-id and sticky, 0 to 0o7777. */
  readonly mode: number;
  /** The group it belongs to; undefined where that is not told. */
  readonly group?: number | undefined;
}

export type ShareErrorKind =
  | 'missing' // ENOENT
  | 'exists' // EEXIST
  | 'notEmpty' // ENOTEMPTY
  | 'refused' // EACCES, EPERM: rights, or on Windows an open file
  | 'busy' // EBUSY, ETXTBSY, EAGAIN
  | 'readOnly' // EROFS
  | 'full' // ENOSPC, EDQUOT, EFBIG
  | 'stale' // ESTALE: the handle's file is gone, look again
  | 'wrongKind' // ENOTDIR, EISDIR, ELOOP, ENXIO: something else stands there
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
  EAGAIN: 'busy', // the file lease of another process is being broken
  EROFS: 'readOnly',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  ENOTDIR: 'wrongKind',
  EISDIR: 'wrongKind',
  ELOOP: 'wrongKind',
  ENXIO: 'wrongKind', // a socket
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

/** Permission bits of the directory around a licence that our directories get: set-id yes, sticky no. */
export const DIRECTORY_BITS = 0o6777;
/** Permission bits of a directory that our files in it get. */
export const READ_AND_WRITE = 0o666;
export const SET_GROUP = 0o2000;
/** In a sticky directory only the owner of an entry may rename or delete it. */
export const STICKY = 0o1000;

/** Whether the permission bits are as asked; set-id and sticky bits left aside. */
export const sameRights = (found: number, wanted: number): boolean => (found & 0o777) === (wanted & 0o777);
