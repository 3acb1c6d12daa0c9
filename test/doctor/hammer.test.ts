import { expect, test } from 'vitest';
import { hammer, judgeHammer, type StressCounts } from '../../src/doctor/hammer.js';
import { failingAt } from '../helpers/faults.js';
import { Table, type WriterOptions } from '../helpers/table.js';

/** What the hammer must notice is planted here; that it runs as processes is shown in test/cli/doctor.test.ts. */
async function hammered(
  options: readonly WriterOptions[],
  commits = 6,
): Promise<{ table: Table; all: StressCounts[] }> {
  const table = new Table();
  const blows = options.map((option, worker) => {
    const writer = table.writer(option);
    let left = commits;
    return hammer(writer.store, writer.clock, worker, () => left-- === 0);
  });
  return { table, all: await table.timeline.run(Promise.all(blows)) };
}

test('a share in order: everything acknowledged is there once', async () => {
  const { table, all } = await hammered([{}, {}, {}]);
  expect(judgeHammer(all, table.top(), 2, 0)).toMatchObject({
    ...{
      severity: 'ok',
      workers: 3,
      acknowledged: 18,
      lost: 0,
      twice: 0,
      unknown: 0,
      failed: 0,
      perSecond: 9,
    },
  });
});

test('a commit in doubt or failed is neither lost nor made twice', async () => {
  for (let step = 20; step < 45; step++) {
    const wrap: WriterOptions['wrap'] = (files) =>
      failingAt(step, files, { kind: 'loseReply', error: 'refused' }).files;
    const { table, all } = await hammered([{ wrap }, {}], 3);
    expect(judgeHammer(all, table.top(), 1, 0), `step ${step}`).toMatchObject({ lost: 0, twice: 0 });
  }
});

test.each([
  ['a table that went back', { '0': 4, '1': 6 }, { severity: 'unfit', lost: 2, twice: 0 }],
  ['a commit made twice', { '0': 6, '1': 7 }, { severity: 'unfit', lost: 0, twice: 1 }],
  ['no table at all', undefined, { severity: 'unfit', lost: 12 }],
])('%s is found', async (_what, counts, found) => {
  const { table, all } = await hammered([{}, {}]);
  expect(judgeHammer(all, { ...table.top(), ...{ hammer: counts } }, 1, 0)).toMatchObject(found);
});

test('a table that goes back between two commits is found by who had counted further', async () => {
  const table = new Table();
  const writer = table.writer();
  let left = 4;
  const back = () => {
    if (left === 2) {
      const top = table.top();
      table.makeRevision({
        ...top,
        revision: top.revision + 1,
        parent: { revision: top.revision, commit: top.commit },
        commit: 'x',
        ...{ hammer: { '0': 1 } },
      });
    }
    return left-- === 0;
  };
  const blows = await table.timeline.run(hammer(writer.store, writer.clock, 0, back));
  expect(judgeHammer([blows], table.top(), 1, 0)).toMatchObject({ severity: 'unfit', lost: 1 });
});

test('a process that told nothing counts as failed', async () => {
  const { table, all } = await hammered([{}]);
  expect(judgeHammer(all, table.top(), 1, 3)).toMatchObject({ severity: 'warning', workers: 4, failed: 3 });
});
