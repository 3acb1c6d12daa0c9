import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { blocksIn } from '../helpers/pages.js';

/** Runs the examples of the README as they stand there; only the package is this very source. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = { "'seatfile'": 'src/index.ts', "'seatfile/testing'": 'src/testing/index.ts' };
const fromHere = (text: string): string =>
  text.replace(/'seatfile(?:\/testing)?'/g, (name) =>
    JSON.stringify(nodePath.join(root, sources[name as keyof typeof sources]).replaceAll('\\', '/')),
  );

const folder = mkdtempSync(nodePath.join(tmpdir(), 'seatfile-readme-'));
symlinkSync(nodePath.join(root, 'node_modules'), nodePath.join(folder, 'node_modules'), 'junction');
afterAll(() => rmSync(folder, { recursive: true }));

const examples = blocksIn('src/testing/README.md').filter(({ language }) => language === 'ts');

describe.each(examples)('$marks', async ({ marks, text }) => {
  const file = nodePath.join(folder, `${marks.join()}.ts`);
  writeFileSync(file, fromHere(text));
  await import(pathToFileURL(file).href);
});

test('the README has three examples', () => {
  expect(examples.map(({ marks }) => marks.join())).toEqual(['example', 'mocked', 'timers']);
});
