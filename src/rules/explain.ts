import type { InstanceRecord } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import { clockHeldFrom, isBeating, isFromFuture, silentFromMs } from './roll-call.js';
import {
  ANSWER_COMMIT_MS,
  deadAfterMs,
  LONGEST_COMMIT_MS,
  outAfterMs,
  pollPeriodMs,
  settlingPeriodMs,
  TRY_INTERVALS,
  WAIT_INTERVALS,
} from './timing.js';

/**
 * What would become of a seat whose holder does nothing any more from its last beat on: by which rule it is evicted,
 * not before when, and not after when. By share time, as long as all clocks run alike, and as long as those that watch
 * it now go on: that another application ends is not foreseen.
 */

/**
 * `silence`: rule 4, by a peer. `roll call`: rule 5(b), by a user that asks for a seat. `answer deadline`: rule 7, by
 * such a user. `process gone`: rule 5(a), by any application on the same computer.
 */
type EvictionRule = 'silence' | 'roll call' | 'answer deadline' | 'process gone';

/** One way to be evicted. */
export interface Prospect {
  readonly rule: EvictionRule;
  readonly notBefore: string;
  readonly notAfter: string;
  /** It takes a user that asks for a seat, and stays until then. The times are those of a user that asks now. */
  readonly ifAsked: boolean;
}

export interface Explanation {
  /** The first first. None: no rule ever evicts it. */
  readonly prospects: readonly Prospect[];
  /** The earliest eviction, also if a user asks now; null: never. */
  readonly notBefore: string | null;
  /** The latest eviction without any user that asks; null: no other instance runs, or no rule evicts it. */
  readonly notAfter: string | null;
  /** Peers that live by share time, and are not provably gone: they watch the beats. */
  readonly watchers: number;
}

export interface ExplainedSeat {
  readonly record: InstanceRecord;
  /** Whether a process is provably gone, on the computer of the reader. */
  readonly isGone: (record: InstanceRecord) => boolean;
}

/** Not of a borrowed seat, which is good until its end whatever becomes of its holder. */
export function explain(context: ChangeContext, { record, isGone }: ExplainedSeat): Explanation {
  const peers = peersOf(context, { record, isGone });
  const found = record.level === 'light' ? [] : prospectsOf(context, { record, isGone }, peers);
  const prospects = found.toSorted((one, other) => one.fromMs - other.fromMs);
  const unasked = prospects.filter(({ ifAsked }) => !ifAsked);
  const lastMs = unasked.reduce((least, { untilMs }) => Math.min(least, untilMs), Number.POSITIVE_INFINITY);
  const [first] = prospects;
  return {
    prospects: prospects.map(({ fromMs, untilMs, ...rest }) => ({
      ...rest,
      ...{ notBefore: toIso(fromMs), notAfter: toIso(untilMs) },
    })),
    notBefore: first ? toIso(first.fromMs) : null,
    notAfter: Number.isFinite(lastMs) ? toIso(lastMs) : null,
    watchers: peers.watchers.length,
  };
}

/** The other instances that live by share time. */
interface Peers {
  readonly watchers: readonly InstanceRecord[];
  /** Their processes are gone, which the other computers only see when their beats are overdue. */
  readonly ghosts: readonly InstanceRecord[];
}

function peersOf({ licence, nowMs }: ChangeContext, { record, isGone }: ExplainedSeat): Peers {
  const beating = licence.instances.filter((peer) => peer.id !== record.id && isBeating(peer, nowMs));
  const gone = new Set(beating.filter(isGone));
  return { watchers: beating.filter((peer) => !gone.has(peer)), ghosts: [...gone] };
}

/** As {@link Prospect}, in milliseconds of share time. */
interface Span extends Pick<Prospect, 'rule' | 'ifAsked'> {
  readonly fromMs: number;
  readonly untilMs: number;
}

function prospectsOf(context: ChangeContext, { record, isGone }: ExplainedSeat, peers: Peers): Span[] {
  const isWatched = peers.watchers.length > 0;
  return [
    isWatched ? bySilence(context, record, peers) : byRollCall(context, record, peers),
    ...byAnswerDeadline(context, record),
    ...(isGone(record) ? [byProof(context, record, peers)] : []),
  ];
}

/** A beat in the server's future cannot be dated: the clock was set back. An observer may have seen it for long. */
const firstMs = ({ nowMs }: ChangeContext, record: InstanceRecord): number =>
  isFromFuture(record, nowMs) ? nowMs : fromIso(record.beatAt) + deadAfterMs(record);

/** T of the record or of the file, whichever is longer: peers poll at the pace of the file. */
const slowest = ({ policy }: ChangeContext, record: InstanceRecord) => ({
  graceSeconds: record.graceSeconds,
  checkIntervalSeconds: Math.max(record.checkIntervalSeconds, policy.checkIntervalSeconds),
});

/**
 * A peer that came after the beat has observed it only since then; after a restore all begin anew. Where the time has
 * passed already, the peers had trouble of their own, which caps what they have observed (rule 4).
 */
function bySilence(context: ChangeContext, record: InstanceRecord, { watchers }: Peers): Span {
  const { licence, policy, nowMs } = context;
  const watchedFromMs = clockHeldFrom({ instances: watchers }, nowMs);
  const outMs = outAfterMs(slowest(context, record));
  const restoredMs = licence.restored ? fromIso(licence.restored.at) + settlingPeriodMs(policy) : 0;
  const sinceMs = Math.max(Math.min(fromIso(record.beatAt), nowMs), watchedFromMs, restoredMs);
  const untilMs = (sinceMs + outMs > nowMs ? sinceMs : nowMs) + outMs + LONGEST_COMMIT_MS;
  return { rule: 'silence', ifAsked: false, fromMs: firstMs(context, record), untilMs };
}

/** While ghosts seem to watch, the age of a beat does not count. */
function byRollCall(context: ChangeContext, record: InstanceRecord, { ghosts }: Peers): Span {
  const { nowMs, policy } = context;
  const longMs = 1000 * slowest(context, record).checkIntervalSeconds;
  const commitMs = Math.min(TRY_INTERVALS * longMs, LONGEST_COMMIT_MS);
  const countsFromMs = ghosts.reduce(
    (latest, ghost) => Math.max(latest, silentFromMs(ghost) + pollPeriodMs(policy.checkIntervalSeconds)),
    nowMs,
  );
  const askedMs = countsFromMs + WAIT_INTERVALS * longMs + commitMs;
  const outMs = Math.min(fromIso(record.beatAt), nowMs) + outAfterMs(record) + commitMs;
  return {
    rule: 'roll call',
    ifAsked: true,
    fromMs: firstMs(context, record),
    untilMs: Math.max(askedMs, outMs),
  };
}

/** A call that stands was made by the beat that it names, and counts from then on. */
function byAnswerDeadline({ licence, policy, nowMs }: ChangeContext, record: InstanceRecord): Span[] {
  const { answersWithin } = record;
  if (answersWithin === null) return [];
  const call = licence.rollCall?.names.find((one) => one.instance === record.id && one.beat === record.beat);
  if (call === undefined && policy.answerWithinSeconds === null) return [];
  const answerMs = 1000 * answersWithin;
  const calledMs = call === undefined ? nowMs : Math.min(nowMs, fromIso(call.at));
  const untilMs = nowMs + answerMs + ANSWER_COMMIT_MS;
  return [{ rule: 'answer deadline', ifAsked: true, fromMs: calledMs + answerMs, untilMs }];
}

/** At the next poll of an application on the same computer; where none runs there, by the next one that asks. */
function byProof({ policy, nowMs }: ChangeContext, record: InstanceRecord, { watchers }: Peers): Span {
  const pollMs = pollPeriodMs(policy.checkIntervalSeconds);
  const ifAsked = !watchers.some(({ machine }) => machine.pids === record.machine.pids);
  return { rule: 'process gone', ifAsked, fromMs: nowMs, untilMs: nowMs + pollMs + LONGEST_COMMIT_MS };
}
