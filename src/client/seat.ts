import type * as api from '../api.js';
import type { Ending } from '../licence/entitlement.js';
import type { SeatMessage } from '../licence/seat-marks.js';
import { soon } from '../share/clock.js';
import type { Known } from './argument-checks.js';
import { Emitter } from './emitter.js';

/** How a seat reaches the instance behind it. */
export interface SeatKeeper {
  readonly id: () => string;
  readonly remainingMs: () => number;
  readonly release: (seat: Seat) => Promise<void>;
}

const EVENTS: Known<api.SeatEvents> = {
  ...{ jeopardy: true, suspended: true, safe: true, expiring: true },
  ...{ message: true, lost: true, released: true },
};

export class Seat extends Emitter<api.SeatEvents> implements api.Seat {
  readonly module: string;
  readonly user: string;
  readonly host: string;
  private readonly keeper: SeatKeeper;
  private current: api.SeatState = 'seated';
  private leaving: Promise<void> | null = null;
  private toldEnd: string | null = null;

  constructor(module: string, user: string, host: string, keeper: SeatKeeper) {
    super(EVENTS);
    this.module = module;
    this.user = user;
    this.host = host;
    this.keeper = keeper;
  }

  get id(): string {
    return this.keeper.id();
  }

  get valid(): boolean {
    return this.remainingMs > 0;
  }

  get remainingMs(): number {
    return this.isOver ? 0 : Math.max(0, this.keeper.remainingMs());
  }

  get state(): api.SeatState {
    return this.isOver || this.valid ? this.current : 'suspended';
  }

  /** The last state that an event told. */
  get told(): api.SeatState {
    return this.current;
  }

  release(): Promise<void> {
    this.leaving ??= this.isOver ? Promise.resolve() : this.keeper.release(this);
    return this.leaving;
  }

  /** For `await using`: like release(), but it never throws. The work that was done with the seat has not failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch(() => undefined);
  }

  /** For the instance: tells once that the licence ends then. */
  tellEnding(ending: Ending): void {
    if (this.isOver || this.toldEnd === ending.expiresAt) return;
    this.toldEnd = ending.expiresAt;
    const { remainingMs, expiresAt } = ending;
    soon(() => this.emit('expiring', { remainingMs, expiresAt }));
  }

  /** For the instance: an administrator says something to the user. */
  tellMessage({ words, actor: by, at }: SeatMessage): void {
    if (!this.isOver) soon(() => this.emit('message', { words, by, at }));
  }

  /** For the instance: moves along the drawing of SeatState, and tells. A move that is not on it is a bug. */
  move(to: api.SeatState, tell: () => void): void {
    const isBack = this.current === 'leaving' ? to !== 'left' : this.isOver;
    if (isBack) throw new Error(`seat ${this.module}: no way from ${this.current} to ${to}`);
    this.current = to;
    // A listener that throws is the application's affair; it must not stop the beats.
    soon(tell);
  }

  override toJSON(): object {
    const { id, module, user, host, valid, state, remainingMs } = this;
    const leftMs = Number.isFinite(remainingMs) ? Math.round(remainingMs) : null; // Light: there is no end
    return { id, module, user, host, valid, state, remainingMs: leftMs };
  }

  private get isOver(): boolean {
    return this.current === 'lost' || this.current === 'left' || this.current === 'leaving';
  }
}
