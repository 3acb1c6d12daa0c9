import { parentPort } from 'node:worker_threads';
import type { Profile } from './plan.js';
import { type Outcome, play } from './play.js';

/** Plays the seeds it is sent, one after the other, in a thread of its own. */
export interface Job {
  readonly seed: string;
  readonly profile: Profile | undefined;
  /** Whether everything that happens is written down. */
  readonly isTraced: boolean;
}

let current: Job | null = null;

Error.stackTraceLimit = 0; // the share refuses by the hundred thousand; a replay of a seed shows the stacks
process.on('unhandledRejection', (error) => send({ error: String(error) }));

parentPort?.on('message', (job: Job) => {
  current = job;
  play(job.seed, { profile: job.profile, isTraced: job.isTraced }).then(
    (outcome) => send({ outcome }),
    (error: unknown) => send({ error: String(error) }),
  );
});

export type Report = { readonly seed: string } & ({ readonly outcome: Outcome } | { readonly error: string });

function send(report: { outcome: Outcome } | { error: string }): void {
  parentPort?.postMessage({ seed: current?.seed ?? '', ...report } satisfies Report);
}
