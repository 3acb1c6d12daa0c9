import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import nodePath from 'node:path';
import { expect, test } from 'vitest';
import type { Child } from '../processes/children.js';
import { freshPlace, seatfile, start, tableOf, told, until } from './seatfile.js';

/** One licence at two places of one computer, with real processes and a register of the test's own. */

const place = freshPlace();
const inPlace = (...names: readonly string[]) => nodePath.join(place.directory, ...names);
const environment = () => ({ SEATFILE_REGISTER: inPlace('register') });

async function original(): Promise<string> {
  for (const name of ['register', 'here']) mkdirSync(inPlace(name));
  const file = inPlace('here', 'licence.json');
  expect(await seatfile(['init', file, '--module', 'M1=2', '--check-interval', '2s'])).toMatchObject({
    status: 0,
  });
  return file;
}

const holding = (file: string, user: string): Child =>
  start(['hold', file, '--json', '--user', user], environment());
const revisionAbove = (file: string, revision: number) =>
  until('a heartbeat', 10_000, () => (tableOf(file).revision > revision ? true : undefined));

test('copied with its folder, it is told to whoever runs it', async () => {
  const file = await original();
  const ada = holding(file, 'ada');
  await told(ada, 'seated');
  ada.process.kill('SIGSTOP'); // nothing moves while it is copied
  cpSync(inPlace('here'), inPlace('copy'), { recursive: true });
  ada.process.kill('SIGCONT');
  await revisionAbove(file, tableOf(inPlace('copy', 'licence.json')).revision);
  const bob = holding(inPlace('copy', 'licence.json'), 'bob');
  await told(bob, 'seated');
  const complaint = await until('a warning', 10_000, () => bob.complaint() || undefined);
  expect(complaint).toContain(
    `${inPlace('copy', 'licence.json')}: the same licence has another seat table at ${file}`,
  );
  expect(complaint).toContain('2 of M1');
  const cyd = start(
    ['run', file, '--', process.execPath, '-e', 'setInterval(() => {}, 1000)'],
    environment(),
  );
  await until('a warning', 10_000, () => (cyd.complaint().includes('another seat table') ? true : undefined));
  expect(ada.complaint()).toBe('');
  const { status, out } = await seatfile(['doctor', file], environment());
  expect([status, out]).toEqual([0, expect.stringContaining(`another seat table at ${inPlace('copy')}`)]);
  cyd.process.kill('SIGTERM'); // its command with it
  await cyd.ended;
});

test('by a link it is the same one', async () => {
  const file = await original();
  symlinkSync(inPlace('here'), inPlace('link'));
  const ada = holding(file, 'ada');
  await told(ada, 'seated');
  const bob = holding(inPlace('link', 'licence.json'), 'bob');
  await told(bob, 'seated');
  await revisionAbove(file, tableOf(file).revision + 2);
  ada.process.stdin?.end();
  bob.process.stdin?.end();
  expect([(await ada.ended).complaint, (await bob.ended).complaint]).toEqual(['', '']);
});
