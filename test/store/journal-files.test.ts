import { describe, expect, test } from 'vitest';
import type { LicenceEvent } from '../../src/licence/document.js';
import { nextRevision } from '../../src/licence/revision.js';
import { ShareError } from '../../src/share/files.js';
import type { Change } from '../../src/store/commit.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import { faulty, type Mishap } from '../helpers/faults.js';
import { bareLicence, Table, type Writer, type WriterOptions } from '../helpers/table.js';

const DAY_MS = 86_400_000;
const AGE_MS = 300_000;
const clearing = { segmentNumbers: 8, supersededMs: AGE_MS, abandonedMs: DAY_MS };

const happening =
  (word: string): Change<null> =>
  ({ licence }) => ({ answer: null, draft: { licence, events: [{ kind: 'test', word }] } });

/** One event in every commit; the words are e1, e2, ... */
async function happen(writer: Writer, times: number): Promise<void> {
  const { timeline } = writer.table;
  for (let n = 0; n < times; n++) {
    const word = `e${writer.table.top().revision + 1}`;
    await timeline.run(writer.store.commit(happening(word), writer.deadline()));
    await timeline.run(writer.store.settled());
    await timeline.advance(300); // a round of garbage collection follows the one before by a second
  }
}

const words = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `e${from + n}`);
const wordsOf = (events: readonly LicenceEvent[]) => events.map(({ word }) => String(word));

async function journalOf(writer: Writer, sinceMs = 0) {
  const { timeline } = writer.table;
  return await timeline.run(writer.store.readJournal(sinceMs, writer.deadline(120_000)));
}

const journalFolder = (table: Table) => `${table.paths.folder}/journal`;
const segments = (table: Table) =>
  table.server.isThere(journalFolder(table)) ? table.server.list(journalFolder(table)).sort() : [];
const pathIn = (table: Table, name: string) => `${journalFolder(table)}/${name}/events.ndjson`;
const FIRST = '000000000000-000000000007';
const SECOND = '000000000008-000000000015';

interface Grown extends WriterOptions {
  readonly store?: Partial<StoreOptions>;
}

/** A process has watched this many commits for longer than five minutes; its next four bring a round. */
async function watched(commits: number, { store, ...options }: Grown = {}) {
  const table = new Table();
  const writer = table.writer({ store: { clearing, ...store }, ...options });
  await happen(writer, commits);
  await table.timeline.advance(AGE_MS);
  return { table, writer };
}

describe('folding', () => {
  test('events go into segments before their revisions go, and are read back once and in order', async () => {
    const { table, writer } = await watched(40);
    await happen(writer, 4);
    expect(segments(table)).toEqual([FIRST, SECOND]);
    expect(table.numbers()[0]).toBe(12);
    const { events, problems } = await journalOf(writer);
    expect(wordsOf(events)).toEqual(words(1, 44));
    expect(problems).toEqual([]);
    expect(table.others().sort()).toEqual(['journal']);
  });

  test('the folder and what is in it have the rights of the folder around them', async () => {
    const { table, writer } = await watched(40);
    await happen(writer, 4);
    const mode = (path: string) => table.server.stat(path).mode & 0o777;
    expect(mode(journalFolder(table))).toBe(0o775);
    expect(mode(`${journalFolder(table)}/${FIRST}`)).toBe(0o775);
    expect(mode(pathIn(table, FIRST))).toBe(0o664);
  });

  test('nothing is folded or cleared by who has just come', async () => {
    const { table } = await watched(40);
    const other = table.writer({ store: { clearing } });
    await happen(other, 4);
    expect(segments(table)).toEqual([]);
    expect(table.numbers()[0]).toBe(0);
  });

  test('a range in which nothing happened has no segment, and goes', async () => {
    const table = new Table();
    table.grow(40);
    const writer = table.writer({ store: { clearing } });
    await writer.read();
    await table.timeline.advance(AGE_MS);
    await happen(writer, 4);
    expect(segments(table)).toEqual([]);
    expect(table.numbers()[0]).toBe(12);
  });

  test('each revision is read once, and the beats of a process are not', async () => {
    const reads: string[] = [];
    const { writer, table } = await watched(0, {
      wrap: (files) => ({
        ...files,
        read: (path) => {
          reads.push(path);
          return files.read(path);
        },
      }),
    });
    const other = table.writer({ store: { clearing } });
    await happen(other, 40);
    await writer.read();
    await table.timeline.advance(AGE_MS);
    reads.length = 0;
    await happen(writer, 12);
    const counts = new Map<string, number>();
    for (const path of reads) counts.set(path, (counts.get(path) ?? 0) + 1);
    const isOld = (path: string) => path.startsWith(table.paths.folder) && path < table.documentPath(40);
    const old = [...counts].filter(([path]) => isOld(path));
    expect(old.length).toBeGreaterThan(24);
    expect(old.filter(([, times]) => times > 1)).toEqual([]);
  });

  test('what is above a refused segment stays, so that the chain can be walked; after 5 minutes it goes', async () => {
    let isRefused = true;
    const { table, writer } = await watched(40, {
      wrap: (files) => ({
        ...files,
        rename: async (from, to) => {
          if (isRefused && to.endsWith(FIRST)) throw new ShareError('busy', 'rename', to);
          await files.rename(from, to);
        },
      }),
    });
    await happen(writer, 8);
    expect([segments(table), table.numbers()[0]]).toEqual([[], 0]);
    await table.timeline.advance(AGE_MS);
    await happen(writer, 4);
    expect(segments(table)).toContain(SECOND);
    expect(table.numbers().slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(table.numbers()[8]).toBeGreaterThan(15);
    isRefused = false;
    await table.timeline.advance(AGE_MS);
    await happen(writer, 8);
    expect(segments(table)).toContain(FIRST);
    expect(wordsOf((await journalOf(writer)).events)).toEqual(words(1, 60));
  });

  test('two who fold at once write the same, and one of them is refused', async () => {
    const { table, writer } = await watched(40);
    const other = table.writer({ store: { clearing } });
    await other.read();
    await table.timeline.advance(AGE_MS);
    for (let n = 0; n < 8; n++) {
      const both = [writer, other].map((one) => one.store.commit(happening(`e${n}`), one.deadline()));
      await table.timeline.run(Promise.all(both));
      await table.timeline.run(Promise.all([writer.store.settled(), other.store.settled()]));
    }
    expect(segments(table).length).toBeGreaterThan(1);
    for (const one of [writer, other]) {
      const { events, problems } = await journalOf(one);
      expect(wordsOf(events).slice(0, 40)).toEqual(words(1, 40));
      expect(events.map(({ id }) => id)).toEqual(words(1, 56).map((word) => `lineage-1.${word.slice(1)}.0`));
      expect(problems).toEqual([]);
    }
  });

  test('segments that went with a lost table are written again, before their revisions go', async () => {
    const { table, writer } = await watched(40);
    await happen(writer, 4);
    table.server.removeTree(`${journalFolder(table)}/${SECOND}`);
    const other: Change<null> = ({ licence }) => ({
      answer: null,
      draft: { licence: { ...licence, lineage: 'restored' }, events: [{ kind: 'test', word: 'e45' }] },
    });
    await table.timeline.run(writer.store.commit(other, writer.deadline()));
    await table.timeline.run(writer.store.settled());
    await happen(writer, 8);
    expect(segments(table)).toContain(SECOND);
    expect(wordsOf((await journalOf(writer)).events)).toEqual([...words(1, 7), ...words(12, 53)]);
  });

  test('what others made of an older state is in it, also if the writer had made something else', async () => {
    const table = new Table();
    const writer = table.writer({ store: { clearing } });
    await happen(writer, 4);
    table.server.copyTree(table.paths.folder, '/backup');
    await happen(writer, 2); // e5 and e6 are lost
    table.server.removeTree(table.paths.folder);
    table.server.copyTree('/backup', table.paths.folder);
    const other = table.writer();
    for (const word of ['o5', 'o6', 'o7']) {
      await table.timeline.run(other.store.commit(happening(word), other.deadline()));
      await table.timeline.run(other.store.settled());
    }
    await happen(writer, 33);
    await table.timeline.advance(AGE_MS);
    await happen(writer, 8);
    expect(segments(table)).toContain(FIRST);
    const { events } = await journalOf(writer);
    expect(events.filter(({ kind }) => kind === 'forgotten')).toMatchObject([{ from: 5, to: 7 }]);
    expect(wordsOf(events.filter(({ kind }) => kind !== 'forgotten'))).toEqual([
      ...[...words(1, 4), 'o5', 'o6', 'o7'],
      ...words(8, 48),
    ]);
  });

  test('a number given again to somebody who slept goes with its segment, and is in no journal', async () => {
    const { table, writer } = await watched(40);
    const void5 = { ...bareLicence(), revision: 5, parent: { revision: 4, commit: 'commit-of-4' } };
    await happen(writer, 4);
    const events = [{ id: 'lineage-1.5.0', kind: 'test', at: '2026-11-21T00:00:00.000Z', before: null }];
    table.makeRevision({ ...void5, commit: 'late', events });
    const { events: read } = await journalOf(writer);
    expect(wordsOf(read)).toEqual(words(1, 44));
    const fresh = table.writer({ store: { clearing } });
    await fresh.read();
    await table.timeline.advance(AGE_MS);
    await happen(fresh, 8);
    expect(table.numbers()).not.toContain(5);
    expect(wordsOf((await journalOf(writer)).events)).toEqual(words(1, 52));
  });
});

describe('a segment that is not what it should be', () => {
  const cases: [string, (table: Table) => void][] = [
    ['garbage', (table) => plant(table, 'garbage')],
    ['empty', (table) => plant(table, '')],
    ['of another table', (table) => plant(table, ALIEN)],
    ['a file in its place', (table) => makeFile(table)],
  ];
  const ALIEN = `${JSON.stringify({
    ...{ format: 'seatfile-journal/1', first: 0, last: 7, events: 1 },
    sha256: '0'.repeat(64),
  })}\n{"id":"other.3.0","kind":"test","at":"2026-11-21T00:00:00.000Z","before":null}\n`;

  function makeFolder(table: Table): void {
    table.server.makeDirectory(journalFolder(table));
  }
  function plant(table: Table, text: string): void {
    makeFolder(table);
    table.server.makeDirectory(`${journalFolder(table)}/${FIRST}`);
    table.server.writeNew(pathIn(table, FIRST), text, 0o664);
  }
  function makeFile(table: Table): void {
    makeFolder(table);
    table.server.writeNew(`${journalFolder(table)}/${FIRST}`, 'a file', 0o664);
  }

  test.each(cases)('%s: told, left as it is with its revisions, and stops nothing else', async (_, spoil) => {
    const told: string[] = [];
    const { table, writer } = await watched(40);
    writer.store.onJournalTrouble = (what) => void told.push(what);
    spoil(table);
    const before = snapshot(table);
    await happen(writer, 8);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(FIRST);
    expect(snapshot(table)).toBe(before);
    expect(table.numbers().slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(table.numbers()[8]).toBeGreaterThan(15);
    const { events, problems } = await journalOf(writer);
    expect(wordsOf(events).filter((word) => word !== 'undefined')).toEqual(words(1, 48));
    expect(problems).toHaveLength(1);
  });

  const snapshot = (table: Table): string => {
    const place = `${journalFolder(table)}/${FIRST}`;
    return table.server.stat(place).kind === 'file'
      ? table.server.readText(place)
      : table.server.readText(pathIn(table, FIRST));
  };

  test('moved away, it is written again from its revisions', async () => {
    const { table, writer } = await watched(40);
    plant(table, 'garbage');
    await happen(writer, 8);
    table.server.rename(`${journalFolder(table)}/${FIRST}`, '/share/aside');
    await table.timeline.advance(AGE_MS);
    await happen(writer, 8);
    expect(segments(table)).toContain(FIRST);
    expect(table.numbers()[0]).toBeGreaterThan(7);
    expect(await journalOf(writer)).toMatchObject({ problems: [] });
    expect(wordsOf((await journalOf(writer)).events)).toEqual(words(1, 56));
  });

  test('a revision that stays unreadable is passed by after five minutes, and told', async () => {
    const told: string[] = [];
    const { table, writer } = await watched(4);
    writer.store.onJournalTrouble = (what) => void told.push(what);
    const other = table.writer({ store: { clearing } });
    await happen(other, 36);
    await writer.read();
    table.server.removeFile(table.documentPath(10));
    table.server.writeNew(table.documentPath(10), 'garbage', 0o664);
    await table.timeline.advance(AGE_MS);
    await happen(writer, 4);
    expect(segments(table)).not.toContain(SECOND);
    await table.timeline.advance(AGE_MS);
    await happen(writer, 8);
    expect(segments(table)).toContain(SECOND);
    expect(told).toEqual([expect.stringContaining('revision 10')]);
    const left = words(1, 52).filter((word) => word !== 'e10');
    expect(wordsOf((await journalOf(writer)).events)).toEqual(left);
  });
});

describe('keeping', () => {
  const MONTH_MS = 31 * DAY_MS;

  test('segments go, oldest first, when they are older than the settings say', async () => {
    const { table, writer } = await watched(40);
    await happen(writer, 8);
    expect(segments(table)[0]).toBe(FIRST);
    const before = segments(table).length;
    await table.timeline.advance(14 * MONTH_MS);
    await happen(writer, 8);
    const { events } = await journalOf(writer);
    expect(segments(table)).not.toContain(FIRST);
    expect(segments(table).length).toBeLessThan(before + 4);
    expect(table.others().sort()).toEqual(['journal']);
    expect(wordsOf(events).at(-1)).toBe('e56');
  });

  test('what is asked for from some time on reads no older segments', async () => {
    const { table, writer } = await watched(40);
    await happen(writer, 8);
    await table.timeline.advance(10 * DAY_MS);
    const sinceMs = table.server.nowMs;
    await happen(writer, 1);
    expect(wordsOf((await journalOf(writer, sinceMs)).events)).not.toContain('e1');
    expect(wordsOf((await journalOf(writer, sinceMs)).events)).toContain('e49');
  });
});

const small = { ...clearing, segmentNumbers: 4 };

/** As after this many commits of another process, with an event in each. */
function growEventful(table: Table, revisions: number): void {
  table.makeRevision(bareLicence());
  for (let n = 1; n <= revisions; n++) {
    const draft = { licence: table.top(), events: [{ kind: 'test', word: `e${n}` }] };
    const stamp = { changeId: `change-${n}`, commit: `commit-${n}`, shareTimeMs: table.server.nowMs };
    table.makeRevision(nextRevision(table.top(), draft, stamp));
  }
}

/** Every step of folding and clearing fails once; another process goes on, and nothing is missing or there twice. */
const mishaps = (['unsaid', 'refused', 'missing'] as const).flatMap((error) =>
  (['refuse', 'loseReply'] as const).map((kind) => ({ kind, error })),
);

describe.each(mishaps)('every step fails once: $kind with $error', (mishap) => {
  test('nothing is missing, nothing is there twice, and others go on', async () => {
    let steps = 0;
    for (let step = 1, failed = true; failed; step++) {
      const { table, writer, share } = await roundFailingAt(step, mishap);
      failed = share.failed;
      steps = step;
      const told = `step ${step}, ${share.operation}`;
      const { events } = await journalOf(writer);
      expect(wordsOf(events), told).toEqual(words(1, table.top().revision));
      const next = table.writer({ store: { clearing: small }, isDead: () => true });
      await next.read();
      await table.timeline.advance(AGE_MS);
      await happen(next, 8);
      const after = await journalOf(next);
      expect(wordsOf(after.events), told).toEqual(words(1, table.top().revision));
      expect(after.problems, told).toEqual([]);
      expect(table.numbers()[0], told).toBeGreaterThanOrEqual(8);
      expect(
        table.others().filter((name) => name !== 'lock'),
        told,
      ).toEqual(['journal']);
    }
    expect(steps).toBeGreaterThan(40);
  });
});

/** A round after the answer of a commit, in which the step-th operation fails. */
async function roundFailingAt(step: number, mishap: Mishap) {
  const share = { failed: false, isArmed: false, operation: '', n: 0 };
  const table = new Table();
  growEventful(table, 20);
  const writer = table.writer({
    store: { clearing: small },
    wrap: (files) =>
      faulty(files, (operation, path) => {
        if (!share.isArmed || ++share.n !== step) return null;
        Object.assign(share, { failed: true, operation: `${operation} ${path}` });
        return mishap;
      }),
  });
  await writer.read();
  await table.timeline.advance(AGE_MS);
  await happen(writer, 3);
  const word = `e${table.top().revision + 1}`;
  const arm = () => {
    share.isArmed = true;
  };
  await table.timeline.run(writer.store.commit(happening(word), writer.deadline()).then(arm));
  await table.timeline.run(writer.store.settled());
  share.isArmed = false;
  return { table, writer, share };
}
