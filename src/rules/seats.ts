import type { CountBy, InstanceRecord, Licence, Running, SeatRecord } from '../licence/document.js';
import { countByOf, grantOf, type Policy, seatLimit } from '../licence/entitlement.js';
import { foldedName } from '../licence/names.js';
import type { ChangeContext } from '../licence/revision.js';

/** Which places of a table are taken, and by which user. */

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

/** A name may hold anything: its length tells where it ends. */
const lengthAnd = (name: string): string => `${name.length} ${name}`;

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
  readonly byInstance: Map<string, Taken>;
  readonly byUser: Map<string, Taken>;
}

/** A place that is asked for. */
export interface WantedSeat {
  readonly module: string;
  readonly preferred: string;
  /** Free places that belong to others. @default 0 */
  readonly ahead?: number;
}

/**
 * The seats of all modules, in one pass over the table, for rules that ask for many. The pass is made at
 * the first question.
 */
export class SeatIndex {
  private readonly instances: readonly InstanceRecord[];
  private readonly policy: Policy;
  private index: Map<string, ModulePlaces> | null = null;

  constructor({ licence, policy }: Pick<ChangeContext, 'licence' | 'policy'>) {
    this.instances = licence.instances;
    this.policy = policy;
  }

  /** The seat of an instance in a module. */
  held(instance: string, module: string): SeatRecord | undefined {
    return this.of(module)?.byInstance.get(instance)?.seat;
  }

  /**
   * Returns the user's existing seat, else `preferred` if free, else null. `ahead` free seats are reserved
   * for earlier waiters.
   */
  seatIdFor(who: Identity, { module, preferred, ahead = 0 }: WantedSeat): string | null {
    const places = this.of(module);
    const own = places && this.ownSeatId(places, who, module);
    if (own) return own.id;
    const isFree = !places?.ids.has(preferred);
    const inUse = places?.ids.size ?? 0;
    return inUse + ahead < seatLimit(grantOf(this.policy, module)) && isFree ? preferred : null;
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
    const index = new Map<string, ModulePlaces>();
    this.instances.forEach((record, at) => {
      for (const seat of record.seats) this.note(index, record, { at, seat });
    });
    this.index = index;
    return index;
  }

  private note(index: Map<string, ModulePlaces>, record: Identity, taken: Taken): void {
    const { module } = taken.seat;
    const key = userKey(countByOf(this.policy, module), record);
    const places = index.get(module) ?? { ids: new Set(), byInstance: new Map(), byUser: new Map() };
    index.set(module, places);
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
