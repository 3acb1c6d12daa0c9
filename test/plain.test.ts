import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('plain.mjs', import.meta.url));

let root: string;
beforeEach(() => {
  root = mkdtempSync(nodePath.join(tmpdir(), 'plain-'));
  for (const folder of ['bin', 'src', 'test']) mkdirSync(nodePath.join(root, folder));
});
afterEach(() => rmSync(root, { recursive: true }));

/** What the check says of one file, and its exit status. */
function check(
  file: string,
  ...lines: readonly string[]
): { found: readonly string[]; status: number | null } {
  writeFileSync(nodePath.join(root, file), lines.join('\n'));
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, root], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return { found: stdout.split('\n').filter((line) => line !== ''), status };
}
const word = (place: string, name: string, where: string): string =>
  `${place}: word "${name}" in ${where}: name the party by its role (instance, holder, user ...)`;

describe('found', () => {
  test('each word in a comment, in whatever case, at its line', () => {
    expect(
      check('src/a.ts', '// Who', '/* one', ' * nobody: he or', ' * his */ const a = 1; // whoever'),
    ).toEqual({
      found: [
        word('src/a.ts:1', 'Who', 'a comment'),
        word('src/a.ts:3', 'nobody', 'a comment'),
        word('src/a.ts:3', 'he', 'a comment'),
        word('src/a.ts:4', 'his', 'a comment'),
        word('src/a.ts:4', 'whoever', 'a comment'),
      ],
      status: 1,
    });
  });

  test('in comments of tests and of programs', () => {
    expect(check('test/a.mjs', '// him').found).toEqual([word('test/a.mjs:1', 'him', 'a comment')]);
    expect(check('bin/a.js', '#!/usr/bin/env node', '// somebody').found).toContain(
      word('bin/a.js:2', 'somebody', 'a comment'),
    );
  });

  test('in strings and templates of src', () => {
    expect(
      check('src/a.ts', "const a = 'he comes';", `const b = \`\${a} or\nhis \${a}, for him\`;`).found,
    ).toEqual([
      word('src/a.ts:1', 'he', 'a text'),
      word('src/a.ts:3', 'his', 'a text'),
      word('src/a.ts:3', 'him', 'a text'),
    ]);
  });

  test('in the prose of a page', () => {
    expect(check('README.md', '```', 'his', '```', '', 'It is his.')).toEqual({
      found: [word('README.md:5', 'his', 'the prose')],
      status: 1,
    });
  });

  test('a line that is too long, in code and on a page', () => {
    expect(check('test/a.ts', '', `// ${'x'.repeat(118)}`).found).toEqual([
      'test/a.ts:2: 121 columns: expected at most 120',
    ]);
    expect(check('src/README.md', 'x'.repeat(121)).found).toContain(
      'src/README.md:1: 121 columns: expected at most 120',
    );
  });

  test('code that is not understood', () => {
    expect(check('src/a.ts', "const a = 'not closed").found).toEqual([
      "src/a.ts:1: not understood: 'not closed",
    ]);
  });
});

describe('not found', () => {
  const clean = { found: [], status: 0 };

  test('identifiers, keys and words that are part of others', () => {
    expect(
      check('src/a.ts', 'const who = { his: 1 }; // the history', "const he = who['his'] / 2 / 3;"),
    ).toEqual(clean);
  });

  test('texts of tests, "who" in texts, and code that is quoted in a comment', () => {
    expect(check('test/a.ts', "const a = 'he comes';")).toEqual(clean);
    expect(check('src/a.ts', "const a = 'Which user, and who else?';", '// `who` is a record')).toEqual(
      clean,
    );
  });

  test('what looks like a comment in a string or in a regular expression', () => {
    expect(
      check('src/a.ts', "const a = '//his';", 'const b = /[/*] his/;', `const c = \`\${/\\/\\/who/}\`;`),
    ).toEqual(clean);
  });

  test('code on a page, in a block and in a line; a long block, and a row of a table', () => {
    const long = 'x'.repeat(130);
    expect(
      check('README.md', '```ts', `his(${long});`, '```', '', 'Call `his()`.', '', `| ${long} |`),
    ).toEqual(clean);
  });
});
