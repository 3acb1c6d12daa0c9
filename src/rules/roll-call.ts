import type { CalledName, InstanceRecord, Licence } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import { Unchanged } from '../licence/unchanged.js';
import type { Verdict } from './liveness.js';
import {
  answerDueMs,
  answerGapMs,
  type CalledSince,
  type CalledUnchanged,
  type Caller,
  type CallRecord,
  isMissed,
  isOnDemand,
  missedDeadlines,
} from './on-demand.js';
import {
  ALIVE_INTERVALS,
  deadAfterMs,
  FUTURE_MS,
  intervalMs,
  LONGEST_COMMIT_MS,
  longestGapMs,
  outAfterMs,
  TRY_INTERVALS,
  WAIT_INTERVALS,
} from './timing.js';

/**
 * Rule 5(b). A newcomer has not observed any peer yet. Share time tells it whom to call, and evicts no
 * instance: a live one answers at its next poll, by beating. An instance is dead if it has not answered
 * within T/4 of the newcomer's own monotonic clock, in which the newcomer could poll and write without a
 * gap, and is silent for 2 T by then.
 *
 * Silence is the age of the last beat by share time, or how long the newcomer itself has seen it unchanged,
 * whichever is more. So a beat from the server's future tells nothing, and protects no instance for ever.
 * While a live peer has been there since that beat, the age does not count: the peer evicts by what it has
 * seen (rule 4), and share time may be wrong. So where the server's clock was set ahead, the first instance
 * that answers a roll call protects those that cannot. All times are milliseconds.
 */

/**
 * At most this many are called at once: each name is a hundred bytes in every revision until it is
 * answered.
 */
const MOST_NAMES = 1000;
/** What the tombstone says of an instance that was evicted so. */
const UNANSWERED = 'did not answer the roll call';

/** How long a record has been silent, as far as the newcomer can tell. */
export type Silence = (record: InstanceRecord) => number;

/** What the silence of a record is told by. */
export interface SilenceFacts {
  /** Share time. */
  readonly nowMs: number;
  /** Since when a live instance has been there, see {@link clockHeldFrom}. */
  readonly watchedFromMs: number;
  /** How long the newcomer itself has seen the beat unchanged. */
  readonly unchangedMs: number;
}

export const silenceMs = (record: InstanceRecord, facts: SilenceFacts): number => {
  const { nowMs, watchedFromMs, unchangedMs } = facts;
  return isWatched(record, nowMs, watchedFromMs)
    ? unchangedMs
    : Math.max(nowMs - fromIso(record.beatAt), unchangedMs);
};

/** When the oldest instance that lives by share time joined, by share time. Infinity when none lives. */
export const clockHeldFrom = (licence: Pick<Licence, 'instances'>, shareTimeMs: number): number =>
  licence.instances
    .filter((record) => isBeating(record, shareTimeMs))
    .reduce((first, record) => Math.min(first, fromIso(record.joinedAt)), Number.POSITIVE_INFINITY);

/** A live instance has been there since its last beat, or for as long as it takes to evict it. */
const isWatched = (record: InstanceRecord, shareTimeMs: number, watchedFromMs: number): boolean =>
  watchedFromMs <= Math.max(fromIso(record.beatAt), shareTimeMs - outAfterMs(record));

/** Its beat is overdue by share time. For people, and for nothing that evicts. */
export function isSilent(record: InstanceRecord, shareTimeMs: number): boolean {
  return shareTimeMs >= silentFromMs(record);
}

/** When its next beat is overdue, by share time. */
export const silentFromMs = (record: InstanceRecord): number =>
  fromIso(record.beatAt) + ALIVE_INTERVALS * intervalMs(record);

export const isFromFuture = (record: InstanceRecord, shareTimeMs: number): boolean =>
  fromIso(record.beatAt) - shareTimeMs > FUTURE_MS;

/** By share time it lives: it will evict the dead. */
export const isBeating = (record: InstanceRecord, shareTimeMs: number): boolean =>
  record.level === 'heartbeat' && !isSilent(record, shareTimeMs) && !isFromFuture(record, shareTimeMs);

/** When a silent holder is evicted at the latest, by share time, if it is dead. */
export function outByMs(record: InstanceRecord, shareTimeMs: number, watchedFromMs: number): number {
  const byPeersMs = fromIso(record.beatAt) + outAfterMs(record);
  if (isWatched(record, shareTimeMs, watchedFromMs))
    return byPeersMs > shareTimeMs ? byPeersMs : shareTimeMs + outAfterMs(record);
  const askedMs =
    WAIT_INTERVALS * intervalMs(record) + Math.min(TRY_INTERVALS * intervalMs(record), LONGEST_COMMIT_MS);
  return Math.max(byPeersMs, shareTimeMs + askedMs);
}

/** The same of any holder; Infinity for one that beats, or owes no heartbeat. */
export const silentOutByMs = (record: InstanceRecord, shareTimeMs: number, watchedFromMs: number): number =>
  record.level === 'heartbeat' && isSilent(record, shareTimeMs)
    ? outByMs(record, shareTimeMs, watchedFromMs)
    : Number.POSITIVE_INFINITY;

/**
 * Holders of a module that may be dead, as far as silence tells, or that are or may be called. They are
 * worth staying for.
 */
export function doubtful(
  context: ChangeContext,
  { module, ownId, silence }: { readonly module: string; readonly ownId: string; readonly silence: Silence },
): InstanceRecord[] {
  const { licence, nowMs } = context;
  const called = new Set(calledIn(licence));
  return askable(licence, module, ownId).filter(
    (record) =>
      called.has(record) ||
      isOnDemand(context, record, { hasWaited: true }) ||
      silence(record) >= ALIVE_INTERVALS * intervalMs(record) ||
      isFromFuture(record, nowMs),
  );
}

export interface RollCallRequest {
  readonly module: string;
  readonly caller: Caller;
  readonly silence: Silence;
}

/**
 * The roll call with every holder that has to be called for a seat in this module. Null when all of them
 * are called already.
 */
export function callRoll(
  context: ChangeContext,
  { module, caller, silence }: RollCallRequest,
): Licence | null {
  const { licence, nowMs } = context;
  const { rollCall } = withoutAnswered(licence);
  const standing = rollCall?.names ?? [];
  const known = new Set(standing.map((name) => name.instance));
  const room = Math.max(0, MOST_NAMES - standing.length);
  const free = askable(licence, module, caller.id).filter((record) => !known.has(record.id));
  const isLongSilent = (record: InstanceRecord) => silence(record) >= deadAfterMs(record);
  const silent = free.filter(isLongSilent);
  const onDemand = free.filter((record) => isOnDemand(context, record, caller) && !isLongSilent(record));
  const fresh = [...silent, ...onDemand].slice(0, room);
  if (fresh.length === 0) return null;
  const at = toIso(nowMs);
  const names = fresh.map(
    ({ id, beat }): CalledName => ({ instance: id, beat, by: caller.actor.slice(0, 600), at }),
  );
  const calledAt = onDemand.length > 0 ? { calledAt: at } : {};
  return { ...licence, rollCall: { ...rollCall, names: [...standing, ...names], ...calledAt } };
}

/** Whether this instance is called, and has to beat now. */
export const isCalled = (licence: Licence, instanceId: string): boolean =>
  calledIn(licence).some((record) => record.id === instanceId);

/** Without the names that are gone or have beaten; without the roll call when that was the last. */
export function withoutAnswered(licence: Licence): Licence {
  const { rollCall, ...rest } = licence;
  if (!rollCall) return licence;
  const standing = new Map(calledIn(licence).map((record) => [record.id, record.beat]));
  const names = rollCall.names.filter((name) => standing.get(name.instance) === name.beat);
  if (names.length === rollCall.names.length) return licence;
  const { calledAt } = rollCall;
  if (names.length === 0) return calledAt === undefined ? rest : { ...rest, rollCall: { names, calledAt } };
  return { ...licence, rollCall: { ...rollCall, names } };
}

/** How a commit of ours follows on the one before. */
export interface OwnPace {
  readonly nowMs: number;
  readonly gapMs: number;
  readonly checkIntervalSeconds: number;
}

/**
 * After a commit of ours: how long each called name has been watched. After a gap longer than allowed, its
 * time starts again from now.
 */
export function watch(
  before: CalledSince,
  licence: Licence,
  { nowMs, gapMs, checkIntervalSeconds }: OwnPace,
): CalledSince {
  return new Map(
    calledIn(licence).map((record) => {
      const known = before.get(record.id);
      const sighting = { identity: record.beat, startedMs: nowMs };
      const isUnbroken = gapMs <= longestGapMs(checkIntervalSeconds);
      const isUnbrokenByAnswer = gapMs <= answerGapMs(record);
      return [
        record.id,
        {
          byInterval: Unchanged.after(isUnbroken ? known?.byInterval : null, sighting),
          byAnswer: Unchanged.after(isUnbrokenByAnswer ? known?.byAnswer : null, sighting),
        },
      ];
    }),
  );
}

/**
 * The instances to evict. Rule 5(b): one that has stood in the roll call for T/4 up to now, and is silent
 * for 2 T, by its own T or that of the file, whichever is longer. Rule 7: one that has missed its answer
 * deadline while we could write.
 */
export function unanswered(
  context: Pick<ChangeContext, 'licence' | 'policy'>,
  watching: CallRecord,
  silence: Silence,
): Verdict[] {
  const waitMs = (record: InstanceRecord) =>
    WAIT_INTERVALS * Math.max(intervalMs(record), intervalMs(context.policy));
  const isUnbroken = watching.gapMs <= longestGapMs(context.policy.checkIntervalSeconds);
  const isOverdue = (record: InstanceRecord, known: CalledUnchanged) =>
    isUnbroken &&
    watching.nowMs - known.byInterval.sinceMs >= waitMs(record) &&
    silence(record) >= outAfterMs(record);
  return calledIn(context.licence).flatMap((record) => {
    const known = watching.calledSince.get(record.id);
    if (known?.byAnswer.identity !== record.beat) return [];
    const verdict = { instance: record.id, beat: record.beat, reason: 'evicted' } as const;
    if (isOverdue(record, known)) return [{ ...verdict, words: UNANSWERED }];
    return isMissed(record, known, watching) ? [{ ...verdict, words: missedDeadlines(record) }] : [];
  });
}

/**
 * When one of the called holders next needs a commit by rule 7. Infinity when none of them has an answer
 * deadline.
 */
export function answerDeadlineMs(licence: Licence, calledSince: CalledSince, wroteMs: number): number {
  const due = calledIn(licence).map((record) => {
    const known = calledSince.get(record.id);
    return known?.byAnswer.identity === record.beat
      ? answerDueMs(record, known, wroteMs)
      : Number.POSITIVE_INFINITY;
  });
  return due.reduce((first, one) => Math.min(first, one), Number.POSITIVE_INFINITY);
}

/** The records that the roll call names by the beat they still stand at. */
function calledIn(licence: Licence): InstanceRecord[] {
  const names = new Map(licence.rollCall?.names.map((name) => [name.instance, name.beat]));
  if (names.size === 0) return [];
  return licence.instances.filter((record) => mayBeAsked(record) && names.get(record.id) === record.beat);
}

const askable = (licence: Licence, module: string, ownId: string): InstanceRecord[] =>
  licence.instances.filter((record) => record.id !== ownId && mayBeAsked(record) && sitsIn(record, module));

/** Light is never called, nor is an instance that has only borrowed seats. */
const mayBeAsked = (record: InstanceRecord): boolean =>
  record.level === 'heartbeat' && record.seats.some((seat) => seat.untilAt === null);

const sitsIn = (record: InstanceRecord, module: string): boolean =>
  record.seats.some((seat) => seat.module === module && seat.untilAt === null);
