import { expect, test } from 'vitest';
import type { Finding } from '../../src/doctor/findings.js';
import { measurePeer } from '../../src/doctor/peer.js';
import { withTimeouts } from '../../src/share/op-timeouts.js';
import { HandClock, HostTime, type HostTimeOptions } from '../../src/testing/host-time.js';
import { seededDice } from '../helpers/dice.js';
import { clientOf } from '../helpers/memory-share.js';
import { Table } from '../helpers/table.js';

const YEAR_MS = 365 * 86_400_000;
const MEETING = '/share/licence.json.doctor-peer';

interface Options extends HostTimeOptions {
  readonly waitMs?: number;
  /** How old a listing may be here. Milliseconds. */
  readonly cacheMs?: number;
  readonly isDead?: () => boolean;
}

/** One host's part in it. */
function measuring(table: Table, host: string, options: Options = {}): Promise<Finding> {
  const clock = new HandClock(new HostTime(table.timeline, options));
  const plain = clientOf(table.server, { latencyMs: () => 2 }).files;
  const old = new Map<string, { atMs: number; names: string[] }>();
  const list = async (directory: string) => {
    const known = old.get(directory);
    if (known && table.timeline.nowMs - known.atMs < (options.cacheMs ?? 0)) return known.names;
    const names = await plain.list(directory);
    old.set(directory, { atMs: table.timeline.nowMs, names });
    return names;
  };
  const files = withTimeouts({ ...plain, list }, clock, { answerMs: 10_000 });
  const owner = { machine: host.padEnd(8, '0'), pid: 1 };
  const modes = { directory: 0o2770, file: 0o660 };
  return measurePeer(
    { files, clock, directory: '/share/licence.json.doctor-abcdef01-1-0', plainFiles: files, modes },
    {
      owner,
      isDead: options.isDead ?? (() => false),
      host,
      id: seededDice(host).id(),
      waitMs: options.waitMs ?? 120_000,
    },
  );
}

test('two hosts whose clocks are a year apart measure each other, and leave nothing', async () => {
  const table = new Table();
  const before = table.server.paths('/');
  const both = [
    measuring(table, 'aa'),
    measuring(table, 'bb', { wallOffsetMs: -YEAR_MS, uptimeMs: 1000, drift: 0.01 }),
  ];
  const [a, b] = await table.timeline.run(Promise.all(both));
  for (const [found, host] of [
    [a, 'bb'],
    [b, 'aa'],
  ] as const) {
    expect(found).toMatchObject({ check: 'peer', severity: 'ok', host, rounds: 5, isSameComputer: false });
    expect(found?.check === 'peer' && found.maxMs).toBeLessThan(120); // looked for every 50 ms, and read and written
  }
  expect(table.server.paths('/')).toEqual(before);
});

test('who comes a minute later is met', async () => {
  const table = new Table();
  const first = measuring(table, 'aa');
  await table.timeline.advance(60_000);
  const both = await table.timeline.run(Promise.all([first, measuring(table, 'bb')]));
  expect(both).toMatchObject([{ rounds: 5 }, { rounds: 5 }]);
});

test('a client that shows a listing for 4 s sees changes up to so much later', async () => {
  const table = new Table();
  const both = [measuring(table, 'aa'), measuring(table, 'bb', { cacheMs: 4000 })];
  const [found] = await table.timeline.run(Promise.all(both));
  expect(found?.check === 'peer' && found.maxMs).toBeGreaterThan(500);
  expect(found?.check === 'peer' && found.maxMs).toBeLessThan(4500);
});

test('three meet', async () => {
  const table = new Table();
  const all = await table.timeline.run(Promise.all(['aa', 'bb', 'cc'].map((host) => measuring(table, host))));
  for (const found of all) expect(found).toMatchObject({ severity: 'ok' });
  expect(table.server.isThere(MEETING)).toBe(false);
});

test('nobody comes: said at the deadline', async () => {
  const table = new Table();
  expect(await table.timeline.run(measuring(table, 'aa', { waitMs: 30_000 }))).toMatchObject({
    ...{ severity: 'warning', host: null, rounds: 0 },
  });
  expect(table.timeline.nowMs).toBeGreaterThanOrEqual(30_000);
  expect(table.timeline.nowMs).toBeLessThan(31_000);
  expect(table.server.isThere(MEETING)).toBe(false);
});

test.each([
  ['no file', null],
  ['too large', ' '.repeat(2 ** 24 + 1)],
  ['nested deep', '{"host":'.repeat(200_000)],
  ['of other kinds', '{"host":[],"machine":{},"pid":"9"}'],
])('a greeting that is %s is passed by', async (_, text) => {
  const table = new Table();
  const hello = `${MEETING}/hello-${'f'.repeat(32)}`;
  for (const directory of [MEETING, hello]) table.server.makeDirectory(directory);
  if (text === null) table.server.makeDirectory(`${hello}/licence.json`);
  else table.server.writeNew(`${hello}/licence.json`, text, 0o660);
  const both = await table.timeline.run(Promise.all([measuring(table, 'aa'), measuring(table, 'bb')]));
  expect(both).toMatchObject([{ rounds: 5 }, { rounds: 5 }]);
});

test('one that was killed is not waited for when that is known, and else answers nothing', async () => {
  const left = (table: Table) => {
    const hello = `${MEETING}/hello-${'f'.repeat(32)}`;
    table.server.makeDirectory(MEETING);
    table.server.makeDirectory(hello);
    for (const name of [`ping-${'f'.repeat(32)}-3`, `new-${'f'.repeat(32)}-4-cc000000-9`])
      table.server.makeDirectory(`${MEETING}/${name}`);
    table.server.writeNew(`${hello}/licence.json`, '{"host":"cc","machine":"cc000000","pid":9}', 0o660);
  };
  const known = new Table();
  left(known);
  expect(
    await known.timeline.run(measuring(known, 'aa', { waitMs: 10_000, isDead: () => true })),
  ).toMatchObject({ host: null });
  expect(known.server.isThere(MEETING)).toBe(false);
  const unknown = new Table();
  left(unknown);
  expect(await unknown.timeline.run(measuring(unknown, 'aa', { waitMs: 10_000 }))).toMatchObject({
    ...{ host: 'cc', rounds: 0, severity: 'warning' },
  });
});
