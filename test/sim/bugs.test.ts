import nodePath from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { beliefOf } from '../../src/rules/validity.js';
import { type Bug, bugs } from './bugs.js';
import { parse, plant, planted } from './plant.js';

/** The bugs that the simulation has to notice can be planted in the source as it is now. */

test('every bug has a name of its own', () => {
  const names = bugs.map((bug) => bug.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z]+(?:-[a-z]+)*$/.test(name))).toEqual([]);
});

test('the line of every bug is there once, and changed', async () => {
  for (const bug of bugs) {
    await planted(bug);
    for (const { find, replace } of [bug, ...(bug.also ?? [])]) expect(replace, bug.name).not.toBe(find);
  }
});

test('a line that is not there, or twice, is refused by name', async () => {
  const at = (find: string): Bug => ({
    ...{ name: 'none', what: '', breaks: '', file: 'src/rules/validity.ts', find, replace: '' },
  });
  await expect(planted(at('no such line'))).rejects.toThrow(/bug none: .* found it 0 times/);
  await expect(planted(at('OVERDUE_INTERVALS'))).rejects.toThrow(/bug none: .* found it 2 times/);
});

test('every file parses with its bug in it', async () => {
  await parse(bugs, 'sim-bugs/parsed');
});

test('what is planted runs, and differs by the bug alone', async () => {
  const bug = bugs.find(({ name }) => name === 'believes-two-intervals') ?? null;
  expect(await validForMs(await plant(null, 'sim-bugs/shipped'))).toBe(1500);
  expect(await validForMs(await plant(bug, 'sim-bugs/planted'))).toBe(2000);
});

async function validForMs(directory: string): Promise<number> {
  const { href } = pathToFileURL(nodePath.join(directory, 'src', 'rules', 'validity.js'));
  const compiled = (await import(/* @vite-ignore */ href)) as { beliefOf: typeof beliefOf };
  const since = { elapsedMs: 0, wallMs: 0, uptimeMs: 0 };
  const record = { level: 'heartbeat', checkIntervalSeconds: 1, graceSeconds: 0 } as const;
  return compiled.beliefOf(record, since).validForMs;
}
