import { describe, expect, test } from 'vitest';
import type { InstanceRecord, Licence, LicenceEvent, Tombstone } from '../../src/licence/document.js';
import { entitlementHash, readPolicy } from '../../src/licence/entitlement.js';
import { hashOf } from '../../src/licence/event-hash.js';
import { isSameTable } from '../../src/licence/lineage.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { recall } from '../../src/rules/recall.js';
import { type Candidate, newest, restore, restoredNumber } from '../../src/rules/restore.js';
import { bareLicence } from '../helpers/table.js';

const at = '2026-11-21T09:00:00.000Z';
const record = (id: string, change: Partial<InstanceRecord> = {}): InstanceRecord => ({
  ...{ id, user: id, host: 'pc', machine: { pids: null, host: null, installation: null }, pid: 1 },
  ...{ processStart: null, application: null, note: null, level: 'heartbeat', joinedAt: at, beat: 3 },
  ...{ beatAt: at, checkIntervalSeconds: 300, graceSeconds: 0, answersWithin: null },
  seats: [{ id: `seat-${id}`, module: 'M1', sinceAt: at, untilAt: null }],
  ...change,
});
const stone = (instance: string, revision: number, reason: Tombstone['reason'] = 'removed'): Tombstone => ({
  ...{ instance, seat: `seat-${instance}`, module: 'M1', user: instance, host: 'pc', reason },
  ...{ actor: 'admin@desk', words: null, at, revision },
});
const state = (revision: number, change: Partial<Licence> = {}): Licence => ({
  ...bareLicence(),
  revision,
  commit: `commit-${revision}`,
  ...change,
});
const stamp = {
  ...{ changeId: 'change', commit: 'healed', lineage: 'lineage-2', actor: 'ada@pc-1', id: null },
  shareTimeMs: Date.parse('2026-11-21T12:00:00.000Z'),
};
const from = (source: Candidate['from'], licence: Licence): Candidate => ({ from: source, licence });

test.each([
  [0, 1000],
  [500, 1000],
  [501, 2000],
  [812, 2000],
  [1500, 2000],
  [999_999, 1_001_000],
])('above %i comes %i', (known, expected) => {
  expect(restoredNumber(known)).toBe(expected);
});

test('the newest of folder, memory and face is taken; on a tie the first', () => {
  const [folder, memory, face] = [from('folder', state(7)), from('memory', state(9)), from('face', state(9))];
  expect(newest([folder, memory, face])).toBe(memory);
  expect(newest([])).toBeNull();
});

test('one table: the same licence, and one lineage, or one restored from the other', () => {
  const restored = { at, from: '', revision: 7, lineage: 'lineage-1', former: ['lineage-0', 'lineage-1'] };
  expect(isSameTable(state(7), state(9))).toBe(true);
  expect(isSameTable(state(7), state(1000, { lineage: 'lineage-2', restored }))).toBe(true);
  expect(
    isSameTable(state(7, { lineage: 'lineage-0' }), state(1000, { lineage: 'lineage-2', restored })),
  ).toBe(true);
  expect(isSameTable(state(7), state(9, { lineage: 'copy' }))).toBe(false);
  const entitlement = { payload: state(7).entitlement.payload.replace('acme-1', 'other-2') };
  expect(isSameTable(state(7), state(9, { entitlement }))).toBe(false);
});

describe('the restored revision', () => {
  const base = state(812, {
    recent: ['a', 'b'],
    gone: [stone('bob', 800)],
    instances: [
      record('ada'),
      record('lia', { level: 'light' }),
      record('eve', { seats: [{ id: 's', module: 'M1', sinceAt: at, untilAt: at }] }),
    ],
  });
  const restored = restore(
    { candidates: [from('memory', base)], base: from('memory', base), highest: 815 },
    stamp,
  );

  test('is a licence, far above, in a lineage of its own, and names what it was made from', () => {
    expect(parseLicence(formatLicence(restored, 'compact'), '')).toEqual(restored);
    expect(restored).toMatchObject({
      ...{ revision: 2000, lineage: 'lineage-2', commit: 'healed' },
      parent: { revision: 812, commit: 'commit-812' },
      restored: { revision: 812, lineage: 'lineage-1', at: '2026-11-21T12:00:00.000Z' },
    });
  });

  test('keeps recent and gone; its one event is the first of its chain', () => {
    expect(restored.recent).toEqual(['a', 'b', 'change']);
    expect(restored.gone).toEqual(base.gone);
    expect(restored.events).toMatchObject([{ kind: 'restored', id: 'lineage-2.2000.0', before: null }]);
    // otherwise the journal's chain breaks here
    expect(restored.lastEventHash).toBe(hashOf(restored.events[0] as LicenceEvent));
  });

  test('marks Light and borrowed seats, which no beat confirms', () => {
    expect(restored.instances.map((one) => [one.id, one.unconfirmed])).toEqual([
      ['ada', undefined],
      ['lia', true],
      ['eve', true],
    ]);
  });

  test('has the newest entitlement, also where the newest table has an older one', () => {
    const later = { payload: base.entitlement.payload.replace('10', '20') };
    const memory = state(800, {
      entitlement: later,
      formerEntitlements: [entitlementHash(base.entitlement)],
    });
    const made = restore(
      { candidates: [from('memory', memory), from('face', base)], base: from('face', base), highest: 815 },
      stamp,
    );
    expect([made.entitlement, made.formerEntitlements]).toEqual([later, memory.formerEntitlements]);
    expect(made.instances).toHaveLength(3);
  });
});

describe('who knew more', () => {
  const remind = (before: Licence, memory: Licence) =>
    recall({ licence: before, policy: readPolicy(before), nowMs: stamp.shareTimeMs }, memory);
  const restored = { at, from: '', revision: 5, lineage: 'lineage-1', former: ['lineage-1'] };
  const table = (instances: readonly InstanceRecord[], gone: readonly Tombstone[] = []) =>
    state(1001, { lineage: 'lineage-2', restored, instances, gone });

  test('puts in the tombstones of the lost revisions, and takes out the seats that came back', () => {
    const before = table([record('ada'), record('bob')]);
    const after = remind(before, state(8, { instances: [record('ada')], gone: [stone('bob', 7)] }));
    expect(after.gone).toEqual([stone('bob', 7)]);
    expect(after.instances).toEqual([record('ada')]);
    expect(remind(after, state(8, { gone: [stone('bob', 7)] }))).toBe(after);
  });

  test('leaves an evicted one who has beaten since: he lives', () => {
    const since = record('bob', { beat: 4, beatAt: '2026-11-21T10:00:00.000Z' });
    const before = table([since]);
    expect(remind(before, state(8, { gone: [stone('bob', 7, 'evicted')] })).instances).toEqual([since]);
    expect(remind(before, state(8, { gone: [stone('bob', 7)] })).instances).toEqual([]);
  });

  test('leaves who had come back before the loss', () => {
    const memory = state(8, { instances: [record('bob')], gone: [stone('bob', 7, 'evicted')] });
    expect(remind(table([record('bob')]), memory).instances).toEqual([record('bob')]);
  });

  test.each([
    ['of another lineage', state(8, { lineage: 'copy', gone: [stone('bob', 7)] })],
    ['of nothing the restored one was not made from', state(5, { gone: [stone('bob', 5)] })],
  ])('says nothing of what he remembers %s', (_, memory) => {
    const before = table([record('bob')]);
    expect(remind(before, memory)).toBe(before);
  });
});
