import { describe, expect, test } from 'vitest';
import { freshPlace, seatfile, start, tableOf, told } from '../cli/seatfile.js';

/** What this computer does not tell is never a fault: real processes, in which one reading after the other fails. */

const place = freshPlace();
const preload = new URL('blind.mjs', import.meta.url).href;
const blindTo = (BLIND: string) => ({ BLIND, NODE_OPTIONS: `--import=${preload}` });
const readings = [
  ...['interfaces', 'host', 'empty host', 'user', 'uid', 'user and uid', 'home', 'uptime', 'proc', 'no proc'],
  ...[
    'boot id',
    'pid namespace',
    'time namespace',
    'process start',
    'thread',
    'mounts',
    'installation',
    'statfs',
  ],
];

describe.each(readings)('%s cannot be read', (reading) => {
  test('the commands go on, and a seat is taken and given back', async () => {
    const blind = blindTo(reading);
    const made = await seatfile(['init', place.file, '--module', 'M1=1', '--check-interval', '120s'], blind);
    expect(made).toMatchObject({ status: 0 });
    const asked = [
      ['run', place.file, '--', 'true'],
      ['doctor', place.file],
      ['status', place.file],
    ];
    for (const answer of await Promise.all(asked.map((words) => seatfile(words, blind))))
      expect(answer, JSON.stringify(answer)).toMatchObject({ status: 0 });
    expect(tableOf(place.file).instances).toEqual([]);
  });
});

test('a user without a name is told by number in the table', async () => {
  await seatfile(['init', place.file, '--module', 'M1=1']);
  const child = start(['hold', place.file, '--json'], blindTo('user'));
  expect((await told(child, 'seated'))['user']).toBe(`uid-${process.geteuid?.()}`);
});

test('a demonstration without a directory for temporary files says so', async () => {
  const answer = await seatfile(['demo'], { TMPDIR: '/nonexistent' });
  expect(answer).toMatchObject({ status: 6 });
  expect(answer.err).toMatch(/^seatfile: \/nonexistent: expected a directory for temporary files.*TMPDIR/);
});
