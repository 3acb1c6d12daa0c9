import type { Licence } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { closedForMs } from '../rules/restore.js';
import { quarterMs } from '../rules/timing.js';

/**
 * For T/4 after a restored table was first seen nobody new is seated and nobody evicted, so that everybody who lives has his
 * look first. Each counts by his own monotonic clock. Who has only just come, and held no seat when it happened, cannot know how
 * long ago that was: for him the server's clock may end it sooner, or no `seatfile run` would ever get a seat again.
 */
export class Quarter {
  private lineage: string | null = null;
  private sinceMs = 0;
  private isHolder = false;

  /** Gives whether this is the first sight of a restored table. */
  saw(licence: Licence, isHolder: boolean, nowMs: number): boolean {
    if (licence.lineage === this.lineage) return false;
    this.lineage = licence.lineage;
    this.sinceMs = nowMs;
    this.isHolder = isHolder;
    return licence.restored !== undefined;
  }

  /** How much of it is left. Milliseconds of the monotonic clock; 0 when it is over, or the table was never restored. */
  leftMs(licence: Licence, policy: Policy, nowMs: number, shareTimeMs: number | null): number {
    if (!licence.restored || licence.lineage !== this.lineage) return 0;
    const leftMs = Math.max(0, this.sinceMs + quarterMs(policy) - nowMs);
    if (this.isHolder || shareTimeMs === null) return leftMs;
    return Math.min(leftMs, closedForMs({ licence, policy, nowMs: shareTimeMs }));
  }
}
