import { expect, test } from 'vitest';
import type { SeatfileFault } from '../../src/licence/fault.js';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { numberName } from '../../src/share/layout.js';
import { callOf, portOf } from '../helpers/port.js';
import { FOLDER, World } from '../helpers/world.js';

/** A process that has opened a licence looks once at the place it lies in, behind the answer. */
const warningsOf = (world: World) =>
  world.told.filter(({ event }) => event === 'warning').map(({ detail }) => detail);

async function opened(world: World): Promise<unknown[]> {
  const ada = await world.user(world.host('pc-1'), 'ada');
  expect((await ada.acquire('M1')).kind).toBe('seated');
  await world.advance(2500);
  return warningsOf(world);
}

test('an ordinary share: nothing to say', async () => {
  expect(await opened(new World({ modules: { M1: 2 } }))).toEqual([]);
});

test('a folder that a client synchronises: a warning, and seats all the same', async () => {
  const world = new World({ modules: { M1: 2 } });
  world.server.makeDirectory('/share/.dropbox.cache');
  const warnings = await opened(world);
  expect(warnings).toEqual([
    { code: 'UNFIT', message: expect.stringMatching(/^\/share is synchronised by Dropbox/) },
  ]);
});

test('a file system that can hold no table: a warning', async () => {
  const world = new World({ modules: { M1: 2 } });
  world.server.disk = { type: 0x73717368, freeBytes: 1e9 };
  expect(await opened(world)).toEqual([{ code: 'UNFIT', message: expect.stringContaining('squashfs') }]);
});

test('a share that does not tell its file system is opened as ever', async () => {
  const world = new World({ modules: { M1: 2 } });
  const volume = (path: string) => Promise.reject(new ShareError('unsaid', 'ask', path));
  const host = world.host('pc-1', { wrap: (files) => ({ ...files, volume }) });
  const ada = await world.user(host, 'ada');
  expect((await ada.acquire('M1')).kind).toBe('seated');
  await world.advance(2500);
  expect(warningsOf(world)).toEqual([]);
});

test('an opener that was stopped past the deadline is told at once what is wrong, and waits no more', async () => {
  const world = new World({ modules: { M1: 2 } });
  const ada = await world.user(world.host('pc-1'), 'ada');
  await ada.sit('M1');
  await ada.leave();
  const { server } = world;
  const top = numberName(Math.max(...server.list(FOLDER).map(Number).filter(Number.isFinite)));
  server.scribble(`${FOLDER}/${top}/licence.json`, '{');
  const bob = world.host('pc-2').enter('bob');
  const told = bob.open({}).then(
    () => 'opened',
    (error: Error) => error.message,
  );
  bob.freeze();
  await world.advance(300_000);
  bob.thaw();
  const thawedMs = world.nowMs;
  expect(await world.run(told)).toMatch(/given up at the deadline .*is damaged/);
  expect(world.nowMs - thawedMs).toBeLessThan(1000);
});

test('what is wrong with the place is told although the opening itself took long', async () => {
  const world = new World({ modules: { M1: 2 } });
  await world.user(world.host('pc-0'), 'bob').then((bob) => bob.sit('M1'));
  world.server.makeDirectory('/share/.dropbox.cache');
  let isOld = true;
  const host = world.host('pc-1', {
    wrap: (files) => ({
      ...files,
      list: (path) => (isOld && path === FOLDER ? Promise.resolve([]) : files.list(path)),
    }),
  });
  const opening = host.start('ada');
  await world.advance(8000);
  isOld = false;
  await world.run(opening);
  await world.advance(3000);
  expect(world.told.filter(({ who, event }) => who === 'ada' && event === 'warning')).toHaveLength(1);
});

test('an operation about the place that never returns costs no heartbeat', async () => {
  const world = new World({ modules: { M1: 5 }, checkIntervalSeconds: 30 });
  let isHung = false;
  const host = world.host('pc-1', {
    wrap: (files) => ({
      ...files,
      volume: (path) => (isHung ? new Promise(() => undefined) : files.volume(path)),
    }),
  });
  const ada = await world.user(host, 'ada');
  await ada.sit('M1');
  isHung = true;
  await world.advance(120_000);
  expect(world.stories()).toEqual([]);
});

test('a share that falls silent while the licence is opened is told after one wait', async () => {
  for (const silentFrom of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const world = new World({ modules: { M1: 2 } });
    const ada = await world.user(world.host('pc-1'), 'ada');
    await ada.sit('M1');
    let asked = 0;
    const wrap = (files: ShareFiles) =>
      portOf((operation, args) =>
        ++asked >= silentFrom ? new Promise(() => {}) : callOf(files)(operation, args),
      );
    const bob = world.host('pc-2', { wrap }).enter('bob');
    const fromMs = world.nowMs;
    const told = bob.open({}).then(
      () => 'opened',
      (error: SeatfileFault) => error.code,
    );
    const endedMs = told.then(() => world.nowMs - fromMs);
    await world.advance(120_000);
    expect([silentFrom, await told, await endedMs]).toEqual([silentFrom, 'SHARE_UNREACHABLE', 20_000]);
  }
});
