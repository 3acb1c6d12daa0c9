import fs from 'node:fs';
import nodePath from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { openStore } from '../../src/client/open-store.js';
import { realSystem } from '../../src/client/system.js';
import type { Change } from '../../src/store/commit.js';
import type { Store } from '../../src/store/store.js';
import { inParallel } from '../helpers/parallel.js';
import { reap, start } from './children.js';
import {
  littleThings,
  type Moment,
  momentsOf,
  newShare,
  removeShares,
  revisionsIn,
  type Share,
  waits,
} from './shares.js';

/**
 * A process killed at any one operation of folding and clearing away, before it, after it, or in the middle of a write,
 * leaves something that the next goes on with: the journal holds everything that happened, once.
 */

const AT_ONCE = 4;
const GROWN = 22;
const quiet = { ...waits, clearing: { segmentNumbers: 4, supersededMs: 3_600_000, abandonedMs: 3_600_000 } };

afterEach(reap);
afterAll(removeShares);

const happen: Change<null> = ({ licence: base }) => {
  const events = [{ kind: 'test', word: `e${base.revision + 1}` }];
  return { answer: null, draft: { licence: base, events } };
};

const limits = () => ({ untilMs: performance.now() + 20_000 });

async function commitSome(store: Store, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await store.commit(happen, limits());
  await store.settled();
}

/** The same table in a directory of its own. */
function copyOf(share: Share): Share {
  const copy = newShare();
  fs.rmSync(copy.file);
  fs.cpSync(share.directory, copy.directory, { recursive: true });
  return copy;
}

async function crash({ file }: Share, at: number, when: Moment) {
  const child = start(new URL('crash-worker.mjs', import.meta.url), {
    ...{ file, verb: 'fold', at, when },
    machine: { pids: null, host: null, installation: null },
  });
  const { status, signal, complaint } = await child.ended;
  if (status !== null && status !== 0) throw new Error(complaint);
  const said = child.lines.at(-1);
  return { signal, operations: said === undefined ? [] : (JSON.parse(said) as string[]) };
}

/** Everything that happened, by what the journal says, and by what it must say. */
async function checkJournal(share: Share, store: Store): Promise<void> {
  const top = revisionsIn(share).at(-1)?.revision ?? 0;
  const { events, problems } = await store.readJournal(0, limits());
  expect(problems).toEqual([]);
  expect(events.map(({ word }) => word)).toEqual(Array.from({ length: top }, (_, n) => `e${n + 1}`));
}

test('killed while folding and clearing: nothing is missing or there twice, and others go on', {
  timeout: 600_000,
}, async () => {
  const grown = newShare();
  await commitSome((await openStore(grown.file, realSystem(quiet))).store, GROWN);
  const whole = copyOf(grown);
  const { operations } = await crash(whole, 0, 'before');
  expect(fs.readdirSync(nodePath.join(whole.folder, 'journal')).length).toBeGreaterThan(1);
  const jobs = operations.flatMap((operation, index) =>
    momentsOf(operation).map((when) => ({ at: index + 1, when, operation })),
  );
  expect(jobs.length).toBeGreaterThan(60);
  await inParallel(jobs, AT_ONCE, async ({ at, when, operation }) => {
    const share = copyOf(grown);
    expect((await crash(share, at, when)).signal).toBe('SIGKILL');
    await checkAfter(share).catch((cause: unknown) => {
      throw new Error(`killed ${when} operation ${at} (${operation}): ${String(cause)}`, { cause });
    });
  });
  console.info(`${operations.length} operations, killed at ${jobs.length} moments: ${operations.join(', ')}`);
});

async function checkAfter(share: Share): Promise<void> {
  const { store } = await openStore(share.file, realSystem(waits));
  await checkJournal(share, store);
  await commitSome(store, 8);
  await checkJournal(share, store);
  expect(revisionsIn(share)[0]?.revision).toBeGreaterThanOrEqual(4);
  expect(littleThings(share)).toEqual([]);
}
