import lockfile from 'proper-lockfile';
import type { Clock } from '../share/clock.js';
import { checkLimits, type Limits } from '../share/deadline.js';
import { nullIf, ShareError, type ShareFiles } from '../share/files.js';
import { clearingName, inFolder, type Place } from '../share/layout.js';
import { SLOW_MS } from '../share/op-timeouts.js';
import type { Dice } from '../share/random.js';
import type { StoreContext } from './context.js';

/**
 * Keeps writers from colliding; never what makes a commit safe. A commit is decided by the file server (see
 * README.md), with or without this lock, so whatever goes wrong here costs time and nothing else.
 *
 * proper-lockfile judges a lock by its time stamp against our wall clock, which between hosts proves nothing: measured,
 * a host an hour ahead steals every fresh lock. So it sees the share through an adapter that answers from what WE have
 * seen stand still on our own monotonic clock.
 */
export interface LockOptions {
  /** A lock that we have seen unchanged for so long is taken over. Milliseconds. @default 10,000 */
  readonly stealMs: number;
  /** Called once per wait that lasts longer than a second. */
  readonly onSlow?: ((waitingFor: string) => void) | undefined;
}

/** What a waiter watches: as long as others get on, he waits his turn; when nothing moves, he goes on without. */
export interface Progress {
  /** The highest revision there is, by a fresh listing. */
  readonly top: () => Promise<number>;
  /** How long nothing may move before we go on without the lock. Milliseconds. */
  readonly patienceMs: number;
}

export type Unlock = () => Promise<void>;

/** proper-lockfile forces `stale` to at least 2 s; our adapter decides what is stale, so the number only has to be legal. */
const LEGAL_STALE_MS = 10_000;
/** The first pause between two tries is at most this, and shrinks with waiting: who waits longer tries more often. */
const FIRST_PAUSE_MS = 80;
const LAST_PAUSE_MS = 15;
const AGED_MS = 2000;
/** How often a waiter looks whether others get on. */
const PROGRESS_MS = 500;
/**
 * Who has waited so many times his patience goes on without, also while others get on. Measured on SMB: a client shows a freed lock
 * up to a second late, so the processes of one host hand it to each other, and other hosts starve.
 */
const MOST_PATIENCES = 3;
/** Refusals (rights, no space) after which there is no point in waiting for a lock. */
const REFUSALS = 4;

/** How many lock objects this copy of the module has made: the key of each is its own, whatever the dice say. */
let keys = 0;

export class PoliteLock {
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly dice: Dice;
  private readonly place: Place;
  private readonly options: LockOptions;
  private readonly adapter: ReturnType<typeof skewFree>;
  /** proper-lockfile keeps one entry per path and process; two licence objects must not share theirs. */
  private readonly key: string;
  /** The lock that was last gone past, by inode and time. */
  private passedOver = 'none yet';

  constructor({ clock, dice, files, place }: StoreContext, options: LockOptions) {
    this.files = files;
    this.clock = clock;
    this.dice = dice;
    this.place = place;
    this.options = options;
    const aside = () => inFolder(place, clearingName(dice.id()));
    this.adapter = skewFree(this.files, clock, options.stealMs, aside);
    this.key = `${place.lock}-${dice.id()}-${++keys}`;
  }

  /** Waits for its turn, within the limits. What it returns gives the turn back, and never fails. */
  async acquire(progress: Progress, limits: Limits): Promise<Unlock> {
    const startedMs = this.clock.elapsedMs();
    let moved: { top: number; atMs: number } | null = null;
    let refusals = 0;
    let told = false;
    for (;;) {
      const attempt = await this.tryOnce();
      if (typeof attempt === 'function') return attempt;
      if (attempt === 'refused' && ++refusals >= REFUSALS) return goneOnWithout;
      if (attempt === 'held' && this.adapter.foreignLock() === this.passedOver) return goneOnWithout;
      const nowMs = this.clock.elapsedMs();
      checkLimits(limits, this.clock, `its turn to write (${this.place.lock})`);
      if (nowMs - startedMs >= MOST_PATIENCES * progress.patienceMs) return goneOnWithout;
      if (moved === null || nowMs - moved.atMs >= Math.min(progress.patienceMs, PROGRESS_MS)) {
        const top = await progress.top();
        if (moved === null || top > moved.top) moved = { top, atMs: nowMs };
        else if (nowMs - moved.atMs >= progress.patienceMs)
          return await this.breakThrough(progress.patienceMs);
        else if (attempt === 'held' && (await this.isOutlived(progress.patienceMs))) return this.passOver();
      }
      if (!told && nowMs - startedMs >= SLOW_MS) {
        told = true;
        this.options.onSlow?.('its turn to write; others are writing');
      }
      await this.clock.sleep(this.pauseMs(nowMs - startedMs), limits.signal);
    }
  }

  /**
   * Nothing moves under this lock: its holder is dead or stopped. The waiter that has found this out frees the name for all that
   * come later, and takes the lock itself.
   */
  private async breakThrough(patienceMs: number): Promise<Unlock> {
    const attempt = (await this.adapter.free(this.place.lock, patienceMs)) ? await this.tryOnce() : 'held';
    return typeof attempt === 'function' ? attempt : this.passOver();
  }

  /** A lock that cannot be removed is waited for once, not at every commit. */
  private passOver(): Unlock {
    this.passedOver = this.adapter.foreignLock();
    return goneOnWithout;
  }

  /**
   * Whether writers have gone on under this very lock for so long. Both times are the server's stamps: of the lock, and of the
   * folder it lies in, which each commit changes. So a lock that cannot be removed does not cost each short process its patience.
   */
  private async isOutlived(patienceMs: number): Promise<boolean> {
    const folder = await this.files.stat(this.place.folder).catch(() => null);
    return folder !== null && folder.modifiedMs - this.adapter.foreignStamp() >= patienceMs;
  }

  private pauseMs(waitedMs: number): number {
    const age = Math.min(1, waitedMs / AGED_MS);
    return 2 + this.dice.fraction() * (FIRST_PAUSE_MS - (FIRST_PAUSE_MS - LAST_PAUSE_MS) * age);
  }

  /** One attempt of proper-lockfile. */
  async tryOnce(): Promise<Unlock | 'held' | 'refused'> {
    try {
      const release = await lockfile.lock(this.key, {
        fs: this.adapter as never, // judges a lock by how long we have seen it unchanged, never by another machine's clock
        realpath: false, // the path was resolved once, when the licence was opened; the licence file may be missing
        lockfilePath: this.place.lock,
        stale: LEGAL_STALE_MS,
        update: LEGAL_STALE_MS / 2, // touches only the adapter's memory
        retries: 0, // we do the waiting, so that stopping can interrupt it
        onCompromised: () => undefined, // the default throws from a timer, inside the application; no commit rests on the lock
      });
      return () => release().catch(() => undefined);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      return code === 'ELOCKED' || code === 'EEXIST' ? 'held' : 'refused';
    }
  }
}

const goneOnWithout: Unlock = async () => undefined;

type Callback<T = void> = (error: Error | null, value?: T) => void;

/**
 * The `fs` that proper-lockfile sees. One extensible object per licence: the package keeps the share's time precision
 * on it.
 */
function skewFree(files: ShareFiles, clock: Clock, stealMs: number, aside: () => string) {
  let ownMtime: Date | null = null;
  let foreign = { identity: '', firstSeenMs: 0, modifiedMs: 0 };

  async function mtimeOf(path: string): Promise<Date> {
    if (ownMtime) return ownMtime;
    const { inode, modifiedMs } = await files.stat(path);
    const identity = `${inode}:${modifiedMs}`;
    const nowMs = clock.elapsedMs();
    if (identity !== foreign.identity) foreign = { identity, firstSeenMs: nowMs, modifiedMs };
    return nowMs - foreign.firstSeenMs >= stealMs ? new Date(0) : new Date(8.64e15);
  }

  /** A lock in which an indexer or a file manager has left something cannot be removed, but renamed: that frees the name as well. */
  async function remove(path: string): Promise<void> {
    const failure = await nullIf(files.removeDirectory(path), 'missing').then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) return;
    if (!(failure instanceof ShareError && failure.kind === 'notEmpty')) throw failure;
    await nullIf(files.rename(path, aside()), 'missing');
  }

  /** Removes the lock that was last looked at, if that is the one that we have seen there for so long. */
  async function free(path: string, leastMs: number): Promise<boolean> {
    if (clock.elapsedMs() - foreign.firstSeenMs < leastMs) return false;
    try {
      const { kind, inode, modifiedMs } = await files.stat(path);
      if (kind !== 'directory' || `${inode}:${modifiedMs}` !== foreign.identity) return false;
      await remove(path);
      return true;
    } catch (error) {
      return error instanceof ShareError && error.kind === 'missing';
    }
  }

  return {
    mkdir: (path: string, done: Callback) =>
      answer(done, async () => {
        await files.makeDirectory(path);
        ownMtime = new Date(0);
      }),
    stat: (path: string, done: Callback<{ mtime: Date }>) =>
      answer(done, async () => ({ mtime: await mtimeOf(path) })),
    utimes: (_path: string, _atime: Date, mtime: Date, done: Callback) =>
      answer(done, async () => {
        ownMtime = mtime;
      }),
    rmdir: (path: string, done: Callback) =>
      answer(done, async () => {
        ownMtime = null;
        await remove(path);
      }),
    free,
    /** The lock of another process that was last looked at, by inode and time. */
    foreignLock: () => foreign.identity,
    foreignStamp: () => foreign.modifiedMs,
    // Called at exit for a lock still held. Nothing waits for a share then: others step over the lock after stealMs.
    rmdirSync: () => undefined,
  };
}

const codes: Partial<Record<ShareError['kind'], string>> = { missing: 'ENOENT', exists: 'EEXIST' };

/** A promise for a callback, with the error codes proper-lockfile knows. */
function answer<T>(done: Callback<T>, act: () => Promise<T>): void {
  act().then(
    (value) => done(null, value),
    (error: unknown) => {
      const code = error instanceof ShareError ? (codes[error.kind] ?? 'EOTHER') : 'EOTHER';
      done(Object.assign(new Error(String(error)), { code }));
    },
  );
}
