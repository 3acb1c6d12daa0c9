import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { readPublicKeys } from '../../src/licence/public-keys.js';
import { verify } from '../../src/licence/signature.js';
import { expectNoStack } from './clear.js';
import { FOR_EVER, startUnheard, trouble } from './commands.js';
import { atTerminal, CTRL_C, freshPlace, seatfile, start, until } from './seatfile.js';

/** `keygen` and `issue`: what they ask, say, write and leave alone, and how they end. */

const place = freshPlace();
const at = (...names: readonly string[]): string => path.join(place.directory, ...names);
const PASSPHRASE = 'correct horse battery';
const quietly = { isInteractive: false };
const thrice = (...answers: readonly string[]): string[] => [...answers, ...answers, ...answers];
const keygen = (...options: readonly string[]) => ['keygen', '--out', at('keys'), ...options];
const issue = (...options: readonly string[]) => [
  ...['issue', at('acme.json'), '--key', at('keys/private.pem')],
  ...options,
];
const fileText = (name: string): string => readFileSync(at(name), 'utf8');
const licenceIn = (name: string): Licence => JSON.parse(fileText(name));
const grantedIn = (name: string): Entitlement => JSON.parse(licenceIn(name).entitlement.payload);

describe('keygen', () => {
  test('on a terminal: asks twice for a passphrase, and says what to do next', async () => {
    const { status, asked, out, err } = await atTerminal(keygen(), PASSPHRASE);
    expect({ status, asked }).toEqual({
      status: 0,
      asked: 'Passphrase of the new private key: The same again: ',
    });
    const [, line = ''] = /\n(\S{44})\n$/.exec(out) ?? [];
    expect([...readPublicKeys(line, '').keys()]).toEqual([
      ...readPublicKeys(fileText('keys/public.pem'), '').keys(),
    ]);
    expect(out).toContain(`${at('keys/private.pem')}, with a passphrase`);
    expect(err).toContain(`openLicence(path, { publicKey: '${line}' })`);
    expect(fileText('keys/private.pem')).toContain('ENCRYPTED');
    expect(out + err).not.toContain(PASSPHRASE);
  });

  test('elsewhere: no passphrase unless there is a file with one; the private key is never shown', async () => {
    const { status, out, err } = await atTerminal(keygen(), '', quietly);
    expect([status, out]).toEqual([0, expect.stringContaining('without a passphrase')]);
    const [, body = ''] = fileText('keys/private.pem').split('\n');
    expect(out + err).not.toContain(body.slice(-30));
    writeFileSync(at('secret'), `${PASSPHRASE}\n`, { mode: 0o600 });
    const other = ['keygen', '--out', at('other'), '--passphrase-file', at('secret')];
    expect(await atTerminal(other, '', quietly)).toMatchObject({ status: 0 });
    expect(fileText('other/private.pem')).toContain('ENCRYPTED');
  });

  test('--no-passphrase asks nothing on a terminal', async () => {
    expect(await atTerminal(keygen('--no-passphrase'), CTRL_C)).toMatchObject({ status: 0, asked: '' });
  });

  test.each<[string, readonly string[], string | readonly string[], number, string]>([
    ['Ctrl-C at the first question', [], CTRL_C, 130, 'Interrupted. Nothing was done.'],
    ['Ctrl-C at the second', [], [PASSPHRASE, CTRL_C], 130, 'Interrupted. Nothing was done.'],
    ['another one the second time', [], thrice(PASSPHRASE, `${PASSPHRASE}!`), 2, 'the two differ'],
    ['three short ones', [], thrice('short'), 2, 'expected 12 to 1024 characters, got 5'],
    ['Ctrl-C after a short one', [], ['short', CTRL_C], 130, 'Interrupted. Nothing was done.'],
    ['one on the command line', ['--passphrase', 'my dear old secret'], '', 2, 'is seen by every user'],
    ['a file and a question', ['--passphrase', '--passphrase-file', 'x'], '', 2, 'give it alone'],
  ])('%s: nothing is written', async (_what, options, answers, expected, says) => {
    const { status, err } = await atTerminal(keygen(...options), answers);
    expect([status, err]).toEqual([expected, expect.stringContaining(says)]);
    expect(err).not.toContain('secret:');
    expect(err).not.toContain('my dear');
    expect(existsSync(at('keys'))).toBe(false);
  });

  test('a passphrase that is refused is asked for again: the shell would get the next one', async () => {
    const answers = ['short', PASSPHRASE, 'another', PASSPHRASE, PASSPHRASE];
    const { status, asked, err } = await atTerminal(keygen(), answers);
    const [first, again] = ['Passphrase of the new private key: ', 'The same again: '];
    expect({ status, asked }).toEqual({ status: 0, asked: first + first + again + first + again });
    expect(err).toMatch(
      /^passphrase: expected 12 .*\npassphrase: the two differ; nothing was written\nNext: /,
    );
  });

  test('its help offers no place for a passphrase on the command line', async () => {
    const { out } = await atTerminal(['keygen', '--help'], '');
    expect(out).toMatch(/--passphrase {2,}ask for a passphrase/);
  });

  test('a passphrase that is to be asked for needs a terminal', async () => {
    const { status, err } = await atTerminal(keygen('--passphrase'), '', quietly);
    expect([status, err]).toEqual([2, expect.stringContaining('use --passphrase-file')]);
  });

  test('keys that are there: told before a passphrase is asked for', async () => {
    await atTerminal(keygen(), PASSPHRASE);
    const before = fileText('keys/private.pem');
    const { status, asked, err } = await atTerminal(keygen(), PASSPHRASE);
    expect({ status, asked }).toEqual({ status: 1, asked: '' });
    expect(err).toContain('a key is never overwritten');
    expect(fileText('keys/private.pem')).toBe(before);
  });
});

describe('issue', () => {
  beforeEach(async () => {
    await atTerminal(keygen('--no-passphrase'), '');
  });

  test('shows the licence, asks, writes it, and lists it', async () => {
    const words = ['--customer', 'Acme', '--module', 'CAD=10', '--module', 'CAM=2', '--overdraft', 'CAM=1'];
    const { status, asked, out } = await atTerminal(issue(...words, '--expires', '2099-12-31'), 'y');
    expect({ status, asked }).toEqual({ status: 0, asked: `Issue it into ${at('acme.json')}? [y/N] ` });
    expect(out).toMatch(/^Licence {9}[0-9a-f]{32}, key \S{14}\nCustomer {8}Acme\nModules {9}CAD: 10 users\n/);
    expect(out).toContain('CAM: 2 users, and 1 above that\n');
    expect(out).toContain('Valid           until 2100-01-01 00:00:00 UTC\n');
    expect(out).toContain('Check interval  5 min; settings may choose 1 s to 5 min\n');
    const { entitlement } = licenceIn('acme.json');
    expect(verify(entitlement, readPublicKeys(fileText('keys/public.pem'), ''))).toBe('valid');
    const line = JSON.parse(fileText('keys/issued.ndjson'));
    const { licenceId, licenceKey, issuedAt } = grantedIn('acme.json');
    expect(line).toMatchObject({ id: licenceId, key: licenceKey, issuedAt, customer: 'Acme' });
    expect(line).toMatchObject({ keyId: entitlement.keyId, by: expect.stringContaining('@') });
  });

  test.each<[string, string, number, string]>([
    ['n', 'n', 1, 'Nothing was issued.\n'],
    ['Ctrl-C', CTRL_C, 130, '\nInterrupted. Nothing was done.\n'],
  ])('answered with %s: nothing is written, nothing listed', async (_what, answer, status, err) => {
    expect(await atTerminal(issue('--module', 'M1=1'), answer)).toMatchObject({ status, err });
    expect(readdirSync(place.directory)).toEqual(['keys']);
    expect(readdirSync(at('keys'))).toEqual(['private.pem', 'public.pem']);
  });

  test('without a terminal it needs --yes; a dry run needs nothing, and does nothing', async () => {
    const { status, out, err } = await atTerminal(issue('--module', 'M1=1'), '', quietly);
    expect([status, err]).toEqual([2, expect.stringContaining('add --yes')]);
    expect(out).toContain('M1: 1 user\n');
    expect(await atTerminal(issue('--module', 'M1=1', '--dry-run'), '', quietly)).toMatchObject({
      ...{ status: 0, err: 'A dry run: nothing was issued.\n' },
    });
    expect(readdirSync(at('keys'))).toEqual(['private.pem', 'public.pem']);
    expect(existsSync(at('acme.json'))).toBe(false);
  });

  test('--json: one document on stdout, what is shown on stderr', async () => {
    const { status, out, err } = await atTerminal(issue('--module', 'M1=1', '--json', '--yes'), '', quietly);
    const said = JSON.parse(out);
    expect(status).toBe(0);
    expect(said).toMatchObject({ schemaVersion: 1, file: at('acme.json'), isWritten: true });
    expect(said).toMatchObject({ list: at('keys/issued.ndjson'), licence: grantedIn('acme.json') });
    expect(err).toContain('M1: 1 user\n');
  });

  test('a template, options over it, and the same licence again', async () => {
    const terms = { level: 'light', validDays: 30, modules: [{ module: 'M1', maxUsers: 5 }] };
    writeFileSync(at('terms.json'), JSON.stringify(terms));
    const first = issue('--template', at('terms.json'), '--customer', 'Acme', '--yes');
    expect(await atTerminal(first, '')).toMatchObject({ status: 0 });
    const { issuedAt, ...old } = grantedIn('acme.json');
    expect(old).toMatchObject({ level: 'light', customer: 'Acme', modules: terms.modules });
    const again = ['issue', at('more.json'), '--key', at('keys/private.pem'), '--template', at('acme.json')];
    const words = [...again, '--reissue', '--module', 'M1=8', '--yes'];
    expect(await atTerminal(words, '')).toMatchObject({ status: 0, err: '' });
    const { issuedAt: later, ...more } = grantedIn('more.json');
    expect(more).toEqual({ ...old, modules: [{ module: 'M1', maxUsers: 8 }] });
    expect(later > issuedAt).toBe(true);
  });

  test('a template that ends gives no licence without end by omission; what is without end is shown so', async () => {
    await atTerminal(issue('--module', 'M1=5', '--evaluation', '30d', '--yes'), '');
    const again = ['issue', at('full.json'), '--key', at('keys/private.pem'), '--template', at('acme.json')];
    const { status, err } = await atTerminal([...again, '--yes'], '');
    expect([status, err]).toEqual([2, expect.stringContaining('give --expires, or --expires never')]);
    expect(existsSync(at('full.json'))).toBe(false);
    const { out } = await atTerminal([...again, '--expires', 'never', '--yes'], '');
    expect(out).toContain('Valid           without end\n');
  });

  test('its help shows no empty lists', async () => {
    const { out } = await atTerminal(['issue', '--help'], '');
    expect(out).toContain('--module');
    expect(out).not.toContain('[]');
  });

  test('an earlier licence of another key is told, unless that key is given', async () => {
    await atTerminal(['keygen', '--out', at('new'), '--no-passphrase'], '');
    await atTerminal(issue('--module', 'M1=5', '--yes'), '');
    const words = [
      'issue',
      at('b.json'),
      '--key',
      at('new/private.pem'),
      '--template',
      at('acme.json'),
      '--yes',
    ];
    const { status, err } = await atTerminal(words, '');
    expect([status, err]).toEqual([0, expect.stringContaining('is signed with a key that is not given')]);
    words[1] = at('c.json');
    const old = ['--public-key', at('keys/public.pem')];
    expect(await atTerminal([...words, ...old], '')).toMatchObject({ status: 0, err: '' });
  });

  test('what is there is never overwritten: a file, or a folder of revisions', async () => {
    const table = expect.stringContaining(`${at('acme.json.revisions')}: a seat table is there`);
    const whole = expect.stringContaining(`${at('acme.json')}: already exists, with its seats`);
    const words = issue('--module', 'M1=1', '--yes');
    writeFileSync(at('acme.json'), 'precious');
    const file = expect.stringContaining(`${at('acme.json')}: already exists`);
    expect(await atTerminal(words, '')).toMatchObject({ status: 1, out: '', err: file });
    mkdirSync(at('acme.json.revisions'));
    const both = await atTerminal(words, '');
    expect(both).toMatchObject({ status: 1, out: '', err: whole });
    expect(fileText('acme.json')).toBe('precious');
    rmSync(at('acme.json'));
    for (const one of [words, ['init', at('acme.json'), '--module', 'M1=1']]) {
      const { status, out, err } = await atTerminal(one, '');
      expect([status, out, err]).toEqual([1, '', table]);
      expect(err).not.toContain('delete');
    }
    expect(readdirSync(at('keys'))).toEqual(['private.pem', 'public.pem']);
  });

  test('an id that the list does not know, and a line that cannot be read, are told', async () => {
    writeFileSync(at('keys/issued.ndjson'), 'garbage\n');
    const { status, err } = await atTerminal(issue('--module', 'M1=1', '--supersedes', 'other', '--yes'), '');
    expect(status).toBe(0);
    expect(err).toContain(`${at('keys/issued.ndjson')}: cannot read line 1; it is left as it is`);
    expect(err).toContain('--supersedes other: ');
  });

  test.each([
    [['--module', 'M1'], '--module M1: use NAME=USERS'],
    [['--module', 'M1=1', '--module', 'M1=0'], '--module M1: the module is given twice'],
    [['--module', 'M1=0'], '--module M1=0: leaves a module of a template out, and no --template was given'],
    [['--overdraft', 'M1=x'], '--overdraft M1=x: use NAME=SEATS'],
    [['--expires', 'soon'], '--expires soon: expected a last day like 2027-12-31'],
    [['--expires', '2027-02-30'], '--expires 2027-02-30: expected a last day'],
    [['--expires', '2001-01-01'], '--expires: expected a time after'],
    [['--not-before', '2027-13-01'], '--not-before 2027-13-01: expected a first day'],
    [['--evaluation', '30d', '--expires', 'never'], '--evaluation, --expires: give one of them'],
    [['--supersedes', 'Not an id'], '--supersedes Not an id: expected the id'],
    [['--bind-path', ''], '--bind-path: expected a path'],
    [['--bind-path', 'acme/licence.json'], '--bind-path acme/licence.json: expected a whole path'],
    [['--renew-from', 'http://acme.example/'], 'renewal.from: expected an address like https://'],
    [['--check-interval', '0s'], '--check-interval 0s'],
    [['--template', 'none.json'], '--template none.json: expected a file, found none'],
    [['--passphrase', 'secret'], "unknown option '--passphrase'"],
  ])('%j is refused by name', async (words, says) => {
    const modules = words.includes('--module') ? [] : ['--module', 'M1=1'];
    const { status, err } = await atTerminal(issue(...modules, ...words, '--yes'), '');
    expect([status, err]).toEqual([2, expect.stringContaining(says)]);
    expect(existsSync(at('acme.json'))).toBe(false);
  });
});

describe('issue with a key that has a passphrase', () => {
  beforeEach(async () => {
    await atTerminal(keygen(), PASSPHRASE);
  });

  test('asks for it, then shows the licence and asks again', async () => {
    const { status, asked } = await atTerminal(issue('--module', 'M1=1'), [PASSPHRASE, 'y']);
    expect({ status, asked }).toEqual({
      status: 0,
      asked: `Passphrase of ${at('keys/private.pem')}: Issue it into ${at('acme.json')}? [y/N] `,
    });
  });

  test('a wrong one: it is asked for again', async () => {
    const { status, err } = await atTerminal(issue('--module', 'M1=1'), ['wrong', PASSPHRASE, 'y']);
    expect([status, err]).toEqual([0, expect.stringContaining('the passphrase does not open it')]);
  });

  test.each<[string, readonly string[], number, string]>([
    ['a wrong one, three times', thrice('wrong horse battery'), 2, 'the passphrase does not open it'],
    ['Ctrl-C', [CTRL_C], 130, 'Interrupted. Nothing was done.'],
  ])('%s: nothing is issued', async (_what, answers, expected, says) => {
    const { status, out, err } = await atTerminal(issue('--module', 'M1=1'), answers);
    expect([status, out, err]).toEqual([expected, '', expect.stringContaining(says)]);
    expect(existsSync(at('acme.json'))).toBe(false);
  });

  test('elsewhere it is read from a file, and told when others can read that', async () => {
    const { status, err } = await atTerminal(issue('--module', 'M1=1', '--yes'), '', quietly);
    expect([status, err]).toEqual([2, expect.stringContaining('use --passphrase-file')]);
    writeFileSync(at('secret'), PASSPHRASE, { mode: 0o644 });
    const words = issue('--module', 'M1=1', '--yes', '--passphrase-file', at('secret'));
    const answer = await atTerminal(words, '', quietly);
    expect(answer.status).toBe(0);
    if (process.platform !== 'win32')
      expect(answer.err).toContain('other users of this computer can read it');
  });
});

/** With real processes, on a disk where things go wrong. */
describe.each(['keygen', 'issue'] as const)('how %s ends', (verb) => {
  const words = () =>
    verb === 'keygen' ? ['keygen', '--out', at('new')] : issue('--module', 'M1=1', '--yes');
  const isDone = () => existsSync(verb === 'keygen' ? at('new/public.pem') : at('acme.json'));

  beforeEach(async () => {
    await atTerminal(keygen('--no-passphrase'), '');
  });

  test('an unknown option', async () => {
    const { status, err } = await atTerminal([...words(), '--frob'], '');
    expect([status, err]).toEqual([2, expect.stringContaining("unknown option '--frob'")]);
  });

  test.each([
    ['a full disk', { fail: { writeFile: 'ENOSPC' } }],
    ['a disk that hangs', { slow: { sync: FOR_EVER }, faster: 20 }],
  ])('%s: 6, and nothing half-written', async (what, mishap) => {
    const answer = await seatfile(words(), trouble(mishap));
    expect(answer.status, answer.err).toBe(6);
    expectNoStack(answer);
    if (!what.includes('hangs')) expect(isDone()).toBe(false);
    if (!what.includes('hangs')) expect(readdirSync(place.directory)).toEqual(['keys']);
  });

  test('no right to write', async () => {
    const [refused, says] =
      verb === 'keygen' ? ['mkdir', `make directory ${at('new')}`] : ['writeFile', at('acme.json')];
    const answer = await seatfile(words(), trouble({ fail: { [refused]: 'EACCES' } }));
    expect([answer.status, answer.err]).toEqual([6, expect.stringContaining(says)]);
    expect(isDone()).toBe(false);
  });

  test.runIf(process.platform === 'linux').each([
    ['full', 1],
    ['closed', 0],
  ] as const)('an output that is %s: what it was asked to do is done', async (output, expected) => {
    const child = startUnheard(words(), output, {});
    child.process.stdin?.end();
    const { status, complaint } = await child.ended;
    expect(status, complaint).toBe(expected);
    expect(isDone()).toBe(true);
  });

  test.runIf(process.platform !== 'win32').each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while it waits for the disk', async (signal, expected) => {
    const child = start(words(), trouble({ slow: { lstat: 3000 } }));
    await until('it waits', 30_000, () => child.complaint().includes('Waiting for') || undefined);
    child.process.kill(signal);
    const { status, complaint } = await child.ended;
    expect(status, complaint).toBe(expected);
    expect(readdirSync(place.directory)).toEqual(['keys']);
    expect(readdirSync(at('keys'))).toEqual(['private.pem', 'public.pem']);
  });
});
