import { describe, expect, test } from 'vitest';
import { formatLicence } from '../../src/licence/text.js';
import type { ShareFiles } from '../../src/share/files.js';
import { counting, faulty, latch } from '../helpers/faults.js';
import { Table, type Writer } from '../helpers/table.js';

/** When `licence.json` is refreshed, and what it may never show. A commit is answered long before. */

const commit = (writer: Writer, word: string) => writer.table.timeline.run(writer.adding(word));

/** Something happens at each replace of `licence.json`, before it is carried out. */
const atReplace = (happen: (times: number) => void) => {
  let times = 0;
  return (files: ShareFiles) =>
    faulty(files, (operation) => {
      if (operation === 'replace') happen(++times);
      return null;
    });
};

/**
 * A process is stopped between its last look at `licence.json` and the rename: once. It notices that by its clocks, and
 * replaces nothing; or it was stopped after it had looked at those, and replaces what has come meanwhile.
 */
const stoppedOnce = (isNoticed: boolean, meanwhile: () => void) => {
  let isOver = false;
  return (files: ShareFiles) => ({
    ...files,
    replace: async (...[file, text, mode, terms]: Parameters<ShareFiles['replace']>) => {
      if (isOver) return await files.replace(file, text, mode, terms);
      isOver = true;
      meanwhile();
      return isNoticed ? false : await files.replace(file, text, mode, { beside: terms.beside });
    },
  });
};

const once = (act: () => void) => {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
};

describe('a commit', () => {
  test('is shown two to three seconds later, while no process has the lock', async () => {
    const table = new Table();
    const locked: boolean[] = [];
    const wrap = atReplace(() => locked.push(table.server.isThere(table.paths.lock)));
    await commit(table.writer({ wrap }), 'a');
    await table.timeline.advance(1990);
    expect([table.shown(), locked]).toEqual([0, []]);
    await table.timeline.advance(1100);
    expect([table.shown(), locked]).toEqual([1, [false]]);
  });

  test('is answered when the lock is given back: a process may end then', async () => {
    const table = new Table();
    const others = table
      .writer({ client: { latencyMs: () => 10 } })
      .adding('a')
      .then(() => table.others());
    expect(await table.timeline.run(others)).toEqual([]);
  });

  test('is made once where the share does not take the lock back, and says that it does not know', async () => {
    const table = new Table();
    const wrap = (files: ShareFiles) =>
      faulty(files, (operation, path) =>
        operation === 'removeDirectory' && path === table.paths.lock
          ? { kind: 'hang', until: latch().until }
          : null,
      );
    const writer = table.writer({ wrap });
    await expect(commit(writer, 'a')).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
    expect(table.tally()).toEqual(['a']);
  });

  test('is not shown by a process that sees the file changed since: one of many refreshes it', async () => {
    const table = new Table();
    let replaced = 0;
    const wrap = atReplace(() => replaced++);
    const writers = Array.from({ length: 8 }, () => table.writer({ wrap }));
    await Promise.all(writers.map((writer, n) => commit(writer, `w${n}`)));
    await table.timeline.advance(10_000);
    expect([table.shown(), replaced]).toEqual([8, 1]);
  });

  test('that follows another is shown, too, where another process has shown only the first', async () => {
    const table = new Table();
    const writer = table.writer();
    const { licence } = await commit(writer, 'a');
    await table.timeline.advance(1000);
    table.server.scribble(table.paths.licenceFile, formatLicence(licence, 'pretty'));
    await commit(writer, 'b');
    await table.timeline.advance(5100);
    expect(table.shown()).toBe(2);
  });

  test('of a busy office is shown within five seconds, by few refreshes', async () => {
    const table = new Table();
    let replaced = 0;
    const writers = Array.from({ length: 4 }, () => table.writer({ wrap: atReplace(() => replaced++) }));
    const publishedMs: number[] = [0];
    let latestMs = 0;
    for (let n = 0; n < 200; n++) {
      await commit(writers[n % 4] as Writer, `w${n}`);
      publishedMs.push(table.timeline.nowMs);
      await table.timeline.advance(100);
      const missing = publishedMs[table.shown() + 1] ?? table.timeline.nowMs;
      latestMs = Math.max(latestMs, table.timeline.nowMs - missing);
    }
    expect(latestMs).toBeLessThan(5000);
    expect(replaced).toBeLessThan(table.timeline.nowMs / 2000 + 4);
  });
});

describe('a revision that comes while an older one is being shown', () => {
  test('is shown next, where its own process saw the file changed and left it', async () => {
    const table = new Table();
    const grow = once(() => void table.grow(1));
    await commit(table.writer({ wrap: atReplace(grow) }), 'a');
    await table.timeline.advance(3000);
    expect([table.shown(), table.top().revision]).toEqual([1, 2]);
    await table.timeline.advance(3010);
    expect(table.shown()).toBe(2);
  });
});

test('a newer one that another process shows just before the rename is not replaced by an older one', async () => {
  const table = new Table();
  let replaced = 0;
  const showNewer = (times: number) => {
    replaced = times;
    table.server.scribble(table.paths.licenceFile, formatLicence(table.grow(1), 'pretty'));
  };
  await commit(table.writer({ wrap: atReplace(showNewer) }), 'a');
  await table.timeline.advance(3010);
  expect([replaced, table.shown()]).toEqual([1, 2]);
});

describe('a process that is stopped between its last look and the rename', () => {
  /** Two more revisions come meanwhile, and another process shows them. */
  async function stopped(isNoticed: boolean) {
    const table = new Table();
    const meanwhile = () =>
      table.server.scribble(table.paths.licenceFile, formatLicence(table.grow(2), 'pretty'));
    await commit(table.writer({ wrap: stoppedOnce(isNoticed, meanwhile) }), 'a');
    await table.timeline.advance(3010);
    return table;
  }

  test('for more than a second begins again at once', async () => {
    const table = new Table();
    await commit(table.writer({ wrap: stoppedOnce(true, () => undefined) }), 'a');
    await table.timeline.advance(3010);
    expect(table.shown()).toBe(1);
  });

  test('for more than a second shows nothing old', async () => {
    const table = await stopped(true);
    expect(table.shown()).toBe(3);
  });

  test('after its last look at the clock shows an older one, sees that, and puts it right', async () => {
    const table = await stopped(false);
    expect(table.shown()).toBe(1);
    await table.timeline.advance(3010);
    expect(table.shown()).toBe(3);
  });
});

describe('a number lower than the one that is shown', () => {
  /** Shows the seventh or a later one; the folder ends at the second. */
  async function shownAbove(shown: number) {
    const table = new Table();
    const writer = table.writer();
    table.grow(2);
    const lost = { ...table.top(), revision: shown, commit: 'lost' };
    table.server.scribble(table.paths.licenceFile, formatLicence(lost, 'pretty'));
    return { table, writer };
  }

  test('is not shown by a process that still sees an old listing, where another shows it meanwhile', async () => {
    const table = new Table();
    table.grow(3);
    const { paths, server } = table;
    let [replaced, lists, isAnew] = [0, 0, false];
    const showNewest = () => server.scribble(paths.licenceFile, formatLicence(table.top(), 'pretty'));
    const wrap = (files: ShareFiles) =>
      faulty(files, (operation, path) => {
        if (operation === 'replace') replaced++;
        if (operation === 'makeDirectory') isAnew = true; // which makes a client list anew
        if (operation !== 'list' || path !== paths.folder || isAnew) return null;
        if (++lists === 3) showNewest();
        return { kind: 'answer', value: server.list(path).filter((name) => name !== '000000000003') };
      });
    const writer = table.writer({ wrap });
    const top = await writer.read();
    await table.timeline.run(writer.store.noticeDisplayCopy(top));
    await table.timeline.advance(5000);
    await table.timeline.run(writer.store.noticeDisplayCopy(top));
    await table.timeline.advance(3010);
    expect([top.revision, lists, isAnew, replaced, table.shown()]).toEqual([2, 3, true, 0, 3]);
  });

  test('is shown where the folder holds no higher one', async () => {
    const { table, writer } = await shownAbove(7);
    await commit(writer, 'a');
    await table.timeline.advance(3010);
    expect(table.shown()).toBe(3);
  });

  test('far below waits a minute: what is shown may be all that is left of the table', async () => {
    const { table, writer } = await shownAbove(30);
    await commit(writer, 'a');
    await table.timeline.advance(30_000);
    await commit(writer, 'b');
    await table.timeline.advance(10_000);
    expect(table.shown()).toBe(30);
    await table.timeline.advance(30_000);
    await commit(writer, 'c');
    await table.timeline.advance(3010);
    expect(table.shown()).toBe(5);
  });
});

describe('a poll has it refreshed', () => {
  const notice = async (writer: Writer) => {
    const top = await writer.read();
    return await writer.table.timeline.run(writer.store.noticeDisplayCopy(top));
  };

  test('where it is missing', async () => {
    const table = new Table();
    table.grow(2);
    const writer = table.writer();
    table.server.removeTree(table.paths.licenceFile);
    expect(await notice(writer)).toBe('missing');
    await table.timeline.advance(3010);
    expect(table.shown()).toBe(2);
  });

  test('where it has stood still for five seconds, behind the latest revision', async () => {
    const table = new Table();
    table.grow(2);
    const writer = table.writer();
    await notice(writer);
    await table.timeline.advance(4900);
    await notice(writer);
    await table.timeline.advance(3010);
    expect(table.shown()).toBe(0);
    await notice(writer);
    await table.timeline.advance(3010);
    expect(table.shown()).toBe(2);
  });

  test('where it shows the latest, nothing is done', async () => {
    const table = new Table();
    let replaced = 0;
    const writer = table.writer({ wrap: atReplace(() => replaced++) });
    await writer.add('a');
    await table.timeline.advance(10_000);
    await notice(writer);
    await table.timeline.advance(10_000);
    expect([await notice(writer), replaced]).toEqual(['ours', 1]);
  });

  test('and is refused twice: not again before the next commit of this process', async () => {
    const table = new Table();
    table.grow(1);
    let tries = 0;
    const wrap = (files: ShareFiles) =>
      faulty(files, (operation) =>
        operation === 'replace' && ++tries ? { kind: 'refuse', error: 'refused' } : null,
      );
    const writer = table.writer({ wrap });
    for (let n = 0; n < 5; n++) {
      await notice(writer);
      await table.timeline.advance(6000);
    }
    expect(tries).toBe(2);
    await commit(writer, 'a');
    await table.timeline.advance(6000);
    expect(tries).toBe(4);
  });
});

/** Counts what one writer asks of the share. */
function counter() {
  let total = () => 0;
  const wrap = (files: ShareFiles) => {
    const counted = counting(files);
    total = counted.total;
    return counted.files;
  };
  return { wrap, total: () => total() };
}

describe('a process that ends', () => {
  test('shows its last commit first, and has nothing left to do then', async () => {
    const table = new Table();
    const { wrap, total } = counter();
    const writer = table.writer({ wrap });
    await commit(writer, 'a');
    await table.timeline.run(writer.store.settled());
    const [atMs, asked] = [table.timeline.nowMs, total()];
    expect([table.shown(), atMs < 1000]).toEqual([1, true]);
    await table.timeline.advance(60_000);
    expect(total()).toBe(asked);
  });

  test('only looks where another process has shown it', async () => {
    const table = new Table();
    const { wrap, total } = counter();
    const [one, other] = [table.writer(), table.writer({ wrap })];
    await commit(other, 'a');
    await one.add('b');
    const before = total();
    await table.timeline.run(other.store.settled());
    expect([table.shown(), total() - before]).toEqual([2, 2]);
  });

  test('shows its own also where another process has shown an older one since', async () => {
    const table = new Table();
    const writer = table.writer();
    await commit(writer, 'a');
    await commit(writer, 'b');
    const first = { ...table.top(), revision: 1, commit: 'first' };
    table.server.scribble(table.paths.licenceFile, formatLicence(first, 'pretty'));
    await table.timeline.run(writer.store.settled());
    expect(table.shown()).toBe(2);
  });

  test('waits five seconds for a slow share', async () => {
    const table = new Table();
    const { until } = latch();
    let isSlow = false;
    const wrap = (files: ShareFiles) =>
      faulty(files, (operation) => (isSlow && operation === 'replace' ? { kind: 'hang', until } : null));
    const writer = table.writer({ wrap });
    await commit(writer, 'a');
    isSlow = true;
    const startedMs = table.timeline.nowMs;
    await table.timeline.run(writer.store.settled());
    expect(table.timeline.nowMs - startedMs).toBe(5000);
  });
});
