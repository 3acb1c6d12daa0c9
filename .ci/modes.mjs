// Gives the files of the package the same rights whatever the umask of the checkout was: node .ci/modes.mjs
// npm writes the rights of a file into the tarball, and two builds of one commit must make the same one.
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const options = { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' };
const [{ files }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], options),
);
for (const { path } of files) chmodSync(root + path, path.startsWith('bin/') ? 0o755 : 0o644);
