import { describe, expect, test } from 'vitest';
import * as t from '../../src/rules/timing.js';

/** How the factors of T and A bind each other. A factor that moves past its neighbour fails here, with the reason. */

type Row = readonly [why: string, less: number, more: number];

const OF_T: readonly Row[] = [
  ['a live user is not evicted before 1 T', 1, t.DEAD_INTERVALS],
  ['a seat is valid for more than one beat', 1 + t.OVERDUE_INTERVALS, t.VALID_INTERVALS],
  ['validity ends before a peer evicts', t.VALID_INTERVALS, t.DEAD_INTERVALS],
  ['and before a roll call does', t.VALID_INTERVALS, t.DEAD_INTERVALS + t.CALLED_INTERVALS],
  ['others wait longer than the grace lasts', 1, t.GRACE_FACTOR],
  [
    'clock rates may differ by as much for grace as for T',
    t.GRACE_FACTOR,
    t.DEAD_INTERVALS / t.VALID_INTERVALS + 1e-9,
  ],
  [
    'an instance that fails to beat is warned before its validity ends',
    1 + t.OVERDUE_INTERVALS,
    t.VALID_INTERVALS,
  ],
  ['a silent peer is first shown as silent', t.ALIVE_INTERVALS, t.DEAD_INTERVALS],
  ['and only after a beat was due', 1, t.ALIVE_INTERVALS],
  [
    'proof before blame: the early beat is old enough when the peer is dead',
    t.YOUNGEST_PROOF_INTERVALS,
    t.PROOF_INTERVALS,
  ],
  ['and still young enough', t.PROOF_INTERVALS, t.OLDEST_PROOF_INTERVALS],
  [
    'an observer that beats each T has no commit in the window without the early one',
    t.OLDEST_PROOF_INTERVALS,
    1,
  ],
  ['a dead peer is gone by 2 T: 1.75 T, and the poll that shows it', t.DEAD_INTERVALS + t.POLL_INTERVALS, 2],
  ['a caller waits longer than a called holder needs to poll', t.POLL_INTERVALS, t.WAIT_INTERVALS],
  ['two polls fit into the wait', 2 * t.POLL_INTERVALS, t.WAIT_INTERVALS],
  ['a caller tries more often than a gap is long', t.TRY_INTERVALS, t.GAP_INTERVALS],
  ['a gap cannot hide the whole wait', t.GAP_INTERVALS, t.WAIT_INTERVALS],
  ['every live instance polls within the settling period', t.POLL_INTERVALS, t.SETTLING_INTERVALS],
  ['what is remembered goes in within the settling period', t.RECALL_INTERVALS, t.SETTLING_INTERVALS],
  ['a failed beat is tried again before it is overdue', t.RETRY_INTERVALS, t.OVERDUE_INTERVALS],
  ['beats stay about T apart', t.JITTER_INTERVALS, t.POLL_INTERVALS],
  ['a beat gives up on the share before its validity ends', 1 + t.BEAT_PATIENCE_INTERVALS, t.VALID_INTERVALS],
  ['a record may still be put back after its validity has ended', t.VALID_INTERVALS, t.RETURN_INTERVALS],
  ['a tombstone outlives all that its holder may still try', t.RETURN_INTERVALS, t.KEPT_INTERVALS],
];

const OF_A: readonly Row[] = [
  ['validity ends before the deadline', t.VALID_PART, 1],
  ['a poll that fails once costs no seat', 2 / t.POLLS_PER_ANSWER, t.VALID_PART],
  ['a holder whose polls fail is warned before its validity ends', t.LATE_PART, t.VALID_PART],
  ['the caller proves within the deadline that it can write', t.PROOF_PART, 1],
  ['it tries often enough for that', 1 / t.POLLS_PER_ANSWER / 2, 1 - t.PROOF_PART],
  ['a waiter does not call again at once', 1, t.CALLED_AGAIN],
];

const OF_MS: readonly Row[] = [
  ['bounds of the pace of a waiter', t.SHORTEST_WAITER_POLL_MS, t.LONGEST_WAITER_POLL_MS],
  ['bounds of the pace of a caller', t.SHORTEST_TRY_MS, t.LONGEST_TRY_MS],
  ['a caller tries more often than the shortest gap', t.SHORTEST_TRY_MS, t.SHORTEST_GAP_MS],
  ['a waiter polls often enough to accept an offer', t.LONGEST_WAITER_POLL_MS, t.OFFER_MS],
  ['and so does an instance that waits to be put back', t.RETURN_POLL_MS, t.OFFER_MS],
  ['no poll of a waiter is a gap', t.LONGEST_WAITER_POLL_MS, t.LONGEST_QUEUE_GAP_MS],
  ['a failed beat is tried again within a poll of the longest T', t.LONGEST_RETRY_MS, t.LONGEST_POLL_MS],
  ['a removal is told to a user that comes back the next morning', t.LONGEST_POLL_MS, t.LEAST_KEPT_MS],
  ['Light polls less often than the longest poll allows', t.LIGHT_POLL_MS, t.LONGEST_POLL_MS],
];

describe.each([
  ['times T', OF_T],
  ['times A', OF_A],
  ['milliseconds', OF_MS],
])('%s', (_unit, rows) => {
  test.each(rows)('%s', (_why, less, more) => expect(less).toBeLessThanOrEqual(more));
});

test.each([
  [8, 0],
  [300, 0],
  [1350, 600],
  [86_400, 34_560_000],
])(
  'a record with T = %d s and %d s of grace: valid, then dead, then out',
  (checkIntervalSeconds, graceSeconds) => {
    const record = { checkIntervalSeconds, graceSeconds };
    const times = [t.intervalMs(record), t.validForMs(record), t.deadAfterMs(record), t.outAfterMs(record)];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(4);
    expect(t.keptMs(record)).toBeGreaterThan(2 * t.intervalMs(record));
  },
);
