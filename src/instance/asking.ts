import type { Instant } from '../core/belief.js';
import { type Policy, readPolicy } from '../core/entitlement.js';
import type { InstanceRecord, Licence } from '../core/licence.js';
import { doubtful, silenceMs, watchedFrom } from '../core/rollcall.js';
import { type Asker, ask } from '../core/sweep.js';
import { type Clock, instantOf } from '../share/clock.js';
import type { Identity } from './identity.js';
import { PATIENCE_MS, type Table } from './table.js';
import type { InTurn } from './turns.js';

export interface AskingDeps {
  readonly clock: Clock;
  readonly table: Table;
  readonly identity: Identity;
  readonly isHeld: (module: string) => boolean;
  readonly inTurn: InTurn;
}

/** Rule 5(b): whoever is refused asks those who may be dead to beat, and goes on with it behind the answer. */
export class Asking {
  private readonly deps: AskingDeps;
  /** Modules in which we were refused, and somebody may be dead: asked on until that is decided. */
  private readonly rounds = new Map<string, object>();

  constructor(deps: AskingDeps) {
    this.deps = deps;
  }

  /** Nothing is asked behind an answer about the module any more; or about any. */
  end(module: string): void {
    this.rounds.delete(module);
  }

  endAll(): void {
    this.rounds.clear();
  }

  /** What we know of the others, as a commit that began at `started` may use it. */
  asker(base: Licence, policy: Policy, shareTimeMs: number, started: Instant): Asker {
    const { clock, identity, table } = this.deps;
    const fromMs = watchedFrom(base, shareTimeMs);
    const nowMs = table.rollCall.credibleMs(shareTimeMs, instantOf(clock));
    const silence = (record: InstanceRecord) =>
      silenceMs(record, nowMs, fromMs, table.vigil.stoodStillMs(record));
    const isClosed = table.closedMs(base, policy, shareTimeMs) > 0; // right after a restore nobody is evicted
    const unanswered = (licence: Licence) =>
      isClosed ? [] : table.rollCall.unanswered(licence, policy, started, instantOf(clock), silence);
    return { id: identity.id, actor: identity.actor, silence, unanswered };
  }

  /** Refused where somebody may be dead: asked and put out behind the answer, for whoever comes next. */
  async askOn(module: string): Promise<void> {
    if (this.rounds.has(module) || !this.isAnyDoubtful(module)) return;
    const { clock, inTurn, isHeld, table } = this.deps;
    const round = {}; // whoever asks anew begins another
    this.rounds.set(module, round);
    const isOn = () => this.rounds.get(module) === round && !isHeld(module);
    while (isOn() && this.isAnyDoubtful(module)) {
      await clock.sleep(table.tryPeriod);
      await inTurn(async () => isOn() && (await this.askOnce(module))).catch(() => undefined);
    }
    if (this.rounds.get(module) === round) this.rounds.delete(module);
  }

  isAnyDoubtful(module: string): boolean {
    const { identity, table } = this.deps;
    const shareTimeMs = table.shareTimeNow();
    const { lastSeen, policy } = table;
    if (lastSeen === null || shareTimeMs === null || policy?.level !== 'heartbeat') return false;
    const silence = (record: InstanceRecord) =>
      silenceMs(record, shareTimeMs, Number.POSITIVE_INFINITY, table.vigil.stoodStillMs(record));
    return doubtful(lastSeen, module, identity.id, shareTimeMs, silence).length > 0;
  }

  private async askOnce(module: string): Promise<void> {
    const { clock, table } = this.deps;
    const started = instantOf(clock);
    await table.commit((base, shareTimeMs) => {
      const policy = readPolicy(base, table.path);
      const asker = this.asker(base, policy, shareTimeMs, started);
      return { answer: null, draft: ask(base, policy, module, asker, shareTimeMs) };
    }, table.limits(PATIENCE_MS));
  }
}
