import { expect, test } from 'vitest';
import type { Licence, LicenceEvent } from '../../src/licence/document.js';
import type { Range } from '../../src/licence/range.js';
import { Trust } from '../../src/licence/trust.js';
import type { Segment } from '../../src/rules/segments.js';
import type { ShareFiles } from '../../src/share/files.js';
import { numberName, pathsOf } from '../../src/share/layout.js';
import { Compaction } from '../../src/store/compact.js';
import type { FolderRegister } from '../../src/store/folder-register.js';
import { type Journal, readBack } from '../../src/store/journal-files.js';
import type { Register } from '../../src/store/register.js';
import { type ReadRevision, Revisions } from '../../src/store/revisions.js';
import { HandClock, HostTime } from '../../src/testing/host-time.js';
import { Timeline } from '../../src/testing/timeline.js';
import { seededDice } from '../helpers/dice.js';
import { stepsOf, stepsUntil } from '../helpers/steps.js';
import { bareLicence } from '../helpers/table.js';

/**
 * The lists that grow with the folder: revisions, segments, and what one process remembers of them. As in
 * test/rules/linear.test.ts.
 */

const N = 200;
const MOST = 2.5;
const SEGMENT = 8;

const clock = new HandClock(new HostTime(new Timeline()));
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index);
const eventOf = (revision: number): LicenceEvent => ({
  ...{ id: `lineage-1.${revision}.0`, kind: 'seated', at: '2026-11-21T09:00:00.000Z', before: null },
});
const revision = (number: number, events: readonly LicenceEvent[]): Licence => ({
  ...bareLicence(),
  ...{ revision: number, commit: `c${number}`, recent: [`change-${number - 1}`, `change-${number}`], events },
  parent: number === 0 ? null : { revision: number - 1, commit: `c${number - 1}` },
});

async function growth(steps: (n: number) => Promise<number> | number): Promise<void> {
  const [few, many] = [await steps(N), await steps(2 * N)];
  expect(many).toBeLessThanOrEqual(MOST * few + 100);
}

test('since when each revision is superseded', () =>
  growth(async (n) => {
    let names: string[] = [];
    const files = { list: async () => names } as Partial<ShareFiles> as ShareFiles;
    const paths = pathsOf('/share/licence.json', 0o770, 0o660);
    const options = { cachesMs: 60_000, busyMs: 10_000, stealMs: 10_000 };
    const owner = { machine: 'abcdef01', pid: 1 };
    const { register } = new Revisions(
      { paths, files, clock, random: seededDice(1), owner },
      options,
      Trust.none,
    );
    for (const number of upTo(n)) {
      names = [numberName(number)];
      await register.numbers();
    }
    return stepsOf(() => upTo(n).map((number) => register.supersededAtMs(number)));
  }));

const readAs = (licence: Licence | undefined) => (licence ? { licence } : null);

/** A folder of n revisions, the older half of them in segments, the rest with an event each. */
function folder(n: number) {
  const all = upTo(n).map((number) => revision(number, [eventOf(number)]));
  const segments = upTo(n / 2).map((number): Range => ({ first: number, last: number }));
  const journal = {
    segments: async () => [...segments],
    read: async (range: Range): Promise<Segment> => ({
      range,
      events: [eventOf(range.first)],
      problem: null,
    }),
  };
  const revisions = {
    numbers: async () => upTo(n),
    read: async (number: number) => readAs(all[number]),
  };
  return {
    top: all.at(-1) as Licence,
    all,
    journal: journal as unknown as Journal,
    revisions: revisions as unknown as Register<ReadRevision>,
  };
}

test('the journal is read back', () =>
  growth(async (n) => {
    const { top, journal, revisions } = folder(n);
    let found = 0;
    const steps = await stepsUntil(async () => {
      found = (await readBack(top, revisions, journal, Number.NEGATIVE_INFINITY, 1)).events.length;
    });
    expect(found).toBe(n);
    return steps;
  }));

test('what is old is compacted, as much as one round takes', () =>
  growth(async (n) => {
    const all = upTo(n).map((number) => revision(number, []));
    const revisions = {
      read: async (number: number) => readAs(all[number]),
    } as unknown as FolderRegister<ReadRevision>;
    const journal = { read: async () => null } as unknown as Journal;
    const options = { segmentNumbers: SEGMENT, supersededMs: 300_000 };
    const compaction = new Compaction(revisions, journal, { clock, files: {} as ShareFiles }, options);
    for (const licence of all) compaction.committed(licence);
    const old = upTo(n - 2 * SEGMENT - 16);
    let folded = 0;
    const steps = await stepsUntil(async () => {
      folded = (await compaction.compacted({ old, present: upTo(n), most: n }, () => false)).length;
    });
    expect(folded).toBe(old.length - (old.length % SEGMENT));
    return steps;
  }));
