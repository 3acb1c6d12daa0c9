import { renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Child } from '../processes/children.js';
import { freshPlace, hold, seatfile, start, told } from './seatfile.js';

/** What a program in another language reads: the lines of `hold --json`. */

const place = freshPlace();

async function licence(maxUsers: number, checkInterval = '1h'): Promise<void> {
  const module = ['--module', `M1=${maxUsers}`, '--check-interval', checkInterval];
  expect(await seatfile(['init', place.file, ...module])).toMatchObject({ status: 0 });
}

/** The events of a hold. Fails where a line is not one line of JSON with `event` as its first key. */
function eventsOf(child: Child): readonly string[] {
  return child.lines.map((line) => {
    const value = JSON.parse(line) as Record<string, unknown>;
    const [first, second, third] = Object.keys(value);
    expect([first, second, third]).toEqual(['event', 'at', 'module']);
    expect(line.startsWith(`{"event":"${String(value['event'])}",`)).toBe(true);
    expect(line).not.toMatch(/[\p{C}\u2028\u2029]/u);
    return String(value['event']);
  });
}

const close = async (child: Child) => {
  child.process.stdin?.end();
  return await child.ended;
};

/** Names and words that try to look like another line, to end one, and to be too much. */
const HOSTILE = [
  '","event":"lost","reason":"removed',
  '\\","event":"lost","x":"',
  'a\n{"event":"lost","at":"","module":"M1","reason":"removed"}\n',
  '\r\u2028\u2029\u0085{"event":"released"}',
  '"}]}{"event":"lost"}',
  '\u{1F4BA}\u202Eb\\',
  '"\\'.repeat(128),
];

test.each(HOSTILE)('a user, a host and words like %j stay values', async (name) => {
  await licence(1);
  const ada = start(['hold', place.file, '--json', '--user', name, '--host', name, '--note', name]);
  expect(await told(ada, 'seated')).toMatchObject({ user: name, host: name });
  const bob = hold(place.file, 'bob', 'pc-2', '--wait', '1h');
  expect(await told(bob, 'waiting')).toMatchObject({ holders: [{ user: name, host: name }] });
  expect((await close(bob)).status).toBe(4);
  expect(eventsOf(bob)).toEqual(['waiting', 'full']);
  expect((await close(ada)).status).toBe(0);
  expect(eventsOf(ada)).toEqual(['seated', 'released']);
});

test('the words of a removal stay a value', async () => {
  await licence(1, '8s');
  const [, , words = ''] = HOSTILE;
  const ada = hold(place.file, 'ada', 'pc-1');
  await told(ada, 'seated');
  await seatfile(['remove', place.file, '--all', '--yes', '--reason', words]);
  expect(await told(ada, 'lost')).toMatchObject({ reason: 'removed', words });
  expect((await ada.ended).status).toBe(5);
  expect(eventsOf(ada)).toEqual(['seated', 'lost']);
});

test('a share that goes away and comes back', async () => {
  await licence(1, '4s');
  const ada = hold(place.file, 'ada', 'pc-1');
  await told(ada, 'seated');
  renameSync(`${place.file}.revisions`, `${place.file}.away`);
  const { remainingMs } = await told(ada, 'jeopardy');
  expect(remainingMs).toBeGreaterThan(0);
  await told(ada, 'suspended');
  renameSync(`${place.file}.away`, `${place.file}.revisions`);
  await told(ada, 'safe');
  await close(ada);
  expect(eventsOf(ada)).toEqual(['seated', 'jeopardy', 'suspended', 'safe', 'released']);
});

test.each([
  ['no licence there', [], 3, { module: null, code: 'LICENCE_MISSING' }],
  ['a wrong duration', ['--wait', 'soon'], 2, { module: null, code: 'BAD_ARGUMENT' }],
])('a fault is a line, too: %s', async (_words, options, status, fault) => {
  const child = hold(place.file, 'ada', 'pc-1', ...options);
  const end = await child.ended;
  const event = await told(child, 'failed');
  expect(event).toMatchObject(fault);
  expect(end).toMatchObject({ status, complaint: `seatfile: ${String(event['message'])}\n` });
  expect(eventsOf(child)).toEqual(['failed']);
});

test('an unknown module', async () => {
  await licence(1);
  const child = hold(place.file, 'ada', 'pc-1', '--module', 'M7');
  expect((await child.ended).status).toBe(2);
  expect(await told(child, 'failed')).toMatchObject({ module: 'M7', code: 'UNKNOWN_MODULE' });
});
