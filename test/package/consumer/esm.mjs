import { openLicence, SeatfileFault } from 'seatfile';

const licence = await openLicence(process.argv[2], {
  application: 'Consumer 1.0',
  user: 'ada',
  host: 'pc-ada',
});
const claim = await licence.acquire('M1');
if (claim.kind !== 'seated') throw new Error(`expected a seat, got ${claim.kind}`);
const { user, host, module, valid, state } = claim.seat;
await licence.close();
const fault = await openLicence('/nowhere/licence.json').catch((error) => error);
const isFault = fault instanceof SeatfileFault;
console.log(JSON.stringify({ user, host, module, valid, state, isFault, code: fault.code }));
