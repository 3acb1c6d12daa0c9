import { type Clock, systemClock } from '../../src/share/clock.js';

/** A sleep of this length ends by a jump only. Milliseconds. */
const LONG_MS = 10_000;

/** The clocks of the computer, which can be set ahead together. A long sleep ends then, as after that time. */
export class JumpingClock {
  private aheadMs = 0;
  private sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];

  /** All else is the system's. */
  readonly clock: Clock = {
    ...systemClock,
    elapsedMs: () => systemClock.elapsedMs() + this.aheadMs,
    wallMs: () => systemClock.wallMs() + this.aheadMs,
    uptimeMs: () => systemClock.uptimeMs() + this.aheadMs,
    sleep: (ms, signal) => (ms < LONG_MS ? systemClock.sleep(ms, signal) : this.sleepLong(ms, signal)),
  };

  jump(ms: number): void {
    this.aheadMs += ms;
    const nowMs = this.clock.elapsedMs();
    const due = this.sleepers.filter(({ untilMs }) => untilMs <= nowMs);
    this.sleepers = this.sleepers.filter(({ untilMs }) => untilMs > nowMs);
    for (const { wake } of due) wake();
  }

  private sleepLong(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
      this.sleepers.push({ untilMs: this.clock.elapsedMs() + ms, wake: resolve });
    });
  }
}
