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
    expect(outcome.draft.licence.renewal).toEqual({ checkedAt: toIso(START_MS) });
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
    expect(Object.keys(outcome.draft.licence.renewal ?? {})).toEqual(['checkedAt']);
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
    const closesMs = START_MS + 1000 + days * DAY_MS;
    expect(renewalTrouble(failed, policy(graceDays), closesMs - 1)?.isClosed ?? false).toBe(false);
    expect(renewalTrouble(failed, policy(graceDays), closesMs)).toEqual({
      ...{ why: 'down', sinceAt: toIso(START_MS + 1000), closesAt: toIso(closesMs), isClosed: true },
    });
  });

  const atWork = (renewal: Renewal): Licence => ({
    ...fresh(),
    entitlement: signedBy(acme, issued({ issuedAt: toIso(START_MS), renewal })),
  });
  const same = (renewal: Renewal): Fetched => next({ renewal });
  const trouble = (licence: Licence, nowMs: number) =>
    renewalTrouble(licence, contextOf(licence, nowMs).policy, nowMs);

  test.each([
    [24, 60],
    [720, 7],
    [8784, 60],
  ])('every %d h, %d days: counts from the first failure since the last success', (everyHours, graceDays) => {
    const renewal = { ...terms, everyHours, graceDays };
    const dueMs = START_MS + 1000 + everyHours * HOUR_MS;
    const first = tried(tried(atWork(renewal), START_MS, same(renewal)), dueMs, down);
    const failed = tried(first, dueMs + 2 * HOUR_MS, { kind: 'failed', why: 'still down' }, 'pc-2');
    const closesMs = dueMs + 1000 + graceDays * DAY_MS;
    expect(trouble(first, dueMs + 1000)?.isClosed).toBe(false);
    expect(trouble(failed, closesMs - 1)?.isClosed).toBe(false);
    expect(trouble(failed, closesMs)).toMatchObject({ closesAt: toIso(closesMs), isClosed: true });
    expect(isDue(failed, closesMs + HOUR_MS, 'pc-3')).toBe(true);
  });

  test('begins anew with the next failure after a success', () => {
    const failed = tried(fresh(), START_MS, down);
    const good = tried(failed, START_MS + 2 * HOUR_MS, next({ renewal: terms }));
    const again = tried(good, START_MS + 9 * DAY_MS, down);
    expect(trouble(again, START_MS + 9 * DAY_MS + 1000)?.sinceAt).toBe(toIso(START_MS + 9 * DAY_MS + 1000));
  });

  describe.each([24, 8784])('every %d h, while the last success is young', (everyHours) => {
    const renewal = { ...terms, everyHours, graceDays: 60 };
    const asked = (licence: Licence, nowMs: number): Licence => {
      const draft = electRenewer(contextOf(licence, nowMs), on('pc-9'), true);
      return draft?.licence ?? licence;
    };

    test('an administrator that asks on a computer without a way out makes no failure', () => {
      const good = tried(atWork(renewal), START_MS, same(renewal));
      const atMs = START_MS + 12 * HOUR_MS;
      const outcome = settle(asked(good, atMs), atMs + 1000, down, 'pc-9');
      expect(outcome).toMatchObject({ kind: 'failed', why: 'down', draft: { events: [] } });
      const { licence } = outcome.draft;
      expect(trouble(licence, START_MS + 400 * DAY_MS)).toBeNull();
      expect(renewalStateOf(licence, atMs + 1000)).toMatchObject({ by: null, failed: [], why: null });
      const dueMs = START_MS + 1000 + everyHours * HOUR_MS;
      expect([dueMs - 1, dueMs].map((nowMs) => isDue(licence, nowMs))).toEqual([false, true]);
    });

    test('a failure that another computer answered meanwhile is none', () => {
      const both = asked(elect(atWork(renewal), START_MS), START_MS + 5000);
      const good = settle(both, START_MS + 10_000, same(renewal)).draft.licence;
      const { draft } = settle(good, START_MS + 100_000, down, 'pc-9');
      expect(draft.events).toEqual([]);
      expect(renewalStateOf(draft.licence, START_MS + 100_000)).toMatchObject({ failed: [], why: null });
      expect(trouble(draft.licence, START_MS + 61 * DAY_MS)).toBeNull();
    });
  });

  test('a licence that a table tells to have failed is tried again, however young its last success', () => {
    const at = toIso(START_MS);
    const licence = {
      ...atWork({ ...terms, everyHours: 8784 }),
      renewal: { checkedAt: at, sinceAt: at, why: 'x' },
    };
    expect(isDue(licence, START_MS + 60_000)).toBe(true);
    const failed = tried(licence, START_MS + 60_000, down);
    expect(isDue(failed, START_MS + 61_000 + 60_000)).toBe(false);
    expect(isDue(failed, START_MS + 61_000 + 60_000, 'pc-2')).toBe(true);
    expect(isDue(failed, START_MS + 61_000 + HOUR_MS)).toBe(true);
  });

  test('nothing is closed before a try has failed, however long nobody was at work', () => {
    const same = { ...fresh(), entitlement: signedBy(acme, issued({ issuedAt: toIso(START_MS) })) };
    const good = tried(same, START_MS, next());
    expect(renewalTrouble(good, policy(), START_MS + 400 * DAY_MS)).toBeNull();
  });
});
