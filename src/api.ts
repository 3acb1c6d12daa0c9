/**
 * Everything that an application sees of this package, and nothing of how it is done. It imports nothing, so that it is
 * the shipped declaration too: it needs neither the types of Node nor those of a browser.
 */

/** The methods of Node's EventEmitter. `E` gives the arguments of each event. */
export interface Emits<E extends { [K in keyof E]: unknown[] }> {
  /** Calls `listener` at each `event` from now on. One that throws ends the process, as with any EventEmitter. */
  on<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** Calls `listener` at the next `event` only. */
  once<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** Ends what `on` or `once` began. */
  off<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** As `on`. */
  addListener<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** As `off`. */
  removeListener<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** Ends all listening to `event`, or to every event. */
  removeAllListeners(event?: keyof E): this;
  /** How many listeners `event` has. */
  listenerCount(event: keyof E): number;
}

/** What is used of an AbortSignal. Give a real one, from an AbortController or AbortSignal.timeout(). */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The path of a licence file, or the one licence with this key among the files `*.json` of a directory. */
export type LicencePlace = string | { readonly key: string; readonly in: string };

export interface OpenOptions {
  /** What `status` shows beside the seat: at most 256 characters. In one process, that of the first opening counts. */
  readonly application?: string | undefined;
  /** Free text beside the seat, at most 1024 characters. In one process, that of the first opening counts. */
  readonly note?: string | undefined;
  /**
   * The vendor's public key: the text of a PEM file, or the line that `seatfile keygen` prints; several where the
   * vendor changes keys. With it only a licence opens that one of these keys has signed (else LICENCE_UNSIGNED,
   * LICENCE_FORGED, LICENCE_UNTRUSTED). @default no key: a licence opens whether or not it is signed, and whatever its
   * signature is worth
   */
  readonly publicKey?: string | readonly string[] | undefined;
  /** @default SEATFILE_USER, else the system's user name */
  readonly user?: string | undefined;
  /** @default SEATFILE_HOST, else the system's host name */
  readonly host?: string | undefined;
  /**
   * Give the seats back at the end of the event loop, and on SIGINT, SIGTERM and SIGHUP. A signal that the application
   * listens for is left to the application. Also end the process where its end waits for a hung share. @default true
   */
  readonly releaseOnExit?: boolean | undefined;
  /**
   * Milliseconds that a claim, and the return of a seat, may take. A share that has not confirmed it by then is given
   * up (SHARE_UNREACHABLE or COMMIT_UNKNOWN; SHARE_BUSY where other processes wrote all that time). @default 30,000
   */
  readonly timeoutMs?: number | undefined;
  /** Of several licences: milliseconds that one may be out of reach before the next is asked. @default 10,000 */
  readonly patienceMs?: number | undefined;
  /**
   * Called for each wait that lasts longer than a second, with what is waited for. For a poll that finds no table it is
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
  readonly signal?: Signal | undefined;
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
  /** Gives back every seat of this opening, and ends its background work. @throws SeatfileFault as release() */
  close(): Promise<void>;
}

/** The answer to a claim. "No seat is free" is one of the answers, not an exception. */
export type ClaimAnswer =
  | {
      readonly kind: 'seated';
      /** The licence file that the seat is in. */
      readonly file: string;
      readonly seat: Seat;
      /**
       * The removal of this user from the module by an administrator. It is told once, to the first claim after the
       * removal; else null.
       */
      readonly removed: Loss | null;
    }
  | {
      readonly kind: 'full';
      /** Of several licences, in all that answered. */
      readonly holders: readonly Holder[];
      /**
       * ISO 8601, by the file server's clock: the latest time by which a place is free, if its silent holders are dead.
       * A living peer frees it; without one, this process does, as long as it runs. Null when all holders beat.
       */
      readonly freesAt: string | null;
      /** What became of this user's last seat in the module, if it was taken away within max(4 T, 24 h); else null. */
      readonly evicted: Eviction | null;
      readonly waitedMs: number;
    }
  | {
      readonly kind: 'refused';
      /** `closed`: after a lost table was restored, no new user is seated for a quarter of the check interval. */
      readonly reason: 'banned' | 'reserved' | 'closed';
      /** ISO 8601, share time: when to ask again; null when that is not known. */
      readonly untilAt: string | null;
    };

/** Where a wait stands. It is told when the wait begins, and whenever its place in the queue changes. */
export interface WaitingNews {
  /** The licence file whose queue it is. */
  readonly file: string;
  readonly module: string;
  /** 1 is the next to be seated. */
  readonly place: number;
  readonly holders: readonly Holder[];
  /** As in the refusal. */
  readonly freesAt: string | null;
  readonly evicted: Eviction | null;
}

/** A holder of a seat in a module. */
export interface Holder {
  readonly seat: string;
  readonly user: string;
  readonly host: string;
  /** ISO 8601, share time. */
  readonly sinceAt: string;
  readonly note: string | null;
}

/** A seat that was taken away, as its tombstone tells. */
export interface Eviction {
  readonly reason: GoneReason;
  /** `user@host` of the observer or the administrator. */
  readonly by: string;
  readonly words: string | null;
  /** ISO 8601, share time. */
  readonly at: string;
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

/**
 * A seat that this process holds. `console.log` and `JSON.stringify` show its id, module, user, host, `valid` and
 * `state`.
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

/**
 * Everything that can go wrong, as a closed list: programs switch on the code, people read the message.
 * "No seat is free" is not among them: that is an answer (see {@link ClaimAnswer}), not a fault.
 */
export type FaultCode =
  | 'BAD_ARGUMENT' // the caller's own words are off; nothing was tried
  | 'UNKNOWN_MODULE' // the licence has no such module
  | 'LICENCE_EXISTS' // something is already there; nothing is ever overwritten
  | 'LICENCE_MISSING' // no licence file, and no revisions beside it
  | 'LICENCE_AMBIGUOUS' // several files have the key that was asked for
  | 'LICENCE_UNREADABLE' // it is there and cannot be read: rights, a directory in its place, a link
  | 'LICENCE_INVALID' // it was read and is no licence
  | 'LICENCE_NEWER' // it was written for a later format than this version knows
  | 'LICENCE_MOVED' // the table is elsewhere by now, and says where; nothing was written here
  | 'LICENCE_ELSEWHERE' // it is bound to another place than the one where it was opened
  | 'LICENCE_EXPIRED' // its last day has passed by the file server's clock
  | 'LICENCE_NOT_YET' // its first day has not come by the file server's clock
  | 'LICENCE_UNSIGNED' // a public key was given, and it has no signature
  | 'LICENCE_FORGED' // its signature does not fit its text
  | 'LICENCE_UNTRUSTED' // it is signed with a key that is none of those given
  | 'LICENCE_NOT_RENEWED' // it could not be renewed for longer than it allows: no new seats, held ones stay
  | 'INSTALL_REFUSED' // another licence, or an older one: nothing was installed
  | 'RENEWAL_FAILED' // the address of its renewal did not answer with a licence
  | 'TABLE_LOST' // the seat table went backwards or is gone; nothing was written
  | 'TABLE_DAMAGED' // the newest revision stays unreadable; nothing was written
  | 'SHARE_UNREACHABLE' // the share does not answer, or is not there
  | 'SHARE_REFUSED' // the share answers, and says no: rights, read-only
  | 'SHARE_FULL' // no space, or the quota is used up
  | 'SHARE_BUSY' // something keeps a file open (virus scanner, backup), or others were writing all the time
  | 'SHARE_UNFIT' // the place can not host a seat table
  | 'COMMIT_UNKNOWN' // the share did not say whether a change was made; the next look shows it
  | 'ABORTED' // the caller's own AbortSignal
  | 'CLOSED'; // the licence or the seat was already closed by the caller
