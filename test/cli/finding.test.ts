import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SealedEntitlement } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import { acme, granted, signedBy } from '../helpers/vendor.js';
import { freshPlace, hold, seatfile, told } from './seatfile.js';

/** Which licence a command is for: by its key, the next where one is full or away, and where it belongs. */

const KEY = '7K3M-Q9XW-B2T0';
const OTHER_KEY = '8T5C-Y4TQ-KFFE';

const place = freshPlace();
const at = (name: string) => path.join(place.directory, name);
function put(name: string, entitlement: SealedEntitlement = sealUnsigned(granted())): string {
  const ids = { lineage: `l-${name.length}`, commit: 'c0' };
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), formatLicence(firstLicence(entitlement, {}, ids), 'pretty'));
  return at(name);
}

const SHOW_FILE = ['--', process.execPath, '-e', 'console.log(process.env.SEATFILE)'];

describe('--key and --in', () => {
  const wish = () => ['--key', ' 7k3m q9xw b2to ', '--in', place.directory];
  let file: string;
  beforeEach(() => {
    file = put('acme.json', signedBy(acme, { licenceKey: KEY }));
    put('other.json', signedBy(acme, { licenceKey: OTHER_KEY }));
    writeFileSync(at('acme.pub'), acme.pem);
  });

  test('the commands find the licence, and it is the same table as by its path', async () => {
    const ran = await seatfile(['run', ...wish(), ...SHOW_FILE]);
    expect([ran.status, ran.out]).toEqual([0, file]);
    const holder = hold(file, 'ada', 'pc-1');
    expect(await told(holder, 'seated')).toMatchObject({ file });
    expect((await seatfile(['run', ...wish(), '--user', 'bob', ...SHOW_FILE])).status).toBe(75);
    const status = await seatfile(['status', ...wish(), '--json', '--public-key', at('acme.pub')]);
    expect(JSON.parse(status.out)).toMatchObject({ file, seats: [{ user: 'ada' }] });
    const answers = await Promise.all([
      seatfile(['journal', ...wish()]),
      seatfile(['doctor', ...wish()]),
      seatfile(['repair', ...wish()]),
      seatfile(['set', ...wish(), '--keep-journal', '3mo']),
      seatfile(['remove', ...wish(), '--user', 'ada', '--yes']),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([0, 0, 0, 0, 0]);
  });

  test('none, several, and a forged one: 3, with the files named', async () => {
    const none = await seatfile(['status', '--key', '0000-0000-0000', '--in', place.directory]);
    expect(none.status).toBe(3);
    expect(none.err).toContain('none with this key among 2 files (*.json)');
    put('copy.json', signedBy(acme, { licenceKey: KEY }));
    const several = await seatfile(['hold', ...wish()]);
    expect(several.status).toBe(3);
    expect(several.err).toContain('found 2: acme.json, copy.json');
    const sealed = signedBy(acme, { licenceKey: KEY });
    for (const name of ['acme.json', 'copy.json'])
      put(name, { ...sealed, payload: sealed.payload.replace('"maxUsers":1', '"maxUsers":9') });
    const forged = await seatfile(['hold', ...wish(), '--public-key', at('acme.pub')]);
    expect(forged.status).toBe(3);
    expect(forged.err).toContain('acme.json was changed after it was signed');
  });

  test('status heeds the public key in its search, and shows a forged one only where there is no other', async () => {
    const sealed = signedBy(acme, { licenceKey: KEY });
    const forged = { ...sealed, payload: sealed.payload.replace('"maxUsers":1', '"maxUsers":900') };
    put('0.json', forged);
    const asked = ['status', ...wish(), '--json', '--public-key', at('acme.pub')];
    const good = await seatfile(asked);
    expect(good.status).toBe(0);
    expect(JSON.parse(good.out)).toMatchObject({ file, licence: { signature: 'valid' } });
    expect((await seatfile(['run', ...asked.slice(1, 5), ...asked.slice(6), ...SHOW_FILE])).out).toBe(file);
    expect((await seatfile(['status', ...wish()])).err).toContain('found 2: 0.json, acme.json');
    rmSync(file);
    rmSync(`${file}.revisions`, { recursive: true }); // `run` has begun it
    const only = await seatfile(asked);
    expect(only.status).toBe(3);
    expect(JSON.parse(only.out)).toMatchObject({ file: at('0.json'), licence: { signature: 'invalid' } });
    expect(only.err).toContain('changed after it was signed');
  });

  test.each([
    [['status', 'x.json', '--key', KEY, '--in', '.'], 2, /x\.json: give a licence file, or --key and --in/],
    [['hold', '--key', KEY], 2, /--key: expected --in/],
    [['remove', '--in', '.'], 2, /--in: expected --key/],
    [
      ['run', '--key', '7K3M-Q9XW-B2T1', '--in', '.', ...SHOW_FILE],
      125,
      /at least one character is mistyped/,
    ],
  ])('%j: %i', async (words, status, says) => {
    const answer = await seatfile(words);
    expect(answer.status).toBe(status);
    expect(answer.err).toMatch(says);
  });
});

describe('--next', () => {
  test('is asked where the first is full; its file is told; all are full: the holders of both', async () => {
    const [first, second] = [put('first.json'), put('second.json')];
    const ada = hold(first, 'ada', 'pc-1');
    await told(ada, 'seated');
    const bob = hold(first, 'bob', 'pc-2', '--next', second);
    expect(await told(bob, 'seated')).toMatchObject({ file: second, user: 'bob' });
    const cy = await seatfile(['run', first, '--next', second, '--user', 'cy', ...SHOW_FILE]);
    expect(cy.status).toBe(75);
    expect(cy.err).toMatch(/no seat is free; 2 are in use:\n {2}ada@pc-1 .*\n {2}bob@pc-2/);

    const dee = hold(first, 'dee', 'pc-4', '--next', second, '--wait', '60s');
    const places = [await told(dee, 'waiting')];
    expect(places).toMatchObject([{ place: 1 }]);
    bob.process.stdin?.end();
    expect(await told(dee, 'seated')).toMatchObject({ file: second, user: 'dee' });
  });

  test('is asked where the first is away for --patience, and a warning says so', async () => {
    const second = put('second.json');
    const answer = await seatfile([
      'run',
      at('away/licence.json'),
      '--next',
      second,
      '--patience',
      '1s',
      ...SHOW_FILE,
    ]);
    expect([answer.status, answer.out]).toEqual([0, second]);
    expect(answer.err).toMatch(/away\/licence\.json: no licence file there;.*; the next licence is asked\n/);
    expect((await seatfile(['hold', second, '--patience', '0s'])).status).toBe(2);
  });
});

describe('a licence that is bound to a place', () => {
  test('gives seats there, by any path that leads to it, and not where it was copied', async () => {
    const bound = signedBy(acme, { binding: { paths: ['\\\\fileserver\\acme', at('own')] } });
    const [own, copy] = [put('own/licence.json', bound), put('copy/licence.json', bound)];
    symlinkSync(at('own'), at('link'));
    for (const file of [own, at('link/licence.json'), `${at('own')}/../own/licence.json`])
      expect((await seatfile(['run', file, ...SHOW_FILE])).out).toBe(own);

    const held = await seatfile(['hold', copy, '--json']);
    expect(held.status).toBe(3);
    expect(JSON.parse(held.out)).toMatchObject({ event: 'failed', code: 'LICENCE_ELSEWHERE' });
    expect(held.err).toContain(`belongs to \\\\fileserver\\acme or ${at('own')}, and was opened at ${copy}`);
    expect((await seatfile(['run', copy, ...SHOW_FILE])).status).toBe(125);
    const status = await seatfile(['status', copy]); // looking takes no seat
    expect(status.status).toBe(0);
    expect(status.out).toContain(`No user can take a seat here. ${copy}: this licence belongs to`);
    expect((await seatfile(['status', own])).out).not.toContain('belongs to');
  });

  test('is installed where it belongs, and nowhere else', async () => {
    const offer = put('offer.json', signedBy(acme, { binding: { paths: [at('own')] } }));
    mkdirSync(at('own'));
    const elsewhere = await seatfile(['install', at('licence.json'), offer, '--yes']);
    expect(elsewhere.status).toBe(3);
    expect(elsewhere.err).toContain(`belongs to ${at('own')}, and was opened at ${at('licence.json')}`);
    expect(existsSync(at('licence.json'))).toBe(false);
    expect((await seatfile(['install', at('own/licence.json'), offer, '--yes'])).status).toBe(0);
    expect((await seatfile(['run', at('own/licence.json'), ...SHOW_FILE])).status).toBe(0);
    const later = put(
      'later.json',
      signedBy(acme, { issuedAt: '2026-11-02T00:00:00.000Z', binding: { paths: ['/other'] } }),
    );
    expect((await seatfile(['install', at('own/licence.json'), later, '--yes', '--force'])).status).toBe(3);
    expect((await seatfile(['run', at('own/licence.json'), ...SHOW_FILE])).status).toBe(0);
  });
});
