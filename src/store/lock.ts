import { nullIf } from '../share/files.js';
import { inFolder, numberName } from '../share/layout.js';
import type { StoreContext } from './context.js';
import { LockFiles } from './lock-files.js';

export interface LockOptions {
  /**
   * A lock that this process has seen unchanged for this long is taken over. Milliseconds. @default 10,000
   */
  readonly stealMs: number;
}

/**
 * proper-lockfile forces `stale` to at least 2 s; our adapter decides what is stale, so the number only has
 * to be legal.
 */
const LEGAL_STALE_MS = 10_000;

type Lockfile = typeof import('proper-lockfile');
let loaded: Lockfile | null = null;

/** proper-lockfile is loaded behind the first answer: most of what opens a licence commits nothing. */
export async function loadLockfile(): Promise<Lockfile> {
  loaded ??= (await import('proper-lockfile')).default;
  return loaded;
}

/** Gives the lock back, and never fails. */
export type Unlock = () => Promise<void>;

/**
 * How many lock objects this copy of the module has made: the key of each is its own, whatever the dice say.
 */
let keys = 0;

/**
 * Keeps writers from colliding, and is never what makes a commit safe. The file server decides a commit
 * (README.md), with or without this lock. Whatever goes wrong here costs time and nothing else.
 */
export class PoliteLock {
  private readonly context: StoreContext;
  private readonly lockFiles: LockFiles;
  /** proper-lockfile keeps one entry per path and process; two licence objects must not share theirs. */
  private readonly key: string;
  /** The lock that was last passed over, by inode and time. */
  private passedOver: string | number = 'none yet';

  constructor(context: StoreContext, { stealMs }: LockOptions) {
    this.context = context;
    this.lockFiles = new LockFiles(context, stealMs);
    this.key = `${context.paths.lock}-${context.random.id()}-${++keys}`;
  }

  /** One attempt of proper-lockfile. */
  async tryOnce(): Promise<Unlock | 'held' | 'refused'> {
    try {
      const { lock } = loaded ?? (await loadLockfile()); // without it (the application was replaced): refused
      const release = await lock(this.key, {
        fs: this.lockFiles.fs, // never judges a lock by another machine's clock
        realpath: false, // the path was resolved once, when the licence was opened; the licence file may be missing
        lockfilePath: this.context.paths.lock,
        stale: LEGAL_STALE_MS,
        update: LEGAL_STALE_MS / 2, // touches only the adapter's memory
        retries: 0, // we do the waiting, so that stopping can interrupt it
        onCompromised: () => undefined, // the default throws from a timer, in the application
      });
      return () => release().catch(() => undefined);
    } catch (error) {
      const isHeld = error instanceof Error && 'code' in error && HELD.includes(error.code);
      return isHeld ? 'held' : 'refused';
    }
  }

  /** Makes the client forget a lock that is not there. @returns whether there was none */
  async forget(): Promise<boolean> {
    const { files, paths } = this.context;
    return (await nullIf(files.removeDirectory(paths.lock), 'missing').catch(() => undefined)) === null;
  }

  /** The lock that stands there was passed over before: it is waited for once, not at every commit. */
  get isPassedOver(): boolean {
    return this.lockFiles.foreignLock === this.passedOver;
  }

  /** Since when this process has seen the same lock there, by the monotonic clock. */
  get standsSinceMs(): number {
    return this.lockFiles.foreignSinceMs;
  }

  passOver(): void {
    this.passedOver = this.lockFiles.foreignLock;
  }

  /**
   * Takes the lock from its holder, if this process has seen it stand for `leastMs`. The name is free then for all
   * that come later. Null: it has changed hands, or is younger.
   */
  async takeOver(leastMs: number): Promise<Unlock | 'held' | null> {
    const freed = await this.lockFiles.free(this.context.paths.lock, leastMs);
    if (freed !== 'freed') return freed === 'refused' ? 'held' : null;
    const attempt = await this.tryOnce();
    return typeof attempt === 'function' ? attempt : null;
  }

  /**
   * Whether writers have gone on under this very lock for longer than the patience. Both times are the server's
   * stamps: of the lock, and of the latest number, into which its writer wrote. (That of the folder changes with each
   * process that comes to wait.) So a lock that cannot be removed does not cost each short process its patience.
   */
  async isOutlived(latest: number, patienceMs: number): Promise<boolean> {
    const { files, paths } = this.context;
    const published = await files.stat(inFolder(paths, numberName(latest))).catch(() => null);
    return published !== null && published.modifiedMs - this.lockFiles.foreignStampMs >= patienceMs;
  }
}

const HELD: readonly unknown[] = ['ELOCKED', 'EEXIST'];
