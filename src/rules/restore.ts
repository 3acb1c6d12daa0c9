import type { InstanceRecord, Licence } from '../licence/document.js';
import { MAX_LINEAGES, MAX_RECENT, MAX_REVISION } from '../licence/document.js';
import { readPolicy } from '../licence/entitlement.js';
import { hashOf } from '../licence/event-hash.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import { bury, roomIn, withEntitlement } from './recall.js';
import { settlingPeriodMs } from './timing.js';

/**
 * What to make of a lost table (../store/README.md, "Damage and loss"): one revision, far above every
 * number that is known, in a lineage of its own. Pure: instances that rebuild, and `seatfile repair`,
 * compute it here.
 */

/** Where a state of the table was found. */
export type Source = 'folder' | 'memory' | 'face';

export interface Candidate {
  readonly from: Source;
  readonly licence: Licence;
}

export interface RestoreStamp {
  readonly changeId: string;
  readonly commit: string;
  readonly lineage: string;
  readonly shareTimeMs: number;
  /** The instance or administrator that rebuilds, for the journal: `user@host`. */
  readonly actor: string;
  /**
   * The id of the instance that rebuilds: its own record goes back only by its own next beat. Null for
   * `seatfile repair`.
   */
  readonly id: string | null;
}

/**
 * Restored revisions have round numbers. So several instances that rebuild at once, and know a little more
 * or less, mostly meet at one number.
 */
const ROUND = 1000;
/** No writer of the old lineage is this far ahead of what is known. */
const LEAST_ABOVE = 500;

/** The number of the restored revision: the next multiple of 1,000 at least 500 above everything known. */
export const restoredNumber = (highestKnown: number): number =>
  Math.ceil((highestKnown + LEAST_ABOVE) / ROUND) * ROUND;

/**
 * Above this no restored number fits any more. A number that high is no revision, but a name that a person
 * typed.
 */
export const HIGHEST_REBUILDABLE = MAX_REVISION - 1_000_000;

/** What a table is rebuilt from: the state with the highest number; on a tie the one named first. */
export const newest = (candidates: readonly Candidate[]): Candidate | null =>
  candidates.reduce<Candidate | null>(
    (best, one) => (best === null || one.licence.revision > best.licence.revision ? one : best),
    null,
  );

/** What is left of a lost table. */
export interface Remains {
  readonly candidates: readonly Candidate[];
  /** What it is rebuilt from. */
  readonly base: Candidate;
  /** The highest number that anything knows of. */
  readonly highest: number;
}

/**
 * The restored revision, made from the newest of the candidates, and over it the live records of the
 * folder. `recent` and `gone` are kept. `parent` names the revision it was made from, as ever, so that the
 * jump shows: the number is not that of the parent plus one, the lineage is new, and the only event is
 * `restored`, the first of its chain. Light and borrowed seats, for which no beat vouches, are marked.
 */
export function restore({ candidates, base, highest }: Remains, stamp: RestoreStamp): Licence {
  const licence = withLiving(newestEntitled(candidates, base.licence), candidates, stamp.id);
  const revision = restoredNumber(highest);
  const at = toIso(stamp.shareTimeMs);
  const from = `revision ${licence.revision} (${wordsOf[base.from]})`;
  const event = {
    kind: 'restored',
    actor: stamp.actor,
    from,
    lineage: licence.lineage,
    id: `${stamp.lineage}.${revision}.0`,
    at,
    before: null,
  };
  return {
    ...licence,
    revision,
    parent: { revision: licence.revision, commit: licence.commit },
    lineage: stamp.lineage,
    commit: stamp.commit,
    recent: [...licence.recent, stamp.changeId].slice(-MAX_RECENT),
    committedAt: at,
    restored: {
      ...{ at, from, revision: licence.revision, lineage: licence.lineage },
      former: [...(licence.restored?.former ?? []), licence.lineage].slice(-MAX_LINEAGES),
    },
    instances: licence.instances.map(unconfirmed),
    events: [event],
    lastEventHash: hashOf(event),
  };
}

const wordsOf: Readonly<Record<Source, string>> = {
  folder: 'in the folder',
  memory: 'in the memory of a running instance',
  face: 'in the licence file',
};

/** With the newest entitlement that any candidate has. */
const newestEntitled = (candidates: readonly Candidate[], base: Licence): Licence =>
  candidates.reduce((best, { licence }) => withEntitlement(best, licence), base);

/**
 * Over the newest state go the records of the folder that have beaten later: they live, and keep their
 * seats first. The others keep theirs while there is room. What was ended in the folder since then stays
 * ended.
 */
function withLiving(base: Licence, candidates: readonly Candidate[], rebuilder: string | null): Licence {
  const folder = candidates.find(({ from }) => from === 'folder')?.licence;
  const sinceMs = base.committedAt === null ? Number.NEGATIVE_INFINITY : fromIso(base.committedAt);
  const isLater = (at: string) => fromIso(at) > sinceMs;
  const living = folder?.instances.filter(({ beatAt }) => isLater(beatAt)) ?? [];
  const stones = folder?.gone.filter(({ at }) => isLater(at)) ?? [];
  const burial = { stones, holders: folder?.instances ?? [], hasBeaten: () => false };
  const { instances, ...table } = bury(base, burial);
  const room = roomIn(living, readPolicy(base));
  const there = new Set([...living.map(({ id }) => id), rebuilder]);
  const others = instances.flatMap((record): InstanceRecord[] => {
    const seats = there.has(record.id) ? [] : record.seats.filter(room);
    return seats.length === 0 ? [] : [{ ...record, seats }];
  });
  return { ...table, instances: [...living, ...others] };
}

function unconfirmed(record: InstanceRecord): InstanceRecord {
  const isUnsure = record.level === 'light' || record.seats.some((seat) => seat.untilAt !== null);
  return isUnsure ? { ...record, unconfirmed: true } : record;
}

/**
 * How much of the settling period is left by share time; nothing if the server clock was set back to before
 * the restore. Milliseconds.
 */
export function settlingForMs({ licence, policy, nowMs }: ChangeContext): number {
  if (!licence.restored) return 0;
  const agoMs = nowMs - fromIso(licence.restored.at);
  return agoMs < 0 ? 0 : Math.max(0, settlingPeriodMs(policy) - agoMs);
}
