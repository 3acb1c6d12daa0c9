import { SeatfileFault } from '../licence/fault.js';
import type { ShareFiles } from '../share/files.js';
import { documentIn, inFolder, type LicencePaths, numberName } from '../share/layout.js';

/** Why one reading found no latest text. It may be no more than an old view of the share. */
export interface Trouble {
  readonly kind: 'noFolder' | 'empty' | 'behind' | 'vanished' | 'damaged' | 'forged' | 'foreign' | 'failing';
  /** Tells this trouble from another of its kind. */
  readonly what: string;
  readonly fault: unknown;
}

/**
 * A change was tried, and the share does not say whether it was made. Every such fault of the store comes from here.
 * @param path the folder of the seat table
 */
export const unknownOutcome = (path: string, found: string, cause: unknown): SeatfileFault =>
  new SeatfileFault(
    'COMMIT_UNKNOWN',
    `${path}: ${found}; look again once the share answers (seatfile status): that shows whether the change was made`,
    { cause, details: { path, found } },
  );

/**
 * Any number that is too low is the same trouble: commits on a restored backup must not start the wait again.
 */
export const trouble = (kind: Trouble['kind'], fault: SeatfileFault): Trouble => ({
  kind,
  what: kind === 'behind' ? kind : `${kind} ${fault.message}`,
  fault,
});

/**
 * A process that is stopped between listing and reading finds its number removed, so one reading proves
 * nothing.
 */
const READINGS_TO_BELIEVE = 3;
/**
 * Two readings met one continuing trouble only if at most this lies between them: a stopped process saw
 * nothing. Milliseconds.
 */
const LONGEST_GAP_MS = 60_000;
const NO_TROUBLE = { what: '', sinceMs: 0, lastMs: 0, readings: 0 };

/**
 * What the last readings met. It outlives a call: a caller may wait for a shorter time than the caches last.
 */
export class TroubleMemory {
  private readonly cachesMs: number;
  private last = NO_TROUBLE;

  /** @param cachesMs how long a client may show an old listing or an old absence */
  constructor(cachesMs: number) {
    this.cachesMs = cachesMs;
  }

  /** What was met last; empty for nothing. */
  get what(): string {
    return this.last.what;
  }

  forget(): void {
    this.last = NO_TROUBLE;
  }

  /** Notes a trouble. True: it has lasted, so no cache can be the cause. */
  isBelieved(found: Trouble, startedMs: number, nowMs: number): boolean {
    const isSame = this.last.what === found.what && nowMs - this.last.lastMs <= LONGEST_GAP_MS;
    if (!isSame) this.last = { what: found.what, sinceMs: nowMs, lastMs: nowMs, readings: 0 };
    this.last = { ...this.last, lastMs: nowMs, readings: this.last.readings + 1 };
    const waitedMs = startedMs - this.last.sinceMs; // to its start: this process may have been stopped since
    return waitedMs >= this.cachesMs && this.last.readings >= READINGS_TO_BELIEVE;
  }

  /** How much longer the trouble has to last. Milliseconds. */
  leftMs(nowMs: number): number {
    return this.last.sinceMs + this.cachesMs - nowMs;
  }
}

/** What one reading shows, in words that do not yet call it a fault. */
export function describeTrouble({ kind, fault }: Trouble): string {
  if (kind === 'failing') return messageOf(fault);
  if (kind === 'noFolder') return 'the folder of revisions is missing';
  if (kind === 'forged') return 'it is forged';
  return kind === 'damaged' || kind === 'vanished' ? 'it cannot be read' : 'only an older one is there';
}

/**
 * The fault of a trouble that has lasted. On another file system than at opening it is no loss: the mount is
 * gone.
 */
export async function faultOf(
  { kind, fault }: Trouble,
  paths: LicencePaths,
  files: ShareFiles,
): Promise<unknown> {
  if (kind === 'failing' || !(await isElsewhere(paths, files))) return fault;
  return new SeatfileFault(
    'SHARE_UNREACHABLE',
    `${paths.folder}: another file system is there than when it was opened; is the share connected?`,
    { cause: fault, details: { path: paths.folder } },
  );
}

async function isElsewhere({ volume, around }: LicencePaths, files: ShareFiles): Promise<boolean> {
  if (volume === null) return false;
  return (await files.volume(around).catch(() => null))?.type !== volume;
}

/** With the licence file beside it, a missing folder is a loss; without it, the share is not where it was. */
export async function folderGone(paths: LicencePaths, files: ShareFiles): Promise<SeatfileFault> {
  const { licenceFile, folder } = paths;
  const isLicenceFileThere = await files.stat(licenceFile).then(
    () => true,
    () => false,
  );
  if (isLicenceFileThere) return lost(paths, 'is gone');
  return new SeatfileFault(
    'SHARE_UNREACHABLE',
    `${folder}: gone, and so is ${licenceFile}; expected both; is the share connected?`,
    { details: { path: folder } },
  );
}

export const lost = ({ licenceFile, folder }: LicencePaths, found: string): SeatfileFault =>
  new SeatfileFault('TABLE_LOST', `${folder} ${found}; nothing was written. ${rebuildAdvice(licenceFile)}`, {
    details: { path: folder, found },
  });

export const damaged = (paths: LicencePaths, number: number, found: string, cause?: unknown): SeatfileFault =>
  new SeatfileFault(
    'TABLE_DAMAGED',
    `${documentIn(inFolder(paths, numberName(number)))} ${found}; expected revision ${number} of the licence; ` +
      `nothing was written. ${rebuildAdvice(paths.licenceFile)}`,
    { cause, details: { path: documentIn(inFolder(paths, numberName(number))), found, revision: number } },
  );

/** What to do about a lost table: the end of a fault's message, which `seatfile repair` itself leaves out. */
export const rebuildAdvice = (licenceFile: string): string =>
  `Running instances that hold a seat rebuild the table by themselves; if none runs: seatfile repair ${licenceFile}`;

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
