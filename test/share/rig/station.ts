/** A computer with an agent on it, which starts programs and passes on what they say. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { CONTROL, type Ending, type Order, PLACES, type Report } from './link.js';
import { pause } from './shell.js';
import { CACHE } from './world.js';

export interface RunOptions {
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
  /** In octal digits. */
  readonly umask?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string, atMs: number) => void;
}

/** A program on a station. */
export class Running {
  readonly lines: string[] = [];
  readonly complaints: string[] = [];
  readonly ended: Promise<Ending>;
  private ending: Ending | null = null;
  private readonly waits = new Set<() => void>();
  private readonly send: (order: Order) => void;
  private readonly number: number;
  private readonly onLine: RunOptions['onLine'];
  private end: (ending: Ending) => void = () => undefined;

  constructor(number: number, send: (order: Order) => void, onLine: RunOptions['onLine']) {
    this.number = number;
    this.send = send;
    this.onLine = onLine;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  hear(report: Exclude<Report, { tell: 'hello' | 'answer' }>): void {
    if (report.tell === 'line') {
      this.lines.push(report.line);
      this.onLine?.(report.line, performance.now());
    } else if (report.tell === 'complaint') this.complaints.push(report.line);
    else this.over(report.ending);
    for (const wake of [...this.waits]) wake();
  }

  /** Also when its whole station is killed. */
  over(ending: Ending): void {
    this.ending ??= ending;
    this.end(this.ending);
  }

  get isOver(): boolean {
    return this.ending !== null;
  }

  signal(signal: NodeJS.Signals): void {
    this.send({ do: 'signal', run: this.number, signal });
  }
  say(text: string): void {
    this.send({ do: 'say', run: this.number, text });
  }
  close(): void {
    this.send({ do: 'close', run: this.number });
  }

  /** The first line from `from` on that a test accepts, said already or yet to come. */
  async heard(isWanted: (line: string) => boolean, withinMs: number, from = 0): Promise<string> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const found = this.lines.slice(from).find(isWanted);
      if (found !== undefined) return found;
      const leftMs = untilMs - performance.now();
      if (this.isOver || leftMs <= 0) {
        const said = [...this.lines.slice(-5), ...this.complaints.slice(-10)].join('\n  ');
        throw new Error(`${this.isOver ? 'ended' : `waited ${withinMs} ms`} without saying it:\n  ${said}`);
      }
      await this.change(leftMs);
    }
  }

  private async change(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.waits.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.waits.add(wake);
      void this.ended.then(wake);
    });
  }
}

export const SEATFILE = `${PLACES.app}/bin/seatfile.js`;
const RIG = `${PLACES.app}/${CACHE}/test/share/rig`;
export const AGENT = `${RIG}/agent.js`;
export const programPath = (name: string): string => `${RIG}/programs/${name}.js`;
const SHELL = ['/bin/bash', '-c'];
/** An agent that has not answered by then never will. */
const ANSWER_MS = 20_000;

export abstract class Station {
  readonly number: number;
  kernel = '';
  /** How far its wall clock is from ours. Milliseconds. */
  clockAheadMs = 0;
  private socket: net.Socket | null = null;
  private runs = 0;
  private readonly running = new Map<number, Running>();
  private readonly answers = new Map<number, () => void>();

  constructor(number: number) {
    this.number = number;
  }

  join(socket: net.Socket, hello: Report): void {
    if (hello.tell !== 'hello') return;
    this.socket = socket;
    this.kernel = hello.kernel;
    this.clockAheadMs = hello.wallMs - Date.now();
    createInterface({ input: socket }).on('line', (line) => {
      const report = JSON.parse(line) as Report;
      if (report.tell === 'answer') this.answers.get(report.run)?.();
      else if (report.tell !== 'hello') this.running.get(report.run)?.hear(report);
    });
  }

  /** Whether its agent still obeys: it has nothing of seatfile in it. */
  async isAnswering(): Promise<boolean> {
    const run = ++this.runs;
    const answered = new Promise<boolean>((resolve) => this.answers.set(run, () => resolve(true)));
    this.order({ do: 'answer', run });
    const isAnswering = await Promise.race([answered, pause(ANSWER_MS).then(() => false)]);
    this.answers.delete(run);
    return isAnswering;
  }

  private order(order: Order): void {
    this.socket?.write(`${JSON.stringify(order)}\n`);
  }

  start(argv: readonly string[], options: RunOptions = {}): Running {
    const number = ++this.runs;
    const one = new Running(number, (order) => this.order(order), options.onLine);
    this.running.set(number, one);
    void one.ended.then(() => this.running.delete(number));
    const { uid = 0, gid = 0, cwd = '/tmp', env = {}, umask } = options;
    const masked = umask ? [...SHELL, `umask ${umask}; exec "$@"`, 'bash', ...argv] : argv;
    this.order({ do: 'start', run: number, argv: masked, env, uid, gid, cwd });
    return one;
  }

  /** A compiled program of this rig, with one JSON argument. */
  program(name: string, job: unknown, options: RunOptions = {}): Running {
    return this.start([PLACES.node, programPath(name), JSON.stringify(job)], options);
  }

  /** The command line. */
  seatfile(words: readonly string[], options: RunOptions = {}): Running {
    return this.start([PLACES.node, SEATFILE, ...words], options);
  }

  /** A shell command that must succeed; gives what it printed. */
  async shell(command: string): Promise<string> {
    const one = this.start([...SHELL, command]);
    const { status } = await one.ended;
    if (status === 0) return one.lines.join('\n');
    throw new Error(`host ${this.number}: ${command}: status ${status}\n  ${one.complaints.join('\n  ')}`);
  }

  /** As when the plug is pulled. */
  kill(): void {
    signalAll(this.pids(), 'SIGKILL');
    this.socket?.destroy();
    for (const one of this.running.values()) one.over({ status: null, signal: 'SIGKILL' });
  }

  /** As a computer that sleeps, and wakes. */
  abstract freeze(): void;
  abstract thaw(): void;

  /** All its processes, the agent included. */
  protected abstract pids(): number[];
}

export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // it is gone already
    }
  }
}

/** The processes that have a text in this file of /proc. */
export const pidsWith = (file: 'cmdline' | 'environ', text: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && textIn(`/proc/${name}/${file}`).includes(text))
    .map(Number);

function textIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}

const JOIN_MS = 60_000;

/** Resolves when the agent of a station has joined; rejects when `child`, in which it runs, ends before that. */
export type Gate = (station: Station, child: ChildProcess) => Promise<void>;

/** Listens for agents. */
export async function openGate(): Promise<Gate> {
  const arrivals = new Map<number, (socket: net.Socket, hello: Report) => void>();
  const server = net.createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // its station was killed
    createInterface({ input: socket }).once('line', (line) => {
      const hello = JSON.parse(line) as Report;
      if (hello.tell === 'hello') arrivals.get(hello.number)?.(socket, hello);
    });
  });
  server.listen(CONTROL.port, CONTROL.address);
  await once(server, 'listening');
  return async (station, child) => {
    const arrived = new Promise<void>((resolve) => {
      arrivals.set(station.number, (socket, hello) => {
        station.join(socket, hello);
        resolve();
      });
    });
    const failed = (how: string) => {
      throw new Error(`host ${station.number} ${how}`);
    };
    const ended = once(child, 'exit').then(() => failed('ended before its agent had joined'));
    const late = pause(JOIN_MS).then(() => failed(`has not joined in ${JOIN_MS} ms`));
    for (const one of [ended, late]) one.catch(() => undefined);
    await Promise.race([arrived, ended, late]);
  };
}
