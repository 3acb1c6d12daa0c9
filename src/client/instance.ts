import type { InstanceRecord, Licence, Tombstone } from '../licence/document.js';
import { isEarly, isExpired, type Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import type { ChangeContext, Draft } from '../licence/revision.js';
import { type Instant, toIso } from '../licence/time.js';
import type { ClaimOutcome } from '../rules/claim.js';
import { requestSeat, type SeatWish } from '../rules/request.js';
import { acknowledgeRemoval } from '../rules/tombstones.js';
import { validityOf } from '../rules/validity.js';
import { instantOf } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import { SerialQueue } from '../share/serial.js';
import type { InstanceAnswer, RefusalNote } from './answers.js';
import { Client } from './client.js';
import type { ClientContext, InstanceDeps } from './client-context.js';
import { Denials } from './denial-log.js';
import { type Hold, Holds } from './held-seats.js';
import { Identity } from './identity.js';
import { IdleWatch } from './idle-watch.js';
import { PutOver } from './put-over.js';
import { Releases } from './release.js';
import { Renewals } from './renewals.js';
import { RollCaller } from './roll-caller.js';
import type { Seat } from './seat.js';
import { isShareTrouble, PATIENCE_MS } from './table-view.js';
import { Waiting } from './waiter.js';
import { lossOf } from './warning-text.js';
import { Warnings } from './warnings.js';

/** The table was restored and is still closed: see {@link SettlingPeriod}. */
interface Closed {
  readonly kind: 'closed';
  readonly untilAt: string;
}

/** A later entitlement is bound to what was not looked at yet: see {@link PlaceCheck}. */
interface Unplaced {
  readonly kind: 'unplaced';
  readonly boundTo: readonly string[];
}

/** The outcome of one attempt at a claim. */
type Tried = Placed | Unplaced;
type Placed =
  | (Extract<ClaimOutcome, { kind: 'seated' }> & { readonly removed: Tombstone | null })
  | Extract<ClaimOutcome, { kind: 'full' }>
  | Closed;

interface Claimed<A> {
  readonly answer: A;
  /** Null: the claim was refused, and not recorded. */
  readonly licence: Licence | null;
  readonly since: Instant;
}

/**
 * One running process in the table: one record, one beat for all its modules. Here it takes seats. The {@link Client}
 * below keeps them, and {@link Releases} gives them back.
 */
export class Instance {
  private readonly context: ClientContext;
  private readonly client: Client;
  private readonly rollCaller: RollCaller;
  private readonly waiting: Waiting;
  private readonly releases: Releases;
  private readonly denials: Denials;
  private readonly renewals: Renewals;
  private readonly putOver: PutOver;
  private readonly idleWatch: IdleWatch;

  constructor(deps: InstanceDeps) {
    this.context = {
      ...{ ...deps, identity: new Identity(deps), holds: new Holds(deps.clock, deps.cacheAgeMs) },
      ...{ warnings: new Warnings(deps.store), queue: new SerialQueue() },
      onSeen: ({ licence, policy }) => this.renewals.saw(licence, policy),
    };
    this.client = new Client(this.context);
    this.rollCaller = new RollCaller(this.context, this.client);
    this.waiting = new Waiting(this.context, this.client, this.rollCaller);
    this.releases = new Releases(this.context, this.client);
    this.denials = new Denials(this.context, this.client);
    this.renewals = new Renewals(this.context, this.client);
    this.putOver = new PutOver(this.context);
    this.idleWatch = new IdleWatch(this.context, this.client);
  }

  /** Somebody listens to changes of the table. */
  watch(isWanted: () => boolean, intervalSeconds: () => number): void {
    const isPolling = () => this.client.isHolder || this.waiting.isAny;
    this.idleWatch.begin(isWanted, isPolling, intervalSeconds);
  }

  /** Takes a seat, or shares the one that this process has. `wait`: until when the claim waits for a free seat. */
  async acquire(
    module: string,
    deadline: Deadline,
    wait: Deadline | null,
    refusalNote: RefusalNote,
  ): Promise<InstanceAnswer> {
    const startedMs = this.context.clock.elapsedMs();
    this.rollCaller.end(module); // this claim calls the holders itself
    const answer = await (wait ? this.waitFor(module, deadline, wait) : this.tryOnceNow(module, deadline));
    if (answer.kind !== 'full') return answer;
    if (refusalNote !== 'none') this.noteDenial(module, refusalNote === 'final');
    void this.rollCaller.keepCalling(module);
    return { ...answer, waitedMs: Math.round(this.context.clock.elapsedMs() - startedMs) };
  }

  private async tryOnceNow(module: string, deadline: Deadline): Promise<InstanceAnswer> {
    const tried = () => this.context.queue.run(() => this.tryOnce(module, deadline, false));
    return await this.putOver.heeded(tried, deadline).catch(async (error: unknown) => {
      if (await this.renewals.mayHelp(error, deadline)) return await tried();
      throw error;
    });
  }

  /**
   * Rule 8. A waiter that gives up, or is told to, leaves the queue, and gives back a seat that was offered meanwhile.
   */
  private async waitFor(module: string, deadline: Deadline, wait: Deadline): Promise<InstanceAnswer> {
    const patienceMs = deadline.untilMs - this.context.clock.elapsedMs();
    this.waiting.begin(module, wait);
    try {
      let answer = await this.tryOnceNow(module, deadline);
      if (answer.kind === 'full') this.noteDenial(module, false);
      while (answer.kind !== 'seated' && this.waiting.isOpen(wait)) {
        await this.waiting.untilWorthTrying(module, wait);
        const again = { ...deadline, ...this.client.table.deadline(patienceMs) };
        answer = await this.waiting.tryAgain(() => this.tryOnce(module, again, true), wait, answer);
      }
      return answer;
    } finally {
      const isLast = this.waiting.end(module, wait);
      if (isLast && !this.context.holds.get(module)) await this.dequeue(module);
      if (isLast) this.waiting.left(module);
    }
  }

  private async dequeue(module: string): Promise<void> {
    if (!this.waiting.mayStand(module)) return;
    const deadline = this.client.table.deadline(PATIENCE_MS);
    await this.releases.leave([], deadline, [module]).catch(() => undefined); // it is tried again later
  }

  /** Nothing goes on in the background any more. */
  end(): void {
    this.renewals.stop();
  }

  /** Records the refusals that are not recorded yet, as far as that is quick. */
  async recorded(): Promise<void> {
    await this.denials.close();
  }

  /**
   * Gives back seats, and the places in queues whose waits have all ended. No roll call for these modules goes on.
   * @throws SeatfileFault when the share did not confirm; the seats are given up all the same
   */
  async leave(seats: readonly Seat[], modules: readonly string[], deadline: Deadline): Promise<void> {
    for (const module of modules) this.rollCaller.end(module);
    await this.releases.leaveWith(seats, deadline, this.waiting.abandoned);
  }

  private noteDenial(module: string, final: boolean): void {
    const { user, host } = this.context.who;
    this.denials.note({ instance: this.context.identity.id, module, user, host, reason: 'full', final });
  }

  private async tryOnce(module: string, deadline: Deadline, hasWaited: boolean): Promise<InstanceAnswer> {
    const shared = await this.sharedSeat(module);
    if (shared) return { kind: 'seated', seat: shared, removed: null };
    const { answer, licence, since } = await this.claimSeat(module, deadline, hasWaited);
    if (answer.kind === 'closed') return { kind: 'refused', reason: 'closed', untilAt: answer.untilAt };
    if (answer.kind === 'full') {
      if (licence) this.waiting.tell(module, licence, answer);
      return { ...answer, waitedMs: 0 };
    }
    const removed = answer.removed && lossOf(answer.removed);
    return { kind: 'seated', seat: this.seated(module, answer.record, since), removed };
  }

  /** One more handle on a seat of this process. After its validity has ended, only a confirmed beat restores it. */
  private async sharedSeat(module: string): Promise<Seat | null> {
    const known = this.context.holds.get(module);
    if (known && this.context.holds.remainingMs(known) <= 0) await this.client.beat().catch(() => undefined);
    const hold = this.context.holds.get(module);
    if (!hold || this.context.holds.remainingMs(hold) <= 0) return null;
    return this.addHandle(hold);
  }

  private async claimSeat(module: string, deadline: Deadline, hasWaited: boolean): Promise<Claimed<Placed>> {
    for (;;) {
      const { answer, licence, since } = await this.claimOnce(module, deadline, hasWaited);
      if (answer.kind !== 'unplaced') return { answer, licence, since };
      await this.context.place.check(answer.boundTo);
    }
  }

  private async claimOnce(module: string, deadline: Deadline, hasWaited: boolean): Promise<Claimed<Tried>> {
    const waitSeconds = this.waiting.secondsFor(module);
    const sinceAt = this.waiting.sinceAt(module);
    const place = { module, seatId: this.context.random.id(), waitSeconds, sinceAt, hasWaited };
    const started = instantOf(this.context.clock);
    const outcomes: Tried[] = []; // one for each attempt
    try {
      const { done, since } = await this.client.commit((context) => {
        const tried = this.tryClaim(context, place, started);
        outcomes.push(tried.answer);
        return tried;
      }, deadline);
      this.waiting.saw(module, done.licence);
      return { answer: done.answer, licence: done.licence, since };
    } catch (error) {
      // The commit was only to call silent holders, or to join the queue. The refusal is true without it.
      const last = outcomes.at(-1);
      const isRefused = last?.kind === 'full' && outcomes.every(({ kind }) => kind === 'full');
      if (isRefused && isShareTrouble(error)) return { answer: last, licence: null, since: started };
      if (error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN') this.releases.takeBack(module);
      throw error;
    }
  }

  private tryClaim(
    context: ChangeContext,
    place: SeatWish & { readonly hasWaited: boolean },
    started: Instant,
  ): { readonly answer: Tried; readonly draft: Draft | null } {
    const { holds, identity, who } = this.context;
    const { licence: base, policy, nowMs } = context;
    this.putOver.saw(base);
    this.renewals.claimed(context);
    refuseByDate(policy, nowMs);
    if (!this.context.place.isKnown(policy.boundTo))
      return { answer: { kind: 'unplaced', boundTo: policy.boundTo }, draft: null };
    this.renewals.refuseClosed(context);
    const requester = this.rollCaller.requester(context, started, place.hasWaited);
    const request = { ...place, ...identity.proofs(nowMs), who: identity.requester, requester };
    const outcome = requestSeat(context, request);
    const settlingMs = this.client.table.settlingMs(base, policy, nowMs);
    if (settlingMs > 0 && outcome.kind === 'seated' && !isTaken(base, outcome.record, place.module))
      return { answer: { kind: 'closed', untilAt: toIso(nowMs + settlingMs) }, draft: null };
    if (outcome.kind === 'full') {
      const { draft, ...answer } = outcome;
      if (draft) this.waiting.stands(place.module, draft.licence);
      return { answer, draft };
    }
    identity.writes(outcome.record);
    holds.commitAnswer(identity.answersWithin, started);
    const { draft } = outcome;
    const told = acknowledgeRemoval({ ...context, licence: draft.licence }, { ...who, module: place.module });
    const licence = told.draft?.licence ?? draft.licence;
    return { answer: { ...outcome, removed: told.removed }, draft: { ...draft, licence } };
  }

  private seated(module: string, record: InstanceRecord, since: Instant): Seat {
    const place = record.seats.find((held) => held.module === module);
    if (!place) throw new Error(`claimed ${module}, and the record does not hold it`);
    const hold = this.context.holds.put(place, validityOf(record, since));
    const seat = this.addHandle(hold);
    this.client.seated(record, since);
    return seat;
  }

  private addHandle(hold: Hold): Seat {
    return this.context.holds.addHandle(hold, this.context.who, (seat) =>
      this.context.clock.awake(() =>
        this.releases.leave([seat], this.client.table.deadline(this.context.patienceMs)),
      ),
    );
  }
}

/** By share time: no clock of this computer is asked. @throws SeatfileFault LICENCE_EXPIRED, LICENCE_NOT_YET */
function refuseByDate(policy: Policy, nowMs: number): void {
  if (isExpired(policy, nowMs))
    throw new SeatfileFault(
      'LICENCE_EXPIRED',
      `the licence expired at ${policy.expiresAt}; ask the vendor for a new one`,
    );
  if (isEarly(policy, nowMs))
    throw new SeatfileFault(
      'LICENCE_NOT_YET',
      `the licence is valid from ${policy.notBefore} on, and the file server's clock says ${toIso(nowMs)}; ` +
        'wait until then, or set that clock if it is wrong',
    );
}

/** Whether the seat was in use before: a second instance of a seated user is no new user. */
const isTaken = (base: Licence, record: InstanceRecord, module: string): boolean => {
  const place = record.seats.find((seat) => seat.module === module)?.id;
  return base.instances.some((other) =>
    other.seats.some((seat) => seat.module === module && seat.id === place),
  );
};
