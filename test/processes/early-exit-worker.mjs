// Takes a seat and ends at once, as a program does that has found out something else is wrong; or gives the seat back,
// and has nothing left to do.
import { openLicence } from '../../dist/index.js';

const { file, isReleased } = JSON.parse(process.argv[2]);
const licence = await openLicence(file);
const startedMs = performance.now();
const claim = await licence.acquire('M1');
process.stdout.write(`${claim.kind} ${Math.round(performance.now() - startedMs)}\n`);
if (!isReleased) process.exit(0);
await claim.seat.release();
