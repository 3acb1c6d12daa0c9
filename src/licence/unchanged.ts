/** One sight of a thing. Milliseconds of the observer's own monotonic clock. */
export interface Sighting {
  /** Tells the thing from what it was before, and from another one in its place. */
  readonly identity: string | number;
  readonly startedMs: number;
  /** @default startedMs */
  readonly endedMs?: number;
  /** The most that counts of the time since the last sight: the observer may have been suspended. @default all of it */
  readonly longestGapMs?: number;
}

/**
 * How long this process has seen a thing unchanged: a beat, a waiter, a lock, a leftover. No clock of another computer
 * is read. It is a value: each sight gives the next one. The first sight counts from its end, later ones to their
 * start.
 */
export class Unchanged {
  readonly identity: string | number;
  /** When the sight ended that first showed it so. */
  readonly sinceMs: number;
  /** Up to when it has been seen so. */
  readonly seenMs: number;
  /** How much of the time between counts. */
  readonly forMs: number;

  private constructor(identity: string | number, ms: Pick<Unchanged, 'sinceMs' | 'seenMs' | 'forMs'>) {
    this.identity = identity;
    this.sinceMs = ms.sinceMs;
    this.seenMs = ms.seenMs;
    this.forMs = ms.forMs;
  }

  /** After one more sight. A thing that is new or has changed begins at 0. */
  static after(before: Unchanged | null | undefined, sighting: Sighting): Unchanged {
    const { identity, startedMs, endedMs = startedMs, longestGapMs = Number.POSITIVE_INFINITY } = sighting;
    if (before?.identity !== identity)
      return new Unchanged(identity, { sinceMs: endedMs, seenMs: endedMs, forMs: 0 });
    const { sinceMs, seenMs, forMs } = before;
    const gapMs = Math.max(0, Math.min(startedMs - seenMs, longestGapMs));
    return new Unchanged(identity, { sinceMs, seenMs: Math.max(seenMs, startedMs), forMs: forMs + gapMs });
  }

  /** The same with at most this much of the time counted. */
  atMost(mostMs: number): Unchanged {
    return new Unchanged(this.identity, { ...this, forMs: Math.min(this.forMs, mostMs) });
  }
}
