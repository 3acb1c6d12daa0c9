import { describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { MAX_BYTES } from '../../src/licence/size.js';
import { formatLicence } from '../../src/licence/text.js';
import type { ShareErrorKind, ShareFiles } from '../../src/share/files.js';
import { counting, faulty, latch } from '../helpers/faults.js';
import { bareLicence, Table, type Writer } from '../helpers/table.js';

/** A writer, and how often it has done what on the share. */
function counted(table: Table) {
  let counts: Record<string, number> = {};
  const wrap = (files: ShareFiles) => {
    const counted = counting(files);
    counts = counted.counts;
    return counted.files;
  };
  return { writer: table.writer({ wrap }), counts: () => counts };
}

test('after a commit it shows the newest revision, for people to read', async () => {
  const table = new Table();
  const { licence } = await table.writer().add('mine');
  expect(table.server.readText(table.paths.licenceFile)).toBe(formatLicence(licence, 'pretty'));
});

test('it keeps the rights it had', async () => {
  const table = new Table({ umask: 0o077 });
  await table.writer().add('mine');
  expect(table.server.stat(table.paths.licenceFile).mode).toBe(0o664);
});

test('a declined change leaves it as it is', async () => {
  const table = new Table();
  table.grow(2);
  const writer = table.writer();
  await table.timeline.run(writer.store.commit(() => ({ answer: null, draft: null }), writer.deadline()));
  expect(table.shown()).toBe(0);
});

test('one that is missing is shown again', async () => {
  const table = new Table();
  const writer = table.writer();
  await writer.add('a');
  table.server.removeTree(table.paths.licenceFile);
  await writer.add('b');
  expect(table.shown()).toBe(2);
});

test('nothing follows from it: it may fail, and the commit is done', async () => {
  const table = new Table();
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation) => (operation === 'replace' ? { kind: 'refuse', error: 'full' } : null));
  const done = await table.writer({ wrap }).add('mine');
  expect([done.published, table.shown()]).toEqual([true, 0]);
});

describe('one that does not read as a licence', () => {
  const garble = (table: Table, text = '{"format": "seatf') =>
    table.server.scribble(table.paths.licenceFile, text);

  test('may still be being written: it is left alone at first', async () => {
    const table = new Table();
    const writer = table.writer();
    await writer.add('a');
    garble(table);
    await writer.add('b');
    await table.timeline.advance(59_000);
    await writer.add('c');
    expect(table.server.readText(table.paths.licenceFile)).toBe('{"format": "seatf');
  });

  test.each([
    ['broken off', '{"format": "seatf'],
    ['larger than 16 MiB', 'x'.repeat(MAX_BYTES + 1)],
    ['nested deep', '['.repeat(200_000)],
    ['with a signature that is none', '{"entitlement":{"payload":"{}","signature":[[]]}}'],
  ])('%s: is shown whole again when it has stood still for a minute', async (_, text) => {
    const table = new Table();
    const writer = table.writer();
    garble(table, text);
    table.grow(1);
    await writer.add('b');
    await table.timeline.advance(60_000);
    await writer.add('c');
    expect(table.shown()).toBe(3);
  });

  test('counts anew when it changes', async () => {
    const table = new Table();
    const writer = table.writer();
    table.grow(1);
    garble(table);
    await writer.add('b');
    await table.timeline.advance(50_000);
    garble(table, '{"format": "seatfile/2"');
    await writer.add('c');
    await table.timeline.advance(50_000);
    await writer.add('d');
    expect(table.server.readText(table.paths.licenceFile)).toBe('{"format": "seatfile/2"');
    await table.timeline.advance(10_000);
    await writer.add('e');
    expect(table.shown()).toBe(5);
  });
});

test('a table so large that it would not fit when laid out is shown as it is', async () => {
  const table = new Table();
  table.grow(1);
  const odd = Array(2).fill(Array(199_000).fill(1));
  for (let deep = 0; deep < 25; deep++) odd.splice(0, 2, [...odd]);
  const text = table.server.readText(table.documentPath(1)).replace('{', `{"odd":${JSON.stringify(odd)},`);
  table.server.scribble(table.documentPath(1), text);
  const { licence } = await table.timeline.run(table.writer().adding('mine'));
  for (let n = 0; n < 8; n++) await table.timeline.advance(1000); // it takes its breaths, and no time of its own
  expect(table.server.readText(table.paths.licenceFile) === formatLicence(licence, 'compact')).toBe(true);
});

test('a large table is shown with one line for each entry, whatever stands in a text', async () => {
  const table = new Table();
  table.grow(1);
  const texts = [',{"id":', ',{', '},{', '[{"id":"', '\\', '\n'];
  const odd = Array.from({ length: 100_000 }, (_, n) => ({ id: texts[n % texts.length] }));
  const text = table.server.readText(table.documentPath(1)).replace('{', `{"odd":${JSON.stringify(odd)},`);
  table.server.scribble(table.documentPath(1), text);
  const { licence } = await table.timeline.run(table.writer().adding('mine'));
  for (let n = 0; n < 8; n++) await table.timeline.advance(1000);
  const shown = table.server.readText(table.paths.licenceFile);
  expect(shown.split('\n').length).toBe(100_001);
  expect(JSON.parse(shown)).toEqual(licence);
});

test('a directory that somebody put there is left as it is', async () => {
  const table = new Table();
  table.grow(1);
  table.server.removeTree(table.paths.licenceFile);
  table.server.makeDirectory(table.paths.licenceFile);
  await table.writer().add('a');
  expect(table.server.stat(table.paths.licenceFile).kind).toBe('directory');
});

test('bytes that have not changed, under a stat that has, are read once more', async () => {
  const table = new Table();
  table.grow(1);
  const { writer, counts } = counted(table);
  const top = await writer.read();
  const reads = async () => {
    const before = counts()['read'] ?? 0;
    await table.timeline.run(writer.store.noticeDisplayCopy(top));
    return (counts()['read'] ?? 0) - before;
  };
  expect([await reads(), await reads()]).toEqual([1, 0]);
  await table.timeline.advance(1000);
  // As an old cache would show it.
  table.server.scribble(table.paths.licenceFile, table.server.readText(table.paths.licenceFile));
  expect(await reads()).toBe(1);
  await table.timeline.advance(2000);
  expect([await reads(), await reads()]).toEqual([1, 0]);
});

test('an entitlement that the licence once had is recognised', async () => {
  const table = new Table();
  const { entitlementHash } = await import('../../src/licence/entitlement.js');
  const before = bareLicence();
  const modules = [{ module: 'M1', maxUsers: 20 }];
  const entitlement = sealUnsigned({ licenceId: 'acme-1', issuedAt: '2026-01-01T00:00:00Z', modules });
  table.makeRevision({ ...before, entitlement, formerEntitlements: [entitlementHash(before.entitlement)] });
  await table.writer().add('a');
  expect(table.shown()).toBe(1);
});

describe('a refused replace', () => {
  const refusing = (times: number) => {
    let left = times;
    return (files: ShareFiles) =>
      faulty(files, (operation) =>
        operation === 'replace' && left-- > 0 ? { kind: 'refuse', error: 'busy' } : null,
      );
  };

  test('is tried once more, a second later', async () => {
    const table = new Table();
    const tries: number[] = [];
    const wrap = (files: ShareFiles) =>
      faulty(refusing(1)(files), (operation) => {
        if (operation === 'replace') tries.push(table.timeline.nowMs);
        return null;
      });
    await table.timeline.run(table.writer({ wrap }).adding('mine'));
    await table.timeline.advance(4000);
    const [first = 0, second = 0] = tries;
    expect([second - first, table.shown()]).toEqual([1000, 1]);
  });

  test('and then left to the next commit', async () => {
    const table = new Table();
    const writer = table.writer({ wrap: refusing(2) });
    await table.timeline.run(writer.adding('a'));
    await table.timeline.advance(60_000);
    expect(table.shown()).toBe(0);
    await writer.add('b');
    expect(table.shown()).toBe(2);
  });
});

test('to notice it costs one stat while it has not changed', async () => {
  const table = new Table();
  table.grow(1);
  const { writer, counts } = counted(table);
  const top = await writer.read();
  const notice = () => table.timeline.run(writer.store.noticeDisplayCopy(top));
  expect(await notice()).toBe('ours');
  const reads = counts()['read'];
  expect(await notice()).toBe('ours');
  expect(counts()['read']).toBe(reads);
});

test.each([
  ['missing', (table: Table) => table.server.removeTree(table.paths.licenceFile)],
  ['wreck', (table: Table) => table.server.scribble(table.paths.licenceFile, 'x')],
  [
    'foreign',
    (table: Table) => table.server.scribble(table.paths.licenceFile, '{"entitlement":{"payload":"{}"}}'),
  ],
])('it is noticed to be %s', async (state, happen) => {
  const table = new Table();
  const top = table.grow(1);
  happen(table);
  expect(await table.timeline.run(table.writer().store.noticeDisplayCopy(top))).toBe(state);
});

test('one with a second name is told, left as it is, and costs nobody anything', async () => {
  const table = new Table();
  const writer = table.writer();
  await writer.add('a');
  table.server.hardLink('/share/backup.json', table.paths.licenceFile);
  const { published, licence } = await writer.add('b');
  expect([published, table.shown()]).toEqual([true, 1]);
  expect(await table.timeline.run(writer.store.noticeDisplayCopy(licence))).toBe('linked');
  table.server.removeTree('/share/backup.json');
  await writer.add('c');
  expect(table.shown()).toBe(3);
});

describe('one that cannot be refreshed', () => {
  const troubled = (error: ShareErrorKind | null) => {
    const table = new Table();
    table.grow(1);
    const state = { error };
    const wrap = (files: ShareFiles) =>
      faulty(files, (operation) =>
        operation === 'replace' && state.error !== null ? { kind: 'refuse', error: state.error } : null,
      );
    const writer = table.writer({ wrap });
    const told: string[] = [];
    writer.store.onDisplayCopyTrouble = (trouble) => told.push(trouble);
    return { table, writer, told, state };
  };

  test.each([
    ['refused', /right to write/],
    ['readOnly', /right to write/],
    ['busy', /keeps it open/],
    ['full', /no space/],
  ] as const)(
    '%s: told once, also by a process that ends at once, and again after it was refreshed',
    async (error, words) => {
      const { table, writer, told, state } = troubled(error);
      await writer.add('a');
      await table.timeline.run(writer.store.settled());
      await writer.add('b');
      await table.timeline.run(writer.store.settled());
      expect(told).toEqual([expect.stringMatching(words)]);
      state.error = null;
      await writer.add('c');
      expect(table.shown()).toBe(4);
      state.error = error;
      await writer.add('d');
      await table.timeline.run(writer.store.settled());
      expect(told).toHaveLength(2);
    },
  );

  test.each(['unsaid', 'missing'] as const)(
    '%s is trouble of the share, and not told as that of the file',
    async (error) => {
      const { table, writer, told } = troubled(error);
      await writer.add('a');
      await table.timeline.run(writer.store.settled());
      expect(told).toEqual([]);
    },
  );

  test('is late when the revision after the one it shows is ten seconds old, or collected', async () => {
    const { table, writer, state } = troubled(null);
    const late = (top: Licence) => table.timeline.run(writer.store.lateDisplayCopy(top, table.server.nowMs));
    const { licence: first } = await writer.add('a');
    await table.timeline.advance(60_000);
    expect(await late(first)).toBeNull(); // it shows the newest
    state.error = 'refused';
    const { licence: second } = await writer.add('b');
    await table.timeline.run(writer.store.settled());
    expect(await late(second)).toBeNull();
    await table.timeline.advance(10_001);
    const { licence: third } = await writer.add('c');
    expect(await late(third)).toBe(2);
    table.server.removeTree(table.numberPath(3));
    expect(await late(third)).toBe(2);
  });
});

const replacementFor = (maxUsers: number): string => {
  const modules = [{ module: 'M1', maxUsers }];
  const granted = { licenceId: 'acme-1', issuedAt: '2026-11-22T09:00:00.000Z', modules };
  return formatLicence({ ...bareLicence(), entitlement: sealUnsigned(granted) }, 'pretty');
};

function put(table: Table, text: string): void {
  table.server.removeTree(table.paths.licenceFile);
  table.server.writeNew(table.paths.licenceFile, text, 0o664);
}

test('a replacement file is not written over by a process that is still shown the old bytes', async () => {
  const table = new Table();
  let old: Uint8Array | null = null;
  let isOld = false;
  const wrap = (files: ShareFiles): ShareFiles => ({
    ...files,
    read: async (path) => {
      const bytes = await files.read(path);
      if (path !== table.paths.licenceFile) return bytes;
      if (isOld && old) return old;
      old = bytes;
      return bytes;
    },
  });
  const writer = table.writer({ wrap });
  const { licence } = await writer.add('one');
  await table.timeline.run(writer.store.noticeDisplayCopy(licence));
  isOld = true;
  put(table, replacementFor(99));
  await table.timeline.run(writer.adding('two'));
  await table.timeline.run(writer.store.settled());
  expect(table.server.readText(table.paths.licenceFile)).toBe(replacementFor(99));
});

test('a replacement file that another has followed meanwhile is not adopted any more', async () => {
  const table = new Table();
  const stopped = latch();
  let isFirst = true;
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation) => {
      if (!isFirst || operation !== 'makeDirectory') return null;
      isFirst = false;
      return { kind: 'hang', until: stopped.until };
    });
  const settle = async (writer: Writer) => {
    const { licence } = await writer.store.read(writer.deadline());
    await writer.store.noticeDisplayCopy(licence);
    return await writer.store.settleReplacement(writer.deadline(600_000));
  };
  const [slow, quick] = [table.writer({ wrap }), table.writer()];
  await quick.add('one');
  put(table, replacementFor(30));
  const late = settle(slow);
  await table.timeline.advance(5000); // stopped as it begins to write
  expect(await table.timeline.run(settle(quick))).toContain('replaced by a new one');
  put(table, replacementFor(5));
  expect(await table.timeline.run(settle(quick))).toContain('replaced by a new one');
  stopped.release();
  expect(await table.timeline.run(late)).toBeNull();
  expect(table.top().entitlement.payload).toContain('"maxUsers":5');
});
