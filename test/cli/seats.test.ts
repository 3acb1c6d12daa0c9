import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fromIso } from '../../src/licence/time.js';
import { freshPlace, hold, recordOf, seatfile, start, tableOf, told, until } from './seatfile.js';

/** T, seconds. */
const T = 4;
const place = freshPlace();

async function licence(...options: readonly string[]): Promise<void> {
  const { status, err } = await seatfile(['init', place.file, '--check-interval', `${T}s`, ...options]);
  expect({ status, err }).toMatchObject({ status: 0 });
}

const evictionOf = (user: string) => tableOf(place.file).gone.find((stone) => stone.user === user);

describe('three users of a module for two', () => {
  test('two are seated, the third ends with 4 and names the holders', async () => {
    await licence('--module', 'M1=2');
    const ada = hold(place.file, 'ada', 'pc-1');
    const bob = hold(place.file, 'bob', 'pc-2');
    await Promise.all([told(ada, 'seated'), told(bob, 'seated')]);
    const cyd = hold(place.file, 'cyd', 'pc-3');
    const { holders } = await told(cyd, 'full');
    const names = (holders as { user: string; host: string }[]).map((one) => `${one.user}@${one.host}`);
    expect(names.sort()).toEqual(['ada@pc-1', 'bob@pc-2']);
    expect((await cyd.ended).status).toBe(4);
  });

  test.each([
    ['', false],
    [', with the lock of a dead process left behind', true],
  ])(
    'killed on another machine, he is out between 1.75 T and 2 T + 2 s after his last beat%s',
    async (_words, isLocked) => {
      await licence('--module', 'M1=2');
      const ada = hold(place.file, 'ada', 'pc-1');
      const bob = hold(place.file, 'bob', 'pc-2');
      await Promise.all([told(ada, 'seated'), told(bob, 'seated')]);
      ada.process.kill('SIGKILL');
      await ada.ended;
      if (isLocked) mkdirSync(`${place.file}.revisions/lock`, { recursive: true });
      const last = recordOf(tableOf(place.file), 'ada');
      const stone = await until('eviction of ada', (2 * T + 5) * 1000, () => evictionOf('ada'));
      const afterSeconds = (fromIso(stone.at) - fromIso(last?.beatAt ?? '')) / 1000;
      expect(stone).toMatchObject({ reason: 'evicted', actor: 'bob@pc-2' });
      expect(afterSeconds).toBeGreaterThanOrEqual(1.75 * T);
      expect(afterSeconds).toBeLessThanOrEqual(2 * T + 2);
    },
  );

  test('killed on the same machine, he is out at the next look', async () => {
    await licence('--module', 'M1=2');
    const ada = hold(place.file, 'ada', 'pc-1');
    const bob = hold(place.file, 'bob', 'pc-1');
    await Promise.all([told(ada, 'seated'), told(bob, 'seated')]);
    ada.process.kill('SIGKILL');
    await ada.ended;
    const stone = await until('eviction of ada', (T / 8 + 2) * 1000, () => evictionOf('ada'));
    expect(stone).toMatchObject({ reason: 'process gone', actor: 'bob@pc-1' });
  });

  test('killed on the same machine, his seat is free at once for whoever asks', async () => {
    await licence('--module', 'M1=1');
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    await ada.process.kill('SIGKILL');
    await ada.ended;
    await told(hold(place.file, 'bob', 'pc-1'), 'seated');
  });
});

describe('removed by an administrator', () => {
  test('the holder learns who and why within a look, ends with 5, and may sit again', async () => {
    await licence('--module', 'M1=1');
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    const { out, status } = await seatfile(
      ['remove', place.file, '--user', 'ADA', '--reason', 'lunch', '--yes'],
      {
        SEATFILE_USER: 'root',
        SEATFILE_HOST: 'desk',
      },
    );
    expect(status).toBe(0);
    expect(out).toMatch(/Removed M1 ada@pc-1 .* is told within 1 s, if it is running/);
    expect(await told(ada, 'lost')).toMatchObject({ reason: 'removed', by: 'root@desk', words: 'lunch' });
    expect((await ada.ended).status).toBe(5);
    const again = hold(place.file, 'ada', 'pc-1');
    expect(await told(again, 'seated')).toMatchObject({ removed: { by: 'root@desk', words: 'lunch' } });
    const once = hold(place.file, 'ada', 'pc-1');
    expect(await told(once, 'seated')).toMatchObject({ removed: null });
  });

  test('the user is told why when he starts again, by run on stderr, and once', async () => {
    await licence('--module', 'M1=1');
    const lunch = ['--all', '--reason', 'lunch', '--yes'];
    const command = ['run', place.file, '--', process.execPath, '-e', ''];
    const ada = start([
      'run',
      place.file,
      '--',
      process.execPath,
      '-e',
      'console.log("up"); setInterval(() => {}, 1000)',
    ]);
    await ada.heard('up');
    ada.process.kill('SIGKILL'); // so it cannot learn of the removal
    await seatfile(['remove', place.file, ...lunch]);
    expect(await seatfile(command)).toEqual({
      ...{ status: 0, out: '' },
      err: expect.stringMatching(/^seatfile: M1: your last seat was removed by .* at .*: "lunch"\n$/),
    });
    expect(await seatfile(command)).toEqual({ status: 0, out: '', err: '' });
  });

  test('under Light the holder learns it, too, at the next poll of licence.json, and at its next start', async () => {
    await licence('--module', 'M1=1', '--level', 'light');
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    const removedMs = performance.now();
    await seatfile(['remove', place.file, '--user', 'ada', '--reason', 'lunch', '--yes']);
    expect(await told(ada, 'lost')).toMatchObject({ reason: 'removed', words: 'lunch' });
    expect(performance.now() - removedMs).toBeLessThan(50_000); // the look alone takes up to 60 s
    expect((await ada.ended).status).toBe(5);
    expect(await told(hold(place.file, 'ada', 'pc-1'), 'seated')).toMatchObject({
      removed: { words: 'lunch' },
    });
  });

  test('under Light nobody else frees a dead seat', async () => {
    await licence('--module', 'M1=1', '--level', 'light');
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    ada.process.kill('SIGKILL');
    await ada.ended;
    expect((await hold(place.file, 'bob', 'pc-1').ended).status).toBe(4);
    const { out } = await seatfile(['status', place.file]);
    expect(out).toMatch(/^ada +pc-1 .* unmonitored/m);
    expect(
      (await seatfile(['remove', place.file, '--dead', '--yes'], { SEATFILE_MACHINE: 'pc-1' })).status,
    ).toBe(0);
    await told(hold(place.file, 'bob', 'pc-1'), 'seated');
  });

  test('under Light the same user comes back to his own place', async () => {
    await licence('--module', 'M1=1', '--level', 'light');
    const ada = hold(place.file, 'ada', 'pc-1');
    const { seat } = await told(ada, 'seated');
    ada.process.kill('SIGKILL');
    await ada.ended;
    expect(await told(hold(place.file, 'ada', 'pc-1'), 'seated')).toMatchObject({ seat });
  });
});

test('licence.json deleted while people work costs nobody anything, and comes back', async () => {
  await licence('--module', 'M1=2');
  const ada = hold(place.file, 'ada', 'pc-1');
  await told(ada, 'seated');
  rmSync(place.file);
  await told(hold(place.file, 'bob', 'pc-2'), 'seated');
  const isShown = () =>
    existsSync(place.file) &&
    JSON.parse(readFileSync(place.file, 'utf8')).revision === tableOf(place.file).revision;
  await until('licence.json shown again', T * 2000, () => isShown() || undefined);
  expect((await seatfile(['status', place.file])).out).toMatch(/M1 +2 +2 +0/);
  ada.process.stdin?.end();
  expect((await ada.ended).status).toBe(0);
});
