import type { InstanceRecord, Licence } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import type { Instant } from '../licence/time.js';
import { callRollFor, type RequesterView } from '../rules/request.js';
import { clockHeldFrom, doubtful, silenceMs } from '../rules/roll-call.js';
import { instantOf } from '../share/clock.js';
import type { Client } from './client.js';
import type { ClientContext } from './client-context.js';
import { PATIENCE_MS } from './table-view.js';

/** Rules 5(b) and 7: a refused requester asks the holders that may be dead to beat, also after it was answered. */
export class RollCaller {
  private readonly context: ClientContext;
  private readonly client: Client;
  /** The modules in which this instance was refused, and a holder may be dead. It calls until that is decided. */
  private readonly rounds = new Map<string, object>();

  constructor(context: ClientContext, client: Client) {
    this.context = context;
    this.client = client;
  }

  /** No call for the module goes on after an answer any more. */
  end(module: string): void {
    this.rounds.delete(module);
  }

  /** What this instance knows of the others, as a commit that began at `started` may use it. */
  requester(
    { licence: base, policy, nowMs: shareTimeMs }: ChangeContext,
    started: Instant,
    hasWaited: boolean,
  ): RequesterView {
    const { clock, identity } = this.context;
    const { table } = this.client;
    const watchedFromMs = clockHeldFrom(base, shareTimeMs);
    const nowMs = table.rollCall.credibleMs(shareTimeMs, instantOf(clock));
    const silence = (record: InstanceRecord) =>
      silenceMs(record, { nowMs, watchedFromMs, unchangedMs: table.peerObserver.unchangedMs(record) });
    const isClosed = table.settlingMs(base, policy, shareTimeMs) > 0; // right after a restore no instance is evicted
    const called = (licence: Licence) =>
      table.rollCall.unanswered({ licence, policy }, { since: started, now: instantOf(clock) }, silence);
    const unanswered = (licence: Licence) =>
      isClosed ? [] : [...table.provenGone(licence, policy), ...called(licence)];
    const isProofDue = (licence: Licence) => table.rollCall.dueMs(licence) <= clock.elapsedMs();
    return { id: identity.id, actor: identity.actor, hasWaited, silence, unanswered, isProofDue };
  }

  /** After a refusal: calls the holders that may be dead, and evicts them, so that the next claim finds a free seat. */
  async keepCalling(module: string): Promise<void> {
    if (this.rounds.has(module) || !this.isAnyDoubtful(module)) return;
    const { clock, holds, queue } = this.context;
    const round = {}; // a new claim begins another
    this.rounds.set(module, round);
    const isOn = () => this.rounds.get(module) === round && !holds.get(module);
    while (isOn() && this.isAnyDoubtful(module)) {
      await clock.sleep(this.nextTryMs());
      await queue.run(async () => isOn() && (await this.callOnce(module))).catch(() => undefined);
    }
    if (this.rounds.get(module) === round) this.rounds.delete(module);
  }

  /** How long until the next call is worth it. Milliseconds. */
  nextTryMs(): number {
    const { clock } = this.context;
    const { table } = this.client;
    const dueMs = table.lastSeen ? table.rollCall.dueMs(table.lastSeen) : Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(table.tryPeriodMs, dueMs - clock.elapsedMs()));
  }

  isAnyDoubtful(module: string): boolean {
    const { identity } = this.context;
    const { table } = this.client;
    const nowMs = table.shareTimeNow();
    const { lastSeen: licence, policy } = table;
    if (licence === null || nowMs === null || policy?.level !== 'heartbeat') return false;
    const watchedFromMs = Number.POSITIVE_INFINITY;
    const silence = (record: InstanceRecord) =>
      silenceMs(record, { nowMs, watchedFromMs, unchangedMs: table.peerObserver.unchangedMs(record) });
    return doubtful({ licence, policy, nowMs }, { module, ownId: identity.id, silence }).length > 0;
  }

  private async callOnce(module: string): Promise<void> {
    const started = instantOf(this.context.clock);
    await this.client.commit((context) => {
      const requester = this.requester(context, started, true);
      return { answer: null, draft: callRollFor(context, { module, requester }) };
    }, this.client.table.deadline(PATIENCE_MS));
  }
}
