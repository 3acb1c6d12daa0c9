import type { ShareErrorKind } from '../share/files.js';
import type { CloudFolder, Fitness, Mount } from '../share/volumes.js';
import type { DisplayCopyState } from '../store/display-copy.js';

/** What doctor finds, as data: the words are the command line's. */

/**
 * ok: as the design needs it. note: worth knowing. warning: seats are safe, but something is slow, or fails for some
 * users. unfit: seats would not be safe there, or no user could take one.
 */
export type Severity = 'ok' | 'note' | 'warning' | 'unfit';

type Of<Check extends string, Data> = { readonly check: Check; readonly severity: Severity } & Readonly<Data>;

export interface Refusal {
  readonly operation: string;
  readonly path: string;
  readonly kind: ShareErrorKind;
}

export interface RoundTrip {
  readonly operation: string;
  readonly count: number;
  readonly medianMs: number;
  readonly maxMs: number;
}

export type Finding =
  /** Directories of other examinations; those of dead processes, and old ones, are cleared away. */
  | Of<'leftOvers', { names: readonly string[]; cleared: number }>
  | Of<
      'fileSystem',
      {
        name: string | null;
        type: number;
        fitness: Fitness;
        mount: Mount | null;
        /** Mount options under which failure or an old state may be shown where waiting was due. */
        weakOptions: readonly string[];
      }
    >
  /** `freeFiles`: file entries (inodes) that are left; undefined where the file system does not count them. */
  | Of<'space', { freeBytes: number | null; freeFiles: number | undefined }>
  /** The share that /etc/fstab wants mounted around the place, and that is not. */
  | Of<'notMounted', { point: string; source: string }>
  /** A licence file there would have a second seat table, or a name that is too long: nothing else was tried. */
  | Of<'wrongPlace', { trouble: string }>
  | Of<'cloudFolder', { folder: CloudFolder | null }>
  | Of<'litter', { names: readonly string[] }>
  | Of<'mappedDrive', { drive: string; unc: string }>
  | Of<'pathLength', { longest: number; most: number }>
  | Of<
      'rights',
      {
        /** What was refused; null: this user may do all that a commit does. */
        refused: Refusal | null;
        /** `around` the licence, or in its `folder` of revisions alone. */
        where: 'around' | 'folder' | null;
        /** Permission bits of the directory around. */
        mode: number;
        around: string;
        /** The licence file that is there, or is to be; null where a directory was asked for. */
        licence: string | null;
        isSticky: boolean;
        /** Which other users may write there by these bits; `unknown` if they tell nothing (SMB, Windows). */
        others: 'everybody' | 'group' | 'nobody' | 'unknown';
        /** Whether new directories belong to the group of the directory around. */
        keepsGroup: boolean;
        /** Whether a directory gets the bits it is given. */
        keepsModes: boolean;
      }
    >
  /** Rights that the directory around promises to other users, and that they lack there or on the way to it. */
  | Of<
      'othersRights',
      {
        lacking: readonly { readonly path: string; readonly mode: number; readonly isOtherGroup: boolean }[];
        /** Directories above that only their owner can pass. */
        closed: readonly string[];
        /** Of the directory around. */
        mode: number;
        group: number | null;
        face: string;
        folder: string;
      }
    >
  /** Creating a file that exists. */
  | Of<'exclusiveCreate', { isRefused: boolean; isWhole: boolean }>
  /** Written, synced, closed, and read back under a path never used before. */
  | Of<'readBack', { bytes: number; isWhole: boolean }>
  | Of<
      'directoryRename',
      {
        /** Onto a directory that is not empty: whether it was refused, and whether both were whole afterwards. */
        isRefused: boolean;
        isWhole: boolean;
        /** Onto an empty one. */
        ontoEmpty: 'replaced' | 'refused';
      }
    >
  | Of<'freshness', { rounds: number; late: number; slowestMs: number }>
  | Of<
      'stamps',
      {
        /** The share's clock less this computer's. */
        offsetMs: number;
        uncertaintyMs: number;
        /** 1 stands for 1 ms or finer, 1000 for a second or coarser. */
        granularityMs: number;
        isMoving: boolean;
        goesBack: boolean;
        by: 'server' | 'client' | 'unknown';
      }
    >
  | Of<'caseFolding', { isFolded: boolean }>
  | Of<'roundTrips', { operations: readonly RoundTrip[]; slowest: string; slowestMedianMs: number }>
  | Of<
      'licence',
      {
        /** What stands there; `none` where nothing does yet. */
        state: 'none' | 'notBegun' | 'inOrder' | 'damaged' | 'noFolder';
        revision: number | null;
        revisions: number;
        newestBytes: number;
        stages: number;
        clearing: number;
        others: number;
        face: DisplayCopyState | null;
        /** How many revisions `licence.json` is behind. */
        faceBehind: number | null;
        /** It is behind for longer than a refresh takes: it could not be refreshed. */
        isFaceLate: boolean;
        /** When the signed successor was issued that lies at `licence.json`, not in force; null: there is none. */
        putOverIssuedAt: string | null;
        trouble: string | null;
      }
    >
  | Of<
      'peer',
      {
        /** Another examination of the same place, by the name of its computer; null: none came. */
        host: string | null;
        isSameComputer: boolean;
        waitedMs: number;
        rounds: number;
        /** Half of a question and its answer. */
        medianMs: number;
        maxMs: number;
      }
    >
  | Of<
      'hammer',
      {
        workers: number;
        seconds: number;
        acknowledged: number;
        /** Acknowledged and not there; there more often than acknowledged or in doubt. */
        lost: number;
        twice: number;
        unknown: number;
        failed: number;
        firstFailure: string | null;
        perSecond: number;
        slowestMs: number;
      }
    >
  /** A check that ended otherwise than anything we know. */
  | Of<'failed', { during: Check; message: string }>
  | Of<'cleanUp', { left: string }>;

export type Check =
  | 'place'
  | 'leftOvers'
  | 'fileSystem'
  | 'cloud'
  | 'pathLength'
  | 'rights'
  | 'othersRights'
  | 'exclusiveCreate'
  | 'readBack'
  | 'directoryRename'
  | 'freshness'
  | 'stamps'
  | 'caseFolding'
  | 'licence'
  | 'peer'
  | 'hammer';

export interface Report {
  /** What was examined, every link resolved. */
  readonly path: string;
  readonly findings: readonly Finding[];
  /** Where a licence file was expected and none is, in words; null: it is there, or a directory was asked for. */
  readonly missing: string | null;
  /** Where the share stopped answering; null: it did not. */
  readonly unreachable: { readonly during: Check; readonly message: string } | null;
  /** The file server's clock, by the stamp of a directory that was made; null where none was. */
  readonly shareTimeMs: number | null;
}

const ORDER: readonly Severity[] = ['unfit', 'warning', 'note', 'ok'];

export const worstFirst = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));

export const isFit = (findings: readonly Finding[]): boolean =>
  findings.every((finding) => finding.severity !== 'unfit');
