import type { InstanceRecord, Licence, Tombstone } from '../licence/document.js';
import { isExpired, type Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import type { ChangeContext, Draft } from '../licence/revision.js';
import { type Instant, toIso } from '../licence/time.js';
import type { ClaimOutcome } from '../rules/claim.js';
import type { Eviction, Holder } from '../rules/refusal.js';
import { comeIn, type Wish } from '../rules/request.js';
import { RETRY_INTERVALS } from '../rules/timing.js';
import { tellRemoved } from '../rules/tombstones.js';
import { beliefOf } from '../rules/validity.js';
import { awake, type Clock, instantOf } from '../share/clock.js';
import type { Limits } from '../share/deadline.js';
import { SerialQueue } from '../share/serial.js';
import type { Watching } from '../share/watch.js';
import type { Store } from '../store/store.js';
import { Heart } from './beat-loop.js';
import { Asking } from './call-roll.js';
import { Hints } from './change-hints.js';
import { Denials } from './denial-log.js';
import { Beats } from './heartbeat.js';
import { type Hold, Holds } from './held-seats.js';
import { Identity, type IdentityDeps } from './identity.js';
import { Releases } from './release.js';
import type { Loss, Seat } from './seat.js';
import { isShareTrouble, PATIENCE_MS, Table } from './table-view.js';
import { Waiting, type WaitingNews } from './waiter.js';
import { lossOf, type Warning } from './warning-text.js';
import { Warnings } from './warnings.js';

/** An answer to "may I work?". "No seat is free" is one of them, not an exception. */
export type ClaimAnswer =
  | {
      readonly kind: 'seated';
      readonly seat: Seat;
      /** An administrator had removed this user from the module: who, when and why. Told once, to the first claim after it; else null. */
      readonly removed: Loss | null;
    }
  | {
      readonly kind: 'full';
      readonly holders: readonly Holder[];
      /**
       * ISO 8601, by the file server's clock: the latest time by which a place is free, if its silent holders are dead. A
       * peer that lives sees to it; where none does, this process, as long as it runs. Null when all of them beat.
       */
      readonly freesAt: string | null;
      /** What became of this user's last seat in the module, where it was taken away within max(4 T, 24 h); null: nothing. */
      readonly evicted: Eviction | null;
      readonly waitedMs: number;
    }
  | {
      readonly kind: 'refused';
      /** `closed`: for a quarter of the check interval after a lost table was restored nobody new is seated. */
      readonly reason: 'banned' | 'reserved' | 'closed';
      /** ISO 8601, share time: when to ask again; null when that is not known. */
      readonly untilAt: string | null;
    };

/** Only for a while: see {@link Quarter}. */
interface Closed {
  readonly kind: 'closed';
  readonly untilAt: string;
}

export interface InstanceDeps extends IdentityDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly watching: Watching | null;
  /** How old what a look shows can be on this computer. Milliseconds. */
  readonly lookLagMs: number;
  readonly onWarning: (warning: Warning) => void;
  readonly onWaiting: (news: WaitingNews) => void;
  /** How long the return of a seat may take. Milliseconds. */
  readonly patienceMs: number;
  /** Seats were lost, or have been left. */
  readonly onSeatsOver: () => void;
}

/** What one attempt at a claim came to. */
type Tried =
  | (Extract<ClaimOutcome, { kind: 'seated' }> & { readonly removed: Tombstone | null })
  | Extract<ClaimOutcome, { kind: 'full' }>
  | Closed;

/**
 * One running process in the table: one record, one beat for all its modules. Here seats are taken; the rooms beside it
 * keep them ({@link Heart}, {@link Beats}) and give them back ({@link Releases}).
 */
export class Instance {
  private readonly deps: InstanceDeps;
  private readonly queue = new SerialQueue();
  private readonly identity: Identity;
  private readonly holds: Holds;
  private readonly table: Table;
  private readonly heart: Heart;
  private readonly beats: Beats;
  private readonly asking: Asking;
  private readonly waiting: Waiting;
  private readonly releases: Releases;
  private readonly denials: Denials;

  constructor(deps: InstanceDeps) {
    const { clock, dice, store } = deps;
    this.deps = deps;
    const { queue } = this;
    const identity = new Identity(deps);
    const holds = new Holds(() => instantOf(clock), deps.lookLagMs);
    const warnings = new Warnings(deps);
    const table = new Table({
      ...{ store, clock, identity, warnings },
      isHolder: () => this.heart.isRunning,
      onRestored: () => this.heart.beatSoon(), // what we know, and that we live
      onForgotten: (licence) => this.beats.missed(licence),
      onFailed: () => this.heart.beatAgain(),
    });
    const hints = new Hints({ ...deps, table, isFaceMissing: () => warnings.isFaceMissing });
    const shared = { clock, dice, store, identity, holds, table, queue };
    this.heart = new Heart({
      ...{ ...shared, hints },
      beat: () => this.beats.beat(),
      look: () => this.beats.look(),
      onTrouble: (error) => warnings.trouble(error),
      onPulse: () => holds.tell(),
    });
    const onLost = () => {
      this.stopIfIdle();
      deps.onSeatsOver();
    };
    this.beats = new Beats({ ...shared, warnings, heart: this.heart, onLost });
    this.asking = new Asking({ ...shared, isHeld: (module) => holds.get(module) !== undefined });
    this.waiting = new Waiting({
      ...{ ...shared, asking: this.asking, onWaiting: deps.onWaiting },
      holdersLook: () => (this.heart.isRunning ? () => this.beats.look() : null),
    });
    this.releases = new Releases({ ...shared, onLeft: onLost });
    this.denials = new Denials({
      clock,
      patienceMs: () => table.intervalMs * RETRY_INTERVALS,
      commit: (change, limits) => queue.run(() => table.commitAside(change, limits())),
    });
    this.identity = identity;
    this.holds = holds;
    this.table = table;
  }

  /** Takes a seat, or shares the one this process already has. `wait`: until when it is waited for while none is free. */
  async acquire(module: string, limits: Limits, wait: Limits | null = null): Promise<ClaimAnswer> {
    const startedMs = this.deps.clock.elapsedMs();
    this.asking.end(module); // we ask ourselves now
    const answer = await (wait ? this.waitFor(module, limits, wait) : this.askOnce(module, limits));
    if (answer.kind !== 'full') return answer;
    this.noteDenial(module, true);
    void this.asking.askOn(module);
    return { ...answer, waitedMs: Math.round(this.deps.clock.elapsedMs() - startedMs) };
  }

  private askOnce(module: string, limits: Limits): Promise<ClaimAnswer> {
    return this.queue.run(() => this.tryOnce(module, limits, false));
  }

  /** Rule 8. Who gives up, or is told to, leaves the line, and what he was given meanwhile. */
  private async waitFor(module: string, limits: Limits, wait: Limits): Promise<ClaimAnswer> {
    const patienceMs = limits.untilMs - this.deps.clock.elapsedMs();
    this.waiting.begin(module, wait);
    try {
      let answer = await this.askOnce(module, limits);
      if (answer.kind === 'full') this.noteDenial(module, false);
      while (answer.kind !== 'seated' && this.waiting.isOpen(wait)) {
        await this.waiting.untilWorthTrying(module, wait);
        const again = { ...limits, ...this.table.limits(patienceMs) };
        answer = await this.waiting.tryAgain(() => this.tryOnce(module, again, true), wait, answer);
      }
      return answer;
    } finally {
      const isLast = this.waiting.end(module, wait);
      if (isLast && !this.holds.get(module)) await this.leaveLine(module);
      if (isLast) this.waiting.left(module);
    }
  }

  private async leaveLine(module: string): Promise<void> {
    if (!this.waiting.mayStand(module)) return;
    await this.releases.leave([], this.table.limits(PATIENCE_MS), [module]).catch(() => undefined); // paid back later
  }

  /** What is still to be recorded is, if that is quickly done. */
  async recorded(): Promise<void> {
    await this.denials.close();
  }

  /**
   * Gives back seats, and the places in lines whose waits have all ended; asks on for none of the modules.
   * @throws SeatfileFault when the share did not confirm; the seats are left all the same
   */
  async leave(seats: readonly Seat[], modules: readonly string[], limits: Limits): Promise<void> {
    for (const module of modules) this.asking.end(module);
    await this.releases.leaveWith(seats, limits, this.waiting.abandoned);
  }

  private noteDenial(module: string, final: boolean): void {
    const { user, host } = this.deps.who;
    this.denials.note({ instance: this.identity.id, module, user, host, reason: 'full', final });
  }

  private async tryOnce(module: string, limits: Limits, hasWaited: boolean): Promise<ClaimAnswer> {
    const shared = await this.sharedSeat(module);
    if (shared) return { kind: 'seated', seat: shared, removed: null };
    const { answer, licence, since } = await this.claimPlace(module, limits, hasWaited);
    if (answer.kind === 'closed') return { kind: 'refused', reason: 'closed', untilAt: answer.untilAt };
    if (answer.kind === 'full') {
      if (licence) this.waiting.tell(module, licence, answer);
      return { ...answer, waitedMs: 0 };
    }
    const removed = answer.removed && lossOf(answer.removed);
    return { kind: 'seated', seat: this.seated(module, answer.record, since), removed };
  }

  /** One more handle on a place this process has already; after a lapse only a confirmed beat makes it good again. */
  private async sharedSeat(module: string): Promise<Seat | null> {
    const known = this.holds.get(module);
    if (known && this.holds.remainingMs(known) <= 0) await this.beats.beat().catch(() => undefined);
    const hold = this.holds.get(module);
    if (!hold || this.holds.remainingMs(hold) <= 0) return null;
    return this.addHandle(hold);
  }

  private async claimPlace(
    module: string,
    limits: Limits,
    hasWaited: boolean,
  ): Promise<{ readonly answer: Tried; readonly licence: Licence | null; readonly since: Instant }> {
    const waitSeconds = this.waiting.secondsFor(module);
    const sinceAt = this.waiting.sinceAt(module);
    const place = { module, seatId: this.deps.dice.id(), waitSeconds, sinceAt, hasWaited };
    const started = instantOf(this.deps.clock);
    const outcomes: Tried[] = []; // one for each attempt
    try {
      const { done, since } = await this.table.commit((context) => {
        const tried = this.tryPlace(context, place, started);
        outcomes.push(tried.answer);
        return tried;
      }, limits);
      this.waiting.saw(module, done.licence);
      return { answer: done.answer, licence: done.licence, since };
    } catch (error) {
      // Who was refused was to ask the others in the same commit: that this failed makes the refusal no less true.
      const refused = outcomes.every(({ kind }) => kind === 'full') ? outcomes.at(-1) : undefined;
      if (refused && isShareTrouble(error)) return { answer: refused, licence: null, since: started };
      if (error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN') this.releases.takeBack(module);
      throw error;
    }
  }

  private tryPlace(
    context: ChangeContext,
    place: Wish & { readonly hasWaited: boolean },
    started: Instant,
  ): { readonly answer: Tried; readonly draft: Draft | null } {
    const { asking, identity, table } = this;
    const { licence: base, policy, nowMs } = context;
    if (isExpired(policy, nowMs)) throw expiredFault(policy);
    const asker = asking.asker(context, started, place.hasWaited);
    const request = { ...place, ...identity.proofs(nowMs), who: identity.claimant, asker };
    const { outcome, draft } = comeIn(context, request);
    const closedMs = table.closedMs(base, policy, nowMs);
    if (closedMs > 0 && outcome.kind === 'seated' && !isTaken(base, outcome.record, place.module))
      return { answer: { kind: 'closed', untilAt: toIso(nowMs + closedMs) }, draft: null };
    if (outcome.kind === 'full') {
      if (draft) this.waiting.stands(place.module, draft.licence);
      return { answer: outcome, draft };
    }
    identity.writes(outcome.record);
    this.holds.promised(identity.answersWithin, started);
    if (draft === null) return { answer: { ...outcome, removed: null }, draft };
    const told = tellRemoved(
      { ...context, licence: draft.licence },
      { ...this.deps.who, module: place.module },
    );
    const licence = told.draft?.licence ?? draft.licence;
    return { answer: { ...outcome, removed: told.removed }, draft: { ...draft, licence } };
  }

  private seated(module: string, record: InstanceRecord, since: Instant): Seat {
    const place = record.seats.find((held) => held.module === module);
    if (!place) throw new Error(`claimed ${module}, and the record does not hold it`);
    const hold = this.holds.put(place, beliefOf(record, since));
    const seat = this.addHandle(hold);
    this.beats.confirmed(record, since);
    this.start();
    return seat;
  }

  private addHandle(hold: Hold): Seat {
    return this.holds.addHandle(hold, this.deps.who, (seat) =>
      awake(() => this.releases.leave([seat], this.table.limits(this.deps.patienceMs))),
    );
  }

  private start(): void {
    if (this.heart.isRunning) return;
    this.deps.store.healAs(this.identity);
    this.heart.start();
  }

  private stopIfIdle(): void {
    if (!this.heart.isRunning || this.holds.size > 0) return;
    this.heart.stop();
    this.table.forgetOthers();
    this.identity.forget();
    this.deps.store.healAs(null);
  }
}

const expiredFault = (policy: Policy): SeatfileFault =>
  new SeatfileFault(
    'LICENCE_EXPIRED',
    `the licence expired at ${policy.expiresAt}; ask the vendor for a new one`,
  );

/** Whether the place was in use before: who sits down beside his own record is nobody new. */
const isTaken = (base: Licence, record: InstanceRecord, module: string): boolean => {
  const place = record.seats.find((seat) => seat.module === module)?.id;
  return base.instances.some((other) =>
    other.seats.some((seat) => seat.module === module && seat.id === place),
  );
};
