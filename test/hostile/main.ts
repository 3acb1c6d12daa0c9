import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import nodePath from 'node:path';
import { parseArgs } from 'node:util';
import { numbersAmong } from '../../src/share/layout.js';
import { seededDice } from '../helpers/dice.js';
import { KINDS, type Naming, plant, SPOTS, Witnesses } from '../helpers/hostile.js';

/**
 * A hostile user of the share is at work while holders hold seats, and commands come and go. It plants every kind of
 * thing under every name, at random moments, and exchanges stages for links at the moment in which they are filled.
 * Nothing outside the folder may change, every call has to return, memory stays bounded, and what is refused is said.
 * When the hostile user has gone, the table works.
 *
 *     npm run hostile -- --seconds 150 --seed 7
 */

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '120' }, seed: { type: 'string' } },
});
const seed = values.seed ?? String(Math.floor(Math.random() * 1e9));
const seconds = Number(values.seconds);

const LONGEST_CALL_MS = 150_000;
const MOST_MEMORY = 300 * 1024 * 1024;
const HOLDERS = 3;
const program = nodePath.join(process.cwd(), 'bin', 'seatfile.js');

const chance = seededDice(`hostile/${seed}`);
const pick = <T>(list: readonly T[]): T => list[Math.floor(chance.fraction() * list.length)] as T;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const root = fs.realpathSync(fs.mkdtempSync(nodePath.join(os.tmpdir(), 'seatfile-hostile-')));
const licenceFile = nodePath.join(root, 'share', 'licence.json');
const folder = `${licenceFile}.revisions`;
const troubles: string[] = [];
const counts = { planted: 0, exchanged: 0, calls: 0, slowestMs: 0, memory: 0, restarts: 0 };
let isOver = false;

fs.mkdirSync(nodePath.dirname(licenceFile));
const witnesses = new Witnesses(nodePath.join(root, 'another'));

// --- the holders and the commands ------------------------------------------------------------------------------------

interface Called {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly said: () => string;
}

function call(args: readonly string[], user: string): Called {
  const env = { ...process.env, SEATFILE_USER: user, SEATFILE_REGISTER: '' };
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text) => {
      said += String(text);
    });
  const watching = setInterval(() => weigh(child), 100);
  const ended = once(child, 'close').then(([status]) => {
    clearInterval(watching);
    if (/^ {4}at /m.test(said)) troubles.push(`${args[0]}: a stack is shown: ${said.slice(0, 400)}`);
    return status as number | null;
  });
  return { child, ended, said: () => said };
}

/** The most memory it ever had. Linux only: elsewhere nothing tells. */
function weigh(child: ChildProcess): void {
  if (process.platform !== 'linux') return;
  try {
    const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const bytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
    if (bytes > MOST_MEMORY && counts.memory <= MOST_MEMORY)
      troubles.push(`${child.spawnargs.slice(2, 4).join(' ')} took ${mebibytes(bytes)} MiB`);
    counts.memory = Math.max(counts.memory, bytes);
  } catch {
    // it has ended
  }
}

const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);

async function command(args: readonly string[]): Promise<number | null> {
  const startedMs = performance.now();
  const { child, ended, said } = call(args, 'visitor');
  child.stdin?.end();
  const bound = setTimeout(() => {
    troubles.push(`${args.join(' ')} did not return within ${LONGEST_CALL_MS / 1000} s`);
    child.kill('SIGKILL');
  }, LONGEST_CALL_MS);
  const status = await ended;
  clearTimeout(bound);
  counts.calls++;
  counts.slowestMs = Math.max(counts.slowestMs, performance.now() - startedMs);
  if (status !== 0 && said().trim() === '')
    troubles.push(`${args.join(' ')} ended with ${status} and said nothing`);
  return status;
}

const orders: readonly (readonly string[])[] = [
  ['status', licenceFile],
  ['status', licenceFile, '--json'],
  ['run', licenceFile, '--', process.execPath, '-e', '0'],
  ['run', licenceFile, '--', process.execPath, '-e', '0'],
  ['journal', licenceFile],
  ['doctor', licenceFile],
  ['repair', licenceFile, '--yes'],
  ['remove', licenceFile, '--user', 'visitor', '--yes'],
];

async function visit(): Promise<void> {
  while (!isOver) await command(pick(orders));
}

/**
 * One holder after the other under one name: one that has lost its seat, or was told an unknown event, is started
 * again.
 */
async function hold(user: string): Promise<void> {
  while (!isOver) {
    const { child, ended } = call(['hold', licenceFile, '--json', '--wait', '1h'], user);
    const over = new Promise<'over'>((resolve) => void whenOver.then(() => resolve('over')));
    if ((await Promise.race([ended, over])) === 'over') {
      child.stdin?.end();
      const isLate = pause(LONGEST_CALL_MS).then(() => 'late');
      if ((await Promise.race([ended, isLate])) !== 'late') return;
      troubles.push(`hold ${user} did not end`);
      child.kill('SIGKILL');
      return;
    }
    counts.restarts++;
    await pause(500);
  }
}
let tellOver: () => void = () => undefined;
const whenOver = new Promise<void>((resolve) => {
  tellOver = resolve;
});

// --- the hostile user ------------------------------------------------------------------------------------------------

const planted = new Set<string>();

const hex = () => Array.from({ length: 32 }, () => Math.floor(chance.fraction() * 16).toString(16)).join('');

function naming(): Naming {
  const names = fs.readdirSync(folder, { withFileTypes: true });
  const top = numbersAmong(names.filter((one) => one.isDirectory()).map(({ name }) => name)).at(-1) ?? 0;
  const path = nodePath.join(folder, String(top).padStart(12, '0'), 'licence.json');
  const text =
    fs.lstatSync(path).isFile() && fs.lstatSync(path).size < 1e6 ? fs.readFileSync(path, 'utf8') : '{}';
  const { lineage = 'x', instances = [] } = JSON.parse(text) as {
    lineage?: string;
    instances?: { machine: { pids: string } }[];
  };
  return { top, lineage, machine: instances[0]?.machine.pids.slice(0, 8) ?? 'abcdef01', hex };
}

/** Plants one thing; what the table cannot do without is given back after a while. */
async function plantOne(): Promise<void> {
  const spot = pick(SPOTS.filter(({ isVital }) => !isVital || chance.fraction() < 0.15));
  const path = spot.pathOf(licenceFile, naming(), Math.floor(chance.fraction() * 1000));
  if (fs.lstatSync(nodePath.dirname(path)).isDirectory() === false) return;
  const aside = spot.isVital && fs.existsSync(path) ? nodePath.join(root, `aside-${hex()}`) : null;
  if (aside !== null) fs.renameSync(path, aside);
  await plant(pick(Object.keys(KINDS)), path, witnesses);
  counts.planted++;
  if (!spot.isVital) {
    planted.add(path);
    return;
  }
  await pause(chance.fraction() * 3000);
  fs.rmSync(path, { recursive: true, force: true });
  if (aside !== null) fs.renameSync(aside, path);
}

/** Puts a link in the place of a stage, or of anything else that is being made or removed, as soon as it is there. */
async function exchangeOne(): Promise<void> {
  const untilMs = performance.now() + 300;
  const known = new Set(fs.readdirSync(folder));
  while (performance.now() < untilMs) {
    for (const name of fs.readdirSync(folder)) {
      if (known.has(name) || !/^(?:stage|clearing|doctor)-/.test(name)) continue;
      known.add(name);
      fs.renameSync(nodePath.join(folder, name), nodePath.join(root, `taken-${hex()}`));
      fs.symlinkSync(
        pick([witnesses.directory, nodePath.join(witnesses.root, 'licence.json.revisions')]),
        nodePath.join(folder, name),
      );
      counts.exchanged++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function attack(): Promise<void> {
  const untilMs = performance.now() + seconds * 1000;
  while (performance.now() < untilMs) {
    // What is there changes for the hostile user, too: then the next is tried.
    await (chance.fraction() < 0.3 ? exchangeOne() : plantOne()).catch(() => undefined);
    await pause(chance.fraction() * 150);
  }
  // A directory before what was planted in it: it may be a file by now, or a link to elsewhere.
  for (const path of [...planted].sort()) fs.rmSync(path, { recursive: true, force: true });
}

// --- the whole -------------------------------------------------------------------------------------------------------

console.log(
  `seed ${seed}, ${seconds} s, ${Object.keys(KINDS).length} kinds of things under ${SPOTS.length} kinds of names`,
);
if ((await command(['init', licenceFile, '--module', 'M1=6', '--check-interval', '2s'])) !== 0)
  throw new Error('init failed');
await command(['run', licenceFile, '--', process.execPath, '-e', '0']);
const holders = Array.from({ length: HOLDERS }, (_, n) => hold(`holder-${n}`));
const visitor = visit();
await attack();
isOver = true;
await visitor;
const started = performance.now();
let status = await command(['run', licenceFile, '--', process.execPath, '-e', '0']);
if (status !== 0) {
  await command(['repair', licenceFile, '--yes']);
  while (status !== 0 && performance.now() - started < LONGEST_CALL_MS)
    status = await command(['run', licenceFile, '--', process.execPath, '-e', '0']);
}
if (status !== 0) troubles.push(`when the attack was over, run ended with ${status}`);
tellOver();
await Promise.all(holders);
const changes = witnesses.changes();
for (const change of changes) troubles.push(`outside the folder: ${change.slice(0, 200)}`);

console.log(
  `${counts.planted} things planted, ${counts.exchanged} exchanged; ` +
    `${counts.calls} commands, the slowest ${Math.round(counts.slowestMs / 1000)} s; ` +
    `holders started again ${counts.restarts} times; at most ${mebibytes(counts.memory)} MiB; ` +
    `outside the folder ${changes.length} changes`,
);
for (const trouble of troubles) console.log(`BROKEN: ${trouble}`);
if (troubles.length > 0) console.log(`seed ${seed} replays the choices; the share is kept in ${root}`);
else fs.rmSync(root, { recursive: true, force: true, maxRetries: 10 }); // a killed command may still do one operation
process.exitCode = troubles.length > 0 ? 1 : 0;
