import os from 'node:os';
import { setImmediate } from 'node:timers'; // of the module: a test runner replaces the global one
import type { Instant } from '../licence/time.js';

/** Time, handed in: tests move it by hand. */
export interface Clock {
  /** Monotonic, milliseconds. May pause while the host sleeps; means nothing elsewhere. For every age and timeout. */
  elapsedMs(): number;
  /** Wall clock, milliseconds since 1970. Jumps, and differs between hosts. For people to read. */
  wallMs(): number;
  /** Time since boot, milliseconds. Sees sleep where the monotonic clock does not. */
  uptimeMs(): number;
  /** Acts once, after `ms` milliseconds, unless it is called off before. Never keeps a process alive. */
  alarm(ms: number, act: () => void): CallOff;
  /**
   * Resolves after `ms` milliseconds, or at once when the signal aborts; never rejects. Never keeps a process alive.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Keeps the process alive while an answer is awaited, where time is real. */
  awake<T>(act: () => Promise<T>): Promise<T>;
}

/** Calls off an alarm. Afterwards, and twice, it does nothing. */
export type CallOff = () => void;

/** Node's timers hold at most 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  elapsedMs: () => performance.now(),
  wallMs: () => Date.now(),
  uptimeMs,
  alarm,
  sleep: sleepBy(alarm),
  awake,
};

function alarm(ms: number, act: () => void): CallOff {
  const timer = setTimeout(act, Math.min(Math.max(0, ms), LONGEST_TIMER_MS)).unref();
  return () => clearTimeout(timer);
}

/** Sleeps by alarms. A signal that ends a sleep is no error here: it would cost an object with a stack each time. */
export function sleepBy(alarm: Clock['alarm']): Clock['sleep'] {
  return (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        callOff();
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const callOff = alarm(ms, wake);
      signal?.addEventListener('abort', wake);
    });
}

/** The system is not asked again while both other clocks say that no more time has passed. Milliseconds. */
const SAME_MOMENT_MS = 5;
let lastAsked = { elapsedMs: Number.NEGATIVE_INFINITY, wallMs: 0, uptimeMs: 0 };

/** Linux reads a file for it. */
function uptimeMs(): number {
  const [elapsedMs, wallMs] = [performance.now(), Date.now()];
  const sinceMs = elapsedMs - lastAsked.elapsedMs;
  if (sinceMs < SAME_MOMENT_MS && Math.abs(wallMs - lastAsked.wallMs) <= SAME_MOMENT_MS)
    return lastAsked.uptimeMs + sinceMs;
  lastAsked = { elapsedMs, wallMs, uptimeMs: askUptimeMs() };
  return lastAsked.uptimeMs;
}

/** Where the system does not tell, the monotonic clock stands in: it may only miss the computer's sleep. */
function askUptimeMs(): number {
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

/**
 * Calls back when the current piece of work is done. `queueMicrotask` is one of the functions that a test runner
 * replaces. What `act` throws is still an uncaught exception.
 */
export function soon(act: () => void): void {
  void Promise.resolve()
    .then(act)
    .catch((error: unknown) =>
      queueMicrotask(() => {
        throw error;
      }),
    );
}

export const LATE = Symbol('late');

/** An answer, or LATE when it has not come within `ms` milliseconds, or when the signal aborts before. */
export async function inTime<T>(
  clock: Clock,
  ms: number,
  answer: Promise<T>,
  signal?: AbortSignal,
): Promise<T | typeof LATE> {
  let callOff: CallOff = () => undefined;
  let giveUp = () => {};
  const late = new Promise<typeof LATE>((resolve) => {
    giveUp = () => resolve(LATE);
    if (signal?.aborted) return giveUp();
    callOff = clock.alarm(ms, giveUp);
    signal?.addEventListener('abort', giveUp);
  });
  return await Promise.race([answer, late]).finally(() => {
    callOff();
    signal?.removeEventListener('abort', giveUp);
  });
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
