import type { Signal } from './emits.js';

/** The document of `seatfile status --json`. Within a `schemaVersion` fields may be added; none is renamed. */
export interface LicenceStatus {
  readonly schemaVersion: 1;
  /** The licence file, every link resolved. */
  readonly file: string;
  readonly revision: number;
  /** When this was read. ISO 8601, as every time here. */
  readonly shareTime: string;
  /** Whose clock shareTime is: the file server's, or, where that could not be had, this computer's. */
  readonly shareTimeFrom: 'server' | 'client';
  readonly licence: {
    readonly id: string;
    readonly customer: string | null;
    /** What people call it by; null where it has no key. */
    readonly key: string | null;
    /** `unverified`: the reader has no public key, or not that of the signature. */
    readonly signature: 'none' | 'unverified' | 'valid' | 'invalid';
    readonly level: 'heartbeat' | 'light';
    readonly checkIntervalSeconds: number;
    readonly notBefore: string | null;
    readonly expiresAt: string | null;
    /** Within the days before its end in which users are told. */
    readonly endsSoon: boolean;
  };
  /** When a lost table was last rebuilt, and from what; null if it never was. */
  readonly restored: { readonly at: string; readonly from: string } | null;
  /** Where the table is now, if not here any more. */
  readonly movedTo: string | null;
  /** Where a file is kept that was dropped over the licence file and refused; null when there is none. */
  readonly refusedFile: string | null;
  /** How the renewal of the licence stands; null where it names no address for it, or is not signed. */
  readonly renewal: {
    readonly from: string;
    /** The last success; null: there was none yet. */
    readonly checkedAt: string | null;
    /** Null while the last try has succeeded. */
    readonly trouble: {
      readonly why: string;
      readonly sinceAt: string;
      /** When no new user is seated any more. */
      readonly closesAt: string;
      readonly isClosed: boolean;
    } | null;
  } | null;
  /** Modules with more seats in use than there are: no new user is seated before it fits. */
  readonly excess: readonly {
    readonly module: string;
    readonly inUse: number;
    /** Null: the licence does not have the module any more. */
    readonly limit: number | null;
  }[];
  readonly modules: readonly ModuleStatus[];
  readonly seats: readonly SeatStatus[];
  readonly waiting: readonly WaiterStatus[];
  readonly reservations: readonly {
    readonly module: string;
    readonly user?: string | undefined;
    readonly host?: string | undefined;
  }[];
  /** Those in force. */
  readonly bans: readonly BanStatus[];
  /** How much lies in the folder; null if that is not known. */
  readonly kept: {
    readonly revisions: number;
    readonly journalSegments: number;
    readonly bytes: number;
    readonly isEstimate: boolean;
  } | null;
  /** The revision that `licence.json` still shows because it was not refreshed; null if it was. */
  readonly faceShows: number | null;
  /**
   * What stands in `licence.json`: `ours`, this table; `linked`, the same under a second name; `foreign`, another
   * document; `wreck`, none that reads as a licence; or it is `missing`, or `unread`.
   */
  readonly displayCopy: 'ours' | 'linked' | 'foreign' | 'wreck' | 'missing' | 'unread';
  /** Where the licence belongs, in words; null: here. */
  readonly elsewhere: string | null;
  /** A signed licence that was put over `licence.json` and is not in force; null: there is none. */
  readonly putOver: { readonly id: string; readonly issuedAt: string } | null;
  /** How long the share took to make and remove a directory; null: it could not. */
  readonly shareRoundTripMs: number | null;
}

export interface BanStatus {
  readonly user: string;
  /** Null: until it is lifted. */
  readonly untilAt: string | null;
  /** `user@host` of the administrator, why, and since when; null where a ban does not tell. */
  readonly by: string | null;
  readonly words: string | null;
  readonly sinceAt: string | null;
}

/** Each seat that can be in use is in use, kept, or free for any user. */
export interface ModuleStatus {
  readonly module: string;
  readonly maxUsers: number;
  readonly overdraft: number;
  /** Seats kept free for users and hosts that do not have them now. */
  readonly reserved: number;
  /** Distinct seats: windows that the licence counts as one user are one. */
  readonly inUse: number;
  /** For any user: not in use, and not kept for others. */
  readonly free: number;
  readonly waiting: number;
}

/** The seat of one holder. */
export interface SeatStatus {
  readonly seat: string;
  readonly module: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number | null;
  readonly application: string | null;
  readonly note: string | null;
  readonly level: 'heartbeat' | 'light' | null;
  /** Light or borrowed, and not heard of since a lost table was restored from an older state. */
  readonly unconfirmed: boolean;
  /**
   * `alive`: its beat is younger than 1.125 T. `silent`: older. `gone`: its process is provably gone, on
   * the computer of the reader. `unknown`: there is no server clock to tell by. `unmonitored`: Light, which
   * never beats. `borrowed`: good until `untilAt` by itself. `leaving`: removed, and its holder may not
   * have noticed yet.
   */
  readonly state: 'alive' | 'silent' | 'gone' | 'unknown' | 'unmonitored' | 'borrowed' | 'leaving';
  readonly sinceAt: string | null;
  readonly lastBeatSecondsAgo: number | null;
  /**
   * Of a `silent` one: by when it is free if its holder is dead. A living peer frees it; where there is none, the first
   * user that asks for a seat.
   */
  readonly freesAt: string | null;
  /** What `remove --dead` takes: its process is provably gone, or it is silent for two check intervals and grace. */
  readonly isDead: boolean;
  readonly untilAt: string | null;
}

/** A user in a queue. */
export interface WaiterStatus {
  /** 1 is the next to be seated, unless a seat is reserved for one behind it. */
  readonly place: number;
  readonly module: string;
  readonly user: string;
  readonly host: string;
  readonly sinceAt: string;
  /** The next seat that is reserved for such a user or host goes to it, before those that came earlier. */
  readonly isReserved: boolean;
}

export interface StatusOptions {
  /** Milliseconds until a share that does not answer is given up (SHARE_UNREACHABLE). @default 30,000 */
  readonly timeoutMs?: number | undefined;
  /** Gives up (ABORTED). */
  readonly signal?: Signal | undefined;
}

export interface ReadStatusOptions extends StatusOptions {
  /** As in openLicence(): with it the licence is judged, and read only if one of these keys has signed it. */
  readonly publicKey?: string | readonly string[] | undefined;
}
