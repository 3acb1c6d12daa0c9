import { SeatfileFault } from '../licence/fault.js';
import type { Deadline } from '../share/deadline.js';
import type { StoreContext } from './context.js';

/** Tells whether a commit that ran out of time was late because other processes were writing. */
export class CommitProgress {
  private readonly context: Pick<StoreContext, 'clock' | 'paths'>;
  /** The commit under way: when it began, and the first and the latest number that it has seen. */
  private now: { readonly sinceMs: number; first: number | null; latest: number } | null = null;

  constructor(context: Pick<StoreContext, 'clock' | 'paths'>) {
    this.context = context;
  }

  /** Runs a commit. One that ended at its deadline although the share answers says so. */
  async watch<T>(act: () => Promise<T>, deadline: Deadline): Promise<T> {
    const { clock } = this.context;
    this.now = { sinceMs: clock.elapsedMs(), first: null, latest: 0 };
    try {
      return await act();
    } catch (error) {
      const isLate = error instanceof SeatfileFault && error.code === 'SHARE_UNREACHABLE' && !error.cause;
      if (isLate && clock.elapsedMs() >= deadline.untilMs) throw this.outpaced() ?? error;
      throw error;
    } finally {
      this.now = null;
    }
  }

  /** The commit under way has seen this number as the latest. */
  noteLatest(number: number): void {
    if (this.now === null) return;
    this.now.first ??= number;
    this.now.latest = Math.max(this.now.latest, number);
  }

  /**
   * The fault of a commit that others outpace; null where it is late for another reason, or none is under
   * way.
   */
  outpaced(): SeatfileFault | null {
    if (this.now === null) return null;
    const { sinceMs, first, latest } = this.now;
    if (first === null || latest === first) return null;
    const { clock, paths } = this.context;
    const seconds = Math.round((clock.elapsedMs() - sinceMs) / 1000);
    return new SeatfileFault(
      'SHARE_BUSY',
      `${paths.licenceFile}: waited ${seconds} s for a turn to write; the share answers, and others made ` +
        `${latest - first} changes meanwhile; try again, or allow more time (timeoutMs, --timeout)`,
      { details: { path: paths.licenceFile, seconds } },
    );
  }
}
