import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Settings } from '../../src/licence/document.js';
import {
  countByOf,
  type Entitlement,
  entitlementHash,
  grantOf,
  isEarly,
  isExpired,
  type Policy,
  readPolicy,
  sealUnsigned,
  seatLimit,
} from '../../src/licence/entitlement.js';
import { acme, signedBy } from '../helpers/vendor.js';
import { emptyTable, policyOf } from '../rules/tables.js';

const modulesOf = (users: readonly number[]) =>
  users.map((maxUsers, index) => ({ module: `M${index + 1}`, maxUsers }));

describe('rule 1: the check interval', () => {
  test('30, 45 and 15 users: 1350 s', () => {
    expect(policyOf(emptyTable({ modules: modulesOf([30, 45, 15]) })).checkIntervalSeconds).toBe(1350);
  });

  test('30 s x the largest max users; the number of modules and the overdraft change nothing', () => {
    const users = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(users, fc.nat(50), (all, overdraft) => {
        const modules = modulesOf(all).map((grant) => ({ ...grant, overdraft }));
        const largest = [...all].sort((a, b) => b - a)[0] ?? 0;
        expect(policyOf(emptyTable({ modules })).checkIntervalSeconds).toBe(30 * largest);
      }),
    );
  });

  test.each<[string, Settings, number | undefined, number]>([
    ['settings before entitlement', { checkIntervalSeconds: 5 }, 8, 5],
    ['entitlement before formula', {}, 8, 8],
    ['the formula', {}, undefined, 300],
  ])('%s', (_name, settings, checkIntervalSeconds, expected) => {
    const licence = emptyTable({ modules: modulesOf([10]), checkIntervalSeconds }, settings);
    expect(policyOf(licence).checkIntervalSeconds).toBe(expected);
  });
});

describe('what holds at a site', () => {
  test('silence means heartbeat, user@host, no grace, no end', () => {
    expect(policyOf(emptyTable({}))).toMatchObject({
      level: 'heartbeat',
      countBy: 'user@host',
      graceSeconds: 0,
      expiresAt: null,
      customer: null,
    });
  });

  test('the overdraft counts as places', () => {
    const policy = policyOf(emptyTable({ modules: [{ module: 'M1', maxUsers: 3, overdraft: 2 }] }));
    expect(seatLimit(grantOf(policy, 'M1'))).toBe(5);
  });

  test('an unknown module is a fault that names those there are; case matters', () => {
    const policy = policyOf(emptyTable({ modules: modulesOf([1, 1]) }));
    expect(() => grantOf(policy, 'm1')).toThrow('no module "m1"; did you mean "M1"? The licence has M1, M2');
  });

  test('two entitlements are told apart by what is sealed', () => {
    const sealed = sealUnsigned({
      licenceId: 'a',
      issuedAt: '2026-11-01T00:00:00Z',
      modules: modulesOf([1]),
    });
    expect(entitlementHash(sealed)).toMatch(/^[0-9a-f]{64}$/);
    expect(entitlementHash({ ...sealed, signature: 'x' })).not.toBe(entitlementHash(sealed));
  });
});

const signedPolicy = (changes: Partial<Entitlement>, settings: Settings = {}): Policy =>
  readPolicy({
    ...emptyTable({}, settings),
    entitlement: signedBy(acme, { modules: modulesOf([10]), ...changes }),
  });

describe('settings only narrow a signed licence', () => {
  test('where it is silent it means heartbeat, the formula, no grace, whatever the settings say', () => {
    const wide: Settings = { level: 'light', checkIntervalSeconds: 86_400, offlineGraceSeconds: 3600 };
    for (const settings of [{}, wide])
      expect(signedPolicy({}, settings)).toMatchObject({
        ...{ isSigned: true, level: 'heartbeat', checkIntervalSeconds: 300, graceSeconds: 0 },
      });
    expect(policyOf(emptyTable({ modules: modulesOf([10]) }, wide))).toMatchObject({
      ...{ isSigned: false, level: 'light', checkIntervalSeconds: 86_400, graceSeconds: 3600 },
    });
  });

  test('what costs the vendor nothing stays with the settings', () => {
    const settings: Settings = { checkIntervalSeconds: 60, onDemand: { answerWithinSeconds: 20 } };
    expect(signedPolicy({}, settings)).toMatchObject({ checkIntervalSeconds: 60, answerWithinSeconds: 20 });
  });

  test.each<[string, Partial<Entitlement>, Settings, Partial<Policy>]>([
    ['a fixed level', { level: 'heartbeat' }, { level: 'light' }, { level: 'heartbeat' }],
    ['fixed to Light', { level: 'light' }, { level: 'heartbeat' }, { level: 'light' }],
    ['a level left open', { settable: { level: true } }, { level: 'light' }, { level: 'light' }],
    ['an open level that is not set', { level: 'light', settable: { level: true } }, {}, { level: 'light' }],
    [
      'a fixed interval',
      { checkIntervalSeconds: 60 },
      { checkIntervalSeconds: 10 },
      { checkIntervalSeconds: 60 },
    ],
    ['grace within the cap', { offlineGraceSeconds: 60 }, { offlineGraceSeconds: 30 }, { graceSeconds: 30 }],
    ['grace above the cap', { offlineGraceSeconds: 60 }, { offlineGraceSeconds: 90 }, { graceSeconds: 60 }],
    ['grace that is not set', { offlineGraceSeconds: 60 }, {}, { graceSeconds: 0 }],
  ])('%s', (_name, changes, settings, expected) => {
    expect(signedPolicy(changes, settings)).toMatchObject(expected);
  });

  test.each<
    [string, NonNullable<Entitlement['settable']>['checkIntervalSeconds'], number | undefined, number]
  >([
    ['below', { least: 60, most: 600 }, 5, 60],
    ['within', { least: 60, most: 600 }, 400, 400],
    ['above', { least: 60, most: 600 }, 700, 600],
    ['not set', { least: 60, most: 600 }, undefined, 300],
    ['not set, with a lower cap than the formula', { most: 100 }, undefined, 100],
    ['not set, with a higher one', { least: 400 }, undefined, 400],
    ['above, where only the least is said', { least: 60 }, 900, 300],
  ])('an interval within caps: %s', (_name, checkIntervalSeconds, set, expected) => {
    const settings = set === undefined ? {} : { checkIntervalSeconds: set };
    expect(signedPolicy({ settable: { checkIntervalSeconds } }, settings).checkIntervalSeconds).toBe(
      expected,
    );
  });

  test('no settings at all give more than the entitlement: any of them, any caps', () => {
    const settings = fc.record({
      level: fc.constantFrom('heartbeat', 'light'),
      checkIntervalSeconds: fc.integer({ min: 1, max: 86_400 }),
      offlineGraceSeconds: fc.nat(86_400),
    });
    fc.assert(
      fc.property(settings, fc.nat(86_400), (set, offlineGraceSeconds) => {
        const policy = signedPolicy({ offlineGraceSeconds }, set as Settings);
        expect(policy.level).toBe('heartbeat');
        expect(policy.checkIntervalSeconds).toBeLessThanOrEqual(300);
        expect(policy.graceSeconds).toBeLessThanOrEqual(offlineGraceSeconds);
      }),
    );
  });
});

describe('dates and words of a licence', () => {
  const [START, END] = ['2026-11-21T00:00:00.000Z', '2027-11-21T00:00:00.000Z'];
  test('from the first instant of the first day to the last of the last', () => {
    const policy = signedPolicy({ notBefore: START, expiresAt: END });
    const [startMs, endMs] = [Date.parse(START), Date.parse(END)];
    expect([startMs - 1, startMs].map((ms) => isEarly(policy, ms))).toEqual([true, false]);
    expect([endMs - 1, endMs].map((ms) => isExpired(policy, ms))).toEqual([false, true]);
    expect(policy.warnDays).toBe(14);
    expect(signedPolicy({ warnDays: 30, licenceKey: '7K3M-Q9XW-B2T0' })).toMatchObject({
      ...{ warnDays: 30, licenceKey: '7K3M-Q9XW-B2T0', expiresAt: null, notBefore: null },
    });
  });

  test('a module may count otherwise than the licence', () => {
    const modules = [
      { module: 'M1', maxUsers: 1, countBy: 'host' as const },
      { module: 'M2', maxUsers: 1 },
    ];
    const policy = signedPolicy({ countBy: 'instance', modules });
    expect(['M1', 'M2', 'M3'].map((module) => countByOf(policy, module))).toEqual([
      'host',
      'instance',
      'instance',
    ]);
  });

  test.each<[string, Partial<Entitlement>, string]>([
    [
      'it ends before it begins',
      { notBefore: END, expiresAt: START },
      `expected a time after notBefore (${END})`,
    ],
    [
      'caps that leave nothing',
      { settable: { checkIntervalSeconds: { least: 2, most: 1 } } },
      'found 2 and 1',
    ],
    ['a licence key with a U', { licenceKey: '0000-0000-000U' }, 'expected a licence key like'],
  ])('refused: %s', (_name, changes, words) => {
    expect(() => signedPolicy(changes)).toThrow(words);
  });
});
