import type { InstanceRecord, Licence, SeatRecord, Tombstone } from '../licence/document.js';
import { isExpired, type Policy } from '../licence/entitlement.js';
import type { ChangeContext, Draft } from '../licence/revision.js';
import { Lines, release, standFirst } from './queue.js';
import { isGiven, ownRecord, promise, putRecord, seatEvent, withoutMark } from './records.js';
import { type Claimant, Places } from './seats.js';
import { isFinal, tombstonesOf } from './tombstones.js';

/**
 * What an instance brings to its own beat: its identity, the seats it holds, and whether these are still
 * valid.
 */
export interface Standing {
  readonly who: Claimant;
  readonly seats: readonly SeatRecord[];
  /**
   * The highest beat we ever tried to write. A higher one in our record means another process uses our
   * identity (a cloned VM).
   */
  readonly highestBeat: number;
  /**
   * Set during the settling period after a restore: the modules whose validity has ended, and whose records
   * wait.
   */
  readonly notNow?: readonly string[];
  /** Whether our last confirmed beat is young enough to put our record back before all others. */
  readonly mayReturn: (module: string) => boolean;
  /** For how long our record may still be put back where there is no free seat now. Seconds. */
  readonly returnSeconds: (module: string) => number;
}

/** What became of one held seat at a beat. */
export type SeatFate =
  | { readonly kind: 'kept' | 'back'; readonly seat: SeatRecord }
  | { readonly kind: 'lost'; readonly tombstone: Tombstone | null }
  | { readonly kind: 'noPlace'; readonly isFirst: boolean };

type Fates = ReadonlyMap<string, SeatFate>;

export type BeatOutcome =
  | { readonly kind: 'expired'; readonly draft: Draft | null }
  | { readonly kind: 'doubled' }
  | {
      readonly kind: 'beaten';
      readonly draft: Draft | null; // null: nothing left to beat for
      readonly record: InstanceRecord | null;
      readonly fates: Fates; // by module
    };

/**
 * One heartbeat (rule 2): every seat is checked as a fresh claim would be, the counter raised, the record
 * renewed.
 */
export function beat(context: ChangeContext, standing: Standing): BeatOutcome {
  const { licence, policy, nowMs } = context;
  const { who, highestBeat } = standing;
  if (isExpired(policy, nowMs)) return { kind: 'expired', draft: release(licence, who.id, null) };
  const mine = licence.instances.find((record) => record.id === who.id);
  if (mine && mine.beat > highestBeat) return { kind: 'doubled' };
  const table = viewOf(context, standing, mine);
  const fates = new Map(standing.seats.map((seat) => [seat.module, fateOf(table, standing, seat)]));
  const me = { ...who, highestBeat };
  const stood = returning(context, { ...standing, who: me }, fates);
  const seats = seatsAfter(mine, fates);
  if (seats === null) {
    const draft = stood === licence ? null : { licence: stood, events: [] };
    return { kind: 'beaten', draft, record: null, fates };
  }
  const record = promise(context, ownRecord(context, me), seats);
  const back = [...fates.values()].flatMap((fate) =>
    fate.kind === 'back' ? [seatEvent('back', record, fate.seat)] : [],
  );
  return { kind: 'beaten', draft: { licence: putRecord(stood, record), events: back }, record, fates };
}

/** The seats of the record after this beat; null when none of the held ones is left. */
function seatsAfter(mine: InstanceRecord | undefined, fates: Fates): SeatRecord[] | null {
  const kept = [...fates.values()].flatMap((fate) => ('seat' in fate ? [fate.seat] : []));
  if (kept.length === 0) return null;
  const keyOf = ({ id, module }: SeatRecord) => `${id} ${module}`;
  const keptKeys = new Set(kept.map(keyOf));
  const isOther = (seat: SeatRecord) => !keptKeys.has(keyOf(seat)) && stays(seat, fates.get(seat.module));
  return [...kept, ...(mine?.seats.filter(isOther) ?? [])];
}

/**
 * An offered seat is accepted by asking for it again. Of several seats in one module all stay with the
 * first.
 */
const stays = (seat: SeatRecord, fate: SeatFate | undefined): boolean =>
  isGiven(seat) ? fate === undefined : fate?.kind === 'kept';

/** The table as one beat asks it about each of its seats. */
interface TableView {
  readonly policy: Policy;
  /** Our own seats, by module; of several in one the first. */
  readonly held: ReadonlyMap<string, SeatRecord>;
  readonly places: Places;
  readonly lines: Lines;
  readonly tombstoneOf: (seat: SeatRecord) => Tombstone | null;
  /** The modules for which our own record stands in the queue already, to be put back. */
  readonly returns: ReadonlySet<string>;
  /** The modules whose seats may not be put back during a settling period; null outside one. */
  readonly notNow: ReadonlySet<string> | null;
}

function viewOf(context: ChangeContext, standing: Standing, mine: InstanceRecord | undefined): TableView {
  const { licence, policy } = context;
  const { who, notNow } = standing;
  const isReturn = (one: Licence['waiting'][number]) => one.returns === true && one.instance === who.id;
  return {
    ...{ policy, lines: new Lines(licence), places: new Places(context) },
    held: new Map(mine?.seats.toReversed().map((seat) => [seat.module, seat])),
    tombstoneOf: tombstonesOf(licence, who.id),
    returns: new Set(licence.waiting.filter(isReturn).map(({ module }) => module)),
    notNow: notNow ? new Set(notNow) : null,
  };
}

function fateOf(table: TableView, { who, mayReturn }: Standing, seat: SeatRecord): SeatFate {
  const { id, module } = seat;
  const own = table.held.get(module);
  if (own) return { kind: 'kept', seat: withoutMark(own) };
  const tombstone = table.tombstoneOf(seat);
  const isOut = tombstone && isFinal(tombstone.reason);
  if (isOut || !table.policy.modules.has(module)) return { kind: 'lost', tombstone };
  const isFirst = !tombstone && (mayReturn(module) || table.returns.has(module));
  if (table.notNow && (tombstone || table.notNow.has(module))) return { kind: 'noPlace', isFirst };
  const ahead = isFirst ? 0 : table.lines.ahead(module, who.id); // its own record passes the waiters
  const place = table.places.placeFor(who, { module, preferred: id, ahead });
  if (place !== null) return { kind: 'back', seat: { ...seat, id: place } };
  return isFirst ? { kind: 'noPlace', isFirst } : { kind: 'lost', tombstone };
}

/** A holder that was not evicted but finds no free seat after a restore goes to the head of the queue. */
function returning(context: ChangeContext, standing: Standing, fates: Fates): Licence {
  const { who, seats, returnSeconds } = standing;
  const places = seats.flatMap(({ id, module }) => {
    const fate = fates.get(module);
    if (fate?.kind !== 'noPlace' || !fate.isFirst) return [];
    return [{ module, seatId: id, waitSeconds: returnSeconds(module) }];
  });
  return standFirst(context, { who, places });
}
