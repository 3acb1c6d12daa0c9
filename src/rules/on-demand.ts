import type { InstanceRecord, Licence } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import type { Unchanged } from '../licence/unchanged.js';
import { ANSWER_COMMIT_MS, CALLED_AGAIN, POLLS_PER_ANSWER, PROOF_PART } from './timing.js';

/**
 * Rule 7: holders have promised to answer within A whoever needs a seat. Who has not, counted by the caller from its confirmed commit in
 * which it called him, and while it could look and write itself, is dead. All times are milliseconds.
 */

/** Who calls the roll. */
export interface Caller {
  readonly id: string;
  readonly actor: string;
  /** It has waited for a while already: whoever has proved since that he lives is not called again for every try (rule 7). */
  readonly hasWaited: boolean;
}

/** The beat by which a name stands in the roll call, and since when we have seen it unchanged. */
export interface WatchedName {
  /** Without a gap in which the whole office may have slept, by the measure of T. */
  readonly byInterval: Unchanged;
  /** And by the measure of what it has promised: rule 7. */
  readonly byAnswer: Unchanged;
}
/** By instance. */
export type Watched = ReadonlyMap<string, WatchedName>;

/** What we know when a commit of ours begins. */
export interface Watching {
  readonly watched: Watched;
  /** When the commit began. */
  readonly nowMs: number;
  /** The longest time without a look or a proof since the commit before. */
  readonly gapMs: number;
  /** When our last commit began that wrote something. */
  readonly wroteMs: number;
}

/** Rule 7: who has promised to answer is asked by whoever needs a place, but not again while his last answer is fresh. */
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

/** Rule 7: the promise is broken. Who could not write himself blames nobody: he has written since half of the time was over. */
export function isBroken(
  record: InstanceRecord,
  known: WatchedName,
  { nowMs, gapMs, wroteMs }: Watching,
): boolean {
  const answerMs = answerMsOf(record);
  return (
    gapMs <= answerGapMs(record) &&
    nowMs - known.byAnswer.sinceMs >= answerMs &&
    wroteMs >= known.byAnswer.sinceMs + PROOF_PART * answerMs
  );
}

/** When the promise is broken, if it is, or has to be proved that it could be kept; Infinity for who has promised nothing. */
export function answerDueMs(record: InstanceRecord, known: WatchedName, wroteMs: number): number {
  const proofMs = known.byAnswer.sinceMs + PROOF_PART * answerMsOf(record);
  return wroteMs >= proofMs ? known.byAnswer.sinceMs + answerMsOf(record) : proofMs;
}

export const brokenWords = (record: InstanceRecord): string =>
  `did not answer within ${record.answersWithin} s, as it had promised`;

/** When a holder who is asked now, and has promised to answer, is out at the latest, by share time; Infinity if he has not. */
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
