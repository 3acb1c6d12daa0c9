import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Settings } from '../../src/licence/document.js';
import { entitlementHash, grantOf, sealUnsigned, seatLimit } from '../../src/licence/entitlement.js';
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
    expect(() => grantOf(policy, 'm1')).toThrow('no module "m1"; the licence has M1, M2');
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
