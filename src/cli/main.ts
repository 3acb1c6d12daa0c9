import { spawn } from 'node:child_process';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { realSystem, type System } from '../client/system.js';
import { append } from '../share/append.js';
import { awake } from '../share/clock.js';
import { endNow, hasOverdueOperation } from '../share/hung-exit.js';
import { apart } from './apart.js';
import type { DiskProcess } from './disk-process.js';
import { runProgram } from './program.js';
import { Interrupted, type World } from './world.js';

const isWindows = process.platform === 'win32'; // where signals come from the console, to all its processes
const terminals = [0, 1, 2].filter((handle) => isatty(handle));
/** What keys of a terminal (Ctrl-C, Ctrl-\) send to the whole group of processes in its foreground. */
const KEYS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** The real world behind the program: its script and version, and the process for file operations, if any. */
export async function main(script: string, version: string, disk: DiskProcess | null): Promise<void> {
  process.stderr.on('error', () => undefined); // its reader has ended; that must not cost a seat
  process.stdout.on('error', outputFailed);
  const there = disk && apart(disk);
  let system: System | undefined; // what is read of this computer is read once
  const world: Parameters<typeof runProgram>[1] = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    noticeColumns: () =>
      process.stderr.isTTY && process.env['TERM'] !== 'dumb' ? process.stderr.columns : null,
    environment: process.env,
    system: () =>
      (system ??= there ? { ...realSystem(), files: there.files, watching: there.watching } : realSystem()),
    append: there?.append ?? append,
    ready: disk?.ready ?? Promise.resolve(),
    // One that does not know its size says 0.
    screen: () =>
      process.stdout.isTTY
        ? { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
        : null,
    isInteractive: process.stdin.isTTY === true,
    reachesCommands: (name) => isWindows || (terminals.length > 0 && KEYS.includes(name)),
    endNow,
    ask,
    askHidden,
    inputClosed,
    outputGone,
    onSignals,
    spawn: ([file = '', ...args], environment) =>
      spawn(file, args, { stdio: 'inherit', env: { ...process.env, ...environment } }),
    spawnSelf: (args, environment) =>
      spawn(process.execPath, [fileURLToPath(script), ...args], {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, ...environment },
      }),
    version,
  };
  const status = await awake(() => runProgram(process.argv.slice(2), world));
  process.exitCode = status || outputStatus;
  if (!isWindows && !terminals.every((handle) => isatty(handle))) hangUp();
  process.stdin.pause(); // an open pipe on stdin would keep the process
  // A share that never answers would keep the process, too.
  setTimeout(() => endNow(status || outputStatus), hasOverdueOperation() ? 0 : EXIT_MS).unref();
}

/** How long a share that hangs may delay the end of a command that is over. Milliseconds. */
const EXIT_MS = 1500;

/** Our terminal is gone: Node would abort at its end, with a core dump, because it cannot put that back as it was. */
function hangUp(): void {
  process.removeAllListeners('SIGHUP'); // or we would not end by it
  process.kill(process.pid, 'SIGHUP');
}

/** The status of a command whose output could not be written, if it has none of its own. */
let outputStatus = 0;
let isOutputGone = false;
let tellOutputGone = (): void => undefined;
const outputGone = new Promise<void>((resolve) => {
  tellOutputGone = resolve;
});

/** The command goes on and makes the change that it was asked for. Its status says that its output was not written. */
function outputFailed(error: NodeJS.ErrnoException): void {
  if (isOutputGone) return;
  isOutputGone = true;
  const isClosed = error.code === 'EPIPE'; // `seatfile status | head` is no failure
  outputStatus = isClosed ? 0 : 1;
  if (!isClosed)
    process.stderr.write(`seatfile: the output could not be written (${error.code ?? error.message})\n`);
  process.exitCode ||= outputStatus;
  tellOutputGone();
}

const ask: World['ask'] = (question, signal) => asked(question, signal, { output: process.stderr });

/** The terminal is in raw mode meanwhile: it shows nothing by itself, and the output for what is typed is not shown. */
const askHidden: World['ask'] = async (question, signal) => {
  process.stderr.write(question);
  const { Writable } = await import('node:stream');
  const unseen = new Writable({ write: (_text, _encoding, done) => done() });
  const answer = await asked('', signal, { output: unseen, terminal: true });
  process.stderr.write('\n');
  return answer;
};

async function asked(
  question: string,
  signal: AbortSignal,
  options: { readonly output: NodeJS.WritableStream; readonly terminal?: boolean },
): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, historySize: 0, ...options });
  try {
    return await new Promise((resolve, reject) => {
      const give = () => reject(new Interrupted());
      terminal.once('SIGINT', give);
      signal.addEventListener('abort', give, { once: true });
      terminal.once('close', () => resolve('')); // Ctrl-D: no answer
      terminal.question(question).then(resolve, reject);
    });
  } finally {
    terminal.close();
  }
}

function inputClosed(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once('end', () => resolve());
    process.stdin.once('close', () => resolve());
    process.stdin.once('error', () => resolve());
    process.stdin.resume();
  });
}

function onSignals(names: readonly NodeJS.Signals[], act: (name: NodeJS.Signals) => void): () => void {
  for (const name of names) process.on(name, act);
  return () => {
    for (const name of names) process.removeListener(name, act);
  };
}
