import type { Tombstone } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import type { ChangeContext, Draft } from '../licence/revision.js';
import { type Instant, toIso } from '../licence/time.js';
import type { Denial } from '../rules/denial.js';
import { giveBack } from '../rules/give-back.js';
import { requestSeat, type SeatWish } from '../rules/request.js';
import { acknowledgeRemoval } from '../rules/tombstones.js';
import { validityOf } from '../rules/validity.js';
import { instantOf } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import { SerialQueue } from '../share/serial.js';
import { type AllOrNone, allOrNone } from './all-or-none.js';
import type { InstanceAnswer, NotSeated, RefusalNote } from './answers.js';
import { isTaken, refuseByDate } from './claim-terms.js';
import {
  type Asked,
  answerTo,
  type Claimed,
  type Granted,
  isNoSeat,
  isRefused,
  type NotGranted,
  type Tried,
  type Unplaced,
} from './claimed.js';
import { Client } from './client.js';
import type { ClientContext, InstanceDeps } from './client-context.js';
import { Denials } from './denial-log.js';
import { Holds } from './held-seats.js';
import { Identity } from './identity.js';
import { IdleWatch } from './idle-watch.js';
import { isFinal } from './joint-answer.js';
import { PutOver } from './put-over.js';
import { Releases } from './release.js';
import { Renewals } from './renewals.js';
import { RollCaller } from './roll-caller.js';
import type { Seat } from './seat.js';
import { SeatsHere } from './seats-here.js';
import { isShareTrouble, PATIENCE_MS } from './table-view.js';
import { Waiting } from './waiter.js';
import { lossOf } from './warning-text.js';
import { Warnings } from './warnings.js';

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
  private readonly here: SeatsHere;
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
    this.here = new SeatsHere(this.context, this.client, this.releases);
    this.denials = new Denials(this.context, this.client);
    this.renewals = new Renewals(this.context, this.client);
    this.putOver = new PutOver(this.context);
    this.idleWatch = new IdleWatch(this.context, this.client);
  }

  /** The application listens to changes of the table. */
  watch(isWanted: () => boolean, intervalSeconds: () => number): void {
    const isPolling = () => this.client.isHolder || this.waiting.isAny;
    this.idleWatch.begin(isWanted, isPolling, intervalSeconds);
  }

  /**
   * Takes a seat in each of these modules, or in none; one that this process has is shared. `wait`: until when the
   * claim waits for free seats.
   */
  async acquire(
    modules: readonly string[],
    deadline: Deadline,
    wait: Deadline | null,
    refusalNote: RefusalNote,
  ): Promise<InstanceAnswer> {
    const startedMs = this.context.clock.elapsedMs();
    for (const module of modules) this.rollCaller.end(module); // this claim calls the holders itself
    const answer = await (wait
      ? this.waitFor({ modules, wait }, deadline, wait)
      : this.tryOnceNow({ modules, wait }, deadline));
    if (answer.kind === 'seated') return answer;
    const waitedMs = Math.round(this.context.clock.elapsedMs() - startedMs);
    if (refusalNote !== 'none')
      this.noteDenial(answer, { final: refusalNote === 'final', waitedMs: wait ? waitedMs : 0 });
    if (reasonOf(answer) === 'banned' || reasonOf(answer) === 'closed') return answer;
    void this.rollCaller.keepCalling(answer.module);
    return answer.kind === 'full' ? { ...answer, waitedMs } : answer;
  }

  private async tryOnceNow(asked: Asked, deadline: Deadline): Promise<InstanceAnswer> {
    const tried = () => this.context.queue.run(() => this.tryOnce(asked, deadline, false));
    return await this.putOver.heeded(tried, deadline).catch(async (error: unknown) => {
      if (await this.renewals.mayHelp(error, deadline)) return await tried();
      throw error;
    });
  }

  /**
   * Rule 8. A waiter that gives up, or is told to, leaves the queue, and gives back a seat that was offered meanwhile.
   */
  private async waitFor(asked: Asked, deadline: Deadline, wait: Deadline): Promise<InstanceAnswer> {
    const patienceMs = deadline.untilMs - this.context.clock.elapsedMs();
    for (const module of asked.modules) this.waiting.begin(module, wait);
    try {
      let answer = await this.tryOnceNow(asked, deadline);
      if (answer.kind !== 'seated' && !isFinal(answer))
        this.noteDenial(answer, { final: false, waitedMs: 0 });
      while (answer.kind !== 'seated' && !isFinal(answer) && this.waiting.isOpen(wait)) {
        await this.waiting.untilWorthTrying(answer.module, wait);
        const again = { ...deadline, ...this.client.table.deadline(patienceMs) };
        answer = await this.waiting.tryAgain(() => this.tryOnce(asked, again, true), wait, answer);
      }
      return answer;
    } finally {
      const over = asked.modules.filter((module) => this.waiting.end(module, wait));
      await this.dequeue(over.filter((module) => !this.context.holds.get(module)));
      for (const module of over) this.waiting.left(module);
    }
  }

  private async dequeue(modules: readonly string[]): Promise<void> {
    const standing = modules.filter((module) => this.waiting.mayStand(module));
    if (standing.length === 0) return;
    const deadline = this.client.table.deadline(PATIENCE_MS);
    await this.releases.leave([], deadline, standing).catch(() => undefined); // it is tried again later
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

  private noteDenial(answer: NotSeated, how: { readonly final: boolean; readonly waitedMs: number }): void {
    const { user, host } = this.context.who;
    const instance = this.context.identity.id;
    this.denials.note({ instance, module: answer.module, user, host, reason: reasonOf(answer), ...how });
  }

  private async tryOnce(asked: Asked, deadline: Deadline, hasWaited: boolean): Promise<InstanceAnswer> {
    await this.here.revive(asked.modules);
    const claimed: string[] = [];
    let removed: Tombstone | null = null;
    // What the process had may be lost, or given back by the application, while the rest is claimed.
    let lacking = this.here.invalid(asked.modules);
    for (; lacking.length > 0; lacking = this.here.missing(asked.modules)) {
      const wish = { ...asked, modules: lacking };
      const { answer, licence, since } = await this.claimSeats(wish, deadline, hasWaited).catch((error) => {
        this.here.giveUp(claimed);
        throw error;
      });
      if (answer.kind === 'none') {
        this.here.giveUp(claimed);
        if (licence && isNoSeat(answer.refusal)) this.waiting.tell(answer.module, licence, answer.refusal);
        return answerTo(answer.module, answer.refusal);
      }
      this.seated(lacking, answer.seated, since);
      claimed.push(...lacking);
      removed ??= answer.seated.find((one) => one.removed !== null)?.removed ?? null;
    }
    return { kind: 'seated', seats: this.here.handles(asked.modules), removed: removed && lossOf(removed) };
  }

  private async claimSeats(
    asked: Asked,
    deadline: Deadline,
    hasWaited: boolean,
  ): Promise<Claimed<AllOrNone<Granted, NotGranted>>> {
    for (;;) {
      const { answer, licence, since } = await this.claimOnce(asked, deadline, hasWaited);
      if (answer.kind === 'all') return { answer, licence, since };
      const { module, refusal } = answer;
      if (refusal.kind !== 'unplaced') return { answer: { kind: 'none', module, refusal }, licence, since };
      await this.context.place.check(refusal.boundTo);
    }
  }

  private async claimOnce(
    { modules, wait }: Asked,
    deadline: Deadline,
    hasWaited: boolean,
  ): Promise<Claimed<AllOrNone<Granted, NotGranted | Unplaced>>> {
    const places = modules.map((module) => ({
      ...{ module, seatId: this.context.random.id(), hasWaited },
      ...{ waitSeconds: this.waiting.secondsFor(module), sinceAt: this.waiting.sinceAt(module, modules) },
    }));
    const started = instantOf(this.context.clock);
    const outcomes: AllOrNone<Granted, NotGranted | Unplaced>[] = []; // one for each attempt
    const passOn = ({ licence }: ChangeContext, others: readonly string[]) =>
      giveBack(licence, this.context.identity.id, this.waiting.onlyFor(wait, others));
    try {
      const { done, since } = await this.client.commit((context) => {
        const tried = allOrNone(context, places, (now, place) => this.tryClaim(now, place, started), passOn);
        outcomes.push(tried.answer);
        return tried;
      }, deadline);
      for (const module of modules) this.waiting.saw(module, done.licence);
      return { answer: done.answer, licence: done.licence, since };
    } catch (error) {
      // The commit was only to call silent holders, or to join the queue. The refusal is true without it.
      const last = outcomes.at(-1);
      if (last && outcomes.every(isRefused) && isShareTrouble(error))
        return { answer: last, licence: null, since: started };
      if (error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN')
        for (const module of modules) this.releases.takeBack(module);
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
    if (outcome.kind !== 'seated') {
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

  private seated(modules: readonly string[], granted: readonly Granted[], since: Instant): void {
    const record = granted.at(-1)?.record; // each claim goes on from the record of the one before
    for (const module of modules) {
      const place = record?.seats.find((held) => held.module === module);
      if (!record || !place) throw new Error(`claimed ${module}, and the record does not hold it`);
      this.context.holds.put(place, validityOf(record, since));
    }
    if (record) this.client.seated(record, since);
  }
}

const reasonOf = (answer: NotSeated): Denial['reason'] => (answer.kind === 'full' ? 'full' : answer.reason);
