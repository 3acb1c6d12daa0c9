import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Instant } from '../licence/time.js';

/** Time, handed in: tests move it by hand. */
export interface Clock {
  /** Monotonic, milliseconds. May pause while the host sleeps; means nothing elsewhere. For every age and timeout. */
  elapsedMs(): number;
  /** Wall clock, milliseconds since 1970. Jumps, and differs between hosts. For people to read. */
  wallMs(): number;
  /** Time since boot, milliseconds. Sees sleep where the monotonic clock does not. */
  uptimeMs(): number;
  /**
   * Resolves after `ms` milliseconds, or at once when the signal aborts; never rejects. Never keeps a process alive.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's timers hold at most 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  elapsedMs: () => performance.now(),
  wallMs: () => Date.now(),
  uptimeMs,
  sleep: async (ms, signal) => {
    const bounded = Math.min(Math.max(0, ms), LONGEST_TIMER_MS);
    await delay(bounded, undefined, { ref: false, ...(signal && { signal }) }).catch(() => undefined);
  },
};

/** Where the system does not tell, the monotonic clock stands in: it may only miss the computer's sleep. */
function uptimeMs(): number {
  try {
    return os.uptime() * 1000;
  } catch {
    return performance.now();
  }
}

export const instantOf = (clock: Clock): Instant => ({
  elapsedMs: clock.elapsedMs(),
  wallMs: clock.wallMs(),
  uptimeMs: clock.uptimeMs(),
});

/** A document of more bytes is large: one step of work with it takes a while. */
export const LARGE_BYTES = 1024 * 1024;

/** Between two steps of work with a large document: whatever else waits for the event loop goes first. */
export const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const LATE = Symbol('late');

/** An answer, or LATE when it has not come within `ms` milliseconds, or when the signal aborts before. */
export async function inTime<T>(
  clock: Clock,
  ms: number,
  answer: Promise<T>,
  signal?: AbortSignal,
): Promise<T | typeof LATE> {
  const settled = new AbortController();
  const stop = signal ? AbortSignal.any([settled.signal, signal]) : settled.signal;
  const late = clock.sleep(ms, stop).then((): typeof LATE => LATE);
  return await Promise.race([answer, late]).finally(() => settled.abort());
}

/**
 * Keeps the process alive while an answer is awaited. Our sleeps do not, so that idle timers never hold an application.
 */
export async function awake<T>(act: () => Promise<T>): Promise<T> {
  const hold = setInterval(() => undefined, LONGEST_TIMER_MS);
  try {
    return await act();
  } finally {
    clearInterval(hold);
  }
}
