import type { Ban } from '../licence/banned.js';
import type { InstanceRecord, Licence, Reservation, SeatRecord, Tombstone } from '../licence/document.js';
import { MAX_GONE, MAX_LISTED } from '../licence/document.js';
import { entitlementHash, type Policy, seatLimit } from '../licence/entitlement.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso } from '../licence/time.js';
import { bansByUser, bansInForce } from './bans-in-force.js';
import { reservationKey, reservedSeats } from './reserved-seats.js';
import { mergedSettings } from './settings.js';
import { isFinal } from './tombstones.js';

/**
 * What an instance remembers of lost revisions, put into the table that is there now (../store/README.md,
 * "Damage and loss"). The table that is there is the truth. Nothing in it is undone but what the lost
 * revisions had ended, and what has not beaten since.
 */

/**
 * The last revision that both states come from. Each revision of a lineage adds one id to `recent`, so the
 * place of the newest common id tells its number. Null if there is no common id.
 */
export function lastCommon(table: Licence, memory: Licence): number | null {
  if (table.lineage !== memory.lineage) return null;
  const known = new Set(table.recent);
  const at = memory.recent.findLastIndex((change) => known.has(change));
  return at < 0 ? null : memory.revision - (memory.recent.length - 1 - at);
}

/** The table with what `memory` adds to it; the same table when that is nothing. */
export function recall(context: ChangeContext, memory: Licence): Licence {
  const { licence: table, nowMs } = context;
  if (table.lineage !== memory.lineage) return remind(table, memory);
  const known = lastCommon(table, memory) ?? -1;
  const buried = bury(table, {
    holders: memory.instances,
    stones: memory.gone.filter((stone) => stone.revision > known),
    hasBeaten: (stone, record) => fromIso(record.beatAt) > fromIso(stone.at),
  });
  const entitled = withEntitlement(buried, memory);
  const set = withSettings({ ...context, licence: entitled }, memory);
  return putBack({ ...context, licence: withoutGhosts(set, memory, nowMs) }, memory);
}

/**
 * A rebuilt table, with the tombstones that are remembered of the lost revisions. With each tombstone goes
 * the seat that came back. An evicted instance that has beaten since has put its record back: it lives.
 */
function remind(table: Licence, memory: Licence): Licence {
  const { restored } = table;
  if (!restored || restored.lineage !== memory.lineage) return table;
  const missing = memory.gone.filter((stone) => stone.revision > restored.revision);
  const hasBeaten = (stone: Tombstone, record: InstanceRecord) =>
    !isFinal(stone.reason) && fromIso(record.beatAt) >= fromIso(restored.at);
  return bury(table, { holders: memory.instances, stones: missing, hasBeaten });
}

export interface Burial {
  readonly stones: readonly Tombstone[];
  /** The records of another state of the table. */
  readonly holders: readonly InstanceRecord[];
  readonly hasBeaten: (stone: Tombstone, record: InstanceRecord) => boolean;
}

/**
 * Adds tombstones, and removes the seats they name. A tombstone whose seat is held all the same is left
 * out: the holder has come back since, in `holders` or, as `hasBeaten` says, in the table.
 */
export function bury(table: Licence, { holders, stones, hasBeaten }: Burial): Licence {
  const known = new Set(table.gone.map((stone) => `${seatKey(stone.instance, stone)} ${stone.at}`));
  const held = new Set(holders.flatMap(keysOf));
  const records = new Map(table.instances.flatMap((record) => keysOf(record).map((key) => [key, record])));
  const missing = stones.filter((stone) => {
    const key = seatKey(stone.instance, stone);
    const record = records.get(key);
    return !known.has(`${key} ${stone.at}`) && !held.has(key) && !(record && hasBeaten(stone, record));
  });
  if (missing.length === 0) return table;
  const gone = new Set(missing.map((stone) => seatKey(stone.instance, stone)));
  return {
    ...keepSeats(table, (record, seat) => !gone.has(seatKey(record.id, { ...seat, seat: seat.id }))),
    gone: [...table.gone, ...missing].slice(-MAX_GONE),
  };
}

const seatKey = (instance: string, { seat, module }: { seat: string; module: string }): string =>
  `${instance} ${seat} ${module}`;
const keysOf = (record: InstanceRecord): string[] =>
  record.seats.map(({ id, module }) => seatKey(record.id, { seat: id, module }));

/** Only the seats that pass; a record without seats goes too, and one that keeps all is the same. */
function keepSeats(table: Licence, isKept: (record: InstanceRecord, seat: SeatRecord) => boolean): Licence {
  const instances = table.instances.flatMap((record) => {
    const seats = record.seats.filter((seat) => isKept(record, seat));
    if (seats.length === record.seats.length) return [record];
    return seats.length === 0 ? [] : [{ ...record, seats }];
  });
  return { ...table, instances };
}

/**
 * Ghosts: records that a later revision no longer held, and that have not beaten since. A `committedAt` in
 * the server's future proves nothing: the clock was set.
 */
function withoutGhosts(table: Licence, memory: Licence, nowMs: number): Licence {
  const endedMs = memory.committedAt === null ? Number.NaN : fromIso(memory.committedAt);
  if (!(endedMs <= nowMs)) return table;
  const ids = new Set(memory.instances.map(({ id }) => id));
  const isGhost = (record: InstanceRecord) => !ids.has(record.id) && fromIso(record.beatAt) <= endedMs;
  const instances = table.instances.filter((record) => !isGhost(record));
  return instances.length === table.instances.length ? table : { ...table, instances };
}

/**
 * Light and borrowed seats, whose holders may be away, are put back while there is room; no beat vouches
 * for them.
 */
function putBack({ licence: table, policy, nowMs }: ChangeContext, memory: Licence): Licence {
  const there = new Set(table.instances.map(({ id }) => id));
  const buried = new Set(table.gone.map((stone) => seatKey(stone.instance, stone)));
  const room = roomIn(table.instances, policy);
  const back = memory.instances.flatMap((record): InstanceRecord[] => {
    if (there.has(record.id)) return [];
    const seats = record.seats.filter(
      (seat) =>
        (seat.untilAt === null ? record.level === 'light' : fromIso(seat.untilAt) > nowMs) &&
        !buried.has(seatKey(record.id, { ...seat, seat: seat.id })) &&
        room(seat),
    );
    return seats.length === 0 ? [] : [{ ...record, seats, unconfirmed: true }];
  });
  return back.length === 0 ? table : { ...table, instances: [...table.instances, ...back] };
}

/**
 * Takes a place for each seat that it is asked for, while there is one in its module: seats are counted by
 * their ids.
 */
export function roomIn(instances: readonly InstanceRecord[], policy: Policy): (seat: SeatRecord) => boolean {
  const inUse = new Map<string, Set<string>>();
  const idsOf = (module: string) => inUse.get(module) ?? inUse.set(module, new Set()).get(module);
  for (const { seats } of instances) for (const seat of seats) idsOf(seat.module)?.add(seat.id);
  return ({ id, module }) => {
    const grant = policy.modules.get(module);
    const ids = idsOf(module);
    if (!grant || !ids || (!ids.has(id) && ids.size >= seatLimit(grant))) return false;
    ids.add(id);
    return true;
  };
}

/** Bans of the lost revisions, and reservations for which there is a seat in the module. */
function withSettings({ licence: table, policy, nowMs }: ChangeContext, memory: Licence): Licence {
  const bans = missingBans(table, memory, nowMs);
  const reservations = missingReservations(table, memory, policy);
  if (bans.length + reservations.length === 0) return table;
  const settings = mergedSettings(table.settings, {
    ...(bans.length > 0 && { bans: [...(table.settings.bans ?? []), ...bans].slice(-MAX_LISTED) }),
    ...(reservations.length > 0 && {
      reservations: [...(table.settings.reservations ?? []), ...reservations].slice(-MAX_LISTED),
    }),
  });
  return { ...table, settings };
}

function missingBans(table: Licence, memory: Licence, nowMs: number): Ban[] {
  const known = bansByUser({ licence: table, nowMs });
  return bansInForce(memory, nowMs).filter(({ user }) => known(user) === null);
}

function missingReservations(table: Licence, memory: Licence, { modules }: Policy): Reservation[] {
  const known = new Set(table.settings.reservations?.map(reservationKey));
  const kept = new Map(reservedSeats(table));
  return (memory.settings.reservations ?? []).filter((one) => {
    const seats = kept.get(one.module) ?? 0;
    const isMissing = known.size < known.add(reservationKey(one)).size;
    if (!isMissing || seats >= (modules.get(one.module)?.maxUsers ?? 0)) return false;
    kept.set(one.module, seats + 1);
    return true;
  });
}

/** An entitlement that lists the table's among its former ones is newer. */
export function withEntitlement(table: Licence, { entitlement, formerEntitlements }: Licence): Licence {
  const isNewer = formerEntitlements.includes(entitlementHash(table.entitlement));
  return isNewer ? { ...table, entitlement, formerEntitlements } : table;
}
