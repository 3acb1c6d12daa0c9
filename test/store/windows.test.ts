import { describe, expect, test } from 'vitest';
import { ShareError, type ShareErrorKind, type ShareFiles } from '../../src/share/files.js';
import { codeOf, Table } from '../helpers/table.js';
import { windowsDisk } from '../share/simulated/semantics.js';

/** A server that renames no directory onto another, and neither renames nor removes what is open. */
const windows = () => {
  const table = new Table({ semantics: windowsDisk });
  table.grow(1);
  return table;
};

/** A virus scanner opens every new document in a stage, for so long. */
function scanned(table: Table, forMs: number, kind: ShareErrorKind = 'refused') {
  return (files: ShareFiles): ShareFiles => ({
    ...files,
    writeNew: async (file, text, mode) => {
      await files.writeNew(file, text, mode);
      table.timeline.at(table.timeline.nowMs + forMs, table.server.holdOpen(file, kind));
    },
  });
}

test('a commit is done', async () => {
  const table = windows();
  await table.writer().add('mine');
  expect([table.tally(), table.others(), table.shown()]).toEqual([['w1', 'mine'], [], 2]);
});

test('the first commit is done, by two processes at once', async () => {
  const table = new Table({ semantics: windowsDisk });
  const writers = [table.writer(), table.writer()];
  await table.timeline.run(Promise.all(writers.map((writer, n) => writer.adding(`word-${n}`))));
  expect([...table.tally()].sort()).toEqual(['word-0', 'word-1']);
});

test('a lost race is run again, also without the lock', async () => {
  const table = windows();
  const options = { store: { lock: false }, client: { latencyMs: () => 2 } };
  const writers = [1, 2, 3].map(() => table.writer(options));
  await table.timeline.run(Promise.all(writers.map((writer, n) => writer.adding(`word-${n}`))));
  expect(table.tally()).toHaveLength(4);
});

test('an empty directory under the next number goes, and the commit is done', async () => {
  const table = windows();
  table.server.makeDirectory(table.numberPath(2));
  expect((await table.writer().add('mine')).licence.revision).toBe(2);
});

describe.each(['refused', 'busy'] as const)('something keeps the stage open (%s)', (kind) => {
  test('for three seconds: it is tried again until it is done', async () => {
    const table = windows();
    await table.writer({ wrap: scanned(table, 3000, kind) }).add('mine');
    expect(table.timeline.nowMs).toBeGreaterThanOrEqual(3000);
    expect(table.timeline.nowMs).toBeLessThan(4000);
    expect(table.tally()).toEqual(['w1', 'mine']);
  });

  test('for longer than ten: the fault says so, and nothing was published', async () => {
    const table = windows();
    const code = await codeOf(table.writer({ wrap: scanned(table, 60_000, kind) }).add('mine'));
    expect(code).toBe(kind === 'busy' ? 'SHARE_BUSY' : 'COMMIT_UNKNOWN'); // a refusal may be about rights: no proof
    expect(table.timeline.nowMs).toBeGreaterThanOrEqual(10_000);
    expect(table.timeline.nowMs).toBeLessThan(12_000);
    expect(table.numbers()).toEqual([0, 1]);
  });

  test('until the deadline, which is sooner: the same', async () => {
    const table = windows();
    const code = await codeOf(table.writer({ wrap: scanned(table, 60_000, kind) }).add('mine', 5000));
    expect(code).toBe(kind === 'busy' ? 'SHARE_BUSY' : 'COMMIT_UNKNOWN'); // a refusal may be about rights: no proof
    expect(table.timeline.nowMs).toBeLessThan(6000);
    expect(table.tally()).toEqual(['w1']);
  });
});

test('another program reads the licence file: the commit is done, and it is shown a second later', async () => {
  const table = windows();
  const close = table.server.holdOpen(table.paths.licenceFile);
  table.timeline.at(3000, close);
  expect((await table.timeline.run(table.writer().adding('mine'))).published).toBe(true);
  await table.timeline.advance(3000);
  expect(table.shown()).toBe(0);
  await table.timeline.advance(1000);
  expect(table.shown()).toBe(2);
});

test('somebody has the newest revision open: the next is published beside it', async () => {
  const table = windows();
  table.server.holdOpen(table.documentPath(1));
  await table.writer().add('mine');
  expect(table.top().revision).toBe(2);
});

const clearing = { segmentNumbers: 8, supersededMs: 300_000, abandonedMs: 86_400_000 };
const DEAD = `stage-abcdef01-77-${'0123456789abcdef'.repeat(2)}`;

test('a revision whose document is open elsewhere stays, others go; it goes when that is closed', async () => {
  const table = windows();
  table.grow(40);
  const writer = table.writer({ store: { clearing } });
  await writer.read();
  const revision = table.server.findDirectory(table.numberPath(0), 'open');
  const document = table.server.child(revision, 'licence.json');
  if (!document) throw new Error('no document');
  const close = table.server.open(document, { kind: 'refused', host: null, sharesDelete: true });
  await table.timeline.advance(300_000);
  for (let n = 0; n < 8; n++) await writer.add('x');
  expect(table.numbers().slice(0, 2)).toEqual([0, expect.any(Number)]);
  expect(table.numbers()[1]).toBeGreaterThan(8);
  close();
  await table.timeline.advance(1000); // the next round of garbage collection
  for (let n = 0; n < 4; n++) await writer.add('x');
  expect(table.numbers()[0]).toBeGreaterThan(8);
  expect(table.others().filter((name) => name !== 'journal')).toEqual([]);
});

test('a junction in the place of a dead process’s stage goes, and nothing behind it', async () => {
  const table = windows();
  table.server.makeDirectory('/other');
  table.server.writeNew('/other/licence.json', 'precious', 0o644);
  table.server.symbolicLink(`${table.paths.folder}/${DEAD}`, '/other');
  const writer = table.writer({ store: { clearing }, isDead: (owner) => owner.pid === 77 });
  for (let n = 0; n < 4; n++) await writer.add('x');
  expect(table.others()).toEqual([]);
  expect(table.server.readText('/other/licence.json')).toBe('precious');
});

test('another program has the newest revision open, and shares it with no other: it is read after that', async () => {
  const table = windows();
  let refusals = 3;
  const locked = (files: ShareFiles): ShareFiles => ({
    ...files,
    read: async (path) => {
      if (path === table.documentPath(1) && refusals-- > 0) throw new ShareError('busy', 'read', path);
      return await files.read(path);
    },
  });
  await table.writer({ wrap: locked }).add('mine');
  expect([refusals, table.tally()]).toEqual([-1, ['w1', 'mine']]);
});
