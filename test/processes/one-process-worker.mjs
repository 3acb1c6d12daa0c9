// One process that opens a licence more than once. Its argument, JSON: { file, act, copy? }; it tells what it did on
// stdout.
import process from 'node:process';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const { file, act, copy } = isMainThread ? JSON.parse(process.argv[2]) : workerData;
const { openLicence, SeatfileFault } = await import('../../dist/index.js');
const say = (words) => process.stdout.write(`${words}\n`);
/** The package signal-exit, which others bring, listens too. */
const ours = () =>
  process.listeners('SIGTERM').filter((listener) => Symbol.for('seatfile.listener') in listener).length;
const idle = () => setInterval(() => undefined, 1000);

async function seat(open = openLicence, path = file) {
  const licence = await open(path);
  const claim = await licence.acquire('M1');
  return { licence, claim };
}

/** In a worker: takes a seat, and stays, or runs out of work. */
async function inWorker() {
  const { claim } = await seat();
  parentPort.postMessage(claim.kind);
  if (act !== 'worker ends') idle();
}

function startWorker() {
  const worker = new Worker(new URL(import.meta.url), { workerData: { file, act } });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (kind) => resolve({ worker, kind }));
  });
}

/** The main thread has heard that a worker holds a seat. */
async function listening() {
  while (ours() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

const acts = {
  'second copy': async () => {
    const second = await import(copy);
    const [one, two] = [await seat(), await seat(second.openLicence)];
    say(`${one.claim.kind} ${two.claim.kind} ${one.claim.seat.id === two.claim.seat?.id}`);
    const fault = await second.openLicence('/nowhere/licence.json').catch((error) => error);
    say(
      `${fault instanceof SeatfileFault} ${new SeatfileFault('CLOSED', '') instanceof second.SeatfileFault} ` +
        `${fault instanceof TypeError}`,
    );
    await one.licence.close();
    say(`${one.claim.seat.state} ${two.claim.seat.state} ${two.claim.seat.valid}`);
    idle();
  },
  'second copy, another licence': async () => {
    const second = await import(copy);
    const [one, two] = [await seat(), await seat(second.openLicence, `${file}.other`)];
    say(`${one.claim.kind} ${two.claim.kind}`);
    idle();
  },
  'something else under our name': async () => {
    const symbol = Symbol.for('seatfile.instances');
    const found = [];
    for (const other of ['text', { 1: 'text' }, Object.freeze({}), { 2: new Map([['x', 1]]) }]) {
      delete globalThis[symbol];
      Object.defineProperty(globalThis, symbol, { value: other, configurable: true });
      const { licence, claim } = await seat();
      found.push(claim.kind);
      await licence.close();
    }
    say(found.join(' '));
  },
  'worker is terminated': async () => {
    const { worker, kind } = await startWorker();
    say(kind);
    process.stdin.once('data', async () => {
      await worker.terminate();
      say('terminated');
    });
  },
  'worker ends': async () => {
    const { worker, kind } = await startWorker();
    say(kind);
    await new Promise((resolve) => worker.once('exit', resolve));
    say('ended');
    idle();
  },
  'worker holds': async () => {
    say((await startWorker()).kind);
    idle();
  },
  'worker holds, main has it open': async () => {
    const licence = await openLicence(file);
    const { kind } = await startWorker();
    await listening();
    say(kind);
    process.stdin.once('data', async () => {
      const before = ours();
      await licence.close();
      say(`closed ${before} ${ours()}`);
    });
  },
  'main opens later': async () => {
    const { kind } = await startWorker();
    await openLicence(file);
    await listening();
    say(kind);
    idle();
  },
};

await (isMainThread ? acts[act]() : inWorker());
