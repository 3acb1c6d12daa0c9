import { SeatfileFault } from '../licence/fault.js';
import { type Clock, inTime, LATE } from '../share/clock.js';
import { unconfirmed } from './release.js';

/** The claims of an opening, and the returns of seats, that have no answer yet. Closing waits for them. */
export class OpenClaims {
  private readonly file: string;
  private readonly clock: Clock;
  private readonly asking = new Set<Promise<unknown>>();
  /** A claim or a return that the share neither confirmed nor refused. */
  private unsure: SeatfileFault | null = null;

  constructor(file: string, clock: Clock) {
    this.file = file;
    this.clock = clock;
  }

  /** What was not sure before is told already. */
  begin(): void {
    this.unsure = null;
  }

  /** A claim that is still open gives back its seat. @throws SeatfileFault COMMIT_UNKNOWN if that is not sure */
  async answered(untilMs: number): Promise<void> {
    while (this.asking.size > 0) {
      const leftMs = untilMs - this.clock.elapsedMs();
      const all = Promise.allSettled(this.asking);
      if (leftMs <= 0 || (await inTime(this.clock, leftMs, all)) === LATE) throw unconfirmed(this.file, null);
    }
    if (this.unsure) throw this.unsure;
  }

  /** Remembered until it is over, so that closing can wait for it. */
  async noted<T>(asked: Promise<T>): Promise<T> {
    this.asking.add(asked);
    try {
      return await asked;
    } catch (error) {
      if (error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN') this.unsure = error;
      throw error;
    } finally {
      this.asking.delete(asked);
    }
  }
}
