// Holds a seat on a share that hangs, and does what it is told by lines on stdin; says what still works meanwhile.
import dns from 'node:dns/promises';
import fs from 'node:fs/promises';
import { openLicence } from '../../dist/index.js';

const { file, ownFile, options = {} } = JSON.parse(process.argv[2]);
const say = (word, found = {}) => process.stdout.write(`${word} ${JSON.stringify(found)}\n`);
const licence = await openLicence(file, options);
const { seat } = await licence.acquire('M1');

const orders = {
  // Eight at once: more than Node's pool has threads, were any of them lost to the share.
  work: async () => {
    const startedMs = performance.now();
    await Promise.all(
      Array.from({ length: 8 }, () => [fs.readFile(ownFile), dns.lookup('localhost')]).flat(),
    );
    say('worked', { tookMs: performance.now() - startedMs, valid: seat.valid });
  },
  acquire: async () => {
    const startedMs = performance.now();
    const error = await licence.acquire('M2', { timeoutMs: 1000 }).catch((fault) => fault);
    say('asked', { code: error.code, message: error.message, tookMs: performance.now() - startedMs });
  },
  exit: () => process.exit(3),
  throw: () => {
    throw new Error('a fault of the application');
  },
  end: () => process.stdin.destroy(),
};
process.on('exit', () => say('ending'));
process.stdin.on('data', (line) => orders[String(line).trim()]());
for (const event of ['jeopardy', 'suspended', 'safe', 'lost']) seat.on(event, () => say(event));
say('seated');

// A healthy operation is over in milliseconds.
let looks = 0;
const watch = setInterval(() => {
  looks = process.getActiveResourcesInfo().includes('FSReqPromise') ? looks + 1 : 0;
  if (looks < 15) return;
  clearInterval(watch);
  say('hangs');
}, 100).unref();
