import { describe, expect, test } from 'vitest';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { faulty, latch } from '../helpers/faults.js';
import { codeOf, Table } from '../helpers/table.js';

const beside = (table: Table) => table.server.list(table.paths.around).sort();

test('the first commit makes the folder, with the licence file as found in it', async () => {
  const table = new Table();
  const found = table.server.readText(table.paths.licenceFile);
  await table.writer().add('mine');
  expect(table.numbers()).toEqual([0, 1]);
  expect(table.server.readText(table.documentPath(0))).toBe(found);
  expect(beside(table)).toEqual(['licence.json', 'licence.json.revisions']);
});

test('a look makes nothing', async () => {
  const table = new Table();
  expect((await table.writer().read()).revision).toBe(0);
  expect(beside(table)).toEqual(['licence.json']);
});

test('two processes begin at once: one folder, both changes in it', async () => {
  const table = new Table();
  const writers = [1, 2, 3].map(() => table.writer({ client: { latencyMs: () => 2 } }));
  await table.timeline.run(Promise.all(writers.map((writer, n) => writer.adding(`word-${n}`))));
  await table.timeline.run(Promise.all(writers.map((writer) => writer.store.settled())));
  expect([...table.tally()].sort()).toEqual(['word-0', 'word-1', 'word-2']);
  expect(beside(table)).toEqual(['licence.json', 'licence.json.revisions']);
  expect(table.others()).toEqual([]);
});

test('who is held up while he begins does not undo what others did meanwhile', async () => {
  const table = new Table();
  const { until, release } = latch();
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) =>
      operation === 'rename' && path.startsWith(`${table.paths.licenceFile}.stage-`)
        ? { kind: 'hang', until }
        : null,
    );
  const slow = table.writer({ wrap }).adding('slow');
  await table.timeline.advance(0);
  await table.writer().add('quick');
  release();
  await table.timeline.run(slow);
  expect(table.tally()).toEqual(['quick', 'slow']);
});

test('the folder appears whole, or not at all', async () => {
  const table = new Table();
  const seen: string[] = [];
  const wrap = (files: ShareFiles) =>
    faulty(files, () => {
      if (table.server.isThere(table.paths.folder)) seen.push(String(table.numbers()[0]));
      return null;
    });
  await table.writer({ wrap }).add('mine');
  expect(new Set(seen)).toEqual(new Set(['0']));
});

test('in a sticky directory users could not delete each other’s files: refused, and nothing made', async () => {
  const table = new Table();
  table.server.setMode('/share', 0o1777);
  expect(await codeOf(table.writer().add('mine'))).toBe('SHARE_UNFIT');
  expect(beside(table)).toEqual(['licence.json']);
});

describe('a share that cannot take it', () => {
  test.each([
    ['full', 'SHARE_FULL'],
    ['refused', 'SHARE_REFUSED'],
  ] as const)('%s: told, and nothing left', async (unwritable, code) => {
    const table = new Table();
    expect(await codeOf(table.writer({ client: { unwritable } }).add('mine'))).toBe(code);
    expect(beside(table)).toEqual(['licence.json']);
  });
});

describe('a client that remembers from before that there was no folder', () => {
  const blind = (table: Table, untilMs: number) => (files: ShareFiles) =>
    faulty(files, (operation, path) =>
      operation !== 'rename' && path.startsWith(table.paths.folder) && table.timeline.nowMs < untilMs
        ? { kind: 'refuse', error: 'missing' }
        : null,
    );

  test('waits for it, and does not call the table lost', async () => {
    const table = new Table();
    await table.writer().add('first');
    const writer = table.writer({ wrap: blind(table, 20_000) });
    expect((await writer.read(90_000)).revision).toBe(1);
    expect(table.timeline.nowMs).toBeLessThan(25_000);
    await table.writer({ wrap: blind(table, 40_000) }).add('mine', 90_000);
    expect(table.tally()).toEqual(['first', 'mine']);
  });

  test('makes none of its own where the licence file still shows the beginning', async () => {
    const table = new Table();
    const issued = table.server.readText(table.paths.licenceFile);
    await table.writer().add('first');
    table.server.scribble(table.paths.licenceFile, issued);
    await table.writer({ wrap: blind(table, 20_000) }).add('mine', 90_000);
    expect(table.tally()).toEqual(['first', 'mine']);
  });

  test('calls it lost, as a copy, when it has not come by the end of the caches', async () => {
    const table = new Table();
    await table.writer().add('first');
    table.server.removeTree(table.paths.folder);
    const asked = table.writer().read(90_000);
    await expect(asked).rejects.toMatchObject({
      code: 'TABLE_LOST',
      message: expect.stringContaining('If this is a copy'),
    });
    expect(table.timeline.nowMs).toBeGreaterThanOrEqual(60_000);
  });
});

test('a beginning that failed is set aside before it is emptied: a late request makes no folder of it', async () => {
  const table = new Table();
  const emptied: string[] = [];
  let first = '';
  const wrap = (files: ShareFiles): ShareFiles => ({
    ...files,
    rename: async (from, to) => {
      if (to === table.paths.folder) {
        first = from;
        throw new ShareError('unsaid', 'rename', from);
      }
      await files.rename(from, to);
    },
    removeFile: async (path) => {
      emptied.push(path);
      await files.removeFile(path);
    },
  });
  expect(await codeOf(table.writer({ wrap }).add('mine'))).toBe('SHARE_UNREACHABLE');
  expect(emptied.filter((path) => path.startsWith(`${first}/`))).toEqual([]);
  expect(beside(table)).toEqual(['licence.json']);
});
