import { readFileSync, writeFileSync } from 'node:fs';
import nodePath from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { reap, start } from './children.js';
import { newDirectory, removeShares } from './shares.js';

/**
 * Why seatfile is not simply proper-lockfile around write-file-atomic. proper-lockfile calls a lock stale if the file
 * server's time stamp of its directory is more than ten seconds old by the wall clock of the process that asks. So a
 * computer whose clock is an hour ahead finds every lock stale as soon as it is taken. It removes the lock, and goes on
 * beside its holder. Both read the same count, and one of the two acknowledged increments is lost.
 */

const PROCESSES = 5;
const INCREMENTS = 100;
const HOUR_MS = 3_600_000;
/** A loss needs two processes to meet; one round has had dozens of them. */
const ROUNDS = 5;

afterEach(async () => {
  await reap();
  removeShares();
});

test('proper-lockfile and write-file-atomic alone lose updates when one clock is an hour ahead', {
  timeout: 120_000,
}, async () => {
  for (let round = 1; round <= ROUNDS; round++) {
    const { acknowledged, present } = await count();
    console.info(`naive, round ${round}: ${acknowledged} increments acknowledged, ${present} present`);
    if (acknowledged > present) return;
  }
  expect.fail(`nothing was lost in ${ROUNDS} rounds`);
});

async function count(): Promise<{ acknowledged: number; present: number }> {
  const file = nodePath.join(newDirectory(), 'count.json');
  writeFileSync(file, JSON.stringify({ count: 0 }));
  const processes = Array.from({ length: PROCESSES }, (_, index) =>
    start(
      new URL('naive-worker.mjs', import.meta.url),
      { file, increments: INCREMENTS },
      { shiftMs: index === 0 ? HOUR_MS : 0 },
    ),
  );
  await Promise.all(processes.map((one) => one.heard('ready')));
  for (const one of processes) one.process.stdin?.write('go\n');
  const counts = await Promise.all(
    processes.map(async (one) => {
      const { status, complaint } = await one.ended;
      if (status !== 0) throw new Error(complaint);
      return Number(one.lines.at(-1));
    }),
  );
  const { count: present } = JSON.parse(readFileSync(file, 'utf8')) as { count: number };
  return { acknowledged: counts.reduce((sum, one) => sum + one, 0), present };
}
