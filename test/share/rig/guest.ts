/** A guest: a Linux kernel of its own as one process of ours, with its own caches and clock. One client host. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { CONTROL, type Ending, type Order, PLACES, type Report } from './link.js';
import { run } from './shell.js';

const BOOT_MS = 60_000;
/** Made of xstate.c, which says what it is for. */
export const XSTATE = 'node_modules/.cache/seatfile-test/xstate.so';
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

export interface RunOptions {
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
  /** In octal digits. */
  readonly umask?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string, atMs: number) => void;
}

/** A program in a guest. */
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

  hear(report: Exclude<Report, { tell: 'hello' }>): void {
    if (report.tell === 'line') {
      this.lines.push(report.line);
      this.onLine?.(report.line, performance.now());
    } else if (report.tell === 'complaint') this.complaints.push(report.line);
    else this.over(report.ending);
    for (const wake of [...this.waits]) wake();
  }

  /** Also when its whole guest is killed. */
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

export interface Guests {
  boot(number: number, clockShift?: string): Promise<Guest>;
  /** One that was killed. */
  reboot(guest: Guest): Promise<void>;
  killAll(): void;
}

/** Listens for the agents, and starts guests. */
export async function guestHouse(agent: string, log: (line: string) => void): Promise<Guests> {
  const arrivals = new Map<number, (socket: net.Socket, hello: Report) => void>();
  const server = net.createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // its guest was killed
    createInterface({ input: socket }).once('line', (line) => {
      const hello = JSON.parse(line) as Report;
      if (hello.tell === 'hello') arrivals.get(hello.number)?.(socket, hello);
    });
  });
  server.listen(CONTROL.port, CONTROL.address);
  await once(server, 'listening');
  const all = new Set<Guest>();
  const reboot = async (guest: Guest) => {
    const arrived = new Promise<void>((resolve) => {
      arrivals.set(guest.number, (socket, hello) => {
        guest.join(socket, hello);
        resolve();
      });
    });
    await guest.boot(agent, arrived, log);
  };
  const boot = async (number: number, clockShift?: string) => {
    const guest = new Guest(number, clockShift);
    all.add(guest);
    await reboot(guest);
    return guest;
  };
  const killAll = () => {
    for (const guest of all) guest.kill();
    all.clear();
  };
  return { boot, reboot, killAll };
}

export class Guest {
  readonly number: number;
  readonly clockShift: string | undefined;
  kernel = '';
  /** How far its wall clock is from ours. Milliseconds. */
  clockAheadMs = 0;
  private process: ChildProcess | null = null;
  private socket: net.Socket | null = null;
  private runs = 0;
  private readonly running = new Map<number, Running>();

  constructor(number: number, clockShift: string | undefined) {
    this.number = number;
    this.clockShift = clockShift;
  }

  /** The card to the file server, on the host's side. */
  get card(): string {
    return `data${this.number}`;
  }

  async boot(agent: string, arrived: Promise<void>, log: (line: string) => void): Promise<void> {
    const xstate = `${PLACES.app}/${XSTATE}`;
    const shift = this.clockShift && { FAKETIME: this.clockShift, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    const preloaded = this.clockShift ? `${xstate}:${FAKETIME}` : xstate;
    const card = (n: number, name: string) => `vec${n}:transport=tap,ifname=${name},depth=64,gro=1`;
    const words = [
      ...['mem=512M', `umid=rig${this.number}`, 'rootfstype=hostfs', 'root=/dev/root', 'ro'],
      `init=${PLACES.app}/test/share/rig/guest.sh`,
      ...[card(0, this.card), card(1, `control${this.number}`)],
      ...['con=null', 'con0=null,fd:1', 'quiet', 'panic=1'],
      ...[`rig.number=${this.number}`, `rig.agent=${agent}`],
    ];
    const child = spawn('linux.uml', words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...shift, LD_PRELOAD: preloaded, TMPDIR: '/dev/shm', HOME: '/mnt' },
    });
    this.process = child;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => log(`guest ${this.number}: ${line}`));
    const ended = once(child, 'exit').then(() => {
      throw new Error(`guest ${this.number} ended before its agent had joined`);
    });
    const late = new Promise((_, reject) => {
      setTimeout(
        () => reject(new Error(`guest ${this.number} has not joined in ${BOOT_MS} ms`)),
        BOOT_MS,
      ).unref();
    });
    ended.catch(() => undefined);
    await Promise.race([arrived, ended, late]);
  }

  join(socket: net.Socket, hello: Report): void {
    if (hello.tell !== 'hello') return;
    this.socket = socket;
    this.kernel = hello.kernel;
    this.clockAheadMs = hello.wallMs - Date.now();
    createInterface({ input: socket }).on('line', (line) => {
      const report = JSON.parse(line) as Report;
      if (report.tell !== 'hello') this.running.get(report.run)?.hear(report);
    });
  }

  start(argv: readonly string[], options: RunOptions = {}): Running {
    const number = ++this.runs;
    const send = (order: Order) => void this.socket?.write(`${JSON.stringify(order)}\n`);
    const one = new Running(number, send, options.onLine);
    this.running.set(number, one);
    void one.ended.then(() => this.running.delete(number));
    const { uid = 0, gid = 0, cwd = '/tmp', env = {}, umask } = options;
    const masked = umask ? ['/bin/bash', '-c', `umask ${umask}; exec "$@"`, 'bash', ...argv] : argv;
    send({ do: 'start', run: number, argv: masked, env, uid, gid, cwd });
    return one;
  }

  /** A compiled program of programs/, with one JSON argument. */
  program(name: string, job: unknown, options: RunOptions = {}): Running {
    const path = `${PLACES.app}/node_modules/.cache/seatfile-test/test/share/rig/programs/${name}.js`;
    return this.start([PLACES.node, path, JSON.stringify(job)], options);
  }

  /** A shell command that must succeed; gives what it printed. */
  async shell(command: string): Promise<string> {
    const one = this.start(['/bin/bash', '-c', command]);
    const { status } = await one.ended;
    if (status === 0) return one.lines.join('\n');
    throw new Error(`guest ${this.number}: ${command}: status ${status}\n  ${one.complaints.join('\n  ')}`);
  }

  /** As when the plug is pulled. */
  kill(): void {
    for (const pid of this.pids()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it is gone already
      }
    }
    this.process = null;
    this.socket?.destroy();
    for (const one of this.running.values()) one.over({ status: null, signal: 'SIGKILL' });
  }

  /** Only the first process: stopping those it traces as well would wedge the guest for good. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }
  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  /** The cable to the file server. */
  async cable(isIn: boolean): Promise<void> {
    // Out of the bridge; the card itself stays up, because the guest's driver does not survive it going down.
    await run('ip', 'link', 'set', this.card, ...(isIn ? ['master', 'data'] : ['nomaster']));
  }

  private pids(): number[] {
    const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return numbers.filter((pid) => commandOf(pid).includes(`umid=rig${this.number}\0`)).map(Number);
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}
