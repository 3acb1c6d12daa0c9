import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  env: { SEATFILE_REGISTER: '' }, // what tests open is nobody's business on this computer
  retry: 0, // a test that fails sometimes has found something
};
/** Tests with real processes and real time: one file after the other, with the machine to themselves. */
const processes = ['test/cli/**/*.test.ts', 'test/processes/**/*.test.ts', 'test/package/**/*.test.ts'];

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    projects: [
      {
        test: {
          ...shared,
          name: 'rules',
          include: ['test/**/*.test.ts'],
          exclude: processes,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'processes',
          include: processes,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
