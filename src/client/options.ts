import type { WaitingNews } from './answers.js';
import type { Warning } from './warning-text.js';

export interface OpenOptions {
  /**
   * What `status` shows beside the seat, e.g. `Acme CAD 5.2`. In one process, that of the first opening counts. At most
   * 256 characters.
   */
  readonly application?: string | undefined;
  /**
   * Free text beside the seat, e.g. a project. In one process, that of the first opening counts. At most 1024
   * characters.
   */
  readonly note?: string | undefined;
  /** @default SEATFILE_USER, else the system's user name */
  readonly user?: string | undefined;
  /** @default SEATFILE_HOST, else the system's host name */
  readonly host?: string | undefined;
  /**
   * Give the seats back at the end of the event loop, and on SIGINT, SIGTERM and SIGHUP. A signal that the application
   * listens for is left to the application. @default true
   */
  readonly releaseOnExit?: boolean | undefined;
  /**
   * Milliseconds that a claim, and the return of a seat, may take. A share that has not confirmed it by then is given
   * up (SHARE_UNREACHABLE or COMMIT_UNKNOWN; SHARE_BUSY where other processes wrote all that time). @default 30,000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Called for each wait that lasts longer than a second, with what is waited for. For a look that finds no table it is
   * called again every 10 s.
   */
  readonly onSlow?: ((waitingFor: string) => void) | undefined;
}

export interface AcquireOptions {
  /**
   * Milliseconds to wait in the queue while no seat is free, at most 24 h. The queue is first come, first served,
   * across all processes and computers. `waiting` events tell the place in it. Meanwhile a holder that seems dead is
   * asked to beat. Its seat goes to the first waiter if it has not answered within a quarter of the check interval,
   * and has been silent for two. @default 0
   */
  readonly wait?: number | undefined;
  /** For this claim alone. @default that of the licence */
  readonly timeoutMs?: number | undefined;
  /** Gives up at the caller's wish (ABORTED). */
  readonly signal?: AbortSignal | undefined;
}

export interface LicenceEvents {
  /** Something to show or log. No user loses a seat by it. */
  warning: [Warning];
  /** A claim with `wait` has joined the queue, or has moved on in it. */
  waiting: [WaitingNews];
}
