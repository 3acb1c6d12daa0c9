import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SealedEntitlement } from '../../src/licence/document.js';
import { type Entitlement, sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { keyIdOf } from '../../src/licence/signature.js';
import { formatLicence } from '../../src/licence/text.js';
import { acme, granted, other, signedBy, type TestVendor } from '../helpers/vendor.js';
import { sends, vendorServer } from '../vendor/vendor-server.js';
import { atTerminal, freshPlace, hold, seatfile, start, tableOf, told, until } from './seatfile.js';

/** A new licence, and the users that work on meanwhile. */

const place = freshPlace();
const at = (name: string): string => path.join(place.directory, name);

/** A licence file as a vendor sends it. */
function file(name: string, sealed: SealedEntitlement, settings = {}): string {
  const licence = firstLicence(sealed, settings, {
    lineage: `line-${name.replace('.json', '')}`,
    commit: 'c0',
  });
  writeFileSync(at(name), formatLicence(licence, 'pretty'));
  return at(name);
}
const signed = (name: string, changes: Partial<Entitlement> = {}, vendor: TestVendor = acme): string =>
  file(`${name}.json`, signedBy(vendor, changes));
function key(vendor = acme): string[] {
  writeFileSync(at('public.pem'), vendor.pem);
  return ['--public-key', at('public.pem')];
}
const run = (...words: string[]) => atTerminal(words, '', { isInteractive: false });
const installed = (words: readonly string[] = []) =>
  run('install', place.file, signed('first'), ...key(), ...words);

const keyId = keyIdOf(acme.publicKey);
const DAY_MS = 86_400_000;
const later = '2026-11-05T00:00:00.000Z';

describe('the first installation', () => {
  test('makes the licence and its folder, and the commands go on with it', async () => {
    const answer = await installed();
    expect(answer).toMatchObject({ status: 0, asked: '' });
    expect(answer.out).toMatch(
      /^Installed licence acme, issued .*, signature valid, as .*licence\.json\.\n {2}M1: 1 user\n/,
    );
    expect(tableOf(place.file)).toMatchObject({
      revision: 1,
      events: [{ kind: 'installed', licenceId: 'acme' }],
    });
    expect((await run('status', place.file, ...key())).status).toBe(0);
  });

  test('takes the settings of the file', async () => {
    const sent = file('sent.json', sealUnsigned(granted()), { checkIntervalSeconds: 77 });
    expect((await run('install', place.file, sent)).status).toBe(0);
    expect(tableOf(place.file).settings).toEqual({ checkIntervalSeconds: 77 });
  });

  test('--dry-run writes nothing', async () => {
    expect((await installed(['--dry-run'])).out).toMatch(/^Would install licence acme/);
    expect(existsSync(place.file)).toBe(false);
  });

  test.each([
    ['expired', { expiresAt: '2026-11-02T00:00:00Z' }, /it expired 2026-11-02/],
    ['not in force yet', { notBefore: '2999-01-01T00:00:00Z' }, /not in force before 2999/],
  ])('of one that is %s is refused, unless forced', async (_, changes, why) => {
    const words = ['install', place.file, signed('first', changes), ...key()];
    const answer = await run(...words);
    expect(answer).toMatchObject({ status: 1, err: expect.stringMatching(why) });
    expect(existsSync(place.file)).toBe(false);
    expect((await run(...words, '--force')).status).toBe(0);
    expect(tableOf(place.file).events).toMatchObject([{ kind: 'installed', forced: true }]);
  });

  test.each([
    ['a year ahead', 366],
    ['a year behind', -366],
  ])('is judged by the clock of the share, not by that of this computer, which is %s', async (_, days) => {
    const shifted = {
      NODE_OPTIONS: `--import ${new URL('../processes/shifted-date.mjs', import.meta.url).href}`,
      SHIFT_MS: String(days * DAY_MS),
    };
    const soon = new Date(Date.now() + DAY_MS).toISOString();
    const lately = new Date(Date.now() - DAY_MS).toISOString();
    const over = signed('over', { issuedAt: '2020-01-01T00:00:00Z', expiresAt: lately });
    const early = signed('early', { notBefore: soon });
    const good = signed('good', { notBefore: lately, expiresAt: soon });
    for (const [words, why] of [
      [[over], /it expired/],
      [[early, '--dry-run'], /not in force before/],
    ] as const)
      expect(await seatfile(['install', place.file, ...words, ...key()], shifted)).toMatchObject({
        ...{ status: 1, out: '', err: expect.stringMatching(why) },
      });
    expect(existsSync(place.file)).toBe(false);
    expect(await seatfile(['install', place.file, good, ...key()], shifted)).toMatchObject({ status: 0 });
    expect(tableOf(place.file).events).toEqual([expect.not.objectContaining({ forced: true })]);
  });

  test('where the directory is missing', async () => {
    const answer = await run('install', at('none/licence.json'), signed('first'), ...key());
    expect(answer).toMatchObject({
      status: 3,
      err: expect.stringMatching(/none: expected a directory, found none/),
    });
  });
});

describe('over a licence that is there', () => {
  test('a refused file that was dropped over it: status says where it is, and what to do with it', async () => {
    await installed();
    signed('licence', { licenceId: 'of-another-customer' });
    await run('set', place.file, '--check-interval', '8s', ...key());
    const { out } = await run('status', place.file, ...key());
    const kept = `${place.file}.refused`;
    expect(out).toContain(
      `was refused; it is kept as ${kept}. seatfile journal tells why; delete that file when it is done with.\n`,
    );
    expect((await run('journal', place.file, ...key())).out).toContain('refused');
  });

  test('as a file alone, which no application has opened yet', async () => {
    signed('licence');
    const answer = await run('install', place.file, signed('next', { issuedAt: later }), ...key(), '--yes');
    expect(answer.status, answer.err).toBe(0);
    expect(tableOf(place.file).formerEntitlements).toHaveLength(1);
  });

  test('while users work: the seats stay, and running applications follow', async () => {
    await run(
      'install',
      place.file,
      signed('first', { checkIntervalSeconds: 8, modules: [{ module: 'M1', maxUsers: 2 }] }),
    );
    const [ada, bob] = [hold(place.file, 'ada', 'pc-1', ...key()), hold(place.file, 'bob', 'pc-2', ...key())];
    await told(ada, 'seated');
    await told(bob, 'seated');
    const next = signed('next', { issuedAt: later, checkIntervalSeconds: 16 });
    const answer = await run('install', place.file, next, ...key(), '--yes');
    expect(answer.out).toContain('Running applications follow within 1 s, and no user loses a seat.');
    expect(answer.out).toContain('M1: 1 user, before 2; 2 in use');
    expect(answer.out).toContain(
      'M1: 2 users are at work, 1 more than it has seats for. ' +
        'No user loses the seat by that; no new user is seated until 1 seat is given back.',
    );
    await until('the new interval', 20_000, () => {
      const seconds = tableOf(place.file).instances.map((record) => record.checkIntervalSeconds);
      return seconds.length === 2 && seconds.every((one) => one === 16) ? true : undefined;
    });
    const status = await run('status', place.file, ...key());
    expect(status.out).toContain('M1: 2 seats are in use, and the licence has 1. No user loses a seat;');
    const eve = await run('run', place.file, '--user', 'eve', ...key(), '--', 'true');
    expect([eve.status, eve.err]).toEqual([
      75,
      expect.stringContaining('M1: no seat is free; 2 are in use:\n'),
    ]);
    for (const child of [ada, bob]) child.process.stdin?.end();
    expect(await Promise.all([ada.ended, bob.ended])).toMatchObject([{ status: 0 }, { status: 0 }]);
  });

  test('asks on a terminal, and needs --yes elsewhere', async () => {
    await installed();
    const words = ['install', place.file, signed('next', { issuedAt: later }), ...key()];
    expect(await run(...words)).toMatchObject({ status: 2, err: expect.stringContaining('add --yes') });
    const no = await atTerminal(words, 'n');
    expect(no).toMatchObject({
      status: 1,
      asked: 'Install it? [y/N] ',
      err: expect.stringContaining('Nothing was installed'),
    });
    expect(no.err).toContain('Would install licence acme');
    expect(tableOf(place.file).revision).toBe(1);
    expect((await atTerminal(words, 'y')).status).toBe(0);
  });

  test('--dry-run changes nothing, --json is one document', async () => {
    await installed();
    const words = [
      'install',
      place.file,
      signed('next', { issuedAt: later, customer: 'Acme' }),
      ...key(),
      '--json',
    ];
    const dry = JSON.parse((await run(...words, '--dry-run')).out);
    expect(dry).toMatchObject({ result: 'installed', dryRun: true });
    expect(tableOf(place.file).revision).toBe(1);
    expect(JSON.parse((await run(...words, '--yes')).out)).toEqual({
      ...{ schemaVersion: 1, file: place.file, result: 'installed', dryRun: false, overruled: null },
      licence: {
        ...{ id: 'acme', key: null, customer: 'Acme', signature: 'valid', keyId, evaluation: false },
        ...{ issuedAt: later, notBefore: null, expiresAt: null },
      },
      before: { id: 'acme', issuedAt: granted().issuedAt, keyId },
      modules: [{ module: 'M1', maxUsers: 1, maxUsersBefore: 1, inUse: 0, excess: 0 }],
      followWithinSeconds: 4,
    });
    expect(JSON.parse((await run(...words, '--yes')).out)).toMatchObject({ result: 'same' });
    expect(tableOf(place.file).revision).toBe(2);
  });

  test.each<[string, () => string, RegExp]>([
    [
      'of another id',
      () => signed('next', { licenceId: 'other', issuedAt: later }),
      /it is licence "other"; expected licence "acme"/,
    ],
    ['that is older', () => signed('next', { issuedAt: '2026-10-01T00:00:00Z' }), /it was issued 2026-10-01/],
  ])('one %s is refused with the reason, unless forced; the journal tells', async (_, next, why) => {
    await installed();
    const words = ['install', place.file, next(), ...key(), '--yes'];
    const answer = await run(...words);
    expect(answer).toMatchObject({ status: 1, out: '', err: expect.stringMatching(why) });
    expect(answer.err).toContain('--force installs it all the same');
    expect(tableOf(place.file).revision).toBe(1);
    expect((await run(...words, '--force')).status).toBe(0);
    expect((await run('journal', place.file, ...key())).out).toMatch(/installed .* issued .*, forced/);
  });

  test.each<[string, () => string, RegExp]>([
    [
      'changed after it was signed',
      () => {
        const { payload, ...rest } = signedBy(acme, { issuedAt: later });
        return file('next.json', { ...rest, payload: payload.replace('"maxUsers":1', '"maxUsers":9') });
      },
      /changed after it was signed/,
    ],
    [
      'signed with another key',
      () => signed('next', { issuedAt: later }, other),
      /expected a licence signed with the key/,
    ],
    [
      'not signed',
      () => file('next.json', sealUnsigned(granted({ issuedAt: later }))),
      /expected a licence signed/,
    ],
    [
      'garbage',
      () => {
        writeFileSync(at('next.json'), '{"entitlement');
        return at('next.json');
      },
      /next\.json: /,
    ],
  ])('one %s is refused, force or not: status 3', async (_, next, why) => {
    await installed();
    for (const force of [[], ['--force']]) {
      const answer = await run('install', place.file, next(), ...key(), '--yes', ...force);
      expect(answer).toMatchObject({ status: 3, out: '', err: expect.stringMatching(why) });
    }
    expect(tableOf(place.file).revision).toBe(1);
  });

  test('unsigned over signed never, also without a key', async () => {
    await installed();
    const next = file('next.json', sealUnsigned(granted({ issuedAt: later })));
    const answer = await run('install', place.file, next, '--yes', '--force');
    expect(answer).toMatchObject({
      status: 1,
      err: expect.stringContaining('it is not signed; expected a signed licence'),
    });
  });

  test('without a key it says that the signature was not verified, and promises no seat', async () => {
    await installed();
    const answer = await run('install', place.file, signed('next', { issuedAt: later }), '--yes');
    expect(answer).toMatchObject({
      status: 0,
      err: expect.stringContaining('The signature was not verified'),
    });
    expect(answer.out).toMatch(/follow within .*\d s\.\n/);
    expect(answer.out).toContain(`public keys, but not the key "${keyId}", refuse it`);
  });

  test('of another key, that was not verified, is refused; forced, the way back is by force, too', async () => {
    await installed();
    const words = ['install', place.file, signed('next', { issuedAt: later }, other), '--yes'];
    const answer = await run(...words);
    expect(answer).toMatchObject({ status: 1, out: '' });
    expect(answer.err).toContain(`it is signed with another key, "${keyIdOf(other.publicKey)}", and was not`);
    expect(answer.err).toContain(`expected the key "${keyId}", or --public-key to verify it with`);
    expect(answer.err).toContain('an older licence comes back only by --force');
    expect(tableOf(place.file).revision).toBe(1);
    const forced = await run(...words, '--force');
    expect(forced.status).toBe(0);
    expect(forced.out).not.toContain('loses a seat');
    const back = ['install', place.file, signed('first'), ...key(), '--yes'];
    expect(await run(...back)).toMatchObject({
      status: 1,
      err: expect.stringContaining('--force installs it'),
    });
    expect((await run(...back, '--force')).status).toBe(0);
    expect((await run('status', place.file, ...key())).status).toBe(0);
  });

  test('of another key, that is known, is installed, and said to be refused by those that do not know it', async () => {
    await installed();
    const next = signed('next', { issuedAt: later }, other);
    const words = ['install', place.file, next, ...key(other)];
    const asked = await atTerminal(words, 'y');
    expect(asked.status).toBe(0);
    for (const told of [asked.err, asked.out])
      expect(told).toContain(`public keys, but not the key "${keyIdOf(other.publicKey)}", refuse it`);
    expect(asked.out).not.toContain('loses a seat');
  });

  test('an unsigned one that has expired is refused, unless forced, and promises no seat', async () => {
    await run('install', place.file, file('first.json', sealUnsigned(granted())));
    const next = file('next.json', sealUnsigned(granted({ expiresAt: '2026-11-02T00:00:00Z' })));
    const words = ['install', place.file, next, '--yes'];
    expect(await run(...words)).toMatchObject({ status: 1, err: expect.stringContaining('it expired 2026') });
    const forced = await run(...words, '--force');
    expect(forced.status).toBe(0);
    expect(forced.out).not.toContain('loses a seat');
  });

  test('a module that is not in it any more, with one user in it', async () => {
    const modules = (name: string) => ({ modules: [{ module: name, maxUsers: 1 }] });
    await run('install', place.file, signed('first', { ...modules('M1'), level: 'light' }), ...key());
    const ada = hold(place.file, 'ada', 'pc-1', ...key());
    await told(ada, 'seated');
    const next = signed('next', { ...modules('M2'), level: 'light', issuedAt: later });
    const answer = await run('install', place.file, next, ...key(), '--yes');
    expect(answer.out).toContain('M1: 1 user is at work, 1 more than it has seats for.');
    expect((await run('status', place.file, ...key())).out).toContain(
      'M1: 1 seat is in use, and the licence does not have the module any more.',
    );
    ada.process.stdin?.end();
    expect((await ada.ended).status).toBe(0);
  });

  test('a signed one takes the place of an in-house one that it supersedes, with the key', async () => {
    await run('init', place.file, '--module', 'M1=5');
    const { licenceId } = JSON.parse(tableOf(place.file).entitlement.payload);
    const next = signed('next', { issuedAt: '2999-01-01T00:00:00.000Z', supersedes: [licenceId] });
    expect((await run('install', place.file, next, ...key(), '--yes')).status).toBe(0);
    expect((await run('status', place.file, ...key())).out).toContain('Signature: valid');
  });

  test('NEW that is not there, or a directory', async () => {
    await installed();
    mkdirSync(at('folder'));
    for (const name of ['none.json', 'folder'])
      expect(await run('install', place.file, at(name), '--yes')).toMatchObject({
        status: 2,
        err: expect.stringContaining(name),
      });
  });
});

describe('renewal', () => {
  const terms = (address: string): Partial<Entitlement> => ({
    renewal: { from: `${address}/{id}`, everyHours: 24, report: true },
    checkIntervalSeconds: 8,
  });

  test('by a running application, and by the command', async () => {
    let sent = '';
    const { address, asked } = await vendorServer((request, response) =>
      sends(request.method === 'GET' ? sent : '')(request, response),
    );
    sent = readFileSync(signed('sent', { ...terms(address), issuedAt: later, customer: 'renewed' }), 'utf8');
    await run('install', place.file, signed('first', terms(address)), ...key());
    const ada = hold(place.file, 'ada', 'pc-1', ...key());
    await told(ada, 'seated');
    const isRenewed = () => tableOf(place.file).entitlement.payload.includes('"renewed"') || undefined;
    await until('the renewal', 20_000, isRenewed);
    await until('the counts', 20_000, () => (asked.length === 2 ? true : undefined));
    expect(asked).toEqual(['GET /acme', 'POST /acme']);
    ada.process.stdin?.end();
    expect((await ada.ended).status).toBe(0);
    expect((await run('renew', place.file, ...key())).out).toBe(
      'Up to date: the address has the installed licence.\n',
    );
    expect(asked).toHaveLength(4);
    const shown = await run('renew', place.file, '--as-sent', ...key());
    expect(JSON.parse(shown.out)).toMatchObject({ licence: 'acme', days: [{ module: 'M1', peak: 1 }] });
    expect(shown.out).not.toContain('ada');
    expect(asked).toHaveLength(4);
  });

  test('from a path; what is there is not renewed from is told', async () => {
    const first = { renewal: { from: 'renewals/next.json', everyHours: 24 } };
    await run('install', place.file, signed('first', first), ...key());
    const missing = await run('renew', place.file, ...key());
    expect(missing).toMatchObject({
      status: 1,
      out: expect.stringMatching(/Not renewed: .*renewals.*expected a licence file, found none/),
    });
    expect((await run('status', place.file, ...key())).out).toMatch(
      /Renewal: the licence could not be renewed since/,
    );
    mkdirSync(at('renewals'));
    writeFileSync(
      at('renewals/next.json'),
      readFileSync(signed('next', { ...first, issuedAt: later }), 'utf8'),
    );
    expect((await run('renew', place.file, ...key())).out).toBe('Renewed: a new licence is in force.\n');
  });

  test.each([
    ['the directory', 'renewals', ''],
    ['the file', 'renewals/next.json', 'elsewhere.json'],
  ])(
    'a relative path is not followed out of the directory by a link in the place of %s',
    async (_, link, to) => {
      const first = { renewal: { from: 'renewals/next.json', everyHours: 24 } };
      mkdirSync(at('share'));
      const inShare = at('share/licence.json');
      await run('install', inShare, signed('first', first), ...key());
      writeFileSync(
        at(to || 'next.json'),
        readFileSync(signed('sent', { ...first, issuedAt: later, customer: 'secret' }), 'utf8'),
      );
      if (to) mkdirSync(at('share/renewals'));
      symlinkSync(at(to), at(`share/${link}`));
      expect(await run('renew', inShare, ...key())).toMatchObject({
        status: 1,
        out: expect.stringMatching(
          /expected a file below .*share, found a link that leads elsewhere\. Work goes on;/,
        ),
      });
      expect(JSON.stringify(tableOf(inShare))).not.toContain('secret');
      rmSync(at(`share/${link}`), { recursive: true });
      mkdirSync(at('share/renewals'), { recursive: true });
      writeFileSync(at('share/2.json'), readFileSync(at('sent.json'), 'utf8'));
      symlinkSync('../2.json', at('share/renewals/next.json'));
      expect(await run('renew', inShare, ...key())).toMatchObject({ out: expect.stringMatching(/^Renewed/) });
    },
  );

  test.each([
    ['whose grace is over', { graceDays: 0 }, {}, /New users are refused until a renewal succeeds/],
    ['within its grace', { graceDays: 9 }, {}, /Work goes on; where a renewal is due/],
    ['that is not in force', {}, { expiresAt: '2026-11-02T00:00:00Z' }, /New users are refused until/],
  ])('a failure of a licence %s says whether new users are seated', async (_, grace, changes, says) => {
    const renewal = { from: 'none.json', everyHours: 24, ...grace };
    const first = signed('first', { renewal, ...changes });
    await run('install', place.file, first, ...key(), '--force');
    expect((await run('renew', place.file, ...key())).out).toMatch(says);
  });

  test('needs the key, and a licence that names an address', async () => {
    await installed();
    const none = await run('renew', place.file, ...key());
    expect(none).toMatchObject({ status: 1, err: expect.stringContaining('names no address') });
    rmSync(`${place.file}.revisions`, { recursive: true });
    rmSync(place.file);
    await run('install', place.file, signed('first', terms('http://127.0.0.1:1')));
    expect(await run('renew', place.file)).toMatchObject({
      status: 2,
      err: expect.stringContaining('--public-key'),
    });
  });
});

describe('serve-renewals', () => {
  test('serves a directory until it is told to end', async () => {
    signed('first');
    signed('forged', { licenceId: 'other', issuedAt: later }, other);
    const server = start(['serve-renewals', place.directory, '--port', '0', ...key()]);
    const heard = await until(
      'the address',
      20_000,
      () => /at (http:\/\/[\d.:]+)\./.exec(server.complaint())?.[1],
    );
    const { download } = await import('../../src/vendor/download.js');
    expect((await download(`${heard}/acme`)).toString()).toBe(readFileSync(at('first.json'), 'utf8'));
    await download(`${heard}/acme`, { post: '{"days":[]}' });
    expect(JSON.parse(await server.heard('{'))).toEqual({ licence: 'acme', report: { days: [] } });
    await expect(download(`${heard}/other`)).rejects.toThrow('404');
    server.process.kill('SIGTERM');
    expect(await server.ended).toMatchObject({
      status: 0,
      complaint: expect.stringContaining('Serving 1 signed licence file of '),
    });
  });

  test('needs a key: without one it would serve what others signed', async () => {
    signed('first', {}, other);
    const { status, err } = await run('serve-renewals', place.directory, '--port', '0');
    expect([status, err]).toEqual([
      2,
      expect.stringContaining('serve-renewals: expected your public key, got none'),
    ]);
  });

  test('a port that is taken, a port that is none, a directory that is none', async () => {
    const { address } = await vendorServer(sends(''));
    const port = new URL(address).port;
    const taken = await run('serve-renewals', place.directory, '--port', port, ...key());
    expect(taken).toMatchObject({
      status: 2,
      err: expect.stringMatching(/cannot listen on 127\.0\.0\.1, port \d+ \(EADDRINUSE\)/),
    });
    expect(await run('serve-renewals', place.directory, '--port', 'x', ...key())).toMatchObject({
      status: 2,
    });
    const none = await run('serve-renewals', at('none'), ...key());
    expect(none.status, none.err).not.toBe(0);
    expect(none.err).toContain(at('none'));
  });
});
