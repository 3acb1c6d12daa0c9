import type { ChangeContext, Draft } from '../licence/revision.js';
import { fromIso } from '../licence/time.js';
import { DENIAL_PAUSE_MS } from './timing.js';

/** A refusal, for the journal: nothing in the table changes. */
export interface Denial {
  readonly instance: string;
  readonly module: string;
  readonly user: string;
  readonly host: string;
  readonly reason: 'full' | 'banned' | 'reserved' | 'closed';
  /** How long the request waited until then. */
  readonly waitedMs: number;
  /** How often it was refused since it was last recorded. */
  readonly count: number;
  /** Whether that was the end of it, or the call went on to wait. */
  readonly final: boolean;
}

/**
 * Null when the latest revision records this refusal already. A user that asks again and again, each time
 * in a new process, fills no journal.
 */
export function recordDenial({ licence, nowMs }: ChangeContext, denial: Denial): Draft | null {
  const isRecorded = licence.events.some(
    ({ kind, module, user, at }) =>
      kind === 'denied' &&
      module === denial.module &&
      user === denial.user &&
      Math.abs(nowMs - fromIso(at)) < DENIAL_PAUSE_MS,
  );
  return isRecorded ? null : { licence, events: [{ kind: 'denied', ...denial }] };
}
