import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import nodePath from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Register, registerIn, thisRegister } from '../../src/instance/register.js';
import { temporary } from '../cli/seatfile.js';

/** What is kept where everybody can write. */

const uid = process.getuid?.() ?? null;
const place = nodePath.resolve('/srv/acme/licence.json');
const other = nodePath.resolve('/srv/copy/licence.json');
let base = '';
let remove = () => {};
let register: Register;
const own = () => nodePath.join(base, readdirSync(base).find((name) => name.startsWith('seatfile-')) ?? '');
const entryOf = () => nodePath.join(own(), readdirSync(own())[0] ?? '');

beforeEach(() => {
  ({ directory: base, remove } = temporary());
  register = registerIn(base, uid);
});
afterEach(() => remove());

test('what one process noted, another finds; each place once, and only of that licence', async () => {
  await register.note('acme-1', place);
  await register.note('acme-1', place);
  await register.note('acme-1', other);
  await register.note('other-2', place);
  expect((await registerIn(base, uid).placesOf('acme-1')).sort()).toEqual([place, other].sort());
  expect(readdirSync(own())).toHaveLength(3);
});

test('what is forgotten is gone, and forgetting what is not there is no failure', async () => {
  await register.note('acme-1', place);
  await register.forget('acme-1', place);
  await register.forget('acme-1', other);
  expect(await register.placesOf('acme-1')).toEqual([]);
});

test('it does not grow for ever', async () => {
  for (let n = 0; n < 300; n++) await register.note(`licence-${n}`, place);
  expect(readdirSync(own()).length).toBeLessThan(260);
  expect(await register.placesOf('licence-299')).toEqual([place]);
});

test('where it cannot be kept nothing is noticed, and nothing fails', async () => {
  const nowhere = registerIn(nodePath.join(base, 'missing'), uid);
  await nowhere.note('acme-1', place);
  expect(await nowhere.placesOf('acme-1')).toEqual([]);
});

test('SEATFILE_REGISTER names another directory; empty: none', () => {
  expect(thisRegister('linux', { SEATFILE_REGISTER: '' })).toBeNull();
  expect(thisRegister('win32', {})).toBeNull();
  expect(thisRegister('linux', {})).not.toBeNull();
});

test('what another user has noted is found', async () => {
  await registerIn(base, null).note('acme-1', place); // any name of a user's will do
  expect(await register.placesOf('acme-1')).toEqual([place]);
});

describe.skipIf(uid === null)('what somebody else may have put there', () => {
  test.each([
    ['another path than its name says', nodePath.resolve('/etc/passwd')],
    ['no path', 'licence.json'],
    ['what could lie to a terminal', '/srv/\u001b[2J/licence.json'],
    ['more than a path', `/${'x'.repeat(10_000)}`],
    ['nothing', ''],
  ])('an entry that holds %s is passed over', async (_what, text) => {
    await register.note('acme-1', place);
    writeFileSync(entryOf(), text);
    expect(await register.placesOf('acme-1')).toEqual([]);
  });

  test('an entry that is a link, a directory, or a pipe that nobody writes', async () => {
    await register.note('acme-1', place);
    const name = readdirSync(own())[0] ?? '';
    for (const user of [11, 12, 13]) mkdirSync(nodePath.join(base, `seatfile-${user}`));
    renameSync(entryOf(), nodePath.join(base, 'target'));
    symlinkSync(nodePath.join(base, 'target'), nodePath.join(base, 'seatfile-11', name));
    mkdirSync(nodePath.join(base, 'seatfile-12', name));
    execFileSync('mkfifo', [nodePath.join(base, 'seatfile-13', name)]);
    expect(await register.placesOf('acme-1')).toEqual([]);
  });

  test('a link in the place of our directory: nothing is written through it', async () => {
    const elsewhere = nodePath.join(base, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, nodePath.join(base, `seatfile-${uid}`));
    await register.note('acme-1', place);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('a directory in its place that others can write: nothing is written into it', async () => {
    const planted = nodePath.join(base, `seatfile-${uid}`);
    mkdirSync(planted);
    chmodSync(planted, 0o777);
    await register.note('acme-1', place);
    expect(readdirSync(planted)).toEqual([]);
  });

  test('a base where others could rename our directory: nothing is kept there, unless it is sticky', async () => {
    chmodSync(base, 0o777);
    await register.note('acme-1', place);
    expect(await register.placesOf('acme-1')).toEqual([]);
    chmodSync(base, 0o1777);
    await register.note('acme-1', place);
    expect(await register.placesOf('acme-1')).toEqual([place]);
  });
});
