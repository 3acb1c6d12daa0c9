import { isExpired } from '../licence/entitlement.js';
import { type Denial, recordDenial } from '../rules/denial.js';
import { DENIAL_PAUSE_MS } from '../rules/timing.js';
import { type Clock, inTime } from '../share/clock.js';
import type { Limits } from '../share/deadline.js';
import type { Change } from '../store/commit.js';

/**
 * Refusals are answered from what was read, and recorded afterwards, for whoever asks whether there are seats enough: one
 * commit a minute for each module at most, in nobody's way, and given up silently.
 */

export interface DenialDeps {
  readonly clock: Clock;
  /** How long a heartbeat may well wait for a recording. Milliseconds. */
  readonly patienceMs: () => number;
  /** Commits when nothing else of this process does. */
  readonly commit: (change: Change<null>, limits: () => Limits) => Promise<unknown>;
}

/** How long one recording may take at most, and how long it may hold up closing. Milliseconds. */
const RECORD_MS = 5000;
const CLOSE_MS = 1000;

export class Denials {
  private readonly deps: DenialDeps;
  /** By module: those not recorded yet. There is an entry as long as it is not their turn again. */
  private readonly counted = new Map<string, Denial | null>();
  private readonly recording = new Set<Promise<void>>();
  private closing = new AbortController();

  constructor(deps: DenialDeps) {
    this.deps = deps;
  }

  /** Somebody was refused. Returns at once. */
  note(denial: Omit<Denial, 'count'>): void {
    const { module } = denial;
    const before = this.counted.get(module);
    this.counted.set(module, { ...denial, count: (before?.count ?? 0) + 1 });
    if (before === undefined) void this.pace(module);
  }

  /** Records what was counted, as far as that is quickly done. */
  async close(): Promise<void> {
    const { closing } = this;
    this.closing = new AbortController();
    closing.abort();
    const left = [...this.counted.keys()].map((module) => this.record(module));
    await inTime(this.deps.clock, CLOSE_MS, Promise.all([...this.recording, ...left]));
  }

  private async pace(module: string): Promise<void> {
    while (this.counted.get(module)) {
      const pause = this.deps.clock.sleep(DENIAL_PAUSE_MS, this.closing.signal);
      await this.record(module);
      await pause;
    }
    this.counted.delete(module);
  }

  private async record(module: string): Promise<void> {
    const denial = this.counted.get(module);
    if (!denial) return;
    this.counted.set(module, null);
    const done = this.deps.commit(this.changeFor(denial), () => this.limits()).then(nothing, nothing);
    this.recording.add(done);
    await done;
    this.recording.delete(done);
  }

  private changeFor(denial: Denial): Change<null> {
    return (context) => {
      const isOver = isExpired(context.policy, context.nowMs);
      return { answer: null, draft: isOver ? null : recordDenial(context, denial) };
    };
  }

  private limits(): Limits {
    return { untilMs: this.deps.clock.elapsedMs() + Math.min(RECORD_MS, this.deps.patienceMs()) };
  }
}

const nothing = () => undefined;
