import type { InstanceRecord, Licence, SeatRecord, Tombstone } from '../../src/licence/document.js';
import type { Office } from './office.js';
import { clockTime, UNANSWERED } from './trace.js';
import type { Standing, Writer } from './truth.js';

type Stone = Tombstone | undefined;

const BROKEN = 'did not answer within';
export const intervalMs = (record: InstanceRecord): number => 1000 * record.checkIntervalSeconds;
/** What an observer adds for its grace. Milliseconds. */
export const graceMs = (record: InstanceRecord): number => (7 / 6) * 1000 * record.graceSeconds;
/** How long a beat stands still before its record may be evicted. Milliseconds. */
export const deadAfterMs = (record: InstanceRecord): number => 1.75 * intervalMs(record) + graceMs(record);

/** The records, their beats, and the one law about those that go: no live user that can beat, or answer, is put out. */
export class Evictions {
  private readonly office: Office;
  standings: ReadonlyMap<string, Standing> = new Map();
  /** When each beat was first published: after a loss an earlier one may be there again. */
  private readonly beats = new Map<string, Omit<Standing, 'record'>>();
  /** The beats that the standing roll call names: since when, and the misfortune of the holder by then. */
  private called = new Map<string, { readonly atMs: number; readonly misfortuneMs: number }>();
  /** Removed, or put out where no rule saves the holder, which learns it at its next poll: in which revision. */
  readonly out = new Map<string, number>();
  /** Holders whose seat was ever taken away. By `host/pid module`. */
  readonly taken = new Set<string>();
  count = 0;

  constructor(office: Office) {
    this.office = office;
  }

  /** Every seat that was there and is no more. */
  follow(before: Licence, next: Licence, by: Writer): void {
    for (const record of next.instances)
      for (const { module, leaving } of record.seats) if (leaving) this.taken.add(`${record.note} ${module}`);
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
    if (stone?.reason === 'removed' || stone?.reason === 'banned') this.out.set(key, next.revision);
    else this.checkEvicted(record, seat.module, stone, by);
  }

  private checkEvicted(record: InstanceRecord, module: string, stone: Stone, by: Writer): void {
    this.count++;
    const holder = this.office.processAt(record.note);
    const standing = this.standings.get(record.id);
    if (!holder?.user.isAlive || holder.seatsIn(module).length === 0 || !standing) return;
    if (stone?.words === UNANSWERED && this.office.isClockSet(standing.beatAtMs, by.key))
      this.out.set(`${record.note} ${module}`, stone.revision);
    const [excusedMs, patientMs] = this.excuse(standing, stone, by.key);
    if (excusedMs >= patientMs / (1 + 2 * this.office.drift)) return;
    const who = `${record.user}@${record.host}/${record.pid} in ${module}, by ${by.who}`;
    const why = stone?.words ?? stone?.reason ?? 'no tombstone';
    const silence = `silent for ${clockTime(this.office.nowMs - standing.beatAtMs)}, ${clockTime(excusedMs)} excused`;
    this.office.report(
      'live user evicted',
      `${who} (${why}): ${silence}; T ${record.checkIntervalSeconds} s`,
    );
  }

  /** How long a holder could not beat or answer; and from how much on it may be evicted: 0.75 T, a poll, part of A. */
  private excuse(standing: Standing, stone: Stone, by: string): [number, number] {
    const { office } = this;
    const { record, misfortuneMsAtBeat } = standing;
    const ms = intervalMs(record);
    const nowMs = this.misfortuneOf(record);
    const { words, reason } = stone ?? {};
    if (words === UNANSWERED || words?.startsWith(BROKEN)) {
      const isByT = words === UNANSWERED;
      const pollMs = isByT ? ms / 8 : 250 * (record.answersWithin ?? Number.POSITIVE_INFINITY);
      const call = this.called.get(beatKey(record.id, record.beat));
      if (!call || office.nowMs - call.atMs < pollMs) return [0, Number.POSITIVE_INFINITY]; // it had no time to answer
      return [nowMs - call.misfortuneMs + (isByT ? office.slackMs(ms) : office.commitMs), pollMs];
    }
    const isSeen = reason === 'evicted' && record.level !== 'light' && this.hasWatched(standing, by);
    if (!isSeen) return [0, Number.POSITIVE_INFINITY];
    const sinceBeatMs = nowMs - misfortuneMsAtBeat + office.unheardMs(standing, by);
    return [sinceBeatMs + office.slackMs(ms), 0.75 * ms + graceMs(record)];
  }

  /** The evictor was awake, and in sight of the share, for as much silence; a gap counts for two polls at most. */
  private hasWatched({ record, beatAtMs }: Standing, by: string): boolean {
    const { ms, gaps } = this.office.watched(by, beatAtMs);
    const seenMs = ms + (gaps * intervalMs(record)) / 4;
    return seenMs >= deadAfterMs(record) / (1 + this.office.drift);
  }

  /** The table is this one now. */
  stand(next: Licence): void {
    this.standings = new Map(next.instances.map((record) => [record.id, this.standingOf(record)]));
  }

  turnTo(older: Licence): void {
    this.stand(older);
    const named = new Set(older.rollCall?.names.map(({ instance, beat }) => beatKey(instance, beat)));
    for (const key of this.called.keys()) if (!named.has(key)) this.called.delete(key);
  }

  private standingOf(record: InstanceRecord): Standing {
    const key = beatKey(record.id, record.beat);
    const fresh = () => ({ beatAtMs: this.office.nowMs, misfortuneMsAtBeat: this.misfortuneOf(record) });
    const beat = this.beats.get(key) ?? fresh();
    this.beats.set(key, beat);
    return { record, ...beat };
  }

  noteCalls({ instances, rollCall }: Licence, by: Writer): void {
    const before = this.called;
    this.called = new Map();
    for (const { instance, beat } of rollCall?.names ?? []) {
      const record = instances.find((one) => one.id === instance && one.beat === beat);
      if (!record) continue;
      const key = beatKey(instance, beat);
      const fresh = { atMs: this.office.nowMs, misfortuneMs: this.misfortuneOf(record) };
      this.called.set(key, before.get(key) ?? fresh);
      if (!before.has(key)) this.office.asked(by.key, record.note);
    }
  }

  private misfortuneOf(record: InstanceRecord): number {
    return this.office.processAt(record.note)?.misfortune.totalMs(this.office.nowMs) ?? 0;
  }
}

const beatKey = (instance: string, beat: number): string => `${instance} ${beat}`;
const seatKey = ({ id }: InstanceRecord, seat: SeatRecord): string => `${id} ${seat.id} ${seat.module}`;
const seatKeys = (record: InstanceRecord): string[] => record.seats.map((seat) => seatKey(record, seat));
