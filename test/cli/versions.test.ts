import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeMachine, processStart, thisSystem } from '../../src/client/machine.js';
import type { InstanceRecord, Licence } from '../../src/licence/document.js';
import { fixture, freshPlace, hold, seatfile, start, tableOf, told } from './seatfile.js';

/**
 * Windows of an older version on the same table: the fixture is a table as the version before hardware addresses were
 * left out wrote it, with a holder and a waiter. Its holder is made a process of this computer as that version would
 * have written it.
 */

const place = freshPlace();
const before = (): Licence => JSON.parse(readFileSync(fixture('version-before.json'), 'utf8')) as Licence;
const isLinux = process.platform === 'linux';

/** Writes a table of the previous version, with no waiter, and one holder that has just beaten. */
function put(changes: Partial<InstanceRecord>, maxUsers = 1): InstanceRecord {
  const table = before();
  const [holder] = table.instances;
  if (!holder) throw new Error('the fixture has a holder');
  const record = { ...holder, beatAt: new Date().toISOString(), ...changes };
  const payload = table.entitlement.payload.replace('"maxUsers":1', `"maxUsers":${maxUsers}`);
  write({ ...table, entitlement: { payload }, instances: [record], waiting: [] });
  return record;
}

function write(table: Licence): void {
  const revision = path.join(`${place.file}.revisions`, String(table.revision).padStart(12, '0'));
  mkdirSync(revision, { recursive: true });
  for (const file of [place.file, path.join(revision, 'licence.json')])
    writeFileSync(file, JSON.stringify(table));
}

/** The id that the version before gave to this computer, on Linux. */
function pidsBefore(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const namespaces = ['pid', 'time'].map((name) => readlinkSync(`/proc/self/ns/${name}`));
  return createHash('sha256')
    .update([boot, ...namespaces, os.hostname(), ''].join('\0'))
    .digest('hex')
    .slice(0, 32);
}

const seatIds = () =>
  new Set(tableOf(place.file).instances.flatMap(({ seats }) => seats.map(({ id }) => id)));

test('what it wrote is read: its holder, its waiter, and that nothing is free', async () => {
  write(before());
  const { status, out } = await seatfile(['status', place.file, '--json']);
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    seats: [{ user: 'ada', note: 'Hull 4' }],
    waiting: [{ user: 'bob' }],
  });
  expect((await seatfile(['run', place.file, '--user', 'cyd', '--', 'true'])).status).toBe(75);
});

describe.runIf(isLinux)('on Linux the computer has the same id in both', () => {
  const here = () => ({
    machine: { ...describeMachine(thisSystem({}), {}).machine, pids: pidsBefore(), installation: null },
    host: os.hostname(),
  });

  test('two windows of one user on one PC are one seat', async () => {
    const old = put({ ...here(), pid: process.pid, processStart: processStart(process.pid) });
    const child = start(['hold', place.file, '--json', '--user', 'ada']);
    expect((await told(child, 'seated'))['seat']).toBe(old.seats[0]?.id);
    expect(tableOf(place.file).instances).toHaveLength(2);
  });

  test('a crashed one is free at once', async () => {
    put({ ...here(), pid: 2 ** 30 });
    expect((await seatfile(['run', place.file, '--user', 'bob', '--', 'true'])).status).toBe(0);
    expect(tableOf(place.file).gone[0]).toMatchObject({ user: 'ada', reason: 'process gone' });
  });
});

describe('where hardware addresses were in the id (Windows, macOS), an old window is on another computer', () => {
  test('its user takes a second seat until it ends', async () => {
    const old = put({ host: 'pc-1' }, 2);
    const child = hold(place.file, 'ada', 'pc-1');
    expect((await told(child, 'seated'))['seat']).not.toBe(old.seats[0]?.id);
    expect(seatIds().size).toBe(2);
  });

  test('and in a full file is refused', async () => {
    put({ host: 'pc-1' });
    expect((await hold(place.file, 'ada', 'pc-1').ended).status).toBe(4);
  });
});
