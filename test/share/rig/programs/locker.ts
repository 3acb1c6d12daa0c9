/**
 * A program of Windows that shares nothing of what it has open: it opens documents of a table by chance, each for a
 * while, until its stdin is closed.
 */
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { sayNow } from './said.js';

/** libuv's UV_FS_O_EXLOCK: no other process may open the file. Node has no name for it. */
const ALONE = 0x10000000;
const HELD_MS = 300;

const { file } = JSON.parse(process.argv[2] ?? '') as { file: string };
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

function open(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | ALONE);
  } catch {
    return null; // it is gone, or another has it open
  }
}

let opened = 0;
for (let n = 0; !isOver; n++) {
  const newest = readdirSync(`${file}.revisions`)
    .filter((name) => /^\d{12}$/.test(name))
    .sort()
    .at(-1);
  const descriptor = open(n % 4 === 0 ? file : `${file}.revisions/${newest}/licence.json`);
  await delay(descriptor === null ? 1 : HELD_MS);
  if (descriptor === null) continue;
  closeSync(descriptor);
  opened++;
}
sayNow(`opened ${opened}`);
process.exit(0);
