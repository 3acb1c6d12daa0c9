import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InstanceRecord, Level, Licence } from '../../src/licence/document.js';
import type { Instant } from '../../src/licence/time.js';
import { claim } from '../../src/rules/claim.js';
import { addPoll, capSilence, judge, type Observations, type OwnCommit } from '../../src/rules/liveness.js';
import { deadAfterMs, pollPeriodMs } from '../../src/rules/timing.js';
import { remainingMs, validityOf } from '../../src/rules/validity.js';
import { app, asking, contextOf, emptyTable, unchangedFor } from './tables.js';

/** T of every test here, milliseconds, and what one peer's record looks like. */
const T = 80_000;
const PERIOD = T / 8;

function peerTable(level: Level = 'heartbeat', graceSeconds = 0): Licence {
  const settings = { level, checkIntervalSeconds: T / 1000, offlineGraceSeconds: graceSeconds };
  const licence = emptyTable({}, settings);
  const outcome = claim(contextOf(licence), asking(app('peer'), 'M1', 's1'));
  if (outcome.kind !== 'seated') throw new Error('expected a seat');
  return outcome.draft.licence;
}

const heartbeatTable = peerTable();
const peerOf = (licence: Licence) => licence.instances[0] as InstanceRecord;
const withBeat = (beat: number, base = heartbeatTable): Licence => ({
  ...base,
  instances: [{ ...peerOf(base), beat }],
});

const none: Observations = new Map();
const seen = (sightings: Observations) => sightings.get('peer');
const sumOf = (sightings: Observations) => seen(sightings)?.forMs ?? 0;
const lookAt = (before: Observations, licence: Licence, startedMs: number, endedMs = startedMs) =>
  addPoll(before, { licence, startedMs, endedMs }, { id: 'me', periodMs: PERIOD });

/** A life: when each beat was published, and when we looked (start, duration). All on one clock. */
interface Watched {
  readonly beatsAtMs: readonly number[];
  readonly looks: readonly { readonly startedMs: number; readonly endedMs: number }[];
}

const steps = (most: number, arbitrary: fc.Arbitrary<number>) =>
  fc.array(arbitrary, { minLength: 1, maxLength: most }).map((gaps) => {
    let sum = 0;
    return [0, ...gaps.map((gap) => (sum += gap))];
  });

/** Beats at most `mostMs` apart; looks at any pace, each of any length, never two at a time. */
const watched = (mostMs: number): fc.Arbitrary<Watched> =>
  fc
    .record({
      beatsAtMs: steps(12, fc.integer({ min: 1, max: mostMs })),
      spans: fc.array(
        fc.record({
          pauseMs: fc.oneof(fc.nat(PERIOD), fc.nat(3 * T)),
          lengthMs: fc.oneof(fc.constant(0), fc.nat(PERIOD), fc.nat(T)),
        }),
        { minLength: 2, maxLength: 60 },
      ),
    })
    .map(({ beatsAtMs, spans }) => {
      let nowMs = 0;
      const looks = spans.map(({ pauseMs, lengthMs }) => {
        const startedMs = nowMs + pauseMs;
        nowMs = startedMs + lengthMs;
        return { startedMs, endedMs: nowMs };
      });
      return { beatsAtMs, looks: looks.filter(({ endedMs }) => endedMs < (beatsAtMs.at(-1) ?? 0)) };
    });

/** What a look finds: the newest beat published when the share carried it out, somewhere between its start and end. */
const beatAt = (beatsAtMs: readonly number[], atMs: number) => beatsAtMs.filter((ms) => ms <= atMs).length;

describe('rule 3: how long a beat has stood still', () => {
  test('never longer than it did, and no gap counts for more than two look periods', () => {
    fc.assert(
      fc.property(watched(4 * T), fc.double({ min: 0, max: 1, noNaN: true }), (life, part) => {
        let sightings = none;
        let capped = 0;
        let lastStartMs = Number.NEGATIVE_INFINITY;
        for (const { startedMs, endedMs } of life.looks) {
          const beat = beatAt(life.beatsAtMs, startedMs + part * (endedMs - startedMs));
          const isNew = seen(sightings)?.identity !== beat;
          sightings = lookAt(sightings, withBeat(beat), startedMs, endedMs);
          capped = isNew ? 0 : capped + Math.min(2 * PERIOD, startedMs - lastStartMs);
          lastStartMs = startedMs;
          expect(sumOf(sightings)).toBeLessThanOrEqual(
            Math.max(0, startedMs - (life.beatsAtMs[beat - 1] ?? 0)),
          );
          expect(sumOf(sightings)).toBeLessThanOrEqual(capped);
          if (isNew) expect(sumOf(sightings)).toBe(0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('looks at the pace of the rule see all of it but the length of the first', () => {
    const looks = Array.from({ length: 16 }, (_, n) => n * PERIOD);
    const sightings = looks.reduce((sum, ms) => lookAt(sum, withBeat(1), ms, ms + 100), none);
    expect(sumOf(sightings)).toBe(15 * PERIOD - 100);
  });

  test('a peer whose beats are up to 0.75 T late is never dead, however we look', () => {
    fc.assert(
      fc.property(watched(1.75 * T - 1), fc.double({ min: 0, max: 1, noNaN: true }), (life, part) => {
        let sightings = none;
        for (const { startedMs, endedMs } of life.looks) {
          const beat = beatAt(life.beatsAtMs, startedMs + part * (endedMs - startedMs));
          sightings = lookAt(sightings, withBeat(beat), startedMs, endedMs);
          expect(sumOf(sightings)).toBeLessThan(deadAfterMs(peerOf(heartbeatTable)));
          const always = commitsAt(startedMs - PERIOD);
          expect(
            judge(withBeat(beat), { observations: sightings, commits: always, nowMs: startedMs }).evict,
          ).toEqual([]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('a night asleep counts for two look periods', () => {
    const before = lookAt(lookAt(none, withBeat(1), 0), withBeat(1), PERIOD);
    expect(sumOf(lookAt(before, withBeat(1), 8 * 3_600_000))).toBe(3 * PERIOD);
  });

  test('a record of a shorter T is counted by its own look period', () => {
    const quick = { ...peerOf(heartbeatTable), checkIntervalSeconds: T / 4000 };
    const licence = { ...heartbeatTable, instances: [quick] };
    const after = lookAt(lookAt(none, licence, 0), licence, PERIOD);
    expect(sumOf(after)).toBe(2 * pollPeriodMs(T / 4000));
  });

  test('we do not watch ourselves, nor Light, nor who is gone', () => {
    const alone = { ...heartbeatTable, instances: [] };
    expect(
      addPoll(none, { licence: withBeat(1), startedMs: 0, endedMs: 0 }, { id: 'peer', periodMs: PERIOD })
        .size,
    ).toBe(0);
    expect(lookAt(none, peerTable('light'), 0).size).toBe(0);
    expect(lookAt(lookAt(none, withBeat(1), 0), alone, PERIOD).size).toBe(0);
  });

  test('a look that ends after the next begins takes nothing back', () => {
    const after = lookAt(lookAt(none, withBeat(1), 0, 5000), withBeat(1), 2000, 2000);
    expect(seen(after)).toEqual(unchangedFor(1, 0, 5000));
  });

  test('nobody looks less often than every hour', () => {
    expect([pollPeriodMs(8), pollPeriodMs(1800), pollPeriodMs(86_400)]).toEqual([1000, 225_000, 3_600_000]);
  });
});

const commitsAt = (...startedMs: number[]): OwnCommit[] =>
  startedMs.map((ms) => ({ startedMs: ms, confirmedMs: ms }));

/** A peer seen to stand still for so long, up to now = 0. */
const stoodStill = (forMs: number): Observations => new Map([['peer', unchangedFor(1, forMs)]]);
const judged = (sumMs: number, commits: readonly OwnCommit[], licence = withBeat(1)) =>
  judge(licence, { observations: stoodStill(sumMs), commits: commits, nowMs: 0 });
const verdict = { instance: 'peer', beat: 1, reason: 'evicted' };

describe('rule 4: who is dead', () => {
  test.each([
    ['just before 1.75 T', 1.75 * T - 1, []],
    ['at 1.75 T', 1.75 * T, [verdict]],
  ])('%s', (_name, sumMs, evict) => {
    expect(judged(sumMs, commitsAt(-T / 4)).evict).toEqual(evict);
  });

  test.each([
    ['none', [], []],
    ['younger than T/8', commitsAt(-T / 8 + 1), []],
    ['T/8 old', commitsAt(-T / 8), [verdict]],
    ['T/2 old', commitsAt(-T / 2), [verdict]],
    ['older than T/2', commitsAt(-T / 2 - 1), []],
    ['one too old, one too young', commitsAt(-T / 2 - 1, -T / 8 + 1), []],
    ['begun T/2 ago, but confirmed just now', [{ startedMs: -T / 2, confirmedMs: 0 }], []],
  ])('4(a), an own commit: %s', (_name, commits, evict) => {
    expect(judged(2 * T, commits).evict).toEqual(evict);
  });

  test('the beat has moved since we saw it: nobody is judged', () => {
    const nothing = { evict: [], beatEarly: false, pollAgainMs: Number.POSITIVE_INFINITY };
    expect(judged(2 * T, commitsAt(-T / 4), withBeat(2))).toEqual(nothing);
  });

  test('grace lengthens patience by 7/6 of it', () => {
    const withTimeouts = peerTable('heartbeat', 60);
    const deadMs = 1.75 * T + 70_000;
    expect(deadAfterMs(peerOf(withTimeouts))).toBe(deadMs);
    expect(judged(deadMs - 1, commitsAt(-T / 4), withTimeouts).evict).toEqual([]);
    expect(judged(deadMs, commitsAt(-T / 4), withTimeouts).evict).toEqual([verdict]);
  });

  test.each([
    ['below 1.55 T', 1.55 * T - 1, [], false],
    ['from 1.55 T without an own commit', 1.55 * T, [], true],
    ['with one that will still be young enough at 1.75 T', 1.55 * T, commitsAt(-0.3 * T), false],
    ['with one that will not', 1.55 * T, commitsAt(-0.3 * T - 1), true],
    ['dead, and no proof', 2 * T, [], true],
    ['dead, and a commit that only has to ripen', 2 * T, commitsAt(-1000), false],
    ['dead, and out', 2 * T, commitsAt(-T / 2), false],
  ])('a beat of our own comes early: %s', (_name, sumMs, commits, beatEarly) => {
    expect(judged(sumMs, commits).beatEarly).toBe(beatEarly);
  });

  test.each([
    ['when the sum would reach 1.55 T', T, [], 0.55 * T],
    ['when it would reach 1.75 T', 1.6 * T, [], 0.15 * T],
    ['when the proof is ripe', 2 * T, commitsAt(-1000), T / 8 - 1000],
    ['not for who is out', 2 * T, commitsAt(-T / 4), Number.POSITIVE_INFINITY],
  ])('the next look is worth it %s', (_name, sumMs, commits, pollAgainMs) => {
    expect(judged(sumMs, commits).pollAgainMs).toBeCloseTo(pollAgainMs, 6);
  });

  test('4(b): after trouble of our own every sum is cut back to at most T, by the record', () => {
    const both: Observations = new Map([...stoodStill(1.7 * T), ['other', unchangedFor(1, 5)]]);
    const licence = {
      ...withBeat(1),
      instances: [peerOf(heartbeatTable), { ...peerOf(heartbeatTable), id: 'other' }],
    };
    const after = capSilence(both, licence);
    expect([...after.values()].map((one) => one.forMs)).toEqual([T, 5]);
  });
});

describe('rule 9: belief ends before death', () => {
  const rates = fc.double({ min: 0.3, max: 3, noNaN: true });
  const at = (ms: number): Instant => ({ elapsedMs: ms, wallMs: ms, uptimeMs: ms });

  test('as long as clock rates differ by less than 1.75/1.5', () => {
    const cases = fc.record({
      holder: rates,
      factor: fc.double({ min: 0.01, max: 1.75 / 1.5 - 1e-6, noNaN: true }),
      commitMs: fc.nat(T / 8),
      graceSeconds: fc.nat(10_000),
    });
    fc.assert(
      fc.property(cases, ({ holder, factor, commitMs, graceSeconds }) => {
        const record = peerOf(peerTable('heartbeat', graceSeconds));
        const observer = holder * factor; // how many of its milliseconds pass in one of true time
        // The earliest a peer can see it dead: it sees the beat as it is published, and looks without a pause from then
        // on.
        const deadAtMs = commitMs + deadAfterMs(record) / observer;
        const validity = validityOf(record, at(0));
        expect(remainingMs(validity, at(deadAtMs * holder))).toBeLessThanOrEqual(0);
      }),
      { numRuns: 1000 },
    );
  });

  test('the clock that saw the most counts, whichever stopped or stepped back', () => {
    const validity = validityOf(peerOf(heartbeatTable), at(0));
    const clocks = fc.record({
      elapsedMs: fc.integer({ min: 0, max: 3 * T }),
      wallMs: fc.integer({ min: -10 * T, max: 10 * T }),
      uptimeMs: fc.integer({ min: 0, max: 3 * T }),
    });
    fc.assert(
      fc.property(clocks, (now) => {
        const most = Math.max(now.elapsedMs, now.wallMs, now.uptimeMs);
        expect(remainingMs(validity, now)).toBe(1.5 * T - most);
      }),
    );
  });

  test('Light believes for ever', () => {
    const validity = validityOf(peerOf(peerTable('light')), at(0));
    expect(remainingMs(validity, at(1e15))).toBe(Number.POSITIVE_INFINITY);
  });
});
