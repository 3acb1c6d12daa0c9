// Takes a seat and then only holds it. Says how much processor time that cost, and what is left on Node's pool.
import { openLicence } from '../../dist/index.js';

const { file, settleMs, measureMs } = JSON.parse(process.argv[2]);
const licence = await openLicence(file);
const claim = await licence.acquire('M1');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
await pause(settleMs);
const before = process.cpuUsage();
await pause(measureMs);
const { user, system } = process.cpuUsage(before);
const percent = ((user + system) / 1000 / measureMs) * 100;
process.stdout.write(`idle ${JSON.stringify({ kind: claim.kind, valid: claim.seat?.valid, percent })}\n`);
await licence.close();
