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
  until,
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
      const { status, asked, out, err } = await atTerminal(['remove', place.file, '--user', 'ada'], answer);
      expect({ status, asked, out }).toEqual({ status: 1, asked: 'Remove this seat? [y/N] ', out: '' });
      expect(err).toMatch(
        /^M1 ada@pc-1 \(seat .*\)\nThe application loses its seat within 8 s\. .*\nNothing was removed\.\n$/,
      );
      expect(recordOf(tableOf(place.file), 'ada')).toBeDefined();
    },
  );

  test('asked, and answered "y": removed, and said what follows', async () => {
    await told(hold(place.file, 'ada', 'pc-1'), 'seated');
    const answer = await atTerminal(['remove', place.file, '-u', 'ada'], 'y');
    expect(answer).toMatchObject({
      status: 0,
      out: expect.stringMatching(
        /^Removed M1 ada@pc-1 \(.*\)\. The seat is free now\. The user's application is told within 8 s, /,
      ),
    });
    expect(tableOf(place.file).gone).toMatchObject([{ user: 'ada', reason: 'removed', words: null }]);
  });

  test('all: their number has to be typed', async () => {
    await told(hold(place.file, 'ada', 'pc-1'), 'seated');
    await told(hold(place.file, 'bob', 'pc-2'), 'seated');
    for (const answer of ['y', '1', '22', ''])
      expect(await atTerminal(['remove', place.file, '--all'], answer)).toMatchObject({
        status: 1,
        asked: 'To remove all of them, type the number of seats: ',
        err: expect.stringContaining(`Expected 2, got "${answer}". Nothing was removed.\n`),
      });
    expect(tableOf(place.file).instances).toHaveLength(2);
    expect(await atTerminal(['remove', place.file, '--all'], ' 2 ')).toMatchObject({ status: 0 });
    expect(tableOf(place.file).instances).toEqual([]);
  });

  test('Ctrl-C at the question: nothing is removed, 130, no stack', async () => {
    await told(hold(place.file, 'ada', 'pc-1'), 'seated');
    const { status, err } = await atTerminal(['remove', place.file, '--all'], CTRL_C);
    expect(status).toBe(130);
    expect(err).toMatch(/\n\nInterrupted\. Nothing was done\.\n$/);
    expect(recordOf(tableOf(place.file), 'ada')).toBeDefined();
  });

  test('a dry run asks nothing and changes nothing; an ambiguous seat is usage', async () => {
    await told(hold(place.file, 'ada', 'pc-1'), 'seated');
    const { revision } = tableOf(place.file);
    const { status, asked, out } = await atTerminal(['remove', place.file, '--all', '-n'], 'y');
    expect({ status, asked }).toEqual({ status: 0, asked: '' });
    expect(out).toMatch(/^Would remove M1 ada@pc-1/);
    expect((await atTerminal(['remove', place.file, '--seat', 'abc'], 'y')).status).toBe(2);
    expect(tableOf(place.file).revision).toBe(revision);
  });

  test('the document of a removal: in whose favour; nothing else on stdout', async () => {
    await told(hold(place.file, 'ada', 'pc-1'), 'seated');
    await told(hold(place.file, 'bob', 'pc-2'), 'seated');
    await told(hold(place.file, 'cyd', 'pc-3', '--wait', '1h'), 'waiting');
    const { out } = await atTerminal(['remove', place.file, '-u', 'ada', '--json', '--reason', 'lunch'], 'y');
    expect(JSON.parse(out)).toMatchObject({
      ...{ schemaVersion: 1, file: place.file, dryRun: false, gently: false, reason: 'lunch', missed: 0 },
      seats: [{ user: 'ada', place: 'given', givenTo: { user: 'cyd', host: 'pc-3' }, toldWithinSeconds: 8 }],
    });
    const none = await atTerminal(['remove', place.file, '-u', 'zoe', '--json'], 'y');
    expect([none.status, JSON.parse(none.out).seats]).toEqual([1, []]);
    const words = await atTerminal(['remove', place.file, '-u', 'zoe'], 'y');
    expect(words.err).toBe('No seat matches these options; 2 other seats are in use. Nothing was removed.\n');
  });
});

describe('real processes', () => {
  test('removed gently: the holder leaves, and then the seat is free', async () => {
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    const answer = await seatfile(['remove', place.file, '--all', '--gently', '--yes', '--reason', 'lunch']);
    expect(answer).toMatchObject({
      status: 0,
      out: expect.stringMatching(
        /^Asked to leave: M1 ada@pc-1 .*The seat is free when the application has left/,
      ),
      err: expect.stringContaining('remove it without --gently'),
    });
    expect(await told(ada, 'lost')).toMatchObject({ reason: 'removed', words: 'lunch' });
    expect((await ada.ended).status).toBe(5);
    await until('gone', 10_000, () => tableOf(place.file).instances.length === 0 || undefined);
    expect(tableOf(place.file).gone).toMatchObject([{ user: 'ada', reason: 'removed', words: 'lunch' }]);
  });

  test('a removal undone; a second time, and of what is not known, is refused with the reason', async () => {
    const ada = hold(place.file, 'ada', 'pc-1');
    const { seat } = await told(ada, 'seated');
    const id = String(seat);
    await atTerminal(['remove', place.file, '--seat', id.slice(0, 6), '--yes'], '');
    const dry = await atTerminal(['undo', place.file, '--seat', id, '-n', '--json'], '');
    expect(JSON.parse(dry.out)).toMatchObject({ undone: true, dryRun: true, seats: [{ user: 'ada' }] });
    expect(tableOf(place.file).instances).toEqual([]);
    const undone = await atTerminal(['undo', place.file, '--seat', id], '');
    expect(undone).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^Undone: M1 ada@pc-1 \(.*\) is in the table again\. /),
    });
    expect(recordOf(tableOf(place.file), 'ada')?.seats).toMatchObject([{ id }]);
    expect(await atTerminal(['undo', place.file, '--seat', id], '')).toMatchObject({
      status: 1,
      err: expect.stringContaining('there is nothing to undo. Nothing was undone.'),
    });
    expect(await atTerminal(['undo', place.file, '--seat', 'ffff0'], '')).toMatchObject({
      status: 1,
      err: expect.stringContaining('No seat and no removal begins with ffff0'),
    });
    const bob = hold(place.file, 'bob', 'pc-2');
    const given = String((await told(bob, 'seated'))['seat']);
    bob.process.stdin?.end();
    await bob.ended;
    expect((await atTerminal(['undo', place.file, '--seat', given], '')).err).toContain(
      'bob@pc-2: released at',
    );
  });

  test('a message reaches hold, and run on stderr, escaped; the journal has it', async () => {
    const ada = hold(place.file, 'ada', 'pc-1');
    await told(ada, 'seated');
    const run = start(
      ['run', place.file, '-u', 'bob', '--', process.execPath, '-e', 'setTimeout(() => {}, 60000)'],
      {
        SEATFILE_MACHINE: 'pc-2',
      },
    );
    await until('bob seated', 10_000, () => recordOf(tableOf(place.file), 'bob'));
    const words = 'tea \u001b[31m now';
    const answer = await atTerminal(['notify', place.file, '--all', '--message', words], '');
    expect(answer).toMatchObject({ status: 0, out: expect.stringMatching(/^Message for M1 ada@pc-1 .*8 s/) });
    expect(await told(ada, 'message')).toMatchObject({ module: 'M1', words });
    await until('told', 10_000, () => run.complaint().includes('tea \\u{1b}[31m now') || undefined);
    const { out } = await seatfile(['journal', place.file]);
    expect(out.match(/ notified /g)).toHaveLength(2);
    expect((await atTerminal(['notify', place.file, '-u', 'zoe', '--message', 'x'], '')).status).toBe(1);
    for (const wrong of [
      ['--all'],
      ['--all', '--message', ' '],
      ['--message', 'x'],
      ['--all', '--message', 'x'.repeat(501)],
    ])
      expect((await atTerminal(['notify', place.file, ...wrong], '')).status).toBe(2);
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
