import type { InstanceRecord, Licence, SeatRecord, Settings } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { fromIso } from '../licence/time.js';
import { offerFree } from './offers.js';
import { outAfterMs } from './timing.js';
import { isNamed, takeAway } from './tombstones.js';

/** What an administrator does to the table. */

/** One seat, and the record that holds it. */
export interface ChosenSeat {
  readonly record: InstanceRecord;
  readonly seat: SeatRecord;
}

/** Which seats an administrator means. What is not given matches. */
export interface Selection {
  readonly user?: string;
  readonly host?: string;
  readonly module?: string;
  /** The beginning of a seat id. */
  readonly seat?: string;
  /** Only those whose instance is dead. */
  readonly dead?: { readonly isGone: (record: InstanceRecord) => boolean; readonly nowMs: number | null };
}

export const chooseSeats = ({ instances }: Licence, selection: Selection): ChosenSeat[] =>
  instances.flatMap((record) =>
    record.seats
      .filter((seat) => isSelected(record, seat, selection))
      .map((seat): ChosenSeat => ({ record, seat })),
  );

const isSelected = (record: InstanceRecord, { id, module }: SeatRecord, selection: Selection): boolean =>
  isNamed(record, selection) &&
  (selection.module === undefined || module === selection.module) &&
  (selection.seat === undefined || id.startsWith(selection.seat)) &&
  (selection.dead === undefined || isDead(record, selection.dead));

/**
 * Provably gone, or silent longer than the peers wait before they evict it (2 T and 7/6 of its grace).
 * `nowMs` is the server's clock; without it silence proves nothing.
 */
export const isDead = (record: InstanceRecord, { isGone, nowMs }: NonNullable<Selection['dead']>): boolean =>
  isGone(record) ||
  (record.level === 'heartbeat' && nowMs !== null && nowMs - fromIso(record.beatAt) >= outAfterMs(record));

export interface Removal {
  readonly isChosen: (record: InstanceRecord, seat: SeatRecord) => boolean;
  /** Whether the process of a record is provably gone. @default of none that is known */
  readonly isGone?: (record: InstanceRecord) => boolean;
  readonly actor: string;
  readonly words: string | null;
}

/** Frees the chosen seats, each with a tombstone. Null when nothing matches. */
export function remove(
  context: ChangeContext,
  { isChosen, isGone = () => false, ...by }: Removal,
): Draft | null {
  const removed = { reason: 'removed' as const, ...by };
  const takings = context.licence.instances.flatMap((record) => {
    const seats = record.seats.filter((seat) => isChosen(record, seat));
    if (seats.length === 0) return [];
    return { record, seats, why: isGone(record) ? { ...removed, processGone: true as const } : removed };
  });
  const after = takeAway(context, takings);
  return after && andThen(context, after, offerFree);
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
  const merged = Object.entries({ ...licence.settings, ...changes });
  const settings: Settings = Object.fromEntries(merged.filter(([, value]) => value !== undefined));
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
