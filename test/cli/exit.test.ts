import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshPlace, hold, seatfile, start, told } from './seatfile.js';

const place = freshPlace();
const at = (name: string) => path.join(place.directory, name);

const oneLine = /^seatfile: [^\n]+\n$/;

describe('usage: 2, nothing written', () => {
  test.each([
    ['init without a module', ['init', 'FILE']],
    ['no users', ['init', 'FILE', '--module', 'M1=0']],
    ['half a user', ['init', 'FILE', '--module', 'M1=1.5']],
    ['a module twice', ['init', 'FILE', '--module', 'M1=1', '--module', 'M1=2']],
    ['a module without users', ['init', 'FILE', '--module', 'M1']],
    ['an odd module name', ['init', 'FILE', '--module', '-x=1']],
    ['an odd interval', ['init', 'FILE', '--module', 'M1=1', '--check-interval', '5 minutes']],
    ['an interval out of bounds', ['init', 'FILE', '--module', 'M1=1', '--check-interval', '25h']],
    ['an odd level', ['init', 'FILE', '--module', 'M1=1', '--level', 'heavy']],
    ['an unknown command', ['frob']],
    ['no command', []],
    ['no file', ['status']],
  ])('%s', async (_name, args) => {
    const answer = await seatfile(args.map((word) => (word === 'FILE' ? at('licence.json') : word)));
    expect(answer).toMatchObject({ status: 2, out: '' });
    expect(answer.err).not.toBe('');
    expect(readdirSync(place.directory)).toEqual([]);
  });

  test('an unknown module, several to choose from, remove of nothing in particular, remove without --yes', async () => {
    const file = at('licence.json');
    await seatfile(['init', file, '--module', 'M1=1', '--module', 'M2=1']);
    for (const args of [
      ['hold', file, '--module', 'M3'],
      ['status', file, '--module', 'M3'],
      ['hold', file],
      ['remove', file],
      ['set', file],
      ['set', file, '--check-interval', '0s'],
    ])
      expect(await seatfile(args)).toMatchObject({ status: 2, out: '' });
    await told(hold(file, 'ada', 'pc-1', '--module', 'M1'), 'seated');
    const answer = await seatfile(['remove', file, '--all']);
    expect(answer).toMatchObject({ status: 2, err: expect.stringContaining('--yes') });
    expect((await seatfile(['status', file, '--json'])).out).toContain('"ada"');
  });
});

test('init never overwrites, and says so', async () => {
  const file = at('licence.json');
  expect((await seatfile(['init', file, '--module', 'M1=1'])).status).toBe(0);
  const before = readFileSync(file, 'utf8');
  const answer = await seatfile(['init', file, '--module', 'M1=9']);
  expect(answer).toMatchObject({ status: 1, err: expect.stringContaining('already exists, with its seats') });
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('a share that cannot host a table keeps nothing of init', async () => {
  chmodSync(place.directory, 0o1777);
  const answer = await seatfile(['init', at('licence.json'), '--module', 'M1=1']);
  const isPosix = process.platform !== 'win32';
  expect(answer.status).toBe(isPosix ? 6 : 0); // Windows has no sticky bit
  expect(existsSync(at('licence.json'))).toBe(!isPosix);
});

test('no seat: 4, for run 75', async () => {
  const file = at('licence.json');
  await seatfile(['init', file, '--module', 'M1=1']);
  await told(hold(file, 'ada', 'pc-1'), 'seated');
  const other = { SEATFILE_MACHINE: 'pc-2', SEATFILE_USER: 'bob' };
  expect(await seatfile(['hold', file], other)).toMatchObject({
    status: 4,
    out: expect.stringContaining('ada@pc-1'),
  });
  const ran = await seatfile(['run', file, '--', process.execPath, '-e', 'console.log("ran")'], other);
  expect(ran).toMatchObject({ status: 75, out: '', err: expect.stringContaining('ada@pc-1') });
});

test('run without a command, or with an empty one: 125, one clear line', async () => {
  const file = at('licence.json');
  await seatfile(['init', file, '--module', 'M1=1']);
  for (const command of [[], ['']])
    expect(await seatfile(['run', file, '--', ...command])).toMatchObject({
      status: 125,
      err: expect.stringMatching(oneLine),
    });
});

test('what is typed wrongly is answered with the way to type it', async () => {
  expect(await seatfile(['run', at('licence.json'), 'app', '--flag'])).toMatchObject({
    status: 125,
    err: expect.stringContaining('seatfile run FILE -- app.exe'),
  });
  expect(await seatfile(['hold', at('licence.json'), '--wait', '25h'])).toMatchObject({
    status: 2,
    err: expect.stringContaining('from 0s to 24h'),
  });
});

test('help, version, and the file from the environment', async () => {
  const file = at('licence.json');
  expect((await seatfile(['--version'])).out).toMatch(/^\d+\.\d+\.\d+$/);
  const help = await seatfile(['--help']);
  expect(help).toMatchObject({ status: 0, err: '' });
  for (const part of ['Everyday:', 'Administrator:', 'Exit status:']) expect(help.out).toContain(part);
  expect(await seatfile(['help'])).toEqual(help);
  expect(await seatfile(['help', 'run'])).toEqual(await seatfile(['run', '--help']));
  expect(await seatfile(['help', 'frob'])).toMatchObject({ status: 2, out: '' });
  expect((await seatfile(['init', '--module', 'M1=1'], { SEATFILE: file })).status).toBe(0);
  expect((await seatfile(['status'], { SEATFILE: file })).status).toBe(0);
});

test('names from the file never reach a terminal as they are', async () => {
  const file = at('licence.json');
  await seatfile(['init', file, '--module', 'M1=2', '--customer', 'Evil\u001b[31m Ltd']);
  const nasty = 'a\u001b]0;x\u0007\n\u202Eb';
  const holder = start(['hold', file, '--user', nasty, '--host', nasty]);
  await holder.heard('M1: seated');
  const { out } = await seatfile(['status', file]);
  const removal = await seatfile(['remove', file, '--user', nasty, '--yes', '--reason', nasty]);
  await holder.ended;
  for (const text of [out, removal.out, holder.lines.join('\n')]) {
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Cf}/u);
    expect(text).toContain('a\\u{1b}]0;x\\u{7}\\u{a}\\u{202e}b');
  }
});
