import fs from 'node:fs';
import os from 'node:os';
import nodePath from 'node:path';
import type { Licence } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { numbersAmong } from '../../src/share/layout.js';
import type { Store } from '../../src/store/store.js';
import type { StoreOptions } from '../../src/store/store-options.js';

/** A licence in a directory of its own on the real disk. */
export interface Share {
  readonly directory: string;
  readonly file: string;
  readonly folder: string;
}

const made: string[] = [];

/** `M1` has one place, `M2` ten; T is 8 s. What `more` says stands in the licence file from the beginning. */
export function newShare(more: Partial<Licence> = {}): Share {
  const directory = newDirectory();
  const file = nodePath.join(directory, 'licence.json');
  const entitlement = sealUnsigned({
    licenceId: 'processes',
    issuedAt: '2026-01-01T00:00:00.000Z',
    modules: [
      { module: 'M1', maxUsers: 1 },
      { module: 'M2', maxUsers: 10 },
    ],
  });
  const first = firstLicence(
    entitlement,
    { checkIntervalSeconds: 8 },
    { lineage: 'lineage', commit: 'first' },
  );
  fs.writeFileSync(file, formatLicence({ ...first, ...more }, 'pretty'));
  return { directory, file, folder: `${file}.revisions` };
}

/** An empty directory, not on the share. */
export function newDirectory(): string {
  const directory = fs.mkdtempSync(nodePath.join(os.tmpdir(), 'seatfile-processes-'));
  made.push(directory);
  return directory;
}

export function removeShares(): void {
  for (const directory of made.splice(0))
    fs.rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
}

/** The revisions that are there, ascending. */
export function revisionsIn({ folder }: Share): Licence[] {
  return numbersAmong(fs.readdirSync(folder)).map((number) => {
    const path = nodePath.join(folder, String(number).padStart(12, '0'), 'licence.json');
    return parseLicence(fs.readFileSync(path, 'utf8'), path);
  });
}

/** Appends to the unknown key `tally`, one commit at a time. */
export async function commitSome(store: Store, times: number, tally: (n: number) => string): Promise<void> {
  for (let n = 0; n < times; n++) {
    const append = ({ licence: base }: { readonly licence: Licence }) => ({
      answer: n,
      draft: { licence: withTally(base, tally(n)), events: [] },
    });
    await store.commit(append, { untilMs: performance.now() + 20_000 });
  }
  await store.settled();
}

export const tallyOf = (licence: Licence): readonly string[] =>
  (licence as Licence & { tally?: readonly string[] }).tally ?? [];

const withTally = (licence: Licence, id: string): Licence =>
  Object.assign({ ...licence }, { tally: [...tallyOf(licence), id] });

/**
 * What lies in and around the folder and should not: neither the licence file, nor a revision, nor the journal, nor
 * perhaps a backup.
 */
export function littleThings({ directory, file, folder }: Share): string[] {
  const around = fs.readdirSync(directory).map((name) => nodePath.join(directory, name));
  const inside = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  return [
    ...around.filter((path) => path !== file && path !== folder),
    ...inside.filter((name) => !/^\d{12}$|^journal$/.test(name)).map((name) => nodePath.join(folder, name)),
  ]
    .map((path) => nodePath.relative(directory, path))
    .filter((name) => !isKeptAsBackup(name));
}

/**
 * A name like a count or a date may be a user's backup, and is never cleared away. One in six of the package's names is
 * such.
 */
const isKeptAsBackup = (name: string): boolean =>
  /^licence\.json\.(?:\d{1,7}|(?:19|20)\d{6}|1[5-9]\d{8}|2[01]\d{8})$/.test(name);

/** Impatient, and clears at once what may go: for the process that goes on after a dead one. */
export const waits: Partial<StoreOptions> = {
  turnMs: 200,
  stealMs: 100,
  clearing: { segmentNumbers: 4, supersededMs: 0, abandonedMs: 0 },
};

/** When a process is killed: before an operation on the share, after it, in the middle of a write. */
export type Moment = 'before' | 'within' | 'after';

export const momentsOf = (operation: string): Moment[] =>
  ['writeNew', 'replace'].includes(operation) ? ['before', 'within', 'after'] : ['before', 'after'];
