/** How much happens in a walk, and how hostile the share and the network are. */
export interface Setting {
  /** Processes with one change each; at most 4. */
  readonly processes: number;
  /** For each change; at most 3. */
  readonly attempts: number;
  /** Commits that processes outside of the picture make, each in one go. */
  readonly others: number;
  /** A listing, or a look at a single number, may be as old as A4 allows. */
  readonly stale: boolean;
  /** Replies are lost, requests come late or twice, errors follow success, and setting a stage aside may fail. */
  readonly late: boolean;
  /** Any number below the newest, and any stage, may be cleared away at any moment. */
  readonly clearing: boolean;
  /** A process may die between any two steps. */
  readonly crashes: boolean;
  /** A process may be stopped for so long between the listing and the reading of one look. */
  readonly pausedLooks: boolean;
  /**
   * Numbers so old that no listing ends with them are not kept: such a number may be met free or taken, by anybody, at
   * any moment. That is more than can happen, in far fewer states: for walks of sound rules, with a memory without end.
   */
  readonly loose: boolean;
  /** How many revisions `recent` goes back (256 of the product); at most 3 if it ends at all. */
  readonly remembers: number;
  /** `MOST_ABOVE` (200 of the product). */
  readonly mostAbove: number;
}

/** The protocol, with one thing or another done wrong. */
export interface Rules {
  /** Lists again after the rename. */
  readonly confirms: boolean;
  /** One change id for all attempts. */
  readonly oneChangeId: boolean;
  /** Takes an error of the rename for "not done". */
  readonly trustsErrors: boolean;
  /** A new stage name for every attempt. */
  readonly newStageNames: boolean;
  /** Deletes the document inside of its stage while a rename is undecided, instead of setting the stage aside. */
  readonly emptiesInPlace: boolean;
  /** Where a listing that comes back empty is taken for an empty table. */
  readonly believesEmpty: 'never' | 'before' | 'always';
  /** May clear away the newest number, too. */
  readonly clearsNewest: boolean;
  /** Leaves superseded numbers alone until no listing can be older (A4). */
  readonly waitsToClear: boolean;
  /** Takes a listing that ends below the highest number seen for an old one. */
  readonly mindsSeen: boolean;
  /** Lists again before the rename, and aims above what it finds with what it read before. */
  readonly aimsAnew: boolean;
  /**
   * Lists once more after reading the newest, where that tells what became of an attempt; its own number needs no
   * reading.
   */
  readonly looksAgain: boolean;
  /** Says "not done" only if it could set the stage aside. */
  readonly refusesBySetAside: boolean;
  /** Takes an attempt for undecided if another has its number and its stage could not be set aside. */
  readonly doubtsBeaten: boolean;
  /** After a first attempt, says "not done" only from a look at the newest revision. */
  readonly refusesByLook: boolean;
  /** Says "unknown" when so many revisions followed the first attempt that its change may be forgotten. */
  readonly mindsForgetting: boolean;
  /** Judges by the child of its number when the newest is too far above. */
  readonly asksChild: boolean;
}

/** As `src/share` has it. */
export const shipped: Rules = {
  confirms: true,
  oneChangeId: true,
  trustsErrors: false,
  newStageNames: true,
  emptiesInPlace: false,
  believesEmpty: 'never',
  clearsNewest: false,
  waitsToClear: true,
  mindsSeen: true,
  aimsAnew: false,
  looksAgain: true,
  refusesBySetAside: true,
  doubtsBeaten: true,
  refusesByLook: true,
  mindsForgetting: true,
  asksChild: false,
};
