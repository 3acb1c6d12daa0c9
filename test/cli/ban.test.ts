import { beforeEach, describe, expect, test } from 'vitest';
import { atTerminal, CTRL_C, freshPlace, hold, recordOf, seatfile, tableOf, told } from './seatfile.js';

const place = freshPlace();
const admin = (words: readonly string[], answer = '') =>
  atTerminal([...words.slice(0, 1), place.file, ...words.slice(1)], answer);

beforeEach(async () => {
  await seatfile(['init', place.file, '--module', 'M1=2', '--module', 'M2=2', '--check-interval', '8s']);
});

const MISTAKES: readonly (readonly [words: readonly string[], why: string])[] = [
  [['ban'], 'which user?'],
  [['ban', '-u', ''], '--user: expected a name of 1 to 256 characters'],
  [['ban', '-u', 'x'.repeat(257)], '--user: expected a name'],
  [['ban', '-u', 'bob', '--for', 'soon'], '--for soon: expected a number with a unit'],
  [['ban', '-u', 'bob', '--for', '1h', '--lift'], '--lift ends a ban, and --for begins one'],
  [['ban', '-u', 'bob', '--reason', 'x'.repeat(1025)], '--reason: expected at most 1024'],
  [['reserve', '-m', 'M1'], 'for whom?'],
  [['reserve', '-u', 'bob'], 'name one'],
  [['reserve', '-m', 'M9', '-u', 'bob'], 'no module "M9"'],
  [['reserve', '-m', 'M1', '--host', ''], '--host: expected a name'],
  [['set', '-m', 'M1=0'], 'to drop a module give --drop-module M1'],
  [['set', '-m', 'M1=2', '--drop-module', 'M1'], 'M1 is given seats, and dropped'],
  [['set', '--drop-module', 'M9'], 'no module "M9"'],
];

describe('ban', () => {
  test('asked where it takes seats: says which; "n" and Ctrl-C change nothing', async () => {
    await told(hold(place.file, 'bob', 'pc-1', '--module', 'M1'), 'seated');
    const { revision } = tableOf(place.file);
    const no = await admin(['ban', '--user', 'bob', '--for', '2h'], 'n');
    expect(no.asked).toMatch(
      /^Ban bob until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, and take this seat\? \[y\/N\] $/,
    );
    expect(no.err).toMatch(/^Would take M1 bob@pc-1 \(seat [0-9a-f]{8}, pid \d+\)\..* is told within 1 s/);
    expect([no.status, no.out]).toEqual([1, '']);
    const stopped = await admin(['ban', '--user', 'bob'], CTRL_C);
    expect([stopped.status, stopped.err]).toEqual([
      130,
      expect.stringMatching(/\nInterrupted. Nothing was done.\n$/),
    ]);
    expect(tableOf(place.file).revision).toBe(revision);
  });

  test('the holder is told, and every new claim in that name is refused until it is lifted', async () => {
    const bob = hold(place.file, 'bob', 'pc-1', '--module', 'M1');
    await told(bob, 'seated');
    const { status, out } = await admin(['ban', '-u', 'BOB', '--reason', 'audit'], 'y');
    expect(status).toBe(0);
    expect(out).toMatch(/^Banned BOB until the ban is lifted\.\nTook M1 bob@pc-1 /);
    expect(await told(bob, 'lost')).toMatchObject({ reason: 'banned', words: 'audit' });
    expect((await bob.ended).status).toBe(5);

    const again = hold(place.file, 'bob', 'pc-9', '--module', 'M2', '--wait', '1m');
    expect(await told(again, 'refused')).toMatchObject({ reason: 'banned', untilAt: null, words: 'audit' });
    expect((await again.ended).status).toBe(4);
    const ran = await seatfile(['run', place.file, '-m', 'M2', '-u', 'bob', '--', 'true']);
    expect(ran.status).toBe(75);
    expect(ran.err).toMatch(
      /^seatfile: M2: you are banned by .* until the ban is lifted: "audit"\. Ask .*\.\n$/,
    );

    expect(await admin(['ban', '-u', 'bob', '--lift'])).toMatchObject({
      ...{ status: 0, out: 'Lifted the ban of bob. The user may take a seat again.\n' },
    });
    await told(hold(place.file, 'bob', 'pc-9', '--module', 'M2'), 'seated');
    const { out: journal } = await seatfile(['journal', place.file]);
    expect(journal).toMatch(/ban set .*until lifted, "audit"/);
    expect(journal).toMatch(/banned +M1 .*"audit"/);
    expect(journal).toMatch(/denied +M2 +bob .*banned/);
    expect(journal).toMatch(/ban lifted/);
  });

  test('takes the place in the queue, and the waiter ends at once', async () => {
    for (const user of ['ada', 'cy']) await told(hold(place.file, user, 'pc-1', '--module', 'M1'), 'seated');
    const bob = hold(place.file, 'bob', 'pc-2', '--module', 'M1', '--wait', '1h');
    await told(bob, 'waiting');
    const { asked, out } = await admin(['ban', '-u', 'bob', '--for', '2h']);
    expect(asked).toBe('');
    expect(out).toContain('Took the place of bob@pc-2 in the queue of M1.\n');
    expect(await told(bob, 'refused')).toMatchObject({ reason: 'banned' });
    expect((await bob.ended).status).toBe(4);
  });

  test('elsewhere than on a terminal it needs --yes where it takes seats, and only there', async () => {
    await told(hold(place.file, 'bob', 'pc-1', '--module', 'M1'), 'seated');
    const piped = await seatfile(['ban', place.file, '-u', 'bob']);
    expect([piped.status, piped.err]).toEqual([
      2,
      'seatfile: ban: confirmation needed; run it in a terminal, or add --yes\n',
    ]);
    expect(recordOf(tableOf(place.file), 'bob')).toBeDefined();
    expect((await seatfile(['ban', place.file, '-u', 'zoe'])).status).toBe(0);
    expect((await seatfile(['ban', place.file, '-u', 'bob', '-y'])).status).toBe(0);
    expect(recordOf(tableOf(place.file), 'bob')).toBeUndefined();
  });

  test('a dry run and --json tell the same, and a dry run changes nothing', async () => {
    await told(hold(place.file, 'bob', 'pc-1', '--module', 'M1'), 'seated');
    const { revision } = tableOf(place.file);
    const dry = await admin(['ban', '-u', 'bob', '-n', '--json']);
    expect(JSON.parse(dry.out)).toMatchObject({
      ...{ schemaVersion: 1, revision, dryRun: true, act: 'ban', user: 'bob', untilAt: null, before: null },
      ...{ seats: [{ module: 'M1', user: 'bob', host: 'pc-1', toldWithinSeconds: 1 }], waiting: [] },
    });
    const words = await admin(['ban', '-u', 'bob', '-n', '--for', '30d']);
    expect(words.out).toMatch(/^Would ban bob until .*\.\nWould take M1 bob@pc-1/);
    expect(tableOf(place.file).revision).toBe(revision);
    const done = await admin(['ban', '-u', 'bob', '-y', '--json']);
    expect(JSON.parse(done.out)).toMatchObject({ dryRun: false, seats: [{ module: 'M1' }] });
  });

  test('a name without a seat is told, and who was meant; so is a reservation that stays', async () => {
    await told(hold(place.file, 'bob', 'pc-1', '--module', 'M1'), 'seated');
    expect((await admin(['ban', '-u', 'bbo'])).err).toBe(
      'No seat is held, and none is waited for, in this name now; did you mean bob?\n',
    );
    await admin(['reserve', '-m', 'M1', '-u', 'zoe']);
    expect((await admin(['ban', '-u', 'ZOE'])).err).toContain(
      `stays reserved for ZOE. To end that: seatfile reserve ${place.file} --module M1 --user zoe --lift\n`,
    );
    const twice = await admin(['ban', '-u', 'zoe', '--for', '1h']);
    expect(twice.out).toMatch(/^Banned zoe until .*\. Before that the ban held until the ban is lifted\.\n$/);
  });

  test('lifting what is no ban says which there are: 1', async () => {
    const none = await admin(['ban', '-u', 'bob', '--lift']);
    expect([none.status, none.err]).toEqual([1, 'bob is not banned. No user is. Nothing was changed.\n']);
    await admin(['ban', '-u', 'a\u001b[31m\u202e']);
    await admin(['ban', '-u', 'bobby']);
    const other = await admin(['ban', '-u', 'bob', '--lift', '--json']);
    expect([other.status, other.err]).toEqual([
      1,
      'bob is not banned; did you mean bobby? Banned: a\\u{1b}[31m\\u{202e}, bobby. Nothing was changed.\n',
    ]);
    expect(JSON.parse(other.out)).toMatchObject({ act: 'none', user: 'bob' });
  });

  test('what is no such command is usage, and nothing is done', async () => {
    const { revision } = tableOf(place.file);
    for (const [words, why] of MISTAKES) {
      const { status, err } = await admin(words, 'y');
      expect(err).toContain(why);
      expect([status, tableOf(place.file).revision]).toEqual([2, revision]);
    }
  });
});

describe('reserve', () => {
  test('keeps the seat: others are refused, its user gets in; lifted, the waiter has it', async () => {
    expect((await admin(['reserve', '-m', 'M1', '--user', 'boss', '-n'])).out).toBe(
      'Would reserve a seat of M1 for boss. For all others 1 of 2 are free.\n',
    );
    expect((await admin(['reserve', '-m', 'M1', '--user', 'boss'])).out).toBe(
      'Reserved a seat of M1 for boss. For all others 1 of 2 are free.\n',
    );
    expect((await admin(['reserve', '-m', 'M1', '--user', 'BOSS'])).out).toBe(
      'There is a seat of M1 for BOSS already. Nothing was changed.\n',
    );
    await told(hold(place.file, 'ada', 'pc-1', '--module', 'M1'), 'seated');
    const ran = await seatfile(['run', place.file, '-m', 'M1', '-u', 'cy', '--', 'true']);
    expect([ran.status, ran.err]).toEqual([
      75,
      'seatfile: M1: the seats that are free are reserved for other users. To wait for one: --wait 10m. ' +
        'seatfile status shows the seats.\n',
    ]);
    const cy = hold(place.file, 'cy', 'pc-2', '--module', 'M1', '--wait', '1h');
    await told(cy, 'waiting');
    const boss = hold(place.file, 'boss', 'pc-3', '--module', 'M1');
    await told(boss, 'seated');
    boss.process.stdin?.end();
    await boss.ended;
    const status = JSON.parse((await seatfile(['status', place.file, '--json'])).out);
    expect(status.modules[0]).toMatchObject({ inUse: 1, reserved: 1, free: 0, waiting: 1 });
    expect(status.waiting).toMatchObject([{ user: 'cy', isReserved: false }]);
    expect((await admin(['reserve', '-m', 'M1', '--user', 'boss', '--lift'])).out).toBe(
      'No longer keeps a seat of M1 for boss.\n',
    );
    await told(cy, 'seated');
  });

  test('where its user sits already, and where all are in use', async () => {
    await told(hold(place.file, 'ada', 'pc-1', '--module', 'M1'), 'seated');
    await told(hold(place.file, 'bob', 'pc-1', '--module', 'M1'), 'seated');
    expect((await admin(['reserve', '-m', 'M1', '-u', 'ada'])).out).toBe(
      'Reserved a seat of M1 for ada. It is in use there now.\n',
    );
    expect((await admin(['reserve', '-m', 'M1', '--host', 'lab'])).out).toBe(
      'Reserved a seat of M1 for host lab. All seats are in use: the next that falls free is kept.\n',
    );
    const more = await admin(['reserve', '-m', 'M1', '-u', 'eve', '--host', 'lab']);
    expect([more.status, more.err]).toEqual([2, expect.stringContaining('2 of 2 seats are reserved')]);
    const none = await admin(['reserve', '-m', 'M1', '-u', 'aad', '--lift', '--json']);
    expect([none.status, none.err]).toEqual([
      1,
      'No seat of M1 is reserved for aad; did you mean ada? Reserved: for ada, host lab. Nothing was changed.\n',
    ]);
    expect(JSON.parse(none.out)).toMatchObject({ act: 'none', module: 'M1', user: 'aad', host: null });
  });
});

describe('set --module', () => {
  test('changes, adds and drops, says the old and the new check interval, and when it is used', async () => {
    await seatfile(['init', `${place.file}.new`, '--module', 'CAD=2', '--module', 'BIM=1']);
    const set = async (...words: string[]) => await atTerminal(['set', `${place.file}.new`, ...words], '');
    const wish = ['-m', 'CAD=10', '-m', 'VR=1', '--drop-module', 'BIM'];
    expect((await set(...wish, '--dry-run')).out).toBe(
      'CAD: 10 users at once; it was 2.\nVR: 1 user at once, a new module.\nBIM: dropped.\n' +
        'Would be: heartbeat, check interval 5 min (it was 60 s).\n',
    );
    expect((await set(...wish)).out).toMatch(
      /BIM: dropped\.\nheartbeat, check interval 5 min \(it was 60 s\)\. Running applications use .* within 8 s\.\n$/,
    );
    const json = JSON.parse((await set('-m', 'CAD=10', '--json')).out);
    expect(json).toMatchObject({ isChanged: false, checkIntervalSeconds: 300, followWithinSeconds: null });
    expect(json.modules).toMatchObject([
      { module: 'CAD', maxUsers: 10, maxUsersBefore: 10 },
      { module: 'VR', maxUsers: 1, maxUsersBefore: 1 },
    ]);
    const more = JSON.parse((await set('-m', 'CAD=9', '-m', 'AR=1', '--drop-module', 'VR', '--json')).out);
    expect(more).toMatchObject({
      modules: [
        { module: 'CAD', maxUsers: 9, maxUsersBefore: 10 },
        { module: 'AR', maxUsersBefore: null },
      ],
      ...{ dryRun: false, dropped: [{ module: 'VR', maxUsersBefore: 1 }] },
    });
    await set('-m', 'CAD=10', '-m', 'VR=1', '--drop-module', 'AR');
    expect((await set('-m', 'CAD=10')).out).toBe('heartbeat, check interval 5 min, as before.\n');
  });

  test('fewer than are in use: nobody loses a seat, and how many have to be given back', async () => {
    const ada = hold(place.file, 'ada', 'pc-1', '--module', 'M1');
    await told(ada, 'seated');
    await told(hold(place.file, 'bob', 'pc-1', '--module', 'M1'), 'seated');
    const { status, err } = await admin(['set', '-m', 'M1=1']);
    expect([status, err]).toEqual([
      0,
      'M1: 2 seats are in use, and there are 1. No user loses a seat; no new user is seated before 2 are given back.\n',
    ]);
    expect(recordOf(tableOf(place.file), 'bob')).toBeDefined();
    const drop = await admin(['set', '--drop-module', 'M1']);
    expect([drop.status, drop.err]).toEqual([
      2,
      expect.stringContaining(`seatfile remove ${place.file} --module M1`),
    ]);
  });
});

test('what a waiter is told, it is told once; then only its place, and that none fell free', async () => {
  for (const user of ['ada', 'bob']) await told(hold(place.file, user, 'pc-1', '--module', 'M1'), 'seated');
  const { status, err } = await seatfile([
    ...['run', place.file, '-m', 'M1', '-u', 'cy', '--wait', '1s', '--', 'true'],
  ]);
  expect(status).toBe(75);
  expect(err.match(/ada@pc-1/g)).toHaveLength(1);
  expect(err).toMatch(
    /in the queue\.\nseatfile: M1: no seat fell free within \d s\. seatfile status shows the seats\.\n$/,
  );
  const now = await seatfile(['run', place.file, '-m', 'M1', '-u', 'cy', '--', 'true']);
  expect(now.err).toMatch(/\nTo wait for one: --wait 10m\. seatfile status shows the seats\.\n$/);
});
