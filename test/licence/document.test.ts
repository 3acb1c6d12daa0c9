import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FaultCode } from '../../src/api.js';
import type { Licence } from '../../src/licence/document.js';
import { readPolicy } from '../../src/licence/entitlement.js';
import { inFile, SeatfileFault } from '../../src/licence/fault.js';
import { licenceJsonSchema } from '../../src/licence/schema.js';
import { decodeText, formatLicence, parseLicence, textToPublish } from '../../src/licence/text.js';
import { claim } from '../../src/rules/claim.js';
import { app, asking, contextOf, emptyTable, FILE, policyOf, START_MS } from '../rules/tables.js';

const AT = '2026-11-21T09:30:00.000Z';

const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url);

/** As an application opens it: bytes, text, document, entitlement. */
function open(name: string): Licence {
  const licence = parseLicence(decodeText(readFileSync(fixture(name)), name), name);
  inFile(name, () => readPolicy(licence));
  return licence;
}

function faultOf(act: () => unknown): SeatfileFault {
  try {
    act();
  } catch (error) {
    if (error instanceof SeatfileFault) return error;
    throw error;
  }
  throw new Error('expected a SeatfileFault, and nothing was thrown');
}

describe('good licences', () => {
  test.each(['ten-users.json', 'modules-30-45-15.json', 'light.json', 'nearly-full.json', 'signed.json'])(
    '%s is read, and written back byte by byte',
    (name) => {
      expect(formatLicence(open(name), 'pretty')).toBe(readFileSync(fixture(name), 'utf8'));
    },
  );

  test.each([
    ['ten-users.json', 'heartbeat', 300],
    ['modules-30-45-15.json', 'heartbeat', 1350],
    ['light.json', 'light', 90],
    ['nearly-full.json', 'heartbeat', 90],
  ])('%s: level %s, T = %d s', (name, level, checkIntervalSeconds) => {
    expect(readPolicy(open(name))).toMatchObject({ level, checkIntervalSeconds });
  });

  test('nearly-full.json takes one more user, and then no other', () => {
    const licence = open('nearly-full.json');
    const third = claim(contextOf(licence), asking(app('cy'), 'M1', 's3'));
    if (third.kind !== 'seated') throw new Error('expected a seat');
    const fourth = claim(
      { licence: third.draft.licence, policy: policyOf(licence), nowMs: START_MS },
      asking(app('di'), 'M1', 's4'),
    );
    expect(fourth).toMatchObject({
      kind: 'full',
      holders: [{ user: 'Ada Lovelace', note: 'Bridge north' }, { user: 'Bob' }, { user: 'cy' }],
    });
  });
});

/** Per broken file: the code, and what its message must name besides the file: place, found, expected. */
const broken: readonly [string, FaultCode, ...string[]][] = [
  ['empty.json', 'LICENCE_INVALID', 'expected a seatfile licence (JSON), found an empty file'],
  ['garbage.json', 'LICENCE_INVALID', 'expected a seatfile licence (JSON), found text that is not JSON'],
  ['truncated.json', 'LICENCE_INVALID', 'expected', 'found', 'breaks off at line 11, column 3'],
  ['byte-order-mark.json', 'LICENCE_INVALID', 'found a byte order mark', 'as UTF-8 without'],
  ['utf-16.json', 'LICENCE_INVALID', 'expected UTF-8 text, found 1054 bytes that are not'],
  ['proto-key.json', 'LICENCE_INVALID', 'expected', 'found a key "__proto__" at settings'],
  ['duplicate-instance.json', 'LICENCE_INVALID', 'instances[1].id: expected every id once', 'at [0]'],
  ['duplicate-seat.json', 'LICENCE_INVALID', 'instances[0].seats[1].id: expected every id once', '"M1 5ea'],
  ['wrong-types.json', 'LICENCE_INVALID', 'instances[1].beat: expected a number, found "7"', 'and 1 more'],
  ['newer-format.json', 'LICENCE_NEWER', 'format: expected "seatfile/2", found "seatfile/3"', 'update'],
  ['not-an-object.json', 'LICENCE_INVALID', 'expected a seatfile licence (a JSON object), found a list'],
  ['module-twice.json', 'LICENCE_INVALID', 'entitlement.payload: modules: expected', 'found "M1" twice'],
  ['max-users-zero.json', 'LICENCE_INVALID', 'entitlement.payload: modules[0].maxUsers: ', 'found 0'],
  ['max-users-fraction.json', 'LICENCE_INVALID', 'modules[0].maxUsers: expected', 'found 1.5'],
];

describe('broken licences', () => {
  test.each(broken)('%s is refused: %s', (name, code, ...words) => {
    const fault = faultOf(() => open(`broken/${name}`));
    expect(fault.code).toBe(code);
    for (const word of [`broken/${name}: `, ...words]) expect(fault.message).toContain(word);
  });

  test('a key hidden behind escapes is refused as well', () => {
    const text = formatLicence(emptyTable({}), 'compact').replace(
      '"settings":{',
      '"settings":{"\\u005f_proto__":{}',
    );
    expect(faultOf(() => parseLicence(text, FILE)).message).toContain('"__proto__" at settings');
  });

  test('of many faults the first three are named and the rest counted', () => {
    const text = JSON.stringify({
      ...emptyTable({}),
      revision: -1,
      parent: 1,
      recent: 1,
      gone: 1,
      events: 1,
    });
    const { message } = faultOf(() => parseLicence(text, FILE));
    expect(message).toMatch(/revision: .*; parent: .*; recent: .*; and 2 more$/);
  });

  test.each([
    ['a module name with a space', { module: 'M 1', maxUsers: 1 }],
    ['a module name of 65 characters', { module: 'm'.repeat(65), maxUsers: 1 }],
    ['more users than 100,000', { module: 'M1', maxUsers: 100_001 }],
    ['a negative overdraft', { module: 'M1', maxUsers: 1, overdraft: -1 }],
  ])('an entitlement with %s is refused', (_name, grant) => {
    const fault = faultOf(() => policyOf(emptyTable({ modules: [grant] })));
    expect(fault.message).toMatch(/^entitlement\.payload: modules\[0\]\..* found /);
  });
});

describe('the format', () => {
  test('of the one before is read as this one, whatever else is in it', () => {
    expect(open('format-1.json')).toEqual(open('nearly-full.json'));
    expect(formatLicence(open('format-1.json'), 'pretty')).toBe(
      readFileSync(fixture('nearly-full.json'), 'utf8'),
    );
  });

  test.each([
    ['a reservation for a host', { settings: { reservations: [{ module: 'M1', host: 'pc-1' }] } }],
    [
      'a reservation for a user on a host',
      { settings: { reservations: [{ module: 'M1', user: 'u', host: 'h' }] } },
    ],
    ['where the table has moved to', { movedTo: '//server/share/licence.json' }],
    [
      'an event of a kind that is not known yet',
      { events: [{ id: 'line.1.0', kind: 'lent', at: AT, before: null }] },
    ],
  ])('holds %s', (_name, change) => {
    const text = JSON.stringify({ ...emptyTable({}), ...change });
    expect(parseLicence(text, FILE)).toMatchObject(change);
  });

  test.each([
    [
      'a reservation for nobody',
      { settings: { reservations: [{ module: 'M1' }] } },
      'expected a user or a host',
    ],
    ['a new place that is no text', { movedTo: '' }, 'movedTo: '],
  ])('does not hold %s', (_name, change, words) => {
    const text = JSON.stringify({ ...emptyTable({}), ...change });
    expect(faultOf(() => parseLicence(text, FILE)).message).toContain(words);
  });

  test('unknown keys survive reading and writing, wherever they stand', () => {
    const value = JSON.parse(readFileSync(fixture('nearly-full.json'), 'utf8'));
    value.colour = { of: ['the', 'top'] };
    value.settings.siteName = 'Hull 7';
    value.instances[0].gpu = 'big';
    value.instances[0].machine.rack = 4;
    value.instances[1].seats[0].floor = null;
    const again = formatLicence(parseLicence(JSON.stringify(value), FILE), 'compact');
    expect(JSON.parse(again)).toEqual(value);
  });

  test('unknown keys survive a claim beside them', () => {
    const value = JSON.parse(readFileSync(fixture('nearly-full.json'), 'utf8'));
    Object.assign(value, { colour: 'red' });
    Object.assign(value.instances[0], { gpu: 'big' });
    const licence = parseLicence(JSON.stringify(value), FILE);
    const outcome = claim(contextOf(licence), asking(app('cy'), 'M1', 's3'));
    expect(outcome).toMatchObject({
      draft: { licence: { colour: 'red', instances: [{ gpu: 'big' }, {}, {}] } },
    });
  });

  test('what was read and written once is read and written the same ever after', () => {
    fc.assert(
      fc.property(licences, (licence) => {
        const once = parseLicence(formatLicence(licence, 'pretty'), FILE);
        expect(once).toEqual(licence);
        expect(parseLicence(formatLicence(once, 'compact'), FILE)).toEqual(once);
      }),
    );
  });

  test('unknown keys of any kind survive, wherever they stand', () => {
    const keys = fc.oneof(fc.string(), fc.constantFrom('constructor', 'toString', 'hasOwnProperty', '1', ''));
    const odd = fc
      .dictionary(
        keys.map((key) => `${key}?`),
        fc.jsonValue({ maxDepth: 4 }),
      )
      .filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(licences, odd, odd, (licence, some, more) => {
        const instances = licence.instances.map((record) => ({ ...more, ...record }));
        const value = { ...some, ...licence, settings: { ...more, ...licence.settings }, instances };
        const text = JSON.stringify(value);
        const once = parseLicence(text, FILE);
        expect(once).toEqual(JSON.parse(text));
        expect(parseLicence(formatLicence(once, 'pretty'), FILE)).toEqual(once);
      }),
    );
  });

  test('names of JavaScript are keys like any other', () => {
    const text = formatLicence(emptyTable({}), 'compact');
    const value = { ...JSON.parse(text), constructor: { prototype: 1 }, toString: null, 7: 'seven' };
    expect(JSON.parse(formatLicence(parseLicence(JSON.stringify(value), FILE), 'compact'))).toEqual(value);
  });

  test('half of a surrogate pair survives as the escape that it was', () => {
    const text = formatLicence(emptyTable({}), 'compact').replace('{', '{"odd \\ud800":"\\udc00",');
    const again = formatLicence(parseLicence(text, FILE), 'compact');
    expect(decodeText(Buffer.from(again), FILE)).toContain('"odd \\ud800":"\\udc00"');
    expect(parseLicence(again, FILE)).toEqual(parseLicence(text, FILE));
  });

  test('any bytes are read, or refused by a fault that names the file; what is read can be written again', () => {
    const bytes = readFileSync(fixture('nearly-full.json'));
    const spoilt = fc
      .record({ at: fc.nat(bytes.length), cut: fc.nat(12), put: fc.uint8Array({ maxLength: 6 }) })
      .map(({ at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]));
    const typed = fc
      .record({
        at: fc.nat(bytes.length),
        put: fc.constantFrom('1e999', '-0', '[', '{', '"', '\\ud800', '9', '-'),
      })
      .map(({ at, put }) => Buffer.concat([bytes.subarray(0, at), Buffer.from(put), bytes.subarray(at + 1)]));
    const written = fc.oneof(fc.string(), fc.json()).map((text) => Buffer.from(text));
    fc.assert(
      fc.property(fc.oneof(written, spoilt, typed), (some) => {
        try {
          const licence = parseLicence(decodeText(some, FILE), FILE);
          inFile(FILE, () => readPolicy(licence));
          const again = parseLicence(formatLicence(licence, 'compact'), FILE);
          expect(formatLicence(again, 'compact')).toEqual(formatLicence(licence, 'compact'));
        } catch (error) {
          if (!(error instanceof SeatfileFault)) throw error;
          expect(error.message).toMatch(/^licence\.json: /);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('the JSON Schema that is shipped is the current one (npm run build makes it)', () => {
    const shipped = new URL('../../dist/licence.schema.json', import.meta.url);
    expect(existsSync(shipped), 'dist/licence.schema.json is there').toBe(true);
    expect(JSON.parse(readFileSync(shipped, 'utf8'))).toEqual(licenceJsonSchema());
  });
});

/**
 * Lists as long as they may be, of entries that are nothing: zod alone collects every fault of each, gigabytes of them.
 */
test.each(['instances', 'waiting', 'gone', 'events', 'recent', 'formerEntitlements'])(
  'a long list of nonsense is refused for its first entries, or its length: %s',
  (name) => {
    const text = JSON.stringify({ ...emptyTable({}), [name]: Array(99_999).fill({}) });
    const before = process.memoryUsage().heapUsed;
    expect(() => parseLicence(text, 'x')).toThrow(new RegExp(`^x: ${name}`));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024);
  },
);

test('a long list is read as a short one is', () => {
  const recent = {
    id: 'line.1.0',
    kind: 'tally',
    at: '2026-11-21T09:00:00.000Z',
    before: null,
    odd: { kept: true },
  };
  const licence = { ...emptyTable({}), events: Array(101).fill(recent) };
  expect(parseLicence(JSON.stringify(licence), 'x')).toEqual(licence);
  const wrong = { ...licence, events: licence.events.with(100, { ...recent, kind: 7 }) };
  expect(() => parseLicence(JSON.stringify(wrong), 'x')).toThrow(
    'x: events[100].kind: expected text, found 7',
  );
});

describe('limits', () => {
  const listed = 10_001;
  const seat = (n: number) => ({ id: `s${n}`, module: `M${n}`, sinceAt: AT, untilAt: null });
  const record = (n: number, seats: number) => ({
    ...{ ...app(`i${n}`), level: 'heartbeat' as const, joinedAt: AT, beat: 1, beatAt: AT },
    ...{ checkIntervalSeconds: 30, graceSeconds: 0, answersWithin: null },
    seats: Array.from({ length: seats }, (_, index) => seat(index)),
  });
  const many = (records: number, seats: number) =>
    Array.from({ length: records }, (_, index) => record(index, seats));

  test.each<[string, object, string]>([
    ['bans', { settings: { bans: Array(listed).fill({ user: 'u', untilAt: null }) } }, 'settings.bans: '],
    [
      'reservations',
      { settings: { reservations: Array(listed).fill({ module: 'M1', user: 'u' }) } },
      'settings.reservations: ',
    ],
    ['seats of one instance', { instances: many(1, 1001) }, 'instances[0].seats: '],
    ['seats in all', { instances: many(101, 1000) }, 'instances: expected at most 100000 seats in all'],
    ['a payload', { entitlement: { payload: ' '.repeat(1_048_577) } }, 'entitlement.payload: '],
    [
      'half of a surrogate pair in a payload',
      { entitlement: { payload: '{"customer":"\ud800"}' } },
      'entitlement.payload: expected text that UTF-8 can hold',
    ],
    [
      'a promised interval',
      { instances: [{ ...record(1, 1), checkIntervalSeconds: 1e300 }] },
      'instances[0].checkIntervalSeconds: ',
    ],
    ['a time', { committedAt: `2026-11-21T09:30:00.${'1'.repeat(100)}Z` }, 'committedAt: '],
  ])('%s', (_name, change, words) => {
    const text = JSON.stringify({ ...emptyTable({}), ...change });
    expect(faultOf(() => parseLicence(text, FILE)).message).toContain(`${FILE}: ${words}`);
  });

  test('the payload of an entitlement is limited in depth too', () => {
    const payload = JSON.stringify({ odd: 'DEEP' }).replace('"DEEP"', '['.repeat(9e5));
    const fault = faultOf(() => policyOf({ ...emptyTable({}), entitlement: { payload } }));
    expect(fault.message).toContain('entitlement.payload: expected a seatfile licence (JSON), found lists');
  });

  test('a change that could not be read back is refused before it is published', () => {
    const base = { ...emptyTable({}), instances: many(100, 1000) };
    expect(() => textToPublish(base, base, FILE)).not.toThrow();
    const more = { ...base, instances: [...base.instances, record(100, 1)] };
    expect(faultOf(() => textToPublish(base, more, FILE)).message).toContain(
      'hold more than the 100000 seats',
    );
  });

  test('a new record with the id of one that is there is no table that anybody could read', () => {
    const base = { ...emptyTable({}), instances: many(3, 2) };
    const twice = { ...base, instances: [...base.instances, { ...record(9, 2), id: record(1, 2).id }] };
    expect(faultOf(() => textToPublish(base, twice, FILE)).message).toContain('expected every id once');
    const beaten = { ...base, instances: base.instances.map((one) => ({ ...one, beat: 9 })) };
    expect(() => textToPublish(base, beaten, FILE)).not.toThrow();
  });

  test('newcomers leave the last MiB to beats', () => {
    const full = { ...emptyTable({}), instances: many(1, 1), odd: 'x'.repeat(15 * 1024 * 1024) };
    const beaten = { ...full, instances: [{ ...record(0, 1), beat: 2 }] };
    expect(() => textToPublish(full, beaten, FILE)).not.toThrow();
    const joined = { ...full, instances: many(2, 1) };
    expect(faultOf(() => textToPublish(full, joined, FILE)).message).toContain('larger than the 15 MiB');
    const burst = { ...beaten, note: 'x'.repeat(1024 * 1024) };
    expect(faultOf(() => textToPublish(full, burst, FILE)).message).toContain('larger than the 16 MiB');
  });
});

const names = fc.string({ minLength: 1, maxLength: 20 });
const ids = fc.string({ unit: fc.constantFrom(...'abc019-'), minLength: 1, maxLength: 64 });

/** Tables as claims make them, with names of any kind and odd settings. */
const licences: fc.Arbitrary<Licence> = fc
  .record({
    people: fc.uniqueArray(fc.record({ id: ids, user: names, host: names, note: fc.option(names) }), {
      selector: ({ id }) => id,
      maxLength: 5,
    }),
    settings: fc.record(
      {
        level: fc.constantFrom('heartbeat' as const, 'light' as const),
        checkIntervalSeconds: fc.double({ min: 1, max: 86_400, noNaN: true }),
        journalMonths: fc.integer({ min: 1, max: 1200 }),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ people, settings }) =>
    people.reduce<Licence>(
      (licence, { id, ...facts }) => {
        const outcome = claim(contextOf(licence), asking(app(id, facts), 'M1', id));
        return outcome.kind === 'seated' ? outcome.draft.licence : licence;
      },
      emptyTable({ modules: [{ module: 'M1', maxUsers: 9 }] }, settings),
    ),
  );
