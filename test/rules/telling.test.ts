import { describe, expect, test } from 'vitest';
import { BEAT_ROOM, type InstanceRecord, type Licence, MAX_GONE } from '../../src/licence/document.js';
import { type Draft, nextRevision } from '../../src/licence/revision.js';
import { MAX_BYTES } from '../../src/licence/size.js';
import { formatLicence, parseLicence, textToPublish } from '../../src/licence/text.js';
import { toIso } from '../../src/licence/time.js';
import { remove } from '../../src/rules/admin.js';
import { ban } from '../../src/rules/bans.js';
import { claim } from '../../src/rules/claim.js';
import { evict } from '../../src/rules/evict.js';
import { leaveMarked } from '../../src/rules/leaving.js';
import { expireOffers } from '../../src/rules/offers.js';
import { app, asking, contextOf, emptyTable, FILE, START_MS } from './tables.js';

/** What a hostile user plants in the folder makes no act of another user impossible. */

const at = toIso(START_MS);
const admin = { actor: 'eve@desk', words: 'audit' };
const LONGEST = '\u0001'.repeat(256);
const leaving = { actor: '\u0001'.repeat(600), words: '\u0001'.repeat(1024), at };

/** A record of the hostile user. */
const record = (id: string, seats: number, more: object = {}, ofSeat: object = {}): InstanceRecord => {
  const { id: _, ...running } = app(id, { user: 'mallory' });
  return {
    ...{ id, ...running, level: 'heartbeat', joinedAt: at, beat: 1, beatAt: at },
    ...{ checkIntervalSeconds: 300, graceSeconds: 0, answersWithin: null },
    ...more,
    seats: Array.from({ length: seats }, (_, n) => ({
      ...{ id: `${id}-s${n}`, module: 'M1', sinceAt: at, untilAt: null },
      ...ofSeat,
    })),
  };
};
const table = (...instances: readonly InstanceRecord[]): Licence => {
  const licence = { ...emptyTable({ modules: [{ module: 'M1', maxUsers: 3 }] }), instances };
  return parseLicence(formatLicence(licence, 'compact'), FILE);
};
const written = (licence: Licence, draft: Draft | null): Licence => {
  if (draft === null) throw new Error('nothing would be done');
  const next = nextRevision(licence, draft, { changeId: 'c', commit: 'c', shareTimeMs: START_MS });
  return parseLicence(textToPublish(licence, next, FILE), FILE);
};
const many = (count: number, seats: number, more: object = {}, ofSeat: object = {}) =>
  Array.from({ length: count }, (_, n) => record(`m${n}`, seats, more, ofSeat));

const planted: [string, () => Licence][] = [
  [
    '100 KB under a key of its own, and 200 seats',
    () => table(record('m', 200, { zzz: 'x'.repeat(100_000) })),
  ],
  [
    'such a machine',
    () => table(record('m', 900, { machine: { ...app('m').machine, z: 'x'.repeat(99_000) } })),
  ],
  ['the longest names', () => table(record('m', 1000, { user: LONGEST, host: LONGEST, note: LONGEST }))],
  ['90,000 seats', () => table(...many(90, 1000))],
  ['90,000 seats of the longest names', () => table(...many(90, 1000, { user: LONGEST, host: LONGEST }))],
];
const marked: typeof planted = [
  ['all of it, to leave', () => table(record('m', 200, { zzz: 'x'.repeat(100_000) }, { leaving }))],
  ['as many as go into one record, to leave', () => table(record('m', 1000, {}, { leaving }))],
];

describe.each([...planted, ...marked])('a record with %s', (_what, plant) => {
  const licence = plant();
  const users = [...new Set(licence.instances.map(({ user }) => user))];

  test('is removed, and its user is banned', () => {
    const isChosen = () => true;
    const removed = written(licence, remove(contextOf(licence), { isChosen, isGone: () => true, ...admin }));
    expect(removed.instances).toEqual([]);
    expect(removed.gone.length).toBeGreaterThan(100);
    const banned = written(
      licence,
      ban(contextOf(licence), { user: users[0] as string, forMs: null, ...admin }).draft,
    );
    expect(banned.instances).toEqual([]);
    expect(banned.settings.bans).toHaveLength(1);
  });

  test('is evicted, and no claim fails by it', () => {
    const verdicts = licence.instances.map(({ id, beat }) => ({
      instance: id,
      beat,
      reason: 'evicted' as const,
    }));
    const after = written(licence, evict(contextOf(licence), { verdicts, actor: 'bob@pc' }));
    expect(after.instances.length).toBeLessThan(licence.instances.length);
    const outcome = claim(contextOf(licence), asking(app('ada'), 'M1', 'new', { isGone: () => true }));
    expect(outcome.kind === 'seated' && written(licence, outcome.draft).instances.at(-1)?.user).toBe(
      licence.instances.length === 1 && 'ada',
    );
  });
});

test.each(marked)('a holder with %s leaves', (_what, plant) => {
  const licence = plant();
  expect(written(licence, leaveMarked(contextOf(licence), 'm')).instances).toEqual([]);
});

test('90,000 offers that nobody took are passed over', () => {
  const licence = table(...many(90, 1000, {}, { given: true }));
  const overdue = licence.instances.flatMap(({ id: instance, seats }) =>
    seats.map(({ id: seat, module }) => ({ instance, seat, module, kind: 'given' as const, patienceMs: 0 })),
  );
  const after = written(licence, expireOffers(contextOf(licence), overdue));
  expect(after.instances).toEqual([]);
  expect(after.events.at(-1)).toMatchObject({ kind: 'passed over', count: expect.any(Number) });
});

test('a table that is nearly full loses what is told, and not the act', () => {
  const fill = (zzz: string) => table(record('m', 200, {}, { leaving }), record('live', 1, { zzz }));
  const empty = Buffer.byteLength(formatLicence(fill(''), 'compact'));
  const licence = fill('x'.repeat(MAX_BYTES - empty - BEAT_ROOM / 8));
  const verdicts = [{ instance: 'm', beat: 1, reason: 'evicted' as const }];
  const after = written(licence, evict(contextOf(licence), { verdicts, actor: 'bob@pc' }));
  expect(after.instances.map(({ id }) => id)).toEqual(['live']);
  expect(after.events.length + after.gone.length).toBeGreaterThan(2);
});

describe('what has no room', () => {
  test('of the events: one says how many more there were, the others say what they said', () => {
    const licence = table(...many(30, 1000));
    const { events } = ban(contextOf(licence), { user: 'mallory', forMs: null, ...admin }).draft;
    const apart = events.filter(({ kind, seat }) => kind === 'banned' && seat !== undefined);
    expect(apart.length).toBeGreaterThan(5000);
    expect(events.at(-1)).toEqual({ kind: 'banned', actor: 'eve@desk', count: 30_000 - apart.length });
  });

  test('of the tombstones: those of holders that are gone, or were only evicted, go first', () => {
    const licence = table(record('live', 1), ...many(1, 230));
    const isGone = ({ id }: InstanceRecord) => id !== 'live';
    const removed = written(licence, remove(contextOf(licence), { isChosen: () => true, isGone, ...admin }));
    expect(removed.gone).toHaveLength(MAX_GONE);
    expect(removed.gone.filter(({ instance }) => instance === 'live')).toHaveLength(1);
    const later = { ...removed, instances: table(record('dead', 300)).instances };
    const verdicts = [{ instance: 'dead', beat: 1, reason: 'evicted' as const }];
    const after = written(later, evict(contextOf(later), { verdicts, actor: 'bob@pc' }));
    expect(after.gone.filter(({ instance }) => instance === 'live')).toHaveLength(1);
  });
});
