import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Real processes for the tests of this folder: plain scripts beside them, started, listened to, and always reaped. */
export interface Child {
  readonly process: ChildProcess;
  /** Every line said on stdout so far. */
  readonly lines: string[];
  /** Resolves with the first line that starts with `start`, said already or yet to come; rejects if it ends without. */
  heard(start: string): Promise<string>;
  /** What it has said on stderr so far. */
  complaint(): string;
  /** How it ended: a status, or a signal. */
  readonly ended: Promise<Ending>;
}

export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said on stderr. */
  readonly complaint: string;
}

export interface ChildOptions {
  /** Moves the wall clock of the child. Milliseconds. @default 0 */
  readonly shiftMs?: number;
  readonly onLine?: (line: string) => void;
}

const running = new Set<ChildProcess>();
const preload = new URL('shifted-date.mjs', import.meta.url).href;

/** Starts a script; `job` reaches it as JSON in its first argument. */
export function start(script: URL | string, job: unknown, options: ChildOptions = {}): Child {
  const { shiftMs = 0, onLine } = options;
  const args = shiftMs === 0 ? [] : ['--import', preload];
  const child = spawn(
    process.execPath,
    [...args, fileURLToPath(new URL(script, import.meta.url)), JSON.stringify(job)],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, SHIFT_MS: String(shiftMs) },
    },
  );
  return adopt(child, onLine);
}

/** Listens to a process started elsewhere, and sees to it that it is reaped. */
export function adopt(child: ChildProcess, onLine?: ChildOptions['onLine']): Child {
  running.add(child);
  child.stdin?.on('error', () => undefined); // it may be killed while we speak to it
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  if (child.stdout)
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      onLine?.(line);
      for (const wake of waiting) wake();
    });
  let complaint = '';
  child.stderr?.on('data', (data: Buffer) => {
    complaint += data.toString();
  });
  const ended = once(child, 'close').then(([status, signal]): Ending => {
    running.delete(child);
    return { status, signal, complaint };
  });
  const heard = (begin: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const line = lines.find((one) => one.startsWith(begin));
        if (line !== undefined) resolve(line);
      };
      waiting.add(look);
      look();
      void ended.then(({ status, signal }) =>
        reject(new Error(`ended (${status ?? signal}) without saying ${begin}: ${complaint}`)),
      );
    });
  return { process: child, lines, heard, complaint: () => complaint, ended };
}

/** Kills what a test has left running, stopped ones too. */
export async function reap(): Promise<void> {
  const left = [...running];
  for (const child of left) child.kill('SIGKILL');
  await Promise.all(
    left.map(async (child) => child.exitCode ?? child.signalCode ?? (await once(child, 'close'))),
  );
}
