import { archive } from './cases/archive.js';
import { bundler } from './cases/bundlers.js';
import { jestTesting, nodeVersion, program, runner } from './cases/node.js';
import { runtime } from './cases/runtimes.js';
import { typescript } from './cases/types.js';
import type { Row } from './row.js';

/** Every way to take the package in. The table "Works with" of the top README has the same rows. */

const FLOOR = '20.19.0';

const jest = ['node_modules/jest/bin/jest.js', '--testMatch', '**/seat.test.cjs'];
const vitest = ['node_modules/vitest/vitest.mjs', 'run', 'seat.test.mjs'];

const esbuild = [
  'node_modules/esbuild/bin/esbuild',
  '--bundle',
  '--minify',
  '--platform=node',
  '--target=node20',
];
const rollup = [
  'rollup@4',
  '@rollup/plugin-node-resolve',
  '@rollup/plugin-commonjs',
  '@rollup/plugin-terser',
];

const bun = { package: '@oven/bun-linux-x64', version: '1', program: 'bin/bun', words: ['seat.mjs'] };
const denoWords = ['run', '-A', '--node-modules-dir=manual', 'seat.mjs'];
const deno = { package: '@deno/linux-x64-glibc', version: '2', program: 'deno', words: denoWords };

export const rows: readonly Row[] = [
  {
    name: 'TypeScript',
    versions: '5.4, 5.9, 6.0, 7.0',
    cases: ['5.4', '5.9', '6.0', '7.0'].map(typescript),
  },
  { name: 'Node', versions: '20.19, 22, 24, 26', cases: [FLOOR, '22', '24', '26'].map(nodeVersion) },
  {
    name: 'CommonJS',
    versions: '`require`, alone and beside `import`',
    cases: [program('seat.cjs', FLOOR), program('both.mjs', FLOOR)],
  },
  {
    name: 'Worker threads',
    versions: 'Node 20.19, 24',
    cases: [FLOOR, '24'].map((node) => program('worker.mjs', node)),
  },
  { name: 'Jest', versions: '30', cases: [runner('jest', '30', FLOOR, jest), jestTesting] },
  {
    name: 'Vitest',
    versions: '4, 5',
    cases: [runner('vitest', '4', FLOOR, vitest), runner('vitest', '5', '24', vitest)],
  },
  {
    name: 'esbuild',
    versions: '0.28: cjs, esm',
    cases: ['cjs', 'esm'].map((format) => {
      const bundle = format === 'cjs' ? 'seat.cjs' : 'seat.mjs';
      const words = [...esbuild, `--format=${format}`, `--outfile=out/${bundle}`, 'seat.mjs'];
      return bundler({ name: format, packages: ['esbuild@0.28'], words, bundle });
    }),
  },
  {
    name: 'Rollup',
    versions: '4',
    cases: [
      bundler({
        name: '4',
        packages: rollup,
        words: ['node_modules/rollup/dist/bin/rollup', '-c'],
        bundle: 'seat.mjs',
      }),
    ],
  },
  {
    name: 'webpack',
    versions: '5: cjs, module',
    cases: ['cjs', 'module'].map((format) => {
      const bundle = format === 'cjs' ? 'seat.cjs' : 'seat.mjs';
      return bundler({ name: format, packages: ['webpack@5'], words: ['webpack.cjs', format], bundle });
    }),
  },
  {
    name: 'Vite SSR',
    versions: '8',
    cases: [
      bundler({
        name: '8',
        packages: ['vite@8'],
        words: ['node_modules/vite/bin/vite.js', 'build'],
        bundle: 'seat.mjs',
      }),
    ],
  },
  { name: 'Bun', versions: '1', cases: [runtime({ name: '1', ...bun })] },
  { name: 'Deno', versions: '2', cases: [runtime({ name: '2', ...deno })] },
  { name: 'asar archive', versions: '@electron/asar 4, read by Node 24', cases: [archive] },
  { name: 'Electron', versions: 'not run: it cannot be installed from npm alone', cases: [] },
];
