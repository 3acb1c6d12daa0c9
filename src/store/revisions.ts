import type { Licence } from '../licence/document.js';
import { type Policy, readPolicy } from '../licence/entitlement.js';
import { inFile } from '../licence/fault.js';
import { decodeText, parseLicence } from '../licence/text.js';
import { fromIso } from '../licence/time.js';
import type { Limits } from '../share/deadline.js';
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
export interface Top extends ReadRevision {
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

  constructor(context: StoreContext, options: FolderOptions) {
    this.forks = new ForkDetector(context.place);
    this.register = new FolderRegister(context, kindOf(this.forks), options);
  }

  /** See {@link Register.latest}. */
  async latest(limits: Limits): Promise<Top> {
    return this.topOf(await this.register.latest(limits));
  }

  /** See {@link Register.stableLatest}. */
  async stableLatest(limits: Limits): Promise<Top> {
    return this.topOf(await this.register.stableLatest(limits));
  }

  /**
   * As stableLatest(), by a new listing: a directory of our own makes most clients list anew. Where we may
   * not write, by any.
   */
  async latestAnew(limits: Limits): Promise<Top> {
    const attempt = await this.register.begin().catch(() => null);
    if (attempt) await this.register.abandon(attempt);
    return await this.stableLatest(limits);
  }

  /** When a revision was committed, by the server's clock; null where it cannot be read. */
  async committedMs(number: number): Promise<number | null> {
    const read = await this.register.read(number).catch(() => null);
    const at = read?.licence.committedAt ?? null;
    return at === null ? null : fromIso(at);
  }

  /** Publishes a revision under its number if no other has it. See {@link Register.publish}. */
  async publish(stage: Attempt, next: Licence, text: string, limits: Limits): Promise<PublishResult> {
    const changeId = next.recent.at(-1) ?? '';
    const entry = { number: next.revision, attemptId: next.commit, changeId, text };
    const result = await this.register.publish(stage, entry, limits);
    if (result === 'published') this.forks.published(next, changeId);
    return result;
  }

  private topOf(latest: Latest<ReadRevision>): Top {
    const { document, startedMs, endedMs } = latest;
    return { ...document, loss: this.forks.lossIn(document.licence, latest.isBelow), startedMs, endedMs };
  }
}

const kindOf = (forks: ForkDetector): Kind<ReadRevision> => ({
  decode: decodeText,
  parse: (text, path) => {
    const licence = parseLicence(text, path);
    const policy = inFile(path, () => readPolicy(licence)); // without one every reading would end
    return { licence, policy };
  },
  numberOf: ({ licence }) => licence.revision,
  attemptOf: ({ licence }) => licence.commit,
  includes: ({ licence }, changeId) => licence.recent.includes(changeId),
  refuse: ({ licence }) => forks.refuse(licence),
});
