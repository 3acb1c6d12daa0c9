import type { LookOptions } from './creating.js';

export interface JournalOptions extends LookOptions {
  /** From then on, by the file server's clock: a Date, or ISO 8601. @default all that is kept */
  readonly since?: Date | string | undefined;
  /** Only of this user, in any spelling of upper and lower case. */
  readonly user?: string | undefined;
  /** Only in this module. */
  readonly module?: string | undefined;
}

/** What happened, and whether that is all. */
export interface Journal {
  /** The licence file. */
  readonly file: string;
  /** In their order, as `seatfile journal --json` prints them. */
  readonly events: readonly JournalEvent[];
  /** What could not be read, in words. Then events may be missing. */
  readonly problems: readonly string[];
  /** Where the chain of events is broken, in words; null where only some were asked for, so that it was not tried. */
  readonly breaks: readonly string[] | null;
}

/** One event. Its further keys (module, user, host, actor, reason ...) depend on its kind; later versions add some. */
export interface JournalEvent {
  readonly id: string;
  readonly kind: string;
  /** ISO 8601, share time. */
  readonly at: string;
  readonly [key: string]: unknown;
}
