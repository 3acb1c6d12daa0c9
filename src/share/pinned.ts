import { isMainThread } from 'node:worker_threads';

/**
 * A mount that never answers pins a thread of Node's pool, and at its end Node waits for that thread, for ever: process.exit()
 * does not end the process (measured on Node 20 and 24, on a hung NFS mount too). So while an operation of ours is
 * overdue, we end it instead, when everybody who listens for the exit has been heard. A process that has merely run out
 * of work is left alone: whether an application only waits (for a worker, an addon, a window of Electron) cannot be seen from here.
 */

/** An operation that takes longer than this may never return. Milliseconds. */
const OVERDUE_MS = 1000;

let overdue = 0;

/** Whether an operation on a share has not returned for a second: what asks the share now waits behind it. */
export const isPinned = (): boolean => overdue > 0;

/** Does a file operation, and sees to it that the process can end while it does not return. */
export async function minded<T>(act: () => Promise<T>): Promise<T> {
  let isOverdue = false;
  const timer = setTimeout(() => {
    isOverdue = true;
    if (++overdue === 1 && isMainThread) process.on('exit', endAnyway); // the last listener, as far as it can be
  }, OVERDUE_MS).unref();
  try {
    return await act();
  } finally {
    clearTimeout(timer);
    if (isOverdue && --overdue === 0) process.removeListener('exit', endAnyway);
  }
}

/** What every other listener wanted is done. Where the program can be replaced (Node 22.15) the status is kept; else it is that of SIGTERM. */
function endAnyway(status: number): void {
  const { execve } = process as { execve?: (file: string, args: string[], environment: object) => void };
  try {
    if (process.platform !== 'win32')
      execve?.('/bin/sh', ['sh', '-c', `exit ${process.exitCode ?? status}`], {});
  } catch {
    // no shell there
  }
  process.removeAllListeners('SIGTERM');
  process.kill(process.pid, 'SIGTERM');
}
