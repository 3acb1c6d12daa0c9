import type { InstanceRecord, Licence, Waiter } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import { Unchanged } from '../licence/unchanged.js';
import { isOffered } from './records.js';
import type { Ahead, Requester } from './seats.js';
import { LONGEST_QUEUE_GAP_MS, OFFER_MS, OVERSTAY_MS } from './timing.js';

/** The queue of the waiters (rule 8): first come, first served within a module. */

/** The place of one waiter in the queue of one module, as a key. Neither part can hold a space. */
export const waiterKey = ({ instance, module }: Pick<Waiter, 'instance' | 'module'>): string =>
  `${instance} ${module}`;

/** The queues of all modules, in one pass over the waiters. The pass is made at the first question. */
export class Queues {
  private readonly waiting: readonly Waiter[];
  private readonly lines = new Map<string, Waiter[]>();
  private index: Map<string, number> | null = null;

  constructor({ waiting }: Pick<Licence, 'waiting'>) {
    this.waiting = waiting;
  }

  /** From 1; null when the instance does not wait for the module. */
  positionOf(module: string, instance: string): number | null {
    return this.positions().get(waiterKey({ instance, module })) ?? null;
  }

  /** The waiters that were there before an instance; all of them when it does not wait. */
  ahead(module: string, instance: string): Ahead {
    const place = this.positionOf(module, instance);
    const line = this.lineOf(module);
    return { line, count: place === null ? line.length : place - 1 };
  }

  lengthOf(module: string): number {
    return this.lineOf(module).length;
  }

  lineOf(module: string): readonly Waiter[] {
    this.positions();
    return this.lines.get(module) ?? [];
  }

  private positions(): Map<string, number> {
    if (this.index) return this.index;
    this.index = new Map();
    for (const waiter of this.waiting) {
      const line = this.lines.get(waiter.module) ?? [];
      this.lines.set(waiter.module, line);
      line.push(waiter);
      const key = waiterKey(waiter);
      if (!this.index.has(key)) this.index.set(key, line.length);
    }
    return this.index;
  }
}

/** From 1; null when the instance does not wait for the module. */
export const queuePosition = (licence: Licence, module: string, instance: string): number | null =>
  new Queues(licence).positionOf(module, instance);

/** What a waiter waits for, and the id its seat gets. */
interface Wanted {
  readonly module: string;
  readonly seatId: string;
  /** Seconds, from when it came. */
  readonly waitSeconds: number;
}

export interface QueueRequest extends Wanted {
  readonly who: Requester;
  /** Since when it stood in the queue that was lost. @default it did not */
  readonly sinceAt?: string | null;
}

/**
 * Puts a waiter at the end of the queue, or where it stood before. One that is in it keeps its place, and
 * may wait longer.
 */
export function enqueue(context: ChangeContext, request: QueueRequest): Licence {
  const { licence } = context;
  const { who, module, sinceAt } = request;
  if (queuePosition(licence, module, who.id) !== null) return stayLonger(licence, request);
  const waiter = waiterOf(context, who, request);
  if (!sinceAt) return { ...licence, waiting: [...licence.waiting, waiter] };
  const isLater = (one: Waiter) => !one.returns && fromIso(one.sinceAt) > fromIso(sinceAt);
  const at = licence.waiting.findIndex((one) => one.module === module && isLater(one));
  const waiting = licence.waiting.toSpliced(at < 0 ? licence.waiting.length : at, 0, { ...waiter, sinceAt });
  return { ...licence, waiting };
}

export interface ReturnRequest {
  readonly who: Requester;
  readonly places: readonly Wanted[];
}

/**
 * Puts a holder for which a restored table has no free seat before all that had none, in the queue of each
 * of these modules.
 */
export function enqueueFirst(context: ChangeContext, { who, places }: ReturnRequest): Licence {
  const { licence } = context;
  const queues = new Queues(licence);
  const missing = places.filter(({ module }) => queues.positionOf(module, who.id) === null);
  if (missing.length === 0) return licence;
  const own = missing.map((place): Waiter => ({ ...waiterOf(context, who, place), returns: true }));
  const isBefore = (one: Waiter) => one.returns === true;
  const { waiting } = licence;
  return {
    ...licence,
    waiting: [...waiting.filter(isBefore), ...own, ...waiting.filter((one) => !isBefore(one))],
  };
}

function waiterOf({ nowMs }: ChangeContext, who: Requester, { module, seatId, waitSeconds }: Wanted): Waiter {
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

/** Without the waits of an instance for these modules, or for all when `modules` is null. */
export function dequeue(licence: Licence, instance: string, modules: readonly string[] | null): Licence {
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
export interface OfferOrWait {
  readonly instance: string;
  readonly module: string;
  readonly seat: string;
  readonly kind: 'waits' | 'given';
  readonly patienceMs: number;
}

export const waits = ({ instance, module, seat, waitSeconds }: Waiter): OfferOrWait => ({
  ...{ instance, module, seat, kind: 'waits', patienceMs: waitSeconds * 1000 + OVERSTAY_MS },
});

function offersAndWaits(licence: Licence): OfferOrWait[] {
  const given = licence.instances.filter(isOfferedAny).flatMap((record) =>
    record.seats.filter(isOffered).map(
      ({ id, module }): OfferOrWait => ({
        ...{ instance: record.id, module, seat: id, kind: 'given', patienceMs: OFFER_MS },
      }),
    ),
  );
  return [...licence.waiting.map(waits), ...given];
}

/** Hardly any record has an offered seat, and a table has thousands. */
const isOfferedAny = ({ seats }: InstanceRecord): boolean => seats.some(isOffered);

/** Whether an offered seat is not accepted yet. */
export const isAnyOffered = (licence: Licence): boolean => licence.instances.some(isOfferedAny);

/** How long each has been seen to stand, while the observer was awake and polling. */
export type QueueSeen = ReadonlyMap<string, Unchanged>;

const keyOf = ({ kind, instance, module, seat }: OfferOrWait): string =>
  `${kind} ${instance} ${module} ${seat}`;

/** Adds one poll, or a commit, which is also one. */
export function observeQueue(before: QueueSeen, licence: Licence, nowMs: number): QueueSeen {
  return new Map(
    offersAndWaits(licence).map((one) => {
      const key = keyOf(one);
      const sighting = { identity: key, startedMs: nowMs, longestGapMs: LONGEST_QUEUE_GAP_MS };
      return [key, Unchanged.after(before.get(key), sighting)];
    }),
  );
}

/** Waiters and offers that have stood for too long, as far as we have seen. */
export const overdueIn = (seen: QueueSeen, licence: Licence): OfferOrWait[] =>
  offersAndWaits(licence).filter((one) => (seen.get(keyOf(one))?.forMs ?? 0) > one.patienceMs);
