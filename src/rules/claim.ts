import type { Ban } from '../licence/banned.js';
import type { InstanceRecord, Licence, SeatRecord } from '../licence/document.js';
import { countByOf, grantOf } from '../licence/entitlement.js';
import { sameName } from '../licence/names.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { fromIso } from '../licence/time.js';
import { bansByUser } from './bans-in-force.js';
import { dequeue, Queues } from './queue.js';
import { notBorrowed, putRecord, withSeat } from './records.js';
import { describeFull, type Full } from './refusal.js';
import { type Requester, SeatIndex, sameUser } from './seats.js';
import { Telling } from './telling.js';
import { BOOT_MARGIN_MS } from './timing.js';
import { takeAway } from './tombstones.js';

/** What one computer can prove of the records in the table. */
export interface Proofs {
  /** The process of this record provably exists no more (rule 5a). */
  readonly isGone: (record: InstanceRecord) => boolean;
  /**
   * When this computer started, by share time; null where that cannot be told or proves nothing
   * (containers).
   */
  readonly bootedAtMs: number | null;
}

/** One instance asks for a seat in one module. */
export interface ClaimRequest extends Proofs {
  readonly who: Requester;
  readonly module: string;
  /** The id of a new seat. A user that has a seat already shares that one. */
  readonly seatId: string;
}

export type ClaimOutcome =
  | { readonly kind: 'seated'; readonly draft: Draft; readonly record: InstanceRecord }
  | NoSeat
  | Banned;

/** `reserved`: seats are free, and all of them are kept for others. */
export interface NoSeat extends Full {
  readonly kind: 'full' | 'reserved';
}

export interface Banned {
  readonly kind: 'banned';
  readonly ban: Ban;
}

/**
 * Takes a seat, beside the user's own old record if there is one.
 * @throws SeatfileFault UNKNOWN_MODULE
 */
export function claim(context: ChangeContext, request: ClaimRequest): ClaimOutcome {
  const { who, module } = request;
  grantOf(context.policy, module);
  const ban = bansByUser(context)(who.user);
  if (ban) return { kind: 'banned', ban };
  const cleared = andThen(context, { licence: context.licence, events: [] }, (now) =>
    withoutGone(now, request),
  );
  const now = { ...context, licence: cleared.licence };
  const place = placeIn(now, context.licence, request);
  if (place === null) return noSeat(context, now, request);
  const record = withSeat(now, who, { id: place, module });
  const event = { kind: 'seated', instance: who.id, seat: place, module, user: who.user, host: who.host };
  const licence = dequeue(putRecord(now.licence, record), who.id, [module]);
  return { kind: 'seated', record, draft: { licence, events: [...cleared.events, event] } };
}

/** @param now without the records that are gone */
function noSeat(context: ChangeContext, now: ChangeContext, request: ClaimRequest): NoSeat {
  const { who, module } = request;
  const ahead = new Queues(context.licence).ahead(module, who.id);
  const isKept = new SeatIndex(now).isAnyFree(module, ahead);
  return { kind: isKept ? 'reserved' : 'full', ...describeFull(context, request) };
}

/** The seat id this request gets, in the table without the records that are gone; `before` still has them. */
function placeIn(context: ChangeContext, before: Licence, request: ClaimRequest): string | null {
  const { who, module, seatId } = request;
  const seatIndex = new SeatIndex(context);
  const own = ownSeatToReuse({ ...context, licence: before }, request);
  // Rule 6: a user that comes back to its own seat passes the waiters.
  const back = own === null ? null : seatIndex.seatIdFor(who, { module, preferred: own, ahead: null });
  if (back !== null) return back; // not `own`, if another user has that seat by now
  return seatIndex.seatIdFor(who, {
    module,
    preferred: seatId,
    ahead: new Queues(before).ahead(module, who.id),
  });
}

/**
 * Rules 5(a) and 6: a claim first clears heartbeat records whose process is gone, and all gone ones of this
 * user.
 */
function withoutGone(context: ChangeContext, request: ClaimRequest): Draft | null {
  const { who } = request;
  const isDead = (record: InstanceRecord) =>
    record.level === 'heartbeat'
      ? request.isGone(record) || isOfOlderBoot(record, request)
      : isOwnGone(context, record, request);
  const why = { reason: 'process gone' as const, actor: `${who.user}@${who.host}`, words: null };
  const telling = new Telling();
  const takings = context.licence.instances
    .filter((record) => record.id !== who.id && isDead(record))
    .map((record) => ({ record, seats: notBorrowed(record), why }))
    .filter(({ record, seats }) => telling.fits(record, seats));
  return takeAway(context, takings);
}

/**
 * The seat of an own record that the claim clears: a user that comes back after a crash keeps the seat id.
 */
function ownSeatToReuse(context: ChangeContext, request: ClaimRequest): string | null {
  const { licence, policy } = context;
  const { who, module } = request;
  if (countByOf(policy, module) === 'instance') return null;
  const isOwn = (seat: SeatRecord) => seat.module === module && seat.untilAt === null;
  for (const record of licence.instances) {
    const seat = record.id === who.id ? undefined : record.seats.find(isOwn);
    if (seat && isOwnGone(context, record, request)) return seat.id;
  }
  return null;
}

function isOwnGone({ policy }: ChangeContext, record: InstanceRecord, request: ClaimRequest): boolean {
  const by = countByOf(policy, request.module);
  const isGone =
    sameUser(by === 'instance' ? 'user@host' : by, record, request.who) && request.isGone(record);
  return isGone || isOfOlderBoot(record, request);
}

/**
 * Rule 6: of the same user, host and installation, and started before the computer last was. `bootedAtMs`
 * is set only where that proves something.
 */
function isOfOlderBoot(record: InstanceRecord, { who, bootedAtMs }: ClaimRequest): boolean {
  return (
    bootedAtMs !== null &&
    samePart(record.machine.installation, who.machine.installation) &&
    sameName(record.user, who.user) &&
    sameName(record.host, who.host) &&
    record.machine.host !== null &&
    who.machine.host !== null &&
    record.machine.host !== who.machine.host &&
    fromIso(record.beatAt) <= bootedAtMs - BOOT_MARGIN_MS
  );
}

const samePart = (a: string | null, b: string | null) => a !== null && a === b;
