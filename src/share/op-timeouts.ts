import type { OnSlow } from '../api/opening.js';
import type { CallOff, Clock } from './clock.js';
import { type FileStat, ShareError, type ShareFiles } from './files.js';

/**
 * A share that may hang must not hang the application. Behind this, every operation has a deadline, and one operation
 * is on its way at a time: a dead mount pins one thread of Node's pool, not all four. An operation that outlives its
 * deadline goes on by itself. Until it returns, the next operation waits (within its own deadline).
 *
 * One operation may be lost for good while the share answers all others (seen on SMB: an open that never returned after
 * its host had been frozen). So the others go past an operation that has been on its way for a minute; past one at a
 * time.
 */
export interface TimeoutOptions {
  /** How long one operation may take, waiting for an overdue one included. Milliseconds. */
  readonly answerMs: number;
  /** Called once for each operation that takes longer than a second, with what is waited for. */
  readonly onSlow?: OnSlow | undefined;
}

/** How long one operation may take, unless the caller says otherwise. Milliseconds. */
export const ANSWER_MS = 20_000;
/** A wait longer than this is told. Milliseconds. */
export const SLOW_MS = 1000;

/** An operation that is on its way for this long may be lost for good. Milliseconds. */
const LOST_MS = 60_000;

interface Asked<T> {
  readonly operation: string;
  readonly path: string;
  readonly act: () => Promise<T>;
}

const silent = ({ operation, path }: Asked<unknown>): ShareError => new ShareError('silent', operation, path);

/** The operations of one share, one after the other. */
class OneByOne {
  private readonly clock: Clock;
  private readonly options: TimeoutOptions;
  /** Opens when the next operation may start. Null: it may now. */
  private last: Promise<void> | null = null;
  /** The operation that the others have gone past, until it returns after all. */
  private lost: Promise<void> | null = null;

  constructor(clock: Clock, options: TimeoutOptions) {
    this.clock = clock;
    this.options = options;
  }

  /** @throws ShareError `silent` at the deadline */
  run<T>(asked: Asked<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let isExpired = false;
      let startedMs: number | null = null;
      const start = async () => {
        if (isExpired) throw silent(asked); // its caller has been answered; do not start it
        startedMs = this.clock.elapsedMs();
        return await asked.act();
      };
      const done = this.last === null ? start() : this.last.then(start);
      const next = latch();
      this.last = next.opened;
      const over = () => done.then(nothing, nothing);
      const giveUp = (why: unknown) => {
        isExpired = true;
        if (startedMs !== null) void this.skipStuck(over(), startedMs, next.open);
        reject(why);
      };
      const deadline = this.watch(asked, over, giveUp);
      const end = () => {
        deadline.callOff();
        if (this.last === next.opened) this.last = null;
        next.open();
      };
      done.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  /** Lets the others go past an operation that does not return, unless one is lost already. */
  private async skipStuck(over: Promise<void>, startedMs: number, pass: () => void): Promise<void> {
    let isOver = false;
    void over.then(() => {
      isOver = true;
    });
    await Promise.race([over, this.clock.sleep(startedMs + LOST_MS - this.clock.elapsedMs())]);
    while (!isOver && this.lost !== null) await Promise.race([over, this.lost]);
    if (isOver) return;
    this.lost = over.then(() => {
      this.lost = null;
    });
    pass();
  }

  /** Tells when an operation is slow, and then when it is overdue; a deadline that is met costs a timer. */
  private watch(
    asked: Asked<unknown>,
    over: () => Promise<void>,
    giveUp: (why: unknown) => void,
  ): { readonly callOff: CallOff } {
    const firstMs = Math.min(SLOW_MS, this.options.answerMs);
    const watch = { callOff: this.clock.alarm(firstMs, slow) };
    const { clock, options } = this;
    function slow() {
      const mostMs = options.answerMs - firstMs;
      watch.callOff = clock.alarm(mostMs, () => giveUp(silent(asked)));
      try {
        options.onSlow?.(`the share to answer: ${asked.operation} ${asked.path}`, { mostMs, over: over() });
      } catch (error) {
        watch.callOff();
        giveUp(error); // to the caller: thrown from a timer, it would end the application
      }
    }
    return watch;
  }
}

/** The same files, with a deadline for every operation. */
export function withTimeouts(files: ShareFiles, clock: Clock, options: TimeoutOptions): ShareFiles {
  const operations = new OneByOne(clock, options);
  const run = <T>(operation: string, path: string, act: () => Promise<T>) =>
    operations.run({ operation, path, act });
  return {
    list: (directory) => run('list', directory, () => files.list(directory)),
    removable: (directory, expected) => run('list', directory, () => files.removable(directory, expected)),
    read: (file) => run('read', file, () => files.read(file)),
    writeNew: (file, text, mode) => run('write', file, () => files.writeNew(file, text, mode)),
    replace: (file, text, mode, terms) => run('replace', file, () => files.replace(file, text, mode, terms)),
    makeDirectory: (directory, mode) =>
      run('make directory', directory, () => files.makeDirectory(directory, mode)),
    setMode: (path, mode) => run('set rights of', path, () => files.setMode(path, mode)),
    stat: (path): Promise<FileStat> => run('look at', path, () => files.stat(path)),
    rename: (from, to) => run('rename', `${from} to ${to}`, () => files.rename(from, to)),
    removeFile: (file) => run('remove', file, () => files.removeFile(file)),
    removeDirectory: (directory) => run('remove', directory, () => files.removeDirectory(directory)),
    resolve: (path) => run('resolve', path, () => files.resolve(path)),
    volume: (path) => run('ask for the file system of', path, () => files.volume(path)),
  };
}

/** Does what may be told as a wait; `over` resolves at its end. */
export async function withEnd<T>(act: (over: Promise<void>) => Promise<T>): Promise<T> {
  const end = latch();
  return await act(end.opened).finally(end.open);
}

const nothing = (): void => undefined;

function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = nothing;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
