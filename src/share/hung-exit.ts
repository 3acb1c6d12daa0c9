import { accessSync, constants, writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';

/**
 * A mount that never answers pins a thread of Node's pool. At its end Node waits for that thread, for ever:
 * process.exit() does not end the process (measured on Node 20, 22 and 24, also on a hung NFS mount). A name server
 * that is silent does the same for some seconds. So while an operation of ours is overdue, this module ends the process
 * at its exit, after all other exit listeners have run. A process that has only run out of work is left alone: it may
 * wait for a worker, an addon or a window of Electron, and that cannot be seen from here.
 */

/** An operation that takes longer than this may never return. Milliseconds. */
const OVERDUE_MS = 1000;
/** A share counts as hung if an operation takes longer than this, and longer than any before it. Milliseconds. */
const HUNG_MS = 3000;
/** How much longer than the slowest before it an operation may take. */
const MARGIN = 1.5;

/**
 * What may never return: an operation on a share, on a thread of this process, which waits for that thread at its end;
 * the same by another process; or the look-up of a host's name, on a thread of this process, of which no share tells.
 */
type Kind = 'share' | 'shareElsewhere' | 'name';

interface Operation {
  /** By the monotonic clock, milliseconds. */
  readonly startedMs: number;
  readonly kind: Kind;
}

const pins = ({ kind }: Operation): boolean => kind !== 'shareElsewhere';
const asksShare = ({ kind }: Operation): boolean => kind !== 'name';

/** Whether the application wants this process to be ended for it. */
let isWanted = false;
/** What ends the process, and which no listener of the application has caught. */
let uncaught: { readonly error: unknown } | null = null;

/** From now on a process whose end waits for a hung share is ended. The command line ends by `endNow` alone. */
export function endHungProcess(): void {
  if (isWanted) return;
  isWanted = true;
  if (pinning > 0) listen();
}

/** Every operation that has not returned. */
const underWay = new Set<Operation>();
let slowestMs = 0;
let pinning = 0;

const lasts = (ms: number): boolean =>
  [...underWay].some((one) => asksShare(one) && performance.now() - one.startedMs >= ms);

/** Whether an operation on a share has not returned for a second: what asks the share now waits behind it. */
export const hasOverdueOperation = (): boolean => lasts(OVERDUE_MS);

/** Whether an operation takes longer than any before it, as on a share that will never answer. */
export const isHung = (): boolean => lasts(Math.max(HUNG_MS, MARGIN * slowestMs));

/** Does what may never return, and sees to it that the process can end meanwhile. */
export async function tracked<T>(act: () => Promise<T>, kind: Kind = 'share'): Promise<T> {
  const operation: Operation = { startedMs: performance.now(), kind };
  underWay.add(operation);
  let isOverdue = false;
  const timer = setTimeout(() => {
    isOverdue = pins(operation) && isMainThread;
    if (isOverdue && ++pinning === 1 && isWanted) listen();
  }, OVERDUE_MS).unref();
  try {
    return await act();
  } finally {
    clearTimeout(timer);
    underWay.delete(operation);
    if (asksShare(operation)) slowestMs = Math.max(slowestMs, performance.now() - operation.startedMs);
    if (isOverdue && --pinning === 0) stopListening();
  }
}

function listen(): void {
  process.on('uncaughtExceptionMonitor', noteUncaught);
  process.on('exit', onExit); // the last listener, as far as it can be
}

function stopListening(): void {
  process.removeListener('uncaughtExceptionMonitor', noteUncaught);
  process.removeListener('exit', onExit);
}

/** An error that the application catches by a listener ends nothing. */
function noteUncaught(error: unknown): void {
  const isCaught =
    process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
  if (!isCaught) uncaught = { error };
}

/** Node prints an uncaught error only after the exit listeners, and this one does not return. */
function onExit(status: number): void {
  if (uncaught !== null) printNow(uncaught.error);
  endAnyway(status);
}

function printNow(error: unknown): void {
  try {
    writeSync(process.stderr.fd, `Uncaught ${inspect(error)}\n`);
  } catch {
    // There is no reader, or the error cannot be shown: it is lost with or without this module.
  }
}

/** Ends a program of ours with this status, whatever is under way. If a thread may be pinned, no exit listener runs. */
export function endNow(status: number): never {
  process.exitCode = status;
  if ([...underWay].some(pins)) endAnyway(status);
  process.exit(status);
}

/**
 * All other exit listeners have run. The status is kept if the program can be replaced (Node 22.15); else SIGTERM's.
 */
function endAnyway(status: number): void {
  const { execve } = process as { execve?: (file: string, args: string[], environment: object) => void };
  const kept = Number(process.exitCode ?? status);
  const successor = execve && process.platform !== 'win32' ? successorFor(kept) : null;
  if (successor) execve?.(successor.file, successor.args, {}); // it never returns, and aborts where it fails
  process.removeAllListeners('SIGTERM');
  process.kill(process.pid, 'SIGTERM');
}

/** A program that ends at once with a status: the shell, or Node where there is none (small containers). */
function successorFor(status: number): { file: string; args: string[] } | null {
  const programs = [
    { file: '/bin/sh', args: ['sh', '-c', `exit ${status}`] },
    { file: process.execPath, args: ['node', '-e', `process.exit(${status})`] },
  ];
  return programs.find(({ file }) => isExecutable(file)) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
