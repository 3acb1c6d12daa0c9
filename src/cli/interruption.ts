import os from 'node:os';
import type { OpenLicence } from '../api.js';
import { unconfirmed } from '../client/release.js';
import { SeatfileFault } from '../licence/fault.js';
import { type Clock, inTime, LATE } from '../share/clock.js';
import { isHung } from '../share/hung-exit.js';
import { Interrupted, Stopped, type World } from './world.js';

/** Signals to a command, heard from the very start, so that none comes too early. */
export interface Interruption {
  /** The first signal that came; null before. */
  readonly name: NodeJS.Signals | null;
  readonly signal: AbortSignal;
  /** Gives up what is asked of a share that may never answer when a signal comes. */
  readonly unless: <T>(asked: Promise<T>) => Promise<T>;
  /** The status is known, and no signal changes it any more. */
  readonly endsWith: (status: number) => void;
  readonly stopListening: () => void;
}

/** As shells say it: 128 and the signal's number. */
export const signalStatus = (name: NodeJS.Signals): number => 128 + (os.constants.signals[name] ?? 0);

/** What tells a process to end; Windows knows Ctrl-Break as well. */
const STOPS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK'];

/**
 * `act` is called for each signal, the first included. If it does nothing, a second signal ends the process at once.
 * `others` are listened for besides those that tell a process to end.
 */
export function listenForSignals(
  world: World,
  act: (name: NodeJS.Signals) => boolean = () => false,
  others: readonly NodeJS.Signals[] = [],
): Interruption {
  const controller = new AbortController();
  let first: NodeJS.Signals | null = null;
  let known: number | null = null;
  const stopListening = world.onSignals([...STOPS, ...others], (name) => {
    if (act(name)) return;
    if (first !== null) world.endNow(known ?? signalStatus(name));
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
    endsWith: (status) => {
      known = status;
    },
    stopListening,
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = () => reject(new SeatfileFault('ABORTED', 'given up, because a signal came'));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

/** How often a command that is to end looks whether the share still answers. Milliseconds. */
const POLL_MS = 100;

/** An answer, as long as the share answers at all; LATE when it hangs. */
async function whileAnswering<T>(asked: Promise<T>, clock: Clock): Promise<T | typeof LATE> {
  for (;;) {
    const answer = await inTime(clock, POLL_MS, asked);
    if (answer !== LATE || isHung()) return answer;
  }
}

/**
 * What a command waits for at its end; it has a deadline of its own. A command waits for a slow share, because it has
 * nothing else to do. A command that a signal has stopped, before or meanwhile, does not wait for a share that hangs.
 */
async function patiently<T>(asked: Promise<T>, stopped: AbortSignal, clock: Clock): Promise<T | typeof LATE> {
  const answer = await inTime(clock, Number.POSITIVE_INFINITY, asked, stopped);
  return answer === LATE ? await whileAnswering(asked, clock) : answer;
}

/**
 * Runs a command that a signal can give up. `act` then clears away what it has begun; the command waits for that,
 * unless the share hangs.
 * @throws Stopped
 */
export async function unlessStopped<T>(
  world: World,
  act: (interruption: Interruption) => Promise<T>,
): Promise<T> {
  const interruption = listenForSignals(world);
  const { signal } = interruption;
  const stopped = (isHung: boolean) => new Stopped(interruption.name ?? 'SIGTERM', isHung);
  try {
    const answer = await patiently(act(interruption), signal, world.system().clock);
    if (answer === LATE) throw stopped(true);
    return answer;
  } catch (error) {
    throw signal.aborted && isGivenUp(error) ? stopped(false) : error;
  } finally {
    interruption.stopListening();
  }
}

const isGivenUp = (error: unknown): boolean =>
  error instanceof Interrupted || (error instanceof SeatfileFault && error.code === 'ABORTED');

/** Waits until a seat is given back. @throws SeatfileFault when that is not sure */
export async function givenBack(
  file: string,
  gone: Promise<void>,
  stopped: AbortSignal,
  world: World,
): Promise<void> {
  if ((await patiently(gone, stopped, world.system().clock)) === LATE) throw unconfirmed(file, null);
}

/** The seat is given back, or that has failed: what goes on behind that ends too. */
export async function closed(licence: OpenLicence, stopped: AbortSignal, world: World): Promise<void> {
  const over = licence.close().catch(() => undefined);
  await patiently(over, stopped, world.system().clock);
}

/** A command that ends before it was told whether it has a seat gives back what still comes. */
export async function leaveAndThrow(licence: OpenLicence, error: unknown, world: World): Promise<never> {
  const over = licence.close().catch(() => undefined);
  await whileAnswering(over, world.system().clock);
  throw error;
}
