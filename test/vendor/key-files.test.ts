import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { diskFiles } from '../../src/share/disk.js';
import { memoryFiles } from '../../src/testing/memory-files.js';
import { type KeyDeps, readKeyFile, readPassphrase, writeKeys } from '../../src/vendor/key-files.js';
import { newKeys } from '../../src/vendor/keys.js';
import { freshPlace } from '../cli/seatfile.js';
import { failingAt } from '../helpers/faults.js';
import { faultOf, neverAsked } from './faults.js';

const place = freshPlace();
const at = (...names: readonly string[]): string => path.join(place.directory, ...names);
const deps: KeyDeps = { files: diskFiles, platform: process.platform };
const keys = newKeys(null);
const modeOf = (file: string): number => statSync(file).mode & 0o777;

describe.skipIf(process.platform === 'win32')('keys on the disk', () => {
  test('stand in a new directory, which is its owner’s alone, as the private one is', async () => {
    expect(await writeKeys(at('keys'), keys, deps)).toEqual({
      privateFile: at('keys/private.pem'),
      publicFile: at('keys/public.pem'),
      warnings: [],
    });
    const made = [at('keys'), at('keys/private.pem'), at('keys/public.pem')];
    expect(made.map(modeOf)).toEqual([0o700, 0o600, 0o644]);
    expect(readFileSync(at('keys/private.pem'), 'utf8')).toBe(keys.privatePem);
    const found = await readKeyFile(at('keys/private.pem'), neverAsked, deps);
    expect(found).toMatchObject({ keyId: keys.keyId, file: at('keys/private.pem'), warnings: [] });
  });

  test.each(['private.pem', 'public.pem'])(
    'a %s that is there is never overwritten, and nothing is added',
    async (name) => {
      mkdirSync(at('keys'), 0o700);
      writeFileSync(at('keys', name), 'precious');
      const { code, message } = await faultOf(writeKeys(at('keys'), keys, deps));
      expect(code).toBe('LICENCE_EXISTS');
      expect(message).toContain(`${at('keys', name)}: already exists`);
      expect(readdirSync(at('keys'))).toEqual([name]);
      expect(readFileSync(at('keys', name), 'utf8')).toBe('precious');
    },
  );

  test('a link in the place of a key is not followed', async () => {
    mkdirSync(at('keys'), 0o700);
    symlinkSync(at('elsewhere'), at('keys/private.pem'));
    expect((await faultOf(writeKeys(at('keys'), keys, deps))).code).toBe('LICENCE_EXISTS');
    expect(existsSync(at('elsewhere'))).toBe(false);
  });

  test('many at once: one pair is written, whole', async () => {
    mkdirSync(at('keys'), 0o700);
    const pairs = Array.from({ length: 8 }, () => newKeys(null));
    const faults = await Promise.all(pairs.map((pair) => faultOf(writeKeys(at('keys'), pair, deps))));
    const codes = faults.map(({ code }) => code);
    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    const winner = pairs[codes.indexOf('none')];
    expect(readFileSync(at('keys/private.pem'), 'utf8')).toBe(winner?.privatePem);
    expect(readFileSync(at('keys/public.pem'), 'utf8')).toBe(winner?.publicPem);
  });

  test.each([
    [0o777, 'BAD_ARGUMENT', []],
    [0o702, 'BAD_ARGUMENT', []],
    [0o770, 'none', ['group can write']],
    [0o1777, 'none', []],
    [0o755, 'none', []],
  ])('a directory of mode %o: %s', async (mode, expected, warnings) => {
    mkdirSync(at('keys'));
    chmodSync(at('keys'), mode);
    const written = writeKeys(at('keys'), keys, deps);
    const { code, message } = await faultOf(written);
    expect(code, message).toBe(expected);
    if (code === 'none') expect((await written).warnings.map(({ kind }) => kind)).toEqual(warnings);
    else expect(message).toContain(`run chmod go-w ${at('keys')}`);
  });

  test('a private key that others can read is told, and read all the same', async () => {
    writeFileSync(at('private.pem'), keys.privatePem);
    chmodSync(at('private.pem'), 0o640);
    const { warnings } = await readKeyFile(at('private.pem'), neverAsked, deps);
    expect(warnings).toEqual([{ kind: 'others can read', path: at('private.pem'), mode: 0o640 }]);
    const onWindows = await readKeyFile(at('private.pem'), neverAsked, { ...deps, platform: 'win32' });
    expect(onWindows.warnings).toEqual([]);
  });

  test('a key in a folder where others can write is told, too', async () => {
    await writeKeys(at('keys'), keys, deps);
    chmodSync(at('keys'), 0o777);
    const { warnings } = await readKeyFile(at('keys/private.pem'), neverAsked, deps);
    expect(warnings).toEqual([{ kind: 'others can write', path: at('keys'), mode: 0o777 }]);
  });

  test('a link of the vendor leads to the key, and to the folder of its list', async () => {
    mkdirSync(at('keys'));
    writeFileSync(at('keys/private.pem'), keys.privatePem, { mode: 0o600 });
    symlinkSync(at('keys/private.pem'), at('current'));
    expect((await readKeyFile(at('current'), neverAsked, deps)).file).toBe(at('keys/private.pem'));
  });

  test('no directory for the directory; a file in its place; no key; a directory as a key', async () => {
    writeFileSync(at('file'), 'x');
    const faults = [
      writeKeys(at('missing/keys'), keys, deps),
      writeKeys(at('file'), keys, deps),
      writeKeys(at('file/keys'), keys, deps),
      readKeyFile(at('none.pem'), neverAsked, deps),
      readKeyFile(place.directory, neverAsked, deps),
    ].map(faultOf);
    const said = (await Promise.all(faults)).map(({ code, message }) => `${code} ${message}`);
    expect(said).toEqual([
      expect.stringContaining(`LICENCE_MISSING ${at('missing')}: expected a directory, found none`),
      expect.stringContaining(
        `LICENCE_EXISTS ${at('file')}: expected a directory for the keys, found a file`,
      ),
      expect.stringContaining(`LICENCE_MISSING ${at('file')}: expected a directory`),
      expect.stringContaining(`BAD_ARGUMENT --key ${at('none.pem')}: expected a file, found none`),
      expect.stringContaining(`BAD_ARGUMENT --key ${place.directory}: expected a file, found a directory`),
    ]);
  });
});

test('whatever step fails, both keys are there or neither is', async () => {
  for (let step = 1, failed = true; failed; step++) {
    const disk = memoryFiles(() => 0);
    await disk.makeDirectory('/vendor', 0o700);
    const share = failingAt(step, disk, { kind: 'refuse', error: 'full' });
    const { code } = await faultOf(
      writeKeys('/vendor/keys', keys, { files: share.files, platform: 'linux' }),
    );
    const isMade = (await disk.list('/vendor')).includes('keys');
    const left = isMade ? (await disk.list('/vendor/keys')).sort() : [];
    expect(left, share.operation).toEqual(left.length > 0 ? ['private.pem', 'public.pem'] : []);
    if (left.length === 0) expect(code, share.operation).toBe('SHARE_FULL');
    failed = share.failed;
  }
});

test('a disk that is full in the middle of a key: nothing of it stays', async () => {
  const disk = memoryFiles(() => 0);
  await disk.makeDirectory('/vendor', 0o700);
  const isWrite = (operation: string): boolean => operation.startsWith('writeNew');
  for (let step = 1, failed = true; failed; step++) {
    const share = failingAt(step, disk, { kind: 'shortWrite', characters: 10 });
    const files = { ...disk, writeNew: share.files.writeNew };
    await faultOf(writeKeys('/vendor/keys', keys, { files, platform: 'linux' }));
    failed = share.failed;
    expect(failed ? isWrite(share.operation) : true).toBe(true);
    expect(await disk.list('/vendor')).toEqual(failed ? [] : ['keys']);
  }
});

describe('a passphrase in a file', () => {
  test.each([
    ['four words that fit', 'four words that fit'],
    ['four words that fit\n', 'four words that fit'],
    ['\uFEFFfour words that fit\r\n', 'four words that fit'],
    [' spaces count ', ' spaces count '],
  ])('%j is read as %j', async (text, passphrase) => {
    writeFileSync(at('secret'), text, { mode: 0o600 });
    expect(await readPassphrase(at('secret'), deps)).toEqual({ passphrase, warnings: [] });
  });

  test.each(['', '\n', 'one\ntwo\n'])('%j is refused, and not shown', async (text) => {
    writeFileSync(at('secret'), text);
    const { message } = await faultOf(readPassphrase(at('secret'), deps));
    expect(message).toMatch(/secret: expected one line, the passphrase; found (none|several)$/);
  });
});
