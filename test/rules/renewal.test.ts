import { describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import type { Entitlement, Renewal } from '../../src/licence/entitlement.js';
import { toIso } from '../../src/licence/time.js';
import type { NewLicence } from '../../src/rules/new-licence.js';
import {
  electRenewer,
  type Fetched,
  isRenewalDue,
  type Renewer,
  settleRenewal,
} from '../../src/rules/renewal.js';
import { renewalStateOf, renewalTrouble } from '../../src/rules/renewal-state.js';
import { acme, granted, signedBy } from '../helpers/vendor.js';
import { contextOf, emptyTable, START_MS } from './tables.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const terms: Renewal = { from: 'https://acme.example/{key}', everyHours: 24 };
const issued = (changes: Partial<Entitlement> = {}): Partial<Entitlement> => ({
  ...{ issuedAt: toIso(START_MS - DAY_MS), renewal: terms, ...changes },
});
const fresh = (changes: Partial<Entitlement> = {}): Licence => ({
  ...emptyTable({}),
  entitlement: signedBy(acme, issued(changes)),
});
const next = (changes: Partial<Entitlement> = {}): Fetched => {
  const all = issued({ issuedAt: toIso(START_MS), ...changes });
  const licence: NewLicence = {
    ...{ entitlement: signedBy(acme, all), granted: granted(all) },
    ...{ isVerified: true, settings: null },
  };
  return { kind: 'licence', next: licence };
};
const down: Fetched = { kind: 'failed', why: 'down' };

const on = (host: string): Renewer => ({ instance: `i-${host}`, host, actor: `ada@${host}` });
const isDue = (licence: Licence, nowMs: number, host = 'pc-1') =>
  isRenewalDue(contextOf(licence, nowMs), host);

function elect(licence: Licence, nowMs: number, host = 'pc-1'): Licence {
  const draft = electRenewer(contextOf(licence, nowMs), on(host), false);
  if (!draft) throw new Error(`${host} was not elected`);
  return draft.licence;
}
const settle = (licence: Licence, nowMs: number, fetched: Fetched, host = 'pc-1') =>
  settleRenewal(contextOf(licence, nowMs), { renewer: on(host), fetched });
/** One try, of a second. */
const tried = (licence: Licence, nowMs: number, fetched: Fetched, host = 'pc-1'): Licence =>
  settle(elect(licence, nowMs, host), nowMs + 1000, fetched, host).draft.licence;

describe('when', () => {
  test('at once with a licence that was never renewed, and then each time its hours have passed', () => {
    expect(isDue(fresh(), START_MS)).toBe(true);
    const same = { ...fresh(), entitlement: signedBy(acme, issued({ issuedAt: toIso(START_MS) })) };
    const good = tried(same, START_MS, next());
    expect(isDue(good, START_MS + 24 * HOUR_MS)).toBe(false); // the answer came a second later
    expect(isDue(good, START_MS + 1000 + 24 * HOUR_MS)).toBe(true);
  });

  test('never by an unsigned licence: any user could have written its address', () => {
    expect(isDue(emptyTable({ renewal: terms }), START_MS)).toBe(false);
  });

  test('by one instance; another takes over when it has not ended within 5 min', () => {
    const busy = elect(fresh(), START_MS);
    expect(isDue(busy, START_MS + 299_000, 'pc-2')).toBe(false);
    expect(isDue(busy, START_MS + 300_000, 'pc-2')).toBe(true);
    expect(electRenewer(contextOf(busy, START_MS + 299_000), on('pc-2'), false)).toBeNull();
  });

  test('after a failure by another computer in a minute, and by the same in an hour', () => {
    const failed = tried(fresh(), START_MS, down);
    const atMs = START_MS + 1000;
    expect(isDue(failed, atMs + 59_000, 'pc-2')).toBe(false);
    expect(isDue(failed, atMs + 60_000, 'pc-2')).toBe(true);
    expect(isDue(failed, atMs + 60_000)).toBe(false);
    expect(isDue(failed, atMs + HOUR_MS)).toBe(true);
  });

  test('an hour after an administrator asked, too, and at once if one asks', () => {
    const failed = tried(fresh(), START_MS, down);
    expect(electRenewer(contextOf(failed, START_MS + 2000), on('pc-1'), true)).not.toBeNull();
  });

  test('times in the future and garbage count as absent', () => {
    const planted = {
      checkedAt: toIso(START_MS + DAY_MS),
      sinceAt: 7,
      triedAt: 'soon',
      by: {},
      failed: 'all',
      why: [],
    };
    const licence = { ...fresh(), renewal: planted };
    expect(renewalStateOf(licence, START_MS)).toEqual({
      ...{ checkedAt: null, sinceAt: null, triedAt: null, by: null, failed: [], why: null },
    });
    expect(isDue(licence, START_MS)).toBe(true);
  });
});

describe('what comes of it', () => {
  test('a later licence is installed, and the journal tells', () => {
    const outcome = settle(elect(fresh(), START_MS), START_MS, next());
    expect(outcome).toMatchObject({ kind: 'renewed', why: null });
    expect(outcome.draft.events).toMatchObject([
      { kind: 'renewed', actor: 'ada@pc-1', licenceId: 'acme', issuedAt: toIso(START_MS) },
    ]);
    const at = toIso(START_MS);
    expect(outcome.draft.licence.renewal).toEqual({ sinceAt: at, checkedAt: at });
  });

  test('the same licence again is a success', () => {
    const same = { ...fresh(), entitlement: signedBy(acme, issued({ issuedAt: toIso(START_MS) })) };
    const outcome = settle(elect(same, START_MS), START_MS, next());
    expect(outcome).toMatchObject({ kind: 'unchanged' });
    expect(outcome.draft.events).toEqual([
      { kind: 'renewed', actor: 'ada@pc-1', licenceId: 'acme', isUnchanged: true },
    ]);
  });

  test.each<[string, Partial<Entitlement>, RegExp]>([
    ['older', { issuedAt: toIso(START_MS - 2 * DAY_MS) }, /it was issued/],
    ['foreign', { licenceId: 'other' }, /it is licence "other"/],
    ['expired', { expiresAt: toIso(START_MS - HOUR_MS) }, /it expired/],
    ['early', { notBefore: toIso(START_MS + DAY_MS) }, /not in force before/],
  ])('%s: refused, and a failure', (_, changes, why) => {
    const base = elect(fresh(), START_MS);
    const outcome = settle(base, START_MS, next(changes));
    expect(outcome).toMatchObject({ kind: 'failed', why: expect.stringMatching(why) });
    expect(outcome.draft.licence.entitlement).toBe(base.entitlement);
  });

  test('sixty computers without a way out make one entry in the journal for each reason in turn', () => {
    let licence = fresh();
    const events: unknown[] = [];
    for (let n = 0; n < 60; n++) {
      const nowMs = START_MS + n * 100_000;
      const { draft } = settle(elect(licence, nowMs, `pc-${n}`), nowMs + 1000, down, `pc-${n}`);
      licence = draft.licence;
      events.push(...draft.events);
    }
    expect(events).toEqual([{ kind: 'renewal failed', actor: 'ada@pc-0', why: 'down' }]);
    expect(renewalStateOf(licence, START_MS + DAY_MS).failed).toHaveLength(60);
  });

  test('a success forgets the failures', () => {
    const failed = tried(fresh(), START_MS, down);
    const good = tried(failed, START_MS + HOUR_MS, down, 'pc-2');
    const atMs = START_MS + 2 * HOUR_MS;
    const outcome = settle(elect(good, atMs, 'pc-3'), atMs, next(), 'pc-3');
    expect(Object.keys(outcome.draft.licence.renewal ?? {})).toEqual(['sinceAt', 'checkedAt']);
    expect(renewalTrouble(outcome.draft.licence, { renewal: terms }, atMs)).toBeNull();
  });
});

describe('the grace', () => {
  const policy = (graceDays?: number) => ({
    renewal: { ...terms, ...(graceDays !== undefined && { graceDays }) },
  });

  test.each([
    [undefined, 60],
    [7, 7],
    [0, 0],
  ])('graceDays %s: work goes on for %d days from the first failure of all', (graceDays, days) => {
    const failed = tried(fresh(), START_MS, down);
    const closesMs = START_MS + days * DAY_MS;
    expect(renewalTrouble(failed, policy(graceDays), closesMs - 1)?.isClosed ?? false).toBe(false);
    expect(renewalTrouble(failed, policy(graceDays), Math.max(closesMs, START_MS + 1000))).toEqual({
      ...{ why: 'down', sinceAt: toIso(START_MS), closesAt: toIso(closesMs), isClosed: true },
    });
  });

  test('counts from the last success', () => {
    const same = { ...fresh(), entitlement: signedBy(acme, issued({ issuedAt: toIso(START_MS) })) };
    const good = tried(same, START_MS + 30 * DAY_MS, next());
    const failed = tried(good, START_MS + 32 * DAY_MS, down);
    expect(renewalTrouble(failed, policy(), START_MS + 90 * DAY_MS)?.isClosed).toBe(false);
    expect(renewalTrouble(failed, policy(), START_MS + 90 * DAY_MS + 1000)?.isClosed).toBe(true);
  });

  test('nothing is closed before a try has failed, however long nobody was at work', () => {
    const same = { ...fresh(), entitlement: signedBy(acme, issued({ issuedAt: toIso(START_MS) })) };
    const good = tried(same, START_MS, next());
    expect(renewalTrouble(good, policy(), START_MS + 400 * DAY_MS)).toBeNull();
  });
});
