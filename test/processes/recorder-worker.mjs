// Wants a seat for ever, and writes down every 50 ms whether it is valid, by the clock that all processes of a computer
// share. Told so on stdin its cable is pulled out and put back: what it asks of the share meanwhile is done late, or
// done, and answered late.
import { openSync, writeSync } from 'node:fs';
import { openWith } from '../../dist/modules/client/open-licence.js';
import { realSystem } from '../../dist/modules/client/system.js';
import { awake } from '../../dist/modules/share/clock.js';
import { diskFiles } from '../../dist/modules/share/disk.js';

const { file, log, user } = JSON.parse(process.argv[2]);
const SAMPLE_MS = 50;
const AGAIN_MS = 500;
const descriptor = openSync(log, 'a');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** While the cable is out: what waits for it, and what puts it back. */
let cut = null;
const orders = {
  cut: () => {
    let mend;
    const mended = new Promise((resolve) => {
      mend = resolve;
    });
    cut ??= { mended, mend };
  },
  mend: () => {
    cut?.mend();
    cut = null;
  },
};
process.stdin.on('data', (lines) => {
  for (const line of String(lines).trim().split('\n')) orders[line]();
});

const throughCable =
  (act) =>
  async (...args) => {
    const isAskedLate = Math.random() < 0.5;
    if (isAskedLate) await cut?.mended;
    const answer = await act(...args);
    await cut?.mended;
    return answer;
  };
const cabled = Object.entries(diskFiles).map(([operation, act]) => [operation, throughCable(act)]);
const system = { ...realSystem(), files: Object.fromEntries(cabled) };

let seat = null;
setInterval(() => {
  const atMs = Number(process.hrtime.bigint()) / 1e6; // read first: validity only ends, so it was valid then, too
  writeSync(descriptor, `${atMs} ${seat?.remainingMs ?? 0}\n`);
}, SAMPLE_MS);

async function sit(licence) {
  const claim = await licence.acquire('M1', { timeoutMs: 10_000 }).catch(() => null); // the share is away: again
  if (claim?.kind !== 'seated') return await pause(AGAIN_MS);
  seat = claim.seat;
  await new Promise((resolve) => seat.once('lost', resolve));
}

async function open() {
  for (;;) {
    const licence = await openWith(file, { user }, system).catch(() => null);
    if (licence) return licence;
    await pause(AGAIN_MS);
  }
}

await awake(async () => {
  const licence = await open();
  for (;;) await sit(licence);
});
