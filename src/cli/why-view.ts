import type { SeatStatus, WaiterStatus } from '../api.js';
import type { Undone } from '../client/undoing.js';
import type { InstanceRecord, SeatRecord, Tombstone } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import type { ChangeContext } from '../licence/revision.js';
import { type Explanation, explain } from '../rules/explain.js';
import { idsMeant } from '../rules/leaving.js';
import type { BeatRevision } from '../store/beat-revision.js';

/** What `why` finds under a seat id. */

export type Subject =
  | { readonly kind: 'held'; readonly holders: readonly Held[] }
  | { readonly kind: 'gone'; readonly stone: Tombstone }
  | { readonly kind: 'waiting'; readonly seat: string; readonly instance: string; readonly module: string };

/** A seat of one instance; instances that are counted as one user share a seat. */
interface Held {
  readonly record: InstanceRecord;
  readonly seat: SeatRecord;
}

/** Null: no seat begins so. @throws SeatfileFault BAD_ARGUMENT: several do */
export function subjectOf({ licence }: Pick<ChangeContext, 'licence'>, start: string): Subject | null {
  const held = licence.instances.flatMap((record) => record.seats.map((seat) => ({ record, seat })));
  const others = [...licence.waiting, ...licence.gone].map(({ seat }) => seat);
  const ids = idsMeant([...held.map(({ seat }) => seat.id), ...others], start);
  if (ids.size > 1) throw ambiguous(start, [...ids]);
  const meant = held.filter(({ seat }) => ids.has(seat.id));
  if (meant.length > 0) return { kind: 'held', holders: meant };
  const waiter = licence.waiting.find(({ seat }) => ids.has(seat));
  if (waiter) return { kind: 'waiting', ...waiter };
  const stone = licence.gone.findLast(({ seat }) => ids.has(seat));
  return stone ? { kind: 'gone', stone } : null;
}

const MOST_NAMED = 5;

const ambiguous = (start: string, ids: readonly string[]): SeatfileFault =>
  new SeatfileFault(
    'BAD_ARGUMENT',
    `--seat ${start}: ${ids.length} seats begin with it (${ids.slice(0, MOST_NAMED).join(', ')}` +
      `${ids.length > MOST_NAMED ? ' ...' : ''}); give more of the id`,
  );

/** What one holder's seat rests on. */
export interface HolderView extends SeatStatus, Explanation {
  readonly instance: string;
  readonly lastBeatAt: string;
  readonly lastBeatRevision: number | null;
  /** The last beat is that of the oldest revision that is kept, or older. */
  readonly isBeatOlder: boolean;
  readonly promise: {
    readonly checkIntervalSeconds: number;
    readonly graceSeconds: number;
    readonly answersWithinSeconds: number | null;
  };
}

export interface HolderFacts {
  readonly standing: SeatStatus;
  readonly isGone: (record: InstanceRecord) => boolean;
  readonly beat: BeatRevision | null;
}

export function holderView(
  context: ChangeContext,
  { record, seat }: Held,
  { standing, isGone, beat }: HolderFacts,
): HolderView {
  const nothing: Explanation = { prospects: [], notBefore: null, notAfter: null, watchers: 0 };
  return {
    ...standing,
    instance: record.id,
    lastBeatAt: record.beatAt,
    lastBeatRevision: beat?.revision ?? null,
    isBeatOlder: beat?.isOldest ?? false,
    promise: {
      checkIntervalSeconds: record.checkIntervalSeconds,
      graceSeconds: record.graceSeconds,
      answersWithinSeconds: record.answersWithin,
    },
    ...(seat.untilAt === null ? explain(context, { record, isGone }) : nothing),
  };
}

/** What `why` knows. */
export interface WhyView {
  readonly schemaVersion: 1;
  readonly file: string;
  readonly revision: number;
  readonly shareTime: string;
  readonly shareTimeFrom: 'server' | 'client';
  readonly seat: string;
  readonly kind: Subject['kind'];
  readonly holders: readonly HolderView[];
  readonly gone: Tombstone | null;
  /** What an undo of a seat that is gone would come to. */
  readonly undo: Undone | null;
  readonly waiting: WaiterStatus | null;
}

/** The document of `why --json`. */
export function whyDocument({ undo, ...view }: WhyView) {
  return { ...view, undo: undo && { isPossible: undo.kind === 'undone', reason: reasonOf(undo) } };
}

function reasonOf(undone: Undone): string | null {
  if (undone.kind === 'undone') return null;
  return undone.kind === 'refused' ? undone.why.reason : undone.kind;
}
