import type { GoneReason } from '../api.js';
import type { Ban } from './banned.js';
import { SeatfileFault } from './fault.js';
import type { Leaving, SeatMessage } from './seat-marks.js';

/**
 * The licence document: the content of `licence.json` and of every revision. README.md in this folder
 * explains each key. The whole format is described at once, so that later versions fill fields and do not
 * change the format. Unknown keys survive a rewrite.
 */

export const VERSION = 2;
export const FORMAT = `seatfile/${VERSION}` as const;
/** A subset of this format: it is read as this one, and the next commit writes this one. */
export const FORMER_FORMAT = 'seatfile/1';
/** The name of a revision's directory has twelve digits. */
export const MAX_REVISION = 999_999_999_999;
/** Ids of the last changes kept: a change whose fate was unknown is never applied twice. */
export const MAX_RECENT = 256;
/** Most tombstones kept. */
export const MAX_GONE = 200;
/** Most messages kept for one seat: of more the oldest go, unread. */
export const MAX_MESSAGES = 4;
/** Most former lineages kept. */
export const MAX_LINEAGES = 64;
/** Most hashes of former entitlements kept. */
export const MAX_FORMER = 1000;
/** Most seats of all instances together. */
export const MAX_SEATS = 100_000;
/** Most bans, most reservations, and most instances named in a roll call. */
export const MAX_LISTED = 10_000;
/** Most characters of an entitlement's payload. A thousand modules need a tenth of this. */
export const MAX_PAYLOAD = 1_048_576;
/** Most licences that one supersedes, and most paths that one is bound to. */
export const MAX_GRANTED = 100;
/** Part of the 16 MiB that new users may not fill: it is left for beats, releases and evictions. Bytes. */
export const BEAT_ROOM = 1_048_576;
/** Most users that an entitlement grants for one module. */
export const MAX_USERS = 100_000;

export type Level = 'heartbeat' | 'light';
export type CountBy = 'user@host' | 'instance' | 'user' | 'host';

/**
 * The signed part as stored. `payload` is JSON in a string: the signed bytes are the bytes that are parsed.
 */
export interface SealedEntitlement {
  readonly payload: string;
  readonly keyId?: string | undefined;
  readonly alg?: 'Ed25519' | undefined;
  readonly signature?: string | undefined;
}

/** What an administrator may set. Settings only narrow what the entitlement grants. */
export interface Settings {
  readonly level?: Level | undefined;
  readonly checkIntervalSeconds?: number | undefined;
  readonly onDemand?: { readonly answerWithinSeconds: number } | undefined;
  readonly offlineGraceSeconds?: number | undefined;
  readonly bans?: readonly Ban[] | undefined;
  readonly reservations?: readonly Reservation[] | undefined;
  readonly journalMonths?: number | undefined;
}

/** A seat kept free for a user, for a host, or for a user on a host. At least one of the two is given. */
export interface Reservation {
  readonly module: string;
  readonly user?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * The scope in which process ids mean the same thing, in three widths. A part that cannot be read is null and
 * proves nothing.
 */
export interface Machine {
  /** Same boot, same pid namespace, same host name. */
  readonly pids: string | null;
  /** As `pids`, without the pid namespace. */
  readonly host: string | null;
  /** Survives a reboot. */
  readonly installation: string | null;
}

/**
 * A seat in an instance's record. A record may hold several seats of one module.
 * Records that `countBy` counts as one user carry the same seat id.
 */
export interface SeatRecord {
  readonly id: string;
  readonly module: string;
  readonly sinceAt: string;
  /** Share time at which a borrowed seat ends. Null for every other seat. */
  readonly untilAt: string | null;
  /**
   * Offered to a waiter that has not accepted it yet (rule 8). The waiter's first beat for the seat removes
   * the mark.
   */
  readonly given?: true | undefined;
  /** An administrator removes this seat gently: it counts until its holder has noticed that, and left. */
  readonly leaving?: Leaving | undefined;
  /** Messages for the holder that it has not acknowledged yet, oldest first. At most {@link MAX_MESSAGES}. */
  readonly messages?: readonly SeatMessage[] | undefined;
}

/** A process and its user. */
export interface Running {
  readonly user: string;
  readonly host: string;
  readonly machine: Machine;
  readonly pid: number;
  /** Start time of the process, as the operating system writes it. Null where it cannot be read. */
  readonly processStart: string | null;
  /** Id and start time of the thread, as the operating system writes them. Absent for the main thread. */
  readonly thread?: string | undefined;
  readonly application: string | null;
  readonly note: string | null;
}

/**
 * A waiter: an instance in the queue of a module (rule 8). The instance that frees a seat creates the
 * waiter's record, so the entry has all that the record needs.
 */
export interface Waiter extends Running {
  readonly instance: string;
  readonly module: string;
  /** The id of the seat that the waiter gets. */
  readonly seat: string;
  /**
   * The beat of the record that another instance makes for the waiter. The waiter's own first beat is higher.
   */
  readonly beat: number;
  readonly sinceAt: string;
  /** Longest wait. An instance that has observed the entry for longer removes it. Seconds. */
  readonly waitSeconds: number;
  /**
   * A former holder without a free seat in a restored table: served before all waiters that were not holders.
   */
  readonly returns?: true | undefined;
}

/**
 * The record of one running process. It is judged by its own commitments, whatever version or level the
 * observer runs.
 */
export interface InstanceRecord extends Running {
  readonly id: string;
  readonly level: Level;
  readonly joinedAt: string;
  /** Each heartbeat raises it. Whole number from 1. */
  readonly beat: number;
  /**
   * Share time of the last beat. Shown to people, and decides which instances are called. Alone it evicts no
   * instance.
   */
  readonly beatAt: string;
  /**
   * The check interval to which this instance is committed: it may not have seen a newer setting yet.
   * Seconds.
   */
  readonly checkIntervalSeconds: number;
  /** Offline grace. Its seats stay valid longer by this, and observers wait longer by 7/6 of it. Seconds. */
  readonly graceSeconds: number;
  /** Answer deadline: a roll call is answered within these seconds. Null for none. */
  readonly answersWithin: number | null;
  /**
   * Set on a Light or borrowed record when a lost table is rebuilt; cleared when the instance commits again.
   */
  readonly unconfirmed?: boolean | undefined;
  readonly seats: readonly SeatRecord[];
}

/** The record of an eviction or a removal. The former holder and the commands learn from it what happened. */
export interface Tombstone {
  readonly instance: string;
  readonly seat: string;
  readonly module: string;
  readonly user: string;
  readonly host: string;
  readonly reason: GoneReason;
  /** `user@host` of the evicting instance or of the administrator. */
  readonly actor: string;
  readonly words: string | null;
  readonly at: string;
  readonly revision: number;
  /** Of a removal: the user has a seat again, and was told about the removal. */
  readonly told?: boolean | undefined;
  /** Of a person's decision: what was taken away, so that it can be put back as it was. */
  readonly was?: Former | undefined;
}

/** A record, and its seat, as they were before they were taken away. The tombstone has the rest. */
export interface Former extends Omit<InstanceRecord, 'id' | 'user' | 'host' | 'unconfirmed' | 'seats'> {
  readonly sinceAt: string;
  readonly untilAt: string | null;
}

/**
 * An instance that is asked to beat, because its last beat is old by share time. A later commit drops an
 * obsolete entry.
 */
export interface CalledName {
  readonly instance: string;
  /** The beat that the caller saw. Any other beat is an answer. */
  readonly beat: number;
  /** `user@host` of the caller. For people. */
  readonly by: string;
  /** Share time of the call. For people: it evicts no instance. */
  readonly at: string;
}

/** The current roll call (rules 5b and 7), shared by all callers. */
interface RollCall {
  readonly names: readonly CalledName[];
  /**
   * Share time at which all holders of a module were last called (rule 7). A holder that has beaten since is
   * not called again at once.
   */
  readonly calledAt?: string | undefined;
  /** Share time at which a caller last proved that the share accepts writes, by writing this. */
  readonly provedAt?: string | undefined;
}

export interface LicenceEvent {
  readonly id: string;
  /** An open list: a kind that a later version adds is shown as it is. */
  readonly kind: string;
  readonly at: string;
  /** Hash of the event before. Null for the first event of a lineage. */
  readonly before: string | null;
  readonly [detail: string]: unknown;
}

export interface Licence {
  readonly format: typeof FORMAT;
  /**
   * Where the table is now, as text for people. This copy can be read, and no commit is made here any more.
   */
  readonly movedTo?: string | undefined;
  readonly entitlement: SealedEntitlement;
  readonly settings: Settings;
  readonly revision: number;
  readonly parent: { readonly revision: number; readonly commit: string } | null;
  readonly lineage: string;
  readonly commit: string;
  readonly recent: readonly string[];
  readonly formerEntitlements: readonly string[];
  readonly committedAt: string | null;
  /**
   * When, from what and from which lineage a lost table was rebuilt. Kept as long as the lineage that began
   * then.
   */
  readonly restored?:
    | {
        readonly at: string;
        readonly from: string;
        readonly revision: number;
        readonly lineage: string;
        /**
         * That lineage and all before it, oldest first, at most {@link MAX_LINEAGES}. Their copies are older
         * states of this table.
         */
        readonly former: readonly string[];
      }
    | undefined;
  readonly instances: readonly InstanceRecord[];
  /** In order of arrival; first come, first served within a module. */
  readonly waiting: readonly Waiter[];
  readonly rollCall?: RollCall | undefined;
  readonly renewal?: { readonly [detail: string]: unknown } | undefined;
  readonly gone: readonly Tombstone[];
  readonly events: readonly LicenceEvent[];
  readonly lastEventHash: string | null;
}

/** @throws SeatfileFault LICENCE_MOVED: this copy is no longer the table, and must not be written */
export function refuseMoved({ movedTo }: Licence, path: string): void {
  if (movedTo === undefined) return;
  throw new SeatfileFault(
    'LICENCE_MOVED',
    `${path}: this licence has moved to ${movedTo}; nothing was written here. Open it there`,
    { details: { path, movedTo } },
  );
}
