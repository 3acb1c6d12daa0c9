import { elapsedMs, type Instant } from '../core/belief.js';
import type { Policy } from '../core/entitlement.js';
import type { Licence } from '../core/licence.js';
import { longestGapMs, type Silence, unanswered, type Watched, watch } from '../core/rollcall.js';
import type { Verdict } from '../core/sweep.js';

/**
 * What one instance knows of the roll call that stands (rule 5b): since when it has watched it. Only its own commits count,
 * published or declined, each of them a look and a proof that the share takes what is written; a failed or slow one, or a
 * gap in them by any clock, begins the wait anew: we may have slept or been cut off, and those we asked with us.
 */
export class RollCall {
  private watched: Watched = new Map();
  private last: Instant | null = null;
  /** Share time at our first commit. */
  private first: { readonly ms: number; readonly at: Instant } | null = null;

  /** A commit of ours was answered; the licence is the newest it knew of. */
  answered(
    licence: Licence,
    shareTimeMs: number,
    since: Instant,
    now: Instant,
    checkIntervalSeconds: number,
  ): void {
    this.first ??= { ms: shareTimeMs, at: since };
    const isUnbroken = this.isUnbroken(since, now, checkIntervalSeconds);
    this.watched = watch(isUnbroken ? this.watched : new Map(), licence, now.elapsedMs);
    this.last = now;
  }

  /** Share time, as far as it agrees with our own clocks: a jump ahead that we have seen ages nobody. */
  credibleMs(shareTimeMs: number, now: Instant): number {
    if (this.first === null) return shareTimeMs;
    return Math.min(shareTimeMs, this.first.ms + elapsedMs(this.first.at, now));
  }

  failed(): void {
    this.watched = new Map();
    this.last = null;
  }

  /** Who is out, as a commit finds it that began at `since`: its wait for the lock does not count. */
  unanswered(licence: Licence, policy: Policy, since: Instant, now: Instant, silence: Silence): Verdict[] {
    if (!this.isUnbroken(since, now, policy.checkIntervalSeconds)) return [];
    return unanswered(licence, policy, this.watched, since.elapsedMs, silence);
  }

  private isUnbroken(since: Instant, now: Instant, checkIntervalSeconds: number): boolean {
    const gapMs = longestGapMs(checkIntervalSeconds);
    return this.last !== null && elapsedMs(this.last, since) <= gapMs && elapsedMs(since, now) <= gapMs;
  }
}
