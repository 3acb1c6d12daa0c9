import { isCurrent } from '../licence/entitlement.js';
import { type Denial, recordDenial } from '../rules/denial.js';
import { DENIAL_PAUSE_MS, RETRY_INTERVALS } from '../rules/timing.js';
import { inTime } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import type { Change } from '../store/commit.js';
import type { Client } from './client.js';
import type { ClientContext } from './client-context.js';

/** How long one recording may take at most, and how long it may hold up closing. Milliseconds. */
const RECORD_MS = 5000;
const CLOSE_MS = 1000;

/**
 * A refusal is answered from what was read, and recorded afterwards. The record tells an administrator whether there
 * are enough seats. It costs at most one commit a minute for each module, and a failure is not reported.
 */
export class Denials {
  private readonly context: ClientContext;
  private readonly client: Client;
  /** By module: the refusals that are not recorded yet. An entry exists until its module may be recorded again. */
  private readonly counted = new Map<string, Denial | null>();
  private readonly recording = new Set<Promise<unknown>>();
  private closing = new AbortController();

  constructor(context: ClientContext, client: Client) {
    this.context = context;
    this.client = client;
  }

  /** A claim was refused. Returns at once. */
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
    await inTime(this.context.clock, CLOSE_MS, Promise.all([...this.recording, ...left]));
  }

  private async pace(module: string): Promise<void> {
    while (this.counted.get(module)) {
      const pause = this.context.clock.sleep(DENIAL_PAUSE_MS, this.closing.signal);
      await this.record(module);
      await pause;
    }
    this.counted.delete(module);
  }

  private async record(module: string): Promise<void> {
    const denial = this.counted.get(module);
    if (!denial) return;
    this.counted.set(module, null);
    const commit = () => this.client.commitAside(changeFor(denial), this.deadline());
    const done = this.context.queue.run(commit);
    this.recording.add(done);
    await done;
    this.recording.delete(done);
  }

  /** A heartbeat waits for a recording no longer than for its own next try. */
  private deadline(): Deadline {
    const { table } = this.client;
    return table.deadline(Math.min(RECORD_MS, table.intervalMs * RETRY_INTERVALS));
  }
}

const changeFor =
  (denial: Denial): Change<null> =>
  (context) => {
    const isOpen = isCurrent(context.policy, context.nowMs);
    return { answer: null, draft: isOpen ? recordDenial(context, denial) : null };
  };
