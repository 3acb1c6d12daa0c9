import { describe, expect, test } from 'vitest';
import type { InstanceRecord, Licence } from '../../src/licence/document.js';
import { toIso } from '../../src/licence/time.js';
import { explain } from '../../src/rules/explain.js';
import { silentFromMs } from '../../src/rules/roll-call.js';
import { seatedTable } from './seated.js';
import { contextOf, START_MS } from './tables.js';

/** T is 300 s; the beats are 60 s old at first. That it agrees with real evictions: test/client/explain.test.ts. */

const BEAT_MS = START_MS - 60_000;
const T_MS = 300_000;

/** The first of two users, changed; and the other, if it is to live. */
function tableOf(change: Partial<InstanceRecord>, isOtherThere: boolean): Licence {
  const table = seatedTable(2);
  const [first, other] = table.instances as [InstanceRecord, InstanceRecord];
  const watching = { ...other, joinedAt: toIso(BEAT_MS - 3_600_000) };
  return { ...table, instances: [{ ...first, ...change }, ...(isOtherThere ? [watching] : [])] };
}

function explained(change: Partial<InstanceRecord>, isOtherThere: boolean, isGone = false, nowMs = START_MS) {
  const licence = tableOf(change, isOtherThere);
  const record = licence.instances[0] as InstanceRecord;
  return explain(contextOf(licence, nowMs), { record, isGone: (one) => isGone && one === record });
}

const at = (ms: number): string => toIso(ms);

describe('what would become of a seat', () => {
  test('a peer that was there evicts it between 1.75 T and 2 T after its last beat, and a commit', () => {
    expect(explained({}, true)).toEqual({
      prospects: [
        {
          ...{ rule: 'silence', ifAsked: false },
          ...{ notBefore: at(BEAT_MS + 1.75 * T_MS), notAfter: at(BEAT_MS + 2 * T_MS + 5000) },
        },
      ],
      notBefore: at(BEAT_MS + 1.75 * T_MS),
      notAfter: at(BEAT_MS + 2 * T_MS + 5000),
      watchers: 1,
    });
  });

  test('its grace counts 7/6 times', () => {
    expect(explained({ graceSeconds: 600 }, true).notBefore).toBe(at(BEAT_MS + 1.75 * T_MS + 700_000));
  });

  test('where nobody else runs, it stays until a user asks', () => {
    const { prospects, notAfter, watchers } = explained({}, false);
    expect({ notAfter, watchers }).toEqual({ notAfter: null, watchers: 0 });
    expect(prospects).toMatchObject([{ rule: 'roll call', ifAsked: true }]);
  });

  test('a process that is gone watches nothing: the last one stays until a user asks', () => {
    const licence = tableOf({}, true);
    const [record, other] = licence.instances as [InstanceRecord, InstanceRecord];
    const beside = { ...licence, instances: [record, { ...other, machine: record.machine }] };
    const found = explain(contextOf(beside), { record, isGone: () => true });
    expect(found).toMatchObject({ watchers: 0, notAfter: null });
    expect(found.prospects.map(({ rule, ifAsked }) => `${rule} ${ifAsked}`)).toEqual([
      'process gone true',
      'roll call true',
    ]);
  });

  test('while a ghost seems to watch, the roll call waits until its beat is overdue', () => {
    const licence = tableOf({ beatAt: at(START_MS - 2 * T_MS) }, true);
    const [record, other] = licence.instances as [InstanceRecord, InstanceRecord];
    const isGone = (one: InstanceRecord) => one === other;
    const [call] = explain(contextOf(licence), { record, isGone }).prospects;
    expect(call?.rule).toBe('roll call');
    expect(Date.parse(call?.notAfter ?? '')).toBeGreaterThan(silentFromMs(other) + T_MS / 4);
  });

  test('Light is evicted by no rule, also where its process is gone', () => {
    const none = { prospects: [], notBefore: null, notAfter: null };
    expect(explained({ level: 'light' }, true, true)).toMatchObject(none);
  });

  test('with an answer deadline a user that asks has the seat within that', () => {
    const call = { instance: 'user0', beat: 1, by: 'eve@pc', at: at(START_MS - 4000) };
    const licence = { ...tableOf({ answersWithin: 20 }, true), rollCall: { names: [call] } };
    const record = licence.instances[0] as InstanceRecord;
    const { prospects, notBefore } = explain(contextOf(licence), { record, isGone: () => false });
    expect(prospects[0]).toMatchObject({ rule: 'answer deadline', ifAsked: true });
    expect(notBefore).toBe(at(START_MS + 16_000));
  });

  test('a process that is gone: at the next poll on that computer; else by the next one that asks there', () => {
    const { prospects, notBefore } = explained({}, true, true);
    expect(prospects[0]).toMatchObject({ rule: 'process gone', ifAsked: true, notBefore: at(START_MS) });
    expect(notBefore).toBe(at(START_MS));
    const licence = tableOf({}, true);
    const isGone = ({ id }: InstanceRecord) => id === licence.instances[0]?.id;
    const [first, other] = licence.instances as [InstanceRecord, InstanceRecord];
    const together = { ...licence, instances: [first, { ...other, machine: first.machine }] };
    expect(explain(contextOf(together), { record: first, isGone }).prospects[0]?.ifAsked).toBe(false);
  });

  test('a beat from the future of the server is no beat that can be dated', () => {
    expect(explained({ beatAt: at(START_MS + 600_000) }, true).notBefore).toBe(at(START_MS));
  });
});
