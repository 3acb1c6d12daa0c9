import { setTimeout as pause } from 'node:timers/promises';
import type { ShareFiles } from '../../../src/share/files.js';
import type { Traffic } from './contender.js';

/** Counts what a process asks of the server, and delays it. */
export class Meter {
  private readonly delayMs: number;
  private operations = 0;
  private reads = 0;
  private writes = 0;
  private bytesRead = 0;
  private bytesWritten = 0;

  constructor(delayMs: number) {
    this.delayMs = delayMs;
  }

  /** To be awaited before each operation. */
  async operation(bytesWritten = 0): Promise<void> {
    this.operations++;
    if (bytesWritten > 0) this.writes++;
    this.bytesWritten += bytesWritten;
    if (this.delayMs > 0) await pause(this.delayMs);
  }

  read(bytes: number): void {
    this.reads++;
    this.bytesRead += bytes;
  }

  get traffic(): Traffic {
    const { operations, reads, writes, bytesRead, bytesWritten } = this;
    return { operations, reads, writes, bytesRead, bytesWritten };
  }
}

/** The same port, each call of which goes past the meter. */
export function metered(files: ShareFiles, meter: Meter): ShareFiles {
  return new Proxy(files, {
    get:
      (target, name) =>
      async (path: string, text?: string, ...more: unknown[]) => {
        await meter.operation(WRITES.includes(name) ? Buffer.byteLength(text ?? '') : 0);
        const done: unknown = await Reflect.get(target, name)(path, text, ...more);
        if (done instanceof Uint8Array) meter.read(done.byteLength);
        return done;
      },
  });
}

const WRITES: readonly unknown[] = ['writeNew', 'replace'] satisfies (keyof ShareFiles)[];
