import type { Licence } from '../licence/document.js';
import { sealUnsigned } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { firstLicence } from '../licence/revision.js';
import type { Clock } from '../share/clock.js';
import type { Store } from '../store/store.js';
import type { Finding } from './findings.js';

/**
 * Many processes commit to one scratch licence as fast as they can. Each process counts its own commits in the table.
 * So the table can be compared with the acknowledged commits.
 */

/** What one process tells at its end. */
export interface StressCounts {
  readonly worker: number;
  readonly acknowledged: number;
  /** By how much the process found its own count lower, or higher, than it had left it. */
  readonly lost: number;
  readonly twice: number;
  /** The count after its last acknowledged commit. */
  readonly count: number;
  /** Commits in doubt, all in all and since the last acknowledged one. */
  readonly unknown: number;
  readonly unknownSince: number;
  readonly failed: number;
  readonly firstFailure: string | null;
  readonly slowestMs: number;
}

type Counts = Readonly<Record<string, number>>;
const countsOf = (licence: Licence): Counts =>
  ('hammer' in licence ? (licence.hammer as Counts | undefined) : undefined) ?? {};

export const scratchLicence = (id: string, issuedAt: string): Licence =>
  firstLicence(
    sealUnsigned({ licenceId: id, issuedAt, modules: [{ module: 'HAMMER', maxUsers: 1 }] }),
    { checkIntervalSeconds: 30 },
    { lineage: id, commit: id },
  );

const COMMIT_MS = 30_000;
/** After a failure the share is given a moment. Milliseconds. */
const BREATH_MS = 200;

export async function hammer(
  store: Store,
  clock: Clock,
  worker: number,
  isOver: () => boolean,
): Promise<StressCounts> {
  let stress: StressCounts = {
    ...{ worker, acknowledged: 0, lost: 0, twice: 0, count: 0, unknown: 0, unknownSince: 0 },
    ...{ failed: 0, firstFailure: null, slowestMs: 0 },
  };
  while (!isOver()) {
    const startedMs = clock.elapsedMs();
    try {
      const { answer } = await store.commit(counting(worker), { untilMs: startedMs + COMMIT_MS });
      stress = acknowledged(stress, answer, clock.elapsedMs() - startedMs);
    } catch (error) {
      if (!(error instanceof SeatfileFault)) throw error;
      stress = failed(stress, error);
      await clock.sleep(BREATH_MS);
    }
  }
  return stress;
}

const counting =
  (worker: number) =>
  ({ licence: base }: { readonly licence: Licence }) => {
    const counts = countsOf(base);
    const answer = (counts[worker] ?? 0) + 1;
    const licence = { ...base, hammer: { ...counts, [worker]: answer } };
    return { answer, draft: { licence, events: [] } };
  };

function acknowledged(stress: StressCounts, count: number, tookMs: number): StressCounts {
  const expected = stress.count + 1;
  return {
    ...stress,
    acknowledged: stress.acknowledged + 1,
    lost: stress.lost + Math.max(0, expected - count),
    twice: stress.twice + Math.max(0, count - expected - stress.unknownSince),
    count,
    unknownSince: 0,
    slowestMs: Math.max(stress.slowestMs, Math.round(tookMs)),
  };
}

function failed(stress: StressCounts, fault: SeatfileFault): StressCounts {
  if (fault.code === 'COMMIT_UNKNOWN')
    return { ...stress, unknown: stress.unknown + 1, unknownSince: stress.unknownSince + 1 };
  return { ...stress, failed: stress.failed + 1, firstFailure: stress.firstFailure ?? fault.message };
}

/** What all of them told, against what is there. `died`: processes that told nothing. */
export function judgeHammer(
  all: readonly StressCounts[],
  table: Licence | null,
  seconds: number,
  died: number,
): Finding {
  const sum = (of: (stress: StressCounts) => number) => all.reduce((total, stress) => total + of(stress), 0);
  const counts = table === null ? {} : countsOf(table);
  const there = (stress: StressCounts) => counts[stress.worker] ?? 0;
  const lost = sum((stress) => stress.lost + Math.max(0, stress.count - there(stress)));
  const twice = sum(
    (stress) => stress.twice + Math.max(0, there(stress) - stress.count - stress.unknownSince),
  );
  const done = sum((stress) => stress.acknowledged);
  const bad = sum((stress) => stress.failed) + died;
  const isUnfit = lost + twice > 0 || done === 0;
  return {
    check: 'hammer',
    severity: isUnfit ? 'unfit' : bad + sum((stress) => stress.unknown) > 0 ? 'warning' : 'ok',
    ...{ workers: all.length + died, seconds, acknowledged: done, lost, twice },
    ...{ unknown: sum((stress) => stress.unknown), failed: bad },
    firstFailure:
      all.find((stress) => stress.firstFailure !== null)?.firstFailure ??
      (died > 0 ? 'a process ended early' : null),
    perSecond: Math.round((10 * done) / seconds) / 10,
    slowestMs: Math.max(0, ...all.map((stress) => stress.slowestMs)),
  };
}
