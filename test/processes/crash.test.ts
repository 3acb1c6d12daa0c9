import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openStore, openWith } from '../../src/client/open-licence.js';
import { realSystem, type System } from '../../src/client/system.js';
import type { InstanceRecord, Licence, Machine } from '../../src/licence/document.js';
import type { Removal } from '../../src/rules/admin.js';
import { inParallel } from '../helpers/parallel.js';
import { reap, start } from './children.js';
import {
  commitSome,
  littleThings,
  type Moment,
  momentsOf,
  newShare,
  removeShares,
  revisionsIn,
  type Share,
  tallyOf,
  waits,
} from './shares.js';

/**
 * A process is killed at any one operation on the share: before it, after it, or in the middle of a write. Others lose
 * nothing: the next process goes on at once, the table is wholly as before or wholly as after, the one place of `M1` is
 * granted once, and later commits clear away what the dead process left.
 */

type Verb = 'acquire' | 'beat' | 'evict' | 'release' | 'remove';

/** The commits a crash interrupts. The first of a licence also makes the folder. */
const commits: { name: string; verb: Verb; isFirst: boolean }[] = [
  { name: 'the first acquire of all', verb: 'acquire', isFirst: true },
  { name: 'an acquire', verb: 'acquire', isFirst: false },
  { name: 'a beat', verb: 'beat', isFirst: false },
  { name: 'an evict', verb: 'evict', isFirst: false },
  { name: 'a release', verb: 'release', isFirst: false },
  { name: 'a removal by an administrator', verb: 'remove', isFirst: false },
];

const AT_ONCE = 4;
/** Commits after which all is cleared: two rounds, for what must be seen twice. */
const LATER = 32;
/** Waiting out the dead one's lock (at most `turnMs`) included. Milliseconds. */
const GO_ON_MS = 8000;
const removal: Omit<Removal, 'isChosen'> = { actor: 'admin@desk', words: 'stuck since noon' };
/** Said, not found out: what this computer can prove about its machine is another test's matter. */
const machine: Machine = { pids: 'a0a0a0a0', host: 'a0a0a0a0', installation: 'a0a0a0a0' };
const system: System = {
  ...realSystem(waits),
  facts: { ...realSystem().facts, machine, isBootKnown: false },
  watching: null,
  surroundings: null,
};
let deadPid = 0;

beforeAll(() => {
  deadPid = spawnSync(process.execPath, ['--version']).pid;
});
afterEach(reap);
afterAll(removeShares);

describe.each(commits)('killed during $name', ({ verb, isFirst }) => {
  test('at any operation: the next goes on, nothing is lost or granted twice, and all is cleared', {
    timeout: 240_000,
  }, async () => {
    const whole = await newTable(verb, isFirst);
    const operations = (await crash(whole, verb, 0, 'before')).operations ?? [];
    const jobs = operations.flatMap((operation, index) =>
      momentsOf(operation).map((when) => ({ at: index + 1, when, operation })),
    );
    expect(jobs.length).toBeGreaterThan(20);
    const published = operations.lastIndexOf('rename') + 1; // the one operation that makes it so
    await inParallel(jobs, AT_ONCE, async ({ at, when, operation }) => {
      const share = await newTable(verb, isFirst);
      const { signal } = await crash(share, verb, at, when);
      expect(signal).toBe('SIGKILL');
      const isDone = at > published || (at === published && when === 'after');
      expect(topNumber(share)).toBe(topNumber(whole) - (isDone ? 0 : 1));
      await checkAfter(share, verb, isDone).catch((cause: unknown) => {
        throw new Error(`killed ${when} operation ${at} (${operation}): ${String(cause)}`, { cause });
      });
    });
    console.info(
      `${operations.length} operations, killed at ${jobs.length} moments: ${operations.join(', ')}`,
    );
  });
});

const topNumber = (share: Share): number =>
  existsSync(share.folder) ? (revisionsIn(share).at(-1)?.revision ?? Number.NaN) : 0;

/**
 * A bystander sits in `M2`, its process alive. In `M1` sits a dead holder for an evict, and a live one for a removal.
 */
async function newTable(verb: Verb, isFirst: boolean): Promise<Share> {
  const dead = verb === 'evict' ? [record('dead', deadPid, 'M1')] : [];
  const holder = verb === 'remove' ? [record('holder', process.pid, 'M1')] : [];
  const share = newShare({ instances: [record('bystander', process.pid, 'M2'), ...dead, ...holder] });
  if (!isFirst) await commitSome((await openStore(share.file, system)).store, 1, () => 'planted');
  return share;
}

function record(id: string, pid: number, module: string): InstanceRecord {
  const at = new Date().toISOString();
  return {
    id,
    user: id,
    host: 'host',
    machine,
    pid,
    processStart: null,
    application: null,
    note: null,
    level: 'heartbeat',
    joinedAt: at,
    beat: 1,
    beatAt: at,
    checkIntervalSeconds: 8,
    graceSeconds: 0,
    answersWithin: null,
    seats: [{ id: `seat-of-${id}`, module, sinceAt: at, untilAt: null }],
  };
}

/** Runs the worker until it dies, or, for operation 0, until it says which operations there were. */
async function crash(share: Share, verb: Verb, at: number, when: Moment) {
  const child = start(new URL('crash-worker.mjs', import.meta.url), {
    file: share.file,
    verb,
    at,
    when,
    machine,
    removal,
  });
  const { status, signal, complaint } = await child.ended;
  if (status !== null && status !== 0) throw new Error(complaint);
  const said = child.lines.at(-1);
  return { signal, operations: said === undefined ? null : (JSON.parse(said) as string[]) };
}

async function checkAfter(share: Share, verb: Verb, isDone: boolean): Promise<void> {
  const startedMs = performance.now();
  await using licence = await openWith(share.file, { user: 'next', releaseOnExit: false }, system);
  const claim = await licence.acquire('M1');
  expect(performance.now() - startedMs).toBeLessThan(GO_ON_MS);
  const isHeld = verb === 'remove' && !isDone; // by a live holder that was not removed after all
  expect(claim.kind).toBe(isHeld ? 'full' : 'seated');
  const { store, licence: table } = await openStore(share.file, system);
  checkTable(table, isHeld ? 'holder' : 'next');
  checkTombstones(table, verb, isDone);
  const before = tallyOf(table);

  await commitSome(store, LATER, (n) => `later-${n}`);
  const top = revisionsIn(share).at(-1) as Licence;
  expect(tallyOf(top).slice(0, before.length)).toEqual(before);
  expect(tallyOf(top)).toHaveLength(before.length + LATER);
  expect(littleThings(share)).toEqual([]);
}

function checkTable(table: Licence, user: string): void {
  const holders = (module: string) =>
    table.instances.filter((one) => one.seats.some((seat) => seat.module === module)).map((one) => one.user);
  expect(holders('M1')).toEqual([user]);
  expect(holders('M2')).toEqual(['bystander']); // the killed one was provably gone
  expect(table.instances.find((one) => one.id === 'bystander')?.beat).toBe(1);
  expect(new Set(table.recent).size).toBe(table.recent.length);
}

function checkTombstones(table: Licence, verb: Verb, isDone: boolean): void {
  const of = (user: string) => table.gone.filter((stone) => stone.user === user);
  expect(of('dead')).toHaveLength(verb === 'evict' ? 1 : 0);
  expect(of('victim').length).toBeLessThanOrEqual(1);
  const isRemoved = verb === 'remove' && isDone;
  const stone = { instance: 'holder', seat: 'seat-of-holder', module: 'M1', reason: 'removed', ...removal };
  expect(of('holder')).toEqual(isRemoved ? [expect.objectContaining(stone)] : []);
}
