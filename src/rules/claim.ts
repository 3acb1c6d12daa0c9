import type {
  CountBy,
  GoneReason,
  InstanceRecord,
  Licence,
  SeatRecord,
  Tombstone,
} from '../licence/document.js';
import { MAX_GONE } from '../licence/document.js';
import { grantOf, type Policy } from '../licence/entitlement.js';
import type { Draft, EventDraft } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import { answerByMs } from './on-demand.js';
import { isGiven, Lines, leaveLine } from './queue.js';
import { isSilent, outByMs, watchedFrom } from './roll-call.js';
import { type Claimant, type Identity, Places, sameName, sameUser } from './seats.js';
import { Telling } from './telling.js';

/** What a change may rest on besides the table: the server's clock, and proofs of this machine. */
export interface Ground {
  readonly path: string;
  readonly shareTimeMs: number;
  /** The process of this record provably exists no more (design rule 5a). */
  readonly isGone: (record: InstanceRecord) => boolean;
  /** When this machine started, by share time; null where that cannot be told or proves nothing (containers). */
  readonly bootedAtMs: number | null;
}

export type ClaimOutcome =
  | { readonly kind: 'seated'; readonly draft: Draft; readonly record: InstanceRecord }
  | ({ readonly kind: 'full' } & Full);

/** Why there is no place: who sits there, until when, and what became of this user's own last seat. */
export interface Full {
  readonly holders: readonly Holder[];
  readonly freesAt: string | null;
  readonly evicted: Eviction | null;
}

/** A seat that was taken away, as its tombstone tells. */
export interface Eviction {
  readonly reason: GoneReason;
  /** `user@host` of who did it. */
  readonly by: string;
  readonly words: string | null;
  /** ISO 8601, share time. */
  readonly at: string;
}

/** Who sits in a module: what a refusal names. */
export interface Holder {
  readonly seat: string;
  readonly user: string;
  readonly host: string;
  readonly sinceAt: string;
  readonly note: string | null;
}

const samePart = (a: string | null, b: string | null) => a !== null && a === b;

function seatsOf(licence: Licence, module: string): { record: InstanceRecord; seat: SeatRecord }[] {
  return licence.instances.flatMap((record) =>
    record.seats.filter((seat) => seat.module === module).map((seat) => ({ record, seat })),
  );
}

/** Takes a place in a module, beside the user's own old record if there is one. `seatId` is used for a new place. */
export function claim(
  licence: Licence,
  policy: Policy,
  who: Claimant,
  module: string,
  seatId: string,
  ground: Ground,
): ClaimOutcome {
  grantOf(policy, module, ground.path);
  const cleared = dropGone(licence, policy, who, ground);
  const ahead = new Lines(licence).ahead(module, who.id);
  const places = new Places(cleared.licence, policy, ground.path);
  const placed = (preferred: string, before: number) => places.placeFor(who, module, preferred, before);
  const own = dropOwn(licence, policy, who, module, ground); // his by rule 6, whoever waits; it may be shared with somebody by now
  const place = (own !== null ? placed(own, 0) : null) ?? placed(seatId, ahead);
  if (place === null)
    return { kind: 'full', ...describeFull(licence, policy, who, module, ground.shareTimeMs) };
  const record = withSeat(cleared.licence, policy, who, { id: place, module }, ground.shareTimeMs);
  const event = { kind: 'seated', instance: who.id, seat: place, module, user: who.user, host: who.host };
  return {
    kind: 'seated',
    record,
    draft: {
      licence: leaveLine(putRecord(cleared.licence, record), who.id, [module]),
      events: [...cleared.events, event],
    },
  };
}

/** My record with one more seat, as a fresh promise: current level, interval and grace, and a raised beat. */
export function withSeat(
  licence: Licence,
  policy: Policy,
  who: Claimant,
  place: { id: string; module: string },
  shareTimeMs: number,
): InstanceRecord {
  const before = licence.instances.find((record) => record.id === who.id);
  const seat = { ...place, sinceAt: toIso(shareTimeMs), untilAt: null };
  const isOther = (held: SeatRecord) =>
    held.module !== place.module || (held.id !== place.id && !isGiven(held)); // what was given is taken, or left
  const others = before?.seats.filter(isOther) ?? [];
  const same = before?.seats.find((held) => held.module === place.module && held.id === place.id);
  const taken = same ? withoutMark(same) : seat;
  return promise(ownRecord(licence, who, shareTimeMs), policy, [...others, taken], shareTimeMs);
}

/** Whose beat it is has taken what he was given. */
export const withoutMark = ({ given: _, ...seat }: SeatRecord): SeatRecord => seat;

type Unpromised = Omit<InstanceRecord, 'level' | 'checkIntervalSeconds' | 'graceSeconds' | 'answersWithin'>;

/**
 * My record, or one that has not beaten yet. Its next beat is above every one I ever tried to write, also when an older state of
 * the table was brought back: who has seen a lost beat must not take the next for one that stood still.
 */
export function ownRecord(licence: Licence, me: Claimant, shareTimeMs: number): Unpromised {
  const { highestBeat: beat = 0, ...who } = me;
  const mine = licence.instances.find((record) => record.id === who.id);
  if (mine) return { ...mine, beat: Math.max(mine.beat, beat) };
  const at = toIso(shareTimeMs);
  return { ...who, joinedAt: at, beat, beatAt: at, seats: [] };
}

/** One beat: the counter raised, the promise renewed at what the policy says now. */
export function promise(
  record: Unpromised,
  policy: Policy,
  seats: readonly SeatRecord[],
  shareTimeMs: number,
): InstanceRecord {
  const { unconfirmed: _, ...confirmed } = record;
  return {
    ...confirmed,
    level: policy.level,
    checkIntervalSeconds: policy.checkIntervalSeconds,
    graceSeconds: policy.graceSeconds,
    answersWithin: policy.answerWithinSeconds,
    beat: record.beat + 1,
    beatAt: toIso(shareTimeMs),
    seats,
  };
}

export function putRecord(licence: Licence, record: InstanceRecord): Licence {
  const at = licence.instances.findIndex((other) => other.id === record.id);
  const instances = at < 0 ? [...licence.instances, record] : licence.instances.with(at, record);
  return { ...licence, instances };
}

/**
 * Leaves the table, and the line: these modules, in their order, or all when `modules` is null. Without a tombstone: the user knows.
 * Null when there was nothing to leave.
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

export const seatEvent = (kind: string, record: InstanceRecord, seat: SeatRecord): EventDraft => ({
  kind,
  instance: record.id,
  seat: seat.id,
  module: seat.module,
  user: record.user,
  host: record.host,
});

/** Takes seats out of their records; a record without seats goes too. */
export function dropSeats(licence: Licence, leaving: ReadonlySet<SeatRecord>): Licence {
  if (leaving.size === 0) return licence;
  const instances = licence.instances.flatMap((record) => {
    const seats = record.seats.filter((seat) => !leaving.has(seat));
    if (seats.length === record.seats.length) return [record];
    return seats.length > 0 ? [{ ...record, seats }] : [];
  });
  return { ...licence, instances };
}

/** What one holder loses, and why. */
export interface Taking {
  readonly record: InstanceRecord;
  readonly seats: readonly SeatRecord[];
  readonly why: { readonly reason: GoneReason; readonly actor: string; readonly words: string | null };
}

/** Takes seats away from their holders, with a tombstone for each seat, so that each holder learns by whom, when and why. */
export function takeAway(
  draft: Draft,
  takings: readonly Taking[],
  shareTimeMs: number,
  policy: Policy,
): Draft {
  const { licence } = draft;
  const taken = takings.flatMap(({ seats, ...taking }) => seats.map((seat) => ({ ...taking, seat })));
  if (taken.length === 0) return draft;
  const stones = taken.map(
    ({ record, seat, why }): Tombstone => ({
      instance: record.id,
      seat: seat.id,
      module: seat.module,
      user: record.user,
      host: record.host,
      ...why,
      at: toIso(shareTimeMs),
      revision: licence.revision + 1,
    }),
  );
  const kept = licence.gone.filter((stone) => isKept(stone, shareTimeMs, policy));
  const left = dropSeats(licence, new Set(taken.map(({ seat }) => seat)));
  return {
    licence: { ...left, gone: [...kept, ...stones].slice(-MAX_GONE) },
    events: [...draft.events, ...taken.map(takingEvent)],
  };
}

const takingEvent = ({
  record,
  seat,
  why,
}: Omit<Taking, 'seats'> & { readonly seat: SeatRecord }): EventDraft => {
  const kind = why.reason === 'evicted' || why.reason === 'process gone' ? 'evicted' : why.reason;
  return { ...seatEvent(kind, record, seat), ...why };
};

/** Tombstones are kept for max(4 T, 24 h). */
const isKept = (stone: Tombstone, shareTimeMs: number, policy: Policy) =>
  shareTimeMs - fromIso(stone.at) < Math.max(4 * policy.checkIntervalSeconds, 86_400) * 1000;

/** Rules 5(a) and 6: what a claim clears first. Heartbeat records whose process is gone, and all gone ones of this user. */
function dropGone(licence: Licence, policy: Policy, who: Claimant, ground: Ground): Draft {
  const dead = licence.instances.filter(
    (record) =>
      record.id !== who.id &&
      (record.level === 'heartbeat'
        ? ground.isGone(record) || isOfOlderBoot(record, who, ground)
        : isOwnGone(record, policy, who, ground)),
  );
  const why = { reason: 'process gone' as const, actor: `${who.user}@${who.host}`, words: null };
  const telling = new Telling();
  const takings = dead
    .map((record) => ({ record, seats: notBorrowed(record), why }))
    .filter(({ record, seats }) => telling.fits(record, seats));
  return takeAway({ licence, events: [] }, takings, ground.shareTimeMs, policy);
}

/** A borrowed seat survives its process. */
export const notBorrowed = (record: InstanceRecord): SeatRecord[] =>
  record.seats.filter((seat) => seat.untilAt === null);

/** The place of an own record that the claim clears: who comes back after a crash keeps his seat id. */
function dropOwn(
  licence: Licence,
  policy: Policy,
  who: Claimant,
  module: string,
  ground: Ground,
): string | null {
  if (policy.countBy === 'instance') return null;
  const own = seatsOf(licence, module).find(
    ({ record, seat }) =>
      seat.untilAt === null && record.id !== who.id && isOwnGone(record, policy, who, ground),
  );
  return own?.seat.id ?? null;
}

/** An older boot proves nothing unless the last beat is at least this much older than our boot. Milliseconds. */
const BOOT_MARGIN_MS = 60_000;

function isOwnGone(record: InstanceRecord, policy: Policy, who: Claimant, ground: Ground): boolean {
  const own =
    policy.countBy === 'instance'
      ? sameUser('user@host', record, who)
      : sameUser(policy.countBy, record, who);
  return (own && ground.isGone(record)) || isOfOlderBoot(record, who, ground);
}

/** Rule 6: same user, host and installation, started before the machine last did. Where it is proof, bootedAtMs is set. */
function isOfOlderBoot(record: InstanceRecord, who: Claimant, ground: Ground): boolean {
  return (
    ground.bootedAtMs !== null &&
    samePart(record.machine.installation, who.machine.installation) &&
    sameName(record.user, who.user) &&
    sameName(record.host, who.host) &&
    record.machine.host !== null &&
    who.machine.host !== null &&
    record.machine.host !== who.machine.host &&
    fromIso(record.beatAt) <= ground.bootedAtMs - BOOT_MARGIN_MS
  );
}

function describeFull(
  licence: Licence,
  policy: Policy,
  who: Claimant,
  module: string,
  shareTimeMs: number,
): Full {
  const seen = new Set<string>();
  const holders = seatsOf(licence, module)
    .filter(({ seat }) => !seen.has(seat.id) && seen.add(seat.id))
    .map(
      ({ record, seat }): Holder => ({
        seat: seat.id,
        user: record.user,
        host: record.host,
        sinceAt: seat.sinceAt,
        note: record.note,
      }),
    );
  return {
    holders,
    freesAt: freesAt(licence, policy, module, shareTimeMs),
    evicted: lastEviction(licence, policy.countBy, who, module),
  };
}

/** A tombstone knows no machine, and by now we are another instance: names must do, for it is only told. */
function lastEviction(licence: Licence, by: CountBy, who: Identity, module: string): Eviction | null {
  const isHis = (stone: Tombstone) =>
    stone.module === module &&
    (by === 'host' || sameName(stone.user, who.user)) &&
    (by === 'user' || sameName(stone.host, who.host));
  const stone = licence.gone.findLast(isHis);
  return stone ? { reason: stone.reason, by: stone.actor, words: stone.words, at: stone.at } : null;
}

/**
 * The latest time by which the first place of the module is free, if its silent holders are dead and somebody sees to it:
 * a peer that lives, until 2 T (+ 7/6 grace) after the last beat; else who asks, and stays. Where answers are promised (rule 7) all are
 * asked: whoever is dead is out by then. Null when all beat, or when nobody may put them out.
 */
function freesAt(licence: Licence, policy: Policy, module: string, shareTimeMs: number): string | null {
  const watchedFromMs = watchedFrom(licence, shareTimeMs);
  if (watchedFromMs === Number.POSITIVE_INFINITY && policy.level === 'light') return null;
  const places = new Map<string, number>();
  for (const { record, seat } of seatsOf(licence, module)) {
    const mayBeDead = seat.untilAt === null && record.level === 'heartbeat' && isSilent(record, shareTimeMs);
    const silentMs = mayBeDead ? outByMs(record, shareTimeMs, watchedFromMs) : Number.POSITIVE_INFINITY;
    const outMs =
      seat.untilAt === null ? Math.min(silentMs, answerByMs(record, policy, shareTimeMs)) : silentMs;
    places.set(seat.id, Math.max(places.get(seat.id) ?? 0, outMs));
  }
  const firstMs = [...places.values()].reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
  return Number.isFinite(firstMs) ? toIso(firstMs) : null;
}

/** Whether a record is of the user and host asked for; what is not asked for matches. */
export const isNamed = (
  one: { readonly user: string; readonly host: string },
  asked: { readonly user?: string; readonly host?: string },
): boolean =>
  (asked.user === undefined || sameName(one.user, asked.user)) &&
  (asked.host === undefined || sameName(one.host, asked.host));
