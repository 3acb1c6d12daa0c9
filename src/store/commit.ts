import { type Licence, refuseMoved } from '../licence/document.js';
import { type Policy, policyAfter } from '../licence/entitlement.js';
import { inFile, SeatfileFault } from '../licence/fault.js';
import { withFullCheck } from '../licence/full-check-door.js';
import { type ChangeContext, type Draft, nextRevision } from '../licence/revision.js';
import { textToPublish } from '../licence/text.js';
import { breath } from '../share/clock.js';
import { checkDeadline, type Deadline } from '../share/deadline.js';
import type { StoreContext } from './context.js';
import type { TableMemory } from './memory.js';
import { type Attempt, MOST_ABOVE, type Turn } from './register.js';
import type { LatestRevision, Revisions } from './revisions.js';
import { unknownOutcome } from './trouble.js';

/**
 * A change of the latest revision. No draft: nothing is published. It may be called more than once, so its result
 * depends on the context alone. A client may also note what it is about to write; that must do no harm where the
 * attempt is never published. Its faults name no file.
 */
export type Change<A> = (context: ChangeContext) => { readonly answer: A; readonly draft: Draft | null };

export interface Committed<A> {
  readonly answer: A;
  /** The latest revision: the one published, or the one the change declined to follow. */
  readonly licence: Licence;
  readonly policy: Policy;
  readonly published: boolean;
  readonly shareTimeMs: number;
  /** The reading that the change was based on. */
  readonly base: LatestRevision;
}

/** What an attempt came to, and the text to publish for it; null: nothing. */
interface Prepared<A> {
  readonly committed: Committed<A>;
  readonly text: string | null;
}

/** Makes changes of the table, each once or not at all. */
export class Committer {
  readonly context: StoreContext;
  readonly revisions: Revisions;
  readonly memory: TableMemory;

  constructor(context: StoreContext, revisions: Revisions, memory: TableMemory) {
    this.context = context;
    this.revisions = revisions;
    this.memory = memory;
  }

  /**
   * Attempts a change until it is published, or declines. @param takeTurn for each attempt; none where the caller has
   * one. @throws SeatfileFault COMMIT_UNKNOWN; any other: it was not made
   */
  commit<A>(change: Change<A>, deadline: Deadline, takeTurn: TakeTurn = this.noTurn): Promise<Committed<A>> {
    return new CommitAttempts(this, change, takeTurn).run(deadline);
  }

  /** To write without waiting for others is as safe. */
  readonly noTurn: TakeTurn = async () => ({
    begin: () => this.revisions.register.begin(),
    end: async () => undefined,
  });
}

export type TakeTurn = (deadline: Deadline) => Promise<Turn>;

/** All attempts at one change. */
class CommitAttempts<A> {
  private readonly context: StoreContext;
  private readonly revisions: Revisions;
  private readonly memory: TableMemory;
  private readonly change: Change<A>;
  private readonly takeTurn: TakeTurn;
  /** One id for all of them: a change is applied once. */
  private readonly changeId: string;
  /** The answer of the last attempt that may have succeeded after all. */
  private earlier: Pick<Committed<A>, 'answer' | 'shareTimeMs'> | null = null;
  /** The number that the first attempt aimed at. */
  private firstAim = Number.POSITIVE_INFINITY;
  /** A rename of some attempt may still be carried out. */
  private isDoubtful = false;

  constructor({ context, revisions, memory }: Committer, change: Change<A>, takeTurn: TakeTurn) {
    this.context = context;
    this.revisions = revisions;
    this.memory = memory;
    this.change = change;
    this.takeTurn = takeTurn;
    this.changeId = context.random.id();
  }

  async run(deadline: Deadline): Promise<Committed<A>> {
    const { clock, random } = this.context;
    for (let attempt = 0; ; attempt++) {
      const tried = this.earlier;
      const committed = await this.attempt(deadline).catch((error: unknown) => {
        if (tried === null) throw error;
        return this.afterAttempts(tried, error);
      });
      if (committed && !committed.published && this.isDoubtful) throw this.unknownOutcome(null);
      if (committed) return committed;
      await clock.sleep(random.fraction() * 20 * Math.min(attempt + 1, 10), deadline.signal);
    }
  }

  /**
   * An attempt failed, and an earlier one may have succeeded unnoticed: the latest revision tells, or nothing
   * does.
   */
  private async afterAttempts(
    tried: Pick<Committed<A>, 'answer' | 'shareTimeMs'>,
    error: unknown,
  ): Promise<Committed<A>> {
    if (error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN') throw error;
    const now: Deadline = { untilMs: this.context.clock.elapsedMs() };
    const base = await this.revisions.stableLatest(now).catch((cause: unknown) => {
      throw this.unknownOutcome(cause);
    });
    const { licence, policy } = base;
    if (licence.recent.includes(this.changeId)) return { ...tried, licence, policy, published: true, base };
    if (this.isForgotten(licence)) throw this.unknownOutcome(error, FORGOTTEN);
    if (base.loss !== null) throw this.unknownOutcome(error); // an old listing, or a revision that is lost again
    throw this.isDoubtful ? this.unknownOutcome(error) : error;
  }

  private async attempt(deadline: Deadline): Promise<Committed<A> | null> {
    const turn = await this.takeTurn(deadline);
    return await this.attemptIn(turn, deadline).finally(() => turn.end());
  }

  /** Once through the steps of a commit. Null: another process got the number. */
  private async attemptIn(turn: Turn, deadline: Deadline): Promise<Committed<A> | null> {
    const { clock, paths } = this.context;
    checkDeadline(deadline, clock, `a free number in ${paths.folder}`); // also where the turn came late
    const stage = await this.stageFor(turn, deadline);
    const preparing = withFullCheck(() => this.prepared(stage, deadline));
    const { committed, text } = await preparing.catch(async (error: unknown) => {
      await this.revisions.register.abandon(stage);
      throw error;
    });
    if (text === null) {
      await this.revisions.register.abandon(stage);
      return committed;
    }
    const { answer, licence: next, shareTimeMs } = committed;
    this.earlier = { answer, shareTimeMs };
    this.firstAim = Math.min(this.firstAim, next.revision);
    const result = await this.revisions.publish(stage, committed, text, deadline);
    if (result === 'unknown') this.isDoubtful = true;
    return result === 'published' ? committed : null;
  }

  /**
   * A folder that is missing is first an old absence: it is looked for past the caches' lifetime before it is
   * a loss.
   */
  private async stageFor(turn: Turn, deadline: Deadline): Promise<Attempt> {
    try {
      return await turn.begin();
    } catch (error) {
      if (!(error instanceof SeatfileFault)) throw error;
      await this.revisions.latest(deadline);
      return await turn.begin();
    }
  }

  /** Writes nothing. */
  private async prepared({ shareTimeMs }: Attempt, deadline: Deadline): Promise<Prepared<A>> {
    const base = await this.baseFor(deadline);
    const { licence, policy } = base;
    if (this.earlier !== null && licence.recent.includes(this.changeId))
      return { committed: { ...this.earlier, licence, policy, published: true, base }, text: null };
    if (this.isForgotten(licence)) throw this.unknownOutcome(null, FORGOTTEN);
    refuseMoved(licence, this.context.paths.licenceFile);
    const start = this.memory.recalled({ licence, policy, nowMs: shareTimeMs }, base.loss);
    const context = this.contextAfter(base, start, shareTimeMs);
    const { answer, draft: changed } = inFile(this.context.paths.licenceFile, () => this.change(context));
    const draft = afterRecall(start, changed, base.loss !== null);
    if (draft === null)
      return { committed: { answer, licence, policy, published: false, shareTimeMs, base }, text: null };
    const { next, text } = await this.next(licence, draft, shareTimeMs);
    const { policy: nextPolicy } = this.contextAfter(base, { licence: next }, shareTimeMs);
    const committed = { answer, licence: next, policy: nextPolicy, published: true, shareTimeMs, base };
    return { committed, text };
  }

  /** What the attempt is made from. After another one it also tells what became of that. */
  private async baseFor(deadline: Deadline): Promise<LatestRevision> {
    const isAgain = this.earlier !== null;
    const { revisions } = this;
    return this.memory.known(
      isAgain ? await revisions.stableLatest(deadline) : await revisions.base(deadline),
    );
  }

  /** The next revision, and its text: steps of work with a large document, with a breath between. */
  private async next(licence: Licence, draft: Draft, shareTimeMs: number) {
    await breathIfLarge(draft.licence);
    const { changeId } = this;
    const next = nextRevision(licence, draft, { changeId, commit: this.context.random.id(), shareTimeMs });
    await breathIfLarge(next);
    return { next, text: textToPublish(licence, next, this.context.paths.licenceFile) };
  }

  /** A later state of the base, with what holds in it. */
  private contextAfter(
    base: LatestRevision,
    { licence }: Pick<Draft, 'licence'>,
    nowMs: number,
  ): ChangeContext {
    const policy = inFile(this.context.paths.licenceFile, () =>
      policyAfter(base.licence, base.policy, licence),
    );
    return { licence, policy, nowMs };
  }

  /** So many revisions have passed since the first attempt that `recent` may not hold its change any more. */
  private isForgotten(latest: Licence): boolean {
    return latest.revision - this.firstAim >= MOST_ABOVE;
  }

  /** After a doubtful attempt nothing that follows proves that the change was not made. */
  private unknownOutcome(
    cause: unknown,
    why = 'the share did not say whether a change was made',
  ): SeatfileFault {
    return unknownOutcome(this.context.paths.folder, why, cause);
  }
}

const FORGOTTEN = `${MOST_ABOVE} revisions passed during one commit`;

/** A document with more records and waiters than this is large. */
const MANY = 1000;
const breathIfLarge = async ({ instances, waiting }: Licence): Promise<void> => {
  if (instances.length + waiting.length > MANY) await breath();
};

/**
 * On a base that lacks revisions the server has to decide, so something is published even if the change comes
 * to nothing. What is remembered of a table before it was rebuilt waits for a change.
 */
function afterRecall(start: Draft, changed: Draft | null, mustPublish: boolean): Draft | null {
  if (changed === null) return mustPublish ? start : null;
  return { licence: changed.licence, events: [...start.events, ...changed.events] };
}
