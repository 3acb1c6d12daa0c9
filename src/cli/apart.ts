import type { ChildProcess } from 'node:child_process';
import type { System } from '../client/system.js';
import type { Append } from '../share/append.js';
import { diskFiles } from '../share/disk.js';
import { ShareError, type ShareErrorKind, type ShareFiles } from '../share/files.js';
import { tracked } from '../share/hung-exit.js';
import type { WatchFile } from '../share/watch.js';
import { type DiskProcess, startDisk } from './disk-process.js';

/**
 * File operations of a command, done in a small second process. A share that never answers pins a thread of the process
 * that asks it. Before Node 22.15, and on Windows, a pinned process cannot choose its exit status. (Measured:
 * process.exit() and process.reallyExit() wait for the thread; abort() and signals have a status of their own.) So
 * there the command asks the share through this process. The command is never pinned, and ends with its own status. The
 * second process ends with its command. It has no streams, so the command need not wait for it.
 */

export interface Failure {
  readonly kind: ShareErrorKind;
  readonly operation: string;
  readonly path: string;
  readonly cause: string | null;
  readonly code: string | null;
}

export type Order =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly name: string;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'watch'; readonly id: number; readonly file: string; readonly intervalMs: number }
  | { readonly kind: 'unwatch'; readonly id: number };

export type Told =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'hint' | 'end'; readonly id: number }
  | { readonly kind: 'ready' };

interface Call {
  readonly answer: (value: never) => void;
  readonly fail: (failure: Failure) => void;
}

/** What is done apart: of a system, and besides. */
interface Apart extends Pick<System, 'files' | 'watching'> {
  readonly append: Append;
}

/** Does it by this process, or by another like it when it has died. */
export function apart(first: DiskProcess): Apart {
  const disk = new Disk(first);
  const files = Object.keys(diskFiles).map((name) => [name, (...args: unknown[]) => disk.call(name, args)]);
  return {
    files: Object.fromEntries(files) as ShareFiles,
    watching: (...args) => disk.watch(...args),
    append: (...args) => disk.call('append', args),
  };
}

class Disk {
  private child: ChildProcess | null;
  private readonly calls = new Map<number, Call>();
  private readonly watches = new Map<number, { onHint: () => void; onEnd: () => void }>();
  private last = 0;

  constructor(first: DiskProcess) {
    this.child = this.listenTo(first);
  }

  call<T>(name: string, args: readonly unknown[]): Promise<T> {
    const id = ++this.last;
    const asked = () =>
      new Promise<T>((answer, reject) => {
        this.calls.set(id, { answer, fail: (failure) => reject(errorOf(failure)) });
        this.order({ kind: 'call', id, name, args });
      });
    return tracked(asked, 'shareElsewhere');
  }

  watch(...[file, intervalMs, onHint, onEnd]: Parameters<WatchFile>): { stop: () => void } {
    const id = ++this.last;
    this.watches.set(id, { onHint, onEnd });
    this.order({ kind: 'watch', id, file, intervalMs });
    return {
      stop: () => {
        if (this.watches.delete(id)) this.order({ kind: 'unwatch', id });
      },
    };
  }

  private order(order: Order): void {
    this.child ??= this.listenTo(startDisk());
    const { child } = this;
    child.send(order, (error) => error && this.lost(child, error.message));
    this.keepAwake();
  }

  private listenTo({ child }: DiskProcess): ChildProcess {
    child.on('message', (told: Told) => this.hear(told));
    child.once('error', (error) => this.lost(child, error.message));
    child.once('exit', (status, signal) =>
      this.lost(child, `the process that asks it ended: ${signal ?? status}`),
    );
    return child;
  }

  private hear(told: Told): void {
    if (told.kind === 'ready') return;
    const { id } = told;
    const call = this.calls.get(id);
    this.calls.delete(id);
    if (told.kind === 'answer') call?.answer(told.value as never);
    else if (told.kind === 'failure') call?.fail(told.failure);
    else if (told.kind === 'hint') this.watches.get(id)?.onHint();
    else this.watches.get(id)?.onEnd();
    this.keepAwake();
  }

  /** The process has ended. Its last operations may or may not have been done. */
  private lost(child: ChildProcess, cause: string): void {
    if (this.child !== child) return;
    this.child = null;
    const calls = [...this.calls.values()];
    const watches = [...this.watches.values()];
    this.calls.clear();
    this.watches.clear();
    for (const { fail } of calls)
      fail({ kind: 'unsaid', operation: 'ask', path: 'the share', cause, code: null });
    for (const { onEnd } of watches) onEnd();
  }

  /** Like any operation of Node's own, one that is under way keeps the command running. */
  private keepAwake(): void {
    if (this.calls.size > 0) this.child?.channel?.ref();
    else this.child?.channel?.unref();
  }
}

function errorOf({ kind, operation, path, cause, code }: Failure): ShareError {
  if (cause === null) return new ShareError(kind, operation, path);
  return new ShareError(kind, operation, path, Object.assign(new Error(cause), code && { code }));
}
