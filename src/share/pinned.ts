import { isMainThread } from 'node:worker_threads';

/**
 * A mount that never answers pins a thread of Node's pool, and at its end Node waits for that thread: a process that runs
 * out of work does not end, and one that calls process.exit() does not either (measured on Node 20 and 24). So while an
 * operation of ours is overdue, the end of the process is ours to see to: nothing of the application is cut short, since
 * it has ended by itself before we do anything.
 */

/** An operation that takes longer than this may never return. Milliseconds. */
const OVERDUE_MS = 1000;
/** How often it is looked whether anything else keeps the process. Milliseconds. */
const WATCH_MS = 200;

let underWay = 0;
let overdue = 0;
let watch: NodeJS.Timeout | undefined;

/** Whether an operation on a share has not returned for a second: what asks the share now waits behind it. */
export const isPinned = (): boolean => overdue > 0;

/** Does a file operation, and sees to it that the process can end while it does not return. */
export async function minded<T>(act: () => Promise<T>): Promise<T> {
  let isOverdue = false;
  const timer = setTimeout(() => {
    isOverdue = true;
    if (++overdue === 1) begin();
  }, OVERDUE_MS).unref();
  underWay++;
  try {
    return await act();
  } finally {
    underWay--;
    clearTimeout(timer);
    if (isOverdue && --overdue === 0) end();
  }
}

function begin(): void {
  if (!isMainThread) return; // there, the end of the thread is not the end of the process
  process.on('exit', endAnyway); // the last listener, as far as it can be
  watch = setInterval(endIfIdle, WATCH_MS).unref();
}

function end(): void {
  process.removeListener('exit', endAnyway);
  clearInterval(watch);
}

/** As Node does when it runs out of work: whoever listens may find some more. */
function endIfIdle(): void {
  if (!isIdle()) return;
  process.emit('beforeExit', Number(process.exitCode ?? 0));
  if (isIdle()) process.exit();
}

/** Whether nothing but our own operations keeps the process. A stream that is only written to keeps none. */
function isIdle(): boolean {
  const outputs = [process.stdout, process.stderr];
  if (outputs.some((stream) => stream.writableLength > 0)) return false;
  const active = process.getActiveResourcesInfo();
  const count = (...kinds: string[]) => active.filter((kind) => kinds.includes(kind)).length;
  const operations = count('FSReqPromise', 'FSReqCallback');
  const streams = count('PipeWrap', 'TTYWrap', 'TCPSocketWrap');
  const isOurs = operations <= underWay && streams <= outputs.filter(hasHandle).length;
  return isOurs && operations + streams === active.length;
}

const hasHandle = (stream: object): boolean => '_handle' in stream && Boolean(stream._handle);

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
