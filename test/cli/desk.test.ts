import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  atTerminal,
  CTRL_C,
  freshPlace,
  hold,
  recordOf,
  seatfile,
  start,
  tableOf,
  told,
} from './seatfile.js';

const place = freshPlace();

beforeEach(async () => {
  await seatfile(['init', place.file, '--module', 'M1=2']);
});

describe('remove on a terminal', () => {
  test.each(['', 'n', 'no', 'yesterday'])(
    'asked, and answered "%s": nothing is removed, 1',
    async (answer) => {
      await told(hold(place.file, 'ada', 'pc-1'), 'seated');
      const { status, asked, out } = await atTerminal(['remove', place.file, '--user', 'ada'], answer);
      expect({ status, asked }).toEqual({ status: 1, asked: 'Remove this seat? [y/N] ' });
      expect(out).toMatch(/^Removing M1 ada@pc-1/);
      expect(recordOf(tableOf(place.file), 'ada')).toBeDefined();
    },
  );

  test('asked, and answered "y": removed', async () => {
    await told(hold(place.file, 'ada', 'pc-1'), 'seated');
    expect(await atTerminal(['remove', place.file, '--user', 'ada'], 'y')).toMatchObject({ status: 0 });
    expect(tableOf(place.file).gone).toMatchObject([{ user: 'ada', reason: 'removed', words: null }]);
  });

  test('Ctrl-C at the question: nothing is removed, 130, no stack', async () => {
    await told(hold(place.file, 'ada', 'pc-1'), 'seated');
    const { status, err } = await atTerminal(['remove', place.file, '--all'], CTRL_C);
    expect({ status, err }).toEqual({ status: 130, err: '\nInterrupted. Nothing was done.\n' });
    expect(recordOf(tableOf(place.file), 'ada')).toBeDefined();
  });

  test('a dry run asks nothing and changes nothing; an ambiguous seat is usage', async () => {
    await told(hold(place.file, 'ada', 'pc-1'), 'seated');
    const { revision } = tableOf(place.file);
    const { status, asked, out } = await atTerminal(['remove', place.file, '--all', '--dry-run'], 'y');
    expect({ status, asked }).toEqual({ status: 0, asked: '' });
    expect(out).toMatch(/^Would remove M1 ada@pc-1/);
    expect((await atTerminal(['remove', place.file, '--seat', 'abc'], 'y')).status).toBe(2);
    expect(tableOf(place.file).revision).toBe(revision);
  });
});

test('a user that only waits is told as that, with its place in the queue', async () => {
  await told(hold(place.file, 'ada', 'pc-1'), 'seated');
  await told(hold(place.file, 'bob', 'pc-2'), 'seated');
  await told(hold(place.file, 'cyd', 'pc-3', '--wait', '1h'), 'waiting');
  expect(await seatfile(['status', place.file, '--user', 'cyd'])).toMatchObject({
    status: 0,
    out: expect.stringContaining('cyd@pc-3 has no seat of M1, and waits for one: place 1 in the queue.'),
  });
});

test('status filters, and tells who is leaving', async () => {
  await told(hold(place.file, 'ada', 'pc-1'), 'seated');
  await told(hold(place.file, 'bob', 'pc-2'), 'seated');
  const only = await seatfile(['status', place.file, '--user', 'BOB', '--json']);
  expect((JSON.parse(only.out) as { seats: { user: string }[] }).seats.map((one) => one.user)).toEqual([
    'bob',
  ]);
  await seatfile(['set', place.file, '--check-interval', '1h']);
  await seatfile(['remove', place.file, '--user', 'ada', '--yes']);
  const after = JSON.parse((await seatfile(['status', place.file, '--json'])).out) as {
    seats: { user: string; state: string }[];
    modules: { inUse: number }[];
  };
  expect(after.seats).toMatchObject([
    { user: 'bob', state: 'alive' },
    { user: 'ada', state: 'leaving' },
  ]);
  expect(after.modules).toMatchObject([{ inUse: 1 }]);
});

test('a licence that has moved: status says where to, and what would write is refused', async () => {
  const newest = `${place.file}.revisions/000000000001/licence.json`;
  writeFileSync(newest, readFileSync(newest, 'utf8').replace('{', '{"movedTo": "//new/licence.json",'));
  const before = readdirSync(place.directory, { recursive: true });
  const said = await seatfile(['status', place.file]);
  expect(said).toMatchObject({ status: 0, out: expect.stringContaining('has moved to //new/licence.json') });
  const view = JSON.parse((await seatfile(['status', place.file, '--json'])).out) as { movedTo: string };
  expect(view.movedTo).toBe('//new/licence.json');
  const refused = await seatfile(['set', place.file, '--level', 'light']);
  expect(refused).toMatchObject({ status: 3, err: expect.stringContaining('//new/licence.json; nothing') });
  expect(readdirSync(place.directory, { recursive: true })).toEqual(before);
});

test('a wait longer than a second says what it waits for', async () => {
  mkdirSync(`${place.file}.revisions/lock`);
  const answer = await seatfile(['set', place.file, '--check-interval', '1h']);
  expect(answer).toMatchObject({
    status: 0,
    err: expect.stringMatching(/^Waiting for its turn to write; others are writing; \d+ s at most\n/),
  });
  expect(tableOf(place.file).settings).toMatchObject({ checkIntervalSeconds: 3600 });
});

test('a user or host without a seat: 1, with the number of others; a module without one is no mismatch', async () => {
  const asked = (...words: string[]) => seatfile(['status', place.file, ...words]);
  expect(await asked('--user', 'cyd')).toMatchObject({
    status: 1,
    out: expect.stringContaining('No seat matches --user cyd; no seats are in use.'),
  });
  await told(hold(place.file, 'ada', 'pc-1'), 'seated');
  expect((await asked('--user', 'cyd')).out).toContain('No seat matches --user cyd; 1 other seat is in use.');
  await told(hold(place.file, 'bob', 'pc-2'), 'seated');
  expect(await asked('--host', 'pc-9', '--user', 'cyd', '--module', 'M1')).toMatchObject({
    status: 1,
    out: expect.stringContaining(
      'No seat matches --module M1 --user cyd --host pc-9; 2 other seats are in use.',
    ),
  });
  const document = await asked('--user', 'cyd', '--json');
  expect([document.status, JSON.parse(document.out).seats]).toEqual([1, []]);
  expect((await asked('--module', 'M1', '--user', 'ada')).status).toBe(0);
  const waiter = hold(place.file, 'cyd', 'pc-3', '--wait', '1m');
  await told(waiter, 'waiting');
  expect((await asked('--user', 'cyd')).status).toBe(0);
});

test.each(['heartbeat', 'light'])(
  'a killed process of this computer, %s, is gone, and remove says so',
  async (level) => {
    await seatfile(['set', place.file, '--level', level]);
    const child = start(['hold', place.file, '--json', '--user', 'ada']);
    await told(child, 'seated');
    const stateNow = async () =>
      JSON.parse((await seatfile(['status', place.file, '--json'])).out).seats.map(
        (one: { state: string }) => one.state,
      );
    expect(await stateNow()).toEqual([level === 'light' ? 'unmonitored' : 'alive']);
    child.process.kill('SIGKILL');
    await child.ended;
    expect(await stateNow()).toEqual(['gone']);
    const { out } = await seatfile(['remove', place.file, '--dead', '--yes']);
    expect(out).toMatch(/^Removed M1 ada.* Its process is gone\.$/m);
    expect(out).not.toMatch(/is told within/);
  },
);
