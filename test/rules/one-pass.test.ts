import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  CountBy,
  InstanceRecord,
  Licence,
  SeatRecord,
  Tombstone,
  Waiter,
} from '../../src/licence/document.js';
import { coverOf } from '../../src/licence/range.js';
import type { Draft } from '../../src/licence/revision.js';
import { toIso } from '../../src/licence/time.js';
import { evict } from '../../src/rules/evict.js';
import { giveBack } from '../../src/rules/give-back.js';
import { judge, type OwnCommit, type Verdict } from '../../src/rules/liveness.js';
import { expireOffers, offerToWaiters } from '../../src/rules/offers.js';
import { enqueueFirst, type OfferOrWait, Queues, waits } from '../../src/rules/queue.js';
import { SeatIndex } from '../../src/rules/seats.js';
import { type Known, type RevisionFacts, walkDown } from '../../src/rules/segments.js';
import { takeAway } from '../../src/rules/tombstones.js';
import * as oneByOne from './one-by-one.js';
import { app, contextOf, emptyTable, policyOf, START_MS, unchangedFor } from './tables.js';

/** What one pass over many entries makes is, byte for byte, what the plain rules make of one entry after the other. */

const MODULES = ['M1', 'M2', 'M3'];
const instanceId = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const module = fc.constantFrom(...MODULES, 'M9'); // which is not licensed
const word = fc.constantFrom('1', '2', '3', '4');
const countBy = fc.constantFrom<CountBy>('user@host', 'instance', 'user', 'host');

const running = fc.record({
  user: fc.constantFrom('ada', 'Ada', 'bob'),
  host: fc.constantFrom('pc', 'PC', 'other'),
  machine: fc.record({
    pids: fc.constantFrom('p', 'q', null),
    host: fc.constantFrom('h', null),
    installation: fc.constant('i'),
  }),
});
const rest = { pid: 1, processStart: null, application: null, note: null };
const seat = fc.record({
  id: word.map((one) => `s${one}`),
  module,
  sinceAt: fc.constant(toIso(START_MS)),
  untilAt: fc.constantFrom(null, null, toIso(START_MS)),
  given: fc.constantFrom<(true | undefined)[]>(true, undefined),
});
const record = fc
  .record({
    id: instanceId,
    who: running,
    beat: fc.integer({ min: 1, max: 2 }),
    level: fc.constantFrom('heartbeat', 'light'),
  })
  .chain(({ id, who, beat, level }) =>
    fc.uniqueArray(seat, { selector: (one) => one.module, minLength: 1, maxLength: 3 }).map(
      (seats): InstanceRecord => ({
        ...{ id, ...who, ...rest, level: level as 'heartbeat' | 'light', joinedAt: toIso(START_MS), beat },
        ...{
          beatAt: toIso(START_MS),
          checkIntervalSeconds: 300,
          graceSeconds: 0,
          answersWithin: null,
          seats,
        },
      }),
    ),
  );
const waiter = fc.record({ instance: instanceId, module, who: running, seat: word }).map(
  ({ who, seat: number, ...one }): Waiter => ({
    ...{ ...one, ...who, ...rest, seat: `w${number}`, beat: 1, sinceAt: toIso(START_MS), waitSeconds: 60 },
  }),
);
const stone = fc.record({ ageHours: fc.integer({ min: 20, max: 28 }), instance: instanceId }).map(
  ({ ageHours, instance }): Tombstone => ({
    ...{
      instance,
      seat: 's1',
      module: 'M1',
      user: 'ada',
      host: 'pc',
      reason: 'removed',
      actor: 'x@y',
      words: null,
    },
    ...{ at: toIso(START_MS - 3_600_000 * ageHours), revision: 1 },
  }),
);
const table = fc
  .record({
    by: countBy,
    maxUsers: fc.integer({ min: 1, max: 4 }),
    instances: fc.uniqueArray(record, { selector: (one) => one.id, maxLength: 6 }),
    waiting: fc.array(waiter, { maxLength: 8 }),
    gone: fc.array(stone, { maxLength: 3 }),
    manyGone: fc.boolean(),
  })
  .map(({ by, maxUsers, gone, manyGone, ...lists }): Licence => {
    const modules = MODULES.map((name) => ({ module: name, maxUsers }));
    const fresh = { ...gone[0], at: toIso(START_MS) } as Tombstone;
    const stones =
      manyGone && gone.length > 0 ? [...gone, ...Array.from({ length: 198 }, () => fresh)] : gone;
    return { ...emptyTable({ countBy: by, modules }), ...lists, gone: stones };
  });

const draftOf = (licence: Licence): Draft => ({ licence, events: [] });
const text = (value: unknown): string => JSON.stringify(value);
const runs = { numRuns: 1500 };

describe('in one pass as one by one', () => {
  test('waiters are seated', () => {
    fc.assert(
      fc.property(table, (licence) => {
        const [draft, policy] = [draftOf(licence), policyOf(licence)];
        const after = offerToWaiters(contextOf(licence));
        expect(text(after ?? draft)).toBe(text(oneByOne.offerToWaiters(draft, policy, START_MS)));
        if (after) expect(text(after)).not.toBe(text(draft));
      }),
      runs,
    );
  });

  const pendings = (licence: Licence): OfferOrWait[] => [
    ...licence.waiting.map(waits),
    ...licence.instances.flatMap((one) =>
      one.seats.map((held): OfferOrWait => {
        return { instance: one.id, module: held.module, seat: held.id, kind: 'given', patienceMs: 0 };
      }),
    ),
  ];

  test('waiters that stand too long, and seats that nobody took, are passed over', () => {
    const seen = fc.record({
      before: table,
      licence: table,
      isSame: fc.boolean(),
      choice: fc.infiniteStream(fc.boolean()),
    });
    fc.assert(
      fc.property(seen, ({ before, licence, isSame, choice }) => {
        const overdue = pendings(isSame ? licence : before).filter(() => choice.next().value);
        const after = expireOffers(contextOf(licence), overdue);
        expect(text(after ?? draftOf(licence))).toBe(text(oneByOne.passOver(draftOf(licence), overdue)));
        if (after) expect(text(after)).not.toBe(text(draftOf(licence)));
      }),
      runs,
    );
  });

  test('the dead are evicted', () => {
    const verdict: fc.Arbitrary<Verdict> = fc.record({
      instance: instanceId,
      beat: fc.integer({ min: 1, max: 2 }),
      reason: fc.constantFrom('evicted', 'process gone'),
      words: fc.constantFrom('because'),
    });
    fc.assert(
      fc.property(table, fc.array(verdict, { maxLength: 8 }), (licence, verdicts) => {
        const [draft, policy] = [draftOf(licence), policyOf(licence)];
        const after = evict(contextOf(licence), { verdicts, actor: 'x@y' }) ?? draft;
        expect(text(after)).toBe(text(oneByOne.evict(draft, verdicts, 'x@y', START_MS, policy)));
      }),
      runs,
    );
  });

  test('seats are taken away', () => {
    const why = { reason: 'removed' as const, actor: 'admin@desk', words: 'go home' };
    fc.assert(
      fc.property(table, fc.func(fc.boolean()), (licence, isChosen) => {
        const [draft, policy] = [draftOf(licence), policyOf(licence)];
        const all = licence.instances.map((one) => ({
          ...{ record: one, why },
          seats: one.seats.filter((held) => isChosen(one.id, held.module)),
        }));
        const takings = all.filter(({ seats }) => seats.length > 0);
        const expected = takings.reduce((sum, one) => oneByOne.takeAway(sum, one, START_MS, policy), draft);
        expect(text(takeAway(contextOf(licence), all) ?? draft)).toBe(text(expected));
      }),
      runs,
    );
  });

  test('modules are left', () => {
    fc.assert(
      fc.property(table, instanceId, fc.array(module, { maxLength: 5 }), (licence, instance, modules) => {
        const after = giveBack(licence, instance, modules) ?? { licence, events: [] };
        expect(text(after)).toBe(text(oneByOne.release({ licence, events: [] }, instance, modules)));
      }),
      runs,
    );
  });

  test('a place is found', () => {
    fc.assert(
      fc.property(table, instanceId, running, word, (licence, id, who, number) => {
        const policy = policyOf(licence);
        const places = new SeatIndex({ licence, policy });
        for (const name of MODULES)
          expect(places.seatIdFor({ id, ...who }, { module: name, preferred: `s${number}` })).toBe(
            oneByOne.seatIdFor(licence, policy, { id, ...who }, name, `s${number}`),
          );
      }),
      runs,
    );
  });

  test('places in the lines are counted, and those who come back stand first', () => {
    fc.assert(
      fc.property(table, instanceId, (licence, instance) => {
        const queues = new Queues(licence);
        for (const name of MODULES)
          expect(queues.ahead(name, instance).count).toBe(oneByOne.aheadOf(licence, name, instance));
        const places = MODULES.map((name) => ({ module: name, seatId: `back-${name}`, waitSeconds: 60 }));
        const each = places.reduce(
          (sum, one) => enqueueFirst(contextOf(sum), { who: app(instance), places: [one] }),
          licence,
        );
        expect(text(enqueueFirst(contextOf(licence), { who: app(instance), places }))).toBe(text(each));
      }),
      runs,
    );
  });

  test('the chain of revisions is walked, whatever stands in it', () => {
    const link = fc.record({
      what: fc.constantFrom('there', 'there', 'there', 'damaged', 'missing', 'cleared'),
      parent: fc.integer({ min: -3, max: 2 }),
      isRightCommit: fc.boolean(),
      isRestored: fc.constantFrom(false, false, true),
      isOrphan: fc.constantFrom(false, false, true),
    });
    fc.assert(
      fc.property(
        fc.array(link, { minLength: 1, maxLength: 24 }),
        fc.integer({ min: 0, max: 8 }),
        (links, downTo) => {
          const facts = links.map(
            ({ parent, isRightCommit, isRestored, isOrphan }, revision): RevisionFacts => {
              const number = Math.max(0, revision + Math.min(parent, 1));
              const commit = isRightCommit ? `c${number}` : 'another';
              return {
                revision,
                commit: `c${revision}`,
                parent: isOrphan ? null : { revision: number, commit },
                isRestored,
                events: [],
              };
            },
          );
          const whole = new Map<number, Known>(
            links.map(({ what }, revision) => [
              revision,
              what === 'there' ? (facts[revision] as RevisionFacts) : what === 'damaged' ? what : 'missing',
            ]),
          );
          const present = links.flatMap(({ what }, revision) => (what === 'cleared' ? [] : [revision]));
          const from = facts.at(-1) as RevisionFacts;
          const learn = (known: Map<number, Known>, number: number) =>
            known.set(number, whole.get(number) ?? 'missing');
          const known = new Map<number, Known>();
          const ground = { known, present, numbers: 4 };
          const walk = walkDown(from, downTo, ground);
          let step = walk.next();
          for (; !step.done; step = walk.next()) {
            expect(known.has(step.value)).toBe(false); // nothing is read twice
            learn(known, step.value);
          }
          const plainly = { ...ground, known: new Map<number, Known>() };
          let plain = oneByOne.walkDown(from, downTo, plainly);
          for (; plain.wants !== null; plain = oneByOne.walkDown(from, downTo, plainly))
            learn(plainly.known, plain.wants);
          expect(step.value.map(({ revision }) => revision)).toEqual(plain.covered);
          expect([...known]).toEqual([...plainly.known]);
        },
      ),
      { numRuns: 6000 },
    );
  });

  test('ranges cover what lies in one of them', () => {
    const range = fc.tuple(fc.nat(30), fc.nat(9)).map(([first, more]) => ({ first, last: first + more }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 6 }), (ranges) => {
        const isCovered = coverOf(ranges);
        for (let one = 0; one < 42; one++)
          expect(isCovered(one)).toBe(ranges.some(({ first, last }) => first <= one && one <= last));
      }),
      runs,
    );
  });

  test('a peer is judged by the commits of our own that it had time to answer', () => {
    const commit = fc.tuple(fc.nat(200_000), fc.nat(30_000));
    const [one] = policyTable().instances as [InstanceRecord];
    const seen = new Map([[one.id, unchangedFor(one.beat, 1e9)]]);
    fc.assert(
      fc.property(
        fc.array(commit, { maxLength: 6 }),
        fc.integer({ min: 0, max: 400_000 }),
        (waits, nowMs) => {
          let endedMs = 0;
          const commits = waits.map(([pauseMs, tookMs]): OwnCommit => {
            const startedMs = endedMs + pauseMs;
            endedMs = startedMs + tookMs;
            return { startedMs, confirmedMs: endedMs };
          });
          const [youngestMs, oldestMs, freshMs] = [300_000 / 8, 300_000 / 2, (1 / 2 - 0.2) * 300_000];
          const isProven = commits.some(
            ({ startedMs, confirmedMs }) =>
              nowMs - confirmedMs >= youngestMs && nowMs - startedMs <= oldestMs,
          );
          const watch = judge(policyTable(), { observations: seen, commits: commits, nowMs });
          expect(watch.evict.length).toBe(isProven ? 1 : 0);
          if (isProven) return;
          expect(watch.beatEarly).toBe(!commits.some(({ startedMs }) => nowMs - startedMs <= freshMs));
          const ripe = commits.map(({ confirmedMs }) => confirmedMs + youngestMs).filter((ms) => ms > nowMs);
          expect(watch.pollAgainMs).toBe(Math.min(Number.POSITIVE_INFINITY, ...ripe));
        },
      ),
      runs,
    );
  });
});

/** One peer with a check interval of 300 s. */
function policyTable(): Licence {
  const held: SeatRecord = { id: 's1', module: 'M1', sinceAt: toIso(START_MS), untilAt: null };
  const peer: InstanceRecord = {
    ...{ ...app('peer'), level: 'heartbeat', joinedAt: toIso(START_MS), beat: 1, beatAt: toIso(START_MS) },
    ...{ checkIntervalSeconds: 300, graceSeconds: 0, answersWithin: null, seats: [held] },
  };
  return { ...emptyTable({}), instances: [peer] };
}
