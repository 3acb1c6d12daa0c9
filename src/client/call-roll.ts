import type { InstanceRecord, Licence } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import type { Instant } from '../licence/time.js';
import { type Asker, ask } from '../rules/request.js';
import { doubtful, silenceMs, watchedFrom } from '../rules/roll-call.js';
import { type Clock, instantOf } from '../share/clock.js';
import type { SerialQueue } from '../share/serial.js';
import type { Identity } from './identity.js';
import { PATIENCE_MS, type Table } from './table-view.js';

export interface AskingDeps {
  readonly clock: Clock;
  readonly table: Table;
  readonly identity: Identity;
  readonly isHeld: (module: string) => boolean;
  readonly queue: SerialQueue;
}

/** Rules 5(b) and 7: whoever is refused asks those who may be dead to beat, and goes on with it behind the answer. */
export class Asking {
  private readonly deps: AskingDeps;
  /** Modules in which we were refused, and somebody may be dead: asked on until that is decided. */
  private readonly rounds = new Map<string, object>();

  constructor(deps: AskingDeps) {
    this.deps = deps;
  }

  /** Nothing is asked behind an answer about the module any more. */
  end(module: string): void {
    this.rounds.delete(module);
  }

  /** What we know of the others, as a commit that began at `started` may use it. */
  asker(
    { licence: base, policy, nowMs: shareTimeMs }: ChangeContext,
    started: Instant,
    hasWaited: boolean,
  ): Asker {
    const { clock, identity, table } = this.deps;
    const watchedFromMs = watchedFrom(base, shareTimeMs);
    const nowMs = table.rollCall.credibleMs(shareTimeMs, instantOf(clock));
    const silence = (record: InstanceRecord) =>
      silenceMs(record, { nowMs, watchedFromMs, unchangedMs: table.vigil.stoodStillMs(record) });
    const isClosed = table.closedMs(base, policy, shareTimeMs) > 0; // right after a restore nobody is evicted
    const called = (licence: Licence) =>
      table.rollCall.unanswered({ licence, policy }, { since: started, now: instantOf(clock) }, silence);
    const unanswered = (licence: Licence) =>
      isClosed ? [] : [...table.provenGone(licence, policy), ...called(licence)];
    const isProofDue = (licence: Licence) => table.rollCall.dueMs(licence) <= clock.elapsedMs();
    return { id: identity.id, actor: identity.actor, hasWaited, silence, unanswered, isProofDue };
  }

  /** Refused where somebody may be dead: asked and put out behind the answer, for whoever comes next. */
  async askOn(module: string): Promise<void> {
    if (this.rounds.has(module) || !this.isAnyDoubtful(module)) return;
    const { clock, queue, isHeld } = this.deps;
    const round = {}; // whoever asks anew begins another
    this.rounds.set(module, round);
    const isOn = () => this.rounds.get(module) === round && !isHeld(module);
    while (isOn() && this.isAnyDoubtful(module)) {
      await clock.sleep(this.nextTryMs());
      await queue.run(async () => isOn() && (await this.askOnce(module))).catch(() => undefined);
    }
    if (this.rounds.get(module) === round) this.rounds.delete(module);
  }

  /** How long until asking is worth a try again. */
  nextTryMs(): number {
    const { clock, table } = this.deps;
    const dueMs = table.lastSeen ? table.rollCall.dueMs(table.lastSeen) : Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(table.tryPeriodMs, dueMs - clock.elapsedMs()));
  }

  isAnyDoubtful(module: string): boolean {
    const { identity, table } = this.deps;
    const nowMs = table.shareTimeNow();
    const { lastSeen: licence, policy } = table;
    if (licence === null || nowMs === null || policy?.level !== 'heartbeat') return false;
    const watchedFromMs = Number.POSITIVE_INFINITY;
    const silence = (record: InstanceRecord) =>
      silenceMs(record, { nowMs, watchedFromMs, unchangedMs: table.vigil.stoodStillMs(record) });
    return doubtful({ licence, policy, nowMs }, { module, ownId: identity.id, silence }).length > 0;
  }

  private async askOnce(module: string): Promise<void> {
    const { clock, table } = this.deps;
    const started = instantOf(clock);
    await table.commit((context) => {
      const asker = this.asker(context, started, true);
      return { answer: null, draft: ask(context, { module, asker }) };
    }, table.limits(PATIENCE_MS));
  }
}
