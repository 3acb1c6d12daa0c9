import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { OpenOptions } from '../../src/api.js';
import { numbersAmong } from '../../src/share/layout.js';
import { hold, start as seatfile, told, until } from '../cli/seatfile.js';
import { type Child, type Ending, reap, start } from './children.js';
import { newShare, removeShares, type Share } from './shares.js';

/**
 * A share that really hangs: a process that opens the newest revision's document waits in the kernel, on a thread of
 * Node's pool, as on a mount whose server is gone (stuck.mjs).
 */

const PROMISE_MS = 2000;
/** What a busy computer may add. */
const BUSY_MS = 1500;
/** A commit does not read again what its process has seen within a second: only a later one meets a read that hangs. */
const READ_AGAIN_MS = 1200;
/** A command that says that it is up, and ends when its stdin does. */
const UNTIL_STDIN_ENDS = `console.log('up'); process.stdin.resume().on('end', () => console.log('over'));`;

beforeAll(() => {
  vi.stubEnv('NODE_OPTIONS', `--import ${new URL('stuck.mjs', import.meta.url).href}`);
});
afterAll(() => {
  vi.unstubAllEnvs();
});
afterEach(async () => {
  await reap();
  removeShares();
});

/** Gives what lets the document be opened again. */
function hang({ folder }: Share): () => Promise<void> {
  const top = String(numbersAmong(fs.readdirSync(folder)).at(-1)).padStart(12, '0');
  const pipe = path.join(folder, top, 'licence.json.stuck');
  execFileSync('mkfifo', [pipe]);
  return async () => {
    const writer = await fs.promises.open(pipe, 'w'); // lets the waiting processes go on
    fs.rmSync(pipe);
    await writer.close();
  };
}

/** A holder whose look, or beat, hangs. */
async function hungHolder(
  share: Share,
  options: OpenOptions = {},
): Promise<{ child: Child; mend: () => Promise<void> }> {
  const ownFile = fileURLToPath(import.meta.url);
  const child = start('hung-worker.mjs', { file: share.file, ownFile, options });
  await child.heard('seated');
  const mend = hang(share);
  await child.heard('hangs');
  return { child, mend };
}

const order = (child: Child, word: string) => child.process.stdin?.write(`${word}\n`);

async function answer(child: Child, word: string, reply: string): Promise<Record<string, unknown>> {
  order(child, word);
  return JSON.parse((await child.heard(reply)).slice(reply.length)) as Record<string, unknown>;
}

/** How it ended, and how long after `act` that was. */
async function endedAfter(child: Child, act: () => void): Promise<{ how: Ending; tookMs: number }> {
  const startedMs = performance.now();
  act();
  const how = await child.ended;
  return { how, tookMs: performance.now() - startedMs };
}

/**
 * Node 22.15 can keep the status of an application that it would otherwise wait for, for ever; before, and on Windows,
 * it ends by a signal.
 */
const keepsStatus = 'execve' in process;

describe.runIf(process.platform !== 'win32')('a share that hangs does not hang the application', () => {
  test('its own files and names are served, its questions answered; when the share is back it goes on', async () => {
    const { child, mend } = await hungHolder(newShare());
    expect(await answer(child, 'work', 'worked ')).toMatchObject({ valid: true });
    const asked = await answer(child, 'acquire', 'asked ');
    expect(asked).toMatchObject({ code: 'SHARE_UNREACHABLE' });
    expect(asked['tookMs']).toBeLessThan(1000 + BUSY_MS);
    await child.heard('jeopardy');
    await mend();
    await child.heard('safe');
    expect((await endedAfter(child, () => order(child, 'end'))).how).toMatchObject({ status: 0 });
  });

  test('process.exit() ends it, its listeners heard', async () => {
    const { child } = await hungHolder(newShare());
    const { how, tookMs } = await endedAfter(child, () => order(child, 'exit'));
    expect(how).toMatchObject(keepsStatus ? { status: 3 } : { signal: 'SIGTERM' });
    expect(child.lines).toContain('ending {}');
    expect(tookMs).toBeLessThan(PROMISE_MS + BUSY_MS);
  });

  test('an uncaught error of the application ends it too, and is printed', async () => {
    const { child } = await hungHolder(newShare());
    const { how, tookMs } = await endedAfter(child, () => order(child, 'throw'));
    expect(how).toMatchObject(keepsStatus ? { status: 1 } : { signal: 'SIGTERM' });
    expect(how.complaint).toContain('Error: a fault of the application');
    expect(how.complaint).toContain('hung-worker.mjs');
    expect(tookMs).toBeLessThan(PROMISE_MS + BUSY_MS);
  });

  test('without releaseOnExit it is left to wait for the share', async () => {
    const { child, mend } = await hungHolder(newShare(), { releaseOnExit: false });
    order(child, 'exit');
    await child.heard('ending');
    await mend();
    expect(await child.ended).toMatchObject({ status: 3, signal: null });
  });

  test('a signal ends it as well', async () => {
    const { child } = await hungHolder(newShare());
    const { how, tookMs } = await endedAfter(child, () => child.process.kill('SIGTERM'));
    expect(how).toMatchObject({ signal: 'SIGTERM' });
    expect(tookMs).toBeLessThan(PROMISE_MS + BUSY_MS);
  });

  test('a hold that is stopped ends too, and says what it does not know', async () => {
    const share = newShare();
    const child = hold(share.file, 'ada', 'pc-a', '--module', 'M1');
    await told(child, 'seated');
    hang(share);
    await told(child, 'jeopardy');
    const { how, tookMs } = await endedAfter(child, () => child.process.kill('SIGTERM'));
    expect(how).toMatchObject({ status: 6, signal: null });
    expect(how.complaint).toContain('has not confirmed that a seat was given back');
    expect(tookMs).toBeLessThan(PROMISE_MS + BUSY_MS);
  });

  test('so does a run whose command has ended, and that waits to give the seat back', async () => {
    const share = newShare();
    const script = `${UNTIL_STDIN_ENDS} process.exitCode = 7`;
    const child = seatfile(['run', share.file, '--module', 'M1', '--', process.execPath, '-e', script]);
    await child.heard('up');
    hang(share);
    await delay(READ_AGAIN_MS);
    child.process.stdin?.end();
    await child.heard('over');
    await until('it waits', 10_000, () => child.complaint().includes('Waiting for') || undefined);
    const { how, tookMs } = await endedAfter(child, () => child.process.kill('SIGTERM'));
    expect(how).toMatchObject({ status: 7, signal: null });
    expect(how.complaint).toContain('has not confirmed that a seat was given back');
    expect(tookMs).toBeLessThan(PROMISE_MS + BUSY_MS);
  });

  test('a second signal ends it at once, with the status of its command', async () => {
    const share = newShare();
    const script = `${UNTIL_STDIN_ENDS} process.exitCode = 7`;
    const child = seatfile(['run', share.file, '--module', 'M1', '--', process.execPath, '-e', script]);
    await child.heard('up');
    hang(share);
    await delay(READ_AGAIN_MS);
    child.process.stdin?.end();
    await child.heard('over');
    await until('it waits', 10_000, () => child.complaint().includes('Waiting for') || undefined);
    child.process.kill('SIGHUP');
    const { how, tookMs } = await endedAfter(child, () => child.process.kill('SIGTERM'));
    expect(how).toMatchObject({ status: 7, signal: null });
    expect(tookMs).toBeLessThan(PROMISE_MS);
  });
});

describe.runIf(process.platform !== 'win32')(
  'a name server that is silent while a licence is renewed',
  () => {
    async function asking(): Promise<Child> {
      const pipe = path.join(newShare().directory, 'name');
      execFileSync('mkfifo', [pipe]);
      const child = start('silent-name-worker.mjs', { pipe });
      await child.heard('overdue, no share');
      return child;
    }

    test.each([
      ['while it is asked', []],
      ['when the renewal was given up', ['giveUp']],
    ])('does not hold process.exit() up %s', async (_, before) => {
      const child = await asking();
      for (const word of before) {
        order(child, word);
        await child.heard('given up: RENEWAL_FAILED');
      }
      const { how, tookMs } = await endedAfter(child, () => order(child, 'exit'));
      expect(how).toMatchObject(keepsStatus ? { status: 3 } : { signal: 'SIGTERM' });
      expect(tookMs).toBeLessThan(PROMISE_MS + BUSY_MS);
    });
  },
);
