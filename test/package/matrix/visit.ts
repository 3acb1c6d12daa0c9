import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import nodePath from 'node:path';
import { createInterface } from 'node:readline';
import { commandIn, run } from './place.js';

/** The outcome that every case must show: a seat taken, told by `status`, and given back. */

const PATIENCE_MS = 60_000;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

interface SeatShown {
  readonly module: string;
  readonly user: string;
  readonly pid: number;
}

/** What `status --json` shows of the licence of a project. */
export async function seatsShown(project: string, node = process.execPath): Promise<SeatShown[]> {
  const text = await run(node, [commandIn(project), 'status', 'licence.json', '--json'], project);
  return JSON.parse(text).seats;
}

export function expectUsers(seats: readonly SeatShown[], expected: readonly string[]): void {
  const found = seats.map(({ user }) => user).join(', ');
  if (found !== expected.join(', '))
    throw new Error(`status: expected seats of [${expected.join(', ')}], found [${found}]`);
}

interface Program {
  /** Lines until now, and what it complained of. */
  readonly said: string[];
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
}

function start(command: string, args: readonly string[], cwd: string): Program {
  const child = spawn(command, [...args], { cwd, stdio: ['pipe', 'pipe', 'pipe'], timeout: PATIENCE_MS });
  running.add(child);
  const said: string[] = [];
  const ended = once(child, 'close').finally(() => running.delete(child));
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => said.push(line));
  return { said, child, ended };
}

/** Until the program has said that it has its seat. @throws Error with all that it said, when it ends instead */
async function seated({ said, child, ended }: Program): Promise<void> {
  const isSeated = () => said.includes('seated');
  const lines = new Promise<void>((resolve) => {
    child.stdout?.on('data', () => setImmediate(() => isSeated() && resolve()));
  });
  await Promise.race([lines, ended]);
  if (!isSeated()) throw new Error(['expected the line "seated", the program said:', ...said].join('\n'));
}

/**
 * Runs a program that takes a seat of M1 for ada, prints "seated", and gives the seat back when stdin closes.
 * @throws Error when `status` does not show that seat, or shows it afterwards, or the program ends badly
 */
export async function playSeat(project: string, command: string, args: readonly string[]): Promise<void> {
  const file = nodePath.join(project, 'licence.json');
  const program = start(command, [...args, file], project);
  await seated(program);
  expectUsers(await seatsShown(project), ['ada']);
  program.child.stdin?.end();
  await program.ended;
  if (program.child.exitCode !== 0)
    throw new Error(`ended with ${program.child.exitCode}:\n${program.said.join('\n')}`);
  expectUsers(await seatsShown(project), []);
}
