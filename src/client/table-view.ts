import type { InstanceRecord, Licence } from '../licence/document.js';
import { isExpired, type Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { elapsedMs, type Instant } from '../licence/time.js';
import type { Verdict } from '../rules/liveness.js';
import { passOver, seatWaiters } from '../rules/offers.js';
import { type LineSeen, overdueIn, type Pending, waits, watchLine } from '../rules/queue.js';
import { withoutAnswered } from '../rules/roll-call.js';
import { lookPeriodMs, ownLookMs, tryPeriodMs } from '../rules/timing.js';
import { type Clock, instantOf } from '../share/clock.js';
import type { Limits } from '../share/deadline.js';
import type { Change, Committed } from '../store/commit.js';
import type { Top } from '../store/revisions.js';
import type { Store } from '../store/store.js';
import { RollCall } from './called.js';
import type { Identity } from './identity.js';
import { provenGone, Vigil } from './peer-observer.js';
import { Quarter } from './settling-period.js';
import type { Warnings } from './warnings.js';

/** Longest wait of a beat, a look or a release for the share. Milliseconds. */
export const PATIENCE_MS = 30_000;

export interface TableDeps {
  readonly store: Pick<Store, 'commit' | 'place' | 'read'>;
  readonly clock: Clock;
  readonly identity: Identity;
  readonly warnings: Warnings;
  /** Whether we hold a seat. */
  readonly isHolder: () => boolean;
  /** We hold a seat, and see a restored table for the first time. */
  readonly onRestored: () => void;
  /** A commit was published where revisions had been lost. */
  readonly onForgotten: (licence: Licence) => void;
  /** A commit failed because the share is in trouble. */
  readonly onFailed: () => void;
}

interface Committing<A> {
  readonly done: Committed<A>;
  /** The start of the commit. */
  readonly since: Instant;
}

/** The table as one instance knows it: its commits go through here, and what they and its looks leave behind is kept here. */
export class Table {
  readonly rollCall = new RollCall();
  private readonly deps: TableDeps;
  private readonly quarter = new Quarter();
  private ownVigil = new Vigil();
  private line: LineSeen = new Map();
  private lastPolicy: Policy | null = null;
  private lastLicence: Licence | null = null;
  /** The server's time at the start of our last commit: what Light, which hardly commits, judges the expiry by. */
  private shareClock: { readonly ms: number; readonly at: Instant } | null = null;

  constructor(deps: TableDeps) {
    this.deps = deps;
  }

  get path(): string {
    return this.deps.store.place.face;
  }

  get policy(): Policy | null {
    return this.lastPolicy;
  }

  get lastSeen(): Licence | null {
    return this.lastLicence;
  }

  get vigil(): Vigil {
    return this.ownVigil;
  }

  /** T of the file, milliseconds. */
  get intervalMs(): number {
    return 1000 * (this.policy?.checkIntervalSeconds ?? 1);
  }

  get lookPeriodMs(): number {
    const { identity } = this.deps;
    const level = identity.record?.level ?? 'heartbeat';
    return ownLookMs(level, this.intervalMs / 1000, identity.answersWithin);
  }

  get tryPeriodMs(): number {
    return tryPeriodMs(this.intervalMs / 1000, this.policy?.answerWithinSeconds ?? null);
  }

  /** A commit that takes longer says that the share is in trouble. */
  private get slowMs(): number {
    return lookPeriodMs(this.intervalMs / 1000);
  }

  limits(ms: number): Limits {
    return { untilMs: this.deps.clock.elapsedMs() + ms };
  }

  /** The newest revision. The caller says when he has it: see {@link saw}. */
  read(limits: Limits): Promise<Top> {
    return this.deps.store.read(limits);
  }

  saw(top: Top): void {
    const { identity, warnings } = this.deps;
    this.lastPolicy = top.policy;
    this.closedMs(top.licence, this.lastPolicy, null);
    this.vigil.saw(top, identity.id, this.lookPeriodMs);
    this.line = watchLine(this.line, top.licence, top.endedMs);
    this.lastLicence = top.licence;
    if (identity.record?.level === 'light') warnings.troubleOver();
  }

  async commit<A>(change: Change<A>, limits: Limits): Promise<Committing<A>> {
    try {
      return await this.commitAside(change, limits);
    } catch (error) {
      if (isShareTrouble(error)) {
        this.vigil.failed();
        this.rollCall.failed();
        this.deps.onFailed();
      }
      throw error;
    }
  }

  /** As commit(), for what may be given up: that it fails says nothing of the share. */
  async commitAside<A>(change: Change<A>, limits: Limits): Promise<Committing<A>> {
    const since = instantOf(this.deps.clock);
    const tidied: Change<A> = (context) => {
      const { answer, draft } = change(context);
      return { answer, draft: this.served(context, draft && tidy(draft)) };
    };
    const done = await this.deps.store.commit(tidied, limits);
    this.committed(done, since);
    return { done, since };
  }

  /** Rule 8: whoever commits moves the lines on, whatever he came for. */
  private served(context: ChangeContext, draft: Draft | null): Draft | null {
    const { licence: base, policy, nowMs } = context;
    const start = draft ?? { licence: base, events: [] };
    const overdue = this.overdue(start.licence);
    if (start.licence.waiting.length === 0 && overdue.length === 0) return draft; // as nearly always
    const passed = andThen(context, start, (now) => passOver(now, overdue));
    const isClosed = isExpired(policy, nowMs) || this.closedMs(base, policy, nowMs) > 0;
    const served = isClosed ? passed : andThen(context, passed, seatWaiters);
    return draft === null && served.licence === base ? null : served;
  }

  /** Who stands in a line, or has a place that was given to him, and is not to be waited for any longer. */
  private overdue(licence: Licence): Pending[] {
    const { identity } = this.deps;
    const gone = licence.waiting.filter((one) => one.instance !== identity.id && identity.isGone(one));
    return [...overdueIn(this.line, licence), ...gone.map(waits)];
  }

  isLineOverdue(licence: Licence): boolean {
    return this.overdue(licence).length > 0;
  }

  private committed(done: Committed<unknown>, since: Instant): void {
    const { clock, warnings } = this.deps;
    this.saw(done.base);
    this.lastLicence = done.licence;
    const now = instantOf(clock);
    this.rollCall.answered(done, since, now, this.intervalMs / 1000);
    this.shareClock = { ms: done.shareTimeMs, at: since };
    warnings.troubleOver(); // a look is no proof that the trouble is over: a full disk can be read
    if (done.published) this.vigil.committed(since.elapsedMs, clock.elapsedMs(), this.slowMs);
    if (done.base.loss !== null) this.deps.onForgotten(done.licence);
  }

  /** Who is out, by a look or a beat that began at `startedMs`. */
  verdicts(licence: Licence, startedMs: number): Verdict[] {
    const { clock, identity } = this.deps;
    if (this.policy && this.closedMs(licence, this.policy, null) > 0) return [];
    const isGone = (record: InstanceRecord) => record.id !== identity.id && identity.isGone(record);
    return this.vigil.verdicts(licence, clock.elapsedMs(), startedMs, this.slowMs, isGone);
  }

  /** Rule 5(a), for whoever is refused: who is out by proof. */
  provenGone(licence: Licence, policy: Policy): Verdict[] {
    if (policy.level !== 'heartbeat' || this.closedMs(licence, policy, null) > 0) return [];
    return provenGone(licence, (record) => this.deps.identity.isGone(record)); // we live
  }

  /** How long nobody new is seated and nobody evicted, because the table was restored. Milliseconds. */
  closedMs(licence: Licence, policy: Policy, shareTimeMs: number | null): number {
    const nowMs = this.deps.clock.elapsedMs();
    const isHolder = this.deps.isHolder();
    const isFirst = this.quarter.saw(licence, isHolder, nowMs);
    if (isFirst && isHolder) this.deps.onRestored();
    return this.quarter.leftMs(licence, policy, nowMs, shareTimeMs);
  }

  /** By our clocks, since our last commit. */
  shareTimeNow(): number | null {
    if (this.shareClock === null) return null;
    return this.shareClock.ms + elapsedMs(this.shareClock.at, instantOf(this.deps.clock));
  }

  seemsExpired(policy: Policy): boolean {
    const shareTimeMs = this.shareTimeNow();
    return shareTimeMs !== null && isExpired(policy, shareTimeMs);
  }

  /** Nobody here holds a seat any more: what we saw of the others is worth nothing when somebody does again. */
  forgetOthers(): void {
    this.ownVigil = new Vigil();
  }
}

const tidy = (draft: Draft): Draft => ({ ...draft, licence: withoutAnswered(draft.licence) });

export const isShareTrouble = (error: unknown): boolean =>
  error instanceof SeatfileFault &&
  (error.code.startsWith('SHARE_') || error.code.startsWith('TABLE_') || error.code === 'COMMIT_UNKNOWN');
