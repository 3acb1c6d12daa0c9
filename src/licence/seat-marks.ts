/** What an administrator has put into a seat, for its holder. */

/** By whom a seat is removed gently, why, and since when. */
export interface Leaving {
  readonly actor: string;
  readonly words: string | null;
  readonly at: string;
}

/** A message of an administrator. The holder shows it, and takes it out with its next beat. */
export interface SeatMessage {
  readonly id: string;
  readonly words: string;
  readonly actor: string;
  readonly at: string;
}
