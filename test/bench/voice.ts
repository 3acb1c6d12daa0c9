import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How the bench speaks with a process of a measurement, wherever that runs. */
export interface Voice {
  readonly say: (line: string) => void;
  /** The next line. @throws Error when the process has ended instead */
  readonly hear: () => Promise<string>;
  /** Ends the process on the spot. */
  readonly end: () => Promise<void>;
}

/** Starts programs/member.ts with this argument; `n` counts the processes of a crowd. */
export type Launch = (argument: string, n: number) => Voice;

const program = fileURLToPath(new URL('programs/member.js', import.meta.url));
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** On this computer, by this Node or by another. */
export const launchHere: Launch = (argument) => launchBy(process.execPath, argument);

export function launchBy(node: string, argument: string): Voice {
  const words = ['--no-warnings', program, argument]; // SQLite in Node 22 is called an experiment
  const child = spawn(node, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  running.add(child);
  const ended = once(child, 'close').then(() => {
    running.delete(child);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    say: (line) => void child.stdin.write(`${line}\n`),
    hear: async () => {
      const { value, done } = await lines.next();
      if (!done) return value;
      throw new Error(`a process ended with ${child.exitCode ?? child.signalCode} instead of an answer`);
    },
    end: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
