import { expect, test } from 'vitest';
import { pageText } from '../helpers/pages.js';
import { rows } from './matrix/rows.js';

/** The rows of the table "Works with". */
function rowsOfPage(): string[][] {
  const [, section = ''] = pageText('README.md').split(/^## Works with$/m);
  const lines = (section.split(/^## /m)[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('what the top README says the package works with is what the matrix runs', () => {
  expect(rowsOfPage()).toEqual(rows.map(({ name, versions }) => [name, versions]));
});

test('a row that is not run says so, and every other row is run', () => {
  for (const { versions, cases } of rows) expect(cases.length === 0).toBe(versions.startsWith('not run'));
});
