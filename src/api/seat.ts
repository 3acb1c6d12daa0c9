import type { Emits } from './emits.js';

/**
 * A seat that this process holds. `console.log` and `JSON.stringify` show its id, module, user, host, `valid`, `state`
 * and `remainingMs` (null for Light).
 */
export interface Seat extends Emits<SeatEvents>, AsyncDisposable {
  readonly module: string;
  readonly user: string;
  readonly host: string;
  /** The id of the seat in the table. Instances that the licence counts as one user share it. */
  readonly id: string;
  /**
   * Whether the application may work now. It is computed at the call, in microseconds, from the start of the last
   * confirmed beat on three clocks. So it is false at the first call after a long sleep, before any timer has run.
   */
  readonly valid: boolean;
  /** How long `valid` will stay true without another beat. Milliseconds; Infinity for Light; 0 when not valid. */
  readonly remainingMs: number;
  /** Where the seat stands, as told by the events; `suspended` from the moment `valid` is false. */
  readonly state: SeatState;
  /**
   * Gives the seat back. Safe to call twice. The seat is given up in any case. If the share did not take the change,
   * others get the seat once the silence of this instance has been noticed.
   * @throws SeatfileFault SHARE_*, COMMIT_UNKNOWN when the share did not confirm
   */
  release(): Promise<void>;
}

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
  /**
   * The licence ends soon: within the days that it says (14 if it does not), by the file server's clock. Told once to
   * each seat, and again of another end. `expiresAt` is ISO 8601, share time.
   */
  expiring: [{ readonly remainingMs: number; readonly expiresAt: string }];
  /** An administrator says something to the user, and the seat stays. Each message is told once. */
  message: [Message];
  /** Final. The library does nothing more; the application decides what this means. */
  lost: [Loss];
  /** Final, after release(). */
  released: [];
}

/** What an administrator says to a holder. */
export interface Message {
  readonly words: string;
  /** `user@host` of the administrator. */
  readonly by: string;
  /** ISO 8601; when it was said, by share time. */
  readonly at: string;
}

export interface Loss {
  readonly reason: GoneReason | 'expired' | 'licence replaced' | 'place taken';
  /** `user@host` of the acting user; null: there is none in particular. */
  readonly by: string | null;
  readonly words: string | null;
  /** ISO 8601; when it happened, by share time; null when that is not known. */
  readonly at: string | null;
}

/**
 * An open list: a reason that a later version adds is shown as it is, and is final like a person's decision.
 */
export type GoneReason =
  | 'evicted'
  | 'process gone'
  | 'removed'
  | 'banned'
  | 'taken over'
  | (string & Record<never, never>);
