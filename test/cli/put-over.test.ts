import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { SealedEntitlement } from '../../src/licence/document.js';
import { firstLicence } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import { acme, signedBy } from '../helpers/vendor.js';
import { atTerminal, freshPlace, seatfile, tableOf } from './seatfile.js';

/** The full licence, copied over an evaluation that has ended, and no user at work. */

const place = freshPlace();
const at = (name: string): string => path.join(place.directory, name);
const run = (...words: string[]) => atTerminal(words, '', { isInteractive: false });
const key = () => ['--public-key', at('acme.pub')];
const full = signedBy(acme, {
  ...{ licenceId: 'full', issuedAt: '2026-11-05T00:00:00.000Z', supersedes: ['try'] },
  modules: [{ module: 'M1', maxUsers: 20 }],
});

function write(name: string, sealed: SealedEntitlement): string {
  const licence = firstLicence(sealed, {}, { lineage: name.replace('.json', ''), commit: 'c0' });
  writeFileSync(at(name), formatLicence(licence, 'pretty'));
  return at(name);
}

beforeEach(async () => {
  writeFileSync(at('acme.pub'), acme.pem);
  const ended = signedBy(acme, { licenceId: 'try', evaluation: true, expiresAt: '2026-11-02T00:00:00Z' });
  const { status, err } = await run('install', place.file, write('try.json', ended), ...key(), '--force');
  expect(status, err).toBe(0);
  write(path.basename(place.file), full);
});

test('a command that takes a seat puts it in force', async () => {
  const ran = await seatfile(['run', place.file, ...key(), '--', process.execPath, '-e', '0']);
  expect([ran.status, ran.err]).toEqual([
    0,
    expect.stringContaining('was replaced by a new one, which is in force'),
  ]);
  expect(tableOf(place.file).entitlement).toEqual(full);
});

test('status and doctor tell of it, and what they advise puts it in force, also without a key', async () => {
  const { file } = place;
  expect((await run('status', file)).out).toContain(
    `A licence issued 2026-11-05 00:00:00 UTC lies there and is not in force; ` +
      `put it in force: seatfile install ${file} ${file} --public-key KEY\n`,
  );
  const putOver = { id: 'full', issuedAt: '2026-11-05T00:00:00.000Z' };
  expect(JSON.parse((await run('status', file, '--json')).out)).toMatchObject({ putOver });
  const examined = (await run('doctor', file)).out;
  expect(examined).toContain(
    'licence.json is a licence issued 2026-11-05 00:00:00 UTC, which is not in force',
  );
  expect(examined).not.toContain('Move it aside');
  expect((await run('install', file, file, '--yes')).status).toBe(0);
  expect(tableOf(file)).toMatchObject({ entitlement: full });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ lineage: tableOf(file).lineage });
  expect(JSON.parse((await run('status', file, '--json')).out)).toMatchObject({ putOver: null });
  expect((await run('doctor', file)).out).not.toContain('licence.json is');
});
