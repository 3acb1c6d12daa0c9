import {
  type InstanceRecord,
  type Licence,
  MAX_GONE,
  type SeatRecord,
  type Settings,
} from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { type ChosenSeat, type IsChosen, idsMeant, isDeaf, markLeaving } from './leaving.js';
import { offerFree } from './offers.js';
import { isBorrowed, isOffered } from './records.js';
import { clockHeldFrom, silenceMs } from './roll-call.js';
import { mergedSettings } from './settings.js';
import { outAfterMs } from './timing.js';
import { isNamed, takeAway } from './tombstones.js';

/** What an administrator does to the table. */

/** Which seats an administrator means. What is not given matches. */
export interface Selection {
  readonly user?: string | undefined;
  readonly host?: string | undefined;
  readonly module?: string | undefined;
  /** The beginning of a seat id. */
  readonly seat?: string | undefined;
  /** Only those whose instance is dead. */
  readonly dead?: DeathFacts | undefined;
}

/** What tells the dead: whether a process is provably gone, and share time; null where that could not be had. */
export interface DeathFacts {
  readonly isGone: (record: InstanceRecord) => boolean;
  readonly nowMs: number | null;
}

export function chooseSeats(licence: Licence, { dead, seat: beginning, ...named }: Selection): ChosenSeat[] {
  const allIds = licence.instances.flatMap(({ seats }) => seats.map(({ id }) => id));
  const ids = beginning === undefined ? null : idsMeant(allIds, beginning);
  const isDead = dead === undefined ? () => true : deadIn(licence, dead);
  return licence.instances.flatMap((record) => {
    if (!isNamed(record, named)) return [];
    const isMeant = ({ id, module }: SeatRecord) =>
      (named.module === undefined || module === named.module) && (ids?.has(id) ?? true);
    const seats = record.seats.filter(isMeant);
    return seats.length > 0 && isDead(record) ? seats.map((seat): ChosenSeat => ({ record, seat })) : [];
  });
}

/**
 * Provably gone (rule 5a), or silent for longer than it takes to evict it (2 T and 7/6 of its grace). Share time alone
 * tells that only where no live instance has been there since the last beat: that one evicts by what it has seen
 * (rule 4), and the clock may have been set. Without the server's clock silence proves nothing.
 */
export function deadIn(licence: Licence, { isGone, nowMs }: DeathFacts): (record: InstanceRecord) => boolean {
  const watchedFromMs = nowMs === null ? 0 : clockHeldFrom(licence, nowMs);
  const isSilentForLong = (record: InstanceRecord) =>
    nowMs !== null && silenceMs(record, { nowMs, watchedFromMs, unchangedMs: 0 }) >= outAfterMs(record);
  return (record) => isGone(record) || (record.level === 'heartbeat' && isSilentForLong(record));
}

export interface Removal {
  readonly isChosen: IsChosen;
  /** Whether the process of a record is provably gone. @default of none that is known */
  readonly isGone?: (record: InstanceRecord) => boolean;
  /** A holder that may take its seat for valid is asked to leave, and the seat counts until it has. @default no */
  readonly gently?: boolean | undefined;
  readonly actor: string;
  readonly words: string | null;
}

/**
 * More holders than this are removed gently in any case. A table keeps {@link MAX_GONE} tombstones: a holder whose
 * tombstone has been pushed out before its poll would take its record for lost, and put it back.
 */
export const MOST_AT_ONCE = MAX_GONE / 2;

/** Frees the chosen seats, each with a tombstone. Null when nothing matches, or nothing changes by it. */
export function remove(context: ChangeContext, removal: Removal): Draft | null {
  const { isChosen, isGone = () => false, gently: _, ...by } = removal;
  const why = { reason: 'removed' as const, ...by };
  const isWaitedFor = waitedFor(context, removal);
  const isTaken: IsChosen = (record, seat) => isChosen(record, seat) && !isWaitedFor?.(record, seat);
  const takings = context.licence.instances.map((record) => {
    const seats = record.seats.filter((seat) => isTaken(record, seat));
    return { record, seats, why, isGone: seats.length > 0 && isGone(record) };
  });
  const taken = takeAway(context, takings);
  const start: Draft = taken ?? { licence: context.licence, events: [] };
  const asked = isWaitedFor ? andThen(context, start, (now) => markLeaving(now, isChosen, by)) : start;
  return asked.licence === context.licence ? null : andThen(context, asked, offerFree);
}

type Circumstances = Pick<ChangeContext, 'licence' | 'policy'> & {
  /** Share time; null where the server's could not be had. */
  readonly nowMs: number | null;
};
type Means = Pick<Removal, 'isChosen' | 'isGone' | 'gently'>;

/** Whether this removal waits for holders: it was asked for, or there are too many to be told otherwise. */
export const isGentle = (context: Circumstances, means: Means): boolean => waitedFor(context, means) !== null;

/**
 * Which seats count until their holders have left; null: none, all go at once. Where no person has asked for it, only
 * holders that may still hear of it are counted and waited for: no other party would ever end the wait.
 */
function waitedFor(
  context: Circumstances,
  { isChosen, isGone = () => false, gently }: Means,
): IsChosen | null {
  const isValid: IsChosen = (record, seat) => !isOffered(seat) && !isGone(record);
  if (gently) return isValid;
  const { licence, nowMs } = context;
  const isDead = deadIn(licence, { isGone, nowMs });
  const mayHear: IsChosen = (record, seat) =>
    isValid(record, seat) && (isBorrowed(seat) || !isDead(record)) && !isDeaf(context, record, seat);
  const toTell = licence.instances.reduce(
    (sum, record) =>
      sum + record.seats.filter((seat) => isChosen(record, seat) && mayHear(record, seat)).length,
    0,
  );
  return toTell > MOST_AT_ONCE ? mayHear : null;
}

/**
 * Changes settings; undefined takes one back. Null when they are so already. Holders follow at their next
 * poll.
 * @throws SeatfileFault BAD_ARGUMENT: the entitlement of a signed licence fixes it, or allows less
 */
export function changeSettings(
  { licence, policy }: Pick<ChangeContext, 'licence' | 'policy'>,
  { changes, actor }: { readonly changes: Settings; readonly actor: string },
): Draft | null {
  refuseBeyondCaps(changes, policy);
  const settings = mergedSettings(licence.settings, changes);
  if (JSON.stringify(settings) === JSON.stringify(licence.settings)) return null;
  const said = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value ?? null]));
  return { licence: { ...licence, settings }, events: [{ kind: 'settings', actor, settings: said }] };
}

function refuseBeyondCaps(changes: Settings, { caps, isSigned }: Policy): void {
  if (!isSigned) return;
  const { level, checkIntervalSeconds: interval, offlineGraceSeconds: grace } = changes;
  const { least, most } = caps.checkInterval;
  if (level !== undefined && !caps.levels.includes(level)) throw fixed('level', caps.levels.join(), level);
  if (interval !== undefined && !(interval >= least && interval <= most))
    throw fixed('check interval', least === most ? `${most} s` : `${least} s to ${most} s`, `${interval} s`);
  if (grace !== undefined && grace > caps.mostGrace)
    throw fixed('offline grace', caps.mostGrace === 0 ? 'none' : `${caps.mostGrace} s at most`, `${grace} s`);
}

const fixed = (what: string, allowed: string, found: string): SeatfileFault =>
  new SeatfileFault(
    'BAD_ARGUMENT',
    `the licence was issued with this ${what}: ${allowed}; expected a setting within that, found ${found}. ` +
      'Only its vendor can issue another; nothing was changed',
  );
