import type { Place } from './place.js';

/** A row of the table "Works with" of the top README. */
export interface Row {
  readonly name: string;
  /** As the table shows them. */
  readonly versions: string;
  /** Each shows a real outcome, in a temporary project of its own. None: the row is not run. */
  readonly cases: readonly Case[];
}

export interface Case {
  readonly name: string;
  /** Ends with what a reader may want to know, such as a size, or with nothing. @throws Error when it does not work */
  readonly play: (place: Place, project: string) => Promise<string>;
}
