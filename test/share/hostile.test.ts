import fs from 'node:fs';
import os from 'node:os';
import nodePath from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { examine } from '../../src/doctor/examine.js';
import { findTarget } from '../../src/doctor/first-look.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import { formatLicence } from '../../src/licence/text.js';
import { systemClock } from '../../src/share/clock.js';
import { diskFilesBy } from '../../src/share/disk.js';
import { ShareError } from '../../src/share/files.js';
import { type LicencePaths, numbersAmong } from '../../src/share/layout.js';
import { withTimeouts } from '../../src/share/op-timeouts.js';
import { systemRandom } from '../../src/share/random.js';
import { ourWay, type Way } from '../../src/share/reach.js';
import { heedLicenceFile, locate } from '../../src/store/locate.js';
import { Store } from '../../src/store/store.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import { fixedNaming, KINDS, plant, SPOTS, type Spot, Witnesses } from '../helpers/hostile.js';
import { bareLicence } from '../helpers/table.js';

/**
 * Every kind of thing under every name that the product makes: nothing outside the folder changes, every call returns,
 * and what ends otherwise than well is a fault with words. All that a process does with a table is done once, as
 * hastily as it can be: everything is old enough to be cleared away at once, and everybody else is dead.
 */

const OWNER = { machine: 'abcdef01', pid: 4_194_001 };
const hasty: Partial<StoreOptions> = {
  ...{ answerMs: 5000, stealMs: 50, turnMs: 50, cachesMs: 30, busyMs: 50, wreckMs: 0 },
  clearing: { segmentNumbers: 8, supersededMs: 0, abandonedMs: 0 },
};
const REVISIONS = 30;
const LINEAGE = bareLicence().lineage;

let root = '';
let template = '';
let witnesses: Witnesses;
const licenceFile = () => nodePath.join(root, 'share', 'licence.json');

function storeAt(paths: LicencePaths, way: Way): Store {
  return new Store(
    {
      paths,
      files: diskFilesBy(async () => way),
      ...{ clock: systemClock, random: systemRandom, owner: OWNER, actor: 'ada@pc-1' },
      isDead: ({ pid }) => pid !== OWNER.pid,
    },
    hasty,
  );
}

const limits = () => ({ untilMs: systemClock.elapsedMs() + 3000 });
const touch = (store: Store) =>
  store.commit(({ licence: base }) => {
    const events = [{ kind: 'tally' }];
    return { answer: null, draft: { licence: { ...base, tally: base.revision }, events } };
  }, limits());

beforeAll(async () => {
  template = fs.realpathSync(fs.mkdtempSync(nodePath.join(os.tmpdir(), 'seatfile-hostile-')));
  root = template;
  fs.mkdirSync(nodePath.join(root, 'share'));
  fs.writeFileSync(licenceFile(), formatLicence(bareLicence(), 'pretty'));
  const files = diskFilesBy(ourWay);
  const store = storeAt(await locate(licenceFile(), files), await ourWay());
  for (let n = 0; n < REVISIONS; n++) await touch(store);
  await store.settled();
});
afterAll(() => {
  fs.rmSync(template, { recursive: true });
});

beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(nodePath.join(os.tmpdir(), 'seatfile-hostile-')));
  fs.cpSync(nodePath.join(template, 'share'), nodePath.join(root, 'share'), { recursive: true });
  witnesses = new Witnesses(nodePath.join(root, 'another'));
});
afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

/** Whatever goes wrong is said in words. */
async function said(what: string, act: () => Promise<unknown>): Promise<void> {
  await act().catch((error: unknown) => {
    const isWords = error instanceof SeatfileFault || error instanceof ShareError;
    if (!isWords || error.message === '') throw new Error(`${what}: ${String(error)}`, { cause: error });
  });
}

/** What a process does with a table, each from a fresh opening where that matters. */
async function work(way: Way): Promise<void> {
  const files = diskFilesBy(async () => way);
  let paths: LicencePaths | null = null;
  await said('locate', async () => {
    paths = await locate(licenceFile(), files);
  });
  if (paths !== null) {
    const store = storeAt(paths, way);
    await said('read', async () => heedLicenceFile(store, (await store.read(limits())).licence, files));
    for (let n = 0; n < 8; n++) await said('commit', () => touch(store)); // two rounds of clearing
    await said('share time', () => store.shareTime());
    await said('journal', () => store.readJournal(0, limits()));
    await said('measure', () => store.measure());
    await said('survey', () => store.survey());
    await said('drop', () => store.settleReplacement(limits()));
    store.rebuildAs({ actor: 'ada@pc-1', id: 'ada' });
    await said('heal', () => touch(store));
    await said('repair', () => store.repair(limits()));
    await said('commit', () => touch(store));
    await store.settled();
  }
}

async function examined(way: Way): Promise<void> {
  const files = diskFilesBy(async () => way);
  await said('examine', async () => {
    const patientFiles = withTimeouts(files, systemClock, { answerMs: 5000 });
    const target = await findTarget(licenceFile(), patientFiles);
    await examine(target, {
      ...{ files: patientFiles, clock: systemClock, random: systemRandom, owner: OWNER, host: 'pc-1' },
      isDead: ({ pid }) => pid !== OWNER.pid,
      environment: null,
    });
  });
}

/** How many names of one kind are tried with one kind of thing. */
const NAMES = 3;

async function plantAll(spots: readonly Spot[], kind: string): Promise<void> {
  const top = numbersAmong(fs.readdirSync(`${licenceFile()}.revisions`)).at(-1) ?? 0;
  const naming = fixedNaming(top, LINEAGE);
  for (const spot of spots)
    for (let n = 0; n < NAMES; n++) {
      const path = spot.pathOf(licenceFile(), naming, n);
      if (isBelowPlanted(path)) continue;
      fs.mkdirSync(nodePath.dirname(path), { recursive: true });
      await plant(kind, path, witnesses);
    }
}

/** A directory on the way may be something else by now: then nothing is planted through it. */
function isBelowPlanted(path: string): boolean {
  const parent = nodePath.dirname(path);
  if (parent !== nodePath.join(root, 'share') && isBelowPlanted(parent)) return true;
  const stat = fs.lstatSync(parent, { throwIfNoEntry: false });
  return stat !== undefined && (!stat.isDirectory() || (stat.mode & 0o700) !== 0o700);
}

const vital = SPOTS.filter((spot) => spot.isVital);
const others = SPOTS.filter((spot) => !spot.isVital);

/** The other way, which macOS and Windows go, is tried by `npm run hostile`. */
const way: Way = process.env['SEATFILE_TEST_WAY'] === 'looks' ? 'looks' : await ourWay();

test('a folder that was filled with names does not fill the memory: listing it is given up, in words', async () => {
  const folder = `${licenceFile()}.revisions`;
  for (let n = 0; n <= 100_000; n++) fs.writeFileSync(nodePath.join(folder, `${'n'.repeat(30)}${n}`), '');
  const before = process.memoryUsage().rss;
  const store = storeAt(await locate(licenceFile(), diskFilesBy(ourWay)), way);
  await expect(store.read(limits())).rejects.toMatchObject({
    code: 'SHARE_UNFIT',
    message: expect.stringContaining('more than 100,000 entries'),
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
}, 120_000);

describe(`by ${way}`, () => {
  describe.each(Object.keys(KINDS))('%s', (kind) => {
    test('under every name that a table can do without', async () => {
      await plantAll(others, kind);
      await work(way);
      await examined(way);
      expect(witnesses.changes()).toEqual([]);
    });

    test.each(vital.map((spot) => [spot.name, spot] as const))('as %s', async (_name, spot) => {
      await plantAll([spot], kind);
      await work(way);
      expect(witnesses.changes()).toEqual([]);
    });
  });
});
