import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adopt, type Child, reap } from '../processes/children.js';
import { hold, recordOf, seatfile, start, tableOf, temporary, told, until } from './seatfile.js';

/** T, seconds. */
const T = 2;
const STOPPED_MS = 10 * T * 1000;
let file: string;
let remove: () => void;

beforeEach(async () => {
  const place = temporary();
  file = path.join(place.directory, 'licence.json');
  remove = place.remove;
});
afterEach(async () => {
  await reap();
  remove();
});

const worker = fileURLToPath(new URL('holder-worker.mjs', import.meta.url));
const application = (user: string, machine: string, onSignal = '') =>
  adopt(
    spawn(process.execPath, [worker, file, user, 'M1', onSignal], {
      env: { ...process.env, SEATFILE_MACHINE: machine, SEATFILE_HOST: machine },
    }),
  );
const init = (users: number) =>
  seatfile(['init', file, '--module', `M1=${users}`, '--check-interval', `${T}s`]);
const stretch = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const events = (child: Child, kind: string) =>
  child.lines
    .map((line) => JSON.parse(line) as { event: string; atMs: number; valid?: boolean })
    .filter((one) => one.event === kind);

// SIGSTOP and SIGCONT exist on POSIX systems only; elsewhere the sleeping-host tests on the memory share stand for these.
describe.runIf(process.platform !== 'win32')('stopped for 10 intervals and woken', () => {
  test('its place taken meanwhile: not valid at the first call, then lost; never two valid seats', async () => {
    await init(2);
    const ada = application('ada', 'pc-1');
    const bob = application('bob', 'pc-2');
    await Promise.all([told(ada, 'seated'), told(bob, 'seated')]);
    ada.process.kill('SIGSTOP');
    await until('ada evicted', STOPPED_MS, () => tableOf(file).gone.find((stone) => stone.user === 'ada'));
    const cyd = application('cyd', 'pc-3');
    await told(cyd, 'seated');
    await stretch(STOPPED_MS - 2 * T * 1000);
    ada.process.kill('SIGCONT');
    expect(await told(ada, 'woke')).toMatchObject({ valid: false });
    expect(await told(ada, 'lost')).toMatchObject({ reason: 'evicted', by: 'bob@pc-2' });
    const [woke, lost] = [events(ada, 'woke')[0], events(ada, 'lost')[0]];
    expect((lost?.atMs ?? 0) - (woke?.atMs ?? 0)).toBeLessThan((2 * T * 1000) / 8 + 1000);
    expect(events(ada, 'valid')).toEqual([]); // no moment at which it believed again, with bob and cyd seated
    expect([...events(bob, 'invalid'), ...events(cyd, 'invalid')]).toEqual([]);
  });

  test('its place still free: back in the same seat by a confirmed beat', async () => {
    await init(2);
    const ada = application('ada', 'pc-1');
    const bob = application('bob', 'pc-2');
    const { seat } = await told(ada, 'seated');
    await told(bob, 'seated');
    ada.process.kill('SIGSTOP');
    await stretch(STOPPED_MS);
    expect(recordOf(tableOf(file), 'ada')).toBeUndefined();
    ada.process.kill('SIGCONT');
    expect(await told(ada, 'woke')).toMatchObject({ valid: false });
    await told(ada, 'safe');
    expect(recordOf(tableOf(file), 'ada')?.seats).toMatchObject([{ id: seat }]);
    expect(events(ada, 'lost')).toEqual([]);
  });

  test('all of them stopped and woken together: nobody loses a seat', async () => {
    await init(3);
    const office = ['pc-1', 'pc-2', 'pc-3'].map((machine) => application('ada', machine));
    await Promise.all(office.map((one) => told(one, 'seated')));
    for (const one of office) one.process.kill('SIGSTOP');
    await stretch(STOPPED_MS);
    for (const one of office) one.process.kill('SIGCONT');
    await Promise.all(office.map((one) => told(one, 'safe')));
    await stretch(2.5 * T * 1000);
    expect(tableOf(file).instances).toHaveLength(3);
    expect(tableOf(file).gone).toEqual([]);
    for (const one of office) expect(events(one, 'lost')).toEqual([]);
  });
});

describe('an application that ends gives its seat back', () => {
  const isFree = () =>
    until('the seat free', 5000, () => (tableOf(file).instances.length === 0 ? true : undefined));

  test('told to by a signal, and dies of it as it would have', async () => {
    await init(1);
    const ada = application('ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.kill('SIGTERM');
    expect(await ada.ended).toMatchObject({ status: null, signal: 'SIGTERM' });
    expect(tableOf(file).instances).toEqual([]);
  });

  test('when its event loop has nothing left to do', async () => {
    await init(1);
    const ada = application('ada', 'pc-1', 'finish');
    await told(ada, 'seated');
    expect(await ada.ended).toMatchObject({ status: 0 });
    expect(tableOf(file).instances).toEqual([]);
  });

  test('but a signal it listens to itself is its own affair', async () => {
    await init(1);
    const ada = application('ada', 'pc-1', 'own');
    await told(ada, 'seated');
    ada.process.kill('SIGTERM');
    expect(await told(ada, 'heard')).toMatchObject({ valid: true });
    expect(recordOf(tableOf(file), 'ada')).toBeDefined();
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('hold ends 0 after release on %s', async (signal) => {
    await init(1);
    const ada = hold(file, 'ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.kill(signal);
    expect(await ada.ended).toMatchObject({ status: 0 });
    expect(tableOf(file).instances).toEqual([]);
  });

  test('hold ends 0 after release when stdin closes', async () => {
    await init(1);
    const ada = hold(file, 'ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.stdin?.end();
    expect(await ada.ended).toMatchObject({ status: 0, complaint: '' });
    await isFree();
  });
});

describe('run', () => {
  const node = process.execPath;
  const run = (...script: string[]) => start(['run', file, '--', node, '-e', ...script]);

  test("gives the command's own status, its environment, and the seat back", async () => {
    await init(1);
    const child = run('console.log(process.env.SEATFILE_SEAT.length); process.exitCode = 7');
    expect((await child.ended).status).toBe(7);
    expect(child.lines).toEqual(['32']);
    expect(tableOf(file).instances).toEqual([]);
  });

  test('127 for a command that is not there', async () => {
    await init(1);
    expect((await start(['run', file, '--', 'no-such-command-anywhere']).ended).status).toBe(127);
    expect(tableOf(file).instances).toEqual([]);
  });

  test.runIf(process.platform !== 'win32')(
    '126 for one that cannot be executed, 128 + n for one that dies',
    async () => {
      await init(1);
      expect((await start(['run', file, '--', file]).ended).status).toBe(126);
      expect((await run('process.kill(process.pid, "SIGKILL")').ended).status).toBe(137);
      expect(tableOf(file).instances).toEqual([]);
    },
  );

  test.runIf(process.platform !== 'win32')('forwards SIGTERM to the command, and ends with it', async () => {
    await init(1);
    const child = run(
      'process.on("SIGTERM", () => process.exit(9)); console.log("up"); setInterval(() => {}, 1000)',
    );
    await child.heard('up');
    child.process.kill('SIGTERM');
    expect((await child.ended).status).toBe(9);
    expect(tableOf(file).instances).toEqual([]);
  });

  test('keeps beating while the command runs, and says when the seat was taken away', async () => {
    await init(1);
    const child = start([
      'run',
      file,
      '--on-lost',
      'term',
      '--',
      node,
      '-e',
      'console.log("up"); setInterval(() => {}, 1000)',
    ]);
    await child.heard('up');
    const beats = () => tableOf(file).instances[0]?.beat ?? 0;
    await until('a second beat', 3 * T * 1000, () => (beats() >= 2 ? true : undefined));
    await seatfile(['remove', file, '--all', '--yes', '--reason', 'maintenance']);
    const { complaint, status } = await child.ended;
    expect(complaint).toMatch(/M1: seat lost: removed by .*: "maintenance"/);
    expect(status).not.toBe(0);
  });
});
