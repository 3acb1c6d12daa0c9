import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { fixture, freshPlace, hold, seatfile, tableOf, told } from './seatfile.js';

const place = freshPlace();

beforeEach(async () => {
  await seatfile(['init', place.file, '--module', 'M1=1', '--module', 'M2=3']);
});

const journal = (...args: readonly string[]) => seatfile(['journal', place.file, ...args]);
const revision = (number: number) =>
  `${place.file}.revisions/${String(number).padStart(12, '0')}/licence.json`;

/** Ada takes the one seat of M1 and is removed; Bob is refused before. */
async function aDay(): Promise<void> {
  const ada = hold(place.file, 'ada', 'pc-1', '--module', 'M1');
  await told(ada, 'seated');
  const bob = hold(place.file, 'bob', 'pc-2', '--module', 'M1');
  expect((await bob.ended).status).toBe(4);
  await seatfile(['set', place.file, '--check-interval', '1h']);
  await seatfile(['remove', place.file, '--user', 'ada', '--yes', '--reason', 'gone\u001b[31m home']);
}

test('before anything has happened, and where there is no folder', async () => {
  expect(await seatfile(['journal', fixture('ten-users.json')])).toEqual({
    ...{ status: 0, out: 'Nothing has happened yet.', err: '' },
  });
  expect((await seatfile(['journal', fixture('ten-users.json'), '--verify'])).status).toBe(0);
});

test.each(['broken/garbage.json', 'broken/truncated.json', 'broken/max-users-zero.json'])(
  '%s: 3, as every command says',
  async (name) => {
    expect((await seatfile(['journal', fixture(name)])).status).toBe(3);
  },
);

test('who, when, by whom, and why; nothing is written, and nothing lies to the terminal', async () => {
  await aDay();
  const before = tableOf(place.file).revision;
  const { status, out, err } = await journal();
  expect({ status, err }).toEqual({ status: 0, err: '' });
  const lines = out.split('\n').map((line) => line.split(/ {2,}/));
  expect(lines[0]).toEqual(['TIME', 'EVENT', 'MODULE', 'USER', 'HOST', 'BY', 'DETAILS']);
  const kinds = lines.slice(1).map(([, kind]) => kind);
  expect(kinds).toEqual(['created', 'seated', 'denied', 'settings', 'removed']);
  expect(lines.at(-1)?.slice(1, 5)).toEqual(['removed', 'M1', 'ada', 'pc-1']);
  expect(lines.at(-2)?.at(-1)).toBe('checkIntervalSeconds 3600');
  expect(out).toContain('"gone\\u{1b}[31m home"');
  expect(out).not.toContain('\u001b');
  expect(tableOf(place.file).revision).toBe(before);
});

test('one JSON object per line, and filters', async () => {
  await aDay();
  const { out } = await journal('--json', '--user', 'BOB');
  expect(out.split('\n').map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { schemaVersion: 1, kind: 'denied', user: 'bob', module: 'M1', reason: 'full', count: 1, final: true },
  ]);
  expect((await journal('--since', '1h', '--module', 'M1', '--json')).out.split('\n')).toHaveLength(3);
  expect(await journal('--since', '2099-01-01')).toMatchObject({ status: 1, out: '' });
  expect(await journal('--user', 'cyd')).toMatchObject({
    status: 1,
    err: 'Nothing in the journal matches.\n',
  });
});

test.each([
  [['--since', 'yesterday']],
  [['--since', '2026-13-45']],
  [['--module', 'M3']],
  [['--verify', '--user', 'ada']],
])('%j is usage, 2', async (args) => {
  expect((await journal(...args)).status).toBe(2);
});

describe('--verify', () => {
  test('whole: 0', async () => {
    await aDay();
    const { status, out } = await journal('--verify');
    expect(status).toBe(0);
    expect(out).toMatch(/^5 events, from .* to .*: the chain is whole\.$/);
  });

  test('edited by hand: 1, and where', async () => {
    await aDay();
    const path = revision(2);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"user":"ada"', '"user":"eve"'));
    const { status, out } = await journal('--verify');
    expect(status).toBe(1);
    expect(out).toMatch(
      /the chain is broken\.\nBroken between \w+\.2\.0 and \w+\.3\.0: the first was changed/,
    );
    const view = JSON.parse((await journal('--verify', '--json')).out) as { breaks: { at: string }[] };
    expect(view).toMatchObject({ schemaVersion: 1, isWhole: false, events: 5, problems: [] });
    expect(view.breaks[0]?.at).toMatch(/\.3\.0$/);
  });

  test('the end cut off: 1', async () => {
    await aDay();
    const path = revision(tableOf(place.file).revision);
    const top = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...top, events: [] }));
    const { status, out } = await journal('--verify');
    expect(status).toBe(1);
    expect(out).toContain('or events after it are missing');
  });
});

test('a revision that cannot be read is told, and the others are shown: 1', async () => {
  await aDay();
  const path = revision(2);
  if (process.getuid?.() === 0)
    writeFileSync(path, 'garbage'); // root reads everything
  else chmodSync(path, 0);
  const { status, out, err } = await journal();
  expect(status).toBe(1);
  expect(err).toMatch(/revision 2 could not be read, and what happened in it is missing/);
  expect(out.split('\n')).toHaveLength(5);
  expect((await journal('--verify')).status).toBe(1);
});

test('a segment that is damaged is told, and the revisions are read instead: 1', async () => {
  await aDay();
  const segment = `${place.file}.revisions/journal/000000000000-000000000063`;
  mkdirSync(segment, { recursive: true });
  writeFileSync(`${segment}/events.ndjson`, 'garbage');
  const { status, out, err } = await journal();
  expect({ status, lines: out.split('\n').length }).toEqual({ status: 1, lines: 6 });
  expect(err).toMatch(/000000000000-000000000063.*first line is not/);
  rmSync(segment, { recursive: true });
  expect((await journal()).status).toBe(0);
});

test('how long it is kept is a setting, and the document of status says how much there is', async () => {
  expect(await seatfile(['set', place.file, '--keep-journal', '24mo'])).toMatchObject({
    status: 0,
    out: expect.stringContaining('The journal is kept for 24 months.'),
  });
  expect(tableOf(place.file).settings).toMatchObject({ journalMonths: 24 });
  for (const wrong of ['0mo', '90d', '1201mo', 'x'])
    expect((await seatfile(['set', place.file, '--keep-journal', wrong])).status).toBe(2);
  const view = JSON.parse((await seatfile(['status', place.file, '--json'])).out) as object;
  expect(view).toMatchObject({ kept: { journalSegments: 0, isEstimate: false } });
});
