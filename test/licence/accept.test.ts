import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isEntitlement, isLicence } from '../../src/licence/accept.js';
import { entitlement, licence } from '../../src/licence/schema.js';
import { app, emptyTable } from '../rules/tables.js';

/** The quick check may refuse what the schema takes, and never takes what the schema refuses or changes. */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Path = readonly (string | number)[];

const AT = '2026-11-21T09:30:00.000Z';
const HASH = 'a'.repeat(64);
const seat = {
  ...{ id: 's1', module: 'M1', sinceAt: AT, untilAt: AT, given: true },
  leaving: { actor: 'a@b', words: 'why', at: AT },
  messages: [{ id: 'm1', words: 'tea', actor: 'a@b', at: AT }],
};
const record = (id: string) => ({
  ...{ ...app(id), thread: '1/2', level: 'heartbeat', joinedAt: AT, beat: 1, beatAt: AT },
  ...{ checkIntervalSeconds: 30, graceSeconds: 0, answersWithin: 20, unconfirmed: true, seats: [seat] },
});
function formerly() {
  const { id: _id, user: _user, host: _host, unconfirmed: _, seats: _seats, ...facts } = record('i9');
  return { ...facts, sinceAt: AT, untilAt: AT };
}
const tombstone = {
  ...{ instance: 'i9', seat: 's9', module: 'M1', user: 'u', host: 'h', reason: 'removed', actor: 'a@b' },
  ...{ words: 'why', at: AT, revision: 3, told: true },
  was: formerly(),
} as unknown as Json;
const waiter = {
  ...{ ...app('w1'), instance: 'w1', module: 'M1', seat: 's2', beat: 1, sinceAt: AT, waitSeconds: 60 },
  ...{ returns: true, thread: '1/2' },
};

/** A licence that has every key of the format. */
const everything = {
  $schema: 'https://example.org/schema.json',
  ...emptyTable({}),
  movedTo: '//server/share/licence.json',
  entitlement: { payload: '{}', keyId: 'k1', alg: 'Ed25519', signature: 'c2ln' },
  settings: {
    level: 'light',
    checkIntervalSeconds: 60,
    onDemand: { answerWithinSeconds: 20 },
    offlineGraceSeconds: 0,
    bans: [{ user: 'u', untilAt: AT, actor: 'a@b', words: 'w', at: AT }],
    reservations: [{ module: 'M1', user: 'u', host: 'h' }],
    journalMonths: 13,
    siteName: 'Hull 7',
  },
  parent: { revision: 4, commit: 'c4' },
  recent: ['r1', 'r2'],
  formerEntitlements: [HASH],
  committedAt: AT,
  restored: { at: AT, from: 'folder', revision: 1, lineage: 'l0', former: ['l0'] },
  instances: [record('i1'), record('i2')],
  waiting: [waiter],
  rollCall: { names: [{ instance: 'i1', beat: 1, by: 'a@b', at: AT }], calledAt: AT, provedAt: AT },
  renewal: { odd: 1 },
  gone: [tombstone],
  events: [{ id: 'l.1.0', kind: 'seated', at: AT, before: HASH, seat: 's1' }],
  lastEventHash: HASH,
  colour: { of: ['the', 'top'] },
} as unknown as Json;

const granted = {
  ...{ licenceId: 'acme', customer: 'Acme', issuedAt: AT, expiresAt: AT, countBy: 'user@host' },
  ...{ level: 'light', checkIntervalSeconds: 60, offlineGraceSeconds: 1, odd: 1 },
  ...{ licenceKey: '7K3M-Q9XW-B2T0', notBefore: AT, warnDays: 14, evaluation: true, supersedes: ['a-1'] },
  settable: { level: true, checkIntervalSeconds: { least: 60, most: 600 } },
  borrow: { maxSeconds: 3600, machines: 2, takeover: 'newest' },
  binding: { paths: ['//fileserver/acme'] },
  renewal: { from: 'https://acme.example/', everyHours: 24, graceDays: 60, report: true },
  modules: [{ module: 'M1', maxUsers: 9, overdraft: 1, countBy: 'host' }],
};

const lengths = [0, 1, 2, 63, 64, 65, 128, 129, 256, 257, 600, 601, 1024, 1025, 2048, 2049, 4096, 4097];
const numbers = [
  -1, -0, 0, 0.5, 1, 1.5, 9, 10, 19, 20, 86_400, 86_401, 1200, 100, 101, 3650, 3651, 8784, 8785, 1201, 3e6,
  3_000_001, 34_560_000,
];
const large = [34_560_001, 100_000, 100_001, 999_999_999_999, 1e12, Number.MAX_SAFE_INTEGER, 2 ** 53, 1e300];
const words = [
  'M1',
  'm 1',
  '-m',
  'é',
  '\ud800',
  'x\ud800',
  'light',
  'host',
  'heartbeat',
  'newest',
  'Ed25519',
  '0000-0000-000Z',
  '0000-0000-000U',
  'seatfile/1',
  'a\n',
];
const times = ['2026-11-21T09:30:00.000Z', '2026-11-30T23:59:59.999Z', '0000-12-31T00:00:00.000Z'];
const noTimes = [
  '2026-02-29',
  '2026-04-31',
  '2026-02-30',
  '2026-13-01',
  '2026-00-10',
  '2026-01-00',
  '2026-01-32',
];
const odd = ['T24:00:00.000Z', 'T00:60:00.000Z', 'T00:00:60.000Z', 'T00:00:00.000Z\n', 't00:00:00.000z'];
/** Times that are left to the schema. */
const strange = ['2024-02-29T09:30:00.000Z', '2026-11-21T09:30:00Z', '2026-11-21T09:30:00.1234Z'];

/** What is put in the place of each value. Long texts are of `a`, so some are ids or hashes. */
const puts: readonly Json[] = [
  ...lengths.map((length) => 'a'.repeat(length)),
  ...[...numbers, ...large, ...words, ...times, ...strange],
  ...noTimes.map((day) => `${day}T09:30:00.000Z`),
  ...odd.map((time) => `2026-11-21${time}`),
  ...[null, true, false, [], {}, [null], [1], ['a'], ['a', 'a'], [{}]],
];

function pathsIn(value: Json, path: Path = []): Path[] {
  const inner = value !== null && typeof value === 'object' ? Object.entries(value) : [];
  const key = (name: string) => (Array.isArray(value) ? Number(name) : name);
  return [path, ...inner.flatMap(([name, one]) => pathsIn(one, [...path, key(name)]))];
}

/** A copy with another value at a path; undefined takes the key away. */
function changed(value: Json, [key, ...rest]: Path, put: Json | undefined): Json | undefined {
  if (key === undefined) return put;
  if (Array.isArray(value)) {
    const one = changed(value[Number(key)] ?? null, rest, put);
    return one === undefined ? value.toSpliced(Number(key), 1) : value.with(Number(key), one);
  }
  const record = value as { readonly [key: string]: Json };
  const one = changed(record[key] ?? null, rest, put);
  const { [key]: _, ...others } = record;
  return one === undefined ? others : { ...record, [key]: one };
}

const schemas = { licence, entitlement } as const;

/** Whether the check said yes. Then the schema does, and gives the same; in settings in the same order of keys. */
function held(kind: keyof typeof schemas, value: unknown): boolean {
  const isAccepted = kind === 'licence' ? isLicence(value) : isEntitlement(value);
  if (!isAccepted) return false;
  const { success, data } = schemas[kind].safeParse(value);
  expect(success, JSON.stringify(value)).toBe(true);
  expect(data).toStrictEqual(value);
  const { settings } = value as { settings?: unknown };
  expect(JSON.stringify((data as { settings?: unknown }).settings)).toBe(JSON.stringify(settings));
  return true;
}

describe.each([
  ['licence', everything],
  ['entitlement', granted as Json],
] as const)('%s', (kind, whole) => {
  test('one that has every key is accepted', () => {
    expect(held(kind, whole)).toBe(true);
  });

  test.each(pathsIn(whole).map((path) => [path.join('.') || 'all of it', path] as const))(
    'another value as %s is accepted only where the schema does, and mostly there',
    (_name, path) => {
      for (const put of [...puts, undefined]) {
        const value = changed(whole, path, put);
        const isLeft = strange.some((time) => time === put) || path.length === 0;
        const isTaken = schemas[kind].safeParse(value).success;
        if (held(kind, value) !== isTaken && !isLeft)
          expect.fail(`${JSON.stringify(put)} is ${isTaken ? 'not ' : ''}accepted`);
      }
    },
  );

  test('what is accepted the schema accepts, and gives the same', () => {
    const paths = pathsIn(whole);
    const change = fc.record({
      path: fc.constantFrom(...paths),
      put: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...puts) }, fc.jsonValue() as fc.Arbitrary<Json>),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let value: Json | undefined = whole;
        for (const { path, put } of changes)
          if (pathsIn(value ?? null).some((one) => one.join() === path.join()))
            value = changed(value ?? null, path, put);
        held(kind, value);
      }),
    );
  });
});

test.each<readonly [string, number, (list: readonly Json[]) => object, Json]>([
  ['recent', 256, (recent) => ({ recent }), 'r'],
  ['formerEntitlements', 1000, (formerEntitlements) => ({ formerEntitlements }), HASH],
  ['gone', 200, (gone) => ({ gone }), tombstone],
  ['bans', 10_000, (bans) => ({ settings: { bans } }), { user: 'u', untilAt: null }],
  ['reservations', 10_000, (reservations) => ({ settings: { reservations } }), { module: 'M1', user: 'u' }],
  [
    'names of a roll call',
    10_000,
    (names) => ({ rollCall: { names } }),
    { instance: 'i', beat: 1, by: '', at: AT },
  ],
  [
    'former lineages',
    64,
    (former) => ({ restored: { at: AT, from: '', revision: 1, lineage: 'l', former } }),
    'l',
  ],
])('%s: at most %d', (_name, most, put, entry) => {
  const of = (length: number) => isLicence({ ...(everything as object), ...put(Array(length).fill(entry)) });
  expect([of(most), of(most + 1)]).toEqual([true, false]);
});

test('1000 seats in a record at most, and 1000 modules in an entitlement', () => {
  const seats = (length: number) => Array.from({ length }, (_, n) => ({ ...seat, id: `s${n}` }));
  const holding = (length: number) => ({ instances: [{ ...record('i1'), seats: seats(length) }] });
  expect([1000, 1001].map((n) => isLicence({ ...(everything as object), ...holding(n) }))).toEqual([
    true,
    false,
  ]);
  const modules = (length: number) => ({ modules: Array(length).fill({ module: 'M1', maxUsers: 1 }) });
  expect([1000, 1001].map((n) => isEntitlement({ ...granted, ...modules(n) }))).toEqual([true, false]);
  const supersedes = (length: number) => isEntitlement({ ...granted, supersedes: Array(length).fill('a') });
  expect([100, 101].map(supersedes)).toEqual([true, false]);
});

test('no list is taken for a document', () => {
  expect(isLicence([everything])).toBe(false);
  expect(isLicence({ ...(everything as object), settings: [] })).toBe(false);
});

test('an id of an instance, and a seat in it, stands once', () => {
  const twice = (change: object) => isLicence({ ...(everything as object), ...change });
  expect(twice({ instances: [record('i1'), record('i1')] })).toBe(false);
  expect(twice({ instances: [{ ...record('i1'), seats: [seat, seat] }] })).toBe(false);
});

test('a licence that names a later format is left to the schema, which says so', () => {
  expect(isEntitlement({ ...granted, format: 'seatfile/9' })).toBe(false);
});

test('settings whose keys stand in another order are left to the schema, which puts them in its own', () => {
  const { settings } = everything as { settings: object };
  const reversed = Object.fromEntries(Object.entries(settings).reverse());
  expect(isLicence({ ...(everything as object), settings: reversed })).toBe(false);
  const bans = [{ untilAt: null, user: 'u' }];
  expect(isLicence({ ...(everything as object), settings: { bans } })).toBe(false);
});
