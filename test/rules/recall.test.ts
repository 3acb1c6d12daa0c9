import { describe, expect, test } from 'vitest';
import type { InstanceRecord, Licence, Tombstone } from '../../src/licence/document.js';
import { entitlementHash, readPolicy } from '../../src/licence/entitlement.js';
import { lastCommon, recall } from '../../src/rules/recall.js';
import { restore } from '../../src/rules/restore.js';
import { bareLicence } from '../helpers/table.js';

/** What an instance remembers of lost revisions, put into the table that is there. */

const at = (minute: number): string => `2026-11-21T09:${String(minute).padStart(2, '0')}:00.000Z`;
const NOW_MS = Date.parse(at(30));
const record = (id: string, change: Partial<InstanceRecord> = {}): InstanceRecord => ({
  ...{ id, user: id, host: 'pc', machine: { pids: null, host: null, installation: null }, pid: 1 },
  ...{ processStart: null, application: null, note: null, level: 'heartbeat', joinedAt: at(0), beat: 3 },
  ...{ beatAt: at(1), checkIntervalSeconds: 300, graceSeconds: 0, answersWithin: null },
  seats: [{ id: `seat-${id}`, module: 'M1', sinceAt: at(0), untilAt: null }],
  ...change,
});
const stone = (instance: string, change: Partial<Tombstone> = {}): Tombstone => ({
  ...{ instance, seat: `seat-${instance}`, module: 'M1', user: instance, host: 'pc', reason: 'removed' },
  ...{ actor: 'admin@desk', words: null, at: at(5), revision: 19 },
  ...change,
});
/** Revision `to` of a table whose changes are named after their numbers; `branch` says from where on it is another. */
const state = (to: number, change: Partial<Licence> = {}, branch = Number.POSITIVE_INFINITY): Licence => ({
  ...bareLicence(),
  revision: to,
  recent: Array.from({ length: to }, (_, n) => `c${n + 1}${n + 1 > branch ? '-other' : ''}`),
  committedAt: at(to - 10),
  ...change,
});
const recalled = (table: Licence, memory: Licence) =>
  recall({ licence: table, policy: readPolicy(table), nowMs: NOW_MS }, memory);
const idsOf = (licence: Licence) => licence.instances.map(({ id }) => id);

test.each([
  [state(18), state(20), 18],
  [state(22, {}, 17), state(20), 17],
  [state(20), state(20), 20],
  [state(5, { recent: ['x'] }), state(20), null],
  [state(18, { lineage: 'other' }), state(20), null],
])('the last revision that both come from (%#)', (table, memory, expected) => {
  expect(lastCommon(table, memory)).toBe(expected);
});

test('with nothing to add it is the same table', () => {
  const table = state(18, { instances: [record('ada')] });
  expect(recalled(table, state(20, { instances: [record('ada', { beat: 4 })] }))).toBe(table);
});

describe('tombstones of the lost revisions', () => {
  const memory = state(20, { instances: [record('ada')], gone: [stone('bob')] });

  test('go in, and what they name goes if it has not beaten since', () => {
    const after = recalled(state(18, { instances: [record('ada'), record('bob')] }), memory);
    expect([idsOf(after), after.gone]).toEqual([['ada'], [stone('bob')]]);
  });

  test('spare what has beaten since: it was there when revisions were lost, and lives', () => {
    const table = state(21, { instances: [record('ada'), record('bob', { beatAt: at(12) })] }, 18);
    expect(recalled(table, memory)).toBe(table);
  });

  test('of revisions that both have are no news: the table has let them go', () => {
    const old = state(20, { instances: [record('ada')], gone: [stone('bob', { revision: 12 })] });
    const table = state(21, { instances: [record('ada')] }, 18);
    expect(recalled(table, old)).toBe(table);
  });

  test('spare who had come back before the loss', () => {
    const table = state(18, { instances: [record('bob')] });
    expect(recalled(table, state(20, { instances: [record('bob')], gone: [stone('bob')] }))).toBe(table);
  });
});

describe('ghosts', () => {
  const memory = state(20, { instances: [record('ada')] }); // committed at 9:10

  test('are records that a lost revision no longer held, and that have not beaten since', () => {
    expect(idsOf(recalled(state(18, { instances: [record('ada'), record('bob')] }), memory))).toEqual([
      'ada',
    ]);
  });

  test('are none if they have beaten or come since', () => {
    const since = record('bob', { beatAt: at(11) });
    const table = state(21, { instances: [record('ada'), since] }, 18);
    expect(recalled(table, memory)).toBe(table);
  });

  test('are none when the clock of the server was set back: the time proves nothing', () => {
    const table = state(18, { instances: [record('ada'), record('bob')] });
    expect(recalled(table, { ...memory, committedAt: at(59) })).toBe(table);
  });
});

describe('Light and borrowed seats', () => {
  const light = record('lia', { level: 'light' });
  const seat = { id: 'b', module: 'M1', sinceAt: at(0) };
  const borrowed = record('eve', { seats: [{ ...seat, untilAt: at(59) }] });
  const memory = state(20, { instances: [light, borrowed, record('ada')] });

  test('are put back and marked; a heartbeat puts its own record back', () => {
    const after = recalled(state(18), memory);
    expect(after.instances).toEqual([
      { ...light, unconfirmed: true },
      { ...borrowed, unconfirmed: true },
    ]);
  });

  test('only while there is room', () => {
    const full = state(21, {
      instances: Array.from({ length: 9 }, (_, n) => record(`u${n}`, { beatAt: at(15) })),
    });
    const branched = { ...full, recent: state(21, {}, 18).recent };
    expect(idsOf(recalled(branched, memory)).slice(9)).toEqual(['lia']); // 10 places
  });

  test('not when the loan is over, and not when somebody took them away meanwhile', () => {
    const over = state(20, { instances: [record('eve', { seats: [{ ...seat, untilAt: at(20) }] })] });
    expect(recalled(state(18), over).instances).toEqual([]);
    const taken = state(21, { gone: [stone('lia', { revision: 21 })] }, 18);
    expect(idsOf(recalled(taken, memory))).toEqual(['eve']);
  });
});

test('bans go in, and a newer entitlement', () => {
  const table = state(18);
  const entitlement = { payload: table.entitlement.payload.replace('10', '20') };
  const formerEntitlements = [entitlementHash(table.entitlement)];
  const bans = [{ user: 'bob', untilAt: null }];
  const after = recalled(table, state(20, { entitlement, formerEntitlements, settings: { bans } }));
  expect(after).toMatchObject({ entitlement, formerEntitlements, settings: { bans } });
  expect(recalled(after, table)).toBe(after);
});

test('a ban that was prolonged, or is in the table under another spelling, is not doubled', () => {
  const table = state(18, { settings: { bans: [{ user: 'Bob', untilAt: null }] } });
  const bans = [
    { user: 'BOB', untilAt: at(59) },
    { user: 'cy', untilAt: at(1) }, // over by now
    { user: 'di', untilAt: at(59) },
  ];
  const after = recalled(table, state(20, { settings: { bans } }));
  expect(after.settings.bans).toEqual([{ user: 'Bob', untilAt: null }, bans[2]]);
});

test('reservations go in while there are seats to keep, each once', () => {
  const reservation = (user: string) => ({ module: 'M1', user });
  const there = Array.from({ length: 9 }, (_, n) => reservation(`u${n}`));
  const table = state(18, { settings: { reservations: there } });
  const memory = ['U3', 'boss', 'chief'].map(reservation);
  const elsewhere = { module: 'M9', user: 'boss' };
  const after = recalled(table, state(20, { settings: { reservations: [elsewhere, ...memory] } }));
  expect(after.settings.reservations).toEqual([...there, reservation('boss')]); // 10 seats
});

test('a rebuilt table keeps the bans and reservations of the state it is made from', () => {
  const settings = {
    bans: [{ user: 'bob', untilAt: null }],
    reservations: [{ module: 'M1', user: 'boss' }],
  };
  const folder = { from: 'folder', licence: state(18) } as const;
  const memory = { from: 'memory', licence: state(20, { settings }) } as const;
  const stamp = {
    changeId: 'c',
    commit: 'x',
    lineage: 'new',
    shareTimeMs: Date.parse(at(30)),
    actor: 'a@b',
    id: null,
  };
  const after = restore({ candidates: [folder, memory], base: memory, highest: 20 }, stamp);
  expect(after.settings).toEqual(settings);
});
