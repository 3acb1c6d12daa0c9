import { describe, expect, test } from 'vitest';
import type { Licence, Settings } from '../../src/licence/document.js';
import { type Entitlement, entitlementHash, readPolicy } from '../../src/licence/entitlement.js';
import { toIso } from '../../src/licence/time.js';
import { excessIn, type InstallRequest, install } from '../../src/rules/installation.js';
import type { NewLicence } from '../../src/rules/new-licence.js';
import { seatsInUse } from '../../src/rules/seats.js';
import { acme, granted, other, signedBy } from '../helpers/vendor.js';
import { seatedTable } from './seated.js';
import { contextOf, emptyTable, START_MS } from './tables.js';

const DAY_MS = 86_400_000;
const day = (n: number): string => toIso(START_MS + n * DAY_MS);

const signed = (changes: Partial<Entitlement>, vendor = acme, isVerified = true): NewLicence => ({
  entitlement: signedBy(vendor, changes),
  granted: granted(changes),
  isVerified,
  settings: null,
});
const unsigned = (changes: Partial<Entitlement>, settings: Settings = {}): NewLicence => {
  const value = granted(changes);
  return { entitlement: { payload: JSON.stringify(value) }, granted: value, isVerified: false, settings };
};
const asked = (next: NewLicence, changes: Partial<InstallRequest> = {}): InstallRequest => ({
  ...{ next, actor: 'root@pc-1', kind: 'installed', force: false, ...changes },
});
const signedTable = (changes: Partial<Entitlement> = {}, settings: Settings = {}): Licence => ({
  ...emptyTable({}, settings),
  entitlement: signedBy(acme, { issuedAt: day(-9), ...changes }),
});

test('a reservation of a module that is granted no more goes with it', () => {
  const reservations = [
    { module: 'M1', user: 'amy' },
    { module: 'OLD', user: 'bob' },
  ];
  const table = signedTable({}, { journalMonths: 2, reservations });
  const outcome = install(contextOf(table), asked(signed({ issuedAt: day(-1) })));
  expect(outcome.kind === 'installed' && outcome.draft.licence.settings).toEqual({
    journalMonths: 2,
    reservations: [{ module: 'M1', user: 'amy' }],
  });
});

describe('what is refused, and what overrules it', () => {
  const refusalIn = (table: Licence, next: NewLicence) => {
    const outcome = install(contextOf(table), asked(next));
    return outcome.kind === 'refused' ? outcome.refusal : null;
  };
  test.each([
    ['other licence', signedTable(), signed({ licenceId: 'other', issuedAt: day(-1) })],
    ['not newer', signedTable(), signed({ issuedAt: day(-10) })],
    ['not newer', signedTable(), signed({ issuedAt: day(-9), customer: 'another of the same moment' })],
    ['expired', signedTable(), signed({ issuedAt: day(-2), expiresAt: day(-1) })],
    ['not begun', signedTable(), signed({ issuedAt: day(-2), notBefore: day(1) })],
    [
      'evaluation',
      signedTable(),
      signed({ licenceId: 'try', issuedAt: day(-1), evaluation: true, supersedes: ['acme'] }),
    ],
    ['other licence', emptyTable({}), signed({ licenceId: 'other', issuedAt: day(-1) })],
    ['other licence', emptyTable({}), unsigned({ licenceId: 'other' })],
    ['other key', signedTable(), signed({ issuedAt: day(-1) }, other, false)],
    ['expired', emptyTable({}), unsigned({ expiresAt: day(-1) })],
    ['not begun', emptyTable({}), unsigned({ notBefore: day(1) })],
    ['expired', signedTable(), signed({ issuedAt: day(-10), expiresAt: day(-1) })], // all users lose their seats
  ])('%s, unless forced; the journal tells the force', (reason, table, next) => {
    expect(refusalIn(table, next)).toMatchObject({ reason, isForceable: true });
    const outcome = install(contextOf(table), asked(next, { force: true }));
    const event = { kind: 'installed', forced: true, licenceId: next.granted.licenceId, actor: 'root@pc-1' };
    expect(outcome).toMatchObject({
      ...{ kind: 'installed', overruled: { reason } },
      draft: { licence: { entitlement: next.entitlement }, events: [event] },
    });
  });

  test('unsigned over signed, force or not', () => {
    const next = unsigned({ issuedAt: day(-1) });
    for (const force of [false, true])
      expect(install(contextOf(signedTable()), asked(next, { force }))).toMatchObject({
        ...{ kind: 'refused', refusal: { reason: 'unsigned', isForceable: false } },
      });
  });
});

describe('what is installed', () => {
  test.each([
    ['a later one of the same licence', signedTable(), signed({ issuedAt: day(-1) })],
    ['a signed one over an unsigned one', emptyTable({ issuedAt: day(-9) }), signed({ issuedAt: day(-1) })],
    [
      'another one that supersedes it',
      signedTable(),
      signed({ licenceId: 'new', issuedAt: day(-1), supersedes: ['old', 'acme'] }),
    ],
    [
      'a full one in the place of an evaluation that it names',
      signedTable({ licenceId: 'try', evaluation: true }),
      signed({ issuedAt: day(-1), supersedes: ['try'] }),
    ],
    [
      'one that is signed with another key, which is known',
      signedTable(),
      signed({ issuedAt: day(-1) }, other),
    ],
    ['an unverified one of the same key', signedTable(), signed({ issuedAt: day(-1) }, acme, false)],
    ['an unverified one over an unsigned one', emptyTable({}), signed({ issuedAt: day(-1) }, acme, false)],
    ['an unsigned one over an unsigned one, of any date', emptyTable({}), unsigned({ issuedAt: day(-400) })],
  ])('%s', (_, table, next) => {
    const outcome = install(contextOf(table), asked(next));
    expect(outcome).toMatchObject({ kind: 'installed', overruled: null });
    if (outcome.kind !== 'installed') return;
    const [from, to] = [entitlementHash(table.entitlement), entitlementHash(next.entitlement)];
    const { licenceId, issuedAt } = next.granted;
    expect(outcome.draft.events).toEqual([
      { kind: 'installed', actor: 'root@pc-1', from, to, licenceId, issuedAt },
    ]);
    expect(outcome.draft.licence.formerEntitlements).toEqual([from]);
  });

  test('keeps the settings of the table, unless the new one brings some', () => {
    const settings = { checkIntervalSeconds: 77 };
    const kept = install(contextOf(signedTable({}, settings)), asked(signed({ issuedAt: day(-1) })));
    expect(kept).toMatchObject({ draft: { licence: { settings } } });
    const brought = install(contextOf(emptyTable({}, settings)), asked(unsigned({ issuedAt: day(-1) })));
    expect(brought).toMatchObject({ draft: { licence: { settings: {} } } });
  });

  test('nothing, where the table has it already', () => {
    const table = signedTable();
    const same = { ...signed({ issuedAt: day(-9) }), entitlement: table.entitlement };
    expect(install(contextOf(table), asked(same))).toEqual({ kind: 'same' });
  });

  test('one that was there before is former no more', () => {
    const first = emptyTable({});
    const second = unsigned({ issuedAt: day(-1) });
    const there = install(contextOf(first), asked(second));
    if (there.kind !== 'installed') throw new Error(there.kind);
    const back = { ...unsigned({}), entitlement: first.entitlement };
    const again = install(contextOf(there.draft.licence), asked(back));
    expect(again).toMatchObject({
      draft: { licence: { formerEntitlements: [entitlementHash(second.entitlement)] } },
    });
  });
});

describe('seats', () => {
  const seated = (): Licence => ({ ...seatedTable(3), entitlement: signedTable().entitlement });

  test('stay with fewer than are taken, and nothing is offered before it fits', () => {
    const next = signed({ issuedAt: day(-1), modules: [{ module: 'M1', maxUsers: 2 }] });
    const table = seated();
    const outcome = install(contextOf(table), asked(next));
    if (outcome.kind !== 'installed') throw new Error(outcome.kind);
    const { licence } = outcome.draft;
    expect(licence.instances).toEqual(table.instances);
    expect(licence.waiting).toEqual(table.waiting);
    const context = { licence, policy: readPolicy(licence) };
    expect(excessIn(context)).toEqual([{ module: 'M1', inUse: 3, limit: 2 }]);
  });

  test('of a module that the new one does not have stay too, and are told', () => {
    const next = signed({ issuedAt: day(-1), modules: [{ module: 'M2', maxUsers: 9 }] });
    const outcome = install(contextOf(seated()), asked(next));
    if (outcome.kind !== 'installed') throw new Error(outcome.kind);
    const { licence } = outcome.draft;
    expect(seatsInUse(licence).get('M1')).toBe(3);
    expect(excessIn({ licence, policy: readPolicy(licence) })).toEqual([
      { module: 'M1', inUse: 3, limit: null },
    ]);
  });

  test('that are free by it go to the waiters in the same change', () => {
    const next = signed({ issuedAt: day(-1), modules: [{ module: 'M1', maxUsers: 4 }] });
    const outcome = install(contextOf(seated()), asked(next));
    expect(outcome).toMatchObject({
      draft: { licence: { waiting: [] }, events: [{ kind: 'installed' }, { kind: 'given', user: 'eve' }] },
    });
  });
});
