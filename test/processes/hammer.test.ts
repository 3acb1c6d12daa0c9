import { readFileSync } from 'node:fs';
import nodePath from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { openStore } from '../../src/client/open-store.js';
import { realSystem } from '../../src/client/system.js';
import type { Licence } from '../../src/licence/document.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import { type Child, type Ending, reap, start } from './children.js';
import {
  commitSome,
  littleThings,
  newDirectory,
  newShare,
  removeShares,
  revisionsIn,
  type Share,
  tallyOf,
} from './shares.js';

/**
 * Eight processes commit to one licence as fast as they can, one with its clock an hour ahead and one a year behind,
 * and are killed and stopped at random meanwhile, for longer than every timeout they have. Whatever was acknowledged is
 * there, once; and nothing is left lying about. HAMMER_SEED replays a run's kills and stops, each tied to a count of
 * commits.
 */

const SLOTS = 8;
const COMMITS = 200;
const KILLS = 2;
const STOPS = 3;
/** No commit may take longer. Milliseconds. */
const BOUND_MS = 20_000;
/**
 * `licence.json` shows each revision, or a later one, by then: five seconds, and as much again for stopped processes.
 */
const SHOWN_MS = 10_000;
/** On a computer that has nothing else to do a run takes half a minute. Milliseconds. */
const RUN_MS = 240_000;
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
/** Signals that stop a process do not exist on Windows: there it is only killed. */
const CAN_STOP = process.platform !== 'win32';
const SEGMENT_NUMBERS = 16;

/**
 * Every wait is shorter than the shortest stop, 1.5 s, and so is the time after which an old revision is cleared away.
 */
const options: Partial<StoreOptions> = {
  stealMs: 300,
  turnMs: 200,
  busyMs: 800,
  answerMs: 1200,
  cachesMs: 1000,
  wreckMs: 1000,
};
const ages = { segmentNumbers: SEGMENT_NUMBERS, supersededMs: 300 };

/** What happens to a process after one of its commits: so many share operations later, or so many milliseconds. */
interface Blow {
  readonly kind: 'kill' | 'stop' | 'stop, then kill';
  readonly after: { readonly operations: number } | { readonly ms: number };
  readonly forMs: number;
}
type StressCounts = ReadonlyMap<number, Blow>;

afterEach(async () => {
  await reap();
  removeShares();
});

test.each([
  // the stage of a stopped process is taken for abandoned and cleared away under it
  { what: 'with the lock', storm: { ...options, lock: true, clearing: { ...ages, abandonedMs: 1000 } } },
  // as in real use, a stage outlives the stop: a process that wakes late renames it onto a number that may be free
  // again
  {
    what: 'without the lock',
    storm: { ...options, lock: false, clearing: { ...ages, abandonedMs: HOUR_MS } },
  },
])(
  '$what: every acknowledged change is there once, whatever is killed or stopped',
  {
    timeout: RUN_MS + 60_000,
  },
  async ({ what, storm }) => {
    const seed = Number(process.env['HAMMER_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
    console.info(`hammer, ${what}: HAMMER_SEED=${seed}`);
    const share = newShare();
    const readers = await startReaders(share, storm);

    const startedMs = performance.now();
    const logs = await withinDeadline(hammer(share, storm, drawBlows(seed)));
    const tookMs = performance.now() - startedMs;
    const [look, licenceFile] = await finish(readers);

    const tries = logs.flatMap(readLog);
    console.info(figures(tries, tookMs), { look, licenceFile });
    expect(tries.filter((one) => one.fate === 'ack')).toHaveLength(SLOTS * COMMITS);
    expect(Math.max(...tries.map((one) => one.tookMs))).toBeLessThan(BOUND_MS);
    expect(look?.['reads']).toBeGreaterThan(0);
    expect(licenceFile).toMatchObject(
      process.platform === 'win32' ? { torn: 0 } : { torn: 0, absent: 0, refused: 0 },
    );
    expect(licenceFile?.['backMs']).toBeLessThan(SHOWN_MS);
    expect(licenceFile?.['lateMs']).toBeLessThan(SHOWN_MS);
    checkTable(share, tries);
    if (storm.clearing.abandonedMs === HOUR_MS) checkFaults(tries);

    await calm(share, storm);
    checkTable(share, tries);
    checkTidy(share);
  },
);

// --- the storm ------------------------------------------------------------------------------------------------------

async function hammer(
  share: Share,
  storm: Partial<StoreOptions>,
  drawn: readonly StressCounts[],
): Promise<string[]> {
  const directory = newDirectory();
  return await Promise.all(
    drawn.map(async (blows, slot) => {
      const log = nodePath.join(directory, `${slot}.log`);
      await runSlot(slot, blows, { file: share.file, log, options: storm });
      return log;
    }),
  );
}

/** One process after the other, each going on with what the killed one before had left, until all is committed. */
async function runSlot(
  slot: number,
  blows: StressCounts,
  job: { file: string; log: string; options: unknown },
) {
  const shiftMs = slot === 0 ? HOUR_MS : slot === 1 ? -YEAR_MS : 0;
  for (let life = 0; ; life++) {
    const done = readLog(job.log).filter((one) => one.fate === 'ack').length;
    const name = `${slot}-${life}`;
    const counts = { commits: COMMITS - done, boundMs: BOUND_MS, eventEvery: 4 };
    const ending = await runLife({ ...job, ...counts, name }, blows, done, shiftMs);
    if (ending.status === 0) return;
    if (ending.signal !== 'SIGKILL')
      throw new Error(`process ${name} ended with ${ending.status ?? ending.signal}: ${ending.complaint}`);
  }
}

/** One process, from the slot's `done`th commit on. It strikes itself at share operations; we strike at times. */
async function runLife(job: object, blows: StressCounts, done: number, shiftMs: number): Promise<Ending> {
  let said = done;
  const onLine = (line: string) => {
    if (line === 'ack') said++;
    const blow = blows.get(line === 'ack' ? said : lastBefore(blows, said));
    if (line === 'SIGSTOP') void goOnAfter(child, blow);
    if (line === 'ack' && blow && 'ms' in blow.after) void strikeAfter(child, blow, blow.after.ms);
  };
  const child = start(
    new URL('hammer-worker.mjs', import.meta.url),
    { ...job, traps: trapsFrom(blows, done) },
    {
      shiftMs,
      onLine,
    },
  );
  return await child.ended;
}

function trapsFrom(blows: StressCounts, done: number) {
  const traps = [...blows].flatMap(([count, { kind, after }]) =>
    'operations' in after
      ? [
          [
            count - done,
            { signal: kind === 'kill' ? 'SIGKILL' : 'SIGSTOP', afterOperations: after.operations },
          ],
        ]
      : [],
  );
  return Object.fromEntries(traps) as Record<number, object>;
}

/** The blow that a process which says it stops itself speaks of: the last one due. */
const lastBefore = (blows: StressCounts, said: number): number =>
  Math.max(
    ...[...blows]
      .filter(([count, { after }]) => count <= said && 'operations' in after)
      .map(([count]) => count),
  );

async function strikeAfter(child: Child, blow: Blow, ms: number): Promise<void> {
  await delay(ms);
  child.process.kill(blow.kind === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  if (blow.kind !== 'kill') await goOnAfter(child, blow);
}

async function goOnAfter(child: Child, blow: Blow | undefined): Promise<void> {
  await delay(blow?.forMs ?? 0);
  child.process.kill(blow?.kind === 'stop, then kill' ? 'SIGKILL' : 'SIGCONT');
}

/** Drawn beforehand, so that a seed means the same kills and stops on a fast computer and on a slow one. */
function drawBlows(seed: number): StressCounts[] {
  const dice = diceFrom(seed);
  const draw = (kind: Blow['kind']): Blow => ({
    kind,
    after: dice() < 0.7 ? { operations: Math.floor(20 * dice()) } : { ms: 100 * dice() },
    forMs: 1500 + 1000 * dice(),
  });
  return Array.from({ length: SLOTS }, () => {
    const blows = new Map<number, Blow>();
    const somewhere = () => 1 + Math.floor(dice() * (COMMITS - 1));
    for (let n = 0; n < KILLS; n++) blows.set(somewhere(), draw('kill'));
    for (let n = 0; CAN_STOP && n < STOPS; n++)
      blows.set(somewhere(), draw(dice() < 0.75 ? 'stop' : 'stop, then kill'));
    return blows;
  });
}

/** The generator called mulberry32. */
function diceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function withinDeadline<T>(run: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = delay(RUN_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`not done within ${RUN_MS} ms: somebody waits for ever`);
  });
  try {
    return await Promise.race([run, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}

// --- the observer ----------------------------------------------------------------------------------------------------

async function startReaders(share: Share, storm: Partial<StoreOptions>): Promise<Child[]> {
  const job = { file: share.file, boundMs: BOUND_MS, options: storm };
  const readers = [
    start(new URL('reading-worker.mjs', import.meta.url), job),
    start(new URL('face-worker.mjs', import.meta.url), job),
  ];
  await Promise.all(readers.map((reader) => reader.heard('reading')));
  return readers;
}

async function finish(readers: readonly Child[]): Promise<Record<string, number>[]> {
  return await Promise.all(
    readers.map(async (reader) => {
      reader.process.stdin?.end();
      return JSON.parse(await reader.heard('{')) as Record<string, number>;
    }),
  );
}

// --- what must hold --------------------------------------------------------------------------------------------------

/** One change as its process knew it: acknowledged, unknown, or a fault that promises that nothing was changed. */
interface Try {
  readonly id: string;
  readonly fate: string;
  readonly attempts: number;
  readonly tookMs: number;
  /** What a fault said. */
  readonly reason: string;
}

/** Of a killed process the last change is only known to have been tried. */
function readLog(log: string): Try[] {
  const tries = new Map<string, Try>();
  for (const line of linesOf(log)) {
    const [fate = '', id = '', attempts = '0', tookMs = '0', ...reason] = line.split(' ');
    const numbers = { attempts: Number(attempts), tookMs: Number(tookMs) };
    tries.set(id, { id, fate, ...numbers, reason: reason.join(' ') });
  }
  return [...tries.values()];
}

function linesOf(log: string): string[] {
  try {
    return readFileSync(log, 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // its process has not begun
  }
}

function checkTable(share: Share, tries: readonly Try[]): void {
  const revisions = revisionsIn(share);
  const top = revisions.at(-1) as Licence;
  const table = tallyOf(top).filter((id) => !id.startsWith('calm'));
  const times = new Map<string, number>();
  for (const id of table) times.set(id, (times.get(id) ?? 0) + 1);
  const named = (wanted: (one: Try) => boolean) => tries.filter(wanted).map((one) => one.id);

  expect(named((one) => one.fate === 'ack' && !times.has(one.id))).toEqual([]); // none lost
  expect([...times].filter(([, count]) => count > 1)).toEqual([]); // none twice
  const refused = tries.filter((one) => !['ack', 'unknown', 'try'].includes(one.fate));
  expect(refused.filter((one) => times.has(one.id))).toEqual([]); // a fault meant: nothing was changed
  expect(table.filter((id) => !tries.some((one) => one.id === id))).toEqual([]); // nothing from nowhere
  checkChain(revisions, top);
}

/**
 * A process that was stopped during an operation may call the share silent. One that slept while 200 revisions passed
 * may not know the outcome of its commit (the newest revision tells only the last 256 changes). No other fault may
 * occur.
 */
function checkFaults(tries: readonly Try[]): void {
  const isAllowed = (one: Try) =>
    one.reason.includes(': no answer;') ||
    (one.fate === 'unknown' && one.reason.includes('revisions passed during one commit'));
  expect(tries.filter((one) => one.reason !== '' && !isAllowed(one))).toEqual([]);
}

/**
 * Each revision adds one change to its parent's, so number n holds the first n of the top's. One that does not is void:
 * its process slept while its number was cleared away. None of the newest sixteen may be void.
 */
function checkChain(revisions: readonly Licence[], top: Licence): void {
  const history = tallyOf(top);
  const isOnChain = (one: Licence) =>
    one.revision === tallyOf(one).length && tallyOf(one).every((id, index) => id === history[index]);
  expect(revisions.slice(-16).filter((one) => !isOnChain(one))).toEqual([]);
  const chain = revisions.filter(isOnChain);
  for (const [index, child] of chain.entries()) {
    const parent = chain[index - 1];
    if (parent?.revision !== child.revision - 1) continue; // cleared away, or void
    expect(child.parent).toEqual({ revision: parent.revision, commit: parent.commit });
  }
}

/** A healthy process goes on working. */
async function calm(share: Share, storm: Partial<StoreOptions>): Promise<void> {
  const clearing = { ...ages, supersededMs: 10, abandonedMs: 10 };
  const { store } = await openStore(share.file, realSystem({ ...storm, clearing }));
  await commitSome(store, 60, (n) => `calm-${n}`);
}

function checkTidy(share: Share): void {
  expect(littleThings(share)).toEqual([]);
  expect(revisionsIn(share).length).toBeLessThanOrEqual(2 * SEGMENT_NUMBERS + 16);
}

function figures(tries: readonly Try[], tookMs: number) {
  const count = (fate: string) => tries.filter((one) => one.fate === fate).length;
  const fates = [...new Set(tries.map((one) => one.fate))].map((fate) => `${fate} ${count(fate)}`).join(', ');
  return {
    seconds: Math.round(tookMs / 1000),
    commitsPerSecond: Math.round((count('ack') * 1000) / tookMs),
    attempts: tries.reduce((sum, one) => sum + one.attempts, 0),
    worstMs: Math.max(...tries.map((one) => one.tookMs)),
    fates,
    faults: tries.flatMap((one) => (one.reason ? [one.reason] : [])),
  };
}
