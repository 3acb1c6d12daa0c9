import { expect, test } from 'vitest';
import type { ShareFiles } from '../../src/share/files.js';
import { faulty } from '../helpers/faults.js';
import { Table } from '../helpers/table.js';

/** A commit does not read again what its process has seen under its number within the last second. */
function ground() {
  const table = new Table();
  table.grow(3);
  const read: string[] = [];
  const wrap = (files: ShareFiles) =>
    faulty(files, (operation, path) => {
      if (operation === 'read' && path.startsWith(table.paths.folder)) read.push(path);
      return null;
    });
  return { table, writer: table.writer({ wrap }), read };
}

test('a commit right after a look or a commit reads nothing, and holds all that was there', async () => {
  const { table, writer, read } = ground();
  await writer.read();
  read.length = 0;
  await writer.add('mine');
  await writer.add('again');
  expect(read).toEqual([]);
  expect(table.tally()).toEqual(['w1', 'w2', 'w3', 'mine', 'again']);
});

test('a look always reads', async () => {
  const { table, writer, read } = ground();
  await writer.read();
  await writer.read();
  expect(read).toEqual([table.documentPath(3), table.documentPath(3)]);
});

test('what was seen more than a second ago is read', async () => {
  const { table, writer, read } = ground();
  await writer.read();
  await table.timeline.advance(1001);
  await writer.add('mine');
  expect(read).toEqual([table.documentPath(3), table.documentPath(3)]);
});

test('so is what was seen before the computer slept, though its monotonic clock stood still', async () => {
  const { table, writer, read } = ground();
  await writer.read();
  writer.clock.host.sleep();
  await table.timeline.advance(60_000);
  writer.clock.host.wake();
  await writer.add('mine');
  expect(read).toEqual([table.documentPath(3), table.documentPath(3)]);
});

test('and what another process has published meanwhile', async () => {
  const { table, writer, read } = ground();
  await writer.read();
  await table.writer().add('of another');
  await writer.add('mine');
  expect(read).toEqual([table.documentPath(3), table.documentPath(4)]);
  expect(table.tally()).toEqual(['w1', 'w2', 'w3', 'of another', 'mine']);
});

test('after a reading that failed nothing counts as seen', async () => {
  const { table, writer, read } = ground();
  await writer.read();
  const before = table.server.readText(table.documentPath(3));
  table.server.scribble(table.documentPath(3), '{');
  await expect(writer.read(100)).rejects.toThrow();
  table.server.scribble(table.documentPath(3), before);
  read.length = 0;
  await writer.add('mine');
  expect(read).toEqual([table.documentPath(3)]);
});
