import { readdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { reap } from '../processes/children.js';
import { type Answer, hold, seatfile, start, tableOf, temporary, told } from './seatfile.js';

/** A command has nothing else to do: it waits for a share that is slow, and ends with its own status whatever happens. */

const preload = new URL('slow-files.mjs', import.meta.url).href;
const trouble = (environment: Readonly<Record<string, string>>) => ({
  ...environment,
  NODE_OPTIONS: `--import=${preload}`,
});
const slow = (operation: string, ms: number) => trouble({ SLOW: JSON.stringify({ [operation]: ms }) });
const node = process.execPath;
const places: { remove: () => void }[] = [];

afterAll(async () => {
  await reap();
  for (const place of places) place.remove();
});

async function licence(): Promise<string> {
  const place = temporary();
  places.push(place);
  const file = path.join(place.directory, 'licence.json');
  await seatfile(['init', file, '--module', 'M1=1', '--check-interval', '5m']);
  return file;
}

/** Nobody is seated, and nothing of a commit lies about. */
function expectTidy(file: string): void {
  expect(tableOf(file).instances).toEqual([]);
  expect(readdirSync(`${file}.revisions`).filter((name) => !/^\d{12}$/.test(name))).toEqual([]);
}

describe.concurrent('a share of which one operation is slow', () => {
  test.each([
    ['sync', 2500],
    ['rename', 2500],
    ['mkdir', 2500],
    ['rmdir', 2500],
    ['unlink', 2500],
    ['close', 1200],
    ['open', 1200],
    ['readdir', 2500],
  ])(
    '%s takes %i ms: run ends with the status of its command',
    async (operation, ms) => {
      const file = await licence();
      const answer = await seatfile(['run', file, '--', node, '-e', 'process.exit(7)'], slow(operation, ms));
      expect(answer.status, answer.err).toBe(7);
      expectTidy(file);
    },
    120_000,
  );

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'EOF'] as const)(
    'hold ends 0 after release: %s',
    async (end) => {
      const file = await licence();
      const child = start(['hold', file, '--json'], slow('sync', 2500));
      await told(child, 'seated');
      if (end === 'EOF') child.process.stdin?.end();
      else child.process.kill(end);
      const { status, complaint } = await child.ended;
      expect(status, complaint).toBe(0);
      expect(child.lines.at(-1)).toContain('"released"');
      expectTidy(file);
    },
    120_000,
  );

  test.each([
    ['status', [], 0],
    ['set', ['--check-interval', '90s'], 0],
    ['remove', ['--all', '--yes'], 1],
  ] as const)(
    '%s',
    async (verb, words, status) => {
      const file = await licence();
      const answer = await seatfile([verb, file, ...words], slow('mkdir', 2500));
      expect(answer.status, answer.err).toBe(status);
      expectTidy(file);
    },
    120_000,
  );
});

const run = (file: string) => ['run', file, '--', node, '-e', ''];
/** A command line, and its status where the share is gone. */
const verbs: readonly [string, (file: string) => string[], number][] = [
  ['status', (file) => ['status', file], 3],
  ['run', run, 125],
  ['hold', (file) => ['hold', file], 3],
  ['init', (file) => ['init', file, '--module', 'M1=1'], 3],
  ['remove', (file) => ['remove', file, '--all', '--yes'], 3],
  ['set', (file) => ['set', file, '--check-interval', '90s'], 3],
  ['journal', (file) => ['journal', file], 3],
  ['repair', (file) => ['repair', file], 3],
  ['doctor', (file) => ['doctor', file], 3],
];

/** Told in words, without the insides of the program; what doctor finds is its answer. */
function expectWords({ out, err }: Answer): void {
  expect(out + err).not.toBe('');
  expect(err).not.toMatch(/\n\s+at .*:\d+:\d+|node:internal/);
}

describe.each(verbs)('%s ends with a status of its own', (verb, words, gone) => {
  test('an unknown option', async () => {
    const answer = await seatfile([verb, '--frob', ...words('none.json').slice(1)]);
    expect(answer).toMatchObject({ status: verb === 'run' ? 125 : 2, out: '' });
    expectWords(answer);
  });

  test('a share that is gone', async () => {
    const file = await licence();
    renameSync(path.dirname(file), `${path.dirname(file)}-gone`);
    const answer = await seatfile(words(file));
    renameSync(`${path.dirname(file)}-gone`, path.dirname(file));
    expect(answer.status, answer.err).toBe(gone);
    expectWords(answer);
  });
});

describe('a full share', () => {
  test.each([
    ['run', run, 125],
    ['hold', (file: string) => ['hold', file], 6],
    ['set', (file: string) => ['set', file, '--check-interval', '90s'], 6],
  ] as const)('%s', async (_verb, words, status) => {
    const file = await licence();
    const answer = await seatfile(words(file), trouble({ FULL: 'writeFile' }));
    expect(answer).toMatchObject({ status, out: '' });
    expect(answer.err).toContain('no space left');
    expectWords(answer);
    expectTidy(file);
  });
});

test('a seat that is taken away: hold ends 5, run with the status of its command', async () => {
  const file = await licence();
  await seatfile(['set', file, '--check-interval', '2s']);
  const ada = hold(file, 'ada', 'pc-1');
  await told(ada, 'seated');
  await seatfile(['remove', file, '--all', '--yes']);
  expect((await ada.ended).status).toBe(5);
  const child = start([
    'run',
    file,
    '--',
    node,
    '-e',
    'console.log("up"); process.stdin.resume().on("end", () => process.exit(7))',
  ]);
  await child.heard('up');
  await seatfile(['remove', file, '--all', '--yes']);
  child.process.stdin?.end();
  expect((await child.ended).status).toBe(7);
});

/** Before Node 22.15 the share is asked by a process of its own. */
test.runIf(process.platform === 'linux' && !('execve' in process))(
  'the process that asks the share dies: another takes its place, and the seat is given back',
  async () => {
    const file = await licence();
    const child = start(['hold', file, '--json']);
    await told(child, 'seated');
    const pid = child.process.pid ?? 0;
    const [disk] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    process.kill(disk ?? 0, 'SIGKILL');
    child.process.stdin?.end();
    const { status, complaint } = await child.ended;
    expect(status, complaint).toBe(0);
    expect(tableOf(file).instances).toEqual([]);
  },
);
