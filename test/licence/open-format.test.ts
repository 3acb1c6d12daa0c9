import { describe, expect, test } from 'vitest';
import type { Licence, SeatRecord, Tombstone } from '../../src/licence/document.js';
import { toIso } from '../../src/licence/time.js';
import { remove } from '../../src/rules/admin.js';
import { beat, type HeldState } from '../../src/rules/beat.js';
import { claim } from '../../src/rules/claim.js';
import { evict } from '../../src/rules/evict.js';
import { giveBack } from '../../src/rules/give-back.js';
import { recall } from '../../src/rules/recall.js';
import { putRecord } from '../../src/rules/records.js';
import { seatsInUse } from '../../src/rules/seats.js';
import { statusView } from '../../src/rules/status-view.js';
import { app, asking, contextOf, emptyTable, START_MS, viewed } from '../rules/tables.js';

/** What a later version may write into a table of this format, and how the rules of this one live with it. */

const AT = toIso(START_MS);
const [ada, bob] = [app('ada'), app('bob')];
const seat = (id: string, module = 'M1'): SeatRecord => ({ id, module, sinceAt: AT, untilAt: null });

/** Ada with several seats in one module. */
function adaWith(seats: readonly SeatRecord[], maxUsers = 4): Licence {
  const modules = ['M1', 'M2'].map((module) => ({ module, maxUsers }));
  const table = emptyTable({ modules });
  const outcome = claim(contextOf(table), asking(ada, 'M1', 's1'));
  if (outcome.kind !== 'seated') throw new Error('expected a seat');
  return putRecord(outcome.draft.licence, { ...outcome.record, seats });
}

const idsOf = (licence: Licence | undefined, instance: string) =>
  licence?.instances.find(({ id }) => id === instance)?.seats.map(({ id, module }) => `${module} ${id}`);

function sit(licence: Licence, who: typeof ada, module: string, id: string): Licence | string {
  const outcome = claim(contextOf(licence), asking(who, module, id));
  return outcome.kind === 'seated' ? outcome.draft.licence : outcome.kind;
}

describe('several seats of one module in one record', () => {
  const three = adaWith([seat('s1'), seat('s2'), seat('s3')]);

  test('each counts', () => {
    expect(seatsInUse(three).get('M1')).toBe(3);
    const four = sit(three, bob, 'M1', 'b1');
    if (typeof four === 'string') throw new Error('expected a seat');
    expect(sit(four, app('cy'), 'M1', 'c1')).toBe('full');
  });

  test('stay when a seat in another module is taken, and when this one is taken again', () => {
    for (const [module, more] of [
      ['M2', ['M2 x']],
      ['M1', []],
    ] as const) {
      const after = sit(three, ada, module, 'x');
      if (typeof after === 'string') throw new Error('expected a seat');
      expect(idsOf(after, 'ada')?.toSorted()).toEqual(['M1 s1', 'M1 s2', 'M1 s3', ...more]);
    }
  });

  test('are shared by the same user once more only in one of them', () => {
    const again = sit(three, { ...ada, id: 'ada2' }, 'M1', 'x');
    if (typeof again === 'string') throw new Error('expected a seat');
    expect([idsOf(again, 'ada2'), seatsInUse(again).get('M1')]).toEqual([['M1 s1'], 3]);
  });

  test.each(['s1', 's2'])('a beat for %s keeps all of them', (held) => {
    const standing: HeldState = {
      ...{ who: ada, seats: [seat(held)], highestBeat: 1, mayReturn: () => true, returnSeconds: () => 0 },
    };
    const outcome = beat(contextOf(three), standing);
    if (outcome.kind !== 'beaten') throw new Error('expected a beat');
    expect(outcome.record?.seats.map(({ id }) => id).toSorted()).toEqual(['s1', 's2', 's3']);
  });

  test('a beat without that module leaves them', () => {
    const both = adaWith([seat('s1'), seat('s2'), seat('m', 'M2')]);
    const standing: HeldState = {
      ...{
        who: ada,
        seats: [seat('m', 'M2')],
        highestBeat: 1,
        mayReturn: () => true,
        returnSeconds: () => 0,
      },
    };
    const outcome = beat(contextOf(both), standing);
    expect(outcome).toMatchObject({ record: { seats: [{ id: 'm' }] } });
  });

  test('are all given back, all evicted, and removed one by one', () => {
    expect(giveBack(three, 'ada', ['M1'])?.licence.instances).toEqual([]);
    const verdict = { instance: 'ada', beat: 1, reason: 'evicted' as const };
    const swept = evict(contextOf(three), { verdicts: [verdict], actor: 'bob@pc' });
    expect(swept?.licence.gone.map((stone) => stone.seat)).toEqual(['s1', 's2', 's3']);
    const removal = { actor: 'root@pc', words: null };
    const left = remove(contextOf(three), { isChosen: (_, one) => one.id === 's2', ...removal });
    expect(idsOf(left?.licence, 'ada')).toEqual(['M1 s1', 'M1 s3']);
  });

  test('a seat that was given and is not taken yet makes room for the one that is', () => {
    const given = adaWith([{ ...seat('g'), given: true as const }]);
    const [record] = given.instances;
    if (!record) throw new Error('expected a record');
    const shared = { ...given, instances: [{ ...record, id: 'ada2', seats: [seat('s1')] }, record] };
    const after = sit(shared, ada, 'M1', 'x');
    expect(typeof after === 'string' ? after : idsOf(after, 'ada')).toEqual(['M1 s1']);
  });
});

describe('a seat that was taken for a reason that is not known yet', () => {
  const stone: Tombstone = {
    ...{ instance: 'ada', seat: 's1', module: 'M1', user: 'ada', host: 'pc-ada', reason: 'lent elsewhere' },
    ...{ actor: 'vendor@desk', words: 'for the fair', at: AT, revision: 9 },
  };
  const seated = adaWith([seat('s1')]);

  test('is not put back, though there is room: as if a person had decided it', () => {
    const without = { ...seated, instances: [], gone: [stone] };
    const standing: HeldState = {
      ...{ who: ada, seats: [seat('s1')], highestBeat: 1, mayReturn: () => true, returnSeconds: () => 9 },
    };
    const outcome = beat(contextOf(without), standing);
    if (outcome.kind !== 'beaten') throw new Error('expected a beat');
    expect([outcome.draft, outcome.outcomes.get('M1')]).toEqual([null, { kind: 'lost', tombstone: stone }]);
  });

  test('does not come back with an older state either', () => {
    const restored = { at: AT, from: 'revision 8', revision: 8, lineage: seated.lineage, former: [] };
    const table: Licence = { ...seated, lineage: 'new', restored };
    const after = recall(contextOf(table), { ...seated, instances: [], gone: [stone] });
    expect([after.instances, after.gone]).toEqual([[], [stone]]);
  });

  test('is shown as leaving', () => {
    const without = { ...seated, instances: [], gone: [stone] };
    const view = statusView(contextOf(without), viewed());
    expect(view.seats).toMatchObject([{ seat: 's1', state: 'leaving' }]);
  });

  test('can be had again', () => {
    const without = { ...seated, instances: [], gone: [stone] };
    expect(idsOf(sit(without, ada, 'M1', 's9') as Licence, 'ada')).toEqual(['M1 s9']);
  });
});
