import type { ChangeContext, Draft } from '../licence/revision.js';
import type { Verdict } from './liveness.js';
import { notBorrowed } from './records.js';
import { Telling } from './telling.js';
import { type Taking, takeAway } from './tombstones.js';

export interface EvictionRequest {
  readonly verdicts: readonly Verdict[];
  /** `user@host` of the observer, for the tombstones. */
  readonly actor: string;
}

/**
 * Rule 4: evicts the instances that were seen dead. Declines each whose beat has moved since, and each that
 * owes no heartbeat (rule 10: Light is never swept, by no version, whatever was seen). Null when none is
 * left to evict. Verdicts beyond what one revision can tell of are left to the next commit.
 */
export function evict(context: ChangeContext, { verdicts, actor }: EvictionRequest): Draft | null {
  if (verdicts.length === 0) return null; // as nearly always
  const records = new Map(context.licence.instances.map((record) => [record.id, record]));
  const telling = new Telling();
  const takings = verdicts.flatMap(({ instance, beat, reason, words = null }): Taking[] => {
    const record = records.get(instance);
    if (!record || record.beat !== beat || record.level !== 'heartbeat') return [];
    records.delete(instance); // once, by whichever verdict is named first
    const seats = notBorrowed(record);
    return telling.fits(record, seats) ? [{ record, seats, why: { reason, actor, words } }] : [];
  });
  return takeAway(context, takings);
}
