// Preloaded with --import: file operations named in SLOW (a JSON object of milliseconds) take so much longer; those in FULL fail
// for want of space.
import fs from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const slow = JSON.parse(process.env.SLOW ?? '{}');
const full = (process.env.FULL ?? '').split(' ');

const handle = await fs.open(fileURLToPath(import.meta.url));
const ofHandles = Object.getPrototypeOf(handle);
await handle.close();

function wrap(object, name) {
  const act = object[name];
  object[name] = async function (...args) {
    if (full.includes(name))
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    if (slow[name]) await new Promise((resolve) => setTimeout(resolve, slow[name]));
    return await act.apply(this, args);
  };
}

for (const name of ['mkdir', 'rename', 'rmdir', 'unlink', 'open', 'readdir', 'lstat']) wrap(fs, name);
for (const name of ['sync', 'close', 'writeFile', 'readFile']) wrap(ofHandles, name);
