import { describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { nextRevision } from '../../src/licence/revision.js';
import { MAX_BYTES } from '../../src/licence/size.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import type { ShareFiles } from '../../src/share/files.js';
import { faulty } from '../helpers/faults.js';
import { adding, codeOf, Table, type Writer } from '../helpers/table.js';

/** The rebuilding of a lost table, without instances: what is written, and whose revision wins. */

const MINUTES_MS = 300_000;
/** What a process has read within the last second it does not read again. */
const JUST_SEEN_MS = 1001;

function healer(table: Table, wrap?: (files: ShareFiles) => ShareFiles): Writer {
  const writer = table.writer(wrap ? { wrap } : {});
  writer.store.rebuildAs({ actor: 'ada@pc-1', id: 'ada' });
  return writer;
}

/** A table that is at a high number already. */
function tableAt(revision: number): Table {
  const table = new Table();
  table.grow(3);
  const base = table.top();
  table.makeRevision({ ...base, revision, parent: { revision: revision - 1, commit: 'x' }, commit: 'far' });
  return table;
}

const damage = (table: Table) => table.server.scribble(table.documentPath(table.numbers().at(-1) ?? 0), '{');

describe('a damaged top', () => {
  test('a restored revision is published above it; nothing that is there is touched', async () => {
    const table = new Table();
    table.grow(3);
    const writer = healer(table);
    const before = await writer.read();
    damage(table);
    const healed = await writer.read(MINUTES_MS);
    expect(healed).toMatchObject({
      revision: 1000,
      parent: { revision: 3, commit: before.commit },
      restored: {
        revision: 3,
        lineage: before.lineage,
        from: 'revision 3 (in the memory of a running instance)',
      },
      events: [{ kind: 'restored', actor: 'ada@pc-1', before: null }],
    });
    expect(healed.recent.slice(0, -1)).toEqual(before.recent);
    expect(healed.events[0]?.id).toBe(`${healed.lineage}.1000.0`);
    expect(table.numbers()).toEqual([0, 1, 2, 3, 1000]);
    expect(table.server.readText(table.documentPath(3))).toBe('{');
    expect(table.others()).toEqual([`restored-${before.lineage}`]);
  });

  test("a licence file too large to be read is in nobody's way", async () => {
    const table = new Table();
    table.grow(3);
    const writer = healer(table);
    await writer.read();
    damage(table);
    table.server.scribble(table.paths.licenceFile, 'x'.repeat(MAX_BYTES + 1));
    expect((await writer.read(MINUTES_MS)).revision).toBe(1000);
  });

  test('a commit heals first, and is made above', async () => {
    const table = new Table();
    table.grow(3);
    const writer = healer(table);
    await writer.read();
    await table.timeline.advance(JUST_SEEN_MS);
    damage(table);
    const { licence } = await writer.add('mine', MINUTES_MS);
    expect(licence.revision).toBe(1001);
    expect(table.tally()).toEqual(['w1', 'w2', 'w3', 'mine']);
  });

  test('one that was restored and is damaged in its turn is restored again', async () => {
    const table = new Table();
    table.grow(3);
    const writer = healer(table);
    await writer.read();
    damage(table);
    await writer.read(MINUTES_MS);
    damage(table);
    const late = healer(table); // knows neither, but for what it reads first
    expect(await codeOf(late.read(MINUTES_MS))).toBe('TABLE_DAMAGED'); // no memory: it heals nothing
    expect((await writer.read(MINUTES_MS)).revision).toBe(2000);
  });

  test('its own lineage was agreed on, and the number is damaged before anybody saw it', async () => {
    const table = new Table();
    table.grow(3);
    const [one, other] = [healer(table), healer(table)];
    for (const writer of [one, other]) await writer.read();
    await table.timeline.advance(JUST_SEEN_MS);
    damage(table);
    await one.read(MINUTES_MS);
    damage(table); // 1000: the other has never seen it
    expect((await other.read(MINUTES_MS)).revision).toBe(2000);
  });

  test('a share that refuses it says so, and the next look tries again', async () => {
    const table = new Table();
    table.grow(3);
    let isFull = true;
    const writer = healer(table, (files) =>
      faulty(files, (operation) =>
        isFull && operation === 'writeNew' ? { kind: 'refuse', error: 'full' } : null,
      ),
    );
    await writer.read();
    damage(table);
    expect(await codeOf(writer.read(MINUTES_MS))).toBe('SHARE_FULL');
    isFull = false;
    expect((await writer.read(MINUTES_MS)).revision).toBe(1000);
  });
});

describe('healers who know of different revisions', () => {
  test('meet at one number, also on both sides of a multiple of 1,000', async () => {
    const table = tableAt(500);
    const [less, more] = [healer(table), healer(table)];
    await less.read();
    const base = table.top();
    const stamp = { changeId: 'c', commit: 'c-501', shareTimeMs: table.server.nowMs };
    table.makeRevision(nextRevision(base, { licence: base, events: [] }, stamp));
    await more.read();
    table.server.removeTree(table.numberPath(501));
    damage(table); // 500; less would aim at 1000, more at 2000
    const first = less.store.read(less.deadline(MINUTES_MS));
    await table.timeline.run(first);
    const { licence } = await more.add('mine', MINUTES_MS);
    expect(licence.lineage).toBe((await less.read(MINUTES_MS)).lineage);
  });

  test('who was stopped before his rename cannot bury what grew since', async () => {
    const table = tableAt(501);
    table.server.removeTree(table.numberPath(501));
    const base = parseLicence(
      formatLicence({ ...table.top(), revision: 501, commit: 'c-501' }, 'compact'),
      '',
    );
    table.makeRevision(base);
    let stop: (() => void) | null = null;
    const more = healer(table, (files) => ({
      ...files,
      rename: async (from, to) => {
        if (stop && /restored-|\d{12}$/.test(to)) stop();
        await more.clock.running();
        return await files.rename(from, to);
      },
    }));
    await more.read();
    table.server.removeTree(table.numberPath(501));
    table.makeRevision({ ...base, revision: 500 });
    const less = healer(table);
    await less.read();
    table.server.removeTree(table.numberPath(500));
    table.server.makeDirectory(table.numberPath(500));
    table.server.writeNew(table.documentPath(500), '{', 0o644);
    await table.timeline.advance(JUST_SEEN_MS);
    stop = () => {
      stop = null;
      more.clock.gate.shut();
    };
    const late = more.store.read(more.deadline(MINUTES_MS)); // aims at 2000
    const { licence } = await less.add('one', MINUTES_MS); // heals at 1000
    expect(licence.revision).toBe(1001);
    await less.add('two');
    more.clock.gate.open();
    const seen = await table.timeline.run(late);
    expect(seen.licence.revision).toBe(1002);
    expect(table.numbers().at(-1)).toBe(1002);
  });
});

describe('a folder that is gone', () => {
  test('comes back whole, with the restored revision in it', async () => {
    const table = new Table();
    table.grow(3);
    const writer = healer(table);
    await writer.read();
    table.server.removeTree(table.paths.folder);
    expect((await writer.read(MINUTES_MS)).revision).toBe(1000);
    expect(table.server.stat(table.paths.folder).mode).toBe(0o775);
    expect(table.server.list('/share').sort()).toEqual(['licence.json', 'licence.json.revisions']);
  });

  test('two heal at once: one folder, one lineage', async () => {
    const table = new Table();
    table.grow(3);
    const writers = [healer(table), healer(table)];
    for (const writer of writers) await writer.read();
    table.server.removeTree(table.paths.folder);
    const tops = await table.timeline.run(
      Promise.all(writers.map((writer) => writer.store.read(writer.deadline(MINUTES_MS)))),
    );
    expect(new Set(tops.map(({ licence }) => licence.lineage)).size).toBe(1);
    expect(table.server.list('/share').sort()).toEqual(['licence.json', 'licence.json.revisions']);
  });

  test.each([
    ['is gone too', (table: Table) => table.server.removeTree(table.paths.licenceFile), 'SHARE_UNREACHABLE'],
    ['is garbage', (table: Table) => table.server.scribble(table.paths.licenceFile, 'x'), 'TABLE_LOST'],
    [
      'is too large',
      (table: Table) => table.server.scribble(table.paths.licenceFile, 'x'.repeat(MAX_BYTES + 1)),
      'TABLE_LOST',
    ],
    [
      'is of another licence',
      (table: Table) =>
        table.server.scribble(
          table.paths.licenceFile,
          table.server.readText(table.paths.licenceFile).replace('acme-1', 'other-2'),
        ),
      'TABLE_LOST',
    ],
  ])('if the licence file %s, nothing is written', async (_, happen, code) => {
    const table = new Table();
    table.grow(3);
    const writer = healer(table);
    await writer.read();
    table.server.removeTree(table.paths.folder);
    happen(table);
    const before = table.server.paths('/');
    expect(await codeOf(writer.read(MINUTES_MS))).toBe(code);
    expect(table.server.paths('/')).toEqual(before);
  });
});

describe('somebody else has healed while we met the same damage', () => {
  /** One process rebuilds and works on. The other began to look 5 s later; `happen` is done at that moment. */
  async function healedByOne(
    happen: (table: Table) => void,
    wrap?: (files: ShareFiles, table: Table) => ShareFiles,
  ): Promise<{ table: Table; late: Licence }> {
    const table = new Table();
    table.grow(3);
    const [one, other] = [healer(table), healer(table, (files) => wrap?.(files, table) ?? files)];
    for (const writer of [one, other]) await writer.read();
    await table.timeline.advance(JUST_SEEN_MS);
    damage(table);
    table.server.copyTree(table.paths.folder, '/backup');
    const healing = one.store.commit(adding('one'), one.deadline(MINUTES_MS));
    await table.timeline.advance(5000);
    const late = other.store.read(other.deadline(MINUTES_MS));
    await table.timeline.run(healing);
    await table.timeline.run(one.store.settled());
    happen(table);
    return { table, late: (await table.timeline.run(late)).licence };
  }

  test('who is shown an old listing does not rebuild what is whole: he looks for as long once more', async () => {
    let oldUntilMs = Number.POSITIVE_INFINITY;
    const { table, late } = await healedByOne(
      ({ timeline }) => {
        oldUntilMs = timeline.nowMs + 30_000;
      },
      (files, { paths, timeline }) => ({
        ...files,
        list: async (path) => {
          const names = await files.list(path);
          const isOld = timeline.nowMs < oldUntilMs && path === paths.folder;
          return isOld ? names.filter((name) => !/^0*1\d\d\d$|^restored-/.test(name)) : names;
        },
      }),
    );
    expect(table.numbers()).toEqual([0, 1, 2, 3, 1000, 1001]);
    expect(late.revision).toBe(1001);
  });

  test('if that was lost in its turn, the trouble lasts, and he heals it', async () => {
    const { table, late } = await healedByOne(({ server, paths }) => {
      server.removeTree(paths.folder);
      server.copyTree('/backup', paths.folder);
    });
    expect(late.restored).toMatchObject({ revision: 1001, from: 'revision 1001 (in the licence file)' });
    expect(table.tally()).toEqual(['w1', 'w2', 'w3', 'one']);
  });
});

test('what the licence file shows counts, if it is newer than what anybody remembers', async () => {
  const table = new Table();
  table.grow(3);
  const writer = healer(table);
  await writer.read();
  const other = table.writer();
  await other.add('later');
  table.server.removeTree(table.paths.folder);
  const healed = await writer.read(MINUTES_MS);
  expect(healed.restored?.from).toBe('revision 4 (in the licence file)');
  expect(table.tally()).toEqual(['w1', 'w2', 'w3', 'later']);
});

test('a number that leaves no room above it is told, and nothing is written', async () => {
  const table = new Table();
  table.grow(3);
  const writer = healer(table);
  await writer.read();
  table.server.writeNew(table.numberPath(999_999_999_999), 'x', 0o644);
  expect(await codeOf(writer.read(MINUTES_MS))).toBe('TABLE_DAMAGED');
  expect(table.others()).toEqual([]);
});

test('who is killed between agreeing and publishing is finished by the next, byte by byte', async () => {
  const table = new Table();
  table.grow(3);
  const killed: Writer = healer(table, (files) => ({
    ...files,
    rename: async (from, to) => {
      if (/\/000000001000$/.test(to)) killed.clock.gate.shut('ever');
      await killed.clock.running();
      await files.rename(from, to);
    },
  }));
  const next = healer(table);
  for (const writer of [killed, next]) await writer.read();
  damage(table);
  void killed.store.read(killed.deadline(MINUTES_MS));
  await table.timeline.advance(70_000);
  const agreed = `${table.paths.folder}/restored-lineage-1/licence.json`;
  expect([table.server.isThere(agreed), table.numbers().at(-1)]).toEqual([true, 3]);
  await next.read(MINUTES_MS);
  expect(table.server.readText(table.documentPath(1000))).toBe(table.server.readText(agreed));
});

describe('16 and more are lost', () => {
  /** The writer has seen 20 revisions, and 3 are left. */
  async function deep(): Promise<{ table: Table; writer: Writer }> {
    const table = new Table();
    table.grow(3);
    table.server.copyTree(table.paths.folder, '/backup');
    const writer = healer(table);
    table.grow(17);
    await writer.read();
    table.server.removeTree(table.paths.folder);
    table.server.copyTree('/backup', table.paths.folder);
    return { table, writer };
  }

  test('the holder that has seen them rebuilds, also while others go on below', async () => {
    const { table, writer } = await deep();
    const read = writer.store.read(writer.deadline(MINUTES_MS));
    await table.writer().add('theirs', MINUTES_MS);
    const seen = await table.timeline.run(read);
    expect(seen.licence.restored?.revision).toBe(20);
  });

  test('what others have made until fewer than 16 are missing is taken', async () => {
    const { table, writer } = await deep();
    const read = writer.store.read(writer.deadline(MINUTES_MS));
    for (const word of ['one', 'two']) await table.writer().add(word, MINUTES_MS);
    expect((await table.timeline.run(read)).licence.revision).toBe(5);
    expect((await writer.add('mine')).licence.revision).toBe(6);
  });
});
