import type { Licence } from '../licence/document.js';
import { inFile, SeatfileFault } from '../licence/fault.js';
import { claim } from '../rules/claim.js';
import { queuePosition } from '../rules/queue.js';
import { heldSeat } from '../rules/records.js';
import type { Full } from '../rules/refusal.js';
import { waiterPollMs } from '../rules/timing.js';
import type { Deadline } from '../share/deadline.js';
import type { Client } from './client.js';
import type { ClientContext } from './client-context.js';
import type { RollCaller } from './roll-caller.js';
import { isShareTrouble, PATIENCE_MS } from './table-view.js';

/** Rule 8: waiting in the queue while no seat is free. */
export class Waiting {
  private readonly context: ClientContext;
  private readonly client: Client;
  private readonly rollCaller: RollCaller;
  /** The waits of this process, by module. They share one place in the queue. */
  private readonly waits = new Map<string, Set<Deadline>>();
  /**
   * Modules with a queue that may contain this instance, or a seat that may be offered to it; since when, monotonic.
   */
  private readonly standing = new Map<string, number>();
  /** Since when, by share time, this instance is in the queue. It enters again from then if the queue is lost. */
  private readonly since = new Map<string, string>();
  private readonly told = new Map<string, number>();

  constructor(context: ClientContext, client: Client, rollCaller: RollCaller) {
    this.context = context;
    this.client = client;
    this.rollCaller = rollCaller;
  }

  /** Modules for which all waits have ended, while a place in the queue may still be there. */
  get abandoned(): string[] {
    return [...this.waits.keys()].filter((module) => this.secondsFor(module) === null);
  }

  get isAny(): boolean {
    return this.waits.size > 0;
  }

  begin(module: string, wait: Deadline): void {
    this.waits.set(module, (this.waits.get(module) ?? new Set()).add(wait));
  }

  /** Gives whether this was the last wait of this process for the module. */
  end(module: string, wait: Deadline): boolean {
    const others = this.waits.get(module);
    others?.delete(wait);
    if (others && others.size > 0) return false;
    this.waits.delete(module);
    this.told.delete(module);
    return true;
  }

  /** This is about to be written. While the instance is in the queue there, a peer may write its record with a seat. */
  stands(module: string, licence: Licence): void {
    const { identity } = this.context;
    const own = licence.waiting.find((one) => one.module === module && one.instance === identity.id);
    if (!own) return;
    identity.writesBeat(own.beat);
    if (!this.standing.has(module)) this.standing.set(module, this.context.clock.elapsedMs());
  }

  /** An own commit was confirmed: now it is known whether this instance is in the queue. */
  saw(module: string, licence: Licence): void {
    const { identity } = this.context;
    const own = licence.waiting.find((one) => one.module === module && one.instance === identity.id);
    if (own) this.since.set(module, own.sinceAt);
    else if (!heldSeat(licence, identity.id, module)) this.left(module);
  }

  left(module: string): void {
    this.standing.delete(module);
    this.since.delete(module);
    this.told.delete(module);
  }

  /**
   * Since when this instance is in the queue, or in that of another of the modules of one claim: it goes from one to
   * the other, and keeps its turn. ISO 8601, share time; null: it has been in none of them yet.
   */
  sinceAt(module: string, modules: readonly string[]): string | null {
    const others = modules.flatMap((other) => this.since.get(other) ?? []).sort();
    return this.since.get(module) ?? others[0] ?? null;
  }

  /** The modules that this process does not hold, and no other claim of it waits for. */
  onlyFor(wait: Deadline | null, modules: readonly string[]): string[] {
    const isOther = (other: Deadline) => other !== wait && this.isOpen(other);
    return modules.filter(
      (module) => !this.context.holds.get(module) && ![...(this.waits.get(module) ?? [])].some(isOther),
    );
  }

  mayStand(module: string): boolean {
    return this.standing.has(module);
  }

  /** How long the longest wait of this process is, from its place in the queue on. Null: no wait is open. */
  secondsFor(module: string): number | null {
    const open = [...(this.waits.get(module) ?? [])].filter((wait) => this.isOpen(wait));
    if (open.length === 0) return null;
    const sinceMs = this.standing.get(module) ?? this.context.clock.elapsedMs();
    return Math.max(0, ...open.map((wait) => wait.untilMs - sinceMs)) / 1000;
  }

  isOpen(wait: Deadline): boolean {
    return !wait.signal?.aborted && this.context.clock.elapsedMs() < wait.untilMs;
  }

  /**
   * Waits until a poll shows that another claim is worth it: a free seat, a queue that must move on, or a holder to
   * call. At the longest until `wait` is over.
   */
  async untilWorthTrying(module: string, wait: Deadline): Promise<void> {
    const { clock, queue } = this.context;
    const { table } = this.client;
    const pollMs = waiterPollMs(table.intervalMs);
    const tryAtMs = clock.elapsedMs() + this.rollCaller.nextTryMs();
    while (this.isOpen(wait)) {
      const nowMs = clock.elapsedMs();
      const tryMs = this.rollCaller.isAnyDoubtful(module) ? tryAtMs - nowMs : Number.POSITIVE_INFINITY;
      await clock.sleep(Math.min(pollMs, tryMs, wait.untilMs - nowMs), wait.signal);
      if (tryMs <= pollMs || !this.isOpen(wait)) return;
      const seen = await queue.run(() => this.look(module)).catch(() => null);
      if (seen === 'forgotten') return;
      if (seen && table.lastSeen && this.isWorthTrying(table.lastSeen, module)) return;
    }
  }

  /** Forgotten: revisions seem to be lost, and the place in the queue with them. Null: the poll counts for nothing. */
  private async look(module: string): Promise<'seen' | 'forgotten' | null> {
    const { client, context } = this;
    const { table } = client;
    if (client.isHolder) {
      await client.poll(); // which also looks at the own seats
      return 'seen';
    }
    const { licence, loss } = await table.look(table.deadline(PATIENCE_MS));
    if (loss === null) return 'seen';
    return queuePosition(licence, module, context.identity.id) === null ? 'forgotten' : null;
  }

  /** While there is time left, trouble of the share does not end the wait. */
  async tryAgain<T>(attempt: () => Promise<T>, wait: Deadline, before: T): Promise<T> {
    if (wait.signal?.aborted) return before;
    return await this.context.queue.run(attempt).catch((error: unknown) => {
      const isPassing = isShareTrouble(error) && codeOf(error) !== 'COMMIT_UNKNOWN';
      if (isPassing && this.isOpen(wait)) return before;
      throw error;
    });
  }

  /** Tells the place in the queue, if that is news. */
  tell(module: string, licence: Licence, full: Full): void {
    const place = queuePosition(licence, module, this.context.identity.id);
    if (place === null || place === this.told.get(module)) return;
    this.told.set(module, place);
    const { holders, freesAt, evicted } = full;
    this.context.onWaiting({ module, place, holders, freesAt, evicted });
  }

  private isWorthTrying(licence: Licence, module: string): boolean {
    const { clock, identity } = this.context;
    const { table } = this.client;
    const { policy } = table;
    if (policy === null) return false;
    const nowMs = table.shareTimeNow() ?? clock.wallMs();
    const request = { who: identity.requester, module, seatId: identity.id, ...identity.proofs(nowMs) };
    const outcome = inFile(table.path, () => claim({ licence, policy, nowMs }, request));
    if (outcome.kind === 'seated' || outcome.kind === 'banned') return true;
    this.tell(module, licence, outcome);
    const isSomebodyOut = table.isQueueOverdue(licence) || table.provenGone(licence, policy).length > 0;
    return isSomebodyOut || queuePosition(licence, module, identity.id) === null;
  }
}

const codeOf = (error: unknown): string => (error instanceof SeatfileFault ? error.code : '');
