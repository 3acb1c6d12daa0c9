import type { WaitingNews } from './waiter.js';
import type { Warning } from './warning-text.js';

export interface OpenOptions {
  /** What `status` shows beside the seat, e.g. `Acme CAD 5.2`; in one process, that of the first opening. At most 256 characters. */
  readonly application?: string | undefined;
  /** Free text beside the seat, e.g. a project; in one process, that of the first opening. At most 1024 characters. */
  readonly note?: string | undefined;
  /** @default SEATFILE_USER, else the system's user name */
  readonly user?: string | undefined;
  /** @default SEATFILE_HOST, else the system's host name */
  readonly host?: string | undefined;
  /** Give the seats back on SIGINT, SIGTERM and SIGHUP when nobody else listens for them, and at the end of the event loop. @default true */
  readonly releaseOnExit?: boolean | undefined;
  /**
   * Milliseconds that a claim, and the return of a seat, may take: a share that has not confirmed it by then is given up
   * (SHARE_UNREACHABLE or COMMIT_UNKNOWN; SHARE_BUSY where other processes were writing all the time). @default 30,000
   */
  readonly timeoutMs?: number | undefined;
  /** Called for each wait that lasts longer than a second, with what is waited for; for a look that finds no table, again every 10 s. */
  readonly onSlow?: ((waitingFor: string) => void) | undefined;
}

export interface AcquireOptions {
  /**
   * Milliseconds to wait for a place while none is free: first come, first served, across all processes and computers. The
   * place is told by `waiting` events. Holders who seem dead are asked to beat meanwhile; who has not done so within a
   * quarter of the check interval, and is silent for two, loses the place to whoever waits. At most 24 h. @default 0
   */
  readonly wait?: number | undefined;
  /** For this claim alone. @default that of the licence */
  readonly timeoutMs?: number | undefined;
  /** Gives up at the caller's wish (ABORTED). */
  readonly signal?: AbortSignal | undefined;
}

export interface LicenceEvents {
  /** Something to show or log; it costs nobody a seat. */
  warning: [Warning];
  /** Who asked with `wait` stands in the line, or has moved on in it. */
  waiting: [WaitingNews];
}
