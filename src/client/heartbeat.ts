import type { InstanceRecord, Licence, SeatRecord, Tombstone } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import type { Instant } from '../licence/time.js';
import { type BeatOutcome, beat, type SeatFate, type Standing } from '../rules/beat.js';
import { evict } from '../rules/evict.js';
import { isAnyGiven, Lines } from '../rules/queue.js';
import { isGiven } from '../rules/records.js';
import { isCalled } from '../rules/roll-call.js';
import {
  BEAT_PATIENCE_INTERVALS,
  LEAST_BEAT_PATIENCE_MS,
  LONGEST_QUEUE_GAP_MS,
  RECALL_INTERVALS,
  RETURN_INTERVALS,
  RETURN_POLL_MS,
} from '../rules/timing.js';
import { tombstonesOf } from '../rules/tombstones.js';
import { type Clock, instantOf } from '../share/clock.js';
import type { Dice } from '../share/random.js';
import type { Change } from '../store/commit.js';
import type { Top } from '../store/revisions.js';
import type { Store } from '../store/store.js';
import type { Heart } from './beat-loop.js';
import type { Holds } from './held-seats.js';
import type { Identity } from './identity.js';
import type { Loss } from './seat.js';
import { PATIENCE_MS, type Table } from './table-view.js';
import { lossOf } from './warning-text.js';
import type { Warnings } from './warnings.js';

export interface BeatDeps {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly store: Pick<Store, 'noticeFace' | 'remembersMore'>;
  readonly table: Table;
  readonly identity: Identity;
  readonly holds: Holds;
  readonly heart: Heart;
  readonly warnings: Warnings;
  /** A seat was lost, and its owner was told. */
  readonly onLost: () => void;
}

/** What a look shows of our own seats. */
interface Seen {
  /** By module. */
  readonly held: ReadonlyMap<string, SeatRecord>;
  readonly lines: Lines;
  readonly tombstoneOf: (seat: SeatRecord) => Tombstone | null;
}

/** What is done at a beat (rule 2) and at a look (rule 3), and what they mean for the seats held here. */
export class Beats {
  private readonly deps: BeatDeps;

  constructor(deps: BeatDeps) {
    this.deps = deps;
  }

  // --- beats --------------------------------------------------------------------------------------------------------

  /** Rule 2: one commit for all modules, and the sweep in it. */
  async beat(): Promise<void> {
    const { clock, heart, table } = this.deps;
    const started = instantOf(clock);
    heart.beatBegins(started.elapsedMs);
    const shareMs = Math.max(table.intervalMs * BEAT_PATIENCE_INTERVALS, LEAST_BEAT_PATIENCE_MS);
    const patienceMs = Math.min(PATIENCE_MS, shareMs);
    const { done, since } = await table.commit(this.beatFrom(started), table.limits(patienceMs));
    heart.lookBy(clock.elapsedMs() + table.lookPeriodMs);
    this.followBeat(done.answer, done.licence, since);
  }

  private beatFrom(started: Instant): Change<BeatOutcome> {
    const { holds, identity } = this.deps;
    return (context) => {
      const outcome = beat(context, this.standing(context));
      if (outcome.kind === 'doubled') return { answer: outcome, draft: null };
      if (outcome.kind === 'expired') return { answer: outcome, draft: outcome.draft };
      if (outcome.record) {
        identity.writes(outcome.record);
        holds.promised(identity.answersWithin, started);
      }
      this.stands(outcome.draft?.licence ?? context.licence);
      const maySweep = context.policy.level === 'heartbeat'; // rule 10: Light never does
      const { draft } = outcome;
      const sweep = (now: ChangeContext) => this.sweep(now, started.elapsedMs);
      return { answer: outcome, draft: maySweep && draft ? andThen(context, draft, sweep) : draft };
    };
  }

  private standing({ licence, policy }: ChangeContext): Standing {
    const { holds, identity, table } = this.deps;
    const isClosed = table.closedMs(licence, policy, null) > 0;
    const doubtful = holds.modules.filter((module) => {
      const hold = holds.get(module);
      return hold === undefined || holds.remainingMs(hold) <= 0;
    });
    return {
      ...{ who: identity.claimant, seats: holds.seats, highestBeat: identity.highestBeat },
      ...(isClosed && { notNow: doubtful }),
      mayReturn: (module) => holds.mayReturn(module),
      returnSeconds: (module) => Math.max(0, this.returnMs(module)) / 1000,
    };
  }

  /** How long we still try to put back the record that supports a seat. */
  private returnMs(module: string): number {
    const { clock, holds, table } = this.deps;
    const sinceMs = holds.get(module)?.belief.since.elapsedMs ?? Number.NEGATIVE_INFINITY;
    return sinceMs + RETURN_INTERVALS * table.intervalMs - clock.elapsedMs();
  }

  /** We are about to write this: if we stand in a line there, whoever frees a place may write our record. */
  private stands({ waiting }: Licence): void {
    const { identity } = this.deps;
    for (const one of waiting) if (one.instance === identity.id) identity.writesBeat(one.beat);
  }

  private followBeat(answer: BeatOutcome, licence: Licence, since: Instant): void {
    switch (answer.kind) {
      case 'expired':
        this.loseAllExpired();
        return;
      case 'doubled':
        this.takeNewId();
        return;
      case 'beaten':
        if (answer.record) this.confirmed(answer.record, since);
        for (const [module, fate] of answer.fates) this.followFate(module, fate, licence);
        if (answer.record) this.planNext(licence); // not afterLook: the beat has just decided about our own seats
    }
  }

  private followFate(module: string, fate: SeatFate, licence: Licence): void {
    if (fate.kind === 'lost') this.lose(module, lossOf(fate.tombstone));
    const { clock, heart, holds, table } = this.deps;
    const hold = holds.get(module);
    if (!hold || fate.kind !== 'noPlace') return;
    if (hold.belief.validForMs === Number.POSITIVE_INFINITY) holds.doubt(module); // Light: the place is another's now
    heart.lookBy(clock.elapsedMs() + RETURN_POLL_MS);
    const closedMs = table.policy ? table.closedMs(licence, table.policy, null) : 0;
    if (closedMs > 0) heart.beatSoon(closedMs);
    else if (this.returnMs(module) <= 0) this.lose(module, lossOf(null));
    else heart.beatSoon(table.lookPeriodMs);
  }

  /** Our record is in the table since a commit that began then. */
  confirmed(record: InstanceRecord, since: Instant): void {
    const { heart, holds, identity } = this.deps;
    identity.confirmed(record);
    heart.beaten(since);
    holds.looked(identity.answersWithin, since, true);
    holds.confirm(record, since);
  }

  /** Somebody runs as us: a copied machine. We stop believing, become another, and ask again. */
  private takeNewId(): void {
    const { dice, heart, holds, identity } = this.deps;
    identity.renew();
    for (const module of holds.modules) holds.moveOn(module, dice.id()); // the old place is the other's
    heart.beatSoon();
  }

  // --- looks --------------------------------------------------------------------------------------------------------

  /** Rule 3: a look; then whatever it shows. */
  async look(): Promise<void> {
    const { clock, heart, holds, identity, store, table, warnings } = this.deps;
    const started = instantOf(clock);
    const startedMs = started.elapsedMs;
    heart.lookBegins(startedMs);
    const top = await table.read(table.limits(PATIENCE_MS));
    if (top.loss !== null) return this.forgotten(top, startedMs);
    table.saw(top);
    this.attend(top.licence, started);
    await warnings.face(await store.noticeFace(top.licence), () => table.limits(PATIENCE_MS));
    heart.listen();
    this.checkSeats(top.licence); // whoever was removed must know it also where a commit fails now
    if (holds.size === 0) return;
    const isLight = identity.record?.level === 'light';
    const verdicts = isLight ? [] : table.verdicts(top.licence, startedMs);
    const isLineOverdue = !isLight && table.isLineOverdue(top.licence);
    if (verdicts.length > 0 || isLineOverdue) return await this.commitEvictions(startedMs);
    heart.looked(startedMs);
    this.planNext(top.licence);
  }

  /**
   * The newest revisions are lost, or our client shows an old listing: this look counts for nothing. With something to put in we
   * commit, and the server decides; else our next beat does. What lacks our own change may lack our seats.
   */
  private forgotten(top: Top, startedMs: number): void {
    const { dice, heart, holds, store, table } = this.deps;
    if (top.loss === 'certain') for (const module of holds.modules) holds.doubt(module);
    const isMissed = top.loss === 'certain' || !this.isIn(top.licence) || store.remembersMore(top);
    if (isMissed) heart.beatSoon(dice.fraction() * table.intervalMs * RECALL_INTERVALS);
    heart.looked(startedMs);
  }

  /** A commit of ours went in where revisions had been lost: a seat that it does not show is not ours before a beat says so. */
  missed(licence: Licence): void {
    const { heart, holds, identity } = this.deps;
    const mine = licence.instances.find(({ id }) => id === identity.id);
    const shown = new Set(mine?.seats.map(({ module }) => module));
    for (const module of holds.modules) if (!shown.has(module)) holds.doubt(module);
    if (holds.size > 0) heart.beatSoon();
  }

  /** Whether our last confirmed beat is there. */
  private isIn({ instances }: Licence): boolean {
    const { record } = this.deps.identity;
    return record === null || instances.some(({ id, beat }) => id === record.id && beat >= record.beat);
  }

  /** Rule 7: a look that does not show us called supports our belief; not when that has lapsed. */
  private attend(licence: Licence, started: Instant): void {
    const { heart, holds, identity } = this.deps;
    if (isCalled(licence, identity.id)) return; // planNext answers
    if (!holds.looked(identity.answersWithin, started, false)) heart.beatSoon();
  }

  private async commitEvictions(lookedMs: number): Promise<void> {
    const { clock, heart, table } = this.deps;
    const startedMs = clock.elapsedMs();
    const { done } = await table.commit(
      (context) => ({ answer: null, draft: this.sweep(context, startedMs) }),
      table.limits(PATIENCE_MS),
    );
    heart.looked(lookedMs);
    this.checkSeats(done.licence);
    this.planNext(done.licence);
  }

  private sweep(context: ChangeContext, startedMs: number): Draft | null {
    const { identity, table } = this.deps;
    const verdicts = table.verdicts(context.licence, startedMs);
    return evict(context, { verdicts, actor: identity.actor });
  }

  /** What a look says of us. */
  private checkSeats(licence: Licence): void {
    const { holds, identity } = this.deps;
    const mine = licence.instances.find((record) => record.id === identity.id);
    if (holds.size > 0 && mine && mine.beat > identity.highestBeat) {
      this.takeNewId();
      return;
    }
    const seen: Seen = {
      ...{ held: new Map(mine?.seats.map((seat) => [seat.module, seat])), lines: new Lines(licence) },
      tombstoneOf: tombstonesOf(licence, identity.id),
    };
    for (const module of holds.modules) this.checkOwn(module, seen);
  }

  /** A look can end belief, never revive it. */
  private checkOwn(module: string, { held: seats, lines, tombstoneOf }: Seen): void {
    const { heart, holds, identity } = this.deps;
    const hold = holds.get(module);
    const held = seats.get(module);
    if (held && isGiven(held)) heart.beatSoon(); // what we stood in the line for
    if (!hold || held) return;
    if (lines.placeOf(module, identity.id) !== null) return; // planNext comes back for it
    const tombstone = tombstoneOf(hold.seat);
    if (tombstone && tombstone.reason !== 'evicted' && tombstone.reason !== 'process gone') {
      this.lose(module, lossOf(tombstone));
      return;
    }
    if (tombstone) holds.doubt(module);
    heart.beatSoon();
  }

  // --- what both leave behind ---------------------------------------------------------------------------------------

  /** When to come back for the others, and whether our own promise is still what is asked for. */
  private planNext(licence: Licence): void {
    const { clock, heart, holds, identity, table } = this.deps;
    const { record } = identity;
    if (holds.size === 0 || !record || !table.policy) return;
    if (isOtherPromise(record, table.policy)) heart.beatSoon();
    if (isCalled(licence, identity.id)) heart.beatSoon();
    const nowMs = clock.elapsedMs();
    const lines = new Lines(licence);
    if (holds.modules.some((module) => lines.placeOf(module, identity.id) !== null))
      heart.lookBy(nowMs + RETURN_POLL_MS);
    if (record.level === 'light') {
      if (table.seemsExpired(table.policy)) heart.beatSoon(); // its commit knows the server's time
      return;
    }
    const { beatEarly, lookAgainMs } = table.vigil.next(licence, nowMs);
    if (beatEarly) heart.beatSoon();
    heart.lookBy(Math.max(lookAgainMs, nowMs + 1));
    if (isAnyGiven(licence)) heart.lookBy(nowMs + LONGEST_QUEUE_GAP_MS); // its waiter may be dead
  }

  private loseAllExpired(): void {
    const { holds, table } = this.deps;
    for (const module of holds.modules)
      this.lose(module, { reason: 'expired', by: null, words: null, at: table.policy?.expiresAt ?? null });
  }

  private lose(module: string, loss: Loss): void {
    this.deps.holds.lose(module, loss);
    this.deps.onLost();
  }
}

/** Whether the policy asks for another promise than the record gives. */
const isOtherPromise = (record: InstanceRecord, policy: Policy): boolean =>
  record.level !== policy.level ||
  record.checkIntervalSeconds !== policy.checkIntervalSeconds ||
  record.graceSeconds !== policy.graceSeconds ||
  record.answersWithin !== policy.answerWithinSeconds;
