import { describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import { nextRevision } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import { ShareError, type ShareErrorKind, type ShareFiles } from '../../src/share/files.js';
import { type Decide, faulty, latch } from '../helpers/faults.js';
import { adding, codeOf, declining, Table, tallyOf } from '../helpers/table.js';

/** Only renames onto a revision's number: publishing. */
const isPublishing = (args: { operation: string; path: string }) =>
  args.operation === 'rename' && /\/stage-[^/]*$/.test(args.path);

/** Something befalls the first few renames that publish, and nothing else. */
function publishing(mishap: (nth: number) => ReturnType<Decide>): (files: ShareFiles) => ShareFiles {
  let nth = 0;
  return (files) =>
    faulty(files, (operation, path) => (isPublishing({ operation, path }) ? mishap(++nth) : null));
}

test('a commit publishes the next revision, made from the one before', async () => {
  const table = new Table();
  const base = table.grow(3);
  const done = await table.writer().add('mine');
  expect(done).toMatchObject({ answer: 'mine', published: true, licence: { revision: 4 } });
  expect(table.top()).toEqual(done.licence);
  expect(table.top().parent).toEqual({ revision: 3, commit: base.commit });
  expect(table.tally()).toEqual(['w1', 'w2', 'w3', 'mine']);
});

test('a commit leaves no stage and no lock', async () => {
  const table = new Table();
  table.grow(1);
  await table.writer().add('mine');
  expect(table.others()).toEqual([]);
});

test('a commit tells the time of the server, not of its own host', async () => {
  const table = new Table({ wallOffsetMs: 3_600_000 });
  table.grow(1);
  const done = await table.writer().add('mine');
  expect(done.shareTimeMs).toBe(table.server.nowMs);
  expect(done.licence.committedAt).toBe(new Date(table.server.nowMs).toISOString());
});

test('unknown keys survive a commit', async () => {
  const table = new Table();
  const licence = { ...table.top(), colour: 'green' };
  table.makeRevision(licence);
  await table.writer().add('mine');
  expect(table.top()).toMatchObject({ colour: 'green', tally: ['mine'] });
});

test('a declined change publishes nothing, and leaves no stage', async () => {
  const table = new Table();
  const base = table.grow(2);
  const writer = table.writer();
  const done = await table.timeline.run(writer.store.commit(declining, writer.deadline()));
  await table.timeline.run(writer.store.settled());
  expect(done).toMatchObject({ answer: 'no', published: false, licence: { revision: 2 } });
  expect([table.top(), table.others()]).toEqual([base, []]);
});

test('a change that throws publishes nothing, leaves no stage, and is told with the file before it', async () => {
  const table = new Table();
  const base = table.grow(2);
  const writer = table.writer();
  const fault = new SeatfileFault('UNKNOWN_MODULE', 'no module "M9"');
  const failing = writer.store.commit(() => {
    throw fault;
  }, writer.deadline());
  await expect(table.timeline.run(failing)).rejects.toMatchObject({
    ...{ code: 'UNKNOWN_MODULE', message: `${writer.store.paths.licenceFile}: no module "M9"` },
  });
  await table.timeline.run(writer.store.settled());
  expect([table.top(), table.others()]).toEqual([base, []]);
});

test('a change that makes the document too large publishes nothing', async () => {
  const table = new Table();
  const base = table.grow(1);
  expect(await codeOf(table.writer().add('x'.repeat(16 * 1024 * 1024)))).toBe('LICENCE_INVALID');
  expect([table.top(), table.others()]).toEqual([base, []]);
});

test('a lost race is run again from the new top', async () => {
  const table = new Table();
  table.grow(1);
  const rival = table.writer({ store: { lock: false } });
  const { until, release } = latch();
  const wrap = publishing((nth) => (nth === 1 ? { kind: 'hang', until } : null));
  const slow = table.writer({ wrap, store: { lock: false } }).adding('slow');
  await table.timeline.advance(0);
  await rival.add('quick');
  release();
  expect((await table.timeline.run(slow)).licence.revision).toBe(3);
  expect(table.tally()).toEqual(['w1', 'quick', 'slow']);
});

test('who loses every race is answered at his deadline, and has changed nothing', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = publishing(() => {
    table.grow(1);
    return null;
  });
  expect(await codeOf(table.writer({ wrap, client: { latencyMs: () => 10 } }).add('slow', 5000))).toBe(
    'SHARE_BUSY',
  );
  expect(table.tally()).not.toContain('slow');
  expect(table.others()).toEqual([]);
});

test('a rename whose reply was lost is acknowledged, and done once', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = publishing((nth) => (nth === 1 ? { kind: 'loseReply', error: 'unsaid' } : null));
  const done = await table.writer({ wrap }).add('mine');
  expect(done.published).toBe(true);
  expect(table.tally()).toEqual(['w1', 'mine']);
});

test('a rename that is reported refused and was done is acknowledged', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = publishing((nth) => (nth === 1 ? { kind: 'loseReply', error: 'notEmpty' } : null));
  expect((await table.writer({ wrap }).add('mine')).licence.revision).toBe(2);
  expect(table.tally()).toEqual(['w1', 'mine']);
});

test('a rename that the server carries out late, after the next try, is done once', async () => {
  const table = new Table();
  table.grow(1);
  const { until, release } = latch();
  let late: Promise<void> = Promise.resolve();
  let nth = 0;
  const wrap = (files: ShareFiles): ShareFiles => ({
    ...files,
    rename: async (from, to) => {
      if (!isPublishing({ operation: 'rename', path: from }) || ++nth > 1)
        return await files.rename(from, to);
      late = until.then(() => files.rename(from, to));
      throw new ShareError('unsaid', 'rename', from);
    },
  });
  await table.writer({ wrap }).add('mine');
  release();
  await expect(late).rejects.toMatchObject({ kind: 'missing' });
  expect(table.tally()).toEqual(['w1', 'mine']);
});

test('an outcome that stays unknown until the deadline is told so, and the stage is kept', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = publishing(() => ({ kind: 'refuse', error: 'unsaid' }));
  expect(await codeOf(table.writer({ wrap }).add('mine', 5000))).toBe('COMMIT_UNKNOWN');
  expect(table.others()).toEqual([expect.stringMatching(/^stage-abcdef01-1-/)]);
});

test('a share that fails after the rename leaves the outcome unknown, and the next look shows it', async () => {
  const table = new Table();
  table.grow(1);
  let isPublished = false;
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) => {
      if (isPublished) return { kind: 'refuse', error: 'unsaid' };
      isPublished = isPublishing({ operation, path });
      return null;
    });
  expect(await codeOf(table.writer({ wrap }).add('mine', 5000))).toBe('COMMIT_UNKNOWN');
  expect(tallyOf(await table.writer().read())).toEqual(['w1', 'mine']);
});

describe('an outcome is never told as "nothing was changed" when it is not known', () => {
  const second: readonly ShareErrorKind[] = [
    'refused',
    'busy',
    'full',
    'missing',
    'stale',
    'wrongKind',
    'readOnly',
  ];

  test.each(second)('reply lost, then %s', async (error) => {
    const table = new Table();
    table.grow(1);
    let isPublished = false;
    const wrap = (files: ShareFiles) =>
      faulty(files, (operation, path) => {
        if (isPublished) return { kind: 'refuse', error };
        isPublished = isPublishing({ operation, path });
        return isPublished ? { kind: 'loseReply', error: 'unsaid' } : null;
      });
    expect(await codeOf(table.writer({ wrap }).add('mine', 5000))).toBe('COMMIT_UNKNOWN');
  });

  test('published, and the folder is listed as it was before', async () => {
    const table = new Table();
    table.grow(1);
    const names = table.server.list(table.paths.folder);
    let isPublished = false;
    const wrap = (files: ShareFiles) =>
      faulty(files, (operation, path) => {
        isPublished ||= isPublishing({ operation, path });
        const isStale = isPublished && operation === 'list' && path === table.paths.folder;
        return isStale ? { kind: 'answer', value: names } : null;
      });
    expect([null, 'COMMIT_UNKNOWN']).toContain(await codeOf(table.writer({ wrap }).add('mine', 5000)));
    expect(table.tally()).toEqual(['w1', 'mine']);
  });
});

test('a stale listing only leads to a refusal, and to another try', async () => {
  const table = new Table();
  table.grow(3);
  const past = table.server.list(table.paths.folder);
  table.grow(10);
  const wrap = (files: ShareFiles) => {
    let lists = 0;
    return faulty(files, (operation, path) =>
      operation === 'list' && path === table.paths.folder && ++lists <= 2
        ? { kind: 'answer', value: past }
        : null,
    );
  };
  const done = await table.writer({ wrap, store: { lock: false } }).add('mine');
  expect(done.licence.revision).toBe(14);
  expect(table.tally()).toHaveLength(14);
  expect(table.others()).toEqual([]);
});

test('a commit into a gap below the top is void, and made again from the top', async () => {
  const table = new Table();
  table.grow(3);
  const past = table.server.list(table.paths.folder);
  table.grow(10);
  table.server.removeTree(table.numberPath(4));
  const wrap = (files: ShareFiles) => {
    let lists = 0;
    return faulty(files, (operation, path) =>
      operation === 'list' && path === table.paths.folder && ++lists === 1
        ? { kind: 'answer', value: past }
        : null,
    );
  };
  const done = await table.writer({ wrap, store: { lock: false } }).add('mine');
  expect(table.server.isThere(table.documentPath(4))).toBe(true); // void, and cleared away later
  expect(done.licence.revision).toBe(14);
  expect(table.tally().filter((word) => word === 'mine')).toHaveLength(1);
});

test('a stage that somebody removed under us was not published: the change is made again', async () => {
  const table = new Table();
  table.grow(1);
  let left = 1;
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) => {
      if (isPublishing({ operation, path }) && left-- > 0) table.server.removeTree(path);
      return null;
    });
  expect((await table.writer({ wrap }).add('mine')).licence.revision).toBe(2);
  expect(table.timeline.nowMs).toBeLessThan(1000);
  expect(table.tally()).toEqual(['w1', 'mine']);
});

test('a rename carried out after it was taken for void is found in the table, and not made again', async () => {
  const table = new Table();
  table.grow(1);
  const past = table.server.list(table.paths.folder);
  let state: 'before' | 'on its way' | 'done' = 'before';
  const wrap = (files: ShareFiles): ShareFiles => ({
    ...files,
    list: async (path) =>
      state === 'on its way' && path === table.paths.folder ? past : await files.list(path),
    rename: async (from, to) => {
      if (state !== 'before' || !isPublishing({ operation: 'rename', path: from }))
        return await files.rename(from, to);
      state = 'on its way';
      table.timeline.at(table.timeline.nowMs + 1, () => {
        state = 'done';
        table.server.rename(from, to);
      });
      throw new ShareError('unsaid', 'rename', from);
    },
  });
  const done = await table.writer({ wrap }).add('mine');
  expect([done.published, done.licence.revision]).toEqual([true, 2]);
  expect([table.tally(), table.others()]).toEqual([['w1', 'mine'], []]);
});

/** A process that slept for long publishes below the top, under a number that was cleared away: void. */
function makeVoid(table: Table, parent: Licence): void {
  const stamp = { changeId: 'of-a-sleeper', commit: 'of-a-sleeper', shareTimeMs: table.server.nowMs };
  table.server.removeTree(table.numberPath(parent.revision + 1));
  table.makeRevision(nextRevision(parent, { licence: parent, events: [] }, stamp));
}

test('a number that changed hands between listing and reading tells nothing: the change is made again', async () => {
  const table = new Table();
  table.grow(1);
  const past = table.server.list(table.paths.folder);
  let published = false;
  let told = false;
  const wrap = (files: ShareFiles): ShareFiles => ({
    ...files,
    list: async (path) => (published || path !== table.paths.folder ? await files.list(path) : past),
    rename: async (from, to) => {
      if (!published && isPublishing({ operation: 'rename', path: from })) {
        published = true;
        table.grow(2); // 2 and 3; then 2 is cleared away, so that ours is void
        table.server.removeTree(table.numberPath(2));
      }
      await files.rename(from, to);
    },
    read: async (path) => {
      if (!published || told || path !== table.documentPath(3)) return await files.read(path);
      told = true; // stopped since the listing, for so long that 3 is another's
      const ours = JSON.parse(table.server.readText(table.documentPath(2))) as Licence;
      table.grow(2);
      makeVoid(table, ours);
      return await files.read(path);
    },
  });
  const done = await table.writer({ wrap }).add('mine', 60_000);
  expect([told, done.published, done.licence.revision]).toEqual([true, true, 6]);
  expect(table.tally().filter((word) => word === 'mine')).toHaveLength(1);
});

test('what could not be set aside may have been published: unknown, never "nothing was changed"', async () => {
  const table = new Table();
  table.grow(1);
  const hidden = table.numberPath(2);
  let stage = '';
  const wrap = (files: ShareFiles): ShareFiles => ({
    ...files,
    list: async (path) => {
      const names = await files.list(path);
      return stage === '' ? names : [...names.filter((name) => !hidden.endsWith(name)), stage];
    },
    read: async (path) => {
      if (path.startsWith(hidden)) throw new ShareError('missing', 'read', path);
      return await files.read(path);
    },
    rename: async (from, to) => {
      if (to === hidden) stage = from.slice(from.lastIndexOf('/') + 1);
      await files.rename(from, to).catch(() => undefined);
      throw new ShareError('missing', 'rename', from); // the answer to a repeated request
    },
  });
  expect(await codeOf(table.writer({ wrap }).add('mine', 60_000))).toBe('COMMIT_UNKNOWN');
  expect(table.tally()).toEqual(['w1', 'mine']);
});

test('a failure after an attempt that had succeeded all the same is no failure', async () => {
  const table = new Table();
  table.grow(1);
  const base = table.top();
  let isFull = false;
  const wrap = (files: ShareFiles): ShareFiles => ({
    ...files,
    makeDirectory: async (path) => {
      if (isFull && path.includes('stage-')) throw new ShareError('full', 'make directory', path);
      await files.makeDirectory(path);
    },
    rename: async (from, to) => {
      await files.rename(from, to);
      if (!isPublishing({ operation: 'rename', path: from })) return;
      table.grow(1); // on top of ours, whose number is then cleared away, and taken by a sleeper
      makeVoid(table, base);
      isFull = true;
      throw new ShareError('unsaid', 'rename', from);
    },
  });
  const done = await table.writer({ wrap }).add('mine');
  expect([done.answer, done.published, done.licence.revision]).toEqual(['mine', true, 3]);
  expect(table.tally()).toEqual(['w1', 'mine', 'w3']);
});

test('so many revisions above ours that nobody can tell: unknown, and not made again', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = (files: ShareFiles): ShareFiles => ({
    ...files,
    rename: async (from, to) => {
      await files.rename(from, to);
      if (!isPublishing({ operation: 'rename', path: from })) return;
      table.grow(300);
    },
  });
  expect(await codeOf(table.writer({ wrap }).add('mine'))).toBe('COMMIT_UNKNOWN');
  expect(table.tally().filter((word) => word === 'mine')).toHaveLength(1);
});

test('an empty directory under the next number stops nobody, and goes', async () => {
  const table = new Table();
  table.grow(2);
  table.server.makeDirectory(table.numberPath(3));
  const writer = table.writer();
  expect((await writer.read()).revision).toBe(2);
  expect(table.server.isThere(table.numberPath(3))).toBe(false);
});

test('a commit meets an empty directory under the next number, and goes on', async () => {
  const table = new Table();
  table.grow(2);
  table.server.makeDirectory(table.numberPath(3));
  expect((await table.writer().add('mine')).licence.revision).toBe(3);
});

test('two commits of one store are made one after the other', async () => {
  const table = new Table();
  table.grow(1);
  const writer = table.writer();
  const both = Promise.all([writer.adding('a'), writer.adding('b')]);
  expect((await table.timeline.run(both)).map((done) => done.licence.revision)).toEqual([2, 3]);
  expect(table.tally()).toEqual(['w1', 'a', 'b']);
});

test('without the lock nothing is lost either', async () => {
  const table = new Table();
  const latencyMs = () => 3;
  const writers = ['a', 'b', 'c', 'd'].map((word) => ({
    word,
    writer: table.writer({ store: { lock: false }, client: { latencyMs } }),
  }));
  await table.timeline.run(Promise.all(writers.map(({ word, writer }) => writer.adding(word))));
  expect([...table.tally()].sort()).toEqual(['a', 'b', 'c', 'd']);
});

test('a caller who gives up while others are quicker is told so, and has changed nothing', async () => {
  const table = new Table();
  table.grow(1);
  const stop = new AbortController();
  const wrap = publishing(() => {
    table.grow(1);
    stop.abort();
    return null;
  });
  const asked = table.writer({ wrap }).adding('mine', 60_000, stop.signal);
  expect(await codeOf(table.timeline.run(asked))).toBe('ABORTED');
  expect(table.tally()).not.toContain('mine');
});

test('directories and files get the rights of those around, whatever the umask', async () => {
  const table = new Table({ umask: 0o077 });
  await table.writer().add('mine');
  const { server, paths } = table;
  const modes = [paths.folder, table.numberPath(1), table.documentPath(1)].map(
    (path) => server.stat(path).mode,
  );
  expect(modes).toEqual([0o775, 0o775, 0o664]);
});

test('a share that refuses to set rights is written all the same', async () => {
  const table = new Table();
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation) => (operation === 'setMode' ? { kind: 'refuse', error: 'refused' } : null));
  expect((await table.writer({ wrap }).add('mine')).licence.revision).toBe(1);
});

test('a file cut off by a full disk is never published', async () => {
  const table = new Table();
  const base = table.grow(1);
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) =>
      operation === 'writeNew' && path.includes('stage-') ? { kind: 'shortWrite', characters: 100 } : null,
    );
  expect(await codeOf(table.writer({ wrap }).add('mine'))).toBe('SHARE_FULL');
  expect([table.top(), table.others()]).toEqual([base, []]);
});

test('what was published is the document that was answered, to the byte', async () => {
  const table = new Table();
  const { licence } = await table.writer().add('Zoë');
  expect(table.server.readText(table.documentPath(1))).toBe(formatLicence(licence, 'compact'));
});

test('the store keeps its own copy of nothing: two writers in turn see each other', async () => {
  const table = new Table();
  const [ada, bob] = [table.writer(), table.writer()];
  await ada.add('a');
  await bob.add('b');
  await table.timeline.run(ada.store.commit(adding('c'), ada.deadline()));
  expect(table.tally()).toEqual(['a', 'b', 'c']);
});

test('a change that nobody could read back is refused, and publishes nothing', async () => {
  const table = new Table();
  table.grow(2);
  const writer = table.writer();
  const nameless = table.top().instances.concat({ id: 'x', user: '' } as never);
  const poison = writer.store.commit(
    ({ licence }) => ({ answer: null, draft: { licence: { ...licence, instances: nameless }, events: [] } }),
    writer.deadline(),
  );
  expect(await codeOf(table.timeline.run(poison))).toBe('LICENCE_INVALID');
  expect([table.top().revision, table.others()]).toEqual([2, []]);
  await writer.add('mine');
  expect(table.top().revision).toBe(3);
});
