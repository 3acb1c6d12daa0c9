import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Clock } from '../share/clock.js';

type HoldEvent = Readonly<Record<string, unknown>>;

/** One `seatfile hold` process, as if on a computer of its own. */
export class DemoHolder {
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;
  private readonly clock: Clock;
  private readonly seen: HoldEvent[] = [];
  private moved = new AbortController();
  private isOver = false;

  constructor(child: ChildProcess, clock: Clock) {
    this.child = child;
    this.clock = clock;
    this.ended = once(child, 'exit').then(([code]) => code as number | null);
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.hear(line));
    void once(child, 'close').then(() => {
      this.isOver = true;
      this.moved.abort();
    });
  }

  private hear(line: string): void {
    this.seen.push(JSON.parse(line) as HoldEvent);
    this.moved.abort();
    this.moved = new AbortController();
  }

  /** The first event of one of these kinds, or null if none comes in time, or before the process ends. */
  async event(kinds: string, withinSeconds: number): Promise<HoldEvent | null> {
    const untilMs = this.clock.elapsedMs() + withinSeconds * 1000;
    for (;;) {
      const found = this.seen.find((one) => kinds.split('|').includes(String(one['event'])));
      const leftMs = untilMs - this.clock.elapsedMs();
      if (found || leftMs <= 0 || this.isOver) return found ?? null;
      await this.clock.sleep(leftMs, this.moved.signal);
    }
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  async release(): Promise<void> {
    this.child.stdin?.end();
    await this.ended;
  }
}
