import { expect, test } from 'vitest';
import type { ShareFiles } from '../../src/share/files.js';
import { faulty } from '../helpers/faults.js';
import { codeOf, Table } from '../helpers/table.js';

/** Patience so long that only the age of the lock can end the wait. */
const patientStore = { turnMs: 600_000 };

function locked(ageMs = 0): Table {
  const table = new Table();
  table.server.wallOffsetMs -= ageMs;
  table.grow(1);
  table.server.makeDirectory(table.paths.lock);
  table.server.wallOffsetMs += ageMs;
  return table;
}

/** Another process takes the lock and gives it back, every so often. */
function keepTaking(
  table: Table,
  everyMs: number,
  times: number,
  meanwhile: () => void = () => undefined,
): void {
  for (let n = 1; n <= times; n++)
    table.timeline.at(n * everyMs, () => {
      table.server.removeTree(table.paths.lock);
      table.server.makeDirectory(table.paths.lock);
      meanwhile();
    });
}

test('a commit holds the lock while it publishes, and gives it back', async () => {
  const table = new Table();
  table.grow(1);
  const held: boolean[] = [];
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) => {
      if (operation === 'rename' && path.includes('/stage-'))
        held.push(table.server.isThere(table.paths.lock));
      return null;
    });
  await table.writer({ wrap }).add('mine');
  expect(held).toEqual([true]);
  expect(table.others()).toEqual([]);
});

test.each([
  ['fresh', 0],
  ['stamped ten years ago', 10 * 365 * 86_400_000],
  ['stamped ten years ahead', -10 * 365 * 86_400_000],
])('a foreign lock, %s, is taken over when we have seen it stand for ten seconds', async (_, ageMs) => {
  const table = locked(ageMs);
  await table.writer({ store: patientStore }).add('mine');
  expect(table.timeline.nowMs).toBeGreaterThanOrEqual(10_000);
  expect(table.timeline.nowMs).toBeLessThan(11_000);
  expect([table.tally(), table.others()]).toEqual([['w1', 'mine'], []]);
});

test('a lock that is taken and given back is not taken over while others get on', async () => {
  const table = locked();
  keepTaking(table, 4000, 12, () => table.grow(1));
  await table.writer({ store: { turnMs: 5000 } }).add('mine');
  expect(table.timeline.nowMs).toBeGreaterThan(48_000);
  expect(table.tally()).toHaveLength(14);
});

test('a lock under which nothing moves is removed by the first that waited it out', async () => {
  const table = locked();
  await table.writer().add('mine');
  expect(table.timeline.nowMs).toBeGreaterThanOrEqual(5000);
  expect(table.timeline.nowMs).toBeLessThan(6000);
  expect([table.tally(), table.others()]).toEqual([['w1', 'mine'], []]);
});

/** What stands at the name of the lock, and whether the share lets anybody remove or rename it. */
const deadLocks: readonly (readonly [string, (table: Table) => void, boolean])[] = [
  ['an empty one', () => undefined, true],
  ['one with litter in it', (table) => litter(table, '.DS_Store'), true],
  [
    'one with a folder of litter in it',
    (table) => table.server.makeDirectory(`${table.paths.lock}/@eaDir`),
    true,
  ],
  ['one that cannot be removed', () => undefined, false],
  ['one with litter that cannot be renamed', (table) => litter(table, 'Thumbs.db'), false],
];

const litter = (table: Table, name: string) =>
  table.server.writeNew(`${table.paths.lock}/${name}`, 'litter', 0o644);

const holdingOn = (files: ShareFiles) =>
  faulty(files, (operation, path) =>
    ['removeDirectory', 'rename'].includes(operation) && path.startsWith('/share/licence.json.revisions/lock')
      ? { kind: 'refuse', error: 'refused' }
      : null,
  );

test.each(deadLocks)(
  'the lock of a killed process, %s, is waited for once by all processes together',
  async (_, plant, isRemovable) => {
    const table = locked();
    plant(table);
    const wrap = isRemovable ? undefined : holdingOn;
    const took: number[] = [];
    for (const word of ['first', 'second', 'third', 'fourth']) {
      const startedMs = table.timeline.nowMs;
      const writer = table.writer(wrap && { wrap }); // each a process of its own, as `seatfile run` is
      for (const n of [1, 2]) await writer.add(`${word} ${n}`);
      took.push(table.timeline.nowMs - startedMs);
      await table.timeline.advance(60_000);
    }
    expect(took[0]).toBeGreaterThanOrEqual(5000);
    expect(took[0]).toBeLessThan(6000);
    for (const ms of took.slice(1)) expect(ms).toBeLessThan(isRemovable ? 100 : 700);
    expect(table.tally()).toHaveLength(9);
    expect(table.others().includes('lock')).toBe(!isRemovable);
  },
);

test('a lock that its own holder cannot give back for litter in it is renamed, and its name is free', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) => {
      if (operation === 'rename' && path.includes('/stage-')) litter(table, '.DS_Store');
      return null;
    });
  await table.writer({ wrap }).add('mine');
  expect(table.others()).toEqual([expect.stringMatching(/^clearing-[0-9a-f]{32}$/)]);
  const startedMs = table.timeline.nowMs;
  await table.writer().add('yours');
  expect(table.timeline.nowMs - startedMs).toBeLessThan(100);
});

test('a new lock at that name is not removed for the sake of the one before', async () => {
  const table = locked();
  let looks = 0;
  const wrap = (files: ShareFiles) => ({
    ...files,
    stat: async (path: string) => {
      const found = await files.stat(path);
      return path === table.paths.lock ? { ...found, inode: `another ${++looks}` } : found;
    },
  });
  await table.writer({ wrap, store: { turnMs: 2000 } }).add('mine');
  expect([table.tally(), table.others()]).toEqual([['w1', 'mine'], ['lock']]);
});

test('litter in a stage that is not used any more goes with it', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = (files: ShareFiles) => ({
    ...files,
    makeDirectory: async (path: string) => {
      await files.makeDirectory(path);
      if (path.includes('/stage-')) table.server.writeNew(`${path}/desktop.ini`, 'litter', 0o644);
    },
  });
  const { store } = table.writer({ wrap });
  expect(await table.timeline.run(store.shareTime())).toBe(table.server.nowMs);
  expect(table.others()).toEqual([]);
});

test('a lock given back is taken soon', async () => {
  const table = locked();
  table.timeline.at(2000, () => table.server.removeTree(table.paths.lock));
  await table.writer().add('mine');
  expect(table.timeline.nowMs).toBeGreaterThanOrEqual(2000);
  expect(table.timeline.nowMs).toBeLessThan(2200);
});

test('who gives up while he waits is told at once, and nothing was written', async () => {
  const table = locked();
  const before = table.server.paths('/');
  const stop = new AbortController();
  table.timeline.at(2000, () => stop.abort());
  const asked = table.writer().adding('mine', 60_000, stop.signal);
  expect(await codeOf(table.timeline.run(asked))).toBe('ABORTED');
  expect(table.timeline.nowMs).toBe(2000);
  expect(table.server.paths('/')).toEqual(before);
});

test('whose deadline ends while he waits is told that, and nothing was written', async () => {
  const table = locked();
  expect(await codeOf(table.writer().add('mine', 3000))).toBe('SHARE_UNREACHABLE');
  expect(table.timeline.nowMs).toBeLessThan(3200);
  expect(table.tally()).toEqual(['w1']);
});

test('a wait longer than a second is told, once', async () => {
  const table = locked();
  const writer = table.writer();
  await writer.add('mine');
  expect(writer.slow).toEqual([expect.stringContaining('its turn to write; others are writing; ')]);
});

test('a lock that cannot be made for want of rights stops no commit', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = (files: ShareFiles) =>
    faulty(files, (_, path) => (path === table.paths.lock ? { kind: 'refuse', error: 'refused' } : null));
  await table.writer({ wrap }).add('mine');
  expect(table.timeline.nowMs).toBeLessThan(1000);
  expect(table.tally()).toEqual(['w1', 'mine']);
});

test('a lock that cannot be given back fails no commit; others step over it', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation) =>
      operation === 'removeDirectory' ? { kind: 'refuse', error: 'busy' } : null,
    );
  await table.writer({ wrap }).add('mine');
  expect(table.others()).toContain('lock');
  await table.writer().add('yours');
  expect(table.tally()).toEqual(['w1', 'mine', 'yours']);
});

test('a lock that somebody broke under us costs nothing', async () => {
  const table = new Table();
  table.grow(1);
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) => {
      if (operation === 'rename' && path.includes('/stage-')) table.server.removeTree(table.paths.lock);
      return null;
    });
  await table.writer({ wrap }).add('mine');
  expect([table.tally(), table.others()]).toEqual([['w1', 'mine'], []]);
});
