import type { Clock } from './clock.js';
import { type FileStat, ShareError, type ShareFiles } from './files.js';

/**
 * A share that may hang must not hang the application. Behind this every operation has a deadline, and one operation at
 * a time is on its way: a dead mount pins one thread of Node's pool, not all four. What outlives its deadline goes on by
 * itself; until it returns, the next operation waits (within its own deadline).
 *
 * One operation may be lost for good while the share answers everything else (seen on SMB: an open that never returned after its
 * host had been frozen). So past an operation that has been on its way for a minute the others go on, past one such only.
 */
export interface PatienceOptions {
  /** How long one operation may take, waiting for an overdue one included. Milliseconds. */
  readonly answerMs: number;
  /** Called once for each operation that takes longer than a second, with what is waited for. */
  readonly onSlow?: ((waitingFor: string) => void) | undefined;
}

/** How long one operation may take, unless somebody says otherwise. Milliseconds. */
export const ANSWER_MS = 20_000;
/** A wait longer than this is told. Milliseconds. */
export const SLOW_MS = 1000;

/** An operation on its way for so long may be lost for good. Milliseconds. */
const LOST_MS = 60_000;

export function patient(files: ShareFiles, clock: Clock, options: PatienceOptions): ShareFiles {
  let last: Promise<unknown> = Promise.resolve();
  /** The operation that the others have gone past, until it returns after all. */
  let lost: Promise<void> | null = null;

  function run<T>(operation: string, path: string, act: () => Promise<T>): Promise<T> {
    let expired = false;
    let startedMs: number | null = null;
    const before = last;
    const done = before.then(() => {
      if (expired) throw new ShareError('silent', operation, path); // its caller has been answered; do not start it
      startedMs = clock.elapsedMs();
      return act();
    });
    const over = done.then(nothing, nothing);
    const passed = latch();
    last = Promise.race([over, passed.opened]);
    return within(done, operation, path, () => {
      expired = true;
      if (startedMs !== null) void goPast(over, startedMs, passed.open);
    });
  }

  /** Lets the others go past an operation that does not return, unless one is lost already. */
  async function goPast(over: Promise<void>, startedMs: number, pass: () => void): Promise<void> {
    let isOver = false;
    void over.then(() => {
      isOver = true;
    });
    await Promise.race([over, clock.sleep(startedMs + LOST_MS - clock.elapsedMs())]);
    while (!isOver && lost !== null) await Promise.race([over, lost]);
    if (isOver) return;
    lost = over.then(() => {
      lost = null;
    });
    pass();
  }

  async function within<T>(
    done: Promise<T>,
    operation: string,
    path: string,
    expire: () => void,
  ): Promise<T> {
    const settled = new AbortController();
    const overdue = waitOut(settled.signal, operation, path).then((isOver) => {
      if (!isOver) return done;
      expire();
      throw new ShareError('silent', operation, path);
    });
    try {
      return await Promise.race([done, overdue]);
    } finally {
      settled.abort();
    }
  }

  /** True when the deadline passed, false when it was called off. */
  async function waitOut(signal: AbortSignal, operation: string, path: string): Promise<boolean> {
    const firstMs = Math.min(SLOW_MS, options.answerMs);
    await clock.sleep(firstMs, signal);
    if (signal.aborted) return false;
    options.onSlow?.(`the share to answer: ${operation} ${path}`);
    await clock.sleep(options.answerMs - firstMs, signal);
    return !signal.aborted;
  }

  return {
    list: (directory) => run('list', directory, () => files.list(directory)),
    removable: (directory, expected) => run('list', directory, () => files.removable(directory, expected)),
    read: (file) => run('read', file, () => files.read(file)),
    writeNew: (file, text, mode) => run('write', file, () => files.writeNew(file, text, mode)),
    replace: (file, text, mode, beside) =>
      run('replace', file, () => files.replace(file, text, mode, beside)),
    makeDirectory: (directory) => run('make directory', directory, () => files.makeDirectory(directory)),
    setMode: (path, mode) => run('set rights of', path, () => files.setMode(path, mode)),
    stat: (path): Promise<FileStat> => run('look at', path, () => files.stat(path)),
    rename: (from, to) => run('rename', `${from} to ${to}`, () => files.rename(from, to)),
    removeFile: (file) => run('remove', file, () => files.removeFile(file)),
    removeDirectory: (directory) => run('remove', directory, () => files.removeDirectory(directory)),
    resolve: (path) => run('resolve', path, () => files.resolve(path)),
    volume: (path) => run('ask for the file system of', path, () => files.volume(path)),
  };
}

const nothing = (): void => undefined;

function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = nothing;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
