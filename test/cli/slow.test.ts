import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { reap } from '../processes/children.js';
import { commands, litterOf, newPlace, removePlaces, trouble } from './commands.js';
import { seatfile, start, tableOf, told } from './seatfile.js';

/**
 * A command has nothing else to do: it waits for a share that is slow, and ends with its own status whatever happens.
 */

const slow = (operation: string, ms: number) => trouble({ slow: { [operation]: ms } });

afterAll(async () => {
  await reap();
  removePlaces();
});

async function licence(): Promise<string> {
  const file = path.join(newPlace(), 'licence.json');
  await seatfile(['init', file, '--module', 'M1=1', '--check-interval', '5m']);
  return file;
}

/** No seat is taken, and nothing of a commit is left. */
function expectTidy(file: string): void {
  expect(tableOf(file).instances).toEqual([]);
  expect(litterOf(file)).toEqual([]);
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
      const answer = await seatfile(commands.run(file), slow(operation, ms));
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
    ['status', 0],
    ['set', 0],
    ['remove', 1],
  ] as const)(
    '%s',
    async (verb, status) => {
      const file = await licence();
      const answer = await seatfile(commands[verb](file), slow('mkdir', 2500));
      expect(answer.status, answer.err).toBe(status);
      expectTidy(file);
    },
    120_000,
  );
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
