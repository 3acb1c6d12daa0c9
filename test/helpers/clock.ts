import type { Clock } from '../../src/share/clock.js';

/** What every wall clock shows when a timeline begins, its own offset left aside. */
export const EPOCH_MS = Date.UTC(2026, 10, 21, 9, 0, 0);
const DAY_MS = 86_400_000;
/** Node rounds a shorter timer up to this, and a longer one than the other is not possible. */
const SHORTEST_TIMER_MS = 1;
const LONGEST_TIMER_MS = 2_147_483_647;

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Everything that is ready to run has run: all microtasks, and what they started. */
const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Work with a large document gives the event loop a turn now and then: so many, before nothing is held to move any
 * more.
 */
const MOST_BREATHS = 50;

/**
 * True time, shared by every host and the server. It moves only when a test moves it, from one sleeper to the next, and
 * all that a sleeper starts has run before the next one wakes. Sleepers of the same instant wake in the order they lay
 * down.
 */
export class Timeline {
  /** Milliseconds since the beginning. */
  nowMs = 0;
  /** Called after each sleeper, when all that it started has run. */
  after: (() => void) | null = null;
  private entries: Entry[] = []; // the earliest last
  private orders = 0;
  private line: Promise<unknown> = Promise.resolve();

  /** Calls back at an instant; gives what calls it off. */
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

  /** Lets so much time pass. */
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

/** What is shut can be opened again: a host asleep, a process stopped. A dead process is shut for ever. */
export class Gate {
  private waiting: (() => void)[] = [];
  private shutFor: 'now' | 'ever' | null = null;

  get isShut(): boolean {
    return this.shutFor !== null;
  }

  get isShutForEver(): boolean {
    return this.shutFor === 'ever';
  }

  shut(long: 'now' | 'ever' = 'now'): void {
    this.shutFor = this.shutFor === 'ever' ? 'ever' : long;
    if (long === 'ever') this.waiting = [];
  }

  open(): void {
    if (this.shutFor !== 'now') return;
    this.shutFor = null;
    const waiting = this.waiting;
    this.waiting = [];
    for (const pass of waiting) pass();
  }

  /** Resolves at once, when it is opened, or never. */
  async passed(): Promise<void> {
    while (this.isShut)
      await new Promise<void>((resolve) => {
        if (!this.isShutForEver) this.waiting.push(resolve);
      });
  }
}

/** How one host's clocks differ from true time. */
export interface HostTimeOptions {
  /** Added to the wall clock. @default 0 */
  readonly wallOffsetMs?: number;
  /** How much faster than true time all its clocks run: 0.01 gains a second in a hundred. @default 0 */
  readonly drift?: number;
  /** Since when it has been up. @default a day */
  readonly uptimeMs?: number;
  /** Whether its monotonic clock stops while it sleeps (Linux) or goes on (Windows). @default true */
  readonly monotonicStops?: boolean;
}

/** The clocks of one host. While it sleeps no timer of its processes fires; those that are due fire when it wakes. */
export class HostTime {
  readonly timeline: Timeline;
  readonly gate = new Gate();
  private wallOffsetMs: number;
  private bootedMs: number;
  private readonly rate: number;
  private readonly monotonicStops: boolean;
  private sleptMs = 0;
  private asleepSinceMs: number | null = null;

  constructor(timeline: Timeline, options: HostTimeOptions = {}) {
    this.timeline = timeline;
    this.wallOffsetMs = options.wallOffsetMs ?? 0;
    this.rate = 1 + (options.drift ?? 0);
    this.bootedMs = timeline.nowMs - (options.uptimeMs ?? DAY_MS);
    this.monotonicStops = options.monotonicStops ?? true;
  }

  sleep(): void {
    this.asleepSinceMs ??= this.timeline.nowMs;
    this.gate.shut();
  }

  wake(): void {
    this.sleptMs = this.sleptNowMs();
    this.asleepSinceMs = null;
    this.gate.open();
  }

  /** The wall clock is set. */
  setWall(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  /** The caller first kills what ran here. */
  reboot(): void {
    this.bootedMs = this.timeline.nowMs;
  }

  elapsedMs(): number {
    return this.rate * (this.timeline.nowMs - this.sleptNowMs());
  }

  wallMs(): number {
    return EPOCH_MS + this.wallOffsetMs + this.rate * this.timeline.nowMs;
  }

  uptimeMs(): number {
    return this.rate * (this.timeline.nowMs - this.bootedMs);
  }

  /** When the monotonic clock shows this, if the host does not sleep in between. True time. */
  trueMsOf(elapsedMs: number): number {
    return this.timeline.nowMs + (elapsedMs - this.elapsedMs()) / this.rate;
  }

  private sleptNowMs(): number {
    if (this.asleepSinceMs === null || !this.monotonicStops) return this.sleptMs;
    return this.sleptMs + this.timeline.nowMs - this.asleepSinceMs;
  }
}

/** The clock one process sees. Its gate stops (SIGSTOP) or ends (SIGKILL) it. */
export class HandClock implements Clock {
  readonly host: HostTime;
  readonly gate: Gate;

  constructor(host: HostTime, gate = new Gate()) {
    this.host = host;
    this.gate = gate;
  }

  elapsedMs = (): number => this.host.elapsedMs();
  wallMs = (): number => this.host.wallMs();
  uptimeMs = (): number => this.host.uptimeMs();

  sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted) return Promise.resolve();
    const dueMs = this.elapsedMs() + Math.min(Math.max(SHORTEST_TIMER_MS, ms), LONGEST_TIMER_MS);
    return new Promise((resolve) => {
      const callOff = this.whenDue(dueMs, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      const stop = () => {
        callOff();
        resolve();
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  };

  get isAlive(): boolean {
    return !this.gate.isShutForEver;
  }

  /** Resolves at once while host and process run, else when both do again, or never. */
  running = async (): Promise<void> => {
    while (this.host.gate.isShut || this.gate.isShut) {
      await this.host.gate.passed();
      await this.gate.passed();
    }
  };

  private whenDue(dueMs: number, wake: () => void): () => void {
    let callOff = () => {};
    const arm = () => {
      callOff = this.host.timeline.at(this.host.trueMsOf(dueMs), fire);
    };
    const fire = () => {
      if (this.host.gate.isShut || this.gate.isShut) void this.running().then(fire);
      else if (dueMs - this.elapsedMs() > 0.001)
        arm(); // the monotonic clock stood still meanwhile
      else wake();
    };
    arm();
    return () => callOff();
  }
}
