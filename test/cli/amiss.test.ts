import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { wordsOfLine } from '../../src/cli/shell-line.js';
import { asMeant, printable } from '../../src/cli/words.js';
import { atTerminal, freshPlace, hold, seatfile, tableOf, told } from './seatfile.js';

/** What an administrator types amiss, and what is said and done then. */

const place = freshPlace();
const typed = (...words: readonly string[]) => atTerminal(words, '');
const admin = (verb: string, ...words: readonly string[]) => typed(verb, place.file, ...words);
const init = (...words: readonly string[]) => admin('init', '-m', 'CAD=2', ...words);

test('why without a seat says where the ids stand', async () => {
  const { status, err } = await admin('why');
  expect([status, err]).toEqual([2, expect.stringContaining('seatfile status shows the ids')]);
});

describe('an option given twice', () => {
  test.each([
    [['remove', '-u', 'dan', '--user', 'ada'], '--user: given twice (dan, ada)'],
    [['status', '-m', 'CAD', '-m', 'CAM'], '--module: given twice (CAD, CAM)'],
    [['hold', '-m', 'CAD', '--module=CAM'], '--module: given twice (CAD, CAM)'],
    [['reserve', '-m', 'CAD', '-m', 'CAD', '-u', 'x'], '--module: given twice (CAD, CAD)'],
    [['set', '--level', 'light', '--level', 'heartbeat'], '--level: given twice (light, heartbeat)'],
    [['status', '--watch', '5s', '--watch'], '--watch: given twice'],
  ])('%j is a fault', async (words, why) => {
    const [verb = '', ...options] = words;
    const { status, out, err } = await admin(verb, ...options);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(why);
  });

  test('is a fault of every command; flags and options for several values are not', async () => {
    const { status, err } = await admin(
      'status',
      '--json',
      '--json',
      '--public-key',
      'a',
      '--public-key',
      'b',
    );
    expect([status, err]).toEqual([2, expect.not.stringContaining('twice')]);
  });
});

describe('where a licence cannot be made', () => {
  test('a directory is named as that, and nobody is told to delete it', async () => {
    mkdirSync(path.join(place.directory, 'share'));
    const at = path.join(place.directory, 'share');
    const { status, err } = await typed('init', at, '-m', 'CAD=3');
    expect([status, err]).toEqual([
      1,
      `seatfile: ${at}: that is a directory; give the path of the licence file in it, like ${at}/licence.json\n`,
    ]);
  });

  test('a licence that is there, with its table', async () => {
    await init();
    const { status, err } = await init();
    expect([status, err]).toEqual([
      1,
      expect.stringContaining(`${place.file}: already exists, with its seats`),
    ]);
    expect(err).not.toMatch(/missing|delete/);
  });
});

describe('a seat as messages name it, given for a user', () => {
  test('reserve and ban write nothing, and say what was meant', async () => {
    await init();
    await told(hold(place.file, 'dan', 'pc-4'), 'seated');
    const { revision } = tableOf(place.file);
    const reserve = await admin('reserve', '-u', 'dan@pc-4');
    expect([reserve.status, reserve.err]).toEqual([
      2,
      'seatfile: --user dan@pc-4: no user of this name is known, and pc-4 is a host. Nothing was changed. ' +
        'Did you mean --user dan --host pc-4?\n',
    ]);
    const ban = await admin('ban', '-u', 'Dan@PC-4');
    expect([ban.status, ban.err]).toEqual([
      2,
      expect.stringContaining('Did you mean --user Dan? That holds on'),
    ]);
    expect(tableOf(place.file).revision).toBe(revision);
    for (const [verb = '', ...more] of [['remove', '-y'], ['status'], ['notify', '--message', 'tea']]) {
      const { status, out, err } = await admin(verb, '-u', 'dan@pc-4', ...more);
      expect([status, out + err]).toEqual([
        1,
        expect.stringContaining('Did you mean --user dan --host pc-4?'),
      ]);
    }
    expect((await admin('journal', '-u', 'dan@pc-4')).err).toContain('Did you mean --user dan?');
    expect((await admin('remove', '-y', '-u', 'dan,ada')).err).toContain('--user takes one name');
  });

  test('a user that is called so is reserved for, and told apart from a user on a host', async () => {
    await init();
    expect((await admin('reserve', '-u', 'bob@example.org')).out).toContain(
      'CAD for user "bob@example.org".',
    );
    expect((await admin('reserve', '-u', 'bob', '--host', 'example.org')).out).toContain(
      'for bob@example.org.',
    );
    const { out } = await admin('status');
    expect(out).toContain('Reserved: a seat of CAD for user "bob@example.org".\n');
    expect(out).toContain('Reserved: a seat of CAD for bob@example.org.\n');
    expect((await admin('reserve', '-u', 'bob@example.org', '--lift')).status).toBe(0);
  });
});

test('a name may be typed as it is shown', async () => {
  const user = 'zoe\u{1f469}\u200d\u{1f52c}';
  await init();
  await told(hold(place.file, user, 'pc-1'), 'seated');
  expect(printable(user)).toContain('\\u{200d}');
  expect((await admin('remove', '-u', printable(user), '-n')).out).toContain('Would remove CAD zoe');
  for (const name of ['a\u001b[31m', 'x\u{e0041}', 'plain']) expect(asMeant(printable(name))).toBe(name);
  for (const name of ['\\u{41}', '\\u{110000}', '\\u{}', '\\u{200D}']) expect(asMeant(name)).toBe(name);
});

describe('modules', () => {
  test('two that differ only in case are refused', async () => {
    const two = await init('-m', 'cad=2');
    expect([two.status, two.err]).toEqual([
      2,
      expect.stringContaining('CAD is given, too, and differs only in case'),
    ]);
    await init();
    const { revision } = tableOf(place.file);
    const { status, err } = await admin('set', '-m', 'cad=8');
    expect([status, err]).toEqual([2, expect.stringContaining('no module "cad"; did you mean "CAD"?')]);
    expect(tableOf(place.file).revision).toBe(revision);
    expect((await admin('set', '-m', 'cad=8', '--drop-module', 'CAD')).status).toBe(0);
  });

  test('a new one that looks like a misspelling is said loudly, with the way back', async () => {
    await init();
    const { status, err } = await admin('set', '-m', 'CDA=8');
    expect([status, err]).toEqual([
      0,
      `CDA is a new module, beside CAD. If CAD was meant: seatfile set ${place.file} --drop-module CDA\n`,
    ]);
    expect((await admin('set', '-m', 'BIM=8')).err).toBe('');
  });
});

describe('advice names whole commands, which work when typed', () => {
  const run = async (text: string) => {
    const [, line = ''] = /(seatfile (?:reserve|ban|remove|set) .*?)[.]?\n/.exec(text) ?? [];
    return await typed(...wordsOfLine(`${line} `, null).before.slice(1));
  };

  test('of a module whose seats are all reserved', async () => {
    await init();
    for (const user of ['ada', 'bob b']) await admin('reserve', '-u', user, '--host', 'pc 1');
    const full = await admin('reserve', '-u', 'cy');
    expect(full.err).toContain(
      `Lift one first, like: seatfile reserve ${place.file} --module CAD --user ada --host "pc 1" --lift\n`,
    );
    expect((await admin('set', '-m', 'CAD=1')).err).toContain(
      `Lift one first, like: seatfile reserve ${place.file}`,
    );
    expect(await run(full.err)).toMatchObject({ status: 0, out: expect.stringContaining('No longer keeps') });
    const banned = await admin('ban', '-u', 'bob b');
    expect(banned.err).toContain(
      `seatfile reserve ${place.file} --module CAD --user 'bob b' --host 'pc 1' --lift\n`,
    );
    expect(await run(banned.err)).toMatchObject({ status: 0 });
  });

  test('of a module in use, and of a seat whose user is banned', async () => {
    await init('-m', 'CAM=1');
    await told(hold(place.file, 'dan', 'pc-4', '-m', 'CAM'), 'seated');
    const drop = await admin('set', '--drop-module', 'CAM');
    expect(drop.err).toContain(`Free them first: seatfile remove ${place.file} --module CAM\n`);
    expect((await admin('ban', '-u', 'dan', '-y')).status).toBe(0);
    const [stone] = tableOf(place.file).gone;
    const undo = await admin('undo', '--seat', stone?.seat ?? '');
    expect(undo.err).toContain(`Lift the ban first: seatfile ban ${place.file} --user dan --lift. `);
    const [, lift = ''] = /(seatfile ban .*? --lift)\./.exec(undo.err) ?? [];
    expect(await run(`${lift}\n`)).toMatchObject({ status: 0, out: expect.stringContaining('Lifted') });
  });

  test('of what was left out, and of a message that was taken for the licence file', async () => {
    expect((await admin('ban')).err).toContain(`like: seatfile ban ${place.file} --user bob\n`);
    expect((await admin('reserve', '-m', 'CAM')).err).toContain(
      `seatfile reserve ${place.file} --module CAM --user bob\n`,
    );
    const { err } = await atTerminal(['notify', 'please stop'], '', {
      environment: { SEATFILE: place.file },
    });
    expect(err).toContain(`Did you mean: seatfile notify --user NAME --message 'please stop'?\n`);
  });
});

test('times for people are those of this computer, in every command; --utc and JSON are UTC', async () => {
  const berlin = { TZ: 'Europe/Berlin' };
  await init();
  const ban = await seatfile(['ban', place.file, '-u', 'eve', '--for', '2h'], berlin);
  const [, until = ''] = /until (\S+ \S+ \+0[12]:00)\./.exec(ban.out) ?? [];
  expect(until).not.toBe('');
  expect((await seatfile(['status', place.file], berlin)).out).toContain(`Banned: eve, until ${until}.`);
  expect((await seatfile(['journal', place.file], berlin)).out).toContain(`until ${until}`);
  const ran = await seatfile(['run', place.file, '-u', 'eve', '--', 'true'], berlin);
  expect(ran.err).toContain(`until ${until}`);
  expect((await seatfile(['journal', place.file, '--utc'], berlin)).out).toMatch(/until \S+ \S+ UTC/);
  expect((await seatfile(['journal', place.file, '--json'], berlin)).out).toMatch(/"untilAt":"[^"]+Z"/);
});
