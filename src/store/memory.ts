import type { Licence } from '../licence/document.js';
import type { ChangeContext, Draft } from '../licence/revision.js';
import { lastCommon, recall } from '../rules/recall.js';
import { pollPeriodMs } from '../rules/timing.js';
import type { CommitProgress } from './progress.js';
import type { LatestRevision, Revisions } from './revisions.js';

/** What this process has seen of the table. Where revisions are lost, its next commit puts that in again. */
export class TableMemory {
  /** For the journal: `user@host`. */
  actor: string;
  private readonly revisions: Revisions;
  private readonly progress: CommitProgress;
  private newestSeen: Licence | null = null;
  /** The last state of the lineage before, if the table was rebuilt meanwhile. */
  private before: Licence | null = null;
  private periodMs = Number.POSITIVE_INFINITY;

  constructor(revisions: Revisions, progress: CommitProgress, actor: string) {
    this.revisions = revisions;
    this.progress = progress;
    this.actor = actor;
  }

  /** The newest state seen; null before the first. */
  get newest(): Licence | null {
    return this.newestSeen;
  }

  /**
   * The longest time between two polls of an instance, an eighth of the check interval; Infinity while
   * unknown.
   */
  get pollMs(): number {
    return this.periodMs;
  }

  remember(licence: Licence): void {
    this.progress.noteLatest(licence.revision);
    this.revisions.forks.expectLicence(licence);
    if (this.newestSeen && this.newestSeen.lineage !== licence.lineage) this.before = this.newestSeen;
    this.newestSeen = licence;
  }

  /** Remembers what a reading found, unless revisions are missing in it. */
  known(top: LatestRevision): LatestRevision {
    if (top.loss === null) this.remember(top.licence);
    this.periodMs = pollPeriodMs(top.policy.checkIntervalSeconds);
    return top;
  }

  /** A commit was published: what was remembered of the lineage before is in the table now. */
  committed(): void {
    this.before = null;
  }

  /** A base with what this process remembers of revisions that are not in it, to go in with a change. */
  recalled(context: ChangeContext, loss: LatestRevision['loss']): Draft {
    const { licence } = context;
    const memory = loss === null ? this.before : this.newestSeen;
    const reminded = memory ? recall(context, memory) : licence;
    const { actor } = this;
    if (loss === null)
      return { licence: reminded, events: reminded === licence ? [] : [{ kind: 'reminded', actor }] };
    const from = 1 + ((memory && lastCommon(licence, memory)) ?? licence.revision);
    const to = Math.max(this.revisions.register.highestSeen, memory?.revision ?? 0, from);
    return { licence: reminded, events: [{ kind: 'forgotten', actor, from, to }] };
  }

  /** Whether recalled() would add something. */
  hasMoreThan({ licence, policy, loss }: LatestRevision): boolean {
    const context = { licence, policy, nowMs: Number.MAX_SAFE_INTEGER };
    return loss !== null && this.recalled(context, loss).licence !== licence;
  }
}
