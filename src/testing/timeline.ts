import { setImmediate } from 'node:timers'; // of the module: a test runner replaces the global one

/** What every wall clock shows when a timeline begins, its own offset left aside. */
export const EPOCH_MS = Date.UTC(2026, 10, 21, 9, 0, 0);
const DAY_MS = 86_400_000;

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** True time: all clocks of one world are read from it. */
export interface TrueTime {
  /** Milliseconds since the beginning. */
  readonly nowMs: number;
  /** Calls back at an instant; gives what calls it off. */
  at(atMs: number, wake: () => void): () => void;
}

/** Everything that is ready to run has run: all microtasks, and what they started. */
export const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work with a large document gives the event loop a turn now and then: after this many, nothing moves any more. */
export const MOST_BREATHS = 50;

/**
 * True time that is moved by hand. It moves from one sleeper to the next, and all that a sleeper starts has run before
 * the next one wakes. Sleepers of the same instant wake in the order in which they lay down.
 */
export class Timeline implements TrueTime {
  nowMs = 0;
  /** Called after each sleeper, when all that it started has run. */
  after: (() => void) | null = null;
  private entries: Entry[] = []; // the earliest last
  private orders = 0;
  private line: Promise<unknown> = Promise.resolve();

  at(atMs: number, wake: () => void): () => void {
    const entry = { atMs: Math.max(atMs, this.nowMs), order: this.orders++, wake };
    this.entries.splice(this.placeOf(entry), 0, entry);
    return () => {
      const place = this.placeOf(entry);
      if (this.entries[place] === entry) this.entries.splice(place, 1);
    };
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(this.nowMs + ms, resolve);
    });
  }

  /** Lets time pass. Milliseconds. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await this.inLine(drained);
    while (await this.step(untilMs));
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Lets time pass until a promise is settled, and gives what it gives. */
  async run<T>(promise: Promise<T>, withinMs = DAY_MS): Promise<T> {
    const untilMs = this.nowMs + withinMs;
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.inLine(drained);
    for (let idle = 0; !isSettled; )
      if (await this.step(untilMs)) idle = 0;
      else if (++idle > MOST_BREATHS) throw new Error(`not settled within ${withinMs} ms of true time`);
      else await this.inLine(drained);
    return await promise;
  }

  /** Wakes the earliest sleeper, if it is due by then. */
  private step(untilMs: number): Promise<boolean> {
    return this.inLine(async () => {
      const next = this.entries.at(-1);
      if (next === undefined || next.atMs > untilMs) return false;
      this.entries.pop();
      this.nowMs = next.atMs;
      next.wake();
      await drained();
      this.after?.();
      return true;
    });
  }

  private inLine<T>(act: () => Promise<T>): Promise<T> {
    const done = this.line.then(act);
    this.line = done;
    return done;
  }

  private placeOf(entry: Entry): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.entries[middle];
      if (other && (other.atMs - entry.atMs || other.order - entry.order) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
