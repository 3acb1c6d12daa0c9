import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import { Interrupted, type World } from '../../src/cli/world.js';
import { realSystem } from '../../src/client/system.js';
import type { InstanceRecord, Licence } from '../../src/licence/document.js';
import { append } from '../../src/share/append.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import { adopt, type Child, reap } from '../processes/children.js';

/** The command line as its users run it: real processes of the built program. */

export const program = fileURLToPath(new URL('../../bin/seatfile.js', import.meta.url));
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

export interface Answer {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

type Environment = Readonly<Record<string, string>>;

export function start(args: readonly string[], environment: Environment = {}): Child {
  const env = { ...process.env, SEATFILE: '', ...environment };
  return adopt(spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env }));
}

/** Runs a command to its end, with nothing on stdin. */
export async function seatfile(args: readonly string[], environment: Environment = {}): Promise<Answer> {
  const child = start(args, environment);
  child.process.stdin?.end();
  const { status, complaint } = await child.ended;
  return { status, out: child.lines.join('\n'), err: complaint };
}

/** A `hold --json`; `machine` makes it a computer of its own. */
export function hold(file: string, user: string, machine: string, ...args: readonly string[]): Child {
  return start(['hold', file, '--json', '--user', user, '--host', machine, ...args], {
    SEATFILE_MACHINE: machine,
  });
}

const holder = fileURLToPath(new URL('holder-worker.mjs', import.meta.url));

/** An application of its own that holds a seat of M1 through the library, and tells when `valid` changes. */
export function startHolder(file: string, user: string, machine: string, onSignal = ''): Child {
  const env = { ...process.env, SEATFILE_MACHINE: machine, SEATFILE_HOST: machine };
  return adopt(spawn(process.execPath, [holder, file, user, 'M1', onSignal], { env }));
}

export const CTRL_C = '\u0003';

/**
 * A command line in this process, at a terminal where questions are answered: all of them alike, or one after the
 * other; with waits of the test's own.
 */
export async function atTerminal(
  words: readonly string[],
  answers: string | readonly string[],
  options: {
    readonly store?: Partial<StoreOptions>;
    readonly isInteractive?: boolean;
    readonly noticeColumns?: number;
    readonly screen?: ReturnType<World['screen']>;
    readonly environment?: Environment;
  } = {},
) {
  const said = { out: '', err: '', asked: '' };
  const unused = () => {
    throw new Error('not used here');
  };
  let asked = 0;
  const ask = async (question: string) => {
    said.asked += question;
    const answer = typeof answers === 'string' ? answers : (answers[asked++] ?? CTRL_C);
    if (answer === CTRL_C) throw new Interrupted();
    return answer;
  };
  const status = await runProgram(words, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    environment: options.environment ?? {},
    screen: () => options.screen ?? null,
    system: () => realSystem(options.store),
    noticeColumns: () => options.noticeColumns ?? null,
    ready: Promise.resolve(),
    isInteractive: options.isInteractive ?? true,
    reachesCommands: unused,
    endNow: unused,
    append,
    ask,
    askHidden: ask,
    inputClosed: () => Promise.resolve(),
    outputGone: new Promise<void>(() => undefined),
    onSignals: () => () => undefined,
    spawn: unused,
    spawnSelf: unused,
    version: '0.0.0',
  });
  return { ...said, status };
}

/** The first event of this kind that a hold has told, or will tell. */
export async function told(child: Child, event: string): Promise<Record<string, unknown>> {
  return JSON.parse(await child.heard(`{"event":"${event}"`)) as Record<string, unknown>;
}

/** The process that asks the share for a killed command may still be at its last operation. */
const REMOVALS = 10;

/** An empty directory, removed by `remove`. */
export function temporary(): { directory: string; remove: () => void } {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'seatfile-test-'));
  return {
    directory,
    remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: REMOVALS }),
  };
}

/** For every test of a file a directory of its own; afterwards the test's processes are reaped and it is removed. */
export function freshPlace(): { readonly directory: string; readonly file: string } {
  let place = { directory: '', remove: () => {} };
  beforeEach(() => {
    place = temporary();
  });
  afterEach(async () => {
    await reap();
    place.remove();
  });
  return {
    get directory() {
      return place.directory;
    },
    get file() {
      return path.join(place.directory, 'licence.json');
    },
  };
}

/** The newest revision of the table, read straight from the folder. */
export function tableOf(file: string): Licence {
  const folder = `${file}.revisions`;
  const top = readdirSync(folder)
    .filter((name) => /^\d{12}$/.test(name))
    .sort()
    .at(-1);
  return JSON.parse(readFileSync(path.join(folder, top ?? '', 'licence.json'), 'utf8')) as Licence;
}

export const recordOf = (licence: Licence, user: string): InstanceRecord | undefined =>
  licence.instances.find((record) => record.user === user);

/** Tries again and again, a little apart, until there is an answer. */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
