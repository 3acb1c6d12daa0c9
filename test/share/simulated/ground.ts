import { ShareError } from '../../../src/share/files.js';
import { Timeline } from '../../../src/testing/timeline.js';
import { SimClient, type SimClientState } from './client.js';
import type { Semantics } from './semantics.js';
import { SimServer } from './server.js';

/** What one operation takes here, there and back. Milliseconds. */
export const LATENCY_MS = 10;

/** Dice that always fall as they were last told to: low, everything that can happen does; high, only what is sure. */
class LoadedDice {
  next = 0.9;
  fraction = (): number => this.next;
}

/** Two hosts, A and B, on one share with a directory and a file in it. */
export class Ground {
  readonly timeline = new Timeline();
  readonly dice = new LoadedDice();
  readonly server: SimServer;
  readonly a: SimClient;
  readonly b: SimClient;

  constructor(semantics: Semantics, state: Partial<SimClientState> = {}) {
    this.server = new SimServer(this.timeline, { semantics });
    this.server.makeDirectory('/d');
    this.server.writeNew('/d/file', 'old', 0o644);
    const client = (name: string) =>
      new SimClient({
        server: this.server,
        semantics,
        random: this.dice,
        name,
        state: { latencyMs: () => LATENCY_MS, ...state },
      });
    this.a = client('A');
    this.b = client('B');
  }

  /** Lets time pass until it is answered. */
  run<T>(promise: Promise<T>): Promise<T> {
    return this.timeline.run(promise);
  }

  wait(ms: number): Promise<void> {
    return this.timeline.advance(ms);
  }

  /** `done`, or the kind of what it is refused with; time passes until it is answered. */
  kind(promise: Promise<unknown>): Promise<string> {
    return this.run(kindOf(promise));
  }

  async text(client: SimClient, path: string): Promise<string> {
    return new TextDecoder().decode(await this.run(client.files.read(path)));
  }
}

export function kindOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: unknown) => {
      if (error instanceof ShareError) return error.kind;
      throw error;
    },
  );
}
