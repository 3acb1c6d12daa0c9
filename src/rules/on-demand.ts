import type { InstanceRecord, Licence } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import type { Unchanged } from '../licence/unchanged.js';
import { ANSWER_COMMIT_MS, CALLED_AGAIN, POLLS_PER_ANSWER, PROOF_PART } from './timing.js';

/**
 * Rule 7. A holder with an answer deadline A has committed itself to answer within A. One that has not
 * answered by then is dead: A counts from the confirmed commit of the caller, while the caller itself could
 * poll and write. All times are milliseconds.
 */

/** The instance that publishes a roll call. */
export interface Caller {
  readonly id: string;
  readonly actor: string;
  /**
   * It has waited for a while already. A holder that has answered since is not called again at every try
   * (rule 7).
   */
  readonly hasWaited: boolean;
}

/** The beat by which a name stands in the roll call, and since when we have seen it unchanged. */
export interface CalledUnchanged {
  /** Without a gap in which all computers may have been suspended, as T measures it. */
  readonly byInterval: Unchanged;
  /** The same as its answer deadline measures it (rule 7). */
  readonly byAnswer: Unchanged;
}
/** By instance. */
export type CalledSince = ReadonlyMap<string, CalledUnchanged>;

/** What we know when a commit of ours begins. */
export interface CallRecord {
  readonly calledSince: CalledSince;
  /** When the commit began. */
  readonly nowMs: number;
  /** The longest time without a poll or a proof since the commit before. */
  readonly gapMs: number;
  /** When our last commit began that wrote something. */
  readonly wroteMs: number;
}

/**
 * A holder with an answer deadline is called when a requester needs its seat, unless its last answer is
 * younger than the deadline.
 */
export function isOnDemand(
  { licence, policy, nowMs }: ChangeContext,
  record: InstanceRecord,
  caller: Pick<Caller, 'hasWaited'>,
): boolean {
  const { rollCall } = licence;
  if (policy.answerWithinSeconds === null || record.answersWithin === null) return false;
  const beatMs = fromIso(record.beatAt);
  const answerMs = 1000 * record.answersWithin;
  if (caller.hasWaited) return !isWithin(beatMs, nowMs, CALLED_AGAIN * answerMs);
  const calledMs = rollCall?.calledAt === undefined ? null : fromIso(rollCall.calledAt);
  return calledMs === null || beatMs < calledMs || !isWithin(calledMs, nowMs, answerMs);
}

const isWithin = (ms: number, nowMs: number, forMs: number): boolean => ms <= nowMs && nowMs - ms < forMs;

/**
 * The holder missed its deadline. Counts only if we published something in the second half of it: else the
 * share may be refusing writes.
 */
export function isMissed(
  record: InstanceRecord,
  known: CalledUnchanged,
  { nowMs, gapMs, wroteMs }: CallRecord,
): boolean {
  const answerMs = answerMsOf(record);
  return (
    gapMs <= answerGapMs(record) &&
    nowMs - known.byAnswer.sinceMs >= answerMs &&
    wroteMs >= known.byAnswer.sinceMs + PROOF_PART * answerMs
  );
}

/**
 * Next time this holder needs a commit: to evict it, or to prove that the share accepts writes. Infinity
 * without an answer deadline.
 */
export function answerDueMs(record: InstanceRecord, known: CalledUnchanged, wroteMs: number): number {
  const proofMs = known.byAnswer.sinceMs + PROOF_PART * answerMsOf(record);
  return wroteMs >= proofMs ? known.byAnswer.sinceMs + answerMsOf(record) : proofMs;
}

export const missedDeadlines = (record: InstanceRecord): string =>
  `did not answer within ${record.answersWithin} s, as it had promised`;

/**
 * When a holder that is called now is evicted at the latest, by share time. Infinity without an answer
 * deadline.
 */
export const answerByMs = ({ policy, nowMs }: ChangeContext, record: InstanceRecord): number =>
  policy.answerWithinSeconds === null
    ? Number.POSITIVE_INFINITY
    : nowMs + answerMsOf(record) + ANSWER_COMMIT_MS;

/** The roll call, written once more: proof that the share takes what is written. */
export const proved = (licence: Licence, nowMs: number): Licence =>
  licence.rollCall ? { ...licence, rollCall: { ...licence.rollCall, provedAt: toIso(nowMs) } } : licence;

const answerMsOf = (record: InstanceRecord): number =>
  record.answersWithin === null ? Number.POSITIVE_INFINITY : 1000 * record.answersWithin;
export const answerGapMs = (record: InstanceRecord): number => answerMsOf(record) / POLLS_PER_ANSWER;
