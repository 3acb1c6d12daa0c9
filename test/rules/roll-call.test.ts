import { describe, expect, test } from 'vitest';
import type { Level, Licence } from '../../src/licence/document.js';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { toIso } from '../../src/licence/time.js';
import { claim } from '../../src/rules/claim.js';
import { callRollFor, type RequesterView, requestSeat } from '../../src/rules/request.js';
import {
  callRoll,
  clockHeldFrom,
  isCalled,
  outByMs,
  silenceMs,
  unanswered,
  watch,
  withoutAnswered,
} from '../../src/rules/roll-call.js';
import { app, asking, contextOf, emptyTable, FILE, policyOf, START_MS } from './tables.js';

/** T = 80 s: asked at 140 s, out at 160 s, T/4 = 20 s. */
const T_MS = 80_000;
/** No instance is alive that could have watched. */
const NOBODY = Number.POSITIVE_INFINITY;
const [ada, bob, cy] = [app('ada'), app('bob'), app('cy')] as const;

function table(granted: Partial<Entitlement> = {}, level: Level = 'heartbeat'): Licence {
  const grants = { modules: [{ module: 'M1', maxUsers: 2 }], checkIntervalSeconds: 80, ...granted };
  return [ada, bob].reduce(
    (licence, who) => {
      const outcome = claim(contextOf(licence), asking(who, 'M1', `seat-${who.id}`));
      if (outcome.kind !== 'seated') throw new Error(`no seat for ${who.id}`);
      return outcome.draft.licence;
    },
    emptyTable(grants, { level }),
  );
}

const called = (licence: Licence, agoMs: number, stoodStillMs = 0): Licence | null =>
  callRoll(contextOf(licence, START_MS + agoMs), {
    module: 'M1',
    caller: { id: 'cy', actor: 'cy@pc-cy', hasWaited: false },
    silence: (record) =>
      silenceMs(record, { nowMs: START_MS + agoMs, watchedFromMs: NOBODY, unchangedMs: stoodStillMs }),
  });
const watchFrom = (licence: Licence, nowMs: number) =>
  watch(new Map(), licence, { nowMs, gapMs: 0, checkIntervalSeconds: 80 });
const namesIn = (licence: Licence | null) => licence?.rollCall?.names.map((name) => name.instance) ?? [];
const beaten = (licence: Licence, id: string): Licence => ({
  ...licence,
  instances: licence.instances.map((record) =>
    record.id === id ? { ...record, beat: record.beat + 1 } : record,
  ),
});
function standing(): Licence {
  const licence = called(table(), 2 * T_MS);
  if (!licence) throw new Error('expected a roll call');
  return licence;
}
const out = (licence: Licence, waitedMs: number, agoMs: number, from = licence) =>
  unanswered(
    contextOf(licence),
    { calledSince: watchFrom(from, 1000), nowMs: 1000 + waitedMs, gapMs: 0, wroteMs: 1000 },
    (record) => silenceMs(record, { nowMs: START_MS + agoMs, watchedFromMs: NOBODY, unchangedMs: 0 }),
  ).map((verdict) => verdict.instance);

describe('who is asked', () => {
  test.each([
    ['nobody before 1.75 T', 139_999, []],
    ['everybody from then on', 140_000, ['ada', 'bob']],
    ['nobody whose beat lies in the future', -5_000_000, []],
  ])('%s', (_words, agoMs, names) => expect(namesIn(called(table(), agoMs))).toEqual(names));

  test('who was seen to stand still for 1.75 T, whatever the server says', () =>
    expect(namesIn(called(table(), -5_000_000, 140_000))).toEqual(['ada', 'bob']));

  test('7/6 of his grace later', () => {
    const licence = table({ offlineGraceSeconds: 60 });
    expect(called(licence, 140_000 + 69_000)).toBeNull();
    expect(namesIn(called(licence, 140_000 + 70_000))).toEqual(['ada', 'bob']);
  });

  test('never Light, nor who has only borrowed', () => {
    expect(called(table({}, 'light'), 10 * T_MS)).toBeNull();
    const licence = table();
    const instances = licence.instances.map((record) => ({
      ...record,
      seats: record.seats.map((seat) => ({ ...seat, untilAt: toIso(START_MS) })),
    }));
    expect(called({ ...licence, instances }, 10 * T_MS)).toBeNull();
  });

  test('nobody twice: two newcomers share one roll call', () =>
    expect(called(standing(), 3 * T_MS)).toBeNull());

  test('who has beaten since is asked anew, and the others stay as they were', () => {
    const again = called(beaten(standing(), 'ada'), 4 * T_MS);
    expect(again?.rollCall?.names).toMatchObject([
      { instance: 'bob', at: toIso(START_MS + 2 * T_MS) },
      { instance: 'ada', beat: 2, by: 'cy@pc-cy', at: toIso(START_MS + 4 * T_MS) },
    ]);
  });
});

describe('while a peer lives that has been there since the last beat, age by share time does not count', () => {
  const agoMs = 9 * T_MS;
  const one = (licence: Licence) => licence.instances[0] as Licence['instances'][number];
  const withPeer = (joinedAgoMs: number, beatAgoMs: number): Licence => {
    const licence = table();
    const at = (ms: number) => toIso(START_MS + agoMs - ms);
    const peer = { ...one(licence), id: 'dee', joinedAt: at(joinedAgoMs), beatAt: at(beatAgoMs) };
    return { ...licence, instances: [...licence.instances, peer] };
  };
  test.each([
    ['who has been there, and beats', agoMs, 1000, 5000],
    ['who has been there for 2 T, and beats', 2 * T_MS, 1000, 5000],
    ['but not who came later', 2 * T_MS - 1, 1000, agoMs],
    ['nor who is silent himself', agoMs, 1.125 * T_MS, agoMs],
    ['nor whose beat lies in the future', agoMs, -61_000, agoMs],
  ])('%s', (_words, joinedAgoMs, beatAgoMs, expected) => {
    const licence = withPeer(joinedAgoMs, beatAgoMs);
    const fromMs = clockHeldFrom(licence, START_MS + agoMs);
    expect(
      silenceMs(one(licence), { nowMs: START_MS + agoMs, watchedFromMs: fromMs, unchangedMs: 5000 }),
    ).toBe(expected);
  });
});

describe('the roll call', () => {
  test('is read back as it was written, with keys of later versions', () => {
    const licence = standing();
    const later = { ...licence, rollCall: { ...licence.rollCall, answerWithinSeconds: 20 } };
    expect(parseLicence(formatLicence(later as Licence, 'compact'), FILE)).toEqual(later);
  });

  test('names whom it asks, and asks nobody who has beaten', () => {
    expect(isCalled(standing(), 'ada')).toBe(true);
    expect(isCalled(beaten(standing(), 'ada'), 'ada')).toBe(false);
    expect(isCalled(table(), 'ada')).toBe(false);
  });

  test('loses the names that are answered, and goes with the last', () => {
    const one = withoutAnswered(beaten(standing(), 'ada'));
    expect(namesIn(one)).toEqual(['bob']);
    expect('rollCall' in withoutAnswered({ ...one, instances: [] })).toBe(false);
    expect(withoutAnswered(one)).toBe(one);
  });
});

describe('who has not answered is out', () => {
  test('after T/4 of the own clock, not before', () => {
    expect(out(standing(), 19_999, 160_000)).toEqual([]);
    expect(out(standing(), 20_000, 160_000)).toEqual(['ada', 'bob']);
  });
  test('when he is silent for 2 T, not before', () => {
    expect(out(standing(), 60_000, 159_999)).toEqual([]);
    expect(out(standing(), 60_000, 160_000)).toEqual(['ada', 'bob']);
  });
  test('unless he has beaten', () => {
    expect(out(beaten(standing(), 'ada'), 60_000, 9e9, standing())).toEqual(['bob']);
  });
  test('unless nobody asked him: share time alone evicts nobody', () => {
    expect(out(table(), 9e9, 9e9)).toEqual([]);
    expect(out(standing(), 9e9, 9e9, table())).toEqual([]);
  });
  test("by his own T or the file's, whichever is longer", () => {
    const licence = { ...standing(), settings: { checkIntervalSeconds: 800 } };
    expect(out(licence, 199_999, 9e9)).toEqual([]);
    expect(out(licence, 200_000, 9e9)).toEqual(['ada', 'bob']);
  });
  test('a name that was answered and asked again is waited for anew', () => {
    const watched = watchFrom(standing(), 1000);
    const again = called(beaten(standing(), 'ada'), 9 * T_MS) as Licence;
    const next = watch(watched, again, { nowMs: 50_000, gapMs: 0, checkIntervalSeconds: 80 });
    expect(next.get('ada')).toMatchObject({ byInterval: { identity: 2, sinceMs: 50_000 } });
    expect(next.get('bob')).toMatchObject({ byInterval: { identity: 1, sinceMs: 1000 } });
  });
});

describe('coming in', () => {
  const asker = (agoMs: number, isOver: boolean): RequesterView => ({
    id: 'cy',
    actor: 'cy@pc-cy',
    hasWaited: false,
    isProofDue: () => false,
    silence: (record) =>
      silenceMs(record, { nowMs: START_MS + agoMs, watchedFromMs: NOBODY, unchangedMs: 0 }),
    unanswered: ({ instances }) =>
      isOver ? instances.map(({ id, beat }) => ({ instance: id, beat, reason: 'evicted', words: 'no' })) : [],
  });
  const come = (licence: Licence, agoMs: number, isOver = false) =>
    requestSeat(contextOf(licence, START_MS + agoMs), {
      ...asking(cy, 'M1', 'seat-cy'),
      ...{ waitSeconds: null, requester: asker(agoMs, isOver) },
    });

  test('refused where all beat: nothing is written', () =>
    expect(come(table(), 1000)).toMatchObject({ kind: 'full', draft: null }));

  test('refused where all are silent: they are asked in the same commit, and that is all it does', () => {
    const { kind, draft } = come(table(), 3 * T_MS);
    expect(kind).toBe('full');
    expect(namesIn(draft?.licence ?? null)).toEqual(['ada', 'bob']);
    expect(draft).toMatchObject({ events: [], licence: { instances: table().instances } });
  });

  test('seated in the commit that puts out who did not answer', () => {
    const { kind, draft } = come(standing(), 3 * T_MS, true);
    expect(kind).toBe('seated');
    expect(draft?.licence.instances).toMatchObject([{ id: 'cy' }]);
    expect(draft?.licence.gone).toMatchObject([
      { user: 'ada', reason: 'evicted', actor: 'cy@pc-cy', words: 'no' },
      { user: 'bob' },
    ]);
    expect(draft?.events.map((event) => event.kind)).toEqual(['evicted', 'evicted', 'seated']);
  });

  test('a place that is free is taken, and nobody is asked', () => {
    const licence = table({ modules: [{ module: 'M1', maxUsers: 3 }] });
    const { draft } = come(licence, 9 * T_MS, true);
    expect(draft?.licence.instances).toHaveLength(3);
    expect(draft?.licence.rollCall).toBeUndefined();
  });

  test('under Light nobody is asked or put out', () => {
    const licence = { ...table(), settings: { level: 'light' as const } };
    expect(callRollFor(contextOf(licence), { module: 'M1', requester: asker(9 * T_MS, true) })).toBeNull();
  });
});

describe('freesAt', () => {
  const record = table().instances[0] as Licence['instances'][number];
  test.each([
    ['a peer lives that was there: 2 T after the last beat', 100_000, START_MS, 160_000],
    ['nobody lives: not before 2 T', 100_000, NOBODY, 160_000],
    ['nobody lives, long ago: T/4 and a commit from now', 900_000, NOBODY, 925_000],
    ['a peer has come since: as if nobody lived', 900_000, START_MS + 800_000, 925_000],
    [
      'a peer should have put him out, and has not: by what is seen from now on',
      900_000,
      START_MS,
      1_060_000,
    ],
  ])('%s', (_words, agoMs, watchedFromMs, expected) =>
    expect(outByMs(record, START_MS + agoMs, watchedFromMs) - START_MS).toBe(expected),
  );

  test('a place that somebody alive shares is not free with the other', () => {
    const both = table();
    const [one, other] = both.instances as [typeof record, typeof record];
    const sharing = { ...other, seats: one.seats, beatAt: toIso(START_MS + 900_000) };
    const licence = { ...both, instances: [one, sharing] };
    const grants = emptyTable({ checkIntervalSeconds: 80 });
    const full = claim(
      {
        licence: { ...grants, instances: licence.instances },
        policy: policyOf(grants),
        nowMs: START_MS + 900_000,
      },
      asking(cy, 'M1', 's'),
    );
    expect(full).toMatchObject({ kind: 'full', freesAt: null });
  });
});
