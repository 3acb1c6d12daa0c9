import type { SeatfileFault } from '../licence/fault.js';
import type { Deadline } from '../share/deadline.js';

/**
 * A register of numbered texts that many processes share. Each text gets the next number, whole and once, and
 * never changes after. What the texts say is no business of the register: a {@link Kind} tells the little it
 * must know of them.
 *
 * Everything here may be late but not wrong: a number that was published stays published, and of two attempts
 * at one number one is published and the other is told so.
 */
export interface Register<D> {
  /** The numbers that are there, ascending. Null: there is no register. */
  numbers(): Promise<number[] | null>;
  /**
   * One text. Null: it is not there (removed, or not yet visible to this computer). @throws SeatfileFault
   * TABLE_DAMAGED
   */
  read(number: number): Promise<D | null>;
  /**
   * The text with the highest number. What looks like loss or damage may be an old view, so it is believed
   * only after it has lasted. "Nothing there" is never an empty register.
   * @throws SeatfileFault TABLE_LOST, TABLE_DAMAGED, SHARE_*, ABORTED; nothing was written
   */
  latest(deadline: Deadline): Promise<Latest<D>>;
  /**
   * As latest(), and its number is still the highest after it was read. Needed where the text tells of an
   * earlier attempt.
   */
  stableLatest(deadline: Deadline): Promise<Latest<D>>;
  /** As latest(), to publish upon: a text that was seen under its number within the last second is not read again. */
  base(deadline: Deadline): Promise<Latest<D>>;
  /** As latest(), tried once. Null: there is trouble. */
  latestOnce(): Promise<Latest<D> | null>;

  /** Begins an attempt to publish, without a turn: see {@link Turn.begin}. */
  begin(): Promise<Attempt>;
  /**
   * Publishes a text under its number if no other has that number.
   * @throws SeatfileFault COMMIT_UNKNOWN where the outcome is not to be found out now; any other: it was not
   * published
   */
  publish(attempt: Attempt, entry: Entry<D>, deadline: Deadline): Promise<PublishResult>;
  /** Ends an attempt that publishes nothing. */
  abandon(attempt: Attempt): Promise<void>;

  /** When this process saw that a number has a successor, on the monotonic clock. Infinity: it has not. */
  supersededAtMs(number: number): number;
  /** Removes an old text: a slow reader gets all of it or none. Stops early when `isLate`. */
  remove(number: number, isLate: () => boolean): Promise<void>;

  /** The highest number this process knows of; -1 for none. */
  readonly highestSeen: number;
  /** Another party has seen this number: a latest text below it is an old view or a loss. */
  expectAtLeast(number: number): void;
  /**
   * The last trouble was a latest text far below the highest number seen, and that has lasted: from now on it
   * counts as the latest, until a higher number is seen.
   * @returns whether that was the trouble
   */
  acceptBehind(): boolean;
  /** Another process has published this number since the trouble was met: the trouble has to last anew. */
  resetTrouble(number: number): void;

  /** Waits for a turn to write, so that writers do not collide. Politeness: no publishing rests on it. */
  takeTurn(request: TurnRequest, deadline: Deadline): Promise<Turn>;
}

/** What a register must know of its texts. */
export interface Kind<D> {
  /** @throws where the bytes are no text */
  readonly decode: (bytes: Uint8Array, path: string) => string;
  /**
   * Judges the whole text. @throws where it is damaged or forged; SeatfileFault LICENCE_NEWER and LICENCE_UNTRUSTED
   * pass as they are
   */
  readonly parse: (text: string, path: string) => D | Promise<D>;
  readonly numberOf: (document: D) => number;
  /** The random id of the attempt that published it. */
  readonly attemptOf: (document: D) => string;
  /**
   * Whether a change is in it. Each text must list the changes of the last {@link MOST_ABOVE} numbers at
   * least.
   */
  readonly includes: (document: D, changeId: string) => boolean;
  /** Why the latest text belongs to another register; null where it is of this one. */
  readonly refuse: (document: D) => SeatfileFault | null;
}

/** A text so far above an attempt can no longer tell what became of it. */
export const MOST_ABOVE = 200;

/** The latest text, as one reading found it. */
export interface Latest<D> {
  readonly document: D;
  /** Its number is lower than the highest seen: an old view, or numbers are lost. */
  readonly isBelow: boolean;
  /** When the reading began and ended, on the monotonic clock, milliseconds. */
  readonly startedMs: number;
  readonly endedMs: number;
}

/** One attempt to publish, before it has a number. */
export interface Attempt {
  readonly name: string;
  readonly path: string;
  /** The server's clock when it began, milliseconds since 1970. */
  readonly shareTimeMs: number;
  /** Called once the server has decided about the number: the next one writes while this process finds out. */
  readonly endTurn?: () => Promise<void>;
}

/** What an attempt is to publish. */
export interface Entry<D> {
  readonly number: number;
  /** Random, new for each attempt. */
  readonly attemptId: string;
  /** Random, the same for all attempts at one change. */
  readonly changeId: string;
  readonly text: string;
  /** The text as it was checked: the process that published it does not check it again. */
  readonly document: D;
}

/** Unknown: not published so far, and the server may still carry it out. */
export type PublishResult = 'published' | 'conflict' | 'unknown';

export interface TurnRequest {
  /** How long to wait while no number is published, milliseconds. */
  readonly patienceMs: number;
  /** Told the highest number whenever the wait looks for it. */
  readonly onLatest: (number: number) => void;
}

/** A turn to write. It may have come to the process without any lock. */
export interface Turn {
  /** Begins an attempt to publish. */
  begin(): Promise<Attempt>;
  /** Lets the next one write. Never fails, and does nothing the second time. */
  end(): Promise<void>;
}
