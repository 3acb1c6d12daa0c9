import { describe, expect, test } from 'vitest';
import type { InstanceRecord, Level, Licence, Settings } from '../../src/licence/document.js';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { nextRevision } from '../../src/licence/revision.js';
import { textToPublish } from '../../src/licence/text.js';
import { toIso } from '../../src/licence/time.js';
import { remove } from '../../src/rules/admin.js';
import { beat, type HeldState } from '../../src/rules/beat.js';
import { claim } from '../../src/rules/claim.js';
import { evict } from '../../src/rules/evict.js';
import { enqueue, enqueueFirst } from '../../src/rules/queue.js';
import { putRecord, withSeat } from '../../src/rules/records.js';
import type { Requester } from '../../src/rules/seats.js';
import { app, asking, contextOf, emptyTable, policyOf, START_MS } from './tables.js';

function table(
  who: readonly Requester[],
  granted: Partial<Entitlement> = {},
  settings: Settings = {},
): Licence {
  return who.reduce(
    (licence, one) => {
      const outcome = claim(contextOf(licence), asking(one, 'M1', `seat-${one.id}`));
      if (outcome.kind !== 'seated') throw new Error(`no seat for ${one.id}`);
      return outcome.draft.licence;
    },
    emptyTable({ modules: [{ module: 'M1', maxUsers: 2 }], ...granted }, settings),
  );
}

const START = toIso(START_MS);
const [ada, bob, cy, dee] = [app('ada'), app('bob'), app('cy'), app('dee')] as const;
const evicted = (instance: string, seen = 1) => ({ instance, beat: seen, reason: 'evicted' as const });

function sweep(licence: Licence, ...verdicts: ReturnType<typeof evicted>[]): Licence | null {
  const draft = evict(contextOf(licence), { verdicts, actor: 'bob@pc-bob' });
  return draft?.licence ?? null;
}

describe('evicting', () => {
  test('takes the whole record, and leaves a tombstone per seat that says who did it', () => {
    const after = sweep(table([ada, bob]), evicted('ada'));
    expect(after?.instances).toMatchObject([{ id: 'bob' }]);
    const stone = { instance: 'ada', seat: 'seat-ada', reason: 'evicted', actor: 'bob@pc-bob', revision: 1 };
    expect(after?.gone).toMatchObject([stone]);
  });

  test.each([
    ['the beat has moved', evicted('ada', 2)],
    ['the beat went back', evicted('ada', 0)],
    ['it has left', evicted('nobody')],
  ])('is declined when %s', (_name, verdict) => {
    expect(sweep(table([ada, bob]), verdict)).toBeNull();
  });

  test('one that is declined does not stop the others', () => {
    const after = sweep(table([ada, bob]), evicted('ada', 7), evicted('bob'));
    expect(after?.instances).toMatchObject([{ id: 'ada' }]);
  });

  test.each<Level>(['light'])('%s is never swept, whatever was seen', (level) => {
    expect(sweep(table([ada, bob], {}, { level }), evicted('ada'), evicted('bob'))).toBeNull();
  });

  test('of more than one revision can tell, the rest is left to the next commits', () => {
    const odd = '\u0001'.repeat(256);
    const holds = (n: number) => ({ id: `s${n}`, module: `M${n % 10}`, sinceAt: START, untilAt: null });
    const [record] = table([ada]).instances;
    const dead = Array.from({ length: 40 }, (_, n) => ({
      ...{ ...(record as InstanceRecord), id: `dead-${n}`, user: odd, host: odd },
      seats: Array.from({ length: 1000 }, (_, k) => holds(k)),
    }));
    let licence: Licence = { ...table([]), instances: dead };
    let commits = 0;
    for (const verdicts = dead.map(({ id }) => evicted(id)); licence.instances.length > 0; commits++) {
      const draft = evict(contextOf(licence), { verdicts, actor: 'bob@pc-bob' });
      if (draft === null) throw new Error('expected somebody to put out');
      const stamp = { changeId: 'c', commit: 'c', shareTimeMs: START_MS };
      const next = nextRevision(licence, draft, stamp);
      expect(() => textToPublish(licence, next, 'it')).not.toThrow();
      licence = next;
    }
    expect(commits).toBeGreaterThan(9);
  });

  test('a few thousand with names of usual length go in one commit', () => {
    const [record] = table([ada]).instances;
    const dead = Array.from({ length: 7000 }, (_, n) => ({ ...(record as InstanceRecord), id: `dead-${n}` }));
    const licence = { ...table([]), instances: dead };
    expect(sweep(licence, ...dead.map(({ id }) => evicted(id)))?.instances).toEqual([]);
  });

  test('a borrowed seat is not swept with the others', () => {
    const borrowed = table([ada]);
    const instances = borrowed.instances.map((record) => ({
      ...record,
      seats: [...record.seats, { id: 'b', module: 'M2', sinceAt: record.joinedAt, untilAt: record.joinedAt }],
    }));
    const after = sweep({ ...borrowed, instances }, evicted('ada'));
    expect(after?.instances).toMatchObject([{ id: 'ada', seats: [{ id: 'b' }] }]);
  });
});

function standing(who: Requester, licence: Licence, highestBeat = 1): HeldState {
  const seats = licence.instances.find(({ id }) => id === who.id)?.seats ?? [];
  return { who, seats, highestBeat, returnSeconds: () => 120, mayReturn: () => true };
}

const beatIn = (licence: Licence, of: HeldState, nowMs = START_MS) => beat(contextOf(licence, nowMs), of);

describe('rule 2: a beat', () => {
  test('is one for all modules, and renews the promise at what holds now', () => {
    const modules = [
      { module: 'M1', maxUsers: 2 },
      { module: 'M2', maxUsers: 4 },
    ];
    const one = table([ada], { modules });
    const policy = policyOf(one);
    const two = putRecord(
      one,
      withSeat({ licence: one, policy, nowMs: START_MS }, ada, { id: 's2', module: 'M2' }),
    );
    const quicker = { ...two, settings: { checkIntervalSeconds: 40, offlineGraceSeconds: 5 } };
    const outcome = beatIn(quicker, standing(ada, two, 2), START_MS + 9000);
    expect(outcome).toMatchObject({
      kind: 'beaten',
      record: { beat: 3, beatAt: '2026-11-21T09:00:09.000Z', checkIntervalSeconds: 40, graceSeconds: 5 },
    });
    if (outcome.kind === 'beaten')
      expect(outcome.record?.seats.map(({ module }) => module)).toEqual(['M1', 'M2']);
  });

  test('with a beat in the record that this instance never wrote, somebody runs as it', () => {
    expect(beatIn(table([ada]), standing(ada, table([ada]), 0))).toEqual({ kind: 'doubled' });
  });

  test.each([
    ['a second before', -1000, 'beaten'],
    ['at that moment', 0, 'expired'],
  ])('the licence ends on its last day: %s', (_name, byMs, kind) => {
    const licence = table([ada, bob], { expiresAt: '2026-11-22T09:00:00.000Z' });
    const outcome = beatIn(licence, standing(ada, licence), START_MS + 86_400_000 + byMs);
    expect(outcome.kind).toBe(kind);
    if (outcome.kind === 'expired') expect(outcome.draft?.licence.instances).toMatchObject([{ id: 'bob' }]);
  });

  test('evicted meanwhile, and a place is free: back in the same seat, counted up from the last beat', () => {
    const before = table([ada, bob]);
    const outcome = beatIn(sweep(before, evicted('ada')) ?? before, standing(ada, before, 5));
    expect(outcome).toMatchObject({ record: { id: 'ada', beat: 6, seats: [{ id: 'seat-ada' }] } });
  });

  test('an older state was brought back: counted up from the last beat, which somebody may have seen', () => {
    const outcome = beatIn(table([ada]), standing(ada, table([ada]), 5));
    expect(outcome).toMatchObject({ record: { id: 'ada', beat: 6 } });
  });

  test('evicted meanwhile, and the place is taken: lost, with the tombstone', () => {
    const before = table([ada, bob]);
    const swept = sweep(before, evicted('ada')) ?? before;
    const taken = claim(contextOf(swept), asking(cy, 'M1', 'seat-cy'));
    if (taken.kind !== 'seated') throw new Error('expected a seat');
    const outcome = beatIn(taken.draft.licence, standing(ada, before));
    if (outcome.kind !== 'beaten') throw new Error('expected a beat');
    expect(outcome.draft).toBeNull();
    expect(outcome.outcomes.get('M1')).toMatchObject({ kind: 'lost', tombstone: { actor: 'bob@pc-bob' } });
  });

  test('removed meanwhile, and a place is free: lost, with the tombstone, and not put back', () => {
    const before = table([ada]);
    const removal = remove(contextOf(before), { isChosen: () => true, actor: 'admin@desk', words: null });
    const outcome = beatIn(removal?.licence ?? before, standing(ada, before));
    if (outcome.kind !== 'beaten') throw new Error('expected a beat');
    expect(outcome).toMatchObject({ draft: null, record: null });
    expect(outcome.outcomes.get('M1')).toMatchObject({ kind: 'lost', tombstone: { reason: 'removed' } });
  });

  test('offered a seat in another module meanwhile: the record keeps the offer', () => {
    const before = table([ada]);
    const offer = { id: 'offered', module: 'M2', sinceAt: START, untilAt: null, given: true as const };
    const instances = before.instances.map((record) => ({ ...record, seats: [...record.seats, offer] }));
    const outcome = beatIn({ ...before, instances }, standing(ada, before));
    expect(outcome).toMatchObject({ record: { beat: 2, seats: [{ id: 'seat-ada' }, { id: 'offered' }] } });
  });

  describe('its record is gone without a tombstone, and the place is taken', () => {
    const noPlace = (licence: Licence) => {
      const outcome = beatIn(licence, standing(ada, table([ada])));
      if (outcome.kind !== 'beaten') throw new Error('expected a beat');
      expect(outcome.outcomes.get('M1')).toEqual({ kind: 'noPlace', isFirst: true });
      return outcome.draft?.licence.waiting ?? [];
    };

    test('it has none, is not yet lost, and stands before all who were not seated', () => {
      const waiting = enqueue(contextOf(table([bob, cy])), {
        who: dee,
        ...{ module: 'M1', seatId: 'w' },
        waitSeconds: 60,
      });
      expect(noPlace(waiting)).toMatchObject([
        { instance: 'ada', seat: 'seat-ada', beat: 2, waitSeconds: 120, returns: true },
        { instance: 'dee', seat: 'w' },
      ]);
    });

    test('behind who came back before it; and once only', () => {
      const place = { module: 'M1', seatId: 'back', waitSeconds: 60 };
      const other = enqueueFirst(contextOf(table([bob, cy])), { who: dee, places: [place] });
      const twice = { ...other, waiting: noPlace(other) };
      expect(twice.waiting.map(({ instance }) => instance)).toEqual(['dee', 'ada']);
      expect(noPlace(twice)).toEqual([]);
    });
  });

  test('a module that the licence no longer has is lost', () => {
    const before = table([ada]);
    const other = { ...emptyTable({ modules: [{ module: 'M9', maxUsers: 1 }] }), instances: [] };
    const outcome = beatIn(other, standing(ada, before));
    if (outcome.kind !== 'beaten') throw new Error('expected a beat');
    expect(outcome.outcomes.get('M1')).toEqual({ kind: 'lost', tombstone: null });
  });
});

describe('the next revision', () => {
  const stamp = { changeId: 'change', commit: 'c1', shareTimeMs: START_MS };

  test('names its parent, and chains what happened', () => {
    const base = emptyTable({});
    const draft = { licence: base, events: [{ kind: 'one' }, { kind: 'two' }] };
    const next = nextRevision(base, draft, stamp);
    expect(next).toMatchObject({ revision: 1, parent: { revision: 0, commit: 'c0' }, recent: ['change'] });
    expect(next.events).toMatchObject([
      { id: 'line.1.0', kind: 'one', before: null },
      { id: 'line.1.1', kind: 'two' },
    ]);
    const after = nextRevision(next, { licence: next, events: [{ kind: 'three' }] }, stamp);
    expect(after.events[0]?.before).toBe(next.lastEventHash);
    expect(new Set([next.events[1]?.before, next.lastEventHash, after.lastEventHash]).size).toBe(3);
  });

  test('remembers the last 256 changes', () => {
    let licence = emptyTable({});
    for (let n = 0; n < 300; n++)
      licence = nextRevision(licence, { licence, events: [] }, { ...stamp, changeId: `change-${n}` });
    expect([licence.recent.length, licence.recent[0], licence.recent.at(-1)]).toEqual([
      256,
      'change-44',
      'change-299',
    ]);
  });
});
