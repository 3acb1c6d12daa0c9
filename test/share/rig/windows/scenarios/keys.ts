/**
 * Ctrl-C on a console, and a console that is gone. Wine has no Ctrl-Break, and ends the processes of a closed console
 * at once.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { PLACES } from '../../link.js';
import { Holder } from '../../people.js';
import { must, type Scenario } from '../../rig.js';
import { until } from '../../shell.js';
import { programPath } from '../../station.js';
import { newTable, seatedIn, type Table } from '../../table.js';
import type { WindowsSide } from '../sides.js';
import type { Windows } from '../world.js';

const CTRL_C = '\u0003';
const START_MS = 60_000;
const ANSWER_MS = 20_000;

export const keys: Scenario<Windows> = {
  name: 'keys',
  play: async ({ guests: [host] }) => {
    await pressed(host);
    const endedMs = await holdEnds(host);
    const closedMs = await closed(host);
    return { 'hold ends by Ctrl-C after ms': endedMs, 'seat of a closed console free after ms': closedMs };
  },
};

/** `run` leaves the keys to its command, keeps the seat as long as that runs, and ends with its status. */
async function pressed(host: WindowsSide): Promise<void> {
  const table = newTable({ maxUsers: 1 });
  const terminal = editorOn(host, table);
  await until('the editor is up', START_MS, () => noted(table) === 'up true\n');
  terminal.stdin?.write(CTRL_C);
  await until('the editor had its Ctrl-C', ANSWER_MS, () => noted(table) === 'up true\nINT\n');
  must(seatedIn(table).length === 1, 'the seat went before its command');
  terminal.stdin?.write(CTRL_C);
  const [status] = (await once(terminal, 'exit')) as [number | null];
  must(status === 4, `run ended with ${status}`);
  must(noted(table) === 'up true\nINT\nINT\n', `the editor noted ${noted(table)}`);
  must(seatedIn(table).length === 0, 'the seat was not given back');
}

async function holdEnds(host: WindowsSide): Promise<number> {
  const table = newTable({ maxUsers: 1 });
  const terminal = host.onConsole(['hold', table.file, '--user', 'ada']);
  await until('the holder sits', START_MS, () => seatedIn(table).length === 1);
  const startedMs = performance.now();
  terminal.stdin?.write(CTRL_C);
  await once(terminal, 'exit');
  must(seatedIn(table).length === 0, 'the seat was not given back');
  return Math.round(performance.now() - startedMs);
}

/** The processes are gone, and the next requester of this computer can tell. */
async function closed(host: WindowsSide): Promise<number> {
  const table = newTable({ maxUsers: 1, checkIntervalSeconds: 300 });
  const terminal = editorOn(host, table);
  await until('the editor is up', START_MS, () => noted(table) === 'up true\n');
  terminal.kill('SIGKILL');
  const startedMs = performance.now();
  const bob = new Holder(host, table.file, 'bob', { wait: '20s' });
  await bob.next(['seated'], ANSWER_MS);
  const tookMs = Math.round(performance.now() - startedMs);
  await bob.leave();
  return tookMs;
}

const logOf = ({ exported }: Table): string => `${exported}/editor.log`;
const noted = (table: Table): string => (existsSync(logOf(table)) ? readFileSync(logOf(table), 'utf8') : '');

const editorOn = (host: WindowsSide, table: Table): ChildProcess =>
  host.onConsole([
    'run',
    table.file,
    '--user',
    'ada',
    '--',
    PLACES.node,
    programPath('editor'),
    JSON.stringify({ log: `${table.directory}/editor.log` }),
  ]);
