import { fromIso } from '../licence/time.js';
import { isOutlived } from '../rules/segments.js';
import { segmentName } from '../share/layout.js';
import type { Journal } from './journal-files.js';

/** At most this many damaged segments are passed by in the search for the oldest sound one. */
const MOST_DAMAGED = 8;

/** Finds segments of the journal that have been kept for long enough. */
export class Retention {
  private readonly journal: Journal;
  private mayBeOutlived = false;
  private oldest: { readonly name: string; readonly lastAtMs: number } | null = null;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  /** A segment is there that was not known: it is worth looking. */
  noteSegment(): void {
    this.mayBeOutlived = true;
  }

  forget(): void {
    this.oldest = null;
  }

  /**
   * The path of the oldest segment, if it has been kept for long enough. One in a round. It is looked for
   * only after a segment was written or met, and after one was found.
   */
  async outlived(months: number, shareTimeMs: number): Promise<string | null> {
    if (!this.mayBeOutlived) return null;
    this.mayBeOutlived = false;
    for (const range of (await this.journal.segments()).slice(0, MOST_DAMAGED)) {
      const name = segmentName(range);
      if (this.oldest?.name !== name) {
        const segment = await this.journal.read(range);
        const last = segment?.problem === null ? segment.events.at(-1) : undefined;
        if (!last) continue; // a damaged one has no age, and stays
        this.oldest = { name, lastAtMs: fromIso(last.at) };
      }
      this.mayBeOutlived = isOutlived(this.oldest.lastAtMs, months, shareTimeMs);
      return this.mayBeOutlived ? this.journal.pathOf(range) : null;
    }
    return null;
  }
}
