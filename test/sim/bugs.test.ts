import { readFile } from 'node:fs/promises';
import nodePath from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { validityOf } from '../../src/rules/validity.js';
import { bugs, type Edit } from './bugs.js';
import { changed, mistakesIn, plant, planted } from './plant.js';

/** The bugs that the simulation has to notice can be planted in the source as it is now. */

test('every bug has a name of its own', () => {
  const names = bugs.map((bug) => bug.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z]+(?:-[a-z]+)*$/.test(name))).toEqual([]);
});

test('every rule, and every step of a commit, has a bug', () => {
  const promises = new Set<string>(bugs.map(({ promise }) => promise));
  // Rule 1 is a formula (test/licence/entitlement.test.ts); nothing of rule 11 can be asked for yet.
  const rules = [2, 3, 4, 5, 6, 7, 8, 9, 10].map((number) => `rule ${number}`);
  // Steps 1 and 5 make and fill a private stage: the operating system is trusted with these.
  const steps = [0, 2, 3, 4, 6, 7, 8].map((number) => `commit step ${number}`);
  const parts = ['read', 'garbage collection', 'loss', 'restore'];
  expect([...rules, ...steps, ...parts].filter((promise) => !promises.has(promise))).toEqual([]);
});

test('every bug that the README of the store names is planted', async () => {
  const readme = await readFile(new URL('../../src/store/README.md', import.meta.url), 'utf8');
  const clauses = [...readme.matchAll(/(?:Caught by|planted:)[^)]*/g)].map(([clause]) => clause).join();
  const named = [...clauses.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !bugs.some((bug) => bug.name === name))).toEqual([]);
});

test('the sample is small enough to be planted on every landing', () => {
  const sampled = bugs.filter(({ isSampled }) => isSampled);
  expect(sampled.length).toBeGreaterThanOrEqual(20);
  expect(sampled.length).toBeLessThanOrEqual(30);
});

test('what every bug changes is there once, and changed', async () => {
  for (const bug of bugs) {
    await planted(bug);
    for (const { find, replace } of [bug, ...(bug.also ?? [])]) expect(replace, bug.name).not.toBe(find);
  }
});

describe('an expression is found by its file and function', () => {
  const source = `export async function first(a: number): Promise<{ sum: number }> {
  const text = \`a + 1 \${\`}\`}\`; // a + 1
  return { sum: a + 1, name: text.replace(/[/}]a + 1/, '}') };
}

export class Box<T> {
  private sum = { a: 1, b: 2 };

  add(a: number): { sum: number } {
    return { sum: this.sum.a + a + 1 };
  }

  async other(): Promise<void> {}
}
`;
  const edit = (within: string, find: string): Edit => ({ file: 'src/a.ts', within, find, replace: 'b' });
  const made = (within: string, find: string, text = source) => changed(text, edit(within, find), 'none');

  test('and only there', () => {
    expect(made('first', 'a + 1')).toBe(source.replace('sum: a + 1', 'sum: b'));
    expect(made('Box.add', 'a + 1')).toBe(source.replace('a + a + 1', 'a + b'));
    expect(made('Box.sum', '{ a: 1, b: 2 }')).toBe(source.replace('{ a: 1, b: 2 }', 'b'));
  });

  test('however the function is formatted', () => {
    const find = "{ sum: a + 1, name: text.replace(/[/}]a + 1/, '}') }";
    const spread = `{
      // the sum
      sum:
        a + 1,
      name: text.replace(
        /[/}]a + 1/,
        '}',
      ),
    }`;
    expect(made('first', find, source.replace(find, spread))).toBe(made('first', find));
    expect(made('first', spread)).toBe(made('first', find));
  });

  test('or the bug is refused by name, with the file, the function, and how often it was found', () => {
    expect(() => made('third', 'a')).toThrow('bug none: src/a.ts declares no third');
    expect(() => made('Box.take', 'a')).toThrow('bug none: src/a.ts declares no Box.take');
    expect(() => made('Box.other', 'a + 1')).toThrow(
      'bug none: expected once in Box.other of src/a.ts, found 0 times: a + 1',
    );
    expect(() => made('Box', 'sum')).toThrow(
      'bug none: expected once in Box of src/a.ts, found 4 times: sum',
    );
  });
});

test('every file can be compiled with its bug in it, and names nothing that is not there', async () => {
  expect(await mistakesIn(bugs, 'sim-bugs/beside')).toEqual([]);
});

test.each(['notThere()', '(('])('or the bug is named: %s', async (replace) => {
  const [bug] = bugs;
  const told = bug && (await mistakesIn([{ ...bug, name: 'wrong', replace }], 'sim-bugs/wrong'));
  expect(told?.join('\n')).toContain('-wrong.ts(');
});

test('what is planted runs, and differs by the bug alone', async () => {
  const bug = bugs.find(({ name }) => name === 'believes-two-intervals') ?? null;
  expect(await validForMs(await plant(null, 'sim-bugs/shipped'))).toBe(1500);
  expect(await validForMs(await plant(bug, 'sim-bugs/planted'))).toBe(2000);
});

async function validForMs(directory: string): Promise<number> {
  const { href } = pathToFileURL(nodePath.join(directory, 'src', 'rules', 'validity.js'));
  const compiled = (await import(/* @vite-ignore */ href)) as { validityOf: typeof validityOf };
  const since = { elapsedMs: 0, wallMs: 0, uptimeMs: 0 };
  const record = { level: 'heartbeat', checkIntervalSeconds: 1, graceSeconds: 0 } as const;
  return compiled.validityOf(record, since).validForMs;
}
