import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Block, blocksIn, pages } from '../helpers/pages.js';
import type { Child } from '../processes/children.js';
import { freshPlace, program, start } from './seatfile.js';

/**
 * The commands in the READMEs, as a reader would type them. A block `console run ada@pc-1` is run in a folder that
 * stands for `/srv/acme`, after the blocks before it on its page; ada has a seat meanwhile, or waits for one.
 */

const place = freshPlace();
const run = promisify(execFile);

const runnable = (page: string): Block[] => blocksIn(page).filter(({ marks }) => marks[0] === 'run');

/** A command of a block, and what it prints as the page shows it. */
interface Shown {
  readonly command: string;
  readonly output: string;
}

function commandsIn({ text }: Block): Shown[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...output] = part.split('\n');
      return { command, output: output.join('\n') };
    });
}

/** What is another in every run: times, ids, keys, process ids, measured times, and the width of columns. */
const VARIABLE = [
  /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC| [+-]\d\d:\d\d|Z)/g,
  /\b(?=[a-z]*\d)[0-9a-f]{8}([0-9a-f]{8}|[0-9a-f]{24})?\b/g,
  /\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b/g,
  /^[0-9A-Za-z+/]{43}=$/gm,
  /\bpid \d+/g,
  /\brevision \d+/g,
  /\b(?:\d+ s ago|now)\b/g,
  /\b\d+\.\d s\b/g,
];
const steady = (text: string): string =>
  VARIABLE.reduce((rest, variable) => rest.replace(variable, '#'), text)
    .replace(/ +/g, ' ')
    .replace(/ $/gm, '')
    .trim();

/** `...` stands for anything. */
function patternOf(output: string): RegExp {
  const parts = steady(output).split('...');
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[\\s\\S]*')}$`);
}

function environment(): Record<string, string> {
  return {
    PATH: `${place.directory}/bin:${process.env['PATH']}`,
    SEATFILE_USER: 'ada',
    SEATFILE_HOST: 'pc-17',
  };
}

/** A folder that any user may write in, and `seatfile` on the path. */
function prepare(): string {
  const folder = path.join(place.directory, 'acme');
  mkdirSync(folder);
  chmodSync(place.directory, 0o755);
  chmodSync(folder, 0o777); // whatever the umask
  mkdirSync(path.join(place.directory, 'bin'));
  const script = `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`;
  writeFileSync(path.join(place.directory, 'bin', 'seatfile'), script, { mode: 0o755 });
  return folder;
}

async function seat(person: string, file: string): Promise<Child> {
  const [user = '', host = ''] = person.split('@');
  const words = ['hold', file, '--json', '--user', user, '--host', host, '--wait', '10m'];
  const holder = start(words, { SEATFILE_MACHINE: host });
  await holder.heard('{"event":');
  return holder;
}

/** Closes its stdin: it leaves the queue, or gives its seat back. */
async function leave(holder: Child): Promise<void> {
  holder.process.stdin?.end();
  await holder.ended;
}

async function play({ command, output }: Shown, folder: string): Promise<void> {
  const typed = command.replaceAll('/srv/acme', folder);
  // One stream for both, as a terminal shows them: in the order in which they were written.
  const line = ['-c', `exec 2>&1; ${typed}`];
  const { stdout } = await run('sh', line, { cwd: folder, env: environment() });
  const printed = steady(stdout.replaceAll(folder, '/srv/acme'));
  expect(printed, command).toMatch(patternOf(output));
}

async function playBlock(block: Block, folder: string): Promise<void> {
  const [, ...people] = block.marks;
  const commands = commandsIn(block);
  const isFirst = commands[0]?.command.startsWith('seatfile init') ?? false;
  const before = isFirst ? commands.splice(0, 1) : [];
  for (const shown of before) await play(shown, folder);
  const holders: Child[] = [];
  for (const person of people) holders.push(await seat(person, path.join(folder, 'licence.json')));
  for (const shown of commands) await play(shown, folder);
  for (const holder of holders.reverse()) await leave(holder);
}

const played = pages.filter((page) => runnable(page).length > 0);

describe.skipIf(process.platform === 'win32')('the commands of the READMEs print what is shown', () => {
  test.each(played)(
    '%s',
    async (page) => {
      const folder = prepare();
      for (const block of runnable(page)) await playBlock(block, folder);
    },
    300_000,
  ); // the demonstration among them takes its half minute, and more on a busy machine

  test('those of the top page, of the command line and of the vendor among them', () => {
    expect(played).toEqual(
      expect.arrayContaining(['README.md', 'src/cli/README.md', 'src/vendor/README.md']),
    );
  });
});
