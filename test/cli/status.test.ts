import { renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { LicenceStatus } from '../../src/api.js';
import { widthOf } from '../../src/cli/width.js';
import { readStatus } from '../../src/index.js';
import { atTerminal, freshPlace, hold, seatfile, start, told, until } from './seatfile.js';

/** `status` and `why`, as an administrator uses them. */

const place = freshPlace();
const screen = { columns: 80, rows: 24 };
const uncoloured = (text: string): string => text.replaceAll(/\p{Cc}\[\d+m/gu, '');
const status = (...words: readonly string[]) => atTerminal(['status', place.file, ...words], [], { screen });

async function cad(...more: readonly string[]): Promise<void> {
  await seatfile(['init', place.file, '--module', 'CAD=9', '--check-interval', '1h', ...more]);
}

async function seat(user: string, host: string): Promise<ReturnType<typeof hold>> {
  const holder = hold(place.file, user, host);
  await told(holder, 'seated');
  return holder;
}

async function json(...words: readonly string[]): Promise<LicenceStatus> {
  return JSON.parse((await seatfile(['status', place.file, '--json', ...words])).out) as LicenceStatus;
}

/** A line of what a process says, somewhere in it. */
const saying = (child: ReturnType<typeof start>, part: string): Promise<string> =>
  until(part, 20_000, () => child.lines.find((line) => line.includes(part)));

test('at 80 columns a seat is a line, whatever the names are like; piped it is whole', async () => {
  await cad();
  const names = ['山田太郎', 'עדה', 'ada.lovelace.the.first', 'Zoe\u0308'];
  for (const [n, name] of names.entries()) await seat(name, `workstation-${n}.engineering.acme.example.com`);
  const { out, status: ended } = await status();
  const lines = out.split('\n');
  const first = lines.findIndex((line) => line.startsWith('USER '));
  const rows = lines.slice(first, first + 5);
  for (const row of rows) expect(widthOf(uncoloured(row))).toBeLessThanOrEqual(80);
  for (const [n, name] of names.entries()) {
    const row = rows.find((one) => one.includes(`workstation-${n} `));
    expect(row, name).toMatch(/ \d\d:\d\d {2}/);
    expect(row, name).toContain(name.slice(0, 7));
  }
  expect(rows.join('\n')).toContain('\u2068עדה\u2069');
  expect(ended).toBe(0);
  const piped = (await seatfile(['status', place.file])).out;
  for (const name of names) expect(piped).toContain(`${name} `);
  expect(piped).toContain('workstation-3.engineering.acme.example.com');
  for (const hidden of ['\u001b', '\u2068', '\u2069']) expect(piped).not.toContain(hidden);
  expect((await status('--wide')).out).toContain('workstation-3.engineering.acme.example.com');
}, 60_000);

test('a process that is gone on this computer is told so, with the command for it; no row says leaving', async () => {
  await cad();
  const ada = start(['hold', place.file, '--json', '--user', 'ada', '--host', 'pc-1']);
  await told(ada, 'seated');
  await seat('bob', 'pc-2');
  ada.process.kill('SIGKILL');
  await ada.ended;
  await until('its process is gone', 10_000, async () => (await json()).seats.find((one) => one.isDead));
  const { out } = await seatfile(['status', place.file]);
  expect(out).toMatch(/^ada .* gone /m);
  expect(out).toContain(`\n1 seat looks dead: seatfile remove ${place.file} --dead`);
  expect(out).not.toMatch(/silent/);
  const removed = await seatfile(['remove', place.file, '--dead', '--yes']);
  expect(removed).toMatchObject({ status: 0, out: expect.stringContaining('ada@pc-1') });
  expect((await json()).seats).toMatchObject([{ user: 'bob', state: 'alive' }]);
  await seatfile(['remove', place.file, '--user', 'bob', '--yes']);
  expect((await json()).seats).toMatchObject([{ user: 'bob', state: 'leaving' }]);
}, 60_000);

test('the note of a seat is shown, in a column of its own, and by why', async () => {
  await cad();
  await seat('ada', 'pc-1');
  expect((await status()).out).not.toContain('NOTE');
  await told(hold(place.file, 'bob', 'pc-2', '--note', 'desk 4\u001b[2J'), 'seated');
  const bob = (await json('--user', 'bob')).seats[0]?.seat ?? '';
  for (const { out } of [await status(), await status('--wide'), await seatfile(['status', place.file])]) {
    expect(uncoloured(out)).toMatch(/ NOTE /);
    expect(uncoloured(out)).toMatch(/^bob .*desk 4/m);
    expect(out).not.toContain('\u001b[2J');
  }
  expect((await seatfile(['why', place.file, '--seat', bob])).out).toMatch(/\nIts note: "desk 4.*"\.\n/);
}, 60_000);

test('the library reads the document of --json', async () => {
  await cad('--customer', 'Acme');
  await seat('ada', 'pc-1');
  const untimed = ({ shareTime: _, shareRoundTripMs: __, ...rest }: LicenceStatus) => ({
    ...rest,
    seats: rest.seats.map((one) => ({ ...one, lastBeatSecondsAgo: null })),
  });
  expect(untimed(await readStatus(place.file))).toEqual(untimed(await json()));
});

test('the order of the seats is asked for, and equal ones stay as they were', async () => {
  await cad();
  for (const [user, host] of [
    ['cyd', 'pc-1'],
    ['Ada', 'pc-3'],
    ['bob', 'pc-2'],
  ] as const)
    await seat(user, host);
  const users = async (sort: string) => (await json('--sort', sort)).seats.map(({ user }) => user);
  const inTable = (await json()).seats.map(({ user }) => user);
  expect(await users('user')).toEqual(['Ada', 'bob', 'cyd']);
  expect(await users('host')).toEqual(['cyd', 'bob', 'Ada']);
  expect(await users('since')).toEqual(['cyd', 'Ada', 'bob']);
  expect(await users('module')).toEqual(inTable);
  expect(await users('state')).toEqual(inTable);
  expect(await seatfile(['status', place.file, '--sort', 'size'])).toMatchObject({ status: 2 });
}, 60_000);

test('colour is for a terminal only, and not where NO_COLOR is set', async () => {
  await seatfile(['init', place.file, '--module', 'CAD=1', '--check-interval', '1h']);
  await seat('ada', 'pc-1');
  expect((await status()).out).toContain('\u001b[33m0\u001b[39m'); // no seat is free
  const plain = await atTerminal(['status', place.file], [], { screen, environment: { NO_COLOR: '1' } });
  expect(plain.out).not.toContain('\u001b[');
});

test('for other programs: one form, and no picture', async () => {
  await cad();
  expect((await seatfile(['status', place.file, '--format', 'lmstat'])).out).toMatch(/^Users of CAD: /m);
  expect((await seatfile(['status', place.file, '--format', 'csv'])).out).toMatch(/^module,user,host/);
  const prometheus = await seatfile(['status', place.file, '--format', 'prometheus']);
  expect(prometheus.out).toMatch(/^seatfile_refusals_last_day\{licence="[0-9a-f]+",module="CAD"\} 0$/m);
  for (const wrong of [
    ['--format', 'xml'],
    ['--format', 'csv', '--json'],
    ['--format', 'csv', '--watch'],
    ['--format', 'prometheus', '--user', 'ada'],
    ['--format', 'prometheus', '--host', 'pc-1'],
    ['--watch', '0s'],
  ])
    expect(await seatfile(['status', place.file, ...wrong]), wrong.join(' ')).toMatchObject({ status: 2 });
});

test('--watch for a program: all of it, then a line for each change; it ends 0, and a file may follow it', async () => {
  await cad();
  const watch = start(['status', '--watch', place.file]);
  await watch.heard('No seats are in use.');
  await seat('ada', 'pc-1');
  const line = await saying(watch, 'seated  CAD  ada@pc-1');
  expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ {2}seated /);
  await saying(watch, '1 of 9 in use  CAD');
  watch.process.kill('SIGINT');
  expect(await watch.ended).toMatchObject({ status: 0, complaint: '' });
}, 60_000);

test('--watch --json is a document a line; a share that goes away is told, and so is its return', async () => {
  await cad();
  const watch = start(['status', place.file, '--watch', '1', '--json']);
  expect(JSON.parse(await watch.heard('{"schemaVersion":1'))).toMatchObject({ modules: [{ inUse: 0 }] });
  const away = `${place.directory}-away`;
  renameSync(place.directory, away);
  await until('the share is missed', 20_000, () => watch.complaint().includes('trying again') || undefined);
  renameSync(away, place.directory);
  await seat('ada', 'pc-1');
  expect(JSON.parse(await saying(watch, '"inUse":1'))).toMatchObject({ seats: [{ user: 'ada' }] });
  watch.process.kill('SIGTERM');
  const { status: ended, complaint } = await watch.ended;
  expect({ ended, complaint }).toEqual({
    ended: 0,
    complaint: expect.stringMatching(/trying again\n(.*\n)*The share answers again\./),
  });
}, 90_000);

test('why: the evidence for a seat that is held, and for one that is gone; by a beginning of its id', async () => {
  await cad();
  await seat('ada', 'pc-1');
  const [ada] = (await json()).seats;
  const id = ada?.seat ?? '';
  const held = await seatfile(['why', place.file, '--seat', id.slice(0, 8), '--utc']);
  expect(held.status).toBe(0);
  expect(held.out).toMatch(/^ada@pc-1 holds seat [0-9a-f]{32} of CAD, since .* UTC: alive\n/);
  expect(held.out).toMatch(
    /\nIts last beat: .* ago\), in revision \d\.\nIt has promised a beat every 1 h\.\n/,
  );
  expect(held.out).toMatch(
    /No other application watches it: .*\nIf a user asks .*\n {2}by that user, .*: not before .*, not after /,
  );
  expect(held.out).toContain(`seatfile remove ${place.file} --seat ${id.slice(0, 8)}`);
  const view = JSON.parse((await seatfile(['why', place.file, '--seat', id, '--json'])).out);
  expect(view).toMatchObject({
    ...{ schemaVersion: 1, seat: id, kind: 'held', gone: null, waiting: null },
    holders: [
      {
        user: 'ada',
        lastBeatRevision: expect.any(Number),
        promise: { checkIntervalSeconds: 3600 },
        watchers: 0,
      },
    ],
  });
  expect(Date.parse(view.holders[0].notBefore) - Date.parse(view.holders[0].lastBeatAt)).toBe(6_300_000);
  await seatfile(['remove', place.file, '--seat', id, '--reason', 'gone home', '--yes']);
  const gone = await seatfile(['why', place.file, '--seat', id.slice(0, 8)]);
  expect(gone.out).toMatch(
    /^ada@pc-1 held seat .* of CAD\.\nIt was removed by .* in revision \d\. Words: "gone home"\.\n/,
  );
}, 60_000);

test('why: where all processes were killed no time is promised, and the way out is named', async () => {
  await cad();
  const [ada, bob] = ['ada', 'bob'].map((user) => start(['hold', place.file, '--json', '--user', user])) as [
    ReturnType<typeof start>,
    ReturnType<typeof start>,
  ];
  for (const one of [ada, bob]) {
    await told(one, 'seated');
    one.process.kill('SIGKILL');
    await one.ended;
  }
  const gone = async () => ((await json()).seats.every(({ state }) => state === 'gone') ? true : undefined);
  await until('both are gone', 10_000, gone);
  const id = (await json()).seats[0]?.seat ?? '';
  const { out } = await seatfile(['why', place.file, '--seat', id]);
  expect(out).toContain('\nIts process is gone on this computer. No other application watches it: ');
  expect(out).toContain(
    'because its process is gone on this computer: at once, if that user asks on this computer',
  );
  expect(out).toContain(`\nTo free all that look dead: seatfile remove ${place.file} --dead`);
  expect(out).not.toMatch(/watch it\.|they go on|rule \d/);
  const { holders } = JSON.parse((await seatfile(['why', place.file, '--seat', id, '--json'])).out);
  expect(holders).toMatchObject([{ watchers: 0, notAfter: null }]);
}, 60_000);

test('why: whether a seat that is gone can be given back; undo does not call an eviction a removal', async () => {
  await seatfile(['init', place.file, '--module', 'CAD=1', '--check-interval', '1h']);
  const ada = start(['hold', place.file, '--json', '--user', 'ada', '--host', 'pc-1']);
  await told(ada, 'seated');
  const first = (await json()).seats[0]?.seat ?? '';
  await seatfile(['remove', place.file, '--seat', first, '--yes']);
  const why = (id: string, ...more: string[]) => seatfile(['why', place.file, '--seat', id, ...more]);
  expect((await why(first)).out).toContain(`To give it back: seatfile undo ${place.file} --seat`);
  const bob = start(['hold', place.file, '--json', '--user', 'bob', '--host', 'pc-2']);
  await told(bob, 'seated');
  const taken = (await why(first)).out;
  expect(taken).toMatch(/It cannot be given back\. .* the place is taken, by bob@pc-2\. /);
  expect(taken).not.toContain('seatfile undo');
  expect(JSON.parse((await why(first, '--json')).out).undo).toEqual({ isPossible: false, reason: 'taken' });
  const second = (await json()).seats[0]?.seat ?? '';
  bob.process.kill('SIGKILL');
  await bob.ended;
  const cyd = start(['hold', place.file, '--json', '--user', 'cyd', '--host', 'pc-3']);
  await told(cyd, 'seated');
  const { status: ended, err } = await seatfile(['undo', place.file, '--seat', second]);
  expect(ended).toBe(1);
  expect(err).toMatch(
    /of bob@pc-2 in CAD was evicted, because its process was gone, by cyd@pc-3 at .* That is no removal, so /,
  );
  expect(err).not.toMatch(/place was taken|No administrator/);
  expect((await why(second)).out).toContain('It was evicted, because its process was gone, by cyd@pc-3');
}, 60_000);

test('why: no such seat is 1, and a beginning that several have, or that is none, is usage', async () => {
  await cad();
  const unknown = await seatfile(['why', place.file, '--seat', 'abcdef']);
  expect(unknown).toMatchObject({ status: 1, err: expect.stringContaining('No seat begins with abcdef') });
  expect((await seatfile(['why', place.file, '--seat', 'ab'])).status).toBe(2);
  expect((await seatfile(['why', place.file])).status).toBe(2);
});
