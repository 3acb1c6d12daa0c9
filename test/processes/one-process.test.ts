import { cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { freshPlace, seatfile, tableOf } from '../cli/seatfile.js';
import { type Child, start } from './children.js';

/** What one process is in the table, with two copies of the package or with workers: real ones. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const place = freshPlace();
const isLinux = process.platform === 'linux';

async function licence(seconds = 120, file = place.file): Promise<void> {
  const options = ['--module', 'M1=1', '--check-interval', `${seconds}s`, '--count-by', 'instance'];
  expect((await seatfile(['init', file, ...options])).status).toBe(0);
}

/** Another copy of the package, as another installation of it brings one. */
function secondCopy(): string {
  const at = path.join(place.directory, 'copy');
  cpSync(path.join(root, 'dist'), path.join(at, 'dist'), { recursive: true });
  cpSync(path.join(root, 'package.json'), path.join(at, 'package.json'));
  symlinkSync(path.join(root, 'node_modules'), path.join(at, 'node_modules'), 'junction');
  return pathToFileURL(path.join(at, 'dist', 'index.js')).href;
}

const run = (act: string, copy?: string): Child =>
  start(new URL('one-process-worker.mjs', import.meta.url), { file: place.file, act, copy });
const records = () => tableOf(place.file).instances.length;
const asks = async (...wait: string[]) => (await seatfile(['run', place.file, ...wait, '--', 'true'])).status;

async function terminated(child: Child): Promise<void> {
  child.process.kill('SIGTERM');
  expect(await child.ended).toMatchObject({ signal: 'SIGTERM' });
}

describe('a second copy of the package', () => {
  const inCommonJs = () => pathToFileURL(path.join(root, 'dist', 'index.cjs')).href;

  test.each([
    ['of another installation', secondCopy],
    ['in CommonJS', inCommonJs],
  ])('%s shares the instance, knows its faults, and closes by itself', async (_which, copy) => {
    await licence();
    const child = run('second copy', copy());
    await child.heard('left seated true');
    expect(child.lines).toEqual(['seated seated true', 'true true false', 'left seated true']);
    expect(records()).toBe(1);
    await terminated(child);
    expect(records()).toBe(0);
  });

  test('is no listener of the application: on SIGTERM both give back what they hold', async () => {
    await licence();
    await licence(120, `${place.file}.other`);
    const child = run('second copy, another licence', secondCopy());
    await child.heard('seated seated');
    await terminated(child);
    expect([records(), tableOf(`${place.file}.other`).instances.length]).toEqual([0, 0]);
  });

  test('of another shape, or anything else under our name, is left alone', async () => {
    await licence();
    const child = run('something else under our name');
    expect((await child.ended).status).toBe(0);
    expect(child.lines).toEqual(['seated seated seated seated']);
  });
});

describe('a seat that a worker holds', () => {
  test.runIf(isLinux)('is free at once when the worker is terminated, and not before', async () => {
    await licence();
    const child = run('worker is terminated');
    await child.heard('seated');
    expect(tableOf(place.file).instances[0]?.thread).toMatch(/^\d+\/\d+$/);
    expect(await asks()).toBe(75);
    child.process.stdin?.write('now\n');
    await child.heard('terminated');
    expect(await asks()).toBe(0);
    expect([child.process.exitCode, tableOf(place.file).gone[0]?.reason]).toEqual([null, 'process gone']);
  });

  test('is free by silence where threads cannot be told, although the process lives', async () => {
    await licence(4);
    const preload = new URL('blind.mjs', import.meta.url).href;
    const before = { BLIND: process.env['BLIND'], NODE_OPTIONS: process.env['NODE_OPTIONS'] };
    Object.assign(process.env, { BLIND: 'thread', NODE_OPTIONS: `--import=${preload}` });
    try {
      const child = run('worker is terminated');
      await child.heard('seated');
      expect(tableOf(place.file).instances[0]?.thread).toBeUndefined();
      child.process.stdin?.write('now\n');
      await child.heard('terminated');
      expect(await asks()).toBe(75);
      expect(await asks('--wait', '30s')).toBe(0);
      expect([child.process.exitCode, tableOf(place.file).gone[0]?.reason]).toEqual([null, 'evicted']);
    } finally {
      for (const [name, value] of Object.entries(before))
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
  });

  test('is given back when the worker runs out of work', async () => {
    await licence();
    const child = run('worker ends');
    await child.heard('ended');
    expect([records(), child.process.exitCode]).toEqual([0, null]);
  });

  test.each(['worker holds, main has it open', 'main opens later'])(
    'is given back on SIGTERM: %s',
    async (act) => {
      await licence();
      const child = run(act);
      await child.heard('seated');
      expect(records()).toBe(1);
      const sent = performance.now();
      await terminated(child);
      expect(performance.now() - sent).toBeLessThan(5000); // 2 s, and what a busy computer takes to end a process
      expect(records()).toBe(0);
    },
  );

  test('where the main thread has no licence open: as by SIGKILL, free at once on this computer', async () => {
    await licence();
    const child = run('worker holds');
    await child.heard('seated');
    await terminated(child);
    expect(records()).toBe(1);
    expect(await asks()).toBe(0);
  });

  test('no listener is left when the main thread closes its licence', async () => {
    await licence();
    const child = run('worker holds, main has it open');
    await child.heard('seated');
    child.process.stdin?.write('now\n');
    expect(await child.heard('closed')).toBe('closed 1 0');
  });
});
