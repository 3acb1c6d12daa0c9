import type { InstanceRecord, Licence, SeatRecord, Waiter } from '../licence/document.js';
import type { ChangeContext, Draft } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import { Unchanged } from '../licence/unchanged.js';
import { dropSeats, isGiven, seatEvent } from './records.js';
import type { Claimant } from './seats.js';
import { LONGEST_QUEUE_GAP_MS, OFFER_MS, OVERSTAY_MS } from './timing.js';

/** The queue of the waiters (rule 8): first come, first served within a module. */

/** The place of one waiter in the queue of one module, as a key. Neither part can hold a space. */
export const placeKey = ({ instance, module }: Pick<Waiter, 'instance' | 'module'>): string =>
  `${instance} ${module}`;

/** The queues of all modules, in one pass over the waiters. The pass is made at the first question. */
export class Lines {
  private readonly waiting: readonly Waiter[];
  private readonly lengths = new Map<string, number>();
  private index: Map<string, number> | null = null;

  constructor({ waiting }: Pick<Licence, 'waiting'>) {
    this.waiting = waiting;
  }

  /** From 1; null when the instance does not wait for the module. */
  placeOf(module: string, instance: string): number | null {
    return this.places().get(placeKey({ instance, module })) ?? null;
  }

  /** How many waiters were there before an instance; all of them when it does not wait. */
  ahead(module: string, instance: string): number {
    const place = this.placeOf(module, instance);
    return place === null ? this.lengthOf(module) : place - 1;
  }

  lengthOf(module: string): number {
    this.places();
    return this.lengths.get(module) ?? 0;
  }

  private places(): Map<string, number> {
    if (this.index) return this.index;
    this.index = new Map();
    for (const waiter of this.waiting) {
      const place = (this.lengths.get(waiter.module) ?? 0) + 1;
      this.lengths.set(waiter.module, place);
      const key = placeKey(waiter);
      if (!this.index.has(key)) this.index.set(key, place);
    }
    return this.index;
  }
}

/** From 1; null when the instance does not wait for the module. */
export const placeInLine = (licence: Licence, module: string, instance: string): number | null =>
  new Lines(licence).placeOf(module, instance);

/** What a waiter waits for, and the id its seat gets. */
interface Wanted {
  readonly module: string;
  readonly seatId: string;
  /** Seconds, from when it came. */
  readonly waitSeconds: number;
}

export interface QueueRequest extends Wanted {
  readonly who: Claimant;
  /** Since when it stood in the queue that was lost. @default it did not */
  readonly sinceAt?: string | null;
}

/**
 * Puts a waiter at the end of the queue, or where it stood before. One that is in it keeps its place, and
 * may wait longer.
 */
export function standInLine(context: ChangeContext, request: QueueRequest): Licence {
  const { licence } = context;
  const { who, module, sinceAt } = request;
  if (placeInLine(licence, module, who.id) !== null) return stayLonger(licence, request);
  const waiter = waiterOf(context, who, request);
  if (!sinceAt) return { ...licence, waiting: [...licence.waiting, waiter] };
  const isLater = (one: Waiter) => !one.returns && fromIso(one.sinceAt) > fromIso(sinceAt);
  const at = licence.waiting.findIndex((one) => one.module === module && isLater(one));
  const waiting = licence.waiting.toSpliced(at < 0 ? licence.waiting.length : at, 0, { ...waiter, sinceAt });
  return { ...licence, waiting };
}

export interface ReturnRequest {
  readonly who: Claimant;
  readonly places: readonly Wanted[];
}

/**
 * Puts a holder for which a restored table has no free seat before all that had none, in the queue of each
 * of these modules.
 */
export function standFirst(context: ChangeContext, { who, places }: ReturnRequest): Licence {
  const { licence } = context;
  const lines = new Lines(licence);
  const missing = places.filter(({ module }) => lines.placeOf(module, who.id) === null);
  if (missing.length === 0) return licence;
  const own = missing.map((place): Waiter => ({ ...waiterOf(context, who, place), returns: true }));
  const isBefore = (one: Waiter) => one.returns === true;
  const { waiting } = licence;
  return {
    ...licence,
    waiting: [...waiting.filter(isBefore), ...own, ...waiting.filter((one) => !isBefore(one))],
  };
}

function waiterOf({ nowMs }: ChangeContext, who: Claimant, { module, seatId, waitSeconds }: Wanted): Waiter {
  const { id, highestBeat = 0, ...running } = who;
  return {
    ...{ instance: id, module, ...running },
    ...{ seat: seatId, beat: highestBeat + 1, sinceAt: toIso(nowMs), waitSeconds },
  };
}

function stayLonger(licence: Licence, { who, module, waitSeconds }: QueueRequest): Licence {
  const isOwn = (one: Waiter) => one.instance === who.id && one.module === module;
  if (licence.waiting.every((one) => !isOwn(one) || one.waitSeconds >= waitSeconds)) return licence;
  const waiting = licence.waiting.map((one) => (isOwn(one) ? { ...one, waitSeconds } : one));
  return { ...licence, waiting };
}

/**
 * Leaves the table and the queue: these modules, in their order, or all when `modules` is null. Without a
 * tombstone: the user knows. Null when there was nothing to leave.
 */
export function release(
  licence: Licence,
  instanceId: string,
  modules: readonly string[] | null,
): Draft | null {
  const left = leaveLine(licence, instanceId, modules);
  const record = left.instances.find((other) => other.id === instanceId);
  const leaving = record ? seatsIn(record, modules) : [];
  if (!record || leaving.length === 0) return left === licence ? null : { licence: left, events: [] };
  const events = leaving.map((seat) => seatEvent(isGiven(seat) ? 'gave up' : 'released', record, seat));
  return { licence: dropSeats(left, new Set(leaving)), events };
}

function seatsIn({ seats }: InstanceRecord, modules: readonly string[] | null): readonly SeatRecord[] {
  if (modules === null) return seats;
  const held = new Map<string, SeatRecord[]>(); // a record may have several seats in one module
  for (const seat of seats) {
    const before = held.get(seat.module);
    if (before) before.push(seat);
    else held.set(seat.module, [seat]);
  }
  return [...new Set(modules)].flatMap((module) => held.get(module) ?? []);
}

/** Without the waits of an instance for these modules, or for all when `modules` is null. */
export function leaveLine(licence: Licence, instance: string, modules: readonly string[] | null): Licence {
  const left = modules && new Set(modules);
  return withoutWaiters(licence, (one) => one.instance === instance && (left?.has(one.module) ?? true));
}

/** Without the waiters that leave; the same table when there are none. */
export function withoutWaiters(licence: Licence, isLeaving: (waiter: Waiter) => boolean): Licence {
  const waiting = licence.waiting.filter((waiter) => !isLeaving(waiter));
  return waiting.length === licence.waiting.length ? licence : { ...licence, waiting };
}

// --- waiters and offers that take too long ---------------------------------------------------------------

/** A waiter, or an instance with an offered seat. Told apart by its seat id, which is new for every wait. */
export interface Pending {
  readonly instance: string;
  readonly module: string;
  readonly seat: string;
  readonly kind: 'waits' | 'given';
  readonly patienceMs: number;
}

export const waits = ({ instance, module, seat, waitSeconds }: Waiter): Pending => ({
  ...{ instance, module, seat, kind: 'waits', patienceMs: waitSeconds * 1000 + OVERSTAY_MS },
});

function pendingIn(licence: Licence): Pending[] {
  const given = licence.instances.flatMap((record) =>
    record.seats.filter(isGiven).map(
      ({ id, module }): Pending => ({
        ...{ instance: record.id, module, seat: id, kind: 'given', patienceMs: OFFER_MS },
      }),
    ),
  );
  return [...licence.waiting.map(waits), ...given];
}

/** Whether an offered seat is not accepted yet. */
export const isAnyGiven = (licence: Licence): boolean =>
  licence.instances.some((record) => record.seats.some(isGiven));

/** How long each has been seen to stand, while the observer was awake and polling. */
export type LineSeen = ReadonlyMap<string, Unchanged>;

const keyOf = ({ kind, instance, module, seat }: Pending): string => `${kind} ${instance} ${module} ${seat}`;

/** Adds one poll, or a commit, which is also one. */
export function watchLine(before: LineSeen, licence: Licence, nowMs: number): LineSeen {
  return new Map(
    pendingIn(licence).map((one) => {
      const key = keyOf(one);
      const sight = { identity: key, startedMs: nowMs, longestGapMs: LONGEST_QUEUE_GAP_MS };
      return [key, Unchanged.after(before.get(key), sight)];
    }),
  );
}

/** Waiters and offers that have stood for too long, as far as we have seen. */
export const overdueIn = (seen: LineSeen, licence: Licence): Pending[] =>
  pendingIn(licence).filter((one) => (seen.get(keyOf(one))?.forMs ?? 0) > one.patienceMs);
