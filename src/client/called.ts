import type { Licence } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import { elapsedMs, type Instant } from '../licence/time.js';
import type { Verdict } from '../rules/liveness.js';
import type { Watched, Watching } from '../rules/on-demand.js';
import { promiseDueMs, type Silence, unanswered, watch } from '../rules/roll-call.js';

/**
 * What one instance knows of the roll call that stands (rules 5b and 7): since when it has watched it. Only its own commits count,
 * published or declined, each of them a look and a proof that the share can be reached; a failed one, or too long a gap in them by any
 * clock, begins the wait anew: we may have slept or been cut off, and those we asked with us.
 */
export class RollCall {
  private watched: Watched = new Map();
  private last: Instant | null = null;
  private wroteMs = Number.NEGATIVE_INFINITY;
  /** Share time at our first commit. */
  private first: { readonly ms: number; readonly at: Instant } | null = null;

  /** A commit of ours was answered; the licence is the newest it knew of. */
  answered(
    done: { readonly licence: Licence; readonly shareTimeMs: number; readonly published: boolean },
    since: Instant,
    now: Instant,
    checkIntervalSeconds: number,
  ): void {
    this.first ??= { ms: done.shareTimeMs, at: since };
    const gapMs = this.gapMs(since, now);
    const pace = { nowMs: now.elapsedMs, gapMs, checkIntervalSeconds };
    this.watched = watch(this.watched, done.licence, pace);
    if (done.published) this.wroteMs = since.elapsedMs;
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
  unanswered(
    context: Pick<ChangeContext, 'licence' | 'policy'>,
    { since, now }: { readonly since: Instant; readonly now: Instant },
    silence: Silence,
  ): Verdict[] {
    const watching: Watching = {
      ...{ watched: this.watched, nowMs: since.elapsedMs, wroteMs: this.wroteMs },
      gapMs: this.gapMs(since, now),
    };
    return unanswered(context, watching, silence);
  }

  /** When who promised to answer is out, or that he could has to be proved; by the monotonic clock, Infinity for never. */
  dueMs(licence: Licence): number {
    return promiseDueMs(licence, this.watched, this.wroteMs);
  }

  private gapMs(since: Instant, now: Instant): number {
    if (this.last === null) return Number.POSITIVE_INFINITY;
    return Math.max(elapsedMs(this.last, since), elapsedMs(since, now));
  }
}
