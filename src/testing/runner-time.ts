import type { TrueTime } from './timeline.js';

/**
 * Time as the global timers tell it, real or replaced by a test runner. Both the clock and the timers move it, because
 * a runner may have replaced only one of them. It never goes back, also where the clocks are exchanged meanwhile.
 */
export class RunnerTime implements TrueTime {
  private readonly timers = new Set<() => void>();
  private passedMs = 0;
  private seenMs = performance.now();

  get nowMs(): number {
    const seenMs = performance.now();
    this.passedMs += Math.max(0, seenMs - this.seenMs);
    this.seenMs = seenMs;
    return this.passedMs;
  }

  at(atMs: number, wake: () => void): () => void {
    const { setTimeout, clearTimeout } = globalThis; // one pair: they may be exchanged before this is called off
    const timer: unknown = setTimeout(
      () => {
        this.timers.delete(callOff);
        this.passedMs = Math.max(this.nowMs, atMs);
        wake();
      },
      Math.max(0, atMs - this.nowMs),
    );
    const callOff = () => {
      this.timers.delete(callOff);
      clearTimeout(timer as NodeJS.Timeout);
    };
    this.timers.add(callOff);
    (timer as { unref?: () => void }).unref?.(); // in a simulated browser it is a number
    return callOff;
  }

  /** No timer is left. */
  end(): void {
    for (const callOff of this.timers) callOff();
  }
}
