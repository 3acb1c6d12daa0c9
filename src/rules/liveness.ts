import type { InstanceRecord, Licence } from '../licence/document.js';
import { firstWhere } from '../licence/ordered.js';
import { Unchanged } from '../licence/unchanged.js';
import {
  COUNTED_POLLS,
  deadAfterMs,
  OLDEST_PROOF_INTERVALS,
  PROOF_INTERVALS,
  pollPeriodMs,
  YOUNGEST_PROOF_INTERVALS,
} from './timing.js';

/**
 * Rules 3 and 4. A peer is judged by its observed silence: how long its beat has not changed while the
 * observer was awake and polling, on the observer's own monotonic clock, and only for silence in which the
 * peer could have written. No time that another process wrote is read here.
 *
 * All times are milliseconds of the observer's monotonic clock. T is the check interval that the peer's own
 * record names.
 */

/** The beat of each peer, by instance id, and how long it has been seen unchanged. */
export type Observations = ReadonlyMap<string, Unchanged>;

/** A successful read of the newest revision. */
export interface Poll {
  readonly licence: Licence;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** The instance that polls. */
export interface Observer {
  readonly id: string;
  /** How often it polls. Milliseconds. */
  readonly periodMs: number;
}

/**
 * Adds one poll. The time between two polls counts for at most two poll periods, however long it was: the
 * observer may have been suspended, and the peer with it. The first poll that shows a beat counts from its
 * end, later ones from start to start.
 */
export function addPoll(before: Observations, seen: Poll, observer: Observer): Observations {
  const peers = seen.licence.instances.filter(
    (record) => record.id !== observer.id && record.level === 'heartbeat',
  );
  return new Map(
    peers.map((record) => {
      const { startedMs, endedMs } = seen;
      const periodMs = Math.min(observer.periodMs, pollPeriodMs(record.checkIntervalSeconds));
      const sighting = { identity: record.beat, startedMs, endedMs, longestGapMs: COUNTED_POLLS * periodMs };
      return [record.id, Unchanged.after(before.get(record.id), sighting)];
    }),
  );
}

/** Rule 4(b). After trouble of our own the observed silence of every peer is cut to one check interval. */
export function capSilence(observations: Observations, licence: Licence): Observations {
  const promised = new Map(
    licence.instances.map((record) => [record.id, record.checkIntervalSeconds * 1000]),
  );
  return new Map([...observations].map(([id, seen]) => [id, seen.atMost(promised.get(id) ?? 0)]));
}

/**
 * Our own commits that were confirmed since the last one that failed or was slow. They prove that a peer
 * could have written.
 */
export interface OwnCommit {
  readonly startedMs: number;
  readonly confirmedMs: number;
}

/** Commits older than half of the longest interval prove nothing any more. */
export function recentCommits(
  commits: readonly OwnCommit[],
  nowMs: number,
  longestIntervalMs: number,
): OwnCommit[] {
  return commits.filter((commit) => nowMs - commit.startedMs <= OLDEST_PROOF_INTERVALS * longestIntervalMs);
}

export interface Judgement {
  /** Dead, with proof: may be evicted now. */
  readonly evict: readonly Verdict[];
  /** A peer is nearly dead and we have no recent commit: beat now, to have one in time. */
  readonly beatEarly: boolean;
  /** When the next poll decides about one of them. Infinity if none. */
  readonly pollAgainMs: number;
}

/** What an observer judges by. */
export interface Evidence {
  readonly observations: Observations;
  /** Its own, in the order in which they were made. */
  readonly commits: readonly OwnCommit[];
  readonly nowMs: number;
}

/** What follows from all we have seen. */
export function judge(licence: Licence, evidence: Evidence): Judgement {
  const evict: Verdict[] = [];
  let beatEarly = false;
  let pollAgainMs = Number.POSITIVE_INFINITY;
  for (const record of licence.instances) {
    const seen = evidence.observations.get(record.id);
    if (seen?.identity !== record.beat) continue;
    const one = judgeOne(record, seen, evidence);
    evict.push(...one.evict);
    beatEarly ||= one.beatEarly;
    pollAgainMs = Math.min(pollAgainMs, one.pollAgainMs);
  }
  return { evict, beatEarly, pollAgainMs };
}

function judgeOne(record: InstanceRecord, seen: Unchanged, { commits, nowMs }: Evidence): Judgement {
  const intervalMs = record.checkIntervalSeconds * 1000;
  const deadMs = deadAfterMs(record);
  const warnMs = deadMs - PROOF_INTERVALS * intervalMs;
  const at = (unchangedMs: number) => seen.seenMs + unchangedMs - seen.forMs;
  if (seen.forMs < warnMs) return { evict: [], beatEarly: false, pollAgainMs: at(warnMs) };
  const lastMs = commits.at(-1)?.startedMs ?? Number.NEGATIVE_INFINITY;
  const beatEarly = nowMs - lastMs > (OLDEST_PROOF_INTERVALS - PROOF_INTERVALS) * intervalMs;
  if (seen.forMs < deadMs) return { evict: [], beatEarly, pollAgainMs: at(deadMs) };
  const ripeAt = firstWhere(
    commits,
    (one) => nowMs - one.confirmedMs < YOUNGEST_PROOF_INTERVALS * intervalMs,
  );
  const ripe = commits[ripeAt - 1]; // the last that the peer had long enough to answer
  const proven = ripe !== undefined && nowMs - ripe.startedMs <= OLDEST_PROOF_INTERVALS * intervalMs;
  if (proven)
    return {
      evict: [{ instance: record.id, beat: record.beat, reason: 'evicted' }],
      beatEarly: false,
      pollAgainMs: Number.POSITIVE_INFINITY,
    };
  const next = commits[ripeAt];
  const ripeMs = next ? next.confirmedMs + YOUNGEST_PROOF_INTERVALS * intervalMs : Number.POSITIVE_INFINITY;
  return { evict: [], beatEarly, pollAgainMs: ripeMs };
}

/** An instance to evict, and the beat at which it was seen unchanged. */
export interface Verdict {
  readonly instance: string;
  readonly beat: number;
  readonly reason: 'evicted' | 'process gone';
  /** What the tombstone says beside it. @default nothing */
  readonly words?: string;
}
