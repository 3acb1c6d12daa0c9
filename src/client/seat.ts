import { EventEmitter } from 'node:events';
import type { GoneReason } from '../licence/document.js';

/**
 * What the application holds. Whether the seat is good is computed when asked; the events tell it as it happens.
 *
 * ```text
 * seated -> jeopardy -> suspended      a beat overdue; belief over
 *   ^----------+------------+          safe: a beat confirmed
 * any of them -> lost                  evicted, removed, expired
 * any of them -> leaving -> left       release()
 * ```
 */
export type SeatState = 'seated' | 'jeopardy' | 'suspended' | 'lost' | 'leaving' | 'left';

export interface SeatEvents {
  /** A beat is overdue. The seat is valid for `remainingMs` more: time to save. */
  jeopardy: [{ readonly remainingMs: number }];
  /** No longer valid; the share decides between `safe` and `lost`. */
  suspended: [];
  /** Out of jeopardy or suspension: a beat was confirmed. */
  safe: [];
  /** Final. The library does nothing more; the application decides what this means. */
  lost: [Loss];
  /** Final, after release(). */
  released: [];
}

export interface Loss {
  readonly reason: GoneReason | 'expired' | 'licence replaced' | 'place taken';
  /** `user@host` of the acting user; null: there is none in particular. */
  readonly by: string | null;
  readonly words: string | null;
  /** ISO 8601; when it happened, by share time; null when that is not known. */
  readonly at: string | null;
}

/** How a seat reaches the instance behind it. */
export interface SeatKeeper {
  readonly id: () => string;
  readonly remainingMs: () => number;
  readonly release: (seat: Seat) => Promise<void>;
}

export class Seat extends EventEmitter<SeatEvents> implements AsyncDisposable {
  readonly module: string;
  readonly user: string;
  readonly host: string;
  private readonly keeper: SeatKeeper;
  private current: SeatState = 'seated';
  private leaving: Promise<void> | null = null;

  constructor(module: string, user: string, host: string, keeper: SeatKeeper) {
    super();
    this.module = module;
    this.user = user;
    this.host = host;
    this.keeper = keeper;
  }

  /** The id of the seat in the table. Instances that the licence counts as one user share it. */
  get id(): string {
    return this.keeper.id();
  }

  /**
   * Whether the application may work now. It is computed at the call, in microseconds, from the start of the last
   * confirmed beat on three clocks. So it is false at the first call after a long sleep, before any timer has run.
   */
  get valid(): boolean {
    return this.remainingMs > 0;
  }

  /** How long `valid` will stay true without another beat. Milliseconds; Infinity for Light; 0 when not valid. */
  get remainingMs(): number {
    return this.isOver ? 0 : Math.max(0, this.keeper.remainingMs());
  }

  /** Where the seat stands, as told by the events; `suspended` from the moment `valid` is false. */
  get state(): SeatState {
    return this.isOver || this.valid ? this.current : 'suspended';
  }

  /** The last state that an event told. @internal */
  get told(): SeatState {
    return this.current;
  }

  /**
   * Gives the seat back. Safe to call twice. The seat is given up in any case. If the share did not take the change,
   * others get the seat once the silence of this instance has been noticed.
   * @throws SeatfileFault SHARE_*, COMMIT_UNKNOWN when the share did not confirm
   */
  release(): Promise<void> {
    this.leaving ??= this.isOver ? Promise.resolve() : this.keeper.release(this);
    return this.leaving;
  }

  /** For `await using`: like release(), but it never throws. The work that was done with the seat has not failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch(() => undefined);
  }

  /** For the instance: moves along the drawing above, and tells. A move that is not on it is a bug. @internal */
  move(to: SeatState, tell: () => void): void {
    const isBack = this.current === 'leaving' ? to !== 'left' : this.isOver;
    if (isBack) throw new Error(`seat ${this.module}: no way from ${this.current} to ${to}`);
    this.current = to;
    // A listener that throws is the application's affair; it must not stop the beats.
    queueMicrotask(tell);
  }

  private get isOver(): boolean {
    return this.current === 'lost' || this.current === 'left' || this.current === 'leaving';
  }
}
