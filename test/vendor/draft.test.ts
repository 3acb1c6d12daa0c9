import { describe, expect, test } from 'vitest';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { draftEntitlement, type Wanted } from '../../src/vendor/draft.js';
import type { Template } from '../../src/vendor/template.js';
import { granted } from '../helpers/vendor.js';

const NOW = '2026-11-30T12:00:00.000Z';
const DAY = 86_400;
const nothing: Wanted = {
  ...{ maxUsers: new Map(), overdraft: new Map(), isEvaluation: false, supersedes: [], bindPaths: [] },
  isReissue: false,
};
const m1 = { maxUsers: new Map([['M1', 5]]) };
const birth = { licenceId: 'new', licenceKey: '0000-0000-0000', nowMs: Date.parse(NOW) };
const template = (terms: Template['terms'], validDays: number | null = null): Template => ({
  ...{ terms, validDays, earlier: null },
});
const of = (earlier: Partial<Entitlement>): Template => {
  const whole = granted({ issuedAt: '2026-01-01T00:00:00.000Z', ...earlier });
  return { ...template({ modules: whole.modules }), earlier: { granted: whole, verdict: 'valid' } };
};
/** As it is written: without what is absent. */
const draft = (wanted: Partial<Wanted>, from: Template | null = null): Entitlement =>
  JSON.parse(JSON.stringify(draftEntitlement({ ...nothing, ...wanted }, from, birth)));

test('without a template: what was asked for, and nothing else', () => {
  expect(draft(m1)).toEqual({
    ...{ licenceId: 'new', licenceKey: '0000-0000-0000', issuedAt: NOW },
    modules: [{ module: 'M1', maxUsers: 5 }],
  });
});

test('options override the template, one by one', () => {
  const from = template({
    ...{ customer: 'Template', level: 'light', checkIntervalSeconds: 300, offlineGraceSeconds: 60 },
    renewal: { from: 'https://a.example', everyHours: 6, graceDays: 30 },
    modules: [
      { module: 'CAD', maxUsers: 10, overdraft: 2, countBy: 'host' },
      { module: 'CAM', maxUsers: 5 },
    ],
  });
  expect(draft({}, from)).toMatchObject({
    customer: 'Template',
    level: 'light',
    modules: from.terms.modules,
  });
  const made = draft(
    {
      ...{ customer: 'Acme', level: 'heartbeat', checkIntervalSeconds: 60, bindPaths: ['/srv/acme'] },
      ...{ renewFrom: 'https://b.example', countBy: 'user', overdraft: new Map([['VIEW', 1]]) },
      maxUsers: new Map([
        ['CAD', 20],
        ['VIEW', 3],
        ['CAM', 0],
      ]),
    },
    from,
  );
  expect(made).toMatchObject({
    ...{ customer: 'Acme', level: 'heartbeat', checkIntervalSeconds: 60, offlineGraceSeconds: 60 },
    ...{ countBy: 'user', binding: { paths: ['/srv/acme'] } },
    renewal: { from: 'https://b.example', everyHours: 6, graceDays: 30 },
  });
  expect(made.modules).toEqual([
    { module: 'CAD', maxUsers: 20, overdraft: 2 },
    { module: 'VIEW', maxUsers: 3, overdraft: 1 },
  ]);
});

describe('validity', () => {
  const begin = { notBeforeMs: Date.parse('2027-01-01T00:00:00.000Z') };

  test.each<[string, Partial<Wanted>, Template | null, Partial<Entitlement>]>([
    ['for ever', {}, null, {}],
    ['by the template, from now', {}, template({}, 1), { expiresAt: '2026-12-01T12:00:00.000Z' }],
    [
      'by the template, from its first day',
      begin,
      template({}, 1),
      { notBefore: '2027-01-01T00:00:00.000Z', expiresAt: '2027-01-02T00:00:00.000Z' },
    ],
    ['never, whatever the template says', { end: { kind: 'never' } }, template({}, 1), {}],
    [
      'an evaluation',
      { end: { kind: 'after', seconds: 30 * DAY }, isEvaluation: true },
      null,
      { expiresAt: '2026-12-30T12:00:00.000Z', evaluation: true },
    ],
  ])('%s', (_what, wanted, from, expected) => {
    const { notBefore, expiresAt, evaluation } = draft({ ...m1, ...wanted }, from);
    expect(JSON.parse(JSON.stringify({ notBefore, expiresAt, evaluation }))).toEqual(expected);
  });

  test.each([
    ['2026-11-30T12:00:00.000Z', {}],
    ['2020-01-01T00:00:00.000Z', {}],
    ['2027-01-01T00:00:00.000Z', begin],
  ])('an end at %s is refused where the licence has not begun before it', (text, wanted) => {
    const end = { kind: 'at', atMs: Date.parse(text) } as const;
    expect(() => draft({ ...m1, ...wanted, end })).toThrow(`--expires: expected a time after`);
  });
});

describe('a reissue', () => {
  const old = {
    ...{ licenceId: 'old', licenceKey: '0000-0000-00ZZ', customer: 'Acme', evaluation: true as const },
    ...{ binding: { paths: ['/srv/acme'] }, supersedes: ['older'], expiresAt: '2027-06-01T00:00:00.000Z' },
    modules: [{ module: 'M1', maxUsers: 5 }],
  };

  test('is the same licence: id, key, customer, place and end; with another date of issue', () => {
    expect(draft({ isReissue: true, maxUsers: new Map([['M1', 8]]) }, of(old))).toEqual({
      ...old,
      ...{ issuedAt: NOW, modules: [{ module: 'M1', maxUsers: 8 }] },
    });
  });

  test('of a licence without a key gets one; other ends and customers are as asked for', () => {
    const end = { kind: 'at', atMs: Date.parse('2028-01-01T00:00:00.000Z') } as const;
    expect(draft({ isReissue: true, customer: 'Acme plc', end }, of({ licenceId: 'old' }))).toMatchObject({
      ...{ licenceId: 'old', licenceKey: '0000-0000-0000', customer: 'Acme plc' },
      expiresAt: '2028-01-01T00:00:00.000Z',
    });
  });

  test('without it an earlier licence gives only its terms', () => {
    expect(draft({ end: { kind: 'never' } }, of(old))).toEqual({
      ...{ licenceId: 'new', licenceKey: '0000-0000-0000', issuedAt: NOW },
      modules: old.modules,
    });
  });

  test.each<[string, Partial<Entitlement>, boolean, string]>([
    ['what had an end', { expiresAt: '2027-06-01T00:00:00.000Z' }, false, 'ends 2027-06-01T00:00:00.000Z'],
    ['an evaluation', { evaluation: true }, false, 'is an evaluation'],
    ['an evaluation issued again', { evaluation: true }, true, 'is an evaluation'],
  ])('%s gets no licence without end by omission', (_what, earlier, isReissue, says) => {
    expect(() => draft({ isReissue }, of(earlier))).toThrow(
      `--expires: the licence given as template ${says}; give --expires, or --expires never`,
    );
    expect(draft({ isReissue, end: { kind: 'never' } }, of(earlier)).expiresAt).toBeUndefined();
    expect(draft({ isReissue }, { ...of(earlier), validDays: 1 }).expiresAt).toBeDefined();
  });

  test('of one without end stays so', () => {
    expect(draft({}, of({})).expiresAt).toBeUndefined();
  });

  test('needs an earlier licence, issued before', () => {
    expect(() => draft({ isReissue: true, ...m1 })).toThrow('--reissue: which licence?');
    expect(() => draft({ isReissue: true }, template({}))).toThrow('--reissue: which licence?');
    expect(() => draft({ isReissue: true }, of({ issuedAt: NOW }))).toThrow('issued before now');
  });
});

test.each<[string, Partial<Wanted>, string]>([
  ['no module', {}, 'Give at least one module'],
  [
    'a module to leave out of nothing',
    { maxUsers: new Map([['X', 0]]) },
    'X=0: leaves a module of a template',
  ],
  ['an overdraft of nothing', { ...m1, overdraft: new Map([['X', 1]]) }, '--overdraft X: no such module'],
  ['no customer', { ...m1, customer: '' }, '--customer: expected 1 to 256 characters'],
  ['itself superseded', { ...m1, supersedes: ['new'] }, '--supersedes new: that is this licence'],
  [
    'too many superseded',
    { ...m1, supersedes: Array.from({ length: 101 }, (_, n) => `x${n}`) },
    'expected at most 100 licences, got 101',
  ],
])('%s is refused by its option', (_what, wanted, says) => {
  expect(() => draft(wanted)).toThrow(says);
});

test('a module that the template has not cannot be left out of it', () => {
  const wanted = { maxUsers: new Map([['X', 0]]) };
  expect(() => draft(wanted, template({}))).toThrow('--module X=0: the template has no such module');
});
