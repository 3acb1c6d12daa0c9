import { elapsedMs, type Instant } from '../licence/time.js';
import { LEAST_SLEEP_MS, RETRY_INTERVALS } from '../rules/timing.js';
import { type Clock, instantOf } from '../share/clock.js';
import type { Dice } from '../share/random.js';
import type { SerialQueue } from '../share/serial.js';
import type { Hints } from './change-hints.js';
import type { Identity } from './identity.js';
import {
  beatBegan,
  beatBy,
  beatConfirmed,
  dueNow,
  lookBegan,
  lookBy,
  looked,
  NOTHING_DUE,
  nextDueMs,
  noBeatDue,
  type Pace,
  retryMs,
} from './schedule.js';

/** The clocks are compared, and the states told, at least so often. Nothing is read or written. Milliseconds. */
const PULSE_MS = 5000;

export interface HeartDeps {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly identity: Identity;
  readonly table: Pace;
  readonly hints: Hints;
  readonly queue: SerialQueue;
  readonly beat: () => Promise<void>;
  readonly look: () => Promise<void>;
  /** A beat or a look failed. */
  readonly onTrouble: (error: unknown) => void;
  readonly onPulse: () => void;
}

/**
 * When to beat and when to look, while a seat is held. Two loops: the heart beats and looks at the share; the pulse only
 * compares clocks and tells what they mean, so that it goes on while the share hangs.
 */
export class Heart {
  private readonly deps: HeartDeps;
  private schedule = NOTHING_DUE;
  private running: AbortController | null = null;
  private alarm = new AbortController();

  constructor(deps: HeartDeps) {
    this.deps = deps;
  }

  get isRunning(): boolean {
    return this.running !== null;
  }

  start(): void {
    this.running = new AbortController();
    this.listen();
    void this.loop(this.running.signal);
    void this.pulse(this.running.signal);
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
    this.deps.hints.close();
    this.alarm.abort();
  }

  /** Watches for hints from now on, if it may and does not yet. */
  listen(): void {
    if (this.running) this.deps.hints.open(() => this.alarm.abort());
  }

  beatSoon(waitMs = 0): void {
    this.schedule = beatBy(this.schedule, this.deps.clock.elapsedMs() + waitMs);
    this.alarm.abort();
  }

  beatBegins(startedMs: number): void {
    this.schedule = beatBegan(this.schedule, startedMs, this.retryMs);
  }

  /** A commit failed. */
  beatAgain(): void {
    if (this.isBeating) this.beatSoon(this.retryMs); // the first success should not wait for T
  }

  /** A beat that began then was confirmed. */
  beaten(since: Instant): void {
    const { clock, dice } = this.deps;
    this.schedule = this.isBeating
      ? beatConfirmed(this.schedule, since.elapsedMs, this.deps.table, dice.fraction())
      : noBeatDue(this.schedule);
    if (!this.running) this.looked(clock.elapsedMs());
  }

  lookBegins(startedMs: number): void {
    this.deps.hints.spend();
    this.schedule = lookBegan(this.schedule, startedMs, this.retryMs);
  }

  looked(startedMs: number): void {
    this.schedule = looked(this.schedule, startedMs, this.deps.table);
  }

  /** Then at the latest. */
  lookBy(dueMs: number): void {
    this.schedule = lookBy(this.schedule, dueMs);
  }

  private async loop(signal: AbortSignal): Promise<void> {
    const { clock, hints, queue } = this.deps;
    while (!signal.aborted) {
      this.alarm = new AbortController();
      const waitMs = nextDueMs(this.schedule) - clock.elapsedMs();
      if (waitMs > 0 && !hints.isHinted) await clock.sleep(waitMs, this.alarm.signal);
      if (!signal.aborted)
        await queue.run(() => this.tend(signal)).catch((error: unknown) => this.complain(error));
    }
  }

  /** Whatever is due: a beat, or a look. */
  private async tend(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const due = dueNow(this.schedule, this.deps.clock.elapsedMs(), this.deps.hints.isHinted);
    if (due === 'beat') await this.deps.beat();
    else if (due === 'look') await this.deps.look();
  }

  private complain(error: unknown): void {
    this.deps.hints.close(); // while the share is in trouble it must not hold a thread of the pool
    this.deps.onTrouble(error);
  }

  /** Compares the clocks and tells the states. It reads nothing, so a dead share cannot stop it. */
  private async pulse(signal: AbortSignal): Promise<void> {
    const { clock, hints, onPulse, table } = this.deps;
    while (!signal.aborted) {
      const before = instantOf(clock);
      const plannedMs = Math.min(PULSE_MS, table.intervalMs * RETRY_INTERVALS);
      await clock.sleep(plannedMs, signal);
      if (signal.aborted) return;
      const hasSlept =
        elapsedMs(before, instantOf(clock)) - plannedMs >
        Math.max(LEAST_SLEEP_MS, table.intervalMs * RETRY_INTERVALS);
      if (hasSlept && this.isBeating) this.beatSoon();
      hints.save(plannedMs / table.lookPeriodMs);
      onPulse();
    }
  }

  private get isBeating(): boolean {
    return this.deps.identity.record?.level === 'heartbeat';
  }

  private get retryMs(): number {
    return retryMs(this.deps.table, this.deps.dice.fraction());
  }
}
