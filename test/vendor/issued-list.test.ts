import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { append } from '../../src/share/append.js';
import { diskFiles } from '../../src/share/disk.js';
import { ShareError } from '../../src/share/files.js';
import { addIssued, lineOf, readIssued } from '../../src/vendor/issued-list.js';
import { freshPlace } from '../cli/seatfile.js';
import { granted } from '../helpers/vendor.js';
import { faultOf } from './faults.js';

const place = freshPlace();
const keyFile = (): string => path.join(place.directory, 'private.pem');
const listFile = (): string => path.join(place.directory, 'issued.ndjson');
const read = () => readIssued(keyFile(), diskFiles);
const deps = { files: diskFiles, append };
const line = (licenceId: string) =>
  lineOf(granted({ licenceId, customer: 'Acme' }), { hash: 'h', keyId: 'k', by: 'ada@pc-1' });

async function add(licenceId: string): Promise<void> {
  await addIssued(await read(), line(licenceId), deps);
}

describe('the list beside the key', () => {
  test('begins with the first licence, readable by its owner alone, and grows by lines', async () => {
    expect(await read()).toMatchObject({ file: listFile(), damaged: [], isWhole: true });
    await add('one');
    await add('two');
    const { ids, damaged } = await read();
    expect([[...ids], damaged]).toEqual([['one', 'two'], []]);
    expect(JSON.parse(readFileSync(listFile(), 'utf8').split('\n')[0] ?? '')).toEqual({
      ...{ id: 'one', key: null, customer: 'Acme', modules: [{ module: 'M1', maxUsers: 1 }] },
      ...{ issuedAt: '2026-11-01T00:00:00.000Z', notBefore: null, expiresAt: null, evaluation: false },
      ...{ supersedes: [], hash: 'h', keyId: 'k', by: 'ada@pc-1' },
    });
    if (process.platform !== 'win32') expect(statSync(listFile()).mode & 0o777).toBe(0o600);
  });

  test('twenty at once: every line is there, whole', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `licence-${n}`);
    await Promise.all(names.map(add));
    const { ids, damaged } = await read();
    expect([[...ids].sort(), damaged]).toEqual([names.sort(), []]);
  });

  test('a line that was cut off is told, stays, and does not swallow the next one', async () => {
    await add('one');
    const whole = readFileSync(listFile(), 'utf8');
    writeFileSync(listFile(), `${whole}{"id":"cut","cust`);
    expect(await read()).toMatchObject({ damaged: [2], isWhole: false });
    await add('two');
    const { ids, damaged } = await read();
    expect([[...ids], damaged]).toEqual([['one', 'two'], [2]]);
    expect(readFileSync(listFile(), 'utf8')).toContain(`${whole}{"id":"cut","cust\n`);
  });

  test.each(['null', '[]', '7', '{"id":7}', '{"id":"x"}', 'garbage'])(
    '%s is no line of ours',
    async (text) => {
      writeFileSync(listFile(), `${text}\n\n`);
      expect((await read()).damaged).toEqual([1]);
    },
  );

  test('a disk that is full in the middle of a line: the fault says so, and the next line is whole', async () => {
    const full = async (file: string, text: string, mode: number) => {
      await append(file, text.slice(0, 20), mode);
      throw new ShareError('full', 'write', file);
    };
    const fault = await faultOf(addIssued(await read(), line('one'), { ...deps, append: full }));
    expect(fault.code).toBe('SHARE_FULL');
    await add('two');
    const { ids, damaged } = await read();
    expect([[...ids], damaged]).toEqual([['two'], [1]]);
  });

  test('a line that is not there after it was written is no line', async () => {
    const lost = async () => undefined;
    const { code, message } = await faultOf(addIssued(await read(), line('one'), { ...deps, append: lost }));
    expect([code, message]).toEqual(['SHARE_UNFIT', expect.stringContaining('found it covered by another')]);
  });

  test('a link or a directory in its place; a list beyond its limit', async () => {
    const other = path.join(place.directory, 'other');
    symlinkSync(other, listFile());
    expect(await faultOf(read())).toMatchObject({ code: 'SHARE_UNFIT' });
    const below = path.join(place.directory, 'keys');
    mkdirSync(path.join(below, 'issued.ndjson'), { recursive: true });
    expect(await faultOf(readIssued(path.join(below, 'private.pem'), diskFiles))).toMatchObject({
      code: 'SHARE_UNFIT',
      message: expect.stringContaining('expected a file of its own'),
    });
    const big = path.join(place.directory, 'big');
    mkdirSync(big);
    writeFileSync(path.join(big, 'issued.ndjson'), 'x'.repeat(16 * 1024 * 1024 + 1));
    const { message } = await faultOf(readIssued(path.join(big, 'private.pem'), diskFiles));
    expect(message).toContain('larger than 16 MiB; rename it');
  });
});
