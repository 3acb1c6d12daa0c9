// A seat taken in a worker, and given back when the worker ends.
import { Worker } from 'node:worker_threads';

const file = process.argv.at(-1);
const worker = new Worker(new URL('seat.mjs', import.meta.url), { argv: [file], stdin: true });
process.stdin.pipe(worker.stdin);
worker.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});
