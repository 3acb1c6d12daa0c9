/**
 * An application with the library in it, told on stdin what to do. Says what it was answered, what its seat told it,
 * and for how long its event loop stood still.
 */
import { lookup } from 'node:dns/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { openLicence, type Seat, SeatfileFault } from '../../../../src/index.js';
import { loopDelay } from './loop-delay.js';

export interface AppJob {
  readonly file: string;
  readonly user: string;
}

const { file, user } = JSON.parse(process.argv[2] ?? '') as AppJob;
const loop = loopDelay();
const startedMs = performance.now();
const say = (what: string, more: object = {}) =>
  console.log(JSON.stringify({ what, ...more, atMs: Math.round(performance.now() - startedMs) }));

const licence = await openLicence(file, { application: 'rig', user });
licence.on('warning', ({ message }) => say('warning', { message }));
let seat: Seat | null = null;

function listen(held: Seat): void {
  held.on('jeopardy', ({ remainingMs }) => say('jeopardy', { remainingMs }));
  held.on('suspended', () => say('suspended'));
  held.on('safe', () => say('safe'));
  held.on('lost', ({ reason }) => say('lost', { reason }));
}

async function timed(what: string, act: () => Promise<object>): Promise<void> {
  const sinceMs = performance.now();
  const answer = await act().catch((error: unknown) => ({
    code: error instanceof SeatfileFault ? error.code : 'no fault of ours',
    message: String(error),
  }));
  say(what, { ...answer, tookMs: Math.round(performance.now() - sinceMs) });
}

async function acquire(timeoutMs: number): Promise<object> {
  const claim = await licence.acquire('M1', { timeoutMs });
  if (claim.kind !== 'seated') return { kind: claim.kind };
  seat = claim.seat;
  listen(seat);
  return { kind: 'seated', seat: seat.id };
}

async function release(): Promise<object> {
  await seat?.release();
  return {};
}

/** Threads of this process that the kernel does not let go. */
const stuckThreads = (): number =>
  readdirSync('/proc/self/task').filter((task) =>
    / D /.test(readFileSync(`/proc/self/task/${task}/stat`, 'utf8').replace(/\(.*\)/, '')),
  ).length;

/** What the application itself wants of its own disk and resolver, and of its seat. */
async function probe(): Promise<object> {
  const own = `/tmp/own-${process.pid}`;
  await writeFile(own, 'mine');
  const text = await readFile(own, 'utf8');
  const { address } = await lookup('localhost');
  const beforeMs = performance.now();
  const { valid = null, state = null } = seat ?? {};
  return { text, address, valid, state, validTookMs: performance.now() - beforeMs, stuck: stuckThreads() };
}

const orders: Readonly<Record<string, (word: string) => Promise<void>>> = {
  acquire: (word) => timed('acquire', () => acquire(Number(word))),
  release: () => timed('release', release),
  probe: () => timed('probe', probe),
  loop: async () => {
    say('loop', { worstMs: Math.round(loop.worstMs()) });
    loop.reset();
  },
  exit: async () => process.exit(0),
  end: async () => {
    process.stdin.destroy(); // nothing of ours keeps the event loop any more
  },
};

say('opened');
createInterface({ input: process.stdin }).on('line', (line) => {
  const [order = '', word = ''] = line.split(' ');
  void orders[order]?.(word);
});
