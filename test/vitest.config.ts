import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0, // a test that fails sometimes has found something
};
/** Tests with real processes and real time. */
const real = ['test/cli/**/*.test.ts', 'test/processes/**/*.test.ts', 'test/package/**/*.test.ts'];
/** Of those, the ones that mostly wait: for a loss to be believed, for an eviction, for a turn. */
const waits = [
  'exits',
  'monday',
  'on-demand',
  'readmes',
  'repair',
  'restart',
  'seats',
  'slow',
  'stopped',
  'waiting',
].map((name) => `test/cli/${name}.test.ts`);

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    projects: [
      {
        test: {
          ...shared,
          name: 'rules',
          include: ['test/**/*.test.ts'],
          exclude: real,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'processes', // one file after the other, with the machine to themselves
          include: real,
          exclude: waits,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'waits',
          include: waits,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
