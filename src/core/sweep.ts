import type { Policy } from './entitlement.js';
import type { InstanceRecord, Licence, SeatRecord, Tombstone } from './licence.js';
import { fromIso } from './moment.js';
import type { Draft } from './revision.js';
import {
  type Claimant,
  type Ground,
  newRecord,
  placeFor,
  promise,
  putRecord,
  release,
  seatEvent,
  takeAway,
} from './seats.js';

/** Somebody to put out, and the beat he was seen to stand at. */
export interface Verdict {
  readonly instance: string;
  readonly beat: number;
  readonly reason: 'evicted' | 'process gone';
}

/** What an instance brings to its own beat: who it is, the seats it holds, and whether its belief still stands. */
export interface Standing {
  readonly who: Claimant;
  readonly seats: readonly SeatRecord[];
  /** The highest beat this instance ever tried to write; a higher one in its record was written by somebody who runs as it. */
  readonly highestBeat: number;
}

/** What became of one held seat at a beat. */
export type SeatFate =
  | { readonly kind: 'kept' | 'back'; readonly seat: SeatRecord }
  | { readonly kind: 'lost'; readonly tombstone: Tombstone | null }
  | { readonly kind: 'noPlace' };

export type BeatOutcome =
  | { readonly kind: 'expired'; readonly draft: Draft | null }
  | { readonly kind: 'doubled' }
  | {
      readonly kind: 'beaten';
      readonly draft: Draft | null; // null: nothing left to beat for
      readonly record: InstanceRecord | null;
      readonly fates: ReadonlyMap<string, SeatFate>; // by module
    };

/** One heartbeat (rule 2): every seat checked as a fresh claim would, the counter raised, the promise renewed. */
export function beat(licence: Licence, policy: Policy, standing: Standing, ground: Ground): BeatOutcome {
  const { who } = standing;
  if (isExpired(policy, ground.shareTimeMs))
    return { kind: 'expired', draft: release(licence, who.id, null) };
  const mine = licence.instances.find((record) => record.id === who.id);
  if (mine && mine.beat > standing.highestBeat) return { kind: 'doubled' };
  const fates = new Map(
    standing.seats.map((seat) => [seat.module, fateOf(licence, policy, who, seat, ground)]),
  );
  const seats = [...fates.values()].flatMap((fate) => ('seat' in fate ? [fate.seat] : []));
  if (seats.length === 0) return { kind: 'beaten', draft: null, record: null, fates };
  const before = mine ?? newRecord({ ...who, highestBeat: standing.highestBeat }, ground.shareTimeMs);
  const record = promise(before, policy, seats, ground.shareTimeMs);
  const back = [...fates.values()].flatMap((fate) =>
    fate.kind === 'back' ? [seatEvent('back', record, fate.seat)] : [],
  );
  return { kind: 'beaten', draft: { licence: putRecord(licence, record), events: back }, record, fates };
}

function fateOf(licence: Licence, policy: Policy, who: Claimant, seat: SeatRecord, ground: Ground): SeatFate {
  const held = heldSeat(licence, who.id, seat.module);
  if (held) return { kind: 'kept', seat: held };
  const tombstone = tombstoneOf(licence, who.id, seat);
  const mayReturn = !tombstone || tombstone.reason === 'evicted' || tombstone.reason === 'process gone';
  if (!mayReturn || !policy.modules.has(seat.module)) return { kind: 'lost', tombstone };
  const place = placeFor(licence, policy, who, seat.module, seat.id, ground.path);
  if (place !== null) return { kind: 'back', seat: { ...seat, id: place } };
  return tombstone ? { kind: 'lost', tombstone } : { kind: 'noPlace' };
}

export const heldSeat = (licence: Licence, instanceId: string, module: string): SeatRecord | undefined =>
  licence.instances.find((record) => record.id === instanceId)?.seats.find((seat) => seat.module === module);

/** The last tombstone for this seat of this instance. */
export const tombstoneOf = (licence: Licence, instanceId: string, seat: SeatRecord): Tombstone | null =>
  licence.gone.findLast(
    (stone) => stone.instance === instanceId && stone.seat === seat.id && stone.module === seat.module,
  ) ?? null;

export const isExpired = (policy: Policy, shareTimeMs: number): boolean =>
  policy.expiresAt !== null && shareTimeMs >= fromIso(policy.expiresAt);

/**
 * Rule 4: puts out who was seen dead. Declines each whose beat has moved since, and each that promised no heartbeat
 * (rule 10: Light is never swept, by no version, whatever was seen). Null when nobody is left to put out.
 */
export function evict(
  draft: Draft,
  verdicts: readonly Verdict[],
  actor: string,
  shareTimeMs: number,
  policy: Policy,
): Draft | null {
  const after = verdicts.reduce((sum, verdict) => {
    const record = sum.licence.instances.find((other) => other.id === verdict.instance);
    if (!record || record.beat !== verdict.beat || record.level !== 'heartbeat') return sum;
    const leaving = record.seats.filter((seat) => seat.untilAt === null);
    if (leaving.length === 0) return sum;
    return takeAway(
      sum,
      record,
      leaving,
      { reason: verdict.reason, actor, words: null },
      shareTimeMs,
      policy,
    );
  }, draft);
  return after === draft ? null : after;
}
