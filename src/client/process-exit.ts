import { isMainThread } from 'node:worker_threads';
import { hasOverdueOperation } from '../share/hung-exit.js';
import { answerMain, heedWorkers } from './threads.js';

/**
 * Gives seats back when the process is told to end. Signals keep the effect that they have for the application: if it
 * listens for one, the seats stay until it releases them or ends.
 */

/**
 * How long the end of a process waits until the seats are given back. Behind a hanging operation it is short.
 * Milliseconds.
 */
export const leaveMs = (): number => (hasOverdueOperation() ? 500 : 2000);

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];

const leavers = new Set<() => Promise<void>>();
let isListening = false;
let stopAnswering = (): void => undefined;
let openings = 0;
let stopHeeding = (): void => undefined;

/** While the main thread has a licence open, a signal gives back the seats of workers too. @returns ends that */
export function leaveForWorkers(): () => void {
  if (!isMainThread) return () => undefined;
  if (++openings === 1) stopHeeding = heedWorkers(addLeaver, removeLeaver);
  return () => {
    if (--openings === 0) stopHeeding();
  };
}

/** While added, `leave` is called once when the process is told to end, or runs out of work. */
export function addLeaver(leave: () => Promise<void>): void {
  leavers.add(leave);
  if (isListening) return;
  isListening = true;
  if (isMainThread) for (const signal of SIGNALS) process.on(signal, onSignal);
  else stopAnswering = answerMain(leaveAll);
  process.on('beforeExit', onBeforeExit);
}

export function removeLeaver(leave: () => Promise<void>): void {
  leavers.delete(leave);
  if (leavers.size > 0 || !isListening) return;
  isListening = false;
  stopAnswering();
  for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  process.removeListener('beforeExit', onBeforeExit);
}

const lastActs = new Set<() => Promise<void>>();

/** While added, `act` is called once when the process runs out of work. */
export function addLastAct(act: () => Promise<void>): void {
  lastActs.add(act);
  if (lastActs.size === 1) process.on('beforeExit', doLastActs);
}

export function removeLastAct(act: () => Promise<void>): void {
  if (lastActs.delete(act) && lastActs.size === 0) process.removeListener('beforeExit', doLastActs);
}

function doLastActs(): void {
  for (const act of [...lastActs]) {
    removeLastAct(act); // what it does is work, too: without this the process would never end
    void act().catch(() => undefined);
  }
}

/**
 * By this a second copy of the package sees that a listener is not the application's, and whether it still gives seats
 * back.
 */
const OURS = Symbol.for('seatfile.listener');

interface Ours {
  readonly [OURS]: { isLeaving: boolean };
}

const listenersOfOurs = (signal: Signal): Ours[] =>
  (process.listeners(signal) as unknown[] as Partial<Ours>[]).filter(
    (one): one is Ours => one[OURS] !== undefined,
  );

const onSignal = Object.assign(
  (signal: Signal): void => {
    if (process.listenerCount(signal) > listenersOfOurs(signal).length + watchersOfExit()) return;
    onSignal[OURS].isLeaving = true;
    void leaveAll().then(() => {
      onSignal[OURS].isLeaving = false;
      process.removeListener(signal, onSignal);
      if (listenersOfOurs(signal).some((other) => other[OURS].isLeaving)) return; // it does what follows
      process.kill(process.pid, signal); // without a listener it does what it always does
    });
  },
  { [OURS]: { isLeaving: false } },
);

function onBeforeExit(): void {
  void leaveAll();
}

/** Every leaver, for leaveMs() at most. The timer keeps the process alive: this is its last act. */
async function leaveAll(): Promise<void> {
  const all = [...leavers];
  leavers.clear();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, leaveMs());
  });
  await Promise.race([Promise.allSettled(all.map((leave) => leave())), late]);
  clearTimeout(timer);
}

/**
 * Listeners of the signal-exit package, which many applications have by their other packages. They only tidy up, and
 * only when there is no other listener: if they counted as the application's, no signal would end the process.
 */
function watchersOfExit(): number {
  const third = (process as { __signal_exit_emitter__?: { count?: number } }).__signal_exit_emitter__;
  const fourth = (globalThis as Record<symbol, { count?: number } | undefined>)[
    Symbol.for('signal-exit emitter')
  ];
  return (third?.count ?? 0) + (fourth?.count ?? 0);
}
