/** The conformance suite of the ShareFiles port, on a mount: one line of JSON for each check. */
import { mkdir, symlink } from 'node:fs/promises';
import { diskFiles } from '../../../../src/share/disk.js';
import { conformance, type Need } from '../../conformance.js';

const { directory } = JSON.parse(process.argv[2] ?? '') as { directory: string };
process.umask(0o077);
let root = '';
let roots = 0;
const checks: { name: string; act: () => Promise<void>; need: Need | undefined }[] = [];
const link = (path: string, target: string) => symlink(target, path);
conformance({ files: diskFiles, link, root: () => root }, (name, act, need) => {
  checks.push({ name, act, need });
});

for (const { name, act, need } of checks) {
  root = `${directory}/${roots++}`;
  await mkdir(root);
  const failure = await act().then(
    () => null,
    (error: unknown) => String(error).replaceAll('\n', ' '),
  );
  console.log(JSON.stringify({ name, need: need ?? null, failure }));
}
