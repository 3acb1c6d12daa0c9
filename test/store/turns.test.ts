import { describe, expect, test } from 'vitest';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { faulty } from '../helpers/faults.js';
import { Table, type Writer } from '../helpers/table.js';

/** Turns to write, on virtual time. The stages in the folder show which processes wait. */

const client = { latencyMs: () => 2 };
const lockName = (table: Table, path: string) => path === table.paths.lock;

/** A table, and how often each operation was asked for. */
function counted() {
  const table = new Table();
  table.grow(1);
  const asked: string[] = [];
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) => {
      asked.push(lockName(table, path) ? `${operation} lock` : operation);
      return null;
    });
  const count = (name: string) => asked.filter((one) => one === name).length;
  return { table, asked, wrap, count };
}

/** The stage of a process that does nothing any more. */
function plantStage(table: Table, hex: string, pid = 1): string {
  const path = `${table.paths.folder}/stage-00000bad-${pid}-${hex.repeat(32)}`;
  table.server.makeDirectory(path);
  return path;
}

/** The middle, nearly the last, and the last of some times. */
function spread(times: readonly number[]) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  return { median: at(0.5), p95: at(0.95), last: at(1) };
}

/** Each adds a word at once. @returns when each was answered */
async function crowd(table: Table, writers: readonly Writer[]): Promise<number[]> {
  const answered = writers.map((writer, n) =>
    writer.adding(`a${n}`, 600_000).then(() => table.timeline.nowMs),
  );
  return await table.timeline.run(Promise.all(answered));
}

describe('many at once', () => {
  test('all are answered, and none waits much longer than the others', async () => {
    const table = new Table();
    table.grow(1);
    const writers = Array.from({ length: 20 }, () => table.writer({ client }));
    const { median, last } = spread(await crowd(table, writers));
    expect(last / median).toBeLessThan(3);
    expect(table.tally()).toHaveLength(21);
  });

  test.each([10, 60])('%i cost the share about the same for each answer', async (processes) => {
    const { table, asked, wrap, count } = counted();
    const writers = Array.from({ length: processes }, () => table.writer({ client, wrap }));
    await crowd(table, writers);
    expect(table.tally()).toHaveLength(processes + 1);
    expect(asked.length / processes).toBeLessThan(35);
    expect(count('makeDirectory lock') / processes).toBeLessThan(8);
  });

  test('those that come again and again are served by turns', async () => {
    const table = new Table();
    table.grow(1);
    const took: number[] = [];
    const writers = Array.from({ length: 12 }, () => table.writer({ client }));
    const all = writers.map(async (writer, number) => {
      for (let n = 0; n < 8; n++) {
        const startedMs = table.timeline.nowMs;
        await writer.adding(`a${number}-${n}`, 600_000);
        took.push(table.timeline.nowMs - startedMs);
      }
    });
    await table.timeline.run(Promise.all(all));
    const { median, p95 } = spread(took);
    expect(p95 / median).toBeLessThan(3);
    expect(table.tally()).toHaveLength(97);
  });
});

describe('in line', () => {
  test('who came first is served first; neighbours may meet a free lock in another order', async () => {
    const table = new Table();
    table.grow(1);
    table.server.makeDirectory(table.paths.lock);
    const held = plantStage(table, '0');
    const writers = Array.from({ length: 5 }, () => table.writer({ client }));
    const answered = writers.map(async (writer, n) => {
      await table.timeline.wait(100 * n);
      await writer.adding(`a${n}`);
    });
    table.timeline.at(1000, () => [held, table.paths.lock].map((path) => table.server.removeTree(path)));
    await table.timeline.run(Promise.all(answered));
    const served = table
      .tally()
      .slice(1)
      .map((name) => Number(name.slice(1)));
    expect(served.toSorted()).toEqual([0, 1, 2, 3, 4]);
    for (const [place, number] of served.entries()) expect(Math.abs(place - number)).toBeLessThanOrEqual(1);
  });

  test('a writer that comes again does not go before one that waits', async () => {
    const table = new Table();
    table.grow(1);
    const [first, second] = [table.writer({ client }), table.writer({ client })];
    const again = first.adding('first').then(() => first.adding('again'));
    await table.timeline.advance(1);
    await table.timeline.run(Promise.all([again, second.adding('second')]));
    expect(table.tally()).toEqual(['w1', 'first', 'second', 'again']);
  });

  test('a refused try costs one operation, and the lock is judged now and then', async () => {
    const { table, wrap, count } = counted();
    table.server.makeDirectory(table.paths.lock);
    table.timeline.at(3000, () => table.server.removeTree(table.paths.lock));
    await table.writer({ wrap }).add('mine');
    expect(count('makeDirectory lock')).toBeGreaterThan(30);
    expect(count('stat lock')).toBeLessThanOrEqual(12);
  });

  test('the lock is given back before the commit is confirmed', async () => {
    const { table, asked, wrap } = counted();
    await table.timeline.run(table.writer({ wrap }).adding('mine'));
    const renamed = asked.lastIndexOf('rename');
    expect(asked.slice(renamed, renamed + 3)).toEqual(['rename', 'removeDirectory lock', 'list']);
  });

  test('who has waited commits at the time of its turn, with the stage that it waited with', async () => {
    const { table, wrap, count } = counted();
    table.server.makeDirectory(table.paths.lock);
    table.timeline.at(3000, () => table.server.removeTree(table.paths.lock));
    const { shareTimeMs } = await table.writer({ wrap }).add('mine');
    expect(shareTimeMs).toBeGreaterThanOrEqual(table.server.nowMs - table.timeline.nowMs + 3000);
    expect(count('makeDirectory')).toBe(1);
    expect(table.others()).toEqual([]);
  });

  test('after a short wait its own clocks tell the time, and the lock is not looked at for that', async () => {
    const { table, wrap, count } = counted();
    table.server.makeDirectory(table.paths.lock);
    table.timeline.at(200, () => table.server.removeTree(table.paths.lock));
    const { shareTimeMs } = await table.writer({ wrap }).add('mine');
    const startedMs = table.server.nowMs - table.timeline.nowMs;
    expect(shareTimeMs).toBeGreaterThanOrEqual(startedMs + 200);
    expect(shareTimeMs).toBeLessThanOrEqual(table.server.nowMs);
    expect(count('stat lock')).toBe(1); // whether it is an old one
  });

  test('a lock that another process has exchanged tells no time', async () => {
    const table = new Table();
    table.grow(1);
    table.server.makeDirectory(table.paths.lock);
    table.timeline.at(3000, () => table.server.removeTree(table.paths.lock));
    const wrap = (files: ShareFiles): ShareFiles => ({
      ...files,
      stat: async (path) => {
        const stat = await files.stat(path);
        return lockName(table, path) ? { ...stat, modifiedMs: stat.modifiedMs + 3_600_000 } : stat;
      },
    });
    const { shareTimeMs } = await table.writer({ wrap }).add('mine');
    expect(Math.abs(shareTimeMs - table.server.nowMs)).toBeLessThan(1000);
    expect(table.others()).toEqual([]);
  });
});

describe('a waiter that is no more', () => {
  const delays = async (plant: (table: Table) => void) => {
    const table = new Table();
    table.grow(1);
    plant(table);
    const writers = Array.from({ length: 20 }, () => table.writer({ client }));
    const { last } = spread(await crowd(table, writers));
    expect(table.tally()).toHaveLength(21);
    return last;
  };

  test.each([1, 5])('%i stages of killed ones delay a crowd by two seconds at most', async (killed) => {
    const withoutMs = await delays(() => undefined);
    const withMs = await delays((table) => {
      for (let n = 0; n < killed; n++) plantStage(table, String(n), n + 1);
    });
    expect(withMs - withoutMs).toBeLessThan(2000);
  });

  test.each([5, 20, 100])(
    '%i stages of dead ones cost a few writers that write once little',
    async (dead) => {
      const table = new Table();
      table.grow(1);
      for (let n = 0; n < dead; n++)
        table.server.makeDirectory(`${table.paths.folder}/stage-00000bad-1-${String(n).padStart(32, '0')}`);
      const { last } = spread(
        await crowd(
          table,
          Array.from({ length: 4 }, () => table.writer({ client })),
        ),
      );
      expect(last).toBeLessThan(500);
    },
  );

  test('a lone writer goes past a dead stage', async () => {
    const table = new Table();
    table.grow(1);
    for (const hex of ['0', '1', '2']) plantStage(table, hex);
    const writer = table.writer({ client });
    for (const word of ['a', 'b', 'c', 'd', 'e', 'f']) await writer.add(word);
    expect(table.timeline.nowMs).toBeLessThan(2000);
    expect(table.others()).toHaveLength(3);
  });

  test('one that is stopped in the line delays the others by two seconds at most, and goes on later', async () => {
    const table = new Table();
    table.grow(1);
    table.server.makeDirectory(table.paths.lock);
    const [stopped, ...others] = Array.from({ length: 8 }, () => table.writer({ client }));
    if (!stopped) throw new Error('no writer');
    const late = stopped.adding('late', 600_000);
    await table.timeline.advance(100);
    stopped.clock.gate.shut();
    table.timeline.at(500, () => table.server.removeTree(table.paths.lock));
    const { last } = spread(await crowd(table, others));
    expect(last).toBeLessThan(2500);
    stopped.clock.gate.open();
    await table.timeline.run(late);
    expect(table.tally()).toHaveLength(9);
  });

  test('one that gives up leaves nothing behind', async () => {
    const table = new Table();
    table.grow(1);
    table.server.makeDirectory(table.paths.lock);
    const before = table.server.paths('/');
    await expect(table.writer().add('mine', 1000)).rejects.toThrow();
    expect(table.server.paths('/')).toEqual(before);
  });
});

test('a lock that changes hands while no number is published is waited for five seconds at most', async () => {
  const table = new Table();
  table.grow(1);
  table.server.makeDirectory(table.paths.lock);
  for (let n = 1; n <= 30; n++)
    table.timeline.at(n * 1000, () => {
      table.server.removeTree(table.paths.lock);
      table.server.makeDirectory(table.paths.lock);
    });
  await table.timeline.run(table.writer({ client }).adding('mine', 600_000));
  expect(table.timeline.nowMs).toBeLessThan(5200);
});

test('an old listing that shows no lock makes no waiter try again and again', async () => {
  const { table, wrap, count } = counted();
  table.server.makeDirectory(table.paths.lock);
  plantStage(table, '0');
  plantStage(table, '1');
  const old = (files: ShareFiles): ShareFiles => ({
    ...files,
    list: async (path) => (await files.list(path)).filter((name) => name !== 'lock'),
  });
  table.timeline.at(3000, () => table.server.removeTree(table.paths.lock));
  await table.timeline.run(table.writer({ client, wrap: (files) => old(wrap(files)) }).adding('mine'));
  expect(count('makeDirectory lock')).toBeLessThan(60);
});

/** As Linux's SMB client: what it has seen there is there for another second, unless it is asked to remove it. */
function believing(table: Table, files: ShareFiles): ShareFiles {
  const { timeline } = table;
  let untilMs = Number.NEGATIVE_INFINITY;
  return {
    ...files,
    makeDirectory: async (path) => {
      const refusal = new ShareError('exists', 'make directory', path);
      if (lockName(table, path) && timeline.nowMs < untilMs) throw refusal;
      await files.makeDirectory(path).catch((error: unknown) => {
        if (lockName(table, path)) untilMs = timeline.nowMs + 1000;
        throw error;
      });
    },
    removeDirectory: async (path) => {
      if (lockName(table, path)) untilMs = Number.NEGATIVE_INFINITY;
      await files.removeDirectory(path);
    },
  };
}

test('a client that takes a free lock for held is made to ask again: no second between two turns', async () => {
  const { table, wrap, count } = counted();
  const host = (files: ShareFiles) => believing(table, wrap(files));
  const writers = Array.from({ length: 4 }, () => table.writer({ client, wrap: host }));
  const all = writers.map(async (writer, n) => {
    for (let word = 0; word < 5; word++) await writer.adding(`${n}-${word}`, 600_000);
  });
  await table.timeline.run(Promise.all(all));
  expect(table.timeline.nowMs / 20).toBeLessThan(100);
  expect(count('writeNew')).toBeLessThan(24); // few collide
});

test.each([
  ['has', (files: ShareFiles) => files],
  ['could not make', (files: ShareFiles) => refusingStages(files)],
])('a listing without the stage that a waiter %s takes no lock from its holder', async (_what, stages) => {
  const { table, wrap, count } = counted();
  table.server.makeDirectory(table.paths.lock);
  const empty = (files: ShareFiles): ShareFiles => ({ ...stages(wrap(files)), list: async () => [] });
  const ended = table
    .writer({ client, wrap: empty })
    .adding('mine', 3000)
    .catch(() => null);
  await table.timeline.advance(2900);
  expect(count('makeDirectory lock')).toBeGreaterThan(1);
  expect(count('removeDirectory lock')).toBe(0);
  await table.timeline.run(ended);
});

const refusingStages = (files: ShareFiles): ShareFiles =>
  faulty(files, (operation, path) =>
    operation === 'makeDirectory' && path.includes('stage-') ? { kind: 'refuse', error: 'unsaid' } : null,
  );

test('a caller that has given up when its turn comes changes nothing', async () => {
  const table = new Table();
  table.grow(1);
  const before = table.server.paths('/');
  const calls = new AbortController();
  const wrap = (files: ShareFiles): ShareFiles => ({
    ...files,
    makeDirectory: async (path) => {
      await files.makeDirectory(path);
      if (lockName(table, path)) calls.abort();
    },
  });
  const added = table.writer({ wrap }).adding('mine', 60_000, calls.signal);
  await expect(table.timeline.run(added)).rejects.toMatchObject({ code: 'ABORTED' });
  expect(table.server.paths('/')).toEqual(before);
});

test('a lock that cannot be removed stops no crowd', async () => {
  const table = new Table();
  table.grow(1);
  table.server.makeDirectory(table.paths.lock);
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) =>
      operation === 'removeDirectory' && lockName(table, path) ? { kind: 'refuse', error: 'refused' } : null,
    );
  const writers = Array.from({ length: 10 }, () => table.writer({ client, wrap }));
  const { last } = spread(await crowd(table, writers));
  expect(last).toBeLessThan(15_000);
  expect(table.tally()).toHaveLength(11);
});

test('no writer goes on without the lock while numbers are published, however long it waits', async () => {
  const table = new Table();
  table.grow(1);
  table.server.makeDirectory(table.paths.lock);
  const writers = Array.from({ length: 3 }, () => table.writer({ client }));
  for (let n = 1; n <= 30; n++)
    table.timeline.at(n * 1500, () => {
      table.server.removeTree(table.paths.lock);
      table.grow(1);
      table.server.makeDirectory(table.paths.lock);
    });
  const answered = Promise.all(writers.map((writer, n) => writer.adding(`a${n}`, 600_000)));
  await table.timeline.advance(45_000 - 1);
  expect(table.tally().filter((word) => word.startsWith('a'))).toEqual([]);
  await table.timeline.advance(1);
  table.server.removeTree(table.paths.lock);
  await table.timeline.run(answered);
  expect(table.tally()).toHaveLength(34);
});
