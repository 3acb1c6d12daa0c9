import type { Licence } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { decodeText, readLicence } from '../licence/text.js';
import { fromIso } from '../licence/time.js';
import type { Trust } from '../licence/trust.js';
import type { Deadline } from '../share/deadline.js';
import type { StoreContext } from './context.js';
import { type FolderOptions, FolderRegister } from './folder-register.js';
import { ForkDetector, type Loss } from './forks.js';
import type { Attempt, Kind, Latest, PublishResult } from './register.js';

/** A revision as it was read. */
export interface ReadRevision {
  readonly licence: Licence;
  /** What holds in it. */
  readonly policy: Policy;
}

/** The latest revision, as one reading found it. */
export interface LatestRevision extends ReadRevision {
  /** Revisions that this process knows of are not in it. */
  readonly loss: Loss | null;
  /** When the reading began and ended, on the monotonic clock, milliseconds. */
  readonly startedMs: number;
  readonly endedMs: number;
}

/**
 * The revisions of one licence: what a register of numbered texts knows, and whether one descends from the
 * other.
 */
export class Revisions {
  readonly register: FolderRegister<ReadRevision>;
  readonly forks: ForkDetector;
  /** Every licence that is read here is judged by it. */
  readonly trust: Trust;

  constructor(context: StoreContext, options: FolderOptions, trust: Trust) {
    this.forks = new ForkDetector(context.paths);
    this.trust = trust;
    this.register = new FolderRegister(context, kindOf(this.forks, this.judge), options);
  }

  /** See {@link Register.latest}. */
  async latest(deadline: Deadline): Promise<LatestRevision> {
    return this.latestOf(await this.register.latest(deadline));
  }

  /** See {@link Register.base}. */
  async base(deadline: Deadline): Promise<LatestRevision> {
    return this.latestOf(await this.register.base(deadline));
  }

  /** See {@link Register.stableLatest}. */
  async stableLatest(deadline: Deadline): Promise<LatestRevision> {
    return this.latestOf(await this.register.stableLatest(deadline));
  }

  /**
   * As stableLatest(), by a new listing: a directory of our own makes most clients list anew. Where we may
   * not write, by any.
   */
  async latestAnew(deadline: Deadline): Promise<LatestRevision> {
    const attempt = await this.register.begin().catch(() => null);
    if (attempt) await this.register.abandon(attempt);
    return await this.stableLatest(deadline);
  }

  /** When a revision was committed, by the server's clock; null where it cannot be read. */
  async committedMs(number: number): Promise<number | null> {
    const read = await this.register.read(number).catch(() => null);
    const at = read?.licence.committedAt ?? null;
    return at === null ? null : fromIso(at);
  }

  /** Publishes a revision under its number if no other has it. See {@link Register.publish}. */
  async publish(
    stage: Attempt,
    { licence: next, policy }: ReadRevision,
    text: string,
    deadline: Deadline,
  ): Promise<PublishResult> {
    const changeId = next.recent.at(-1) ?? '';
    const document = { licence: next, policy };
    const entry = { number: next.revision, attemptId: next.commit, changeId, text, document };
    const result = await this.register.publish(stage, entry, deadline);
    if (result === 'published') this.forks.published(next, changeId);
    return result;
  }

  /**
   * The table of another licence is not ours to judge: it is no damage of this table, and nothing is rebuilt over it.
   * It is refused as what it is, see {@link ForkDetector.refuse}.
   */
  private readonly judge = (licence: Licence): void => {
    if (!this.forks.isForeign(licence)) this.trust.judge(licence);
  };

  private latestOf(latest: Latest<ReadRevision>): LatestRevision {
    const { document, startedMs, endedMs } = latest;
    this.trust.judge(document.licence); // once more at the one door to the rules: nothing unverified passes it
    return { ...document, loss: this.forks.lossIn(document.licence, latest.isBelow), startedMs, endedMs };
  }
}

/** @param judge throws where a licence is not trusted */
const kindOf = (forks: ForkDetector, judge: (licence: Licence) => void): Kind<ReadRevision> => ({
  decode: decodeText,
  parse: (text, path) => readLicence(text, path, judge), // without a policy every reading would end
  numberOf: ({ licence }) => licence.revision,
  attemptOf: ({ licence }) => licence.commit,
  includes: ({ licence }, changeId) => licence.recent.includes(changeId),
  refuse: ({ licence }) => forks.refuse(licence),
});
