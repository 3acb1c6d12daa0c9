import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  freshPlace,
  hold,
  recordOf,
  seatfile,
  start,
  startHolder,
  tableOf,
  told,
  until,
} from './seatfile.js';

/** T, seconds. */
const T = 2;
const place = freshPlace();

const application = (user: string, machine: string, onSignal = '') =>
  startHolder(place.file, user, machine, onSignal);
const init = (users: number) =>
  seatfile(['init', place.file, '--module', `M1=${users}`, '--check-interval', `${T}s`]);
describe('an application that ends gives its seat back', () => {
  const isFree = () =>
    until('the seat free', 5000, () => (tableOf(place.file).instances.length === 0 ? true : undefined));

  test('told to by a signal, and dies of it as it would have', async () => {
    await init(1);
    const ada = application('ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.kill('SIGTERM');
    expect(await ada.ended).toMatchObject({ status: null, signal: 'SIGTERM' });
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('told to by a signal, also where other packages wait for its end', async () => {
    await init(1);
    const ada = application('ada', 'pc-1', 'packages');
    await told(ada, 'seated');
    ada.process.kill('SIGTERM');
    expect(await ada.ended).toMatchObject({ status: null, signal: 'SIGTERM' });
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('when its event loop has nothing left to do', async () => {
    await init(1);
    const ada = application('ada', 'pc-1', 'finish');
    await told(ada, 'seated');
    expect(await ada.ended).toMatchObject({ status: 0 });
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('but a signal it listens to itself is its own affair', async () => {
    await init(1);
    const ada = application('ada', 'pc-1', 'own');
    await told(ada, 'seated');
    ada.process.kill('SIGTERM');
    expect(await told(ada, 'heard')).toMatchObject({ valid: true });
    expect(recordOf(tableOf(place.file), 'ada')).toBeDefined();
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('hold ends 0 after release on %s', async (signal) => {
    await init(1);
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.kill(signal);
    expect(await ada.ended).toMatchObject({ status: 0 });
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('hold ends 0 after release when stdin closes', async () => {
    await init(1);
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.stdin?.end();
    expect(await ada.ended).toMatchObject({ status: 0, complaint: '' });
    await isFree();
  });
});

describe('run', () => {
  const node = process.execPath;
  const run = (...script: string[]) => start(['run', place.file, '--', node, '-e', ...script]);

  test("gives the command's own status, its environment, and the seat back", async () => {
    await init(1);
    const child = run('console.log(process.env.SEATFILE_SEAT.length); process.exitCode = 7');
    expect((await child.ended).status).toBe(7);
    expect(child.lines).toEqual(['32']);
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('127 for a command that is not there', async () => {
    await init(1);
    expect((await start(['run', place.file, '--', 'no-such-command-anywhere']).ended).status).toBe(127);
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('126 for one whose path leads through a file, with a word and without a stack; the seat is free', async () => {
    await init(1);
    const { status, complaint } = await start(['run', place.file, '--', `${place.file}/app`]).ended;
    expect(status).toBe(126);
    expect(complaint).toBe(`seatfile: ${place.file}/app: cannot be started (ENOTDIR)\n`);
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test.runIf(process.platform !== 'win32')(
    '126 for one that cannot be executed, 128 + n for one that dies',
    async () => {
      await init(1);
      expect((await start(['run', place.file, '--', place.file]).ended).status).toBe(126);
      expect((await run('process.kill(process.pid, "SIGKILL")').ended).status).toBe(137);
      expect(tableOf(place.file).instances).toEqual([]);
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
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('keeps beating while the command runs, and says when the seat was taken away', async () => {
    await init(1);
    const child = start([
      'run',
      place.file,
      '--on-lost',
      'term',
      '--',
      node,
      '-e',
      'console.log("up"); setInterval(() => {}, 1000)',
    ]);
    await child.heard('up');
    const beats = () => tableOf(place.file).instances[0]?.beat ?? 0;
    await until('a second beat', 3 * T * 1000, () => (beats() >= 2 ? true : undefined));
    await seatfile(['remove', place.file, '--all', '--yes', '--reason', 'maintenance']);
    const { complaint, status } = await child.ended;
    expect(complaint).toMatch(/M1: seat lost: removed by .*: "maintenance"/);
    expect(status).not.toBe(0);
  });
});

describe('nobody reads on', () => {
  test('a closed stderr costs nobody a seat', async () => {
    await init(1);
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.stderr?.destroy();
    await until('licence.json shown', 5000, () => existsSync(place.file) || undefined);
    writeFileSync(place.file, 'garbled'); // of which it warns, at its next look
    await until(
      'two more beats',
      4 * T * 1000,
      () => (recordOf(tableOf(place.file), 'ada')?.beat ?? 0) >= 3 || undefined,
    );
    ada.process.stdin?.end();
    expect((await ada.ended).status).toBe(0);
  });

  test('a name too long for the format is usage, and nothing is written', async () => {
    await init(1);
    const { revision } = tableOf(place.file);
    const long = { SEATFILE_USER: 'x'.repeat(300) };
    expect(await seatfile(['hold', place.file], long)).toMatchObject({ status: 2, out: '' });
    expect(tableOf(place.file).revision).toBe(revision);
  });

  test('a signal while it still asks ends it at once', async () => {
    await init(1);
    mkdirSync(`${place.file}.revisions/000000000099`); // a look that goes on: it could be a stale listing
    writeFileSync(`${place.file}.revisions/000000000099/licence.json`, 'no licence');
    const ada = start(['hold', place.file]);
    await until('it waits', 10_000, () => ada.complaint().includes('Waiting for') || undefined);
    ada.process.kill('SIGTERM');
    expect((await ada.ended).status).toBe(143);
  });
});
