import { describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { entitlementHash, readEntitlement, readPolicy } from '../../src/licence/entitlement.js';
import { claim } from '../../src/rules/claim.js';
import { excessIn } from '../../src/rules/installation.js';
import { changeModules, type ModuleChange } from '../../src/rules/modules.js';
import { enqueue } from '../../src/rules/queue.js';
import { app, asking, contextOf, emptyTable } from './tables.js';

const table = emptyTable({
  ...{ licenceId: 'acme', customer: 'Acme' },
  modules: [
    { module: 'M1', maxUsers: 2, countBy: 'user', overdraft: 1 },
    { module: 'M2', maxUsers: 1 },
  ],
});
const change = (licence: Licence, wish: Partial<ModuleChange>) =>
  changeModules(contextOf(licence), { grants: [], dropped: [], actor: 'eve@desk', ...wish });
function sit(licence: Licence, user: string, module = 'M1'): Licence {
  const outcome = claim(contextOf(licence), asking(app(user), module, `seat-${user}`));
  if (outcome.kind !== 'seated') throw new Error(outcome.kind);
  return outcome.draft.licence;
}
const modulesOf = (licence: Licence | undefined) => licence && readEntitlement(licence.entitlement).modules;

test('changes, adds and drops modules in one change; what else is granted stays, and T follows', () => {
  const grants = [
    { module: 'M1', maxUsers: 30 },
    { module: 'M3', maxUsers: 4 },
  ];
  const draft = change(table, { grants, dropped: ['M2'] });
  expect(modulesOf(draft?.licence)).toEqual([
    { module: 'M1', maxUsers: 30, countBy: 'user', overdraft: 1 },
    { module: 'M3', maxUsers: 4 },
  ]);
  expect(readEntitlement(draft?.licence.entitlement ?? table.entitlement)).toMatchObject({
    customer: 'Acme',
  });
  expect(readPolicy(draft?.licence ?? table).checkIntervalSeconds).toBe(900);
  expect(draft?.events).toEqual([
    { kind: 'settings', actor: 'eve@desk', settings: { modules: { M1: 30, M3: 4, M2: null } } },
  ]);
});

test('the entitlement of before is remembered, so that a licence.json that shows it is known', () => {
  const draft = change(table, { grants: [{ module: 'M2', maxUsers: 5 }] });
  expect(draft?.licence.formerEntitlements).toEqual([entitlementHash(table.entitlement)]);
  const back = change(draft?.licence ?? table, { grants: [{ module: 'M2', maxUsers: 1 }] });
  expect(entitlementHash(back?.licence.entitlement ?? table.entitlement)).toBe(
    entitlementHash(table.entitlement),
  );
  expect(change(table, { grants: [{ module: 'M2', maxUsers: 1 }] })).toBeNull();
});

test('new seats go to the waiters', () => {
  const full = sit(table, 'ada', 'M2');
  const wait = { who: app('bob'), module: 'M2', seatId: 'seat-bob', waitSeconds: 600 };
  const draft = change(enqueue(contextOf(full), wait), { grants: [{ module: 'M2', maxUsers: 2 }] });
  expect(draft?.licence.instances.map(({ user }) => user)).toEqual(['ada', 'bob']);
  expect(draft?.events.map(({ kind }) => kind)).toEqual(['settings', 'given']);
});

test('with fewer seats than are in use no user loses one', () => {
  const three = ['ada', 'bob', 'cy'].reduce((licence, user) => sit(licence, user), table);
  const { licence = table } = change(three, { grants: [{ module: 'M1', maxUsers: 1 }] }) ?? {};
  expect(licence.instances).toEqual(three.instances);
  expect(excessIn(contextOf(licence))).toEqual([{ module: 'M1', inUse: 3, limit: 2 }]);
});

describe('refused, and nothing is changed', () => {
  const signed = { ...table, entitlement: { ...table.entitlement, signature: 's', keyId: 'k' } };
  const kept = {
    ...table,
    settings: {
      reservations: [
        { module: 'M1', user: 'a' },
        { module: 'M1', user: 'b' },
      ],
    },
  };
  const waited = enqueue(contextOf(table), {
    ...{ who: app('bob'), module: 'M2', seatId: 'seat-bob', waitSeconds: 600 },
  });
  test.each<readonly [string, Licence, Partial<ModuleChange>, string]>([
    [
      'a signed licence',
      signed,
      { grants: [{ module: 'M1', maxUsers: 9 }] },
      'Only its vendor can issue another',
    ],
    ['a module in which a user works', sit(table, 'ada', 'M2'), { dropped: ['M2'] }, '1 seat is in use'],
    ['a module that a user waits for', waited, { dropped: ['M2'] }, 'users wait for a seat'],
    ['a module that there is not', table, { dropped: ['M9'] }, 'no module "M9"'],
    ['the last one', table, { dropped: ['M1', 'M2'] }, 'one module at least'],
    [
      'a module with seats that are kept',
      { ...kept, settings: { reservations: [{ module: 'M2', host: 'lab' }] } },
      { dropped: ['M2'] },
      'M2: 1 seat is reserved',
    ],
    ['less than is reserved', kept, { grants: [{ module: 'M1', maxUsers: 1 }] }, '2 seats are reserved'],
  ])('%s', (_name, licence, wish, words) => {
    expect(() => change(licence, wish)).toThrow(words);
  });
});
