import { describe, expect, test } from 'vitest';
import { FORMAT } from '../../src/licence/document.js';
import { formatLicence } from '../../src/licence/text.js';
import { codeOf, Table } from '../helpers/table.js';

/** Tables of other formats, and tables that have moved: what is read, what is written, and what is refused. */

const MINUTES_MS = 300_000;

/** The same document, as a version of another format wrote it. */
function asFormat(table: Table, path: string, format: string): void {
  const text = table.server.readText(path);
  expect(text).toContain(FORMAT);
  table.server.scribble(path, text.replace(FORMAT, format));
}

const formatIn = (table: Table, path: string): string => JSON.parse(table.server.readText(path)).format;

describe('the format before', () => {
  test('a table begins from it', async () => {
    const table = new Table();
    asFormat(table, table.paths.licenceFile, 'seatfile/1');
    await table.writer().add('mine');
    const files = [table.documentPath(0), table.documentPath(1), table.paths.licenceFile];
    expect(files.map((path) => formatIn(table, path))).toEqual(['seatfile/1', FORMAT, FORMAT]);
  });

  test('is read, and the next commit goes on from it in this one', async () => {
    const table = new Table();
    table.grow(3);
    asFormat(table, table.documentPath(3), 'seatfile/1');
    const writer = table.writer();
    expect(await writer.read()).toEqual(table.top());
    expect(formatIn(table, table.documentPath(3))).toBe('seatfile/1');
    await writer.add('mine');
    expect(formatIn(table, table.documentPath(4))).toBe(FORMAT);
    expect(table.tally()).toEqual(['w1', 'w2', 'w3', 'mine']);
  });
});

describe('a later format', () => {
  test('is refused at once, by a holder too: nothing is written, and nothing rebuilt', async () => {
    const table = new Table();
    table.grow(3);
    const writer = table.writer();
    writer.store.rebuildAs({ actor: 'ada@pc-1', id: 'ada' });
    await writer.read();
    asFormat(table, table.documentPath(3), 'seatfile/3');
    const before = table.server.paths('/');
    expect(await codeOf(writer.read(MINUTES_MS))).toBe('LICENCE_NEWER');
    expect(await codeOf(writer.add('mine', MINUTES_MS))).toBe('LICENCE_NEWER');
    expect(table.server.paths('/')).toEqual(before);
    expect(table.timeline.nowMs).toBeLessThan(1000);
  });
});

describe('a table that has moved', () => {
  const THERE = '//server/new/licence.json';

  function moved(): Table {
    const table = new Table();
    table.grow(3);
    const text = formatLicence({ ...table.top(), movedTo: THERE }, 'compact');
    table.server.scribble(table.documentPath(3), text);
    return table;
  }

  test('can be read, and takes no commit: the fault names the new place', async () => {
    const table = moved();
    const before = table.server.paths('/');
    const writer = table.writer();
    expect((await writer.read()).movedTo).toBe(THERE);
    await expect(writer.add('mine')).rejects.toMatchObject({
      code: 'LICENCE_MOVED',
      message:
        `${table.paths.licenceFile}: this licence has moved to ${THERE}; ` +
        'nothing was written here. Open it there',
    });
    expect(table.server.paths('/')).toEqual(before);
  });

  test('a new file dropped over it is not adopted', async () => {
    const table = moved();
    const writer = table.writer();
    const dropped = table.server.readText(table.paths.licenceFile).replace('"lineage": "', '"lineage": "x');
    table.server.scribble(table.paths.licenceFile, dropped);
    expect(await codeOf(table.timeline.run(writer.store.settleReplacement(writer.deadline())))).toBe(
      'LICENCE_MOVED',
    );
    expect(table.server.readText(table.paths.licenceFile)).toBe(dropped);
  });

  test('is not rebuilt when its folder is deleted', async () => {
    const table = moved();
    const writer = table.writer();
    writer.store.rebuildAs({ actor: 'ada@pc-1', id: 'ada' });
    await writer.read();
    table.server.removeTree(table.paths.folder);
    expect(await codeOf(writer.read(MINUTES_MS))).toBe('LICENCE_MOVED');
    expect(table.server.isThere(table.paths.folder)).toBe(false);
  });

  test('before its first commit it makes no folder', async () => {
    const table = new Table();
    const text = table.server.readText(table.paths.licenceFile).replace('{', `{"movedTo":"${THERE}",`);
    table.server.scribble(table.paths.licenceFile, text);
    expect(await codeOf(table.writer().add('mine'))).toBe('LICENCE_MOVED');
    expect(table.server.list('/share')).toEqual(['licence.json']);
  });
});
