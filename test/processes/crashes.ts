import { deepEqual, equal, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { openWith } from '../../src/client/open-licence.js';
import { openStore } from '../../src/client/open-store.js';
import { realSystem, type System } from '../../src/client/system.js';
import type { InstanceRecord, Licence, Machine } from '../../src/licence/document.js';
import type { Removal } from '../../src/rules/admin.js';
import { start } from './children.js';
import {
  commitSome,
  littleThings,
  type Moment,
  momentsOf,
  newShare,
  revisionsIn,
  type Share,
  tallyOf,
  waits,
} from './shares.js';

/**
 * A process is killed at any one operation on the share: before it, after it, or in the middle of a write. Others lose
 * nothing: the next process goes on at once, the table is wholly as before or wholly as after, the one place of `M1` is
 * granted once, and later commits clear away what the dead process left. For crash.test.ts, and for Windows.
 */
export interface Interrupted {
  readonly verb: 'acquire' | 'beat' | 'evict' | 'release' | 'remove';
  readonly isFirst: boolean;
}

/** The commits a crash interrupts. The first of a licence also makes the folder. */
export const interrupted: readonly (Interrupted & { readonly name: string })[] = [
  { name: 'the first acquire of all', verb: 'acquire', isFirst: true },
  { name: 'an acquire', verb: 'acquire', isFirst: false },
  { name: 'a beat', verb: 'beat', isFirst: false },
  { name: 'an evict', verb: 'evict', isFirst: false },
  { name: 'a release', verb: 'release', isFirst: false },
  { name: 'a removal by an administrator', verb: 'remove', isFirst: false },
];

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
  environment: null,
};

/** One moment of a commit, and how far the table is where that commit is whole. */
export interface Crash extends Interrupted {
  readonly at: number;
  readonly when: Moment;
  readonly operation: string;
  readonly isPublished: boolean;
  readonly wholeRevision: number;
}

/** Kills processes in one commit. */
export class Crasher {
  private readonly worker: URL;
  private readonly deadPid = spawnSync(process.execPath, ['--version']).pid;

  /** @param worker crash-worker.mjs */
  constructor(worker: URL) {
    this.worker = worker;
  }

  /** Every moment of that commit: one run that is not killed tells which operations there are. */
  async momentsOf({ verb, isFirst }: Interrupted): Promise<Crash[]> {
    const share = await this.newTable({ verb, isFirst });
    const { operations } = await this.run(share, verb, 0, 'before');
    const published = operations.lastIndexOf('rename') + 1; // the one operation that makes it so
    const wholeRevision = topNumber(share);
    return operations.flatMap((operation, index) =>
      momentsOf(operation).map((when) => {
        const at = index + 1;
        const isPublished = at > published || (at === published && when === 'after');
        return { verb, isFirst, at, when, operation, isPublished, wholeRevision };
      }),
    );
  }

  /**
   * @param isExact whether each run has the operations of the first. A slow computer may look once more: then the
   * process came less far by the same number of operations, and never further
   * @returns whether it was killed: a run that is not exact may have fewer operations
   * @throws when something is not as it must be after that
   */
  async kill(crash: Crash, isExact = true): Promise<boolean> {
    const { verb, at, when, operation, isPublished, wholeRevision } = crash;
    try {
      const share = await this.newTable(crash);
      const { isKilled } = await this.run(share, verb, at, when);
      const top = topNumber(share);
      const isDone = top === wholeRevision;
      ok(isDone || top === wholeRevision - 1, `revision ${top} is there`);
      if (isExact) ok(isKilled && (isPublished || !isDone), `killed ${isKilled}, done ${isDone}`);
      if (isKilled) await checkAfter(share, verb, isDone);
      return isKilled;
    } catch (cause) {
      throw new Error(`killed ${when} operation ${at} (${operation}) of ${verb}: ${String(cause)}`, {
        cause,
      });
    }
  }

  /**
   * A bystander sits in `M2`, its process alive. In `M1` sits a dead holder for an evict, and a live one for a removal.
   */
  private async newTable({ verb, isFirst }: Interrupted): Promise<Share> {
    const dead = verb === 'evict' ? [record('dead', this.deadPid, 'M1')] : [];
    const holder = verb === 'remove' ? [record('holder', process.pid, 'M1')] : [];
    const share = newShare({ instances: [record('bystander', process.pid, 'M2'), ...dead, ...holder] });
    if (!isFirst) await commitSome((await openStore(share.file, system)).store, 1, () => 'planted');
    return share;
  }

  /** Runs the worker until it dies, or, for operation 0, until it says which operations there were. */
  private async run(share: Share, verb: Interrupted['verb'], at: number, when: Moment) {
    const child = start(this.worker, { file: share.file, verb, at, when, machine, removal });
    const { status, signal, complaint } = await child.ended;
    const isKilled = signal === 'SIGKILL' || (status === 1 && complaint === ''); // Windows tells of no signal
    if (!isKilled && status !== 0) throw new Error(complaint);
    return { isKilled, operations: isKilled ? [] : (JSON.parse(child.lines.at(-1) ?? '[]') as string[]) };
  }
}

const topNumber = (share: Share): number =>
  existsSync(share.folder) ? (revisionsIn(share).at(-1)?.revision ?? Number.NaN) : 0;

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

async function checkAfter(share: Share, verb: Interrupted['verb'], isDone: boolean): Promise<void> {
  const startedMs = performance.now();
  const licence = await openWith(share.file, { user: 'next', releaseOnExit: false }, system);
  try {
    const claim = await licence.acquire('M1');
    const tookMs = performance.now() - startedMs;
    ok(tookMs < GO_ON_MS, `the next went on after ${tookMs} ms`);
    const isHeld = verb === 'remove' && !isDone; // by a live holder that was not removed after all
    equal(claim.kind, isHeld ? 'full' : 'seated');
    const { store, licence: table } = await openStore(share.file, system);
    checkTable(table, isHeld ? 'holder' : 'next');
    checkTombstones(table, verb, isDone);
    const before = tallyOf(table);

    await commitSome(store, LATER, (n) => `later-${n}`);
    const top = revisionsIn(share).at(-1) as Licence;
    deepEqual(tallyOf(top).slice(0, before.length), before);
    equal(tallyOf(top).length, before.length + LATER);
  } finally {
    await licence.close(); // it may be about to refresh licence.json
  }
  deepEqual(littleThings(share), []);
}

function checkTable(table: Licence, user: string): void {
  const holders = (module: string) =>
    table.instances.filter((one) => one.seats.some((seat) => seat.module === module)).map((one) => one.user);
  deepEqual(holders('M1'), [user]);
  deepEqual(holders('M2'), ['bystander']); // the killed one was provably gone
  equal(table.instances.find((one) => one.id === 'bystander')?.beat, 1);
  equal(new Set(table.recent).size, table.recent.length);
}

function checkTombstones(table: Licence, verb: Interrupted['verb'], isDone: boolean): void {
  const of = (user: string) => table.gone.filter((stone) => stone.user === user);
  equal(of('dead').length, verb === 'evict' ? 1 : 0);
  ok(of('victim').length <= 1);
  const isRemoved = verb === 'remove' && isDone;
  const stone = { instance: 'holder', seat: 'seat-of-holder', module: 'M1', reason: 'removed', ...removal };
  const told = of('holder').map((one) =>
    Object.fromEntries(Object.entries(one).filter(([key]) => key in stone)),
  );
  deepEqual(told, isRemoved ? [stone] : []);
}
