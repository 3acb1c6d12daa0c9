// Preloaded with --import: file operations named in SLOW (a JSON object of milliseconds) take so much longer, those in
// FAIL (a JSON object of codes) fail with that code, and FASTER makes the monotonic clock and all timers of the process
// run so many times as fast.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const slow = JSON.parse(process.env.SLOW ?? '{}');
const fail = JSON.parse(process.env.FAIL ?? '{}');
const faster = Number(process.env.FASTER ?? 1);
const later = globalThis.setTimeout;
const now = performance.now.bind(performance);
const sleep = timers.setTimeout;

const handle = await fs.open(fileURLToPath(import.meta.url));
const ofHandles = Object.getPrototypeOf(handle);
await handle.close();

function wrap(object, name) {
  const act = object[name];
  object[name] = async function (...args) {
    if (fail[name])
      throw Object.assign(new Error(`${fail[name]}: ${reasons[fail[name]]}`), { code: fail[name] });
    if (slow[name]) await new Promise((resolve) => later(resolve, slow[name]));
    return await act.apply(this, args);
  };
}
const reasons = { ENOSPC: 'no space left on device', EACCES: 'permission denied' };

for (const name of ['mkdir', 'mkdtemp', 'rename', 'rmdir', 'unlink', 'readdir', 'lstat']) wrap(fs, name);
for (const name of ['sync', 'writeFile']) wrap(ofHandles, name);
const { open } = fs;
fs.open = async (...args) => {
  const opened = await open(...args);
  wrap(opened, 'close'); // which every handle has for itself
  return opened;
};
wrap(fs, 'open');

if (faster !== 1) {
  performance.now = () => now() * faster;
  globalThis.setTimeout = (act, ms, ...rest) => later(act, ms / faster, ...rest);
  timers.setTimeout = (ms, ...rest) => sleep(ms / faster, ...rest);
}
syncBuiltinESMExports();
