import { readPolicy } from '../core/entitlement.js';
import { SeatfileFault } from '../core/fault.js';
import type { Licence } from '../core/licence.js';
import { claim } from '../core/seats.js';
import type { Clock } from '../share/clock.js';
import type { Limits } from '../share/limits.js';
import type { Asking } from './asking.js';
import type { Identity } from './identity.js';
import { isShareTrouble, PATIENCE_MS, type Table } from './table.js';
import type { InTurn } from './turns.js';

/** Who waits for a place looks at most, and at least, so often. Milliseconds. */
const SHORTEST_LOOK_MS = 2000;
const LONGEST_LOOK_MS = 5000;

export interface WaitingDeps {
  readonly clock: Clock;
  readonly table: Table;
  readonly identity: Identity;
  readonly asking: Pick<Asking, 'isAnyDoubtful'>;
  readonly inTurn: InTurn;
}

/** Waiting for a place while none is free. */
export class Waiting {
  private readonly deps: WaitingDeps;

  constructor(deps: WaitingDeps) {
    this.deps = deps;
  }

  isOpen(wait: Limits): boolean {
    return !wait.signal?.aborted && this.deps.clock.elapsedMs() < wait.untilMs;
  }

  /** Until a look shows a free place, or those who are asked have to be asked again; at the longest until `wait` is over. */
  async untilWorthTrying(module: string, wait: Limits): Promise<void> {
    const { asking, clock, inTurn, table } = this.deps;
    const lookMs = Math.max(SHORTEST_LOOK_MS, Math.min(table.intervalMs / 8, LONGEST_LOOK_MS));
    const triedMs = clock.elapsedMs();
    while (this.isOpen(wait)) {
      const nowMs = clock.elapsedMs();
      const isToBeAsked = asking.isAnyDoubtful(module);
      const tryMs = isToBeAsked ? triedMs + table.tryPeriod - nowMs : Number.POSITIVE_INFINITY;
      await clock.sleep(Math.min(lookMs, tryMs, wait.untilMs - nowMs), wait.signal);
      if (tryMs <= lookMs || !this.isOpen(wait)) return;
      const top = await inTurn(() => table.read(table.limits(PATIENCE_MS))).catch(() => null);
      if (top) table.saw(top);
      if (top && this.wouldSeat(top.licence, module)) return;
    }
  }

  /** While there is time left, a share in trouble is no reason to give up. */
  async tryAgain<T>(attempt: () => Promise<T>, wait: Limits, before: T): Promise<T> {
    if (wait.signal?.aborted) return before;
    return await this.deps.inTurn(attempt).catch((error: unknown) => {
      const isPassing = isShareTrouble(error) && codeOf(error) !== 'COMMIT_UNKNOWN';
      if (isPassing && this.isOpen(wait)) return before;
      throw error;
    });
  }

  private wouldSeat(licence: Licence, module: string): boolean {
    const { clock, identity, table } = this.deps;
    const policy = readPolicy(licence, table.path);
    const ground = identity.ground(table.shareTimeNow() ?? clock.wallMs());
    return claim(licence, policy, identity.claimant, module, identity.id, ground).kind === 'seated';
  }
}

const codeOf = (error: unknown): string => (error instanceof SeatfileFault ? error.code : '');
