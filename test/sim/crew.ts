import nodePath from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Profile } from './plan.js';
import type { Outcome } from './play.js';
import type { Job, Report } from './worker.js';

/** One seed that takes longer than this, by the clock on the wall, goes round in a circle. Milliseconds. */
const LONGEST_MS = 900_000;

/** What became of a seed; an error also when it went round in a circle. */
export type Played = { readonly outcome: Outcome } | { readonly error: string };

/** A worker that plays seeds on a compiled tree, one at a time. */
export class Hand {
  private readonly directory: string;
  private worker: Worker | null = null;

  constructor(directory: string) {
    this.directory = directory;
  }

  play(seed: string, profile?: Profile, isTraced = false): Promise<Played> {
    this.worker ??= new Worker(nodePath.join(this.directory, 'test', 'sim', 'worker.js'));
    const { worker } = this;
    return new Promise((resolve) => {
      const finish = (played: Played) => {
        clearTimeout(alarm);
        worker.off('message', hear).off('error', fail);
        if ('error' in played) void this.end(); // whatever it left running must not reach the next seed
        resolve(played);
      };
      const hear = ({ seed: _seed, ...played }: Report) => finish(played);
      const fail = (error: unknown) => finish({ error: String(error) });
      const alarm = setTimeout(() => finish({ error: `not over after ${LONGEST_MS / 1000} s` }), LONGEST_MS);
      worker.once('message', hear).once('error', fail);
      worker.postMessage({ seed, profile, isTraced } satisfies Job);
    });
  }

  async end(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    await worker?.terminate();
  }
}
