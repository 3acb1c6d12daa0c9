import type { InstanceRecord, Licence, SeatRecord, Tombstone } from '../../src/licence/document.js';
import type { Office } from './office.js';
import { clockTime, UNANSWERED } from './trace.js';
import type { Standing, Writer } from './truth.js';

const BROKEN = 'did not answer within';
/** A holder is not put out whose beat is so late, or that could not poll for so long, of its check interval. */
const LATE_INTERVALS = 0.75;
const POLL_INTERVALS = 1 / 8;

const intervalMs = (record: InstanceRecord): number => 1000 * record.checkIntervalSeconds;
const graceMs = (record: InstanceRecord): number => (7 / 6) * 1000 * record.graceSeconds;
/** How long a beat stands still before its record may be evicted. Milliseconds. */
export const deadAfterMs = (record: InstanceRecord): number => 1.75 * intervalMs(record) + graceMs(record);

/** A holder in the roll call that stands, and its misfortune when it was named. */
interface Called {
  readonly beat: number;
  readonly misfortuneMs: number;
}

/** The records, their beats, and the one law about those that go: no live user that can beat, or answer, is put out. */
export class Evictions {
  private readonly office: Office;
  standings: ReadonlyMap<string, Standing> = new Map();
  /** When each beat was first published: after a loss an earlier one may be there again. */
  private readonly beats = new Map<string, Omit<Standing, 'record'>>();
  private called = new Map<string, Called>();
  /**
   * Removed by the administrator, or put out where no rule saves the holder: the revision. The holder may take its seat for
   * valid until its next poll. By `host/pid module`.
   */
  readonly out = new Map<string, number>();
  /** Holders whose seat was ever taken away. By `host/pid module`. */
  readonly taken = new Set<string>();
  count = 0;

  constructor(office: Office) {
    this.office = office;
  }

  /** Every seat that was there and is no more. */
  follow(before: Licence, next: Licence, by: Writer): void {
    const kept = new Set(next.instances.flatMap(seatKeys));
    for (const record of before.instances)
      for (const seat of record.seats)
        if (!kept.has(seatKey(record, seat))) this.checkGone(record, seat, next, by);
  }

  private checkGone(record: InstanceRecord, seat: SeatRecord, next: Licence, by: Writer): void {
    const key = `${record.note} ${seat.module}`;
    const stone = next.gone.findLast((one) => one.instance === record.id && one.seat === seat.id);
    if (stone) this.taken.add(key);
    const isTold = next.events.some((event) => event['seat'] === seat.id && event['instance'] === record.id);
    const isRecalled = next.events.some(({ kind }) => kind === 'forgotten' || kind === 'reminded');
    if (isRecalled && !isTold) return; // gone in lost revisions already, as a process remembers
    if (by.key === record.note || seat.given === true) return;
    if (stone?.reason === 'removed') this.out.set(key, next.revision);
    else this.checkEvicted(record, seat.module, stone, by);
  }

  private checkEvicted(
    record: InstanceRecord,
    module: string,
    stone: Tombstone | undefined,
    by: Writer,
  ): void {
    this.count++;
    const holder = this.office.processAt(record.note);
    const standing = this.standings.get(record.id);
    if (!holder?.user.isAlive || holder.seatsIn(module).length === 0 || !standing) return;
    const isUnanswered = stone?.words === UNANSWERED;
    if (isUnanswered && this.office.isClockSet(standing.beatAtMs, by.key))
      this.out.set(`${record.note} ${module}`, stone.revision);
    const { dueMs, excusedMs } = this.patience(standing, stone, by.key);
    if (excusedMs >= dueMs / (1 + 2 * this.office.drift)) return;
    const silence = clockTime(this.office.nowMs - standing.beatAtMs);
    this.office.report(
      'live user evicted',
      `${record.user}@${record.host}/${record.pid} in ${module}, by ${by.who} (${stone?.words ?? stone?.reason ?? 'no tombstone'}): silent for ${silence}, ${clockTime(excusedMs)} of it excused; T ${clockTime(intervalMs(record))}`,
    );
  }

  /** How long a holder may be kept from beating, or answering, until it may be put out; and how long it was, at most. */
  private patience(
    standing: Standing,
    stone: Tombstone | undefined,
    by: string,
  ): { dueMs: number; excusedMs: number } {
    const { record, beatAtMs, misfortuneMsAtBeat } = standing;
    const { office } = this;
    const misfortuneMs = this.misfortuneOf(record);
    const ms = intervalMs(record);
    const called = this.called.get(record.id);
    const fromMs = called?.beat === record.beat ? called.misfortuneMs : misfortuneMsAtBeat;
    const answerMs = 1000 * (record.answersWithin ?? Number.POSITIVE_INFINITY);
    if (stone?.words === UNANSWERED)
      return { dueMs: POLL_INTERVALS * ms, excusedMs: misfortuneMs - fromMs + office.slackMs(ms) };
    if (stone?.words?.startsWith(BROKEN))
      return { dueMs: answerMs / 4, excusedMs: misfortuneMs - fromMs + office.commitMs };
    if (stone?.reason !== 'evicted' || record.level === 'light')
      return { dueMs: Number.POSITIVE_INFINITY, excusedMs: 0 };
    const unheardMs = this.office.unheardMs({ record, beatAtMs, misfortuneMsAtBeat }, by);
    const excusedMs = misfortuneMs - misfortuneMsAtBeat + unheardMs + office.slackMs(ms);
    return { dueMs: LATE_INTERVALS * ms + graceMs(record), excusedMs };
  }

  /** The table is this one now. */
  stand(next: Licence): void {
    const standingOf = (record: InstanceRecord): Standing => ({ record, ...this.beatOf(record) });
    this.standings = new Map(next.instances.map((record) => [record.id, standingOf(record)]));
  }

  turnTo(older: Licence): void {
    this.stand(older);
    const names = new Set(older.rollCall?.names.map(({ instance }) => instance));
    for (const id of this.called.keys()) if (!names.has(id)) this.called.delete(id);
  }

  private beatOf(record: InstanceRecord): Omit<Standing, 'record'> {
    const key = `${record.id} ${record.beat}`;
    const beat = this.beats.get(key) ?? {
      beatAtMs: this.office.nowMs,
      misfortuneMsAtBeat: this.misfortuneOf(record),
    };
    this.beats.set(key, beat);
    return beat;
  }

  noteCalls({ instances, rollCall }: Licence, by: Writer): void {
    const before = this.called;
    this.called = new Map();
    for (const { instance, beat } of rollCall?.names ?? []) {
      const record = instances.find((one) => one.id === instance);
      if (record?.beat !== beat) continue;
      const known = before.get(instance);
      const isKnown = known?.beat === beat;
      this.called.set(instance, isKnown ? known : { beat, misfortuneMs: this.misfortuneOf(record) });
      if (!isKnown) this.office.asked(by.key);
    }
  }

  private misfortuneOf(record: InstanceRecord): number {
    return this.office.processAt(record.note)?.misfortune.totalMs(this.office.nowMs) ?? 0;
  }
}

const seatKey = ({ id }: InstanceRecord, seat: SeatRecord): string => `${id} ${seat.id} ${seat.module}`;
const seatKeys = (record: InstanceRecord): string[] => record.seats.map((seat) => seatKey(record, seat));
