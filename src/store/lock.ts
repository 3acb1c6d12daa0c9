import lockfile from 'proper-lockfile';
import { checkLimits, type Limits } from '../share/deadline.js';
import { SLOW_MS } from '../share/op-timeouts.js';
import type { StoreContext } from './context.js';
import { LockFiles } from './lock-files.js';
import type { EndTurn } from './register.js';

/**
 * Keeps writers from colliding, and is never what makes a commit safe. The file server decides a commit
 * (README.md), with or without this lock. Whatever goes wrong here costs time and nothing else.
 */
export interface LockOptions {
  /**
   * A lock that this process has seen unchanged for this long is taken over. Milliseconds. @default 10,000
   */
  readonly stealMs: number;
  /** Called once per wait that lasts longer than a second. */
  readonly onSlow?: ((waitingFor: string) => void) | undefined;
}

/** What a waiter watches. It waits while numbers are published; when none is, it removes the lock or passes it over. */
export interface Progress {
  /** The highest number there is, by a new listing. */
  readonly latest: () => Promise<number>;
  /** How long to wait while no number is published. Milliseconds. */
  readonly patienceMs: number;
}

/**
 * proper-lockfile forces `stale` to at least 2 s; our adapter decides what is stale, so the number only has
 * to be legal.
 */
const LEGAL_STALE_MS = 10_000;
/**
 * The longest pause between two tries, for a new waiter and for one that has waited for AGED_MS: the older
 * tries more often.
 */
const FIRST_PAUSE_MS = 80;
const LAST_PAUSE_MS = 15;
const AGED_MS = 2000;
/** How often a waiter looks whether numbers are published. */
const PROGRESS_MS = 500;
/**
 * After this many times its patience a waiter goes on without the lock, also while others write. Measured on
 * SMB: a client shows a freed lock up to a second late, so the processes of one host hand it to each other,
 * and other hosts starve.
 */
const MOST_PATIENCES = 3;
/** After this many refusals (rights, no space) there is no point in waiting for a lock. */
const REFUSALS = 4;

/**
 * How many lock objects this copy of the module has made: the key of each is its own, whatever the dice say.
 */
let keys = 0;

export class PoliteLock {
  private readonly context: StoreContext;
  private readonly options: LockOptions;
  private readonly lockFiles: LockFiles;
  /** proper-lockfile keeps one entry per path and process; two licence objects must not share theirs. */
  private readonly key: string;
  /** The lock that was last passed over, by inode and time. */
  private passedOver: string | number = 'none yet';

  constructor(context: StoreContext, options: LockOptions) {
    this.context = context;
    this.options = options;
    this.lockFiles = new LockFiles(context, options.stealMs);
    this.key = `${context.place.lock}-${context.dice.id()}-${++keys}`;
  }

  /** Waits for a turn, within the limits. What it returns ends the turn, and never fails. */
  async acquire(progress: Progress, limits: Limits): Promise<EndTurn> {
    const { clock, place } = this.context;
    const startedMs = clock.elapsedMs();
    let moved: { latest: number; atMs: number } | null = null;
    let refusals = 0;
    let told = false;
    for (;;) {
      const attempt = await this.tryOnce();
      if (typeof attempt === 'function') return attempt;
      if (attempt === 'refused' && ++refusals >= REFUSALS) return withoutLock;
      if (attempt === 'held' && this.lockFiles.foreignLock === this.passedOver) return withoutLock;
      const nowMs = clock.elapsedMs();
      checkLimits(limits, clock, `its turn to write (${place.lock})`);
      if (nowMs - startedMs >= MOST_PATIENCES * progress.patienceMs) return withoutLock;
      if (moved === null || nowMs - moved.atMs >= Math.min(progress.patienceMs, PROGRESS_MS)) {
        const latest = await progress.latest();
        if (moved === null || latest > moved.latest) moved = { latest, atMs: nowMs };
        else if (nowMs - moved.atMs >= progress.patienceMs)
          return await this.breakThrough(progress.patienceMs);
        else if (attempt === 'held' && (await this.isOutlived(progress.patienceMs))) return this.passOver();
      }
      if (!told && nowMs - startedMs >= SLOW_MS) {
        told = true;
        this.options.onSlow?.('its turn to write; others are writing');
      }
      await clock.sleep(this.pauseMs(nowMs - startedMs), limits.signal);
    }
  }

  /**
   * No number is published under this lock: its holder is dead or stopped. The waiter that has found this out
   * frees the name for all that come later, and takes the lock itself.
   */
  private async breakThrough(patienceMs: number): Promise<EndTurn> {
    const isFree = await this.lockFiles.free(this.context.place.lock, patienceMs);
    const attempt = isFree ? await this.tryOnce() : 'held';
    return typeof attempt === 'function' ? attempt : this.passOver();
  }

  /** A lock that cannot be removed is waited for once, not at every commit. */
  private passOver(): EndTurn {
    this.passedOver = this.lockFiles.foreignLock;
    return withoutLock;
  }

  /**
   * Whether writers have gone on under this very lock for longer than the patience. Both times are the
   * server's stamps: of the lock, and of the folder it lies in, which each commit changes. So a lock that
   * cannot be removed does not cost each short process its patience.
   */
  private async isOutlived(patienceMs: number): Promise<boolean> {
    const folder = await this.context.files.stat(this.context.place.folder).catch(() => null);
    return folder !== null && folder.modifiedMs - this.lockFiles.foreignStampMs >= patienceMs;
  }

  private pauseMs(waitedMs: number): number {
    const age = Math.min(1, waitedMs / AGED_MS);
    return 2 + this.context.dice.fraction() * (FIRST_PAUSE_MS - (FIRST_PAUSE_MS - LAST_PAUSE_MS) * age);
  }

  /** One attempt of proper-lockfile. */
  async tryOnce(): Promise<EndTurn | 'held' | 'refused'> {
    try {
      const release = await lockfile.lock(this.key, {
        fs: this.lockFiles.fs, // never judges a lock by another machine's clock
        realpath: false, // the path was resolved once, when the licence was opened; the licence file may be missing
        lockfilePath: this.context.place.lock,
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
}

const HELD: readonly unknown[] = ['ELOCKED', 'EEXIST'];

const withoutLock: EndTurn = async () => undefined;
