import type { CountBy, Licence, Reservation, Running, SeatRecord } from '../licence/document.js';
import { countByOf, grantOf, type Policy, seatLimit } from '../licence/entitlement.js';
import { foldedName } from '../licence/names.js';
import type { ChangeContext } from '../licence/revision.js';
import { KeptSeats, lengthAnd } from './kept-seats.js';

/** Which places of a table are taken, by which user, and for which user they are kept. */

export interface Identity extends Pick<Running, 'user' | 'host' | 'machine'> {
  readonly id: string;
}

/**
 * What a user is counted by: instances with equal keys are one user. Null: an instance that is one user by
 * itself. Any person can type any name, so except for `user` the machine is part of the key.
 */
function userKey(by: CountBy, { user, host, machine }: Omit<Identity, 'id'>): string | null {
  switch (by) {
    case 'instance':
      return null;
    case 'user':
      return foldedName(user);
    case 'host':
      return machine.host === null ? null : `${machine.host} ${foldedName(host)}`;
    case 'user@host':
      return machine.pids === null
        ? null
        : `${machine.pids} ${lengthAnd(foldedName(user))} ${foldedName(host)}`;
  }
}

/** Whether countBy counts the two as one user. */
export function sameUser(by: CountBy, a: Identity, b: Identity): boolean {
  if (a.id === b.id) return true;
  const key = userKey(by, a);
  return key !== null && key === userKey(by, b);
}

/** Seats in use, by module: distinct seat ids, however many records share one. */
export function seatsInUse({ instances }: Pick<Licence, 'instances'>): ReadonlyMap<string, number> {
  const ids = new Map<string, Set<string>>();
  for (const { seats } of instances)
    for (const { id, module } of seats) ids.set(module, (ids.get(module) ?? new Set()).add(id));
  return new Map([...ids].map(([module, { size }]) => [module, size]));
}

/** A seat, and where in the table its record stands. */
interface Taken {
  readonly at: number;
  readonly seat: SeatRecord;
}

interface ModulePlaces {
  readonly ids: Set<string>;
  /** Null where no seat is kept for any user. */
  readonly kept: KeptSeats | null;
  readonly byInstance: Map<string, Taken>;
  readonly byUser: Map<string, Taken>;
}

/** The waiters before a requester: the first `count` of the line of a module. */
export interface Ahead {
  readonly line: readonly Pick<Running, 'user' | 'host'>[];
  readonly count: number;
}

export const NONE_AHEAD: Ahead = { line: [], count: 0 };

/** A place that is asked for. */
export interface WantedSeat {
  readonly module: string;
  readonly preferred: string;
  /**
   * The waiters that come first. Null: the seat was counted as this user's a moment ago, so neither waiters
   * nor reservations are in its way. @default no waiter
   */
  readonly ahead?: Ahead | null;
}

/**
 * The seats of all modules, in one pass over the table, for rules that ask for many. The pass is made at
 * the first question.
 */
export class SeatIndex {
  private readonly licence: Pick<Licence, 'instances' | 'settings'>;
  private readonly policy: Policy;
  private index: Map<string, ModulePlaces> | null = null;

  constructor({ licence, policy }: Pick<ChangeContext, 'licence' | 'policy'>) {
    this.licence = licence;
    this.policy = policy;
  }

  /** The seat of an instance in a module. */
  held(instance: string, module: string): SeatRecord | undefined {
    return this.of(module)?.byInstance.get(instance)?.seat;
  }

  /** Distinct seat ids, however many records share one. */
  inUse(module: string): number {
    return this.of(module)?.ids.size ?? 0;
  }

  /** How many seats are kept free for users and hosts that do not have them now. */
  kept(module: string): number {
    return this.of(module)?.kept?.unheld ?? 0;
  }

  /** Returns the user's existing seat, else `preferred` if there is one for this user, else null. */
  seatIdFor(who: Identity, { module, preferred, ahead = NONE_AHEAD }: WantedSeat): string | null {
    const places = this.of(module);
    const own = places && this.ownSeatId(places, who, module);
    if (own) return own.id;
    const isFree = !places?.ids.has(preferred);
    const lacking = ahead === null ? this.lackingAlone(module) : this.lacking(who, module, ahead);
    return lacking <= 0 && isFree ? preferred : null;
  }

  /** Whether a seat is free that no waiter ahead would take: a user that gets none is kept out by reservations. */
  isAnyFree(module: string, { count }: Ahead): boolean {
    return this.lackingAlone(module) + count <= 0;
  }

  /**
   * How many more seats must fall free until this user gets one; 0 or less: none. A kept seat goes to the
   * user that it is kept for, before all waiters for which none is kept, and to no other.
   */
  lacking(who: Identity, module: string, { line, count }: Ahead = NONE_AHEAD): number {
    const kept = this.of(module)?.kept ?? null;
    const alone = this.lackingAlone(module);
    if (kept === null) return alone + count;
    const then = count === 0 ? kept : new KeptSeats(kept);
    let served = 0;
    for (const waiter of count === 0 ? [] : line.slice(0, count)) if (then.hold(waiter)) served++;
    return then.isFor(who) ? alone + served : alone + count + then.unheld;
  }

  /** Those of a line that a kept seat goes to: they pass the others of it. */
  keptAmong<Waiter extends Ahead['line'][number]>(module: string, line: readonly Waiter[]): Waiter[] {
    const kept = this.of(module)?.kept ?? null;
    if (kept === null) return [];
    const then = new KeptSeats(kept);
    return line.filter((waiter) => then.hold(waiter));
  }

  private lackingAlone(module: string): number {
    return this.inUse(module) + 1 - seatLimit(grantOf(this.policy, module));
  }

  /** One more seat, of the record that stands `at` there in the table. */
  put(record: Identity, seat: SeatRecord, at: number): void {
    this.note(this.indexed(), record, { at, seat });
  }

  private of(module: string): ModulePlaces | undefined {
    return this.indexed().get(module);
  }

  private indexed(): Map<string, ModulePlaces> {
    if (this.index) return this.index;
    const { instances, settings } = this.licence;
    const index = new Map<string, ModulePlaces>();
    for (const [module, reservations] of byModule(settings.reservations ?? []))
      index.set(module, placesWith(new KeptSeats(reservations)));
    instances.forEach((record, at) => {
      for (const seat of record.seats) this.note(index, record, { at, seat });
    });
    this.index = index;
    return index;
  }

  private note(index: Map<string, ModulePlaces>, record: Identity, taken: Taken): void {
    const { module } = taken.seat;
    const key = userKey(countByOf(this.policy, module), record);
    const places = index.get(module) ?? placesWith(null);
    index.set(module, places);
    if (!places.ids.has(taken.seat.id)) places.kept?.hold(record); // shared seats are held by the first
    places.ids.add(taken.seat.id);
    noteFirst(places.byInstance, record.id, taken);
    if (key !== null) noteFirst(places.byUser, key, taken);
  }

  private ownSeatId(
    { byInstance, byUser }: ModulePlaces,
    who: Identity,
    module: string,
  ): SeatRecord | undefined {
    const key = userKey(countByOf(this.policy, module), who);
    return first(byInstance.get(who.id), key === null ? undefined : byUser.get(key))?.seat;
  }
}

function byModule(reservations: readonly Reservation[]): ReadonlyMap<string, readonly Reservation[]> {
  const lists = new Map<string, Reservation[]>();
  for (const reservation of reservations) {
    const others = lists.get(reservation.module) ?? [];
    lists.set(reservation.module, others);
    others.push(reservation);
  }
  return lists;
}

const placesWith = (kept: KeptSeats | null): ModulePlaces => ({
  ...{ ids: new Set(), kept, byInstance: new Map(), byUser: new Map() },
});

const first = (a: Taken | undefined, b: Taken | undefined): Taken | undefined =>
  a && b ? (b.at < a.at ? b : a) : (a ?? b);

function noteFirst(known: Map<string, Taken>, key: string, taken: Taken): void {
  const before = known.get(key);
  if (!before || taken.at < before.at) known.set(key, taken);
}

/** A requester: one running process, and the user it runs for. */
export interface Requester extends Running {
  readonly id: string;
  /**
   * The highest beat this instance ever tried to write. A new record goes on from there, so that no
   * observer takes it for an old record that has not changed. @default 0
   */
  readonly highestBeat?: number;
}
