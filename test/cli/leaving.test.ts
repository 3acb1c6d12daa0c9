import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { adopt, type Child } from '../processes/children.js';
import { freshPlace, hold, program, seatfile, start, startHolder, tableOf, told, until } from './seatfile.js';

/** Which process ends first, and which is told to end: a seat is held exactly as long as it is used. */

/** T, seconds. */
const T = 2;
const place = freshPlace();
const node = process.execPath;

const init = () => seatfile(['init', place.file, '--module', 'M1=1', '--check-interval', `${T}s`]);
const isFree = () =>
  until('the seat free', 5000, () => tableOf(place.file).instances.length === 0 || undefined);
const twoBeats = async () => {
  const beat = () => tableOf(place.file).instances[0]?.beat ?? 0;
  const before = beat();
  await until('two more beats', 4 * T * 1000, () => beat() >= before + 2 || undefined);
};
const run = (script: string) => start(['run', place.file, '--', node, '-e', script]);
/** The process that a child tells of: a line like `up 4711`. */
const pidOf = async (child: Child, word: string) => Number((await child.heard(word)).split(' ')[1]);
const isAlive = (pid: number) => process.kill(pid, 0);

// Signals are sent and obeyed as POSIX has them; Windows has only the end of a process.
describe.runIf(process.platform !== 'win32')('an application that is told to end', () => {
  test.each(['SIGINT', 'SIGHUP'] as const)('%s: gives its seat back and dies of it', async (signal) => {
    await init();
    const ada = startHolder(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.kill(signal);
    expect(await ada.ended).toMatchObject({ status: null, signal });
    expect(tableOf(place.file).instances).toEqual([]);
  });
});

describe('hold', () => {
  test('a parent that is killed takes its hold with it', async () => {
    await init();
    const words = [program, 'hold', place.file, '--json'];
    const streams = "{ stdio: ['pipe', 'inherit', 'inherit'] }";
    const script = `require('node:child_process').spawn(process.execPath, ${JSON.stringify(words)}, ${streams})`;
    const parent = adopt(spawn(node, ['-e', script], { stdio: ['pipe', 'pipe', 'pipe'] }));
    await told(parent, 'seated');
    parent.process.kill('SIGKILL');
    await told(parent, 'released'); // the hold still has the parent's stdout
    await isFree();
    await parent.ended; // and that is closed when the hold has ended, too
  });

  test('with nothing on stdin it is over at once', async () => {
    await init();
    const words = [program, 'hold', place.file, '--json'];
    const ada = adopt(spawn(node, words, { stdio: ['ignore', 'pipe', 'pipe'] }));
    expect(await ada.ended).toMatchObject({ status: 0 });
    expect(ada.lines).toHaveLength(2); // seated, released
    await isFree();
  });

  test.runIf(process.platform !== 'win32')('ends 0 after release when its terminal hangs up', async () => {
    await init();
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.kill('SIGHUP');
    expect(await ada.ended).toMatchObject({ status: 0 });
    expect(tableOf(place.file).instances).toEqual([]);
  });
});

describe.runIf(process.platform !== 'win32')('run', () => {
  const passedOn = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTERM'] as const;
  const listening = `
    for (const name of ${JSON.stringify(passedOn)}) process.on(name, () => console.log(name));
    setInterval(() => {}, 1000);
    console.log('up', process.pid);`;

  test('passes signals on, each of them; what ignores them keeps the seat as long as it runs', async () => {
    await init();
    const child = run(listening);
    const pid = await pidOf(child, 'up');
    for (const name of passedOn) {
      child.process.kill(name);
      await child.heard(name);
    }
    child.process.kill('SIGTERM');
    await until('told twice', 5000, () => child.lines.length === passedOn.length + 2 || undefined);
    await twoBeats();
    process.kill(pid, 'SIGKILL');
    expect((await child.ended).status).toBe(137);
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('a signal to the group ends both, and the seat is given back', async () => {
    await init();
    const words = [
      program,
      'run',
      place.file,
      '--',
      node,
      '-e',
      `setInterval(() => {}, 1000); console.log('up')`,
    ];
    const child = adopt(spawn(node, words, { stdio: ['pipe', 'pipe', 'pipe'], detached: true }));
    await child.heard('up');
    process.kill(-(child.process.pid ?? 0), 'SIGINT');
    expect((await child.ended).status).toBe(130);
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('ends with the command it started, whatever that leaves running', async () => {
    await init();
    const child = run(`
      const words = ['-e', 'setInterval(() => {}, 1000)'];
      const left = require('node:child_process').spawn(process.execPath, words, { stdio: 'ignore', detached: true });
      console.log('left', left.pid);
      process.exit(3);`);
    const pid = await pidOf(child, 'left');
    try {
      expect((await child.ended).status).toBe(3);
      expect(tableOf(place.file).instances).toEqual([]);
      expect(isAlive(pid)).toBe(true);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  test('killed itself, its seat is free as of any dead process; the command sees that its parent is gone', async () => {
    await init();
    const child = run(`
      const parent = process.ppid;
      setInterval(() => { if (process.ppid !== parent) { console.log('orphan'); process.exit(); } }, 100);
      console.log('up');`);
    await child.heard('up');
    child.process.kill('SIGKILL');
    await child.heard('orphan');
    await child.ended;
    const bob = start(['hold', place.file, '--json', '--user', 'bob']);
    await told(bob, 'seated');
    expect(tableOf(place.file).gone).toMatchObject([
      { reason: 'process gone', actor: expect.stringMatching(/^bob@/) },
    ]);
  });
});
