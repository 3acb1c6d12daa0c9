import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SealedEntitlement } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import { firstLicence } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import { Trust } from '../../src/licence/trust.js';
import { systemClock } from '../../src/share/clock.js';
import { diskFiles } from '../../src/share/disk.js';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { pathByKey } from '../../src/store/by-key.js';
import { acme, granted, other, signedBy } from '../helpers/vendor.js';

/** One licence among the files of a directory, by its key. On a real disk. */

const KEY = '7K3M-Q9XW-B2T0';
const OTHER_KEY = '8T5C-Y4TQ-KFFE';
const ACME = Trust.in([{ text: acme.pem, where: 'acme.pem' }]);

let place: string;
beforeEach(async () => {
  place = await realpath(await mkdtemp(nodePath.join(tmpdir(), 'seatfile-key-')));
});
afterEach(() => rm(place, { recursive: true }));

const at = (name: string) => nodePath.join(place, name);
const text = (entitlement: SealedEntitlement, revision = 0) =>
  formatLicence({ ...firstLicence(entitlement, {}, { lineage: 'b0', commit: 'c0' }), revision }, 'compact');
const put = (name: string, entitlement: SealedEntitlement) => writeFile(at(name), text(entitlement));
const withKey = (licenceKey = KEY) => sealUnsigned(granted({ licenceKey }));

async function putRevision(name: string, number: number, entitlement: SealedEntitlement | string) {
  const directory = at(`${name}.revisions/${String(number).padStart(12, '0')}`);
  await mkdir(directory, { recursive: true });
  const content = typeof entitlement === 'string' ? entitlement : text(entitlement, number);
  await writeFile(nodePath.join(directory, 'licence.json'), content);
}

const SOON = { clock: systemClock, deadline: { untilMs: Number.POSITIVE_INFINITY } };
const search = (trust = Trust.none, key = KEY, files: ShareFiles = diskFiles) =>
  pathByKey({ key, in: place }, { ...SOON, files, trust });
async function refusal(asked: Promise<string>): Promise<SeatfileFault> {
  const error = await asked.then(
    (path) => new Error(`found ${path}`),
    (cause: unknown) => cause,
  );
  if (!(error instanceof SeatfileFault)) throw error;
  return error;
}

test('the licence with the key, as people type it, among others and what is none', async () => {
  await put('acme.json', withKey());
  await put('other.json', withKey(OTHER_KEY));
  await put('keyless.json', sealUnsigned(granted()));
  await writeFile(at('package.json'), '{"name":"x"}');
  await writeFile(at('garbage.json'), 'no JSON {');
  await writeFile(at('binary.json'), Buffer.from([0xff, 0xfe, 0]));
  await mkdir(at('directory.json'));
  for (const key of [KEY, '7k3mq9xwb2to', ' 7K3M q9xw B2T0 '])
    expect(await search(Trust.none, key)).toBe(at('acme.json'));
});

test('what seatfile itself leaves beside a licence is no candidate, and no more is what links lead to', async () => {
  await put('licence.json', withKey());
  const beside = [
    ...['refused', `show-${'a'.repeat(32)}`, `show-${'a'.repeat(32)}.1234`, '20261130', 'bak'],
    ...[`stage-00000000-1-${'b'.repeat(32)}`],
  ];
  for (const end of beside) await put(`licence.json.${end}`, withKey());
  await mkdir(at('below'));
  await put('below/licence.json', withKey());
  await put('._licence.json', withKey());
  await symlink(at('licence.json'), at('link.json'));
  await putRevision('licence.json', 3, withKey());
  expect(await search()).toBe(at('licence.json'));
});

describe('the newest revision counts', () => {
  test('where licence.json lags behind it, in either direction', async () => {
    await put('renewed.json', withKey(OTHER_KEY));
    await putRevision('renewed.json', 9, withKey(OTHER_KEY));
    await putRevision('renewed.json', 10, withKey());
    await put('replaced.json', withKey());
    await putRevision('replaced.json', 2, withKey(OTHER_KEY));
    expect(await search()).toBe(at('renewed.json'));
  });

  test('where licence.json is gone', async () => {
    await putRevision('licence.json', 4, withKey());
    expect(await search()).toBe(at('licence.json'));
  });

  test('but licence.json does where the folder cannot be read', async () => {
    await put('licence.json', withKey());
    await putRevision('licence.json', 4, 'damaged');
    expect(await search()).toBe(at('licence.json'));
    await rm(at('licence.json.revisions'), { recursive: true });
    await writeFile(at('licence.json.revisions'), 'no directory');
    expect(await search()).toBe(at('licence.json'));
  });

  test('also if it is collected while it is looked for', async () => {
    await put('licence.json', withKey(OTHER_KEY));
    await putRevision('licence.json', 4, withKey());
    let isFirst = true;
    const read = async (file: string) => {
      if (isFirst && file.includes('000000000004')) {
        isFirst = false;
        await rename(at('licence.json.revisions/000000000004'), at('licence.json.revisions/000000000005'));
      }
      return await diskFiles.read(file);
    };
    expect(await search(Trust.none, KEY, { ...diskFiles, read })).toBe(at('licence.json'));
  });
});

describe('none', () => {
  test('says how many files were looked at', async () => {
    await put('other.json', withKey(OTHER_KEY));
    await writeFile(at('garbage.json'), '');
    await writeFile(at('readme.txt'), '');
    const fault = await refusal(search());
    expect(fault.code).toBe('LICENCE_MISSING');
    expect(fault.message).toBe(
      `${place}: expected the licence ${KEY}, found none with this key among 2 files (*.json); ` +
        'compare the key with the licence, or give the licence file itself',
    );
  });

  test('names files that could not be read', async () => {
    await put('closed.json', withKey());
    const read = (file: string) => Promise.reject(new ShareError('refused', 'read', file));
    const fault = await refusal(search(Trust.none, KEY, { ...diskFiles, read }));
    expect(fault).toMatchObject({ code: 'LICENCE_MISSING' });
    expect(fault.message).toContain('among 1 file (*.json); could not be read: closed.json');
  });

  test.each([
    ['', 'BAD_ARGUMENT', /in: expected a directory/],
    ['nowhere', 'LICENCE_MISSING', /nowhere: expected a directory of licences, found nothing/],
    ['file.json', 'LICENCE_UNREADABLE', /file\.json: expected a directory of licences, found something else/],
  ])('in %j: %s', async (name, code, words) => {
    await writeFile(at('file.json'), '{}');
    const asked = pathByKey(
      { key: KEY, in: name && at(name) },
      { ...SOON, files: diskFiles, trust: Trust.none },
    );
    const fault = await refusal(asked);
    expect(fault.code).toBe(code);
    expect(fault.message).toMatch(words);
  });

  test('a key that is mistyped is told as such', async () => {
    expect(await refusal(search(Trust.none, '7K3M-Q9XW-B2T1'))).toMatchObject({ code: 'BAD_ARGUMENT' });
  });
});

test('several with one key: named, also an older issue beside a newer one', async () => {
  await put('a.json', sealUnsigned(granted({ licenceKey: KEY, issuedAt: '2026-01-01T00:00:00.000Z' })));
  await put('b.json', withKey());
  await put('licence (conflicted copy).json', withKey());
  const fault = await refusal(search());
  expect(fault.code).toBe('LICENCE_AMBIGUOUS');
  expect(fault.message).toContain(`${KEY}, found 3: a.json, b.json, licence (conflicted copy).json`);
});

describe('with a public key', () => {
  const signed = signedBy(acme, { licenceKey: KEY });
  const forged = { ...signed, payload: signed.payload.replace('"maxUsers":1', '"maxUsers":9') };

  test('a forged file is never picked, and does not stand in the way of the true one', async () => {
    await put('a-forged.json', forged);
    await put('b-unsigned.json', withKey());
    await put('c-foreign.json', signedBy(other, { licenceKey: KEY }));
    await put('d-true.json', signed);
    expect(await search(ACME)).toBe(at('d-true.json'));
    await rm(at('d-true.json'));
    const fault = await refusal(search(ACME));
    expect(fault.code).toBe('LICENCE_MISSING');
    expect(fault.message).toContain(
      'with this key, but not picked: a-forged.json was changed after it was signed, ' +
        'b-unsigned.json is not signed, c-foreign.json is signed with a key that is not known here',
    );
  });

  test('a forged revision over a true licence.json is not picked', async () => {
    await put('licence.json', signed);
    await putRevision('licence.json', 7, forged);
    expect(await refusal(search(ACME))).toMatchObject({ code: 'LICENCE_MISSING' });
  });
});

describe('bounds', () => {
  test('a directory of more than 1,000 files is not searched', async () => {
    const list = async () => Array.from({ length: 1001 }, (_, number) => `${number}.json`);
    const fault = await refusal(search(Trust.none, KEY, { ...diskFiles, list }));
    expect(fault).toMatchObject({ code: 'LICENCE_UNREADABLE' });
    expect(fault.message).toContain('expected at most 1000 licence files of 256 MiB together');
  });

  test('nor more than 256 MiB', async () => {
    const list = async () => Array.from({ length: 100 }, (_, number) => `${number}.json`);
    let reads = 0;
    const read = async () => {
      reads++;
      return Buffer.alloc(16 * 1_048_576).fill(0xff, 0, 1);
    };
    expect(await refusal(search(Trust.none, KEY, { ...diskFiles, list, read }))).toMatchObject({
      code: 'LICENCE_UNREADABLE',
    });
    expect(reads).toBe(17);
  });

  test('nor longer than the deadline; and a share that falls silent is told at once', async () => {
    await put('acme.json', withKey());
    const late = { ...SOON, files: diskFiles, trust: Trust.none, deadline: { untilMs: 0 } };
    expect(await refusal(pathByKey({ key: KEY, in: place }, late))).toMatchObject({
      code: 'SHARE_UNREACHABLE',
    });
    const read = (file: string) => Promise.reject(new ShareError('silent', 'read', file));
    expect(await refusal(search(Trust.none, KEY, { ...diskFiles, read }))).toMatchObject({
      code: 'SHARE_UNREACHABLE',
    });
  });
});
