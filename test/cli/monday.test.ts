import { expect, test } from 'vitest';
import { fromIso } from '../../src/licence/time.js';
import { freshPlace, hold, recordOf, seatfile, start, tableOf, told, until } from './seatfile.js';

/** T, seconds. */
const T = 4;
const place = freshPlace();
const onPc3 = { SEATFILE_MACHINE: 'pc-3', SEATFILE_HOST: 'pc-3', SEATFILE_USER: 'cy' };
const COMMAND = ['--', process.execPath, '-e', 'console.log("works")'];

/** The last beats of the dead, by user. Milliseconds. */
async function everybodyDead(): Promise<Map<string, number>> {
  await seatfile(['init', place.file, '--module', 'M1=2', '--check-interval', `${T}s`]);
  const both = [hold(place.file, 'ada', 'pc-1'), hold(place.file, 'bob', 'pc-2')];
  await Promise.all(both.map((one) => told(one, 'seated')));
  for (const one of both) one.process.kill('SIGKILL');
  await Promise.all(both.map((one) => one.ended));
  const { instances } = tableOf(place.file);
  return new Map(instances.map((record) => [record.user, fromIso(record.beatAt)]));
}

test('everybody died, each on a PC of his own: run --wait asks them, and runs when nobody answers', async () => {
  const lastBeats = await everybodyDead();
  const refused = await seatfile(['run', place.file, ...COMMAND], onPc3);
  expect(refused).toMatchObject({ status: 75, out: '' });
  const { status, out, err } = await seatfile(['run', place.file, '--wait', '50s', ...COMMAND], onPc3);
  expect({ status, out }).toEqual({ status: 0, out: 'works' });
  expect(err).toMatch(
    /no seat is free; 2 are in use:[\s\S]*Waiting for a seat: you are first in the queue\./,
  );
  const [stone] = tableOf(place.file).gone;
  expect(stone).toMatchObject({ reason: 'evicted', actor: 'cy@pc-3', words: 'did not answer the roll call' });
  const silentMs = fromIso(stone?.at ?? '') - (lastBeats.get(stone?.user ?? '') ?? 0);
  expect(silentMs).toBeGreaterThanOrEqual(2 * T * 1000);
});

test('long after, two who come at once share one roll call, and both are seated', async () => {
  const lastBeatMs = Math.max(...(await everybodyDead()).values());
  await until('2 T have passed', 3 * T * 1000, () => Date.now() - lastBeatMs > 2 * T * 1000 || undefined);
  const both = [
    hold(place.file, 'cy', 'pc-3', '--wait', '50s'),
    hold(place.file, 'dee', 'pc-4', '--wait', '50s'),
  ];
  const waiting = await Promise.all(both.map((one) => told(one, 'waiting')));
  expect(waiting).toMatchObject([{ module: 'M1', freesAt: expect.any(String) }, { module: 'M1' }]);
  await Promise.all(both.map((one) => told(one, 'seated')));
  expect(tableOf(place.file).rollCall).toBeUndefined();
});

test('nobody is asked while all beat; waiting ends with 4', async () => {
  await seatfile(['init', place.file, '--module', 'M1=1', '--check-interval', `${T}s`]);
  const ada = hold(place.file, 'ada', 'pc-1');
  await told(ada, 'seated');
  const cy = hold(place.file, 'cy', 'pc-3', '--wait', '3s');
  expect(await told(cy, 'waiting')).toMatchObject({ freesAt: null });
  expect((await cy.ended).status).toBe(4);
  expect(recordOf(tableOf(place.file), 'ada')).toBeDefined();
});

test('stdin closed or a signal ends the wait', async () => {
  await seatfile(['init', place.file, '--module', 'M1=1', '--check-interval', '1h']);
  await told(hold(place.file, 'ada', 'pc-1'), 'seated');
  const [closed, stopped] = [3, 4].map((n) => hold(place.file, 'cy', `pc-${n}`, '--wait', '10m'));
  if (!closed || !stopped) throw new Error('two holds');
  await Promise.all([closed, stopped].map((one) => told(one, 'waiting')));
  closed.process.stdin?.end();
  stopped.process.kill('SIGTERM');
  expect((await closed.ended).status).toBe(4);
  expect((await stopped.ended).status).toBe(143);
});

test.each(['5', '-5s', '25h'])('--wait %s is refused before anything is tried', async (wait) => {
  const run = start(['run', place.file, '--wait', wait, '--', 'true']);
  expect(await run.ended).toMatchObject({
    status: 125,
    complaint: expect.stringMatching(/--wait .*expected/),
  });
  expect((await seatfile(['hold', place.file, '--wait', wait])).status).toBe(2);
});
