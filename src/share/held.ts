import { close, constants, open } from 'node:fs';
import { promisify } from 'node:util';

/**
 * Opens only a path: needs no right to read, and does nothing on a server, nor does closing. Node has no name for it;
 * one value on Linux.
 */
const O_PATH = 0o10000000;
const DIRECTORY = O_PATH | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** As plain numbers: a FileHandle costs as much as opening does. */
const openDescriptor: (path: string, flags: number) => Promise<number> = promisify(open);
export const openDirectory = (path: string): Promise<number> => openDescriptor(path, DIRECTORY);
export const closeDirectory: (descriptor: number) => Promise<void> = promisify(close);

/** A name that leads into the very directory, even if its name has changed. */
export const nameOf = (descriptor: number): string => `/proc/self/fd/${descriptor}`;

/** A descriptor is used for this long: a directory may be put in the place of another. Milliseconds. */
const LONGEST_MS = 1000;
/** It is closed when no operation has used it for this long: an open directory keeps a share mounted. Milliseconds. */
const IDLE_MS = 500;

interface Held {
  readonly path: string;
  readonly descriptor: number;
  readonly sinceMs: number;
  /** How many operations use it now. */
  users: number;
  isLeft: boolean;
}

const descriptors = { open: openDirectory, close: closeDirectory };

/**
 * Keeps the directory of the last operation open for the next one: a commit does most of its operations in the folder,
 * one after the other, and to open and close it costs as much as most of them. A failed operation, and whatever asks
 * for it ({@link leave}), makes the next one find the directory by its path again.
 */
export class HeldDirectory {
  private readonly descriptors: typeof descriptors;
  private held: Held | null = null;
  private idle: NodeJS.Timeout | null = null;

  constructor(by = descriptors) {
    this.descriptors = by;
  }

  /** Calls `act` with a name for the directory at `path`; a link in its place is refused. */
  async within<T>(path: string, act: (name: string) => Promise<T>): Promise<T> {
    const held = await this.take(path);
    try {
      return await act(nameOf(held.descriptor));
    } catch (error) {
      held.isLeft = true;
      throw error;
    } finally {
      held.users--;
      this.release(held);
    }
  }

  /** The next operation opens its directory anew. */
  leave(): void {
    const { held } = this;
    if (held === null) return;
    held.isLeft = true;
    this.release(held);
  }

  private async take(path: string): Promise<Held> {
    const { held } = this;
    if (held?.path === path && performance.now() - held.sinceMs < LONGEST_MS) {
      held.users++;
      return held;
    }
    const sinceMs = performance.now(); // before it is opened: the process may be stopped meanwhile
    const opened = { path, sinceMs, descriptor: await this.descriptors.open(path), users: 1, isLeft: false };
    this.leave();
    this.held = opened;
    return opened;
  }

  /** Closes a descriptor once, when no operation uses it: the number may be another file's then. */
  private release(held: Held): void {
    if (held.isLeft && this.held === held) this.held = null;
    if (held.users > 0) return;
    if (held.isLeft) void this.descriptors.close(held.descriptor).catch(() => undefined);
    else this.idle = this.idle?.refresh() ?? setTimeout(() => this.leave(), IDLE_MS).unref();
  }
}
