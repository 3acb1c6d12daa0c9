import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../src/core/entitlement.js';
import { type FaultCode, SeatfileFault } from '../../src/core/fault.js';
import {
  decodeText,
  formatLicence,
  type Licence,
  licenceJsonSchema,
  parseLicence,
} from '../../src/core/licence.js';
import { claim } from '../../src/core/seats.js';
import { app, emptyTable, FILE, ground, policyOf } from './tables.js';

const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url);

/** As an application opens it: bytes, text, document, entitlement. */
function open(name: string): Licence {
  const licence = parseLicence(decodeText(readFileSync(fixture(name)), name), name);
  readPolicy(licence, name);
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
  test.each(['ten-users.json', 'modules-30-45-15.json', 'light.json', 'nearly-full.json'])(
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
    expect(readPolicy(open(name), name)).toMatchObject({ level, checkIntervalSeconds });
  });

  test('nearly-full.json takes one more user, and then no other', () => {
    const licence = open('nearly-full.json');
    const third = claim(licence, policyOf(licence), app('cy'), 'M1', 's3', ground());
    if (third.kind !== 'seated') throw new Error('expected a seat');
    const fourth = claim(third.draft.licence, policyOf(licence), app('di'), 'M1', 's4', ground());
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
  ['duplicate-module.json', 'LICENCE_INVALID', 'instances[0].seats[1].module: expected every', 'found "M1"'],
  ['wrong-types.json', 'LICENCE_INVALID', 'instances[1].beat: expected number, found "7"', 'and 1 more'],
  ['newer-format.json', 'LICENCE_NEWER', 'format: expected "seatfile/1", found "seatfile/2"', 'update'],
  ['not-an-object.json', 'LICENCE_INVALID', 'expected a seatfile licence (a JSON object), found a list'],
  ['module-twice.json', 'LICENCE_INVALID', 'entitlement.payload: modules: expected', 'found "M1" twice'],
  ['max-users-zero.json', 'LICENCE_INVALID', 'entitlement.payload: modules[0].maxUsers: ', 'found 0'],
  ['max-users-fraction.json', 'LICENCE_INVALID', 'modules[0].maxUsers: expected', 'found 1.5'],
  ['signed.json', 'LICENCE_INVALID', 'entitlement.signature: expected an unsigned licence, found'],
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
    expect(fault.message).toMatch(/^licence\.json: entitlement\.payload: modules\[0\]\..* found /);
  });
});

describe('the format', () => {
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
    const outcome = claim(licence, policyOf(licence), app('cy'), 'M1', 's3', ground());
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

  test('any text is read, or refused by a fault that names the file', () => {
    const text = formatLicence(emptyTable({}), 'compact');
    const spoilt = fc
      .record({ at: fc.nat(text.length), cut: fc.nat(12), put: fc.string({ maxLength: 6 }) })
      .map(({ at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), spoilt), (some) => {
        try {
          parseLicence(some, FILE);
        } catch (error) {
          expect(error).toBeInstanceOf(SeatfileFault);
          expect((error as SeatfileFault).message).toMatch(/^licence\.json: /);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('the JSON Schema that is shipped is the current one (npm run build makes it)', () => {
    const shipped = new URL('../../dist/licence.schema.json', import.meta.url);
    expect(existsSync(shipped), 'dist/licence.schema.json is there').toBe(true);
    expect(JSON.parse(readFileSync(shipped, 'utf8'))).toEqual(licenceJsonSchema());
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
        const outcome = claim(licence, policyOf(licence), app(id, facts), 'M1', id, ground());
        return outcome.kind === 'seated' ? outcome.draft.licence : licence;
      },
      emptyTable({ modules: [{ module: 'M1', maxUsers: 9 }] }, settings),
    ),
  );
