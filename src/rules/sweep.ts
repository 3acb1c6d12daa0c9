import type { InstanceRecord, Licence, SeatRecord, Tombstone } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import type { Draft } from '../licence/revision.js';
import { fromIso } from '../licence/time.js';
import {
  type ClaimOutcome,
  claim,
  type Ground,
  notBorrowed,
  ownRecord,
  promise,
  putRecord,
  release,
  seatEvent,
  type Taking,
  takeAway,
  withoutMark,
} from './claim.js';
import type { Verdict } from './liveness.js';
import { type Caller, proved } from './on-demand.js';
import { isGiven, Lines, leaveLine, standFirst, standInLine } from './queue.js';
import { callRoll, type Silence } from './roll-call.js';
import { type Claimant, Places } from './seats.js';
import { Telling } from './telling.js';

/** What an instance brings to its own beat: who it is, the seats it holds, and whether its belief still stands. */
export interface Standing {
  readonly who: Claimant;
  readonly seats: readonly SeatRecord[];
  /** The highest beat this instance ever tried to write; a higher one in its record was written by somebody who runs as it. */
  readonly highestBeat: number;
  /** While, after a restore, nobody new is seated: the modules whose belief has ended, and whose records wait. */
  readonly notNow?: readonly string[];
  /** Whether our last confirmed beat is young enough to put our record back before all others. */
  readonly mayReturn: (module: string) => boolean;
  /** For how long his record may still be put back, in seconds, where there is no place for it now. */
  readonly returnSeconds: (module: string) => number;
}

/** What became of one held seat at a beat. */
export type SeatFate =
  | { readonly kind: 'kept' | 'back'; readonly seat: SeatRecord }
  | { readonly kind: 'lost'; readonly tombstone: Tombstone | null }
  | { readonly kind: 'noPlace'; readonly isFirst: boolean };

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
  const table = viewOf(licence, policy, who, mine, ground);
  const notNow = standing.notNow && new Set(standing.notNow);
  const fates = new Map(standing.seats.map((seat) => [seat.module, fateOf(table, standing, seat, notNow)]));
  const kept = [...fates.values()].flatMap((fate) => ('seat' in fate ? [fate.seat] : []));
  const keyOf = ({ id, module }: SeatRecord) => `${id} ${module}`;
  const keptKeys = new Set(kept.map(keyOf));
  const others =
    mine?.seats.filter((seat) => !keptKeys.has(keyOf(seat)) && stays(seat, fates.get(seat.module))) ?? [];
  const seats = [...kept, ...others];
  const me = { ...who, highestBeat: standing.highestBeat };
  const stood = returning(licence, me, standing, fates, ground.shareTimeMs);
  if (kept.length === 0) {
    const draft = stood === licence ? null : { licence: stood, events: [] };
    return { kind: 'beaten', draft, record: null, fates };
  }
  const record = promise(ownRecord(licence, me, ground.shareTimeMs), policy, seats, ground.shareTimeMs);
  const back = [...fates.values()].flatMap((fate) =>
    fate.kind === 'back' ? [seatEvent('back', record, fate.seat)] : [],
  );
  return { kind: 'beaten', draft: { licence: putRecord(stood, record), events: back }, record, fates };
}

/** What he was given he takes by asking for it again; of several seats in one module all stay with the first. */
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
  /** The modules for which it stands in the line for its own record already. */
  readonly returns: ReadonlySet<string>;
}

const viewOf = (
  licence: Licence,
  policy: Policy,
  who: Claimant,
  mine: InstanceRecord | undefined,
  { path }: Ground,
): TableView => ({
  ...{ policy, lines: new Lines(licence), places: new Places(licence, policy, path) },
  held: new Map(mine?.seats.toReversed().map((seat) => [seat.module, seat])),
  tombstoneOf: tombstonesOf(licence, who.id),
  returns: new Set(
    licence.waiting.filter((one) => one.returns && one.instance === who.id).map(({ module }) => module),
  ),
});

function fateOf(
  { policy, held, places, lines, tombstoneOf, returns }: TableView,
  { who, mayReturn }: Standing,
  seat: SeatRecord,
  notNow: ReadonlySet<string> | undefined,
): SeatFate {
  const own = held.get(seat.module);
  if (own) return { kind: 'kept', seat: withoutMark(own) };
  const tombstone = tombstoneOf(seat);
  const isOut = tombstone && tombstone.reason !== 'evicted' && tombstone.reason !== 'process gone';
  if (isOut || !policy.modules.has(seat.module)) return { kind: 'lost', tombstone };
  const isFirst = !tombstone && (mayReturn(seat.module) || returns.has(seat.module));
  if (notNow && (tombstone || notNow.has(seat.module))) return { kind: 'noPlace', isFirst };
  const ahead = isFirst ? 0 : lines.ahead(seat.module, who.id); // its own record passes those who wait
  const place = places.placeFor(who, seat.module, seat.id, ahead);
  if (place !== null) return { kind: 'back', seat: { ...seat, id: place } };
  return isFirst ? { kind: 'noPlace', isFirst } : { kind: 'lost', tombstone };
}

/** Who finds no place for his record, and was not put out, is the next to get one. */
function returning(
  licence: Licence,
  me: Claimant,
  { seats, returnSeconds }: Standing,
  fates: ReadonlyMap<string, SeatFate>,
  shareTimeMs: number,
): Licence {
  const wanted = seats.flatMap(({ id, module }) => {
    const fate = fates.get(module);
    if (fate?.kind !== 'noPlace' || !fate.isFirst) return [];
    return [{ module, seatId: id, waitSeconds: returnSeconds(module) }];
  });
  return standFirst(licence, me, wanted, shareTimeMs);
}

export const heldSeat = (licence: Licence, instanceId: string, module: string): SeatRecord | undefined =>
  licence.instances.find((record) => record.id === instanceId)?.seats.find((seat) => seat.module === module);

/** The last tombstone for each seat of an instance. */
export function tombstonesOf(licence: Licence, instanceId: string): (seat: SeatRecord) => Tombstone | null {
  const own = licence.gone.filter((stone) => stone.instance === instanceId);
  const last = new Map(own.map((stone) => [`${stone.seat} ${stone.module}`, stone]));
  return (seat) => last.get(`${seat.id} ${seat.module}`) ?? null;
}

export const isExpired = (policy: Policy, shareTimeMs: number): boolean =>
  policy.expiresAt !== null && shareTimeMs >= fromIso(policy.expiresAt);

/**
 * Rule 4: puts out who was seen dead. Declines each whose beat has moved since, and each that promised no heartbeat
 * (rule 10: Light is never swept, by no version, whatever was seen). Null when nobody is left to put out. More than one revision can
 * tell of is left to the next commit.
 */
export function evict(
  draft: Draft,
  verdicts: readonly Verdict[],
  actor: string,
  shareTimeMs: number,
  policy: Policy,
): Draft | null {
  const records = new Map(draft.licence.instances.map((record) => [record.id, record]));
  const telling = new Telling();
  const takings = verdicts.flatMap(({ instance, beat, reason, words = null }): Taking[] => {
    const record = records.get(instance);
    if (!record || record.beat !== beat || record.level !== 'heartbeat') return [];
    records.delete(instance); // once, by whichever verdict is named first
    const seats = notBorrowed(record);
    return telling.fits(record, seats) ? [{ record, seats, why: { reason, actor, words } }] : [];
  });
  const after = takeAway(draft, takings, shareTimeMs, policy);
  return after === draft ? null : after;
}

/** What a newcomer brings to rules 5 and 7: who it says it is, how silent the others are, and who has not answered it or cannot. */
export interface Asker extends Caller {
  readonly silence: Silence;
  readonly unanswered: (licence: Licence) => readonly Verdict[];
  /** Rule 7: it is time to prove that the share takes what is written. */
  readonly isProofDue: (licence: Licence) => boolean;
}

/** Rule 5(b), for whoever comes next: who has not answered is out, and who has not been asked is asked. Light does neither. */
export function ask(
  licence: Licence,
  policy: Policy,
  module: string,
  asker: Asker,
  shareTimeMs: number,
): Draft | null {
  if (policy.level === 'light') return null;
  const start: Draft = { licence, events: [] };
  const swept = evict(start, asker.unanswered(licence), asker.actor, shareTimeMs, policy);
  const { licence: left, events } = swept ?? start;
  const called = callRoll(left, policy, module, asker, shareTimeMs, asker.silence);
  if (called) return { licence: called, events };
  return swept ?? (asker.isProofDue(left) ? { licence: proved(left, shareTimeMs), events } : null);
}

/** What is asked for. `seatId` is used for a new place. */
export interface Wish {
  readonly module: string;
  readonly seatId: string;
  /** Who is refused waits in the line for so long; null: he does not, or no longer. */
  readonly waitSeconds: number | null;
  /** Since when it stood in the line that was lost; null: it has not stood in it. @default null */
  readonly sinceAt?: string | null;
}

function inLine(
  draft: Draft | null,
  base: Licence,
  who: Claimant,
  wish: Wish,
  shareTimeMs: number,
): Draft | null {
  const { licence, events } = draft ?? { licence: base, events: [] };
  const stood =
    wish.waitSeconds === null
      ? leaveLine(licence, who.id, [wish.module])
      : standInLine(licence, who, wish, wish.waitSeconds, shareTimeMs);
  return draft === null && stood === base ? null : { licence: stood, events };
}

/** A newcomer's claim: on the table as it is, then on what is left of it by rule 5(b). What that did stands, seated or not. */
export function comeIn(
  licence: Licence,
  policy: Policy,
  who: Claimant,
  place: Wish,
  ground: Ground,
  asker: Asker,
): { readonly outcome: ClaimOutcome; readonly draft: Draft | null } {
  const sit = (table: Licence) => claim(table, policy, who, place.module, place.seatId, ground);
  const first = sit(licence);
  if (first.kind === 'seated') return { outcome: first, draft: first.draft };
  const asked = ask(licence, policy, place.module, asker, ground.shareTimeMs);
  const second = asked ? sit(asked.licence) : first;
  if (asked === null || second.kind === 'full')
    return { outcome: second, draft: inLine(asked, licence, who, place, ground.shareTimeMs) };
  const { draft } = second;
  return { outcome: second, draft: { ...draft, events: [...asked.events, ...draft.events] } };
}
