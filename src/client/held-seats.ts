import type { Loss, SeatState } from '../api.js';
import type { InstanceRecord, SeatRecord } from '../licence/document.js';
import type { Ending } from '../licence/entitlement.js';
import type { Instant } from '../licence/time.js';
import { answerValidity, isOverdue, remainingMs, type Validity, validityOf } from '../rules/validity.js';
import { type Clock, instantOf } from '../share/clock.js';
import { Seat, type SeatKeeper } from './seat.js';

/** The seat of this process in one module: what supports it, and the handles that share it. */
export interface Hold {
  seat: SeatRecord;
  validity: Validity;
  /** The own record may be missing from the table: the seat is not valid before a beat is confirmed. */
  isDoubted: boolean;
  readonly handles: Set<Seat>;
}

/** Ids of messages that are remembered. A seat has {@link MAX_MESSAGES} at most. */
const MOST_HEARD = 10_000;

/** The seats that this process holds, by module, and what their handles tell the application. */
export class Holds {
  private readonly byModule = new Map<string, Hold>();
  /** Rule 7: what the last good poll supports, while this instance has promised to answer. */
  private answering: Validity | null = null;
  /** The messages that were shown to the application, by id. A beat takes them out of the table. */
  private readonly shown = new Set<string>();
  private readonly clock: Clock;
  private readonly cacheAgeMs: number;

  constructor(clock: Clock, cacheAgeMs: number) {
    this.clock = clock;
    this.cacheAgeMs = cacheAgeMs;
  }

  get size(): number {
    return this.byModule.size;
  }

  get modules(): string[] {
    return [...this.byModule.keys()];
  }

  get seats(): SeatRecord[] {
    return [...this.byModule.values()].map((hold) => hold.seat);
  }

  get(module: string): Hold | undefined {
    return this.byModule.get(module);
  }

  remainingMs(hold: Hold, now = this.now()): number {
    return hold.isDoubted ? 0 : leftMs(hold.validity, this.answering, now);
  }

  /** Whether the last confirmed beat began less than P ago (rule 9): then the record may be put back before others. */
  mayReturn(module: string): boolean {
    const hold = this.byModule.get(module);
    return hold !== undefined && remainingMs(hold.validity, this.now()) > 0;
  }

  /**
   * Rule 7: a record made from what was read then may promise more than the last one. The promise that ends first
   * counts.
   */
  commitAnswer(answersWithin: number | null, since: Instant): void {
    if (answersWithin === null) return;
    const next = answerValidity(answersWithin, since, this.cacheAgeMs);
    const now = this.now();
    if (this.answering === null || remainingMs(next, now) < remainingMs(this.answering, now))
      this.answering = next;
  }

  /**
   * Rule 7: a poll that began then showed no call for this instance, or its beat was confirmed. A poll alone restores
   * no validity. Gives whether the seats are still valid.
   */
  polled(answersWithin: number | null, since: Instant, isBeat: boolean): boolean {
    const isLapsed = !isBeat && this.answering !== null && remainingMs(this.answering, this.now()) <= 0;
    const next = answersWithin === null ? null : answerValidity(answersWithin, since, this.cacheAgeMs);
    if (!isLapsed) this.answering = next;
    return !isLapsed;
  }

  /** A seat in the table is now held here. */
  put(seat: SeatRecord, validity: Validity): Hold {
    const hold = this.byModule.get(seat.module) ?? {
      seat,
      validity,
      isDoubted: false,
      handles: new Set<Seat>(),
    };
    this.byModule.set(seat.module, Object.assign(hold, { seat, validity, isDoubted: false }));
    return hold;
  }

  /** One more handle of a seat. */
  addHandle(hold: Hold, who: { user: string; host: string }, release: SeatKeeper['release']): Seat {
    const keeper = { id: () => hold.seat.id, remainingMs: () => this.remainingMs(hold), release };
    const seat = new Seat(hold.seat.module, who.user, who.host, keeper);
    hold.handles.add(seat);
    return seat;
  }

  /** The own record is in the table: validity of every seat in it counts from the start of that commit. */
  confirm(record: InstanceRecord, since: Instant): void {
    for (const seat of record.seats) {
      const hold = this.byModule.get(seat.module);
      if (hold) Object.assign(hold, { seat, validity: validityOf(record, since), isDoubted: false });
    }
    this.tell();
  }

  get heard(): ReadonlySet<string> {
    return this.shown;
  }

  /** The table shows this seat: what it says to its holder is told, each message once to this instance. */
  tellMessages(seat: SeatRecord): void {
    const hold = this.byModule.get(seat.module);
    if (hold?.seat.id !== seat.id) return;
    for (const message of seat.messages ?? []) {
      if (this.shown.has(message.id)) continue;
      this.shown.add(message.id);
      for (const handle of hold.handles) handle.tellMessage(message);
    }
    for (const id of this.shown) {
      if (this.shown.size <= MOST_HEARD) break;
      this.shown.delete(id); // the oldest first
    }
  }

  /** Validity ends now. Only a confirmed beat restores it. */
  doubt(module: string): void {
    const hold = this.byModule.get(module);
    if (hold) hold.isDoubted = true;
    this.tell();
  }

  /** Validity ends for every seat that a record does not hold. */
  doubtMissing(record: InstanceRecord | undefined): void {
    const shown = new Set(record?.seats.map(({ module }) => module));
    for (const module of this.modules) if (!shown.has(module)) this.doubt(module);
  }

  /**
   * Validity is over, and another seat is asked for. An instance that counts as one user with the holder keeps the old
   * one.
   */
  moveOn(module: string, seatId: string): void {
    const hold = this.byModule.get(module);
    if (hold)
      Object.assign(hold, {
        seat: { ...hold.seat, id: seatId },
        validity: { ...hold.validity, validForMs: 0 },
      });
    this.tell();
  }

  lose(module: string, loss: Loss): void {
    const hold = this.byModule.get(module);
    this.byModule.delete(module);
    for (const seat of hold?.handles ?? []) seat.move('lost', () => seat.emit('lost', loss));
  }

  /** Takes handles off their seats. Gives the modules that this process holds no more. */
  drop(seats: readonly Seat[]): string[] {
    return seats.flatMap((seat) => {
      const hold = this.byModule.get(seat.module);
      const isLast = hold?.handles.delete(seat) === true && hold.handles.size === 0;
      return isLast && this.byModule.delete(seat.module) ? [seat.module] : [];
    });
  }

  /** Computes every state from the clocks, and tells what changed. */
  tell(): void {
    const now = this.now();
    for (const hold of this.byModule.values()) {
      const { validity, handles } = hold;
      const forMs = this.remainingMs(hold, now);
      const isLate = isOverdue(validity, now) || (this.answering !== null && isOverdue(this.answering, now));
      const state: SeatState = forMs <= 0 ? 'suspended' : isLate ? 'jeopardy' : 'seated';
      for (const seat of handles) if (seat.told !== state) tellOne(seat, state, forMs);
    }
  }

  /** At a pulse, so that the application has had the time to listen. */
  tellEnding(ending: Ending | null): void {
    if (ending === null) return;
    for (const { handles } of this.byModule.values()) for (const seat of handles) seat.tellEnding(ending);
  }

  private now(): Instant {
    return instantOf(this.clock);
  }
}

const leftMs = (validity: Validity, answering: Validity | null, now: Instant): number =>
  Math.min(remainingMs(validity, now), answering ? remainingMs(answering, now) : Number.POSITIVE_INFINITY);

function tellOne(seat: Seat, state: SeatState, leftMs: number): void {
  if (state === 'jeopardy')
    seat.move(state, () => seat.emit('jeopardy', { remainingMs: Math.round(leftMs) }));
  else if (state === 'suspended') seat.move(state, () => seat.emit('suspended'));
  else seat.move(state, () => seat.emit('safe'));
}
