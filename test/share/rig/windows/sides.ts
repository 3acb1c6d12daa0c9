/** The Windows and the Linux processes of this computer, as hosts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { PLACES } from '../link.js';
import { run } from '../shell.js';
import {
  AGENT,
  type Gate,
  pidsWith,
  type Running,
  type RunOptions,
  SEATFILE,
  Station,
  signalAll,
} from '../station.js';
import { CACHE } from '../world.js';

const NODE_EXE = `Z:${PLACES.app}/${CACHE}/node.exe`;

/** In the environment of every process of a side, by which they are found. */
const SIDE = 'SEATFILE_RIG_SIDE';

export abstract class Side extends Station {
  /** Each side is a computer of its own to the table, with a name of its own. */
  readonly host: string;

  constructor(number: number, host: string) {
    super(number);
    this.host = host;
  }

  /** All users and all hosts are one user here: nothing is shown about rights. */
  override start(argv: readonly string[], { env, onLine, cwd }: RunOptions = {}): Running {
    const options = { env: { ...env }, ...(onLine && { onLine }), cwd: cwd ?? this.home };
    return super.start(argv, options);
  }

  async boot(gate: Gate): Promise<void> {
    await gate(this, this.open([AGENT, String(this.number)], this.environment));
  }

  protected get environment(): NodeJS.ProcessEnv {
    const who = { SEATFILE_HOST: this.host, SEATFILE_MACHINE: this.host };
    return { ...process.env, ...who, [SIDE]: String(this.number) };
  }

  freeze(): void {
    signalAll(this.pids(), 'SIGSTOP');
  }

  thaw(): void {
    signalAll(this.pids(), 'SIGCONT');
  }

  /** Everything lies on this computer. */
  override async shell(command: string): Promise<string> {
    return await run('bash', '-c', command);
  }

  protected pids(): number[] {
    return pidsWith('environ', `${SIDE}=${this.number}\0`);
  }

  protected abstract readonly home: string;
  protected abstract open(words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess;
}

export class LinuxSide extends Side {
  protected readonly home = '/tmp';

  protected open(words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    return spawn(PLACES.node, words, { stdio: 'ignore', env });
  }
}

export class WindowsSide extends Side {
  protected readonly home = 'C:/windows/temp';

  override start(argv: readonly string[], { cwd, ...options }: RunOptions = {}): Running {
    return super.start(argv.map(asWindows), { ...options, ...(cwd && { cwd: asWindows(`${cwd}/`) }) });
  }

  /** The command line on a console of its own, whose keys are what is written to stdin. */
  onConsole(words: readonly string[]): ChildProcess {
    const command = ['wine', NODE_EXE, SEATFILE, ...words].map((word) => `'${asWindows(word)}'`).join(' ');
    // The shell makes way: a terminal sends it the Ctrl-C, too, and some shells then end with 130 themselves.
    const script = ['--quiet', '--flush', '--return', '--command', `exec ${command}`, '/dev/null'];
    return spawn('script', script, { stdio: ['pipe', 'ignore', 'inherit'], env: this.environment });
  }

  /** Without standard streams: Node cannot open every pipe that Wine hands over. Those of its own children it can. */
  protected open(words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    return spawn('wine', [NODE_EXE, ...words.map(asWindows)], { stdio: 'ignore', env });
  }
}

const PLACES_THERE = [
  [PLACES.node, NODE_EXE],
  [`${PLACES.app}/`, `Z:${PLACES.app}/`],
  [`${PLACES.share}/`, 'S:/'],
  [`${PLACES.team}/`, 'T:/'],
] as const;

/** A word of a command, with the places in it named as Windows names them. */
const asWindows = (word: string): string =>
  PLACES_THERE.reduce(
    (text, [here, there]) => text.replace(new RegExp(`(?<![:\\w])${here}`, 'g'), there),
    word,
  );
