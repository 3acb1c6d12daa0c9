/**
 * What there is: the folder on the share, and where each process stands. A state is never changed, only followed by
 * others.
 */

/** A revision under its number, or the document in a stage. */
export interface Revision {
  /** Whose changes it holds: three bits for each process, one bit for each time that the change was applied. */
  readonly applied: number;
  /** Two bits for each process: how many revisions ago its change was applied, as far as that is counted. */
  readonly ages: number;
  /**
   * Whether it was the newest when it got its number; of a stage, whether the revision below it was. No process can see
   * it.
   */
  readonly chained: boolean;
  /**
   * The process that made it in its present attempt (index + 1), and that would recognise its commit id. 0: none any
   * more.
   */
  readonly author: number;
  /** The same of the revision below it. */
  readonly parent: number;
  /** A directory without a document. */
  readonly hollow: boolean;
}

/** Between two steps of a commit; the last three are the end. */
export const places = [
  'start',
  'listed', // holds a number from a listing
  'read', // has read its document, and means to list once more
  'ready', // the stage is written
  'looking', // the rename did not say "done"
  'confirm', // the stage has its number, or has gone
  'confirmListed',
  'confirmRead',
  'child', // too far below the newest: looks at the next number
  'done', // the change was acknowledged
  'refused', // told that nothing was changed
  'over', // crashed, or told that it is unknown
] as const;
export type ProcessPlace = (typeof places)[number];

/** The stage of an attempt that is over, which a request still on its way may move. */
export interface Left {
  readonly revision: Revision;
  readonly target: number;
}

export interface Process {
  readonly at: ProcessPlace;
  /** Attempts ended so far. */
  readonly attempt: number;
  /** The number in hand from the last listing. */
  readonly listed: number;
  /** The number to publish under. */
  readonly target: number;
  /** `highestSeen`. */
  readonly seen: number;
  /** What stands under the stage's name. */
  readonly stage: Revision | null;
  /** What was read under the number in hand, until it has been listed again. */
  readonly held: Revision | null;
  /** A request to rename the stage was sent: it, or a copy of it, may be carried out at any time. */
  readonly sent: boolean;
  /** A rename ended with no word whether it was done. */
  readonly unsaid: boolean;
  /** Its stage became the newest revision. The process does not know that. */
  readonly landed: boolean;
  /** The number is known to hold our revision. */
  readonly placed: boolean;
  /** An earlier attempt ended in doubt. */
  readonly doubtful: boolean;
  /** The number that the first attempt aimed at. */
  readonly firstAim: number;
  readonly left: readonly Left[];
}

export interface State {
  /** By number; null: cleared away, or nothing there that anybody could still meet. The last one is the newest. */
  readonly folder: readonly (Revision | null)[];
  /** No listing from now on ends below this number. */
  readonly floor: number;
  /** How many commits others still make. */
  readonly others: number;
  readonly processes: readonly Process[];
}

/** For a number that is not in use. */
export const UNUSED = -1;

export const idle: Process = {
  at: 'start',
  attempt: 0,
  listed: UNUSED,
  target: UNUSED,
  seen: 0,
  stage: null,
  held: null,
  sent: false,
  unsaid: false,
  landed: false,
  placed: false,
  doubtful: false,
  firstAim: UNUSED,
  left: [],
};

export const first: Revision = { applied: 0, ages: 0, chained: true, author: 0, parent: 0, hollow: false };

export const isLive = ({ at }: Process): boolean => at !== 'done' && at !== 'refused' && at !== 'over';

export const latestOf = (state: State): number => state.folder.length - 1;

/** One bit for each time that the change of a process was applied. */
export const appliedBits = (revision: Revision, self: number): number => (revision.applied >> (3 * self)) & 7;

export function timesApplied(revision: Revision, self: number): number {
  const bits = appliedBits(revision, self);
  return (bits & 1) + ((bits >> 1) & 1) + ((bits >> 2) & 1);
}

export const ageOf = (revision: Revision, self: number): number => (revision.ages >> (2 * self)) & 3;

export const nameOf = (self: number): string => String.fromCharCode(65 + self);
