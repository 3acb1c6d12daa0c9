import { expect, test } from 'vitest';
import type { Register } from '../../src/instance/register.js';
import type { ShareFiles } from '../../src/share/files.js';
import { callOf, type MemoryServer, portOf } from '../helpers/memory-share.js';
import { FACE, FOLDER, type User, World } from '../helpers/world.js';

/** One licence at two places that one computer sees. */

const COPY = '/copy/licence.json';
const T_MS = 60_000;

function memoryRegister(): Register & { readonly places: Set<string> } {
  const places = new Set<string>();
  return {
    places,
    note: async (licenceId, path) => void places.add(`${licenceId} ${path}`),
    forget: async (licenceId, path) => void places.delete(`${licenceId} ${path}`),
    placesOf: async (licenceId) =>
      [...places].flatMap((place) => (place.startsWith(`${licenceId} `) ? [place.split(' ')[1] ?? ''] : [])),
  };
}

/** As `cp -r` of the licence with its folder. */
function copyAll(server: MemoryServer, from = '/share', to = '/copy', edit = (text: string) => text): void {
  server.makeDirectory(to);
  for (const name of server.list(from)) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    if (server.stat(source).kind === 'directory') copyAll(server, source, target, edit);
    else server.writeNew(target, edit(server.readText(source)), 0o664);
  }
}

/** The same share under one more name: a mapped drive, a mount. */
function alias(files: ShareFiles, from: string, to: string): ShareFiles {
  const call = callOf(files);
  const renamed = (value: unknown) =>
    typeof value === 'string' && value.startsWith(from) ? to + value.slice(from.length) : value;
  return portOf(async (operation, args) => {
    const answer = await call(operation, args.map(renamed));
    const isPath = operation === 'resolve' && typeof answer === 'string';
    return isPath && String(args[0]).startsWith(from) ? from + answer.slice(to.length) : answer;
  });
}

function setting(wrap?: (files: ShareFiles) => ShareFiles) {
  const world = new World({ modules: { M1: 3 }, checkIntervalSeconds: T_MS / 1000, directoryMode: 0o775 });
  const register = memoryRegister();
  const host = world.host('pc-1', { register, ...(wrap && { wrap }) });
  const open = async (name: string, face: string): Promise<User> => {
    const user = host.enter(name);
    await world.run(user.open({}, face));
    return user;
  };
  const warned = () =>
    world.told.filter(({ event }) => event === 'warning').map(({ who, detail }) => ({ who, detail }));
  return { world, register, open, warned };
}

const copyWarning = (here: string, there: string) => ({
  code: 'COPY',
  message: expect.stringMatching(
    new RegExp(`^${here}: the same licence has another seat table at ${there}: .*\\(3 of M1\\).* delete `),
  ),
});

test('a copy is told to whoever takes a seat in it once both have gone on', async () => {
  const { world, open, warned } = setting();
  const ada = await open('ada', FACE);
  await ada.sit('M1');
  copyAll(world.server);
  await world.advance(T_MS); // Ada beats: the original goes on
  const bob = await open('bob', COPY);
  await world.advance(1000);
  expect(warned()).toEqual([]); // until now the copy is but an older state of it
  await bob.sit('M1');
  await world.advance(1000);
  expect(warned()).toEqual([{ who: 'bob', detail: copyWarning(COPY, FACE) }]);
  const cyd = await open('cyd', FACE);
  await world.advance(1000);
  expect(warned().slice(1)).toEqual([{ who: 'cyd', detail: copyWarning(FACE, COPY) }]);
  await cyd.sit('M1');
  await world.advance(3 * T_MS);
  expect(warned()).toHaveLength(2); // each once
});

test('a copy that is used first is told within a check interval after the original goes on', async () => {
  const { world, open, warned } = setting();
  await (await open('ada', FACE)).sit('M1');
  copyAll(world.server);
  await (await open('bob', COPY)).sit('M1');
  expect(warned()).toEqual([]);
  await world.advance(2.1 * T_MS);
  expect(warned()).toEqual([{ who: 'bob', detail: copyWarning(COPY, FACE) }]);
});

test('two tables that have no revision in common any more', async () => {
  const { world, open, warned } = setting();
  await (await open('ada', FACE)).sit('M1');
  copyAll(world.server);
  for (const number of world.server
    .list(`${COPY}.revisions`)
    .filter((name) => /^\d{12}$/.test(name))
    .slice(0, -1)) {
    world.server.removeFile(`${COPY}.revisions/${number}/licence.json`);
    world.server.removeDirectory(`${COPY}.revisions/${number}`);
  }
  await open('bob', COPY);
  await world.advance(T_MS);
  world.server.rename(`${FOLDER}/000000000000`, `${FOLDER}/clearing-${'0'.repeat(32)}`);
  world.server.rename(`${FOLDER}/000000000001`, `${FOLDER}/clearing-${'1'.repeat(32)}`);
  await open('cyd', FACE);
  await world.advance(1000);
  expect(warned()).toContainEqual({ who: 'cyd', detail: copyWarning(FACE, COPY) });
});

test('another name of the same folder is no copy', async () => {
  const { world, register, open, warned } = setting((files) => alias(files, '/mnt', '/share'));
  await (await open('ada', FACE)).sit('M1');
  await (await open('bob', '/mnt/licence.json')).sit('M1');
  await world.advance(3 * T_MS);
  await (await open('cyd', FACE)).sit('M1');
  await world.advance(3 * T_MS);
  expect(warned()).toEqual([]);
  expect([...register.places]).toEqual([`acme-1 ${FACE}`, 'acme-1 /mnt/licence.json']);
});

test('a licence that was moved, or another that lies there now: the old place is forgotten', async () => {
  const { world, register, open, warned } = setting();
  register.places.add('acme-1 /old/licence.json');
  const ada = await open('ada', FACE);
  await ada.sit('M1');
  await world.advance(1000);
  expect([...register.places]).toEqual([`acme-1 ${FACE}`]);
  register.places.add('acme-1 /other/licence.json');
  copyAll(world.server, '/share', '/other', (text) =>
    text.replaceAll('acme-1', 'acme-2').replaceAll('Acme', 'Other'),
  );
  await world.advance(T_MS);
  await open('bob', FACE);
  await world.advance(1000);
  expect([...register.places]).toEqual([`acme-1 ${FACE}`]);
  expect(warned()).toEqual([]);
});

test('names on the network that somebody wrote down are not looked at, but those of the same share', async () => {
  const looked: string[] = [];
  const { world, register, open } = setting((files) => {
    const call = callOf(files);
    return portOf((operation, args) => {
      looked.push(String(args[0]));
      return call(operation, args);
    });
  });
  for (const place of [
    '\\\\evil\\x\\licence.json',
    '//evil/x/licence.json',
    '\\\\?\\UNC\\evil\\x\\licence.json',
  ])
    register.places.add(`acme-1 ${place}`);
  await (await open('ada', FACE)).sit('M1');
  await world.advance(3 * T_MS);
  expect(looked.filter((path) => path.includes('evil'))).toEqual([]);
});

test('a place that does not answer costs the opening nothing, and is left alone', async () => {
  let asked = 0;
  const { world, register, open, warned } = setting((files) => {
    const call = callOf(files);
    return portOf((operation, args) => {
      if (!String(args[0]).startsWith('/away')) return call(operation, args);
      asked++;
      return new Promise(() => undefined);
    });
  });
  register.places.add('acme-1 /away/licence.json');
  const ada = await open('ada', FACE);
  const before = world.nowMs;
  await ada.sit('M1');
  expect(world.nowMs - before).toBeLessThan(1000);
  await world.advance(5 * T_MS);
  await ada.sit('M1'); // again: what has been silent is not asked once more
  await world.advance(T_MS);
  expect([asked, warned()]).toEqual([1, []]);
  expect(ada.seats[0]?.valid).toBe(true);
});
