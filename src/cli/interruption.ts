import os from 'node:os';
import { SeatfileFault } from '../core/fault.js';
import { leaveMs } from '../instance/leaving.js';
import type { OpenLicence } from '../instance/licence.js';
import { unconfirmed } from '../instance/releases.js';
import { inTime, LATE } from '../share/clock.js';
import type { Deps } from './deps.js';

/** Signals to a command that holds a seat, heard from the very start, so that none comes too early. */
export interface Interruption {
  /** The first signal that came; null before. */
  readonly name: NodeJS.Signals | null;
  readonly signal: AbortSignal;
  /** Gives up what is asked of a share that may never answer when a signal comes. */
  readonly unless: <T>(asked: Promise<T>) => Promise<T>;
  readonly stopListening: () => void;
}

/** As shells say it: 128 and the signal's number. */
export const signalStatus = (name: NodeJS.Signals): number => 128 + (os.constants.signals[name] ?? 0);

/** What tells a process to end; Windows knows Ctrl-Break as well. */
const STOPS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK'];

/**
 * `act` is called for each signal, the first included; a second one while nobody acts ends the process at once. `others`
 * are heard besides those that tell a process to end.
 */
export function listenForSignals(
  deps: Deps,
  act: (name: NodeJS.Signals) => boolean = () => false,
  others: readonly NodeJS.Signals[] = [],
): Interruption {
  const controller = new AbortController();
  let first: NodeJS.Signals | null = null;
  const stopListening = deps.onSignals([...STOPS, ...others], (name) => {
    if (act(name)) return;
    if (first !== null) deps.endNow(signalStatus(name));
    first = name;
    controller.abort();
  });
  const { signal } = controller;
  return {
    get name() {
      return first;
    },
    signal,
    unless: (asked) => Promise.race([asked, aborted(signal)]),
    stopListening,
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = () => reject(new SeatfileFault('ABORTED', 'stopped by a signal before the seat was taken'));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

/** What gives a seat back may take so long at the end of a command that nobody stopped. Milliseconds. */
const RETURN_MS = 30_000;

/** Waits until a seat is given back: whoever was stopped by a signal, before or meanwhile, not for long. */
export async function givenBack(
  file: string,
  gone: Promise<void>,
  stopped: AbortSignal,
  deps: Deps,
): Promise<void> {
  const { clock } = deps.system();
  let answer = await inTime(clock, RETURN_MS, gone, stopped);
  if (answer === LATE && stopped.aborted) answer = await inTime(clock, leaveMs(), gone);
  if (answer === LATE) throw unconfirmed(file, null);
}

/** Who ends before he was told whether he has a seat gives back what still comes. */
export async function leaveAndThrow(licence: OpenLicence, error: unknown, deps: Deps): Promise<never> {
  const closed = licence.close().catch(() => undefined);
  await inTime(deps.system().clock, leaveMs(), closed);
  throw error;
}
