import type { Licence } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { settlingForMs } from '../rules/restore.js';
import { settlingPeriodMs } from '../rules/timing.js';

/**
 * For T/4 after an instance first sees a restored table, it seats no new user and evicts no peer. In this time every
 * living holder polls, and puts its record back. Each instance counts by its own monotonic clock. An instance that
 * held no seat before cannot know how old the restored table is. For it the server's clock may end the period sooner:
 * without that, no `seatfile run` would ever get a seat again.
 */
export class SettlingPeriod {
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

  /** How much of the period is left. Milliseconds; 0 when it is over, or the table was never restored. */
  leftMs(licence: Licence, policy: Policy, nowMs: number, shareTimeMs: number | null): number {
    if (!licence.restored || licence.lineage !== this.lineage) return 0;
    const leftMs = Math.max(0, this.sinceMs + settlingPeriodMs(policy) - nowMs);
    if (this.isHolder || shareTimeMs === null) return leftMs;
    return Math.min(leftMs, settlingForMs({ licence, policy, nowMs: shareTimeMs }));
  }
}
