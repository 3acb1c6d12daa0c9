// As seat.mjs, for an application of CommonJS.
const { openLicence } = require('seatfile');

async function main() {
  const licence = await openLicence(process.argv.at(-1), { application: 'Matrix 1.0', user: 'ada' });
  const claim = await licence.acquire('M1');
  if (claim.kind !== 'seated' || !claim.seat.valid)
    throw new Error(`expected a valid seat, got ${claim.kind}`);
  console.log('seated');
  process.stdin.resume();
  process.stdin.on('end', async () => {
    await claim.seat.release();
    await licence.close();
  });
}

void main();
