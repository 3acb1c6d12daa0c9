import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { append } from '../../src/share/append.js';
import { ShareError } from '../../src/share/files.js';
import { freshPlace } from '../cli/seatfile.js';

const place = freshPlace();
const at = (name: string): string => path.join(place.directory, name);

const kindOf = (asked: Promise<void>): Promise<unknown> =>
  asked.then(
    () => 'written',
    (error: unknown) => (error instanceof ShareError ? error.kind : error),
  );

test('a missing file is created with its mode, and the next text follows', async () => {
  await append(at('list'), 'one\n', 0o600);
  await append(at('list'), 'two: Zoë\n', 0o644);
  expect(readFileSync(at('list'), 'utf8')).toBe('one\ntwo: Zoë\n');
  if (process.platform !== 'win32') expect(statSync(at('list')).mode & 0o777).toBe(0o600);
});

test('texts of many at once stand one after the other, each whole', async () => {
  const texts = Array.from({ length: 50 }, (_, n) => `${n} ${'x'.repeat(3000)}\n`);
  await Promise.all(texts.map((text) => append(at('list'), text, 0o600)));
  const lines = readFileSync(at('list'), 'utf8').split(/(?<=\n)/);
  expect(lines.sort()).toEqual(texts.sort());
});

test('no directory, a directory, a link: nothing is written', async () => {
  mkdirSync(at('directory'));
  writeFileSync(at('file'), 'kept');
  symlinkSync(at('file'), at('link'));
  expect(await kindOf(append(at('missing/list'), 'x', 0o600))).toBe('missing');
  expect(await kindOf(append(at('directory'), 'x', 0o600))).toBe('wrongKind');
  expect(await kindOf(append(at('link'), 'x', 0o600))).toBe('wrongKind');
  expect(readFileSync(at('file'), 'utf8')).toBe('kept');
});

test.runIf(process.platform === 'linux')('a device in its place is refused', async () => {
  expect(await kindOf(append('/dev/null', 'x', 0o600))).toBe('wrongKind');
});
