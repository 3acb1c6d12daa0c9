import { describe, expect, test } from 'vitest';
import { FORMAT, type Licence } from '../../src/licence/document.js';
import { MAX_BYTES } from '../../src/licence/size.js';
import { formatLicence } from '../../src/licence/text.js';
import { clientOf } from '../helpers/memory-share.js';
import { codeOf, Table, type Writer } from '../helpers/table.js';

/** Damage and loss: first taken for a stale listing, then told; never built on, and nothing is written. */
interface Trouble {
  readonly what: string;
  readonly code: string;
  readonly happen: (table: Table) => void;
}

const troubles: readonly Trouble[] = [
  {
    what: 'the newest revision is garbled',
    code: 'TABLE_DAMAGED',
    happen: (table) => table.server.scribble(table.documentPath(20), '{"format":'),
  },
  {
    what: 'the newest revision is no UTF-8 text of a licence',
    code: 'TABLE_DAMAGED',
    happen: (table) => table.server.scribble(table.documentPath(20), '{}'),
  },
  {
    what: 'the newest revision is nested too deep to be written again',
    code: 'TABLE_DAMAGED',
    happen: (table) =>
      table.server.scribble(
        table.documentPath(20),
        formatLicence({ ...table.top(), odd: 'DEEP' } as Licence, 'compact').replace(
          '"DEEP"',
          `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
        ),
      ),
  },
  {
    what: 'the newest revision is larger than 16 MiB',
    code: 'TABLE_DAMAGED',
    happen: (table) =>
      table.server.scribble(
        table.documentPath(20),
        formatLicence({ ...table.top(), odd: 'x'.repeat(MAX_BYTES) } as Licence, 'compact'),
      ),
  },
  {
    what: 'the newest revision is a directory in place of a file',
    code: 'TABLE_DAMAGED',
    happen: (table) => {
      table.server.removeTree(table.documentPath(20));
      table.server.makeDirectory(table.documentPath(20));
    },
  },
  {
    what: 'the entitlement of the newest revision grants nothing',
    code: 'TABLE_DAMAGED',
    happen: (table) => {
      const { licenceId } = JSON.parse(table.top().entitlement.payload);
      const entitlement = { payload: JSON.stringify({ licenceId, modules: [] }) };
      table.server.scribble(
        table.documentPath(20),
        formatLicence({ ...table.top(), entitlement }, 'compact'),
      );
    },
  },
  {
    what: 'the newest revision says another number',
    code: 'TABLE_DAMAGED',
    happen: (table) =>
      table.server.scribble(table.documentPath(20), table.server.readText(table.documentPath(19))),
  },
  {
    what: 'the 16 newest revisions were removed, as by a restored backup',
    code: 'TABLE_LOST',
    happen: (table) => forget(table, 16),
  },
  {
    what: 'no number is left in the folder',
    code: 'TABLE_LOST',
    happen: (table) => {
      for (const number of table.numbers()) table.server.removeTree(table.numberPath(number));
    },
  },
  {
    what: 'the folder is gone, and the licence file is there',
    code: 'TABLE_LOST',
    happen: (table) => table.server.removeTree(table.paths.folder),
  },
  {
    what: 'folder and licence file are gone',
    code: 'SHARE_UNREACHABLE',
    happen: (table) => {
      table.server.removeTree(table.paths.folder);
      table.server.removeTree(table.paths.licenceFile);
    },
  },
];

/** What is left of the minute, told after the first second and every ten from then on. */
const COUNTED = [expect.stringMatching(/^5[789]$/), expect.stringMatching(/^4[5678]$/)];

/** The server has lost the newest revisions. */
function forget(table: Table, count: number): void {
  for (const number of table.numbers().slice(-count)) table.server.removeTree(table.numberPath(number));
}

async function inTrouble(happen: Trouble['happen']): Promise<{ table: Table; writer: Writer }> {
  const table = new Table();
  table.grow(20);
  const writer = table.writer();
  await writer.read(); // it has seen revision 20
  happen(table);
  return { table, writer };
}

describe.each(troubles)('$what', ({ code, happen }) => {
  test('a look says so when the caches have expired, and not before', async () => {
    const { table, writer } = await inTrouble(happen);
    expect(await codeOf(writer.read(300_000))).toBe(code);
    expect(table.timeline.nowMs).toBeGreaterThanOrEqual(60_000);
    expect(table.timeline.nowMs).toBeLessThan(65_000);
  });

  test('a commit says so when the caches have expired, and writes nothing', async () => {
    const { table, writer } = await inTrouble(happen);
    await table.timeline.advance(1001); // what it has read within the last second it does not read again
    const before = table.server.paths('/');
    expect(await codeOf(writer.add('mine', 300_000))).toBe(code);
    expect(table.server.paths('/')).toEqual(before);
    expect(table.timeline.nowMs).toBeGreaterThanOrEqual(60_000);
  });

  test('a caller with less patience is told at his deadline that it was not to be seen, and why', async () => {
    const { table, writer } = await inTrouble(happen);
    await expect(writer.read(5000)).rejects.toMatchObject({ code: 'SHARE_UNREACHABLE', cause: { code } });
    expect(table.timeline.nowMs).toBeLessThan(8000);
  });
});

test.each(troubles)(
  '$what, for as long as caches live: a look waits, and finds the table',
  async ({ happen }) => {
    const { table, writer } = await inTrouble(() => undefined);
    table.server.copyTree('/share', '/backup');
    happen(table);
    table.timeline.at(20_000, () => {
      table.server.removeTree('/share');
      table.server.rename('/backup', '/share');
    });
    expect((await writer.read(300_000)).revision).toBe(20);
    expect(writer.slow.map((said) => / (\d+) s at most$/.exec(said)?.[1])).toEqual(COUNTED);
  },
);

test('a higher revision without its folder is a copy or a loss: said, and nothing written', async () => {
  const table = new Table();
  table.server.scribble(table.paths.licenceFile, formatLicence({ ...table.top(), revision: 7 }, 'pretty'));
  const before = table.server.paths('/');
  expect(await codeOf(table.writer().add('mine'))).toBe('TABLE_LOST');
  expect(await codeOf(table.writer().read())).toBe('TABLE_LOST');
  expect(table.server.paths('/')).toEqual(before);
});

test('a top 16 and more below what is known from elsewhere is a loss', async () => {
  const table = new Table();
  table.grow(3);
  const writer = table.writer();
  writer.store.expectAtLeast(19);
  expect(await codeOf(writer.read(300_000))).toBe('TABLE_LOST');
});

describe('fewer than 16 of the newest revisions are missing', () => {
  test.each([1, 2, 8, 15])(
    '%i: a look says at once that it is in doubt, and writes nothing',
    async (count) => {
      const { table, writer } = await inTrouble((table) => forget(table, count));
      const before = table.server.paths('/');
      const seen = await table.timeline.run(writer.store.read(writer.deadline(5000)));
      expect([seen.licence.revision, seen.loss]).toEqual([20 - count, 'doubtful']);
      expect(table.server.paths('/')).toEqual(before);
      expect(table.timeline.nowMs).toBeLessThan(1000);
    },
  );

  test.each([1, 2, 8, 15])(
    '%i: a commit is published on what is there, and says which are forgotten',
    async (count) => {
      const { table, writer } = await inTrouble((table) => forget(table, count));
      const { licence } = await writer.add('mine');
      expect(licence.revision).toBe(21 - count);
      expect(licence.events[0]).toMatchObject({ kind: 'forgotten', from: 21 - count, to: 20 });
      expect((await table.timeline.run(writer.store.read(writer.deadline(5000)))).loss).toBeNull();
    },
  );

  test('a change that comes to nothing publishes too: the server has to decide', async () => {
    const { table, writer } = await inTrouble((table) => forget(table, 2));
    const change = () => ({ answer: 'declined', draft: null });
    const done = await table.timeline.run(writer.store.commit(change, writer.deadline(5000)));
    expect(done).toMatchObject({ answer: 'declined', published: true, licence: { revision: 19 } });
  });

  test('an old listing costs a commit nothing: the number is refused, and what is there then is taken', async () => {
    let isOld = false;
    const table = new Table();
    table.grow(3);
    const writer = table.writer({
      wrap: (files) => ({
        ...files,
        list: async (path) => (await files.list(path)).filter((name) => !isOld || !/^0*[23]$/.test(name)),
      }),
    });
    await writer.read();
    isOld = true;
    table.timeline.at(table.timeline.nowMs + 5000, () => {
      isOld = false;
    });
    const { licence } = await writer.add('mine');
    expect(licence).toMatchObject({ revision: 4, events: [] });
    expect(table.tally()).toEqual(['w1', 'w2', 'w3', 'mine']);
  });

  test('others have gone on past all we have seen: our own change is missing, so it is certain', async () => {
    const { table, writer } = await inTrouble(() => undefined);
    await writer.add('mine');
    forget(table, 1);
    table.grow(3);
    const seen = await table.timeline.run(writer.store.read(writer.deadline(5000)));
    expect([seen.licence.revision, seen.loss]).toEqual([23, 'certain']);
    const { licence } = await writer.add('mine again');
    expect(licence.events[0]).toMatchObject({ kind: 'forgotten', from: 21, to: 23 });
  });
});

test('a revision of a newer format is told as that, at once', async () => {
  const table = new Table();
  table.grow(1);
  const text = table.server.readText(table.documentPath(1)).replace(FORMAT, 'seatfile/3');
  table.server.scribble(table.documentPath(1), text);
  expect(await codeOf(table.writer().read())).toBe('LICENCE_NEWER');
  expect(table.timeline.nowMs).toBe(0);
});

test('no licence file and no folder: missing', async () => {
  const table = new Table();
  table.server.removeTree(table.paths.licenceFile);
  expect(await codeOf(table.writer().read())).toBe('LICENCE_MISSING');
  expect(await codeOf(table.writer().add('mine'))).toBe('LICENCE_MISSING');
});

test('a licence file that is a directory is told as that', async () => {
  const table = new Table();
  table.server.removeTree(table.paths.licenceFile);
  table.server.makeDirectory(table.paths.licenceFile);
  expect(await codeOf(table.writer().read())).toBe('LICENCE_UNREADABLE');
});

test('a file where the folder should be: unfit', async () => {
  const table = new Table();
  table.server.writeNew(table.paths.folder, 'x', 0o644);
  expect(await codeOf(table.writer().add('mine'))).toBe('SHARE_UNFIT');
});

test('who may only read can look', async () => {
  const table = new Table();
  table.grow(2);
  const writer = table.writer({ client: { unwritable: 'refused' } });
  expect((await writer.read()).revision).toBe(2);
  expect(await codeOf(writer.add('mine'))).toBe('SHARE_REFUSED');
});

test.each([
  ['full', 'SHARE_FULL'],
  ['readOnly', 'SHARE_REFUSED'],
  ['refused', 'SHARE_REFUSED'],
] as const)('a share that is %s is told as that, and nothing is changed', async (unwritable, code) => {
  const table = new Table();
  const base = table.grow(2);
  expect(await codeOf(table.writer({ client: { unwritable } }).add('mine'))).toBe(code);
  expect([table.top(), table.others()]).toEqual([base, []]);
});

test('a share that answers with failures is given ten seconds to recover', async () => {
  const table = new Table();
  table.grow(2);
  const { client, writer } = hostOf(table);
  await writer.read();
  client.state.cut = 'unsaid';
  table.timeline.at(9000, client.mend);
  expect((await writer.read(300_000)).revision).toBe(2);
});

test('a share that goes on failing is out of reach after that', async () => {
  const table = new Table();
  table.grow(2);
  const { client, writer } = hostOf(table);
  await writer.read();
  client.state.cut = 'unsaid';
  expect(await codeOf(writer.read(300_000))).toBe('SHARE_UNREACHABLE');
  expect(table.timeline.nowMs).toBeGreaterThanOrEqual(10_000);
  expect(table.timeline.nowMs).toBeLessThan(13_000);
});

function hostOf(table: Table) {
  const client = clientOf(table.server);
  return { client, writer: table.writer({ wrap: () => client.files }) };
}
