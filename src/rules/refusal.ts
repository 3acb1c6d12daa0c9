import type { Eviction, Holder } from '../api.js';
import type { CountBy, InstanceRecord, Licence, SeatRecord, Tombstone } from '../licence/document.js';
import { countByOf } from '../licence/entitlement.js';
import { sameName } from '../licence/names.js';
import type { ChangeContext } from '../licence/revision.js';
import { toIso } from '../licence/time.js';
import { answerByMs } from './on-demand.js';
import { clockHeldFrom, silentOutByMs } from './roll-call.js';
import { type Identity, SeatIndex } from './seats.js';

/** What a refusal tells: there is no free seat. */

/** The holders of the seats, until when, and what became of this user's own last seat. */
export interface Full {
  readonly holders: readonly Holder[];
  readonly freesAt: string | null;
  readonly evicted: Eviction | null;
}

export function describeFull(
  context: ChangeContext,
  { who, module }: { readonly who: Identity; readonly module: string },
): Full {
  const { licence, policy } = context;
  const seen = new Set<string>();
  const holders = seatsOf(licence, module).filter(({ seat }) => !seen.has(seat.id) && seen.add(seat.id));
  return {
    holders: holders.map(holderOf),
    freesAt: freesAt(context, who, module),
    evicted: lastEviction(
      licence.gone.filter((stone) => stone.module === module),
      countByOf(policy, module),
      who,
    ),
  };
}

interface HeldSeat {
  readonly record: InstanceRecord;
  readonly seat: SeatRecord;
}

function seatsOf(licence: Licence, module: string): HeldSeat[] {
  return licence.instances.flatMap((record) =>
    record.seats.filter((seat) => seat.module === module).map((seat) => ({ record, seat })),
  );
}

const holderOf = ({ record, seat }: HeldSeat): Holder => ({
  seat: seat.id,
  user: record.user,
  host: record.host,
  sinceAt: seat.sinceAt,
  note: record.note,
});

/**
 * A tombstone knows no machine, and by now the user is another instance. Names are enough: the user is only
 * told something.
 */
function lastEviction(gone: readonly Tombstone[], by: CountBy, who: Identity): Eviction | null {
  const isOwn = (stone: Tombstone) =>
    (by === 'host' || sameName(stone.user, who.user)) && (by === 'user' || sameName(stone.host, who.host));
  const stone = gone.findLast(isOwn);
  return stone ? { reason: stone.reason, by: stone.actor, words: stone.words, at: stone.at } : null;
}

/**
 * Upper bound on when a seat frees up for this user, assuming that silent holders are dead: by a live peer
 * 2 T (+ 7/6 grace) after the last beat, else by the requester's own roll call, if it stays. With answer
 * deadlines (rule 7) all are called: a dead one is out by then. Null if too many holders beat, or if no
 * instance may evict. Seats that are kept for others, or are too many, have to fall free before.
 */
function freesAt(context: ChangeContext, who: Identity, module: string): string | null {
  const { licence, policy, nowMs } = context;
  const watchedFromMs = clockHeldFrom(licence, nowMs);
  if (watchedFromMs === Number.POSITIVE_INFINITY && policy.level === 'light') return null;
  const places = new Map<string, number>();
  for (const held of seatsOf(licence, module)) {
    const outMs = seatOutByMs(context, held, watchedFromMs);
    places.set(held.seat.id, Math.max(places.get(held.seat.id) ?? 0, outMs));
  }
  const lacking = Math.max(1, new SeatIndex(context).lacking(who, module));
  const outMs = [...places.values()].sort((a, b) => a - b)[lacking - 1] ?? Number.POSITIVE_INFINITY;
  return Number.isFinite(outMs) ? toIso(outMs) : null;
}

function seatOutByMs(context: ChangeContext, { record, seat }: HeldSeat, watchedFromMs: number): number {
  if (seat.untilAt !== null) return Number.POSITIVE_INFINITY;
  return Math.min(silentOutByMs(record, context.nowMs, watchedFromMs), answerByMs(context, record));
}
