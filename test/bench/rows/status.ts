import { mkdtemp, rm } from 'node:fs/promises';
import nodePath from 'node:path';
import { openWith } from '../../../src/client/open-licence.js';
import { realSystem } from '../../../src/client/system.js';
import { crowdedTable, MODULE } from '../crowded-table.js';
import { beside, ownMost } from '../line.js';
import { ranMs, root } from '../node-run.js';
import { oftener, type Row, runsOf } from '../row.js';

/** `seatfile status`, from start to end. */
export const status: Row = {
  name: 'status',
  measure: async (setting) => {
    const directory = await mkdtemp(nodePath.join(setting.directory, 'status-'));
    try {
      const [few, many] = [await usedTable(directory, 10), await usedTable(directory, 10_000)];
      const ask = (file: string) => () => ranMs(nodePath.join(root, 'bin/seatfile.js'), 'status', file);
      const runs = await runsOf(oftener(setting, 2), { ours: ask(many), theirs: ask(few) });
      const figure = { what: 'status of 10,000 seats', unit: 'ms', of: (ms: number) => ms };
      return [beside('status', { ...runs, peer: '10 seats' }, { ...figure, bound: ownMost(1000) })];
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

/** As after its first commits: the folder is there. */
async function usedTable(directory: string, places: number): Promise<string> {
  const file = await crowdedTable(directory, places);
  const licence = await openWith(file, { user: 'ada' }, realSystem());
  await licence.acquire(MODULE);
  await licence.close();
  return file;
}
