import { expect, test } from 'vitest';
import { ShareError } from '../../src/share/files.js';
import { numberName } from '../../src/share/layout.js';
import { FOLDER, World } from '../helpers/world.js';

/** Opening a licence looks once at the place it lies in. */
const warningsOf = (world: World) =>
  world.told.filter(({ event }) => event === 'warning').map(({ detail }) => detail);

async function opened(world: World): Promise<unknown[]> {
  const ada = await world.user(world.host('pc-1'), 'ada');
  expect((await ada.acquire('M1')).kind).toBe('seated');
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
