/** The conformance suite of the ShareFiles port, on a mount: one line of JSON for each check. */
import { lstat, mkdir, symlink } from 'node:fs/promises';
import { diskFiles } from '../../../../src/share/disk.js';
import { conformance, type Need, WINDOWS } from '../../conformance.js';
import { sayNow } from './said.js';

const { directory } = JSON.parse(process.argv[2] ?? '') as { directory: string };
process.umask(0o077);
let root = '';
let roots = 0;
const checks: { name: string; act: () => Promise<void>; need: Need | undefined }[] = [];
async function link(path: string, target: string): Promise<void> {
  await symlink(target, path);
  await lstat(path); // Wine says that it has made one, and has not
}
const refusals = process.platform === 'win32' ? { refusals: WINDOWS } : {};
conformance({ files: diskFiles, link, root: () => root, ...refusals }, (name, act, need) => {
  checks.push({ name, act, need });
});

for (const { name, act, need } of checks) {
  root = `${directory}/${roots++}`;
  await mkdir(root);
  const failure = await act().then(
    () => null,
    (error: unknown) => String(error).replaceAll('\n', ' '),
  );
  sayNow(JSON.stringify({ name, need: need ?? null, failure }));
}
