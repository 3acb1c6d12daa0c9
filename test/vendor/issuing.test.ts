import { expect, test } from 'vitest';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { memoryFiles } from '../../src/testing/memory-files.js';
import { readIssued } from '../../src/vendor/issued-list.js';
import { signLicence, writeLicence } from '../../src/vendor/issuing.js';
import { newKeys, openPrivateKey } from '../../src/vendor/keys.js';
import { failingAt } from '../helpers/faults.js';
import { granted } from '../helpers/vendor.js';
import { faultOf, neverAsked } from './faults.js';

const key = await openPrivateKey(newKeys(null).privatePem, 'private.pem', neverAsked);
const LIST = '/keys/issued.ndjson';
const FILE = '/out/acme.json';
let ids = 0;
const random = { id: () => `id-${++ids}` };
const signed = await signLicence(granted({ licenceId: 'acme' }), key, random);

/** A vendor's computer in memory. */
async function computer(): Promise<ShareFiles> {
  const disk = memoryFiles(() => 0);
  for (const directory of ['/keys', '/out']) await disk.makeDirectory(directory, 0o700);
  return disk;
}

const textIn = async (disk: ShareFiles, file: string): Promise<string | null> =>
  await disk.read(file).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => null,
  );

/** By the operations of a share, so that each of them can fail. */
const appendTo =
  (files: ShareFiles, disk: ShareFiles) => async (file: string, text: string, mode: number) => {
    const before = (await textIn(disk, file)) ?? '';
    await files.replace(file, before + text, mode, { beside: '/keys' });
  };

async function issueOn(files: ShareFiles, disk: ShareFiles) {
  const list = await readIssued('/keys/private.pem', disk);
  return await faultOf(
    writeLicence(FILE, signed, { list, by: 'ada@pc-1' }, { files, append: appendTo(files, disk) }),
  );
}

test('a licence whose values do not fit together is not signed', async () => {
  const twice = granted({
    modules: [
      { module: 'M1', maxUsers: 1 },
      { module: 'M1', maxUsers: 2 },
    ],
  });
  expect(await faultOf(signLicence(twice, key, random))).toMatchObject({ code: 'LICENCE_INVALID' });
});

test('whatever step fails: no licence without its line, no half of a licence, no silence about the line', async () => {
  for (let step = 1, failed = true; failed; step++) {
    const disk = await computer();
    const share = failingAt(step, disk, { kind: 'refuse', error: 'full' });
    const { code, message } = await issueOn(share.files, disk);
    const [licence, list] = [await textIn(disk, FILE), await textIn(disk, LIST)];
    expect(code, share.operation).toBe(share.failed ? 'SHARE_FULL' : 'none');
    if (licence !== null) expect(JSON.parse(licence).entitlement).toEqual(signed.licence.entitlement);
    if (licence !== null) expect(list).toContain('"id":"acme"');
    const isTold = /The licence acme was not written; \S+ (may name|already names) it/.test(message);
    if (licence === null && list !== null) expect(isTold, message).toBe(true);
    failed = share.failed;
  }
});

test('a file that another process makes meanwhile is left alone, and the line is told', async () => {
  const disk = await computer();
  const taken = {
    ...disk,
    writeNew: (file: string) => Promise.reject(new ShareError('exists', 'write', file)),
  };
  const { code, message } = await issueOn(taken, disk);
  expect(code).toBe('LICENCE_EXISTS');
  expect(message).toContain(`The licence acme was not written; ${LIST} already names it`);
});

test.each([FILE, `${FILE}.revisions`])('where %s is there, nothing is listed', async (path) => {
  const disk = await computer();
  await disk.makeDirectory(path);
  expect(await issueOn(disk, disk)).toMatchObject({ code: 'LICENCE_EXISTS' });
  expect(await textIn(disk, LIST)).toBeNull();
});
