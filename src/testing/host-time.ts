import { type CallOff, type Clock, sleepBy } from '../share/clock.js';
import { EPOCH_MS, type TrueTime } from './timeline.js';

const DAY_MS = 86_400_000;
/** Node rounds a shorter timer up to this, and a longer one than the other is not possible. */
const SHORTEST_TIMER_MS = 1;
const LONGEST_TIMER_MS = 2_147_483_647;

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
  readonly timeline: TrueTime;
  readonly gate = new Gate();
  private wallOffsetMs: number;
  private bootedMs: number;
  private readonly rate: number;
  private readonly monotonicStops: boolean;
  private sleptMs = 0;
  private asleepSinceMs: number | null = null;

  constructor(timeline: TrueTime, options: HostTimeOptions = {}) {
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

  /** When the monotonic clock shows this, if the host does not sleep in between. Milliseconds of true time. */
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

  alarm = (ms: number, act: () => void): CallOff =>
    this.whenDue(this.elapsedMs() + Math.min(Math.max(SHORTEST_TIMER_MS, ms), LONGEST_TIMER_MS), act);
  sleep = sleepBy(this.alarm);
  awake = <T>(act: () => Promise<T>): Promise<T> => act();

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
