import { Unchanged } from '../licence/unchanged.js';
import { nullIf, ShareError } from '../share/files.js';
import { clearingName, inFolder } from '../share/layout.js';
import type { StoreContext } from './context.js';

type Callback<T = void> = (error: Error | null, value?: T) => void;

const LONG_AGO = new Date(0);
const FAR_FUTURE = new Date(8.64e15);
/** How often the lock of another process is looked at, however often it is tried. Milliseconds. */
const JUDGED_MS = 300;

/**
 * The share as proper-lockfile sees it. The package would judge a lock by its time stamp and our wall clock,
 * which between hosts proves nothing: measured, a host an hour ahead steals every fresh lock. So a lock of
 * another process is old here when this process has seen it unchanged for long enough, and new otherwise. Of
 * our own lock all is answered from memory.
 */
export class LockFiles {
  private readonly context: StoreContext;
  private readonly stealMs: number;
  private ownMtime: Date | null = null;
  private foreign: Unchanged | null = null;
  private foreignModifiedMs = 0;
  private judgedMs = Number.NEGATIVE_INFINITY;

  /**
   * The `fs` of the package, one extensible object per licence: the package keeps the share's time precision
   * on it.
   */
  readonly fs = {
    mkdir: (path: string, done: Callback) => answer(done, () => this.make(path)),
    stat: (path: string, done: Callback<{ mtime: Date }>) =>
      answer(done, async () => ({ mtime: await this.mtimeOf(path) })),
    utimes: (_path: string, _atime: Date, mtime: Date, done: Callback) =>
      answer(done, async () => {
        this.ownMtime = mtime;
      }),
    rmdir: (path: string, done: Callback) =>
      answer(done, async () => {
        this.ownMtime = null;
        await this.remove(path);
      }),
    // Called at exit for a lock still held. Nothing waits for a share then: others step over the lock after
    // stealMs.
    rmdirSync: () => undefined,
  };

  constructor(context: StoreContext, stealMs: number) {
    this.context = context;
    this.stealMs = stealMs;
  }

  /** The lock of another process that was last seen, by inode and time; empty for none. */
  get foreignLock(): string | number {
    return this.foreign?.identity ?? '';
  }

  /** Since when this process has seen it unchanged, by the monotonic clock. */
  get foreignSinceMs(): number {
    return this.foreign?.sinceMs ?? Number.NEGATIVE_INFINITY;
  }

  /** The server's stamp on it. Milliseconds since 1970. */
  get foreignStampMs(): number {
    return this.foreignModifiedMs;
  }

  private async make(path: string): Promise<void> {
    await this.context.files.makeDirectory(path);
    this.ownMtime = LONG_AGO;
    this.judgedMs = Number.NEGATIVE_INFINITY;
  }

  private async mtimeOf(path: string): Promise<Date> {
    if (this.ownMtime) return this.ownMtime;
    const { clock, files } = this.context;
    if (clock.elapsedMs() - this.judgedMs < JUDGED_MS) return FAR_FUTURE; // one operation less for a refused try
    const { inode, modifiedMs } = await files.stat(path);
    const nowMs = clock.elapsedMs();
    this.judgedMs = nowMs;
    this.foreign = Unchanged.after(this.foreign, { identity: `${inode}:${modifiedMs}`, startedMs: nowMs });
    this.foreignModifiedMs = modifiedMs;
    return nowMs - this.foreign.sinceMs >= this.stealMs ? LONG_AGO : FAR_FUTURE;
  }

  /**
   * A lock with something in it (an indexer, a file manager) cannot be removed, but renamed: that frees the
   * name as well.
   */
  private async remove(path: string): Promise<void> {
    const { random, files, paths } = this.context;
    const failure = await nullIf(files.removeDirectory(path), 'missing').then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) return;
    if (!(failure instanceof ShareError && failure.kind === 'notEmpty')) throw failure;
    await nullIf(files.rename(path, inFolder(paths, clearingName(random.id()))), 'missing');
  }

  /**
   * Removes the lock that was last seen, if it is still the same and was seen unchanged for `leastMs`.
   * @returns 'other': it is not; 'refused': the share does not let us
   */
  async free(path: string, leastMs: number): Promise<'freed' | 'other' | 'refused'> {
    const { clock, files } = this.context;
    if (this.foreign === null || clock.elapsedMs() - this.foreign.sinceMs < leastMs) return 'other';
    try {
      const { kind, inode, modifiedMs } = await files.stat(path);
      if (kind !== 'directory') return 'refused';
      if (`${inode}:${modifiedMs}` !== this.foreign.identity) return 'other';
      await this.remove(path);
      return 'freed';
    } catch (error) {
      return error instanceof ShareError && error.kind === 'missing' ? 'freed' : 'refused';
    }
  }
}

const codes: Partial<Record<ShareError['kind'], string>> = { missing: 'ENOENT', exists: 'EEXIST' };

/** A promise for a callback, with the error codes that proper-lockfile knows. */
function answer<T>(done: Callback<T>, act: () => Promise<T>): void {
  act().then(
    (value) => done(null, value),
    (error: unknown) => {
      const code = error instanceof ShareError ? (codes[error.kind] ?? 'EOTHER') : 'EOTHER';
      done(Object.assign(new Error(String(error)), { code }));
    },
  );
}
