import { describe, expect, test } from 'vitest';
import type { ShareFiles } from '../../src/share/files.js';
import { faulty } from '../helpers/faults.js';
import { Table } from '../helpers/table.js';

/**
 * A share that is unmounted before any one step of an operation: at the same path is an empty local directory then, and
 * neither a licence nor a table may be in it, or it would be taken for ours. When the share is back, all goes on there.
 */

const MINUTES_MS = 300_000;

function unmount(table: Table): void {
  table.server.rename(table.paths.around, '/elsewhere');
  table.server.makeDirectory(table.paths.around);
}

function mount(table: Table): void {
  table.server.rename(table.paths.around, '/mount-point');
  table.server.rename('/elsewhere', table.paths.around);
}

/** What each kind of operation begins with: gives the table as it is then. */
const operations: Readonly<Record<string, (table: Table) => void>> = {
  'the first commit': () => {},
  'a commit': (table) => table.grow(3),
  'a commit that shows a deleted licence file': (table) => {
    table.grow(3);
    table.server.removeFile(table.paths.licenceFile);
  },
  'the healing of a deleted folder': (table) => {
    table.grow(3);
    table.server.scribble(table.paths.licenceFile, table.server.readText(table.documentPath(3)));
  },
};

/** Unmounts before the step; gives false when there are fewer. */
async function unmountedAt(step: number, name: string): Promise<boolean> {
  const table = new Table({ seed: step });
  operations[name]?.(table);
  let left = Number.POSITIVE_INFINITY;
  const wrap = (files: ShareFiles) =>
    faulty(files, () => {
      if (--left === 0) unmount(table);
      return null;
    });
  const writer = table.writer({ wrap });
  writer.store.rebuildAs({ actor: 'ada@pc-1', id: 'ada' });
  await writer.read();
  if (name.startsWith('the healing')) table.server.removeTree(table.paths.folder);
  left = step;
  await writer.add('mine', MINUTES_MS).catch(() => undefined);
  await table.timeline.run(writer.store.settled());
  if (left > 0) return false;
  const names = table.server.list(table.paths.around);
  expect({ step, names: names.filter((one) => !/\.(stage-|\d+$)/.test(one)) }).toEqual({ step, names: [] });
  mount(table);
  left = Number.POSITIVE_INFINITY;
  await writer.add('later', MINUTES_MS);
  expect(table.tally()).toContain('later');
  return true;
}

describe.each(Object.keys(operations))('%s', (name) => {
  test('wherever it is when the share goes', async () => {
    let steps = 1;
    while (await unmountedAt(steps, name)) steps++;
    expect(steps).toBeGreaterThan(10);
  });
});
