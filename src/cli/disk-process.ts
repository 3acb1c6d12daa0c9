import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Whether a process that a share pins cannot end with its own status: then share operations are done apart (apart.ts).
 */
const mustBeApart = process.platform === 'win32' || !('execve' in process);

/** The process that does them: it has taken its place when `ready`, or died. */
export interface DiskProcess {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
}

export function startDisk(): DiskProcess {
  const script = fileURLToPath(new URL('apart-disk.js', import.meta.url));
  const child = fork(script, [], { stdio: 'ignore', serialization: 'advanced' });
  child.unref();
  child.channel?.unref();
  const ready = new Promise<void>((resolve) => {
    for (const event of ['message', 'error', 'exit']) child.once(event, () => resolve());
  });
  return { child, ready };
}

/** Started first of all, so that it is ready when the rest of the program is loaded; null where it is not needed. */
export function startIfNeeded(words: readonly string[]): DiskProcess | null {
  const isCommand =
    /^(?!help$)[a-z]/.test(words[0] ?? '') && !words.some((word) => word === '--help' || word === '-h');
  return mustBeApart && isCommand ? startDisk() : null;
}
