import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isCommand } from './command-list.js';

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

/** Whether these words are a command that asks the share. What follows `--` is the command of the user. */
export function asksShare(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  return isCommand(own[0]) && !own.some((word) => word === '--help' || word === '-h');
}

/** Started first of all, so that it is ready when the rest of the program is loaded; null where it is not needed. */
export const startIfNeeded = (words: readonly string[]): DiskProcess | null =>
  mustBeApart && asksShare(words) ? startDisk() : null;
