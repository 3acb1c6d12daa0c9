import type { AcquireOptions, ClaimAnswer, WaitingNews } from './claim.js';
import type { Emits } from './emits.js';
import type { LicenceStatus, StatusOptions } from './status.js';

/**
 * A licence opened by this process. For one user and host it is one instance in the table, also if it is opened often
 * or takes many modules. Seats, waits and listeners belong to each opening.
 */
export interface OpenLicence extends Emits<LicenceEvents>, AsyncDisposable {
  /** The licence file, every link resolved. Of several, the first that has been opened. */
  readonly file: string;
  /** The modules the licence has, as it was opened. Of several, those of all that have been opened. */
  readonly modules: readonly string[];
  /**
   * Asks for a seat in a module. That none is free is an answer. Asking again for a module this process holds gives
   * another handle on the same seat, which is free when the last of them is released.
   * @throws SeatfileFault UNKNOWN_MODULE, LICENCE_EXPIRED, SHARE_*, TABLE_*, COMMIT_UNKNOWN, ABORTED, CLOSED
   */
  acquire(module: string, options?: AcquireOptions): Promise<ClaimAnswer>;
  /**
   * Which users hold seats, and what else `seatfile status --json` tells. Of several licences, of the one that `file`
   * names. It takes no lock, changes nothing, and no heartbeat waits for it.
   * @throws SeatfileFault LICENCE_*, SHARE_*, TABLE_*, CLOSED
   */
  status(options?: StatusOptions): Promise<LicenceStatus>;
  /** Gives back every seat of this opening, and ends its background work. @throws SeatfileFault as release() */
  close(): Promise<void>;
}

export interface LicenceEvents {
  /** Something to show or log. No user loses a seat by it. */
  warning: [Warning];
  /** A claim with `wait` has joined the queue, or has moved on in it. */
  waiting: [WaitingNews];
}

/** Something that the user should know. No user loses a seat by it. */
export interface Warning {
  /**
   * FACE: `licence.json` is not what it should be. SHARE: the share is in trouble, and it is tried again. UNFIT: the
   * place cannot keep seats safe, whatever is tried; `seatfile doctor` tells more. JOURNAL: a part of it is damaged.
   * RENEWAL: the licence could not be renewed, and until when work goes on without that.
   */
  readonly code: 'FACE' | 'SHARE' | 'UNFIT' | 'JOURNAL' | 'RENEWAL';
  readonly message: string;
}
