import type { InstanceRecord, Level } from '../licence/document.js';

/**
 * Every factor of T, the check interval, and of A, the answer deadline (README, rules 2 to 9). A factor of
 * a record is one of the T or A that the record itself names. `test/rules/timing.test.ts` checks how the
 * factors bind each other.
 *
 * | name ends in | unit |
 * |---|---|
 * | `_INTERVALS` | times T |
 * | `_PART` | times A |
 * | `_MS` | milliseconds |
 */

// --- polls and beats (rules 2 and 3) ---------------------------------------------------------------------

/** From one poll to the next, at most. */
export const POLL_INTERVALS = 1 / 8;
/** No instance polls less often than this, however long T is. */
export const LONGEST_POLL_MS = 3_600_000;
/** Light polls no more often than this (rule 10). */
export const LIGHT_POLL_MS = 60_000;
/**
 * Of the time between two polls at most this many poll periods count: the observer may have been suspended,
 * and the peer with it.
 */
export const COUNTED_POLLS = 2;
/** A waiter polls at this pace, within these bounds (rule 8). */
export const SHORTEST_WAITER_POLL_MS = 2000;
export const LONGEST_WAITER_POLL_MS = 5000;

/** A beat comes up to this much before it is due: instances that began together drift apart. */
export const JITTER_INTERVALS = 1 / 16;
/** A failed beat or poll is tried again after this, or after {@link LONGEST_RETRY_MS}. */
export const RETRY_INTERVALS = 1 / 16;
export const LONGEST_RETRY_MS = 5000;
/** A beat waits for the share for this long, and at least {@link LEAST_BEAT_PATIENCE_MS}. */
export const BEAT_PATIENCE_INTERVALS = 1 / 4;
export const LEAST_BEAT_PATIENCE_MS = 10_000;
/** How often a file that hints at changes is asked for, where the system does not tell by itself. */
export const HINT_INTERVALS = 1 / 60;
/** A pulse that comes later than this, and later than {@link RETRY_INTERVALS}, says that the computer slept. */
export const LEAST_SLEEP_MS = 1000;
/** A beat is overdue this long after it was due: `jeopardy`. */
export const OVERDUE_INTERVALS = 1 / 8;

// --- validity (rule 9) -----------------------------------------------------------------------------------

/** A seat is valid for this long, and the grace, after the *start* of the last confirmed beat. */
export const VALID_INTERVALS = 1.5;

// --- eviction by a peer (rule 4) -------------------------------------------------------------------------

/** Observed silence after which a peer is dead; {@link GRACE_FACTOR} times its grace comes on top. */
export const DEAD_INTERVALS = 1.75;
/** Others wait this many times the grace: clock rates may differ. */
export const GRACE_FACTOR = 7 / 6;
/**
 * This long before a peer is dead, an observer without a recent commit of its own beats early to have one
 * (at 1.55 T).
 */
export const PROOF_INTERVALS = 0.2;
/** The observer's own commit must be older than this: the peer had that long to write. */
export const YOUNGEST_PROOF_INTERVALS = 1 / 8;
/** And younger than this. */
export const OLDEST_PROOF_INTERVALS = 1 / 2;
/**
 * A commit of our own that took longer than a poll period is slow; for short T, where a busy computer takes
 * as long, than this.
 */
export const LEAST_SLOW_MS = 1000;

// --- the roll call of a newcomer (rule 5b) ---------------------------------------------------------------

/** A beat younger than this is `alive` in `status`. */
export const ALIVE_INTERVALS = 1.125;
/** From called ({@link DEAD_INTERVALS}) to evicted, in silence: 2 T in all. */
export const CALLED_INTERVALS = 1 / 4;
/**
 * How long a roll call stands before a holder that has not answered is evicted. Twice the time between two
 * polls.
 */
export const WAIT_INTERVALS = 1 / 4;
/** A caller tries again at this pace, within these bounds. */
export const TRY_INTERVALS = 1 / 16;
export const SHORTEST_TRY_MS = 250;
export const LONGEST_TRY_MS = 1_800_000;
/**
 * Two tries further apart than this leave a gap in which no holder can be blamed; for T below 8 s, than
 * {@link SHORTEST_GAP_MS}.
 */
export const GAP_INTERVALS = 1 / 8;
export const SHORTEST_GAP_MS = 1000;
/** What a commit may add to a time that is told: the pace of tries, at most this. */
export const LONGEST_COMMIT_MS = 5000;
/** A beat further in the server's future than this is no beat that can be dated: the clock was set back. */
export const FUTURE_MS = 60_000;

// --- roll call on demand (rule 7) ------------------------------------------------------------------------

/** Polls of a holder within A. */
export const POLLS_PER_ANSWER = 4;
/** A seat is valid for this part of A after the *start* of the last good poll. */
export const VALID_PART = 6 / 7;
/** `jeopardy`: two polls have failed. */
export const LATE_PART = 1 / 2;
/**
 * A caller has published after this part of A that it waited: else the share may be refusing what the
 * holder writes.
 */
export const PROOF_PART = 1 / 2;
/**
 * A waiter calls a holder again only when its last beat is older than this many answer deadlines. Bounds
 * the extra writes.
 */
export const CALLED_AGAIN = 10;
/** From a missed deadline to the commit that says so. */
export const ANSWER_COMMIT_MS = 2000;

// --- the queue (rule 8) ----------------------------------------------------------------------------------

/** An offered seat that is not accepted goes to the next waiter after this. */
export const OFFER_MS = 60_000;
/** A waiter may stand this much longer than it said. */
export const OVERSTAY_MS = 10_000;
/** Of the time between two polls of the queue at most this counts. */
export const LONGEST_QUEUE_GAP_MS = 10_000;

// --- after a restore, and after the end ------------------------------------------------------------------

/**
 * The settling period: after a restore no new user is seated and no instance evicted, so that every live
 * one can poll.
 */
export const SETTLING_INTERVALS = 1 / 4;
/**
 * Where there is no free seat, an instance tries to put its own record back for this long after its last
 * confirmed beat.
 */
export const RETURN_INTERVALS = 2;
/**
 * An instance in the queue for its own record polls at least at this pace: an offered seat has to be
 * accepted.
 */
export const RETURN_POLL_MS = 5000;
/** Instances that remember lost revisions put them in within this time, not all at once. */
export const RECALL_INTERVALS = 1 / 32;
/** Tombstones are kept for this, and at least {@link LEAST_KEPT_MS}. */
export const KEPT_INTERVALS = 4;
export const LEAST_KEPT_MS = 86_400_000;
/** An older boot proves nothing unless the last beat is at least this much older than our boot (rule 6). */
export const BOOT_MARGIN_MS = 60_000;
/** One user's refusals in one module are recorded once in this time. */
export const DENIAL_PAUSE_MS = 60_000;

// --- what follows for one record -------------------------------------------------------------------------

type Owed = Pick<InstanceRecord, 'checkIntervalSeconds' | 'graceSeconds'>;

/** T, in milliseconds. */
export const intervalMs = ({ checkIntervalSeconds }: Pick<Owed, 'checkIntervalSeconds'>): number =>
  checkIntervalSeconds * 1000;

/** How often an instance polls at least. */
export const pollPeriodMs = (checkIntervalSeconds: number): number =>
  Math.min(checkIntervalSeconds * 1000 * POLL_INTERVALS, LONGEST_POLL_MS);

/** The same by its level and answer deadline: it notices a removal, or a change of settings, within this. */
export function ownPollMs(level: Level, checkIntervalSeconds: number, answersWithin: number | null): number {
  const periodMs = pollPeriodMs(checkIntervalSeconds);
  if (level === 'light') return Math.max(LIGHT_POLL_MS, periodMs);
  return answersWithin === null ? periodMs : Math.min(periodMs, (answersWithin * 1000) / POLLS_PER_ANSWER);
}

/** How often a waiter polls. */
export const waiterPollMs = (ofIntervalMs: number): number =>
  Math.max(SHORTEST_WAITER_POLL_MS, Math.min(ofIntervalMs * POLL_INTERVALS, LONGEST_WAITER_POLL_MS));

/** Observed silence after which a peer evicts. */
export const deadAfterMs = ({ checkIntervalSeconds, graceSeconds }: Owed): number =>
  (DEAD_INTERVALS * checkIntervalSeconds + GRACE_FACTOR * graceSeconds) * 1000;

/**
 * Silence by which a dead instance is evicted at the latest: by a peer at its next poll, or by a roll call.
 */
export const outAfterMs = (record: Owed): number =>
  deadAfterMs(record) + CALLED_INTERVALS * intervalMs(record);

/** How long a seat is valid after the start of the last confirmed beat (rule 9). */
export const validForMs = ({ checkIntervalSeconds, graceSeconds }: Owed): number =>
  VALID_INTERVALS * (checkIntervalSeconds * 1000) + graceSeconds * 1000;

/** How often a caller tries again; more often with answer deadlines. */
export function tryPeriodMs(checkIntervalSeconds: number, answerWithinSeconds: number | null): number {
  const paceMs = checkIntervalSeconds * 1000 * TRY_INTERVALS;
  const periodMs = Math.min(Math.max(paceMs, SHORTEST_TRY_MS), LONGEST_TRY_MS);
  return answerWithinSeconds === null
    ? periodMs
    : Math.min(periodMs, (1000 * answerWithinSeconds) / POLLS_PER_ANSWER / 2);
}

/** A commit that took longer, or came longer after the one before, begins the wait of a roll call anew. */
export const longestGapMs = (checkIntervalSeconds: number): number =>
  Math.max(checkIntervalSeconds * 1000 * GAP_INTERVALS, SHORTEST_GAP_MS);

/** How long the settling period lasts. */
export const settlingPeriodMs = (policy: Pick<Owed, 'checkIntervalSeconds'>): number =>
  SETTLING_INTERVALS * intervalMs(policy);

/** How long a tombstone is kept. */
export const keptMs = (policy: Pick<Owed, 'checkIntervalSeconds'>): number =>
  Math.max(KEPT_INTERVALS * intervalMs(policy), LEAST_KEPT_MS);
