// Compiles src/ and test/ as they are, and runs one module of them: node test/compiled.mjs sim/main ARGUMENTS...
// Node 20, our floor, does not run TypeScript by itself.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import nodePath from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = nodePath.join(nodePath.dirname(fileURLToPath(import.meta.url)), '..');
const out = nodePath.join(root, 'node_modules', '.cache', 'seatfile-test'); // below node_modules packages resolve
const [, , module = '', ...rest] = process.argv;

mkdirSync(out, { recursive: true });
writeFileSync(nodePath.join(out, 'package.json'), '{ "type": "module" }\n');
const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
const tsc = nodePath.join(nodePath.dirname(manifest), 'bin', 'tsc');
const project = nodePath.join(root, 'test', 'tsconfig.json');
execFileSync(process.execPath, [tsc, '-p', project, '--noEmit', 'false', '--noCheck', '--outDir', out], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.argv = [process.execPath, nodePath.join(out, 'test', `${module}.js`), ...rest];
await import(pathToFileURL(process.argv[1]).href);
