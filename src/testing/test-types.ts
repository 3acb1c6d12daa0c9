import type { LicencePlace, Loss, OpenLicence, OpenOptions, Seat } from '../api.js';

/** What users of `seatfile/testing` see of it. */

/** The licence of a test. */
export interface TestLicenceOptions {
  /** Max users by module, e.g. `{ CAD: 2 }`. At least one module; each from 1 to 100,000. */
  readonly modules: Readonly<Record<string, number>>;
  /** T. Seconds, from 1 to 86,400. @default 30 x the largest max users */
  readonly checkIntervalSeconds?: number | undefined;
  /** How long a user may work without the share, beyond the 1.5 T of everyone. Seconds. @default 0 */
  readonly offlineGraceSeconds?: number | undefined;
  /** `light`: no heartbeats; seats of dead users stay. @default 'heartbeat' */
  readonly level?: 'heartbeat' | 'light' | undefined;
  /** What one user is. @default 'user@host' */
  readonly countBy?: 'user@host' | 'instance' | 'user' | 'host' | undefined;
  /** ISO 8601. @default never */
  readonly expiresAt?: string | undefined;
  /**
   * What moves the clock of everyone. `hand`: only `advance`; it begins at 2026-11-21T09:00:00Z. `timers`: the global
   * `setTimeout` and `performance`, which the fake timers of vitest and Jest replace; it begins at the current `Date`.
   * @default 'hand'
   */
  readonly clock?: 'hand' | 'timers' | undefined;
}

/** Which applications are meant: all that match. What is not given matches. */
export interface WhichApplication {
  readonly user?: string | undefined;
  readonly host?: string | undefined;
}

/** Which seats an administrator removes, and what the users are told. */
export interface TestRemoval extends WhichApplication {
  /** @default every module */
  readonly module?: string | undefined;
  /** `user@host` of the administrator; at most 600 characters. @default 'admin@office' */
  readonly by?: string | undefined;
  /** The reason for people; at most 1024 characters. @default null */
  readonly words?: string | null | undefined;
}

/**
 * A licence on a share in memory, and the computers around it. The real rules and the real client run; only the share,
 * the clock and the computers are made up. Each test has its own: nothing is shared between two of them. It touches no
 * disk and no network, and keeps no process alive.
 */
export interface TestOffice extends AsyncDisposable {
  /** The clock of everyone, and of the file server. Milliseconds since 1970. */
  readonly nowMs: number;
  /**
   * In the place of `openLicence` of the package. Every place leads to this licence, and a list of places, too. Each
   * user on each host is a process of its own; a second opening for the same user and host joins it, as in the real
   * one. It is bound: pass it on as it is. `releaseOnExit` is not used: a test has no exit.
   * @param options user: 'user' by default; host: 'pc' by default
   * @throws SeatfileFault as openLicence(); CLOSED after close()
   */
  readonly openLicence: (
    place: LicencePlace | readonly LicencePlace[],
    options?: OpenOptions,
  ) => Promise<OpenLicence>;
  /** As openLicence, without a path. */
  readonly open: (options?: OpenOptions) => Promise<OpenLicence>;
  /**
   * Moves the clock of everyone. All that is due has happened when the promise settles: heartbeats, events, evictions.
   * For work of the application that is not of seatfile (a file it writes, a request it sends) it does not wait.
   * @param ms milliseconds, from 0 to 31 days
   * @throws SeatfileFault BAD_ARGUMENT: not in this range; or the clock is moved by the test runner's timers
   */
  advance(ms: number): Promise<void>;
  /**
   * The share fails for these applications, also for those that are started later. Seats go through `jeopardy` and
   * `suspended` as the clock moves on. What an application asks of a licence meanwhile may need the clock to move, too:
   * call `advance` before its answer is awaited.
   */
  cutShare(which?: WhichApplication): void;
  /** The share is there for all again. Applications notice it within 5 s of the clock. */
  mendShare(): void;
  /**
   * The computer of these applications sleeps: its timers wait. Peers may evict its seats.
   * @throws SeatfileFault BAD_ARGUMENT: no application matches
   */
  sleep(which: WhichApplication): void;
  /** It wakes: what was due happens at the next `advance`. @throws SeatfileFault as sleep() */
  wake(which: WhichApplication): void;
  /**
   * These processes end without giving anything back, as by a crash. What they were asked is never answered. The next
   * opening for the same user and host is a new process.
   * @throws SeatfileFault as sleep()
   */
  kill(which: WhichApplication): void;
  /**
   * Frees seats, as `seatfile remove` does. The applications are told as the clock moves on.
   * @returns how many seats were freed
   * @throws SeatfileFault BAD_ARGUMENT: a text is too long
   */
  remove(removal?: TestRemoval): Promise<number>;
  /** Closes every open licence, and ends all processes. Then each call throws CLOSED. Safe to call twice. */
  close(): Promise<void>;
}

export interface TestSeatOptions {
  /** @default 'CAD' */
  readonly module?: string | undefined;
  /** @default 'user' */
  readonly user?: string | undefined;
  /** @default 'pc' */
  readonly host?: string | undefined;
  /** What `seat.remainingMs` is until the test says otherwise. Milliseconds, more than 0. @default 60,000 */
  readonly remainingMs?: number | undefined;
}

/**
 * A seat without a licence behind it, for a test of what an application does about events. It makes the moves that a
 * real seat makes (see SeatState) and no others. Each event has been told when the call returns.
 */
export interface TestSeat extends Seat {
  /**
   * Tells `jeopardy`. Allowed while the state is `seated`.
   * @param remainingMs milliseconds, more than 0; it does not count down by itself. @default 5000
   * @throws SeatfileFault BAD_ARGUMENT: a real seat in this state would not
   */
  jeopardy(remainingMs?: number): void;
  /** Tells `suspended`: `valid` is false. Allowed in `seated` and `jeopardy`. @throws SeatfileFault as jeopardy() */
  suspend(): void;
  /**
   * Tells `safe`: `remainingMs` is as at first. Allowed in `jeopardy` and `suspended`.
   * @throws SeatfileFault as jeopardy()
   */
  safe(): void;
  /**
   * Tells `message`; the state stays. Allowed until the seat is lost or given back.
   * @param by `user@host` of the administrator. @default 'admin@desk'
   * @throws SeatfileFault as jeopardy()
   */
  message(words: string, by?: string): void;
  /**
   * Tells `lost`. Allowed until the seat is lost or given back.
   * @param loss what is not given: reason 'evicted', and null
   * @throws SeatfileFault as jeopardy()
   */
  lose(loss?: Partial<Loss>): void;
}
