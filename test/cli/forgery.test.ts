import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { filesIn } from '../../src/cli/public-key-option.js';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { forgeries, signedText, sold, withSealed } from '../forgery/forgeries.js';
import { acme, other, signedBy } from '../helpers/vendor.js';
import { emptyTable } from '../rules/tables.js';
import { freshPlace, seatfile, tableOf } from './seatfile.js';

/** A command that is given a public key never grants a seat on what it cannot verify. */

const place = freshPlace();
const key = (name: string) => path.join(place.directory, name);
const put = (sealed: object) =>
  writeFileSync(place.file, JSON.stringify(withSealed(emptyTable({}), sealed), null, 2));

beforeEach(() => {
  writeFileSync(key('acme.pub'), acme.pem);
  writeFileSync(key('other.pub'), `# the other product\r\n${other.line}\r\n`);
  put(sold);
});

const PUBLIC_KEY = 'SEATFILE_PUBLIC_KEY';

describe.each(Object.entries(forgeries))('%s', (_name, { sealed, code }) => {
  test('hold, run and status: never a seat, and each says what is wrong', async () => {
    put(sealed);
    const proof = key('the command ran');
    const command = [
      '--',
      process.execPath,
      '-e',
      `require('fs').writeFileSync(${JSON.stringify(proof)}, '')`,
    ];
    const asked = ['--public-key', key('acme.pub')];
    const [hold, run, status] = await Promise.all([
      seatfile(['hold', place.file, '--json', ...asked]),
      seatfile(['run', place.file, ...asked, ...command]),
      seatfile(['status', place.file, '--json', ...asked]),
    ]);
    expect([hold.status, run.status, status.status]).toEqual([3, 125, 3]);
    expect(JSON.parse(hold.out)).toMatchObject({ event: 'failed', code });
    for (const { err } of [hold, run, status]) expect(err).toMatch(/entitlement\.\w+: expected .*, found/);
    expect([existsSync(proof), existsSync(`${place.file}.revisions`)]).toEqual([false, false]);
    if (code === 'LICENCE_INVALID') return; // no licence at all: there is nothing to show
    const { signature } = JSON.parse(status.out).licence;
    expect(signature).toBe(
      { LICENCE_FORGED: 'invalid', LICENCE_UNTRUSTED: 'unverified', LICENCE_UNSIGNED: 'none' }[code],
    );
  });
});

test('the commands that change something, and those that only read, refuse it as well', async () => {
  put(forgeries['more users in the text']?.sealed ?? {});
  const commands = [
    ['journal'],
    ['set', '--level', 'light'],
    ['remove', '--all', '--yes'],
    ['repair', '--yes'],
  ];
  const answers = await Promise.all(
    commands.map(([verb = '', ...more]) =>
      seatfile([verb, place.file, ...more], { [PUBLIC_KEY]: key('acme.pub') }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([3, 3, 3, 3]);
  for (const { err } of answers) expect(err).toContain('the licence was changed after it was signed');
  const doctor = await seatfile(['doctor', place.file, '--public-key', key('acme.pub')]);
  expect(doctor.status).toBe(1);
  expect(doctor.out).toContain('the licence was changed after it was signed');
  expect(existsSync(`${place.file}.revisions`)).toBe(false);
});

describe('the key', () => {
  const run = (args: readonly string[], environment = {}) =>
    seatfile(['run', place.file, ...args, '--', process.execPath, '-e', ''], environment);

  test('of the vendor opens the licence: as option, in the environment, among several', async () => {
    const list = [key('other.pub'), key('acme.pub')];
    expect((await run(['--public-key', key('acme.pub')])).status).toBe(0);
    expect((await run(list.flatMap((file) => ['--public-key', file]))).status).toBe(0);
    expect((await run([], { [PUBLIC_KEY]: list.join(path.delimiter) })).status).toBe(0);
    expect((await run([], { [PUBLIC_KEY]: '' })).status).toBe(0);
    expect(tableOf(place.file).entitlement).toEqual(sold);
  });

  test('given as an option counts in place of the environment', async () => {
    const other = { [PUBLIC_KEY]: key('other.pub') };
    expect((await run([], other)).status).toBe(125);
    expect((await run(['--public-key', key('acme.pub')], other)).status).toBe(0);
  });

  test.each([
    [
      'that is not there',
      () => key('none.pub'),
      /^seatfile: --public-key .*none\.pub: expected a file, found none/m,
    ],
    ['in a directory', () => place.directory, /expected a file, found a directory/],
    [
      'that is private',
      () => key('acme.key'),
      /expected a public key, found a private key \("PRIVATE KEY"\)/,
    ],
    ['of another kind of file', () => place.file, /expected a public key of Ed25519 .*, found "\{"/],
  ])('%s is a mistake of the command line', async (_name, file, words) => {
    const pem = acme.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(key('acme.key'), pem);
    const { status, err } = await seatfile(['status', place.file, '--public-key', file()]);
    expect(status).toBe(2);
    expect(err).toMatch(words);
    expect(err).not.toContain(pem.split('\n')[1]);
  });

  test('a list of files is written as the system writes PATH', () => {
    expect(filesIn('C:\\Acme\\acme.pub;\\\\fileserver\\acme\\new.pub; ', ';')).toEqual([
      'C:\\Acme\\acme.pub',
      '\\\\fileserver\\acme\\new.pub',
    ]);
    expect(filesIn('/srv/acme.pub:acme 2026.pub:', ':')).toEqual(['/srv/acme.pub', 'acme 2026.pub']);
    expect(filesIn('', ':')).toEqual([]);
  });
});

test('status says what a signature is worth, in words', async () => {
  const words = async (...args: readonly string[]) => (await seatfile(['status', place.file, ...args])).out;
  expect(await words()).toContain('Signature: unverified (it takes --public-key of its vendor).');
  expect(await words('--public-key', key('other.pub'))).toContain(
    'Signature: unverified (signed with a key that was not given).',
  );
  expect(await words('--public-key', key('acme.pub'))).toContain('Signature: valid.');
  put(forgeries['more users in the text']?.sealed ?? {});
  expect(await words('--public-key', key('acme.pub'))).toContain('Signature: INVALID');
  put({ payload: sold.payload });
  expect(await words()).not.toContain('Signature');
});

describe('verify', () => {
  const verify = (...args: readonly string[]) =>
    seatfile(['verify', place.file, '--public-key', key('acme.pub'), ...args]);

  test('says that a licence is valid, and what it grants', async () => {
    const { status, out, err } = await verify();
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(/licence\.json: valid, signed with the key [0-9a-f]{16}\.\nLicence +acme\n/);
    expect(out).toContain('M1: 1 user');
  });

  test.each([
    ['more users in the text', 'invalid', /: INVALID: it was changed after it was signed/],
    [
      "another product's licence",
      'unknown key',
      /: signed with the key .*, which is not [0-9a-f]{16}: not verified\./,
    ],
    ['no signature', 'unsigned', /: unsigned\.\nIt says, and none of these keys vouches for it:\n/],
  ])('%s: 3, and the same in JSON', async (kind, verdict, words) => {
    put(forgeries[kind]?.sealed ?? {});
    const [text, json] = await Promise.all([verify(), verify('--json')]);
    expect([text.status, json.status]).toEqual([3, 3]);
    expect(text.out).toMatch(words);
    expect(JSON.parse(json.out)).toMatchObject({
      ...{ schemaVersion: 1, file: place.file, verdict },
      entitlement: { modules: [{ module: 'M1', maxUsers: 99 }] },
    });
  });

  test('an unsigned one leaves to its settings what they can say, and no more', async () => {
    put({ payload: sold.payload });
    const { out } = await verify();
    expect(out).toMatch(/^Check interval {2}.*; settings may choose 1 s to 24 h$/m);
    expect(out).toMatch(/^Offline grace {3}as the settings say$/m);
  });

  test.each<[string, Partial<Entitlement>, string, string]>([
    [
      'is over',
      { expiresAt: '2026-11-02T00:00:00.000Z' },
      ': EXPIRED; signature valid, by the key ',
      "Valid           EXPIRED 2026-11-02 00:00:00 UTC, by this computer's clock\n",
    ],
    [
      'has not begun',
      { notBefore: '2999-01-01T00:00:00.000Z', expiresAt: '2999-02-01T00:00:00.000Z' },
      ': not valid yet; signature valid, by the key ',
      "Valid           not valid before 2999-01-01 00:00:00 UTC, by this computer's clock; " +
        'then until 2999-02-01 00:00:00 UTC\n',
    ],
  ])(
    'a licence that %s: its signature is valid, and it says that no seat is to be had',
    async (_, dates, first, valid) => {
      put(signedBy(acme, dates));
      const { status, out } = await verify();
      expect(status).toBe(0);
      expect(out).toContain(first);
      expect(out).toContain(valid);
    },
  );

  test('of several keys one is enough', async () => {
    const { status, out } = await verify('--public-key', key('other.pub'), '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      verdict: 'valid',
      publicKeys: [expect.any(String), expect.any(String)],
    });
  });

  test('without a key, of a file that is none, and of nonsense that is signed', async () => {
    const keyless = await seatfile(['verify', place.file], { [PUBLIC_KEY]: '' });
    expect(keyless).toMatchObject({ status: 2, err: expect.stringContaining('by which key?') });
    const missing = await seatfile(['verify', key('none.json'), '--public-key', key('acme.pub')]);
    expect(missing.status).toBe(3);
    put(signedText('{"licenceId":"acme"}'));
    expect(await verify()).toMatchObject({
      status: 3,
      err: expect.stringContaining('entitlement.payload: '),
    });
  });

  test('what a name in it could do to a terminal it does not do', async () => {
    put(signedBy(other, { customer: 'A\u001b[2J\u202e' }));
    for (const { out } of [await verify(), await verify('--json')]) {
      expect(out).not.toContain('\u001b');
      expect(out).not.toContain('\u202e');
    }
  });
});

test('demo goes on whatever key the environment names: its licence is its own', async () => {
  mkdirSync(key('tmp'));
  const environment = { [PUBLIC_KEY]: key('acme.pub'), TMPDIR: key('tmp') };
  const { status, out } = await seatfile(['demo'], environment);
  expect({ status, end: out.split('\n').at(-1) }).toEqual({ status: 0, end: 'All of it was so.' });
});
