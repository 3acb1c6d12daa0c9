// Holds a seat, and blocks its event loop, once, from just before a heartbeat is due. Says what `valid` is at the first
// call after that.
import { openLicence } from '../../dist/index.js';

const { file, user, intervalMs, stallMs } = JSON.parse(process.argv[2]);
const say = (event, fields = {}) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
const licence = await openLicence(file, { user });
const { seat } = await licence.acquire('M1');
for (const event of ['suspended', 'safe', 'lost']) seat.on(event, (details) => say(event, details));
process.stdin.resume(); // a seat alone keeps no process alive
say('seated', { seat: seat.id });

// Heartbeats begin at most T apart, and T/16 less at least; belief lasts for 1.5 T.
const beforeBeatMs = (1.5 - 15 / 16) * intervalMs + 100;
const watch = setInterval(() => {
  if (seat.remainingMs > beforeBeatMs) return;
  clearInterval(watch);
  const goodForMs = seat.remainingMs;
  const startedMs = performance.now();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs);
  const { valid, state } = seat;
  say('stalled', { valid, state, goodForMs, tookMs: performance.now() - startedMs });
}, 5);
