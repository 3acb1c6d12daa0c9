import type { AcquireOptions, ClaimAnswer, SeveralAnswer, WaitingNews } from './claim.js';
import type { Emits } from './emits.js';
import type { LicenceStatus, StatusOptions } from './status.js';

/**
 * A licence opened by this process. For one user and host it is one instance in the table, also if it is opened often
 * or takes many modules. Seats, waits and listeners belong to each opening. `console.log` and `JSON.stringify` show its
 * file, customer, modules and the seats held.
 */
export interface OpenLicence extends Emits<LicenceEvents>, AsyncDisposable {
  /** The licence file, every link resolved. Of several, the first that has been opened. */
  readonly file: string;
  /**
   * The modules that the licence grants. This and the next four follow the licence: they are what the last poll, or the
   * last change of this process, has shown. Of several licences: the modules of all that have been opened.
   */
  readonly modules: readonly string[];
  /** Whose licence it is; null where it does not say. Of several, as the next two: of the first that is open. */
  readonly customer: string | null;
  readonly licenceId: string;
  /** ISO 8601, by the file server's clock; null: it does not end. */
  readonly expiresAt: string | null;
  /**
   * How many users may work in a module at once. Of several licences: the sum of those that have been opened.
   * @throws SeatfileFault UNKNOWN_MODULE
   */
  maxUsers(module: string): number;
  /**
   * Asks for a seat in a module. That none is free is an answer. Asking again for a module this process holds gives
   * another handle on the same seat, which is free when the last of them is released.
   * @throws SeatfileFault UNKNOWN_MODULE, LICENCE_EXPIRED, SHARE_*, TABLE_*, COMMIT_UNKNOWN, ABORTED, CLOSED
   */
  acquire(module: string, options?: AcquireOptions): Promise<ClaimAnswer>;
  /**
   * Asks for a seat in each of several modules, in one step: all are given, or none. One that this process holds is
   * shared. A list that names one twice is refused. With `wait` it waits until all can be had, and holds none of them
   * meanwhile. So two such claims never wait for each other. It stands in the queue of one module that is full, and
   * keeps its turn where it goes on to that of another; a seat that it cannot use yet goes to the next waiter. So a
   * wait for several can take longer than one for each.
   * @throws SeatfileFault as for one module; BAD_ARGUMENT: a module is named twice
   */
  acquire(modules: readonly string[], options?: AcquireOptions): Promise<SeveralAnswer>;
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
  /**
   * What an application would show of the licence is otherwise now: its seats, its queue, what it grants, or its
   * settings. It carries nothing: ask. Told at most once for each poll, and for each change of this process. While no
   * seat is held and no claim waits, the licence is polled for its listeners each T/8 (an eighth of the check
   * interval, an hour at most), beginning with the first listener. A heartbeat is no change.
   */
  changed: [];
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
