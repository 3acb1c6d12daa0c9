// Tests `seatfile/testing` with Jest 30: node test/package/jest/main.mjs TARBALL. Jest comes from npm, into a temporary
// folder. The exit status is 0 if all is well. The package must be built: its compiler is used for the README.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';

const here = nodePath.dirname(fileURLToPath(import.meta.url));
const root = nodePath.join(here, '../../..');
const [tarball] = process.argv.slice(2);
if (tarball === undefined || !existsSync(tarball)) {
  console.error('jest: expected the package as a tarball (npm pack); give its path');
  process.exit(2);
}

const project = mkdtempSync(nodePath.join(tmpdir(), 'seatfile-jest-'));
process.exitCode = 1;
try {
  install();
  writeExample();
  runJest('mjs', '--experimental-vm-modules', '--no-warnings');
  runJest('cjs');
  process.exitCode = 0;
} catch (error) {
  console.error(error.message);
} finally {
  rmSync(project, { recursive: true, force: true });
}

function run(command, args, env = {}) {
  const options = { cwd: project, stdio: 'inherit', env: { ...process.env, ...env } };
  execFileSync(command, args, { ...options, shell: process.platform === 'win32' && command === 'npm' });
}

function install() {
  writeFileSync(nodePath.join(project, 'package.json'), '{ "private": true, "jest": { "transform": {} } }\n');
  cpSync(nodePath.join(here, 'programs'), project, { recursive: true });
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'];
  run('npm', ['install', ...flags, nodePath.resolve(tarball), 'jest@30', '@types/node@20']);
}

/** The first example of the README, as JavaScript. */
function writeExample() {
  const page = readFileSync(nodePath.join(root, 'src/testing/README.md'), 'utf8');
  const [, text] = /^```ts example\n([\s\S]*?)^```$/m.exec(page) ?? [];
  if (text === undefined) throw new Error('expected an example in src/testing/README.md, found none');
  const file = nodePath.join(project, 'example.test.mts');
  writeFileSync(file, text.replace("'vitest'", "'@jest/globals'"));
  const tsc = nodePath.join(root, 'node_modules/typescript/bin/tsc');
  const flags = [
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--lib',
    'es2023,esnext.disposable',
    '--strict',
  ];
  run(process.execPath, [tsc, ...flags, '--types', 'node', file]);
}

function runJest(kind, ...options) {
  const jest = nodePath.join(project, 'node_modules/jest/bin/jest.js');
  const how = ['--detectOpenHandles', '--ci', '--runInBand', '--testMatch', `**/*.test.${kind}`];
  run(process.execPath, [...options, jest, ...how]);
}
