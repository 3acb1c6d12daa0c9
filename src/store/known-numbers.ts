import { firstWhere } from '../licence/ordered.js';
import type { Clock } from '../share/clock.js';

/** A latest number this far below one that was seen is an old listing at first, and then a lost table. */
export const LOST_BELOW = 16;
/** How long it is remembered when a number was superseded. Milliseconds; longer than any is kept for. */
const LONGEST_MEMORY_MS = 3_600_000;

/** What one process knows of the numbers of a register: the highest, and since when each is superseded. */
export class KnownNumbers {
  private readonly clock: Clock;
  private highestSeen = -1;
  /** When the latest number was first seen this high, newest last. */
  private readonly supersededAt: { latest: number; atMs: number }[] = [];
  /**
   * While an attempt that was placed is being confirmed: its number. A listing that ends below it is an old
   * one.
   */
  private placed = -1;
  /**
   * The highest number seen when a latest far below it was accepted: see {@link acceptBehind}. -1 for none.
   */
  private acceptedAt = -1;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** -1 for none. */
  get highest(): number {
    return this.highestSeen;
  }

  /** A listing shows this latest number. */
  noteLatest(latest: number): void {
    if (latest > (this.supersededAt.at(-1)?.latest ?? -1)) this.noteSupersession(latest);
  }

  private noteSupersession(latest: number): void {
    const nowMs = this.clock.elapsedMs();
    this.supersededAt.push({ latest, atMs: nowMs });
    while (this.supersededAt[1] && nowMs - this.supersededAt[1].atMs > LONGEST_MEMORY_MS)
      this.supersededAt.shift();
  }

  expectAtLeast(number: number): void {
    this.highestSeen = Math.max(this.highestSeen, number);
  }

  /** An own attempt below the highest number seen was published: what is there is the truth. */
  accept(number: number): void {
    this.highestSeen = number;
    while ((this.supersededAt.at(-1)?.latest ?? -1) > number) this.supersededAt.pop();
    this.noteSupersession(number);
  }

  /** A latest far below the highest seen counts from now on, until a higher number is seen. */
  acceptBehind(): void {
    this.acceptedAt = this.highestSeen;
  }

  isBehind(number: number): boolean {
    const isFar = number <= this.highestSeen - LOST_BELOW && this.acceptedAt !== this.highestSeen;
    return isFar || number < this.placed;
  }

  /** Runs while a number is being confirmed: no listing that ends below it counts. */
  async whilePlaced<T>(number: number | null, act: () => Promise<T>): Promise<T> {
    this.placed = number ?? -1;
    return await act().finally(() => {
      this.placed = -1;
    });
  }

  /** On the monotonic clock, milliseconds; Infinity where the number has no successor. */
  supersededAtMs(number: number): number {
    const supersession = this.supersededAt[firstWhere(this.supersededAt, ({ latest }) => latest > number)];
    return supersession?.atMs ?? Number.POSITIVE_INFINITY;
  }
}
