import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0, // a test that fails sometimes has found something
  setupFiles: ['test/helpers/full-check.ts'],
};
const names = (folder: string, ...files: readonly string[]) =>
  files.map((name) => `test/${folder}/${name}.test.ts`);
/** Tests with real processes and real time. */
const real = ['test/cli/**/*.test.ts', 'test/processes/**/*.test.ts', 'test/package/**/*.test.ts'];

// What takes long is not in `npm test` but in `npm run test:slow`, and in .ci/run.
/** Thousands of cases: every kind of thing in the folder, every error at every step, chance. */
const slowRules = [
  ...names('share', 'hostile'),
  ...names('store', 'errno', 'every-step', 'journal-files', 'random'),
  ...names('client', 'office'),
];
/** One file after the other, with the machine to themselves: they kill at every step, or measure. */
const slowProcesses = [
  ...names('processes', 'crash', 'crash-journal', 'hammer', 'hung', 'idle', 'naive', 'recorder', 'stall'),
  ...names('cli', 'leaving'),
];
/** These mostly wait: for a loss to be believed, for an eviction, for a turn, for many small processes. */
const slowWaits = [
  ...names('processes', 'blind', 'one-process'),
  ...names(
    'cli',
    'desk',
    'exit',
    'exits',
    'finding',
    'forgery',
    'install',
    'journal',
    'lines',
    'monday',
    'on-demand',
    'readmes',
    'repair',
  ),
  ...names('cli', 'restart', 'seats', 'slow', 'stopped', 'vendor', 'waiting'),
];

const project = (name: string, include: readonly string[], more: object) => ({
  test: { ...shared, name, include: [...include], ...more },
});
const oneByOne = { fileParallelism: false };

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    projects: [
      project('rules', ['test/**/*.test.ts'], {
        exclude: [...real, ...slowRules],
        maxWorkers: 2, // on two cores vitest would take one
        sequence: { groupOrder: 0 },
      }),
      project('processes', real, {
        maxWorkers: 2,
        exclude: [...slowProcesses, ...slowWaits],
        sequence: { groupOrder: 1 },
      }),
      project('slow-rules', slowRules, { maxWorkers: 2, sequence: { groupOrder: 2 } }),
      project('slow-processes', slowProcesses, { ...oneByOne, sequence: { groupOrder: 3 } }),
      project('slow-waits', slowWaits, { maxWorkers: 3, sequence: { groupOrder: 4 } }),
    ],
  },
});
