// Takes the package in both ways in one process: they must be one instance in the table, with one seat.
import { createRequire } from 'node:module';
import { openLicence } from 'seatfile';

const file = process.argv.at(-1);
const required = createRequire(import.meta.url)('seatfile');
const licences = [];
for (const open of [openLicence, required.openLicence]) {
  const licence = await open(file, { application: 'Matrix 1.0', user: 'ada' });
  const claim = await licence.acquire('M1');
  if (claim.kind !== 'seated') throw new Error(`expected a seat, got ${claim.kind}`);
  licences.push(licence);
}
console.log('seated');
process.stdin.resume();
process.stdin.on('end', async () => {
  for (const licence of licences) await licence.close();
});
