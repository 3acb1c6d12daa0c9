import { beliefOf, elapsedMs, type Instant } from '../core/belief.js';
import { type Policy, readPolicy } from '../core/entitlement.js';
import { SeatfileFault } from '../core/fault.js';
import type { InstanceRecord, Licence } from '../core/licence.js';
import { toIso } from '../core/moment.js';
import { remind } from '../core/restore.js';
import type { Draft, EventDraft } from '../core/revision.js';
import {
  doubtful,
  isCalled,
  silenceMs,
  tryPeriodMs,
  watchedFrom,
  withoutAnswered,
} from '../core/rollcall.js';
import { type Claimant, type ClaimOutcome, claim, type Ground, type Holder, release } from '../core/seats.js';
import { ownLookMs } from '../core/sightings.js';
import {
  type Asker,
  ask,
  type BeatOutcome,
  beat,
  comeIn,
  evict,
  heldSeat,
  isExpired,
  type SeatFate,
  type Standing,
  tombstoneOf,
} from '../core/sweep.js';
import { awake, type Clock, instantOf, inTime, LATE } from '../share/clock.js';
import type { Dice } from '../share/dice.js';
import type { FaceState } from '../share/face.js';
import type { Limits } from '../share/limits.js';
import type { Top } from '../share/revisions.js';
import type { Committed, Store } from '../share/store.js';
import { SHORTEST_POLL_MS, type Watching } from '../share/watch.js';
import { Denials } from './denials.js';
import { Holds } from './holds.js';
import { faceWarnings, lossOf, type Warning } from './news.js';
import { Quarter } from './quarter.js';
import { RollCall } from './rollcall.js';
import type { Loss, Seat } from './seat.js';
import { Vigil } from './vigil.js';

/** An answer to "may I work?". "No seat is free" is one of them, not an exception. */
export type ClaimAnswer =
  | { readonly kind: 'seated'; readonly seat: Seat }
  | {
      readonly kind: 'full';
      readonly holders: readonly Holder[];
      /**
       * ISO 8601, by the file server's clock: the latest time by which a place is free, if its silent holders are dead. A
       * peer that lives sees to it; where none does, this process, as long as it runs. Null when all of them beat.
       */
      readonly freesAt: string | null;
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

export interface InstanceDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly who: Omit<Claimant, 'id'>;
  /** Rule 5(a). Only asked for records of this machine. */
  readonly isProcessGone: (pid: number, start: string | null) => boolean;
  /** When this machine started by share time, given what share time is now; null where that proves nothing. */
  readonly bootedAtMs: (shareTimeMs: number) => number | null;
  readonly watching: Watching | null;
  readonly onWarning: (warning: Warning) => void;
  /** Called when the first seat is taken and after the last is gone. */
  readonly onBusy: (isBusy: boolean) => void;
}

interface Committing<A> {
  readonly done: Committed<A>;
  readonly since: Instant;
}

/** Longest wait of a beat, a look or a release for the share. Milliseconds. */
const PATIENCE_MS = 30_000;
/** What an answer may take longer than its deadline, so that a fault that knows more comes first. Milliseconds. */
export const LATE_MS = 500;
/** A failed beat or look is tried again after T/16 or this, whichever is shorter. Milliseconds. */
const RETRY_MS = 5000;
/** The clocks are compared, and the states told, at least so often. Nothing is read or written. Milliseconds. */
const PULSE_MS = 5000;
/** A hint makes a holder look early, but not more often on average than rule 3 says: so many looks may be saved up. */
const HINTS_SAVED = 2;
/** Who waits for a place looks at most, and at least, so often. Milliseconds. */
const SHORTEST_WAITING_LOOK_MS = 2000;
const LONGEST_WAITING_LOOK_MS = 5000;
/** Without a free place, an instance that may put its record back tries for so long. In check intervals. */
const RETURN_INTERVALS = 2;

/**
 * One running process in the table: one record, one beat for all its modules. Two loops carry it: the heart beats and
 * looks at the share; the pulse only compares clocks and tells what they mean, so that it goes on while the share hangs.
 */
export class Instance {
  private readonly deps: InstanceDeps;
  private readonly holds: Holds;
  private readonly denials: Denials;
  private vigil = new Vigil();
  private readonly rollCall = new RollCall();
  /** Modules in which we were refused, and somebody may be dead: asked on until that is decided. */
  private readonly asking = new Map<string, object>();
  private readonly quarter = new Quarter();
  private id: string;
  private record: InstanceRecord | null = null;
  private policy: Policy | null = null;
  private highestBeat = 0;
  private beatDueMs = Number.POSITIVE_INFINITY;
  private lookDueMs = Number.POSITIVE_INFINITY;
  private hints = HINTS_SAVED;
  private isHinted = false;
  /** Modules that were left without the share's confirmation: given back again with the next. */
  private readonly owed = new Set<string>();
  /** Modules whose claim may still be carried out, as long as its number is free. */
  private readonly doubtful = new Set<string>();
  private isPayingBack = false;
  private running: AbortController | null = null;
  private alarm = new AbortController();
  private turn: Promise<unknown> = Promise.resolve();
  private watch: { stop: () => void } | null = null;
  private lastFace: FaceState = 'ours';
  private lastDrop: string | null = null;
  private lastTrouble: string | null = null;
  private lastSeen: Licence | null = null;
  /** The server's time at the start of our last commit: what Light, which hardly commits, judges the expiry by. */
  private shareClock: { readonly ms: number; readonly at: Instant } | null = null;

  constructor(deps: InstanceDeps) {
    this.deps = deps;
    this.id = deps.dice.id();
    this.holds = new Holds(() => instantOf(deps.clock));
    this.denials = new Denials({
      clock: deps.clock,
      path: deps.store.place.face,
      patienceMs: () => this.intervalMs / 16,
      commit: (change, limits) => this.inTurn(() => deps.store.commit(change, limits())),
    });
  }

  // --- taking and leaving -------------------------------------------------------------------------------------------

  /** Takes a seat, or shares the one this process already has. `wait`: until when it is tried again while none is free. */
  async acquire(module: string, limits: Limits, wait: Limits | null = null): Promise<ClaimAnswer> {
    const startedMs = this.deps.clock.elapsedMs();
    this.asking.delete(module); // we ask ourselves now
    let answer = await this.inTurn(() => this.tryOnce(module, limits));
    const patienceMs = limits.untilMs - startedMs;
    if (answer.kind === 'full' && wait) this.noteDenial(module, false);
    while (answer.kind !== 'seated' && wait && this.isOpen(wait)) {
      await this.untilWorthTrying(module, wait);
      answer = await this.tryAgain(module, { ...limits, ...this.limits(patienceMs) }, wait, answer);
    }
    if (answer.kind !== 'full') return answer;
    this.noteDenial(module, true);
    void this.askOn(module);
    return { ...answer, waitedMs: Math.round(this.deps.clock.elapsedMs() - startedMs) };
  }

  private async tryOnce(module: string, limits: Limits): Promise<ClaimAnswer> {
    const shared = await this.sharedSeat(module);
    if (shared) return { kind: 'seated', seat: shared };
    const { answer, since } = await this.claimPlace(module, limits);
    if (answer.kind === 'closed') return { kind: 'refused', reason: 'closed', untilAt: answer.untilAt };
    if (answer.kind === 'full') return { ...answer, waitedMs: 0 };
    return { kind: 'seated', seat: this.seated(module, answer.record, since) };
  }

  /** While there is time left, a share in trouble is no reason to give up. */
  private async tryAgain(
    module: string,
    limits: Limits,
    wait: Limits,
    before: ClaimAnswer,
  ): Promise<ClaimAnswer> {
    if (wait.signal?.aborted) return before;
    return await this.inTurn(() => this.tryOnce(module, limits)).catch((error: unknown) => {
      const isPassing = isShareTrouble(error) && codeOf(error) !== 'COMMIT_UNKNOWN';
      if (isPassing && this.isOpen(wait)) return before;
      throw error;
    });
  }

  private isOpen(wait: Limits): boolean {
    return !wait.signal?.aborted && this.deps.clock.elapsedMs() < wait.untilMs;
  }

  /** Until a look shows a free place, or those who are asked have to be asked again; at the longest until `wait` is over. */
  private async untilWorthTrying(module: string, wait: Limits): Promise<void> {
    const { clock } = this.deps;
    const eighthMs = this.intervalMs / 8;
    const lookMs = Math.max(SHORTEST_WAITING_LOOK_MS, Math.min(eighthMs, LONGEST_WAITING_LOOK_MS));
    const triedMs = clock.elapsedMs();
    while (this.isOpen(wait)) {
      const nowMs = clock.elapsedMs();
      const tryMs = this.isAnyDoubtful(module) ? triedMs + this.tryPeriod - nowMs : Number.POSITIVE_INFINITY;
      await clock.sleep(Math.min(lookMs, tryMs, wait.untilMs - nowMs), wait.signal);
      if (tryMs <= lookMs || !this.isOpen(wait)) return;
      const top = await this.inTurn(() => this.deps.store.read(this.limits(PATIENCE_MS))).catch(() => null);
      if (top) this.saw(top);
      if (top && this.wouldSeat(top.licence, module)) return;
    }
  }

  private wouldSeat(licence: Licence, module: string): boolean {
    const policy = readPolicy(licence, this.path);
    const ground = this.ground(this.shareTimeNow() ?? this.deps.clock.wallMs());
    return claim(licence, policy, this.claimant, module, this.id, ground).kind === 'seated';
  }

  private noteDenial(module: string, final: boolean): void {
    const { user, host } = this.deps.who;
    this.denials.note({ instance: this.id, module, user, host, reason: 'full', final });
  }

  /** What is still to be recorded is, if that is quickly done. */
  async recorded(): Promise<void> {
    await this.denials.close();
  }

  /** Gives back every seat. @throws SeatfileFault when the share did not confirm; the seats are left all the same */
  async releaseAll(limits: Limits): Promise<void> {
    this.asking.clear();
    await this.leave(this.holds.handles, limits, [...this.owed]);
  }

  /** One more handle on a place this process has already; after a lapse only a confirmed beat makes it good again. */
  private async sharedSeat(module: string): Promise<Seat | null> {
    const known = this.holds.get(module);
    if (known && this.holds.remainingMs(known) <= 0) await this.beatOnce().catch(() => undefined);
    const hold = this.holds.get(module);
    if (!hold || this.holds.remainingMs(hold) <= 0) return null;
    return this.addHandle(hold);
  }

  private async claimPlace(
    module: string,
    limits: Limits,
  ): Promise<{ readonly answer: ClaimOutcome | Closed; readonly since: Instant }> {
    const place = { module, seatId: this.deps.dice.id() };
    const started = instantOf(this.deps.clock);
    const outcomes: (ClaimOutcome | Closed)[] = []; // one for each attempt
    try {
      const { done, since } = await this.commit<ClaimOutcome | Closed>((base, shareTimeMs) => {
        const policy = readPolicy(base, this.path);
        if (isExpired(policy, shareTimeMs)) throw this.expiredFault(policy);
        const asker = this.asker(base, policy, shareTimeMs, started);
        const { outcome, draft } = comeIn(
          base,
          policy,
          this.claimant,
          place,
          this.ground(shareTimeMs),
          asker,
        );
        const closedMs = this.closedMs(base, policy, shareTimeMs);
        if (closedMs > 0 && outcome.kind === 'seated' && !isTaken(base, outcome.record, module)) {
          const closed: Closed = { kind: 'closed', untilAt: toIso(shareTimeMs + closedMs) };
          outcomes.push(closed);
          return { answer: closed, draft: null };
        }
        if (outcome.kind === 'seated') this.highestBeat = Math.max(this.highestBeat, outcome.record.beat);
        outcomes.push(outcome);
        return { answer: outcome, draft };
      }, limits);
      return { answer: done.answer, since };
    } catch (error) {
      // Who was refused was to ask the others in the same commit: that this failed makes the refusal no less true.
      const refused = outcomes.every(({ kind }) => kind === 'full') ? outcomes.at(-1) : undefined;
      if (refused && isShareTrouble(error)) return { answer: refused, since: started };
      // A claim that may yet come true is taken back; if that fails too, the record dies like any silent one.
      if (error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN') {
        this.owed.add(module);
        this.doubtful.add(module);
        const takeBack = () => this.commitRelease([module], this.limits(PATIENCE_MS));
        void this.inTurn(takeBack).catch(() => this.payBack());
      }
      throw error;
    }
  }

  /** Rule 5(b): what we know of the others, as a commit that began at `started` may use it. */
  private asker(base: Licence, policy: Policy, shareTimeMs: number, started: Instant): Asker {
    const fromMs = watchedFrom(base, shareTimeMs);
    const nowMs = this.rollCall.credibleMs(shareTimeMs, instantOf(this.deps.clock));
    const silence = (record: InstanceRecord) =>
      silenceMs(record, nowMs, fromMs, this.vigil.stoodStillMs(record));
    const isClosed = this.closedMs(base, policy, shareTimeMs) > 0; // right after a restore nobody is evicted
    const unanswered = (licence: Licence) =>
      isClosed ? [] : this.rollCall.unanswered(licence, policy, started, instantOf(this.deps.clock), silence);
    return { id: this.id, actor: this.actor, silence, unanswered };
  }

  /** Refused where somebody may be dead: asked and put out behind the answer, for whoever comes next. */
  private async askOn(module: string): Promise<void> {
    if (this.asking.has(module) || !this.isAnyDoubtful(module)) return;
    const round = {}; // whoever asks anew begins another
    this.asking.set(module, round);
    const isOn = () => this.asking.get(module) === round && !this.holds.get(module);
    while (isOn() && this.isAnyDoubtful(module)) {
      await this.deps.clock.sleep(this.tryPeriod);
      await this.inTurn(async () => isOn() && (await this.askOnce(module))).catch(() => undefined);
    }
    if (this.asking.get(module) === round) this.asking.delete(module);
  }

  private async askOnce(module: string): Promise<void> {
    const started = instantOf(this.deps.clock);
    await this.commit((base, shareTimeMs) => {
      const policy = readPolicy(base, this.path);
      const asker = this.asker(base, policy, shareTimeMs, started);
      return { answer: null, draft: ask(base, policy, module, asker, shareTimeMs) };
    }, this.limits(PATIENCE_MS));
  }

  private isAnyDoubtful(module: string): boolean {
    const shareTimeMs = this.shareTimeNow();
    if (this.lastSeen === null || shareTimeMs === null || this.policy?.level !== 'heartbeat') return false;
    const silence = (record: InstanceRecord) =>
      silenceMs(record, shareTimeMs, Number.POSITIVE_INFINITY, this.vigil.stoodStillMs(record));
    return doubtful(this.lastSeen, module, this.id, shareTimeMs, silence).length > 0;
  }

  private seated(module: string, record: InstanceRecord, since: Instant): Seat {
    const place = record.seats.find((held) => held.module === module);
    if (!place) throw new Error(`claimed ${module}, and the record does not hold it`);
    const hold = this.holds.put(place, beliefOf(record, since));
    const seat = this.addHandle(hold);
    this.confirmed(record, since);
    this.start();
    return seat;
  }

  private addHandle(hold: Parameters<Holds['addHandle']>[0]): Seat {
    return this.holds.addHandle(hold, this.deps.who, (seat) =>
      awake(() => this.leave([seat], this.limits(PATIENCE_MS))),
    );
  }

  private async leave(seats: readonly Seat[], limits: Limits, owed: readonly string[] = []): Promise<void> {
    for (const seat of seats) seat.move('leaving', () => undefined);
    const modules = [...this.holds.drop(seats), ...owed];
    for (const module of modules) this.owed.add(module);
    try {
      const release = () => (modules.length > 0 ? this.commitRelease(modules, limits) : Promise.resolve());
      await this.withinLimits(modules.length > 0 ? this.inTurn(release) : release(), limits);
    } catch (error) {
      void this.payBack();
      throw error;
    } finally {
      for (const seat of seats) seat.move('left', () => seat.emit('released'));
      this.stopIfIdle();
    }
  }

  /** What the share did not take back it is offered again, at the pace of looks, for as long as the process runs. */
  private async payBack(): Promise<void> {
    if (this.isPayingBack) return;
    this.isPayingBack = true;
    while (this.owed.size > 0) {
      await this.deps.clock.sleep(this.lookPeriod);
      const pay = () => this.commitRelease([...this.owed], this.limits(PATIENCE_MS));
      await this.inTurn(pay).catch(() => undefined);
    }
    this.isPayingBack = false;
  }

  /** Whoever leaves is answered at his deadline, whatever hangs before him. */
  private async withinLimits(done: Promise<void>, limits: Limits): Promise<void> {
    done.catch(() => undefined);
    const leftMs = limits.untilMs - this.deps.clock.elapsedMs() + LATE_MS;
    if ((await inTime(this.deps.clock, leftMs, done)) === LATE) throw unconfirmed(this.path, null);
  }

  /** The rest of the record stays; with the last seat it goes. */
  private async commitRelease(modules: readonly string[], limits: Limits): Promise<void> {
    await this.commit((base) => {
      const start: Draft = { licence: base, events: [] };
      const after = modules.reduce((draft, module) => {
        const left = this.holds.get(module) ? null : release(draft.licence, this.id, module); // not if taken again meanwhile
        return left ? { licence: left.licence, events: [...draft.events, ...left.events] } : draft;
      }, start);
      // With nothing to take back yet, a revision that changes nothing takes the number that a late claim would need.
      const isLate = modules.some((module) => this.doubtful.has(module) && !this.holds.get(module));
      return { answer: null, draft: after === start && !isLate ? null : after };
    }, limits);
    for (const module of modules) {
      this.owed.delete(module);
      this.doubtful.delete(module);
    }
  }

  // --- the heart ----------------------------------------------------------------------------------------------------

  private start(): void {
    if (this.running) return;
    this.running = new AbortController();
    this.deps.onBusy(true);
    this.deps.store.healAs(this.actor);
    this.openWatch();
    void this.heart(this.running.signal);
    void this.pulse(this.running.signal);
  }

  private stopIfIdle(): void {
    if (!this.running || this.holds.size > 0) return;
    this.running.abort();
    this.running = null;
    this.closeWatch();
    this.alarm.abort();
    this.vigil = new Vigil();
    this.record = null;
    this.deps.onBusy(false);
    this.deps.store.healAs(null);
  }

  private async heart(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.alarm = new AbortController();
      const waitMs = Math.min(this.beatDueMs, this.lookDueMs) - this.deps.clock.elapsedMs();
      if (waitMs > 0 && !this.isHinted) await this.deps.clock.sleep(waitMs, this.alarm.signal);
      if (!signal.aborted)
        await this.inTurn(() => this.tend(signal)).catch((error: unknown) => this.complain(error));
    }
  }

  /** Whatever is due: a beat, or a look. */
  private async tend(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const nowMs = this.deps.clock.elapsedMs();
    if (nowMs >= this.beatDueMs) await this.beatOnce();
    else if (nowMs >= this.lookDueMs || this.isHinted) await this.lookOnce();
  }

  private beatSoon(waitMs = 0): void {
    this.beatDueMs = Math.min(this.beatDueMs, this.deps.clock.elapsedMs() + waitMs);
    this.alarm.abort();
  }

  /** Rule 2: one commit for all modules, and the sweep in it. */
  private async beatOnce(): Promise<void> {
    const startedMs = this.deps.clock.elapsedMs();
    this.beatDueMs = startedMs + this.retryMs; // stands if this one fails
    const { done, since } = await this.commit<BeatOutcome>(
      (latest, shareTimeMs) => {
        const policy = readPolicy(latest, this.path);
        const { base, events } = this.reminded(latest);
        const outcome = beat(base, policy, this.standing(base, policy), this.ground(shareTimeMs));
        if (outcome.kind === 'doubled') return { answer: outcome, draft: null };
        if (outcome.kind === 'expired') return { answer: outcome, draft: outcome.draft };
        if (outcome.record) this.highestBeat = Math.max(this.highestBeat, outcome.record.beat);
        const maySweep = policy.level === 'heartbeat'; // rule 10: Light never does
        const draft = outcome.draft && { ...outcome.draft, events: [...events, ...outcome.draft.events] };
        const swept = maySweep && draft ? this.sweep(draft, policy, shareTimeMs, startedMs) : null;
        return { answer: outcome, draft: swept ?? draft };
      },
      this.limits(Math.min(PATIENCE_MS, Math.max(this.intervalMs / 4, 10_000))),
    );
    this.lookDueMs = Math.min(this.lookDueMs, this.deps.clock.elapsedMs() + this.lookPeriod);
    if (done.published) this.deps.store.recalled();
    this.followBeat(done, since);
  }

  private followBeat(done: Committed<BeatOutcome>, since: Instant): void {
    const { answer } = done;
    switch (answer.kind) {
      case 'expired':
        for (const module of this.holds.modules)
          this.lose(module, { reason: 'expired', by: null, words: null, at: this.policy?.expiresAt ?? null });
        return;
      case 'doubled':
        this.takeNewId();
        return;
      case 'beaten':
        if (answer.record) this.confirmed(answer.record, since);
        for (const [module, fate] of answer.fates) this.followFate(module, fate, done.licence);
        if (answer.record) this.planNext(done.licence); // not afterLook: the beat has just decided about our own seats
    }
  }

  private followFate(module: string, fate: SeatFate, licence: Licence): void {
    if (fate.kind === 'lost') this.lose(module, lossOf(fate.tombstone));
    const hold = this.holds.get(module);
    if (!hold || fate.kind !== 'noPlace') return;
    if (hold.belief.validForMs === Number.POSITIVE_INFINITY) this.holds.endBelief(module); // Light: the place is another's now
    const silentMs = this.deps.clock.elapsedMs() - hold.belief.since.elapsedMs;
    const closedMs = this.policy ? this.closedMs(licence, this.policy, null) : 0;
    if (closedMs > 0) this.beatSoon(closedMs);
    else if (silentMs >= RETURN_INTERVALS * this.intervalMs) this.lose(module, lossOf(null));
    else this.beatSoon(this.lookPeriod);
  }

  /** After a restore: what this process knows of the revisions that were lost goes in again with its beat. */
  private reminded(base: Licence): { base: Licence; events: readonly EventDraft[] } {
    const before = this.deps.store.beforeRestore;
    const reminded = before ? remind(base, before) : base;
    if (reminded === base) return { base, events: [] };
    return { base: reminded, events: [{ kind: 'reminded', actor: this.actor }] };
  }

  private standing(base: Licence, policy: Policy): Standing {
    const isClosed = this.closedMs(base, policy, null) > 0;
    const doubtful = this.holds.modules.filter((module) => {
      const hold = this.holds.get(module);
      return hold === undefined || this.holds.remainingMs(hold) <= 0;
    });
    return {
      ...{ who: this.claimant, seats: this.holds.seats, highestBeat: this.highestBeat },
      ...(isClosed && { notNow: doubtful }),
    };
  }

  /** How long nobody new is seated and nobody evicted, because the table was restored. Milliseconds. */
  private closedMs(licence: Licence, policy: Policy, shareTimeMs: number | null): number {
    const nowMs = this.deps.clock.elapsedMs();
    const isFirst = this.quarter.saw(licence, this.running !== null, nowMs);
    if (isFirst && this.running) this.beatSoon(); // what we know, and that we live
    return this.quarter.leftMs(licence, policy, nowMs, shareTimeMs);
  }

  /** Somebody runs as us: a copied machine. We stop believing, become another, and ask again. */
  private takeNewId(): void {
    this.id = this.deps.dice.id();
    this.highestBeat = 0;
    for (const module of this.holds.modules) this.holds.endBelief(module);
    this.beatSoon();
  }

  /** Rule 3: a look; then whatever it shows. */
  private async lookOnce(): Promise<void> {
    const startedMs = this.deps.clock.elapsedMs();
    this.isHinted = false;
    this.hints = Math.max(0, this.hints - 1);
    this.lookDueMs = startedMs + this.retryMs; // stands if this one fails
    const top = await this.deps.store.read(this.limits(PATIENCE_MS));
    this.saw(top);
    await this.noticeFace(await this.deps.store.noticeFace(top.licence));
    this.openWatch();
    const isLight = this.record?.level === 'light';
    const verdicts = isLight ? [] : this.verdicts(top.licence, startedMs);
    if (verdicts.length > 0) return await this.commitEvictions(startedMs);
    this.lookDueMs = startedMs + this.lookPeriod;
    this.afterLook(top.licence);
  }

  private async commitEvictions(lookedMs: number): Promise<void> {
    const startedMs = this.deps.clock.elapsedMs();
    const { done } = await this.commit((base, shareTimeMs) => {
      const draft = this.sweep(
        { licence: base, events: [] },
        readPolicy(base, this.path),
        shareTimeMs,
        startedMs,
      );
      return { answer: null, draft };
    }, this.limits(PATIENCE_MS));
    this.lookDueMs = lookedMs + this.lookPeriod;
    this.afterLook(done.licence);
  }

  private sweep(draft: Draft, policy: Policy, shareTimeMs: number, startedMs: number): Draft | null {
    return evict(draft, this.verdicts(draft.licence, startedMs), this.actor, shareTimeMs, policy);
  }

  private verdicts(licence: Licence, startedMs: number) {
    if (this.policy && this.closedMs(licence, this.policy, null) > 0) return [];
    const isGone = (record: InstanceRecord) => record.id !== this.id && this.isGone(record);
    return this.vigil.verdicts(licence, this.deps.clock.elapsedMs(), startedMs, this.lookPeriod, isGone);
  }

  /** What a look says of us, and of the others. */
  private afterLook(licence: Licence): void {
    for (const module of this.holds.modules) this.checkOwn(licence, module);
    this.planNext(licence);
  }

  /** When to come back for the others, and whether our own promise is still what is asked for. */
  private planNext(licence: Licence): void {
    if (this.holds.size === 0 || !this.record || !this.policy) return;
    if (isOtherPromise(this.record, this.policy)) this.beatSoon();
    if (isCalled(licence, this.id)) this.beatSoon();
    if (this.record.level === 'light') {
      if (this.seemsExpired(this.policy)) this.beatSoon(); // its commit knows the server's time
      return;
    }
    const nowMs = this.deps.clock.elapsedMs();
    const { beatEarly, lookAgainMs } = this.vigil.next(licence, nowMs);
    if (beatEarly) this.beatSoon();
    this.lookDueMs = Math.min(this.lookDueMs, Math.max(lookAgainMs, nowMs + 1));
  }

  /** A look can end belief, never revive it. */
  private checkOwn(licence: Licence, module: string): void {
    const hold = this.holds.get(module);
    const mine = licence.instances.find((record) => record.id === this.id);
    if (mine && mine.beat > this.highestBeat) {
      this.takeNewId();
      return;
    }
    if (!hold || heldSeat(licence, this.id, module)) return;
    const tombstone = tombstoneOf(licence, this.id, hold.seat);
    if (tombstone && tombstone.reason !== 'evicted' && tombstone.reason !== 'process gone') {
      this.lose(module, lossOf(tombstone));
      return;
    }
    if (tombstone) this.holds.endBelief(module);
    this.beatSoon();
  }

  // --- what commits and looks leave behind --------------------------------------------------------------------------

  private async commit<A>(
    change: (base: Licence, shareTimeMs: number) => { answer: A; draft: Draft | null },
    limits: Limits,
  ): Promise<Committing<A>> {
    const since = instantOf(this.deps.clock);
    const tidied = (base: Licence, shareTimeMs: number) => {
      const { answer, draft } = change(base, shareTimeMs);
      return { answer, draft: draft && { ...draft, licence: withoutAnswered(draft.licence) } };
    };
    try {
      const done = await this.deps.store.commit(tidied, limits);
      this.saw(done.base);
      this.lastSeen = done.licence;
      const now = instantOf(this.deps.clock);
      this.rollCall.answered(done.licence, done.shareTimeMs, since, now, this.intervalMs / 1000);
      this.shareClock = { ms: done.shareTimeMs, at: since };
      this.lastTrouble = null; // a look is no proof that the trouble is over: a full disk can be read
      if (done.published) this.vigil.committed(since.elapsedMs, this.deps.clock.elapsedMs(), this.lookPeriod);
      return { done, since };
    } catch (error) {
      if (isShareTrouble(error)) {
        this.vigil.failed();
        this.rollCall.failed();
        if (this.record?.level === 'heartbeat') this.beatSoon(this.retryMs); // the first success should not wait for T
      }
      throw error;
    }
  }

  private saw(top: Top): void {
    this.policy = readPolicy(top.licence, this.path);
    this.closedMs(top.licence, this.policy, null);
    this.vigil.saw(top, this.id, this.lookPeriod);
    this.lastSeen = top.licence;
    if (this.record?.level === 'light') this.lastTrouble = null;
  }

  private confirmed(record: InstanceRecord, since: Instant): void {
    this.record = record;
    const isLight = record.level === 'light';
    this.beatDueMs = isLight
      ? Number.POSITIVE_INFINITY
      : since.elapsedMs + this.intervalMs * (1 - this.deps.dice.fraction() / 16);
    if (!this.running) this.lookDueMs = this.deps.clock.elapsedMs() + this.lookPeriod;
    this.holds.confirm(record, since);
  }

  private lose(module: string, loss: Loss): void {
    this.holds.lose(module, loss);
    this.stopIfIdle();
  }

  /** Compares the clocks and tells the states. It reads nothing, so a dead share cannot stop it. */
  private async pulse(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const before = instantOf(this.deps.clock);
      const plannedMs = Math.min(PULSE_MS, this.intervalMs / 16);
      await this.deps.clock.sleep(plannedMs, signal);
      if (signal.aborted) return;
      const now = instantOf(this.deps.clock);
      const passedMs = Math.max(
        now.elapsedMs - before.elapsedMs,
        now.wallMs - before.wallMs,
        now.uptimeMs - before.uptimeMs,
      );
      const hasSlept = passedMs - plannedMs > Math.max(1000, this.intervalMs / 16);
      if (hasSlept && this.record?.level === 'heartbeat') this.beatSoon();
      this.hints = Math.min(HINTS_SAVED, this.hints + plannedMs / this.lookPeriod);
      this.holds.tell();
    }
  }

  // --- small things -------------------------------------------------------------------------------------------------

  private openWatch(): void {
    if (this.watch || !this.running || !this.deps.watching || this.lastFace === 'missing') return;
    const intervalMs =
      Math.max(SHORTEST_POLL_MS, this.intervalMs / 60) * (0.9 + 0.2 * this.deps.dice.fraction());
    this.watch = this.deps.watching(
      this.path,
      intervalMs,
      () => this.hear(),
      () => this.closeWatch(),
    );
  }

  private hear(): void {
    if (this.hints < 1) return;
    this.isHinted = true;
    this.alarm.abort();
  }

  private closeWatch(): void {
    this.watch?.stop();
    this.watch = null;
  }

  private complain(error: unknown): void {
    this.closeWatch(); // while the share is in trouble it must not hold a thread of the pool
    const code = error instanceof SeatfileFault ? error.code : String(error);
    if (code === this.lastTrouble) return;
    this.lastTrouble = code;
    this.deps.onWarning({ code: 'SHARE', message: error instanceof Error ? error.message : String(error) });
  }

  private async noticeFace(state: FaceState): Promise<void> {
    const dropped = state === 'foreign' ? await this.heedDrop() : null;
    if (dropped !== null && dropped !== this.lastDrop)
      this.deps.onWarning({ code: 'FACE', message: `${this.path} ${dropped}` });
    if (state === 'foreign') this.lastDrop = dropped;
    if (state === this.lastFace || dropped !== null) return;
    this.lastFace = state;
    const found = faceWarnings[state];
    if (found) this.deps.onWarning({ code: 'FACE', message: `${this.path} ${found}` });
  }

  /** A share that will not have it now is asked again at the next look: it is no trouble of the seat's. */
  private async heedDrop(): Promise<string | null> {
    return await this.deps.store.heedDrop(this.limits(PATIENCE_MS)).catch(() => null);
  }

  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.turn.then(act, act);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private limits(ms: number): Limits {
    return { untilMs: this.deps.clock.elapsedMs() + ms };
  }

  private ground(shareTimeMs: number): Ground {
    const bootedAtMs = this.deps.bootedAtMs(shareTimeMs);
    return { path: this.path, shareTimeMs, isGone: (record) => this.isGone(record), bootedAtMs };
  }

  private isGone(record: InstanceRecord): boolean {
    const { pids } = this.deps.who.machine;
    return (
      pids !== null &&
      record.machine.pids === pids &&
      this.deps.isProcessGone(record.pid, record.processStart)
    );
  }

  private seemsExpired(policy: Policy): boolean {
    const shareTimeMs = this.shareTimeNow();
    return shareTimeMs !== null && isExpired(policy, shareTimeMs);
  }

  /** By our clocks, since our last commit. */
  private shareTimeNow(): number | null {
    if (this.shareClock === null) return null;
    return this.shareClock.ms + elapsedMs(this.shareClock.at, instantOf(this.deps.clock));
  }

  private expiredFault(policy: Policy): SeatfileFault {
    return new SeatfileFault(
      'LICENCE_EXPIRED',
      `${this.path}: the licence expired at ${policy.expiresAt}; ask the vendor for a new one`,
    );
  }

  private get claimant(): Claimant {
    return { ...this.deps.who, id: this.id, highestBeat: this.highestBeat };
  }

  private get actor(): string {
    return `${this.deps.who.user}@${this.deps.who.host}`;
  }

  private get path(): string {
    return this.deps.store.place.face;
  }

  /** T of the file, milliseconds. */
  private get intervalMs(): number {
    return 1000 * (this.policy?.checkIntervalSeconds ?? 1);
  }

  private get lookPeriod(): number {
    return ownLookMs(this.record?.level ?? 'heartbeat', this.intervalMs / 1000);
  }

  private get tryPeriod(): number {
    return tryPeriodMs(this.intervalMs / 1000);
  }

  private get retryMs(): number {
    return Math.min(this.intervalMs / 16, RETRY_MS) * (0.75 + this.deps.dice.fraction() / 4);
  }
}

/** Whether the place was in use before: who sits down beside his own record is nobody new. */
const isTaken = (base: Licence, record: InstanceRecord, module: string): boolean => {
  const place = record.seats.find((seat) => seat.module === module)?.id;
  return base.instances.some((other) =>
    other.seats.some((seat) => seat.module === module && seat.id === place),
  );
};

/** A seat is left, and whether the table knows is not. */
export const unconfirmed = (file: string, cause: unknown): SeatfileFault =>
  new SeatfileFault('COMMIT_UNKNOWN', `${file}: the share has not confirmed that a seat was given back`, {
    cause,
  });

/** Whether the policy asks for another promise than the record gives. */
const isOtherPromise = (record: InstanceRecord, policy: Policy): boolean =>
  record.level !== policy.level ||
  record.checkIntervalSeconds !== policy.checkIntervalSeconds ||
  record.graceSeconds !== policy.graceSeconds;

const codeOf = (error: unknown): string => (error instanceof SeatfileFault ? error.code : '');

const isShareTrouble = (error: unknown): boolean =>
  error instanceof SeatfileFault &&
  (error.code.startsWith('SHARE_') || error.code.startsWith('TABLE_') || error.code === 'COMMIT_UNKNOWN');
