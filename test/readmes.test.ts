import { existsSync } from 'node:fs';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pages, pageText, proseOf } from './helpers/pages.js';

/**
 * The READMEs as text. Their code is compiled by `package/package.test.ts`, their commands are run by
 * `cli/readmes.test.ts`.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const MOST_LINES = 220;
const MOST_BYTES = 12 * 1024;

/** The anchors of a page, made from its headings as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, words = '']) => words);
  return headings.map((words) =>
    words
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Where the links of a page lead, those to other sites left out. */
function linksOf(page: string): string[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function leadsSomewhere(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page : nodePath.posix.join(nodePath.posix.dirname(page), file);
  if (!existsSync(nodePath.join(root, path))) return false;
  return anchor === undefined || (pages.includes(path) && anchorsOf(path).includes(anchor));
}

/** Files and folders of the repository that a page names, not those of a licence or of the system. */
function namedIn(page: string): string[] {
  const names = [...proseOf(page).matchAll(/`([\w./-]+)`/g)].map(([, name = '']) => name);
  return names.filter((name) => /^(test|src|bin|\.ci)\/|\.(ts|mjs|sh|story)$/.test(name));
}

/** As seen from the top, from the page, from the tests, or from the tests of the page's room. */
const isThere = (page: string, name: string): boolean =>
  ['', nodePath.dirname(page), 'test', nodePath.dirname(page).replace('src', 'test')].some((from) =>
    existsSync(nodePath.join(root, from, name)),
  );

describe('the top README', () => {
  test('is short, for a stranger', () => {
    const text = pageText('README.md');
    expect(text.split('\n').length).toBeLessThanOrEqual(MOST_LINES);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MOST_BYTES);
  });

  test.each(['npm ci && npm test', 'npm ci && npm run demo'])('promises the line %s', (line) => {
    expect(pageText('README.md').split('\n')).toContain(line);
  });
});

describe.each(pages)('%s', (page) => {
  test('has links that lead somewhere', () => {
    expect(linksOf(page).filter((target) => !leadsSomewhere(page, target))).toEqual([]);
  });

  test('names files that are there', () => {
    expect(namedIn(page).filter((name) => !isThere(page, name))).toEqual([]);
  });
});
