import type { Ban } from '../licence/banned.js';
import type { InstanceRecord, Licence, SeatRecord, Tombstone } from '../licence/document.js';
import { isExpired, type Policy } from '../licence/entitlement.js';
import type { ChangeContext, Draft, EventDraft } from '../licence/revision.js';
import { toIso } from '../licence/time.js';
import { bansByUser } from './bans-in-force.js';
import { giveBack } from './give-back.js';
import { withoutHeard } from './messages.js';
import { dequeue, enqueueFirst, Queues } from './queue.js';
import { isOffered, ownRecord, putRecord, renewRecord, seatEvent, withoutMark } from './records.js';
import { type Requester, SeatIndex } from './seats.js';
import { isFinal, takeAway, tombstonesOf } from './tombstones.js';

/**
 * What an instance brings to its own beat: its identity, the seats it holds, and whether these are still
 * valid.
 */
export interface HeldState {
  readonly who: Requester;
  readonly seats: readonly SeatRecord[];
  /**
   * The highest beat we ever tried to write. A higher one in our record means another process uses our
   * identity (a cloned VM).
   */
  readonly highestBeat: number;
  /**
   * Set during the settling period after a restore: the modules whose validity has ended, and whose records
   * wait.
   */
  readonly notNow?: readonly string[];
  /** The messages that were shown to the application, by id. */
  readonly heard?: ReadonlySet<string>;
  /** Whether our last confirmed beat is young enough to put our record back before all others. */
  readonly mayReturn: (module: string) => boolean;
  /** For how long our record may still be put back where there is no free seat now. Seconds. */
  readonly returnSeconds: (module: string) => number;
}

/** What became of one held seat at a beat. */
export type SeatOutcome =
  | { readonly kind: 'kept' | 'back'; readonly seat: SeatRecord }
  | { readonly kind: 'lost'; readonly tombstone: Tombstone | null }
  | { readonly kind: 'noPlace'; readonly isFirst: boolean };

type SeatOutcomes = ReadonlyMap<string, SeatOutcome>;

export type BeatOutcome =
  | { readonly kind: 'expired'; readonly draft: Draft | null }
  | { readonly kind: 'doubled' }
  | {
      readonly kind: 'beaten';
      readonly draft: Draft | null; // null: nothing left to beat for
      readonly record: InstanceRecord | null;
      readonly outcomes: SeatOutcomes; // by module
    };

/**
 * One heartbeat (rule 2): every seat is checked as a fresh claim would be, the counter raised, the record
 * renewed.
 */
export function beat(context: ChangeContext, heldState: HeldState): BeatOutcome {
  const { licence, policy, nowMs } = context;
  const { who, highestBeat } = heldState;
  if (isExpired(policy, nowMs)) return { kind: 'expired', draft: giveBack(licence, who.id, null) };
  const mine = licence.instances.find((record) => record.id === who.id);
  if (mine && mine.beat > highestBeat) return { kind: 'doubled' };
  const ban = bansByUser(context)(who.user);
  if (ban) return endedBy(ban, context, heldState);
  const table = viewOf(context, heldState, mine);
  const outcomes = new Map(heldState.seats.map((seat) => [seat.module, outcomeOf(table, heldState, seat)]));
  const me = { ...who, highestBeat };
  const stood = returning(context, { ...heldState, who: me }, outcomes);
  const seats = seatsAfter(mine, outcomes);
  if (seats === null) {
    const draft = stood === licence ? null : { licence: stood, events: [] };
    return { kind: 'beaten', draft, record: null, outcomes };
  }
  const record = renewRecord(context, ownRecord(context, me), seats);
  const back = [...outcomes.values()].flatMap((seatOutcome) =>
    seatOutcome.kind === 'back' ? [seatEvent('back', record, seatOutcome.seat)] : [],
  );
  const events = [...back, ...leftEvents(mine, record)];
  return { kind: 'beaten', draft: { licence: putRecord(stood, record), events }, record, outcomes };
}

/** Every seat of a banned user is lost, however the ban came into the table. */
function endedBy(ban: Ban, context: ChangeContext, { who, seats }: HeldState): BeatOutcome {
  const why = { reason: 'banned', actor: ban.actor ?? 'unknown', words: ban.words ?? null };
  const records = context.licence.instances.filter((record) => record.id === who.id);
  const takings = records.map((record) => ({ record, seats: record.seats, why }));
  const { licence: left, events } = takeAway(context, takings) ?? { licence: context.licence, events: [] };
  const licence = dequeue(left, who.id, null);
  const tombstoneOf = tombstonesOf(licence, who.id);
  const lost = (seat: SeatRecord): SeatOutcome => {
    const known = tombstoneOf(seat);
    const told = { ...why, at: ban.at ?? toIso(context.nowMs), revision: licence.revision };
    const { id: instance, user, host } = who;
    const own = { instance, user, host, seat: seat.id, module: seat.module, ...told };
    return { kind: 'lost', tombstone: known && isFinal(known.reason) ? known : own };
  };
  return {
    kind: 'beaten',
    draft: licence === context.licence ? null : { licence, events },
    record: null,
    outcomes: new Map(seats.map((seat) => [seat.module, lost(seat)])),
  };
}

/** The seats of the record after this beat; null when none of the held ones is left. */
function seatsAfter(mine: InstanceRecord | undefined, outcomes: SeatOutcomes): SeatRecord[] | null {
  const kept = [...outcomes.values()].flatMap((seatOutcome) =>
    'seat' in seatOutcome ? [seatOutcome.seat] : [],
  );
  if (kept.length === 0) return null;
  const keyOf = ({ id, module }: SeatRecord) => `${id} ${module}`;
  const keptKeys = new Set(kept.map(keyOf));
  const isOther = (seat: SeatRecord) => !keptKeys.has(keyOf(seat)) && stays(seat, outcomes.get(seat.module));
  return [...kept, ...(mine?.seats.filter(isOther) ?? [])];
}

/** Seats of the own record that no handle holds (as after an undone removal that the holder was told of) go. */
function leftEvents(mine: InstanceRecord | undefined, { seats }: InstanceRecord): EventDraft[] {
  const kept = new Set(seats.map(({ id, module }) => `${id} ${module}`));
  return (mine?.seats ?? []).flatMap((seat) =>
    mine && !kept.has(`${seat.id} ${seat.module}`)
      ? [seatEvent(isOffered(seat) ? 'gave up' : 'released', mine, seat)]
      : [],
  );
}

/**
 * An offered seat is accepted by asking for it again. Of several seats in one module all stay with the
 * first.
 */
const stays = (seat: SeatRecord, seatOutcome: SeatOutcome | undefined): boolean =>
  isOffered(seat) ? seatOutcome === undefined : seatOutcome?.kind === 'kept';

/** The table as one beat asks it about each of its seats. */
interface TableView {
  readonly policy: Policy;
  /** Our own seats, by module; of several in one the first. */
  readonly held: ReadonlyMap<string, SeatRecord>;
  readonly seatIndex: SeatIndex;
  readonly queues: Queues;
  readonly tombstoneOf: (seat: SeatRecord) => Tombstone | null;
  /** The modules for which our own record stands in the queue already, to be put back. */
  readonly returns: ReadonlySet<string>;
  /** The modules whose seats may not be put back during a settling period; null outside one. */
  readonly notNow: ReadonlySet<string> | null;
}

function viewOf(context: ChangeContext, heldState: HeldState, mine: InstanceRecord | undefined): TableView {
  const { licence, policy } = context;
  const { who, notNow } = heldState;
  const isReturn = (one: Licence['waiting'][number]) => one.returns === true && one.instance === who.id;
  return {
    ...{ policy, queues: new Queues(licence), seatIndex: new SeatIndex(context) },
    held: new Map(mine?.seats.toReversed().map((seat) => [seat.module, seat])),
    tombstoneOf: tombstonesOf(licence, who.id),
    returns: new Set(licence.waiting.filter(isReturn).map(({ module }) => module)),
    notNow: notNow ? new Set(notNow) : null,
  };
}

function outcomeOf(table: TableView, heldState: HeldState, seat: SeatRecord): SeatOutcome {
  const { who, mayReturn, heard = NOTHING } = heldState;
  const { id, module } = seat;
  const own = table.held.get(module);
  if (own) return { kind: 'kept', seat: withoutHeard(withoutMark(own), heard) };
  const tombstone = table.tombstoneOf(seat);
  const isOut = tombstone && isFinal(tombstone.reason);
  if (isOut || !table.policy.modules.has(module)) return { kind: 'lost', tombstone };
  const isFirst = !tombstone && (mayReturn(module) || table.returns.has(module));
  if (table.notNow && (tombstone || table.notNow.has(module))) return { kind: 'noPlace', isFirst };
  const ahead = isFirst ? null : table.queues.ahead(module, who.id); // its own record passes the waiters
  const place = table.seatIndex.seatIdFor(who, { module, preferred: id, ahead });
  if (place !== null) return { kind: 'back', seat: { ...seat, id: place } };
  return isFirst ? { kind: 'noPlace', isFirst } : { kind: 'lost', tombstone };
}

const NOTHING: ReadonlySet<string> = new Set();

/** A holder that was not evicted but finds no free seat after a restore goes to the head of the queue. */
function returning(context: ChangeContext, heldState: HeldState, outcomes: SeatOutcomes): Licence {
  const { who, seats, returnSeconds } = heldState;
  const places = seats.flatMap(({ id, module }) => {
    const seatOutcome = outcomes.get(module);
    if (seatOutcome?.kind !== 'noPlace' || !seatOutcome.isFirst) return [];
    return [{ module, seatId: id, waitSeconds: returnSeconds(module) }];
  });
  return enqueueFirst(context, { who, places });
}
