import type { InstanceRecord, Tombstone } from '../licence/document.js';
import { grantOf, seatLimit } from '../licence/entitlement.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import { type BanOf, bansByUser } from './bans-in-force.js';
import { type ChosenSeat, idsMeant, isLeaving, unmarkLeaving } from './leaving.js';
import { offerFree } from './offers.js';
import { seatEvent } from './records.js';
import { settlingForMs } from './restore.js';
import { NONE_AHEAD, SeatIndex } from './seats.js';
import { keptMs, ownPollMs } from './timing.js';
import { factsOf } from './tombstones.js';

/**
 * The removal of a seat is taken back, while its place is free and its tombstone is kept. The record is put back with
 * the beat that it had, and as if it had beaten now. So a holder that has not noticed the removal keeps its seat, and
 * goes on. For one that was told of it the removal is final: there the place is kept for its user, as after a
 * heartbeat, until the silence of the record is noticed. Under Light no instance notices that: there a removal is final
 * once its holder has polled.
 */

export interface UndoRequest {
  /** The beginning of the id of a seat. */
  readonly seat: string;
  readonly actor: string;
}

export type UndoOutcome =
  | { readonly kind: 'undone'; readonly draft: Draft; readonly seats: readonly ChosenSeat[] }
  | { readonly kind: 'refused'; readonly why: UndoRefusal };

/** Why a seat is not given back. */
export type UndoRefusal =
  /** No seat and no tombstone begins with this id. */
  | { readonly reason: 'unknown' }
  | { readonly reason: 'ambiguous'; readonly seats: number }
  /** The user has a seat of the module. */
  | { readonly reason: 'already back'; readonly holder: InstanceRecord; readonly seat: string }
  /** No person has decided it. */
  | { readonly reason: 'not removed'; readonly stone: Tombstone }
  /** It is older than tombstones are kept, or of a version that did not keep what was taken away. */
  | { readonly reason: 'too old'; readonly stone: Tombstone; readonly keptSeconds: number }
  /** Its holder was told. Under Light nothing would ever end the place that is kept for it. */
  | { readonly reason: 'told'; readonly stone: Tombstone }
  | { readonly reason: 'no module'; readonly stone: Tombstone }
  /** No place is left. `by`: the holders that came since, the first of them first. */
  | { readonly reason: 'taken'; readonly stone: Tombstone; readonly by: readonly InstanceRecord[] }
  | { readonly reason: 'banned'; readonly stone: Tombstone; readonly untilAt: string | null }
  /** The seats that are free are kept for others. */
  | { readonly reason: 'reserved'; readonly stone: Tombstone }
  /** A lost table was just restored: those that were seated in it come first. */
  | { readonly reason: 'closed'; readonly stone: Tombstone; readonly untilAt: string };

export function undo(context: ChangeContext, request: UndoRequest): UndoOutcome {
  const { licence } = context;
  const heldIds = licence.instances.flatMap(({ seats }) => seats.map(({ id }) => id));
  const ids = idsMeant([...heldIds, ...licence.gone.map(({ seat }) => seat)], request.seat);
  if (ids.size > 1) return refused({ reason: 'ambiguous', seats: ids.size });
  const held = seatsNamed(licence.instances, ids);
  const stones = licence.gone.filter(({ seat }) => ids.has(seat));
  const stay = unmarkLeaving(context, (_record, { id }) => ids.has(id), request.actor);
  const last = stones.at(-1);
  const decided = stones.filter((stone) => mayUndo(context, stone));
  if (last === undefined || (decided.length === 0 && held.length > 0)) return asHeld(held, stay);
  if (decided.length === 0) return refused(whyNot(context, last));
  const start: Draft = stay ?? { licence, events: [] };
  const back = putAllBack({ ...context, licence: start.licence }, decided, request.actor);
  if (back.kind === 'refused') return stay ? asHeld(held, stay) : back;
  const draft = { ...back.draft, events: [...start.events, ...back.draft.events] };
  return {
    ...back,
    draft: andThen(context, draft, offerFree),
    seats: [...unmarked(held, stay), ...back.seats],
  };
}

const refused = (why: UndoRefusal): UndoOutcome => ({ kind: 'refused', why });

const seatsNamed = (instances: readonly InstanceRecord[], ids: ReadonlySet<string>): ChosenSeat[] =>
  instances.flatMap((record) =>
    record.seats.filter(({ id }) => ids.has(id)).map((seat) => ({ record, seat })),
  );

/** What was removed gently and not noticed yet stays; without such a mark there is nothing to undo. */
function asHeld(held: readonly ChosenSeat[], stay: Draft | null): UndoOutcome {
  const [first] = held;
  if (stay) return { kind: 'undone', draft: stay, seats: unmarked(held, stay) };
  if (!first) return refused({ reason: 'unknown' });
  return refused({ reason: 'already back', holder: first.record, seat: first.seat.id });
}

const unmarked = (held: readonly ChosenSeat[], stay: Draft | null): ChosenSeat[] =>
  stay === null ? [] : held.filter(({ seat }) => isLeaving(seat));

const UNDOABLE: readonly string[] = ['removed', 'banned'];

/** Under Light, where a holder polls, and is never found dead. */
const isToldForGood = ({ policy, nowMs }: ChangeContext, { at, was }: Tombstone): boolean =>
  was?.level === 'light' &&
  nowMs - fromIso(at) >=
    ownPollMs('light', Math.max(policy.checkIntervalSeconds, was.checkIntervalSeconds), null);

const isYoung = ({ policy, nowMs }: ChangeContext, { at }: Tombstone): boolean =>
  nowMs - fromIso(at) < keptMs(policy);

const mayUndo = (context: ChangeContext, stone: Tombstone): boolean =>
  UNDOABLE.includes(stone.reason) &&
  stone.was !== undefined &&
  isYoung(context, stone) &&
  !isToldForGood(context, stone);

function whyNot(context: ChangeContext, stone: Tombstone): UndoRefusal {
  const { policy } = context;
  if (!UNDOABLE.includes(stone.reason)) return { reason: 'not removed', stone };
  if (stone.was !== undefined && isYoung(context, stone)) return { reason: 'told', stone };
  return { reason: 'too old', stone, keptSeconds: keptMs(policy) / 1000 };
}

// --- putting back -------------------------------------------------------------------------------------------

/** All instances that shared the seat, or none of them. */
function putAllBack(context: ChangeContext, stones: readonly Tombstone[], actor: string): UndoOutcome {
  const { licence } = context;
  const table = new TableToReturnTo(context);
  const seats: ChosenSeat[] = [];
  for (const stone of lastOfEach(stones)) {
    const why = table.whyStaysOut(stone);
    if (why) return refused(why);
    seats.push(table.putBack(stone));
  }
  const undone = new Set(stones);
  const gone = licence.gone.filter((stone) => !undone.has(stone));
  const events = seats.map(({ record, seat }) => ({ ...seatEvent('undone', record, seat), actor }));
  return {
    kind: 'undone',
    seats,
    draft: { licence: { ...licence, gone, instances: table.instances }, events },
  };
}

const lastOfEach = (stones: readonly Tombstone[]): Tombstone[] => [
  ...new Map(stones.map((stone) => [`${stone.instance} ${stone.module}`, stone])).values(),
];

/** The table, in one pass, and what is put back into it. */
class TableToReturnTo {
  private readonly context: ChangeContext;
  private readonly seatIndex: SeatIndex;
  private readonly records: Map<string, InstanceRecord>;
  private readonly settlingMs: number;
  private readonly banOf: BanOf;

  constructor(context: ChangeContext) {
    this.context = context;
    this.seatIndex = new SeatIndex(context);
    this.records = new Map(context.licence.instances.map((record) => [record.id, record]));
    this.settlingMs = settlingForMs(context);
    this.banOf = bansByUser(context);
  }

  get instances(): InstanceRecord[] {
    return [...this.records.values()];
  }

  /** Null: there is a place for it. */
  whyStaysOut(stone: Tombstone): UndoRefusal | null {
    const { policy, nowMs } = this.context;
    const { instance, module, seat: preferred, user } = stone;
    if (!policy.modules.has(module)) return { reason: 'no module', stone };
    const ban = this.banOf(user);
    if (ban) return { reason: 'banned', stone, untilAt: ban.untilAt };
    if (this.settlingMs > 0) return { reason: 'closed', stone, untilAt: toIso(nowMs + this.settlingMs) };
    const own = this.seatIndex.held(instance, module);
    const place = own ? own.id : this.seatIndex.seatIdFor(whoOf(stone), { module, preferred });
    if (place === null && this.seatIndex.isAnyFree(module, NONE_AHEAD)) return { reason: 'reserved', stone };
    if (place === null) return { reason: 'taken', stone, by: since(this.context, stone) };
    return own || place !== preferred ? this.alreadyBack(stone, place) : null;
  }

  private alreadyBack(stone: Tombstone, seat: string): UndoRefusal {
    const isThere = (record: InstanceRecord) =>
      record.seats.some(({ id, module }) => id === seat && module === stone.module);
    const holder = this.instances.find(isThere);
    if (!holder) throw new Error(`seat ${seat} is taken, and no record has it`);
    return { reason: 'already back', holder, seat };
  }

  putBack(stone: Tombstone): ChosenSeat {
    const { instance: id, user, host, seat: seatId, module, was } = stone;
    if (!was) throw new Error('a tombstone without what it took was chosen');
    const seat = { id: seatId, module, sinceAt: was.sinceAt, untilAt: was.untilAt };
    const there = this.records.get(id);
    const record: InstanceRecord = there
      ? { ...there, seats: [...there.seats, seat] }
      : { ...factsOf(was), id, user, host, beatAt: toIso(this.context.nowMs), seats: [seat] };
    this.records.set(id, record);
    this.seatIndex.put(record, seat, this.records.size);
    return { record, seat };
  }
}

const whoOf = ({ instance: id, user, host, was }: Tombstone) => ({
  ...{ id, user, host },
  machine: was?.machine ?? { pids: null, host: null, installation: null },
});

/** Those that took a place since: by them it may be taken. */
function since({ licence, policy }: ChangeContext, { module, at }: Tombstone): InstanceRecord[] {
  const latest = (record: InstanceRecord) =>
    Math.max(...record.seats.map((seat) => (seat.module === module ? fromIso(seat.sinceAt) : 0)));
  const came = licence.instances
    .map((record) => ({ record, ms: latest(record) }))
    .filter(({ ms }) => ms >= fromIso(at))
    .sort((a, b) => a.ms - b.ms);
  return came.slice(0, seatLimit(grantOf(policy, module))).map(({ record }) => record);
}
