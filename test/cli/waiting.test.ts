import { describe, expect, test } from 'vitest';
import type { StatusView } from '../../src/rules/status-view.js';
import type { Child } from '../processes/children.js';
import { freshPlace, hold, recordOf, seatfile, start, tableOf, told, until } from './seatfile.js';

const place = freshPlace();
const WAIT = ['--wait', '1h'];
/** A poll of a waiter, and a commit on a busy computer. Milliseconds. */
const HAND_OVER_MS = 5000 + 4000;

/** T is 30 min, so that nothing here comes from a beat; `ada` has the only seat. */
async function fullFile(machine = 'pc-1'): Promise<Child> {
  const { status, err } = await seatfile(['init', place.file, '--module', 'M1=1', '--check-interval', '30m']);
  expect({ status, err }).toMatchObject({ status: 0 });
  const ada = hold(place.file, 'ada', machine);
  await told(ada, 'seated');
  return ada;
}

const places = (child: Child) =>
  child.lines
    .map((line) => JSON.parse(line) as { event: string; place?: number })
    .flatMap((news) => (news.event === 'waiting' ? [news.place] : []));

const atMs = (event: Record<string, unknown>) => Date.parse(event['at'] as string);

async function line(): Promise<string[]> {
  const { out } = await seatfile(['status', place.file, '--json']);
  const { waiting } = JSON.parse(out) as StatusView;
  return waiting.map((one) => `${one.place} ${one.module} ${one.user}@${one.host}`);
}

async function close(child: Child) {
  child.process.stdin?.end();
  return await child.ended;
}

test('first come, first served, at T = 30 min: after a release, a removal, a kill', async () => {
  const ada = await fullFile();
  const bob = hold(place.file, 'bob', 'pc-2', ...WAIT);
  expect(await told(bob, 'waiting')).toMatchObject({ module: 'M1', place: 1, holders: [{ user: 'ada' }] });
  const cy = hold(place.file, 'cy', 'pc-3', ...WAIT);
  expect(await told(cy, 'waiting')).toMatchObject({ place: 2 });
  const command = ['--', process.execPath, '-e', 'console.log("works")'];
  const onPc3 = { SEATFILE_USER: 'dee', SEATFILE_HOST: 'pc-3', SEATFILE_MACHINE: 'pc-3' };
  const dee = start(['run', place.file, ...WAIT, ...command], onPc3);
  await until(
    'dee in the line',
    20_000,
    () => dee.complaint().includes('number 3 in the queue') || undefined,
  );
  expect(await line()).toEqual(['1 M1 bob@pc-2', '2 M1 cy@pc-3', '3 M1 dee@pc-3']);
  const { out } = await seatfile(['status', place.file]);
  expect(out).toMatch(/^M1 +1 +1 +0 +3$/m);
  expect(out).toMatch(/^2 +cy +pc-3 +\d{4}-/m);

  await close(ada);
  const eve = hold(place.file, 'eve', 'pc-5'); // does not wait, and comes while the place changes hands
  expect(await told(eve, 'full')).toMatchObject({ holders: [{ user: 'bob' }] });
  expect((await eve.ended).status).toBe(4);
  expect(atMs(await told(bob, 'seated')) - atMs(await told(ada, 'released'))).toBeLessThan(HAND_OVER_MS);

  await until('cy is next', HAND_OVER_MS, () => places(cy).includes(1) || undefined);
  const removal = await seatfile(['remove', place.file, '--user', 'bob', '--yes']);
  expect(removal.status).toBe(0);
  const removedMs = Date.now();
  expect(recordOf(tableOf(place.file), 'cy')?.seats).toMatchObject([{ module: 'M1' }]);
  expect(atMs(await told(cy, 'seated')) - removedMs).toBeLessThan(HAND_OVER_MS);
  expect(places(cy)).toEqual([2, 1]);

  cy.process.kill('SIGKILL');
  const killedMs = Date.now();
  await dee.heard('works');
  expect(Date.now() - killedMs).toBeLessThan(HAND_OVER_MS);
  expect((await dee.ended).status).toBe(0);
  expect(tableOf(place.file)).toMatchObject({ instances: [], waiting: [] });
});

describe('the line is left without a trace', () => {
  test('by a signal, by a closed stdin, at the end of the time', async () => {
    const ada = await fullFile();
    const signalled = hold(place.file, 'bob', 'pc-2', ...WAIT);
    const closed = hold(place.file, 'cy', 'pc-3', ...WAIT);
    const late = hold(place.file, 'dee', 'pc-4', '--wait', '2s');
    const command = ['--', process.execPath, '-e', 'console.log("works")'];
    const running = start(['run', place.file, ...WAIT, ...command], { SEATFILE_MACHINE: 'pc-5' });
    await Promise.all([signalled, closed, late].map((child) => told(child, 'waiting')));
    await until(
      'run in the line',
      20_000,
      () => running.complaint().includes('Waiting for a seat') || undefined,
    );
    signalled.process.kill('SIGTERM');
    running.process.kill('SIGTERM');
    expect([await signalled.ended, await running.ended]).toMatchObject([{ status: 143 }, { status: 143 }]);
    expect((await close(closed)).status).toBe(4);
    await told(closed, 'full');
    expect((await late.ended).status).toBe(4);
    expect(await line()).toEqual([]);
    await close(ada);
    expect(tableOf(place.file)).toMatchObject({ instances: [], waiting: [] });
  });

  test('who is killed is dropped by the next look of anybody on his computer', async () => {
    const ada = await fullFile();
    const bob = hold(place.file, 'bob', 'pc-2', ...WAIT);
    await told(bob, 'waiting');
    const cy = hold(place.file, 'cy', 'pc-2', ...WAIT);
    expect(await told(cy, 'waiting')).toMatchObject({ place: 2 });
    bob.process.kill('SIGKILL');
    await until('cy is next', HAND_OVER_MS, () => places(cy).includes(1) || undefined);
    expect(await line()).toEqual(['1 M1 cy@pc-2']);
    await close(ada);
    await told(cy, 'seated');
  });
});

test('a wait is a duration of at most a day', async () => {
  expect((await seatfile(['hold', place.file, '--wait', 'soon'])).status).toBe(2);
  expect((await seatfile(['hold', place.file, '--wait', '2d'])).status).toBe(2);
});
