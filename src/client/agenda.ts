import { elapsedMs, type Instant } from '../licence/time.js';
import { LEAST_SLEEP_MS, RETRY_INTERVALS } from '../rules/timing.js';
import { instantOf } from '../share/clock.js';
import { Hints } from './change-hints.js';
import type { ClientContext } from './client-context.js';
import {
  beatBegan,
  beatBy,
  beatConfirmed,
  dueNow,
  NOTHING_DUE,
  nextDueMs,
  noBeatDue,
  pollBegan,
  pollEnded,
  retryMs,
  type Schedule,
  soonerOf,
} from './schedule.js';
import type { Table } from './table-view.js';

/** How often the clocks are compared and the states are told. Nothing is read or written for it. Milliseconds. */
const PULSE_MS = 5000;
/** Why a sleep ends early. An abort without a reason makes an error with a stack, for each seat and each beat. */
const WOKEN = 'woken';

/**
 * What one instance has to do next, and when: the schedule, with the clock and the chance that the schedule itself does
 * without. It sleeps nowhere, and knows nothing of what is done.
 */
export class Agenda {
  private readonly context: ClientContext;
  private readonly table: Table;
  private readonly hints: Hints;
  private schedule = NOTHING_DUE;
  private running: AbortController | null = null;
  private alarm = new AbortController();

  constructor(context: ClientContext, table: Table) {
    this.context = context;
    this.table = table;
    this.hints = new Hints(context, table);
  }

  get isRunning(): boolean {
    return this.running !== null;
  }

  /** The signal ends what runs by this agenda. */
  start(): AbortSignal {
    this.running = new AbortController();
    this.listen();
    return this.running.signal;
  }

  stop(): void {
    this.running?.abort(WOKEN);
    this.running = null;
    this.hints.close();
    this.alarm.abort(WOKEN);
  }

  /** Watches the licence file from now on, unless it is watched already. */
  listen(): void {
    if (this.running) this.hints.open(() => this.alarm.abort(WOKEN));
  }

  /** A share in trouble must not hold a thread of the pool. */
  stopListening(): void {
    this.hints.close();
  }

  /** How long nothing is due. Milliseconds. `early` ends this time when a beat is wanted, or a hint comes. */
  next(): { readonly waitMs: number; readonly early: AbortSignal } {
    this.alarm = new AbortController();
    const waitMs = this.hints.isHinted ? 0 : nextDueMs(this.schedule) - this.context.clock.elapsedMs();
    return { waitMs, early: this.alarm.signal };
  }

  /** What is due now. */
  due(): 'beat' | 'look' | null {
    return dueNow(this.schedule, this.context.clock.elapsedMs(), this.hints.isHinted);
  }

  get pulseMs(): number {
    return Math.min(PULSE_MS, this.table.intervalMs * RETRY_INTERVALS);
  }

  /** A pulse of `plannedMs` that began then is over. If the computer slept meanwhile, a beat is wanted. */
  pulsed(before: Instant, plannedMs: number): void {
    const { intervalMs, pollPeriodMs } = this.table;
    const lateMs = elapsedMs(before, instantOf(this.context.clock)) - plannedMs;
    const hasSlept = lateMs > Math.max(LEAST_SLEEP_MS, intervalMs * RETRY_INTERVALS);
    if (hasSlept && this.isBeating) this.beatSoon();
    this.hints.save(plannedMs / pollPeriodMs);
  }

  beatBegins(startedMs: number): void {
    this.schedule = beatBegan(this.schedule, startedMs, this.retryMs);
  }

  /** A beat that began then was confirmed. */
  beatConfirmed({ elapsedMs: startedMs }: Instant): void {
    const { clock, random } = this.context;
    this.schedule = this.isBeating
      ? beatConfirmed(this.schedule, startedMs, this.table, random.fraction())
      : noBeatDue(this.schedule);
    if (!this.running) this.pollEnded(clock.elapsedMs());
  }

  pollBegins(startedMs: number): void {
    this.hints.spend();
    this.schedule = pollBegan(this.schedule, startedMs, this.retryMs);
  }

  /** A poll that began then is over. */
  pollEnded(startedMs: number): void {
    this.schedule = pollEnded(this.schedule, startedMs, this.table);
  }

  /** A beat is wanted now. */
  beatSoon(): void {
    this.want(beatBy(NOTHING_DUE, this.context.clock.elapsedMs()));
  }

  /** A commit failed. The first beat that succeeds should not wait for T. */
  commitFailed(): void {
    if (this.isBeating) this.want(beatBy(NOTHING_DUE, this.context.clock.elapsedMs() + this.retryMs));
  }

  /** Due at these times at the latest. A wanted beat ends the sleep of the loop; a wanted poll does not. */
  want(wanted: Schedule): void {
    this.schedule = soonerOf(this.schedule, wanted);
    if (wanted.beatDueMs < Number.POSITIVE_INFINITY) this.alarm.abort(WOKEN);
  }

  private get isBeating(): boolean {
    return this.context.identity.record?.level === 'heartbeat';
  }

  private get retryMs(): number {
    return retryMs(this.table, this.context.random.fraction());
  }
}
