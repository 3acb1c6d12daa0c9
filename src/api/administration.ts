import type { Signal } from './emits.js';
import type { OpenOptions } from './opening.js';

/** Which seats are meant. What is not given matches; at least one is to be given. */
export interface SeatSelection {
  readonly user?: string | undefined;
  readonly host?: string | undefined;
  readonly module?: string | undefined;
  /** The id of a seat, or its first characters: at least 4. */
  readonly seat?: string | undefined;
  /**
   * Only seats of the dead: whose process is provably gone on this computer, or that are silent for two check intervals
   * by the file server's clock, while no live instance was there to judge them.
   */
  readonly dead?: boolean | undefined;
  /** Every seat that the others of this selection match. */
  readonly all?: boolean | undefined;
}

export interface RemoveOptions extends Pick<OpenOptions, 'publicKey' | 'onSlow'> {
  /** By whom: for the holder and the journal. At most 600 characters. @default `user@host` of this process */
  readonly actor?: string | undefined;
  /** Why; the holder is told. At most 1024 characters. */
  readonly reason?: string | undefined;
  /** The seat counts until its holder has noticed, so that no other user has it meanwhile. @default false */
  readonly gently?: boolean | undefined;
  /** Only says what would be removed. @default false */
  readonly dryRun?: boolean | undefined;
  /** Milliseconds for all of it. @default 90,000 */
  readonly timeoutMs?: number | undefined;
  /** Gives up (ABORTED). What was published then stays. */
  readonly signal?: Signal | undefined;
}

/** What a removal did, or would do. */
export interface Removal {
  readonly file: string;
  readonly dryRun: boolean;
  /** As it was asked for, or because more than 100 holders are to be told. */
  readonly gently: boolean;
  readonly actor: string;
  readonly reason: string | null;
  readonly seats: readonly RemovedSeat[];
  /** Seats that were chosen, and given back, or alive again, before they were removed. */
  readonly missed: number;
}

export interface RemovedSeat {
  readonly seat: string;
  readonly module: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly application: string | null;
  /** Its process is provably gone on this computer. */
  readonly processGone: boolean;
  /** Of a borrowed seat: until when it stays valid where it is. ISO 8601, share time; else null. */
  readonly untilAt: string | null;
  /** Within how many seconds its application is told, if it runs and reaches the share; null: its process is gone. */
  readonly toldWithinSeconds: number | null;
  /**
   * What became of the place; null in a dry run. `free`; `given` to the first user in the queue, or to one for which a
   * seat is reserved; `reserved`: free for the user or host that it is reserved for; `shared`: another process of the
   * same user has the same seat; `excess`: more seats are in use than there are, so it is not free; `kept`: it counts
   * until the holder has noticed.
   */
  readonly place: 'free' | 'given' | 'reserved' | 'shared' | 'excess' | 'kept' | null;
  readonly givenTo: { readonly user: string; readonly host: string; readonly isReserved: boolean } | null;
}
