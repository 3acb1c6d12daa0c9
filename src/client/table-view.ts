import type { InstanceRecord, Licence } from '../licence/document.js';
import { type Ending, endingOf, isExpired, type Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { elapsedMs, type Instant } from '../licence/time.js';
import { bansByUser } from '../rules/bans-in-force.js';
import type { Verdict } from '../rules/liveness.js';
import { expireOffers, offerToWaiters } from '../rules/offers.js';
import { type OfferOrWait, observeQueue, overdueIn, type QueueSeen, waits } from '../rules/queue.js';
import { isOpenToNew } from '../rules/renewal-state.js';
import { withoutAnswered } from '../rules/roll-call.js';
import { ownPollMs, pollPeriodMs, tryPeriodMs } from '../rules/timing.js';
import { instantOf } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import type { Change, Committed } from '../store/commit.js';
import type { LatestRevision } from '../store/revisions.js';
import { RollCall } from './called.js';
import type { ClientContext } from './client-context.js';
import { PeerObserver, provenGone } from './peer-observer.js';
import { SettlingPeriod } from './settling-period.js';

/** The longest wait of a beat, a poll or a release for the share. Milliseconds. */
export const PATIENCE_MS = 30_000;

/** A confirmed commit. */
export interface Made<A> {
  readonly kind: 'made';
  readonly done: Committed<A>;
  /** The start of the commit. */
  readonly since: Instant;
}

/**
 * What became of a commit. A failed one is a value too, because its attempts may have shown something. `isBeatWanted`:
 * a beat should follow soon, because the table was restored, or may lack seats of this instance.
 */
export type CommitResult<A> = { readonly isBeatWanted: boolean } & (
  | Made<A>
  | { readonly kind: 'failed'; readonly error: unknown }
);

/** The table as one instance knows it. Its commits and polls go through here, and what they show is kept here. */
export class Table {
  readonly rollCall = new RollCall();
  /** Whether this instance holds a seat. The client sets it. */
  isHolder = false;
  private readonly context: ClientContext;
  private readonly settlingPeriod = new SettlingPeriod();
  private ownPeerObserver = new PeerObserver();
  private queueSeen: QueueSeen = new Map();
  private lastPolicy: Policy | null = null;
  private lastLicence: Licence | null = null;
  /** The server's time at the start of the last own commit. Light, which hardly commits, judges the expiry by it. */
  private shareClock: { readonly ms: number; readonly at: Instant } | null = null;
  /** As the last own commit showed it, by the server's clock. */
  private lastEnding: Ending | null = null;
  /** A holder has seen a restored table for the first time, and {@link takeRestored} has not told it yet. */
  private isRestoreNew = false;

  constructor(context: ClientContext) {
    this.context = context;
  }

  get path(): string {
    return this.context.store.paths.licenceFile;
  }

  get policy(): Policy | null {
    return this.lastPolicy;
  }

  get ending(): Ending | null {
    return this.lastEnding;
  }

  get lastSeen(): Licence | null {
    return this.lastLicence;
  }

  get peerObserver(): PeerObserver {
    return this.ownPeerObserver;
  }

  /** T of the file, milliseconds. */
  get intervalMs(): number {
    return 1000 * (this.policy?.checkIntervalSeconds ?? 1);
  }

  get pollPeriodMs(): number {
    const { identity } = this.context;
    const level = identity.record?.level ?? 'heartbeat';
    return ownPollMs(level, this.intervalMs / 1000, identity.answersWithin);
  }

  get tryPeriodMs(): number {
    return tryPeriodMs(this.intervalMs / 1000, this.policy?.answerWithinSeconds ?? null);
  }

  /** A commit that takes longer says that the share is in trouble. */
  private get slowMs(): number {
    return pollPeriodMs(this.intervalMs / 1000);
  }

  deadline(ms: number): Deadline {
    return { untilMs: this.context.clock.elapsedMs() + ms };
  }

  /** The newest revision. The caller decides whether it counts: see {@link saw}. */
  read(deadline: Deadline): Promise<LatestRevision> {
    return this.context.store.read(deadline);
  }

  /** A poll by an instance that may hold no seat. The caller is told whether it counted. */
  async look(deadline: Deadline): Promise<LatestRevision> {
    const top = await this.read(deadline);
    if (top.loss === null) this.saw(top);
    return top;
  }

  /**
   * Gives whether a holder sees a restored table for the first time. Then a beat should tell the others that it lives.
   */
  saw(top: LatestRevision): boolean {
    const isRestored = this.note(top);
    this.context.onShown(top);
    return isRestored;
  }

  private note(top: LatestRevision): boolean {
    const { identity, warnings } = this.context;
    this.lastPolicy = top.policy;
    this.noteRestored(top.licence);
    this.peerObserver.saw(top, identity.id, this.pollPeriodMs);
    this.queueSeen = observeQueue(this.queueSeen, top.licence, top.endedMs);
    this.lastLicence = top.licence;
    if (identity.record?.level === 'light') warnings.troubleOver();
    return this.takeRestored();
  }

  async commit<A>(change: Change<A>, deadline: Deadline): Promise<CommitResult<A>> {
    const { clock, store } = this.context;
    const since = instantOf(clock);
    const tidied: Change<A> = (context) => {
      const { answer, draft } = change(context);
      return { answer, draft: this.served(context, draft && tidy(draft)) };
    };
    try {
      const done = await store.commit(tidied, deadline);
      return { kind: 'made', done, since, isBeatWanted: this.committed(done, since) };
    } catch (error) {
      return { kind: 'failed', error, isBeatWanted: this.takeRestored() };
    }
  }

  /** A commit failed because the share is in trouble. */
  failed(): void {
    this.peerObserver.failed();
    this.rollCall.failed();
  }

  /** Rule 8: every commit moves the queues on, whatever it is for. */
  private served(context: ChangeContext, draft: Draft | null): Draft | null {
    const { licence: base, policy, nowMs } = context;
    const start = draft ?? { licence: base, events: [] };
    const overdue = this.overdue(start.licence);
    if (start.licence.waiting.length === 0 && overdue.length === 0) return draft; // as nearly always
    const passed = andThen(context, start, (now) => expireOffers(now, overdue));
    const isClosed = !isOpenToNew(context) || this.settlingMs(base, policy, nowMs) > 0;
    const served = isClosed ? passed : andThen(context, passed, offerToWaiters);
    return draft === null && served.licence === base ? null : served;
  }

  /** The waiters that have a place in a queue, or an offered seat, and are not waited for any longer. */
  private overdue(licence: Licence): OfferOrWait[] {
    const { identity } = this.context;
    const gone = licence.waiting.filter((one) => one.instance !== identity.id && identity.isGone(one));
    return [...overdueIn(this.queueSeen, licence), ...gone.map(waits)];
  }

  isQueueOverdue(licence: Licence): boolean {
    return this.overdue(licence).length > 0;
  }

  /** Gives whether a beat should follow soon. */
  private committed(done: Committed<unknown>, since: Instant): boolean {
    const { clock, warnings } = this.context;
    const isRestored = this.note(done.base);
    this.lastLicence = done.licence;
    this.context.onShown(done);
    const now = instantOf(clock);
    this.rollCall.answered(done, since, now, this.intervalMs / 1000);
    this.shareClock = { ms: done.shareTimeMs, at: since };
    this.lastEnding = endingOf(done.policy, done.shareTimeMs);
    warnings.troubleOver(); // a poll is no proof that the trouble is over: a full disk can be read
    if (done.published) this.peerObserver.committed(since.elapsedMs, clock.elapsedMs(), this.slowMs);
    return done.base.loss === null ? isRestored : this.forgotten(done.licence) || isRestored;
  }

  /**
   * Revisions had been lost before this commit. A seat that it does not show is not valid before a beat confirms it.
   */
  private forgotten({ instances }: Licence): boolean {
    const { holds, identity } = this.context;
    holds.doubtMissing(instances.find(({ id }) => id === identity.id));
    return holds.size > 0;
  }

  /** The peers to evict, by a poll or a beat that began at `startedMs`. */
  verdicts(licence: Licence, startedMs: number): Verdict[] {
    const { clock, identity } = this.context;
    if (this.policy && this.settlingMs(licence, this.policy, null) > 0) return [];
    const isGone = (record: InstanceRecord) => record.id !== identity.id && identity.isGone(record);
    return this.peerObserver.verdicts(licence, clock.elapsedMs(), startedMs, this.slowMs, isGone);
  }

  /** Rule 5(a), for a refused requester: the peers with a process that provably exists no more. */
  provenGone(licence: Licence, policy: Policy): Verdict[] {
    if (policy.level !== 'heartbeat' || this.settlingMs(licence, policy, null) > 0) return [];
    return provenGone(licence, (record) => this.context.identity.isGone(record)); // this process exists
  }

  /**
   * How much longer the restored table is closed: no new user is seated, and no peer evicted. Milliseconds. A restored
   * table is noted here too: the base of a commit that fails later may be the first sight of it.
   */
  settlingMs(licence: Licence, policy: Policy, shareTimeMs: number | null): number {
    this.noteRestored(licence);
    return this.settlingPeriod.leftMs(licence, policy, this.context.clock.elapsedMs(), shareTimeMs);
  }

  private noteRestored(licence: Licence): void {
    const isFirst = this.settlingPeriod.saw(licence, this.isHolder, this.context.clock.elapsedMs());
    if (isFirst && this.isHolder) this.isRestoreNew = true;
  }

  private takeRestored(): boolean {
    const isNew = this.isRestoreNew;
    this.isRestoreNew = false;
    return isNew;
  }

  /** By the own clocks, counted from the last own commit. Null: this instance has not committed yet. */
  shareTimeNow(): number | null {
    if (this.shareClock === null) return null;
    return this.shareClock.ms + elapsedMs(this.shareClock.at, instantOf(this.context.clock));
  }

  seemsExpired(policy: Policy): boolean {
    const shareTimeMs = this.shareTimeNow();
    return shareTimeMs !== null && isExpired(policy, shareTimeMs);
  }

  /** By the own clocks, as far as they tell share time. */
  isBanned(licence: Licence, user: string): boolean {
    const nowMs = this.shareTimeNow() ?? this.context.clock.wallMs();
    return bansByUser({ licence, nowMs })(user) !== null;
  }

  /** This instance holds no seat any more. What it saw of the others is out of date when it holds one again. */
  forgetOthers(): void {
    this.ownPeerObserver = new PeerObserver();
  }
}

const tidy = (draft: Draft): Draft => ({ ...draft, licence: withoutAnswered(draft.licence) });

export const isShareTrouble = (error: unknown): error is SeatfileFault =>
  error instanceof SeatfileFault &&
  (error.code.startsWith('SHARE_') || error.code.startsWith('TABLE_') || error.code === 'COMMIT_UNKNOWN');
