import type { Licence } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import { elapsedMs, type Instant } from '../licence/time.js';
import type { Verdict } from '../rules/liveness.js';
import type { CalledSince, CallRecord } from '../rules/on-demand.js';
import { answerDeadlineMs, type Silence, unanswered, watch } from '../rules/roll-call.js';

/**
 * What one instance knows of the roll call in the table (rules 5b and 7): since when it has watched the call. Only its
 * own commits count, published or declined. Each is a poll, and proves that the share can be reached. After a failed
 * commit, or too long a gap between two by any clock, the wait begins again: this computer may have slept or been cut
 * off, and the called instances with it.
 */
export class RollCall {
  private calledSince: CalledSince = new Map();
  private last: Instant | null = null;
  private wroteMs = Number.NEGATIVE_INFINITY;
  /** Share time at the first own commit. */
  private first: { readonly ms: number; readonly at: Instant } | null = null;

  /** An own commit was answered. The licence is the newest that it knew of. */
  answered(
    done: { readonly licence: Licence; readonly shareTimeMs: number; readonly published: boolean },
    since: Instant,
    now: Instant,
    checkIntervalSeconds: number,
  ): void {
    this.first ??= { ms: done.shareTimeMs, at: since };
    const gapMs = this.gapMs(since, now);
    const pace = { nowMs: now.elapsedMs, gapMs, checkIntervalSeconds };
    this.calledSince = watch(this.calledSince, done.licence, pace);
    if (done.published) this.wroteMs = since.elapsedMs;
    this.last = now;
  }

  /**
   * Share time, as far as it agrees with the own clocks. A jump of the server's clock makes no instance look silent.
   */
  credibleMs(shareTimeMs: number, now: Instant): number {
    if (this.first === null) return shareTimeMs;
    return Math.min(shareTimeMs, this.first.ms + elapsedMs(this.first.at, now));
  }

  failed(): void {
    this.calledSince = new Map();
    this.last = null;
  }

  /** The instances that did not answer, for a commit that began at `since`. Its wait for the lock does not count. */
  unanswered(
    context: Pick<ChangeContext, 'licence' | 'policy'>,
    { since, now }: { readonly since: Instant; readonly now: Instant },
    silence: Silence,
  ): Verdict[] {
    const callRecord: CallRecord = {
      ...{ calledSince: this.calledSince, nowMs: since.elapsedMs, wroteMs: this.wroteMs },
      gapMs: this.gapMs(since, now),
    };
    return unanswered(context, callRecord, silence);
  }

  /** When a promise to answer ends unkept, or needs a proof that it could be kept. Monotonic clock; Infinity: never. */
  dueMs(licence: Licence): number {
    return answerDeadlineMs(licence, this.calledSince, this.wroteMs);
  }

  private gapMs(since: Instant, now: Instant): number {
    if (this.last === null) return Number.POSITIVE_INFINITY;
    return Math.max(elapsedMs(this.last, since), elapsedMs(since, now));
  }
}
