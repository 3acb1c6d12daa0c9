import type { InstanceRecord, Licence, SeatRecord, Waiter } from '../../src/licence/document.js';
import type { TruthOptions, Writer } from './truth.js';

/**
 * Rule 8, written down a second time on purpose: a given place waits for 60 s, a waiter for its own promise and 10 s.
 */
const TAKEN_MS = 60_000;
const OVERSTAY_MS = 10_000;
/** A waiter looks this often, at the most. Milliseconds. */
const LOOK_MS = 5000;

interface LineOptions
  extends Pick<TruthOptions, 'limits' | 'now' | 'holderOf' | 'drift' | 'report' | 'slackMs'> {
  /** When the table last went back to an older state. */
  readonly wentBackMs: () => number;
}

/** The waiters: first come, first served, and no instance waits where a place is free. */
export class Lines {
  private readonly options: LineOptions;
  /** When each came into a line, or was given a place: by its seat id, which is new for every wait. */
  private since = new Map<string, number>();
  /** Since when each stands in a line by the table's word, or stood in one that was lost: by instance and module. */
  private readonly stood = new Map<string, string>();
  /** Longest line seen, and how many places changed hands in one. */
  longest = 0;
  given = 0;

  constructor(options: LineOptions) {
    this.options = options;
  }

  follow(before: Licence, next: Licence, by: Writer): void {
    for (const module of Object.keys(this.options.limits)) {
      this.checkOrder(before, next, module);
      if (next.restored === undefined) this.checkIdle(next, module, by);
    }
    for (const waiter of before.waiting) {
      this.checkWhoLeft(waiter, next, by);
      this.stood.delete(`${waiter.instance} ${waiter.module}`);
    }
    this.checkGiven(before, next);
    this.remember(next);
  }

  /** Of those that share a new place, one had no live waiter before it; except if it puts its own record back. */
  private checkOrder(before: Licence, next: Licence, module: string): void {
    const line = before.waiting.filter((one) => one.module === module);
    const known = new Set(placesIn(before, module).map(({ seat }) => seat.id));
    const back = new Set(next.events.filter(({ kind }) => kind === 'back').map((event) => event['seat']));
    const isNew = ({ seat, record }: { seat: SeatRecord; record: InstanceRecord }) =>
      !known.has(seat.id) && !back.has(seat.id) && record.unconfirmed !== true; // put back after a loss
    const places = placesIn(next, module).filter(isNew);
    for (const id of new Set(places.map(({ seat }) => seat.id))) {
      const sharers = places.filter(({ seat }) => seat.id === id);
      const passed = sharers.map(({ record }) => {
        const own = line.findIndex((one) => one.instance === record.id);
        const before = own < 0 ? this.beforeLost(line, record.id) : line.slice(0, own);
        return before.find((one) => isStillIn(next, one));
      });
      const [first] = passed;
      if (first && !passed.includes(undefined))
        this.options.report('overtaken', `a new place in ${module} passed ${first.user}@${first.host}`);
    }
  }

  /**
   * Those before an instance that is in no line: all, but where it has lost its place with newer revisions it comes
   * back to that.
   */
  private beforeLost(line: readonly Waiter[], instance: string): readonly Waiter[] {
    const [module] = line.map((one) => one.module);
    const sinceAt = this.stood.get(`${instance} ${module}`);
    if (sinceAt === undefined) return line;
    return line.filter((one) => one.returns || Date.parse(one.sinceAt) < Date.parse(sinceAt));
  }

  private checkIdle(next: Licence, module: string, by: Writer): void {
    const inUse = new Set(placesIn(next, module).map(({ seat }) => seat.id)).size;
    const first = next.waiting.find((one) => one.module === module);
    if (first && inUse < (this.options.limits[module] ?? 0))
      this.options.report(
        'overtaken',
        `${by.who} left a place in ${module} free, and ${first.user}@${first.host} waits for one`,
      );
  }

  /** Seated, gone by itself, dead, or there for longer than it promised. */
  private checkWhoLeft(waiter: Waiter, next: Licence, by: Writer): void {
    if (isStillIn(next, waiter) || by.key === waiter.note) return;
    if (placesIn(next, waiter.module).some(({ record }) => record.id === waiter.instance)) return;
    const stoodMs = this.options.now() - (this.since.get(waiter.seat) ?? 0);
    const patienceMs = (waiter.waitSeconds * 1000 + OVERSTAY_MS) / (1 + this.options.drift);
    const isAlive = this.options.holderOf(waiter)?.isAlive ?? false;
    if (isAlive && stoodMs < patienceMs)
      this.options.report('overtaken', `${waiter.user}@${waiter.host} was put out of the line by ${by.who}`);
  }

  /**
   * A place that was given stays so for a minute; and not for much longer while the next in the queue is alive, looks
   * and can write.
   */
  private checkGiven(before: Licence, next: Licence): void {
    for (const module of Object.keys(this.options.limits))
      for (const { record, seat } of placesIn(before, module)) {
        if (seat.given !== true) continue;
        const sinceMs = this.since.get(`given ${seat.id}`) ?? this.options.now();
        const stoodMs = this.options.now() - sinceMs;
        const passed = next.events.some(
          (event) =>
            event.kind === 'passed over' && event['seat'] === seat.id && event['instance'] === record.id,
        );
        if (passed && stoodMs < TAKEN_MS / (1 + this.options.drift))
          this.options.report(
            'overtaken',
            `${record.user}@${record.host} was passed over after ${stoodMs} ms`,
          );
        const isHeld = placesIn(next, module).some((one) => one.seat.id === seat.id && one.seat.given);
        if (isHeld) this.checkLate(next, module, sinceMs, `${record.user}@${record.host}`);
      }
  }

  private checkLate(next: Licence, module: string, sinceMs: number, who: string): void {
    const longMs = (TAKEN_MS + 3 * LOOK_MS) * (1 + 2 * this.options.drift) + this.options.slackMs(60_000);
    const backMs = this.options.wentBackMs(); // it may be there again since then
    const able = next.waiting.find((one) => {
      const holder = this.options.holderOf(one);
      const cameMs = Math.max(sinceMs, backMs, this.since.get(one.seat) ?? Number.POSITIVE_INFINITY);
      if (one.module !== module || !holder?.isAlive) return false;
      const { ms, gaps } = holder.watched(cameMs);
      return gaps === 0 && ms > longMs && holder.misfortuneMs === 0;
    });
    if (able)
      this.options.report(
        'overtaken',
        `${who} has not taken his place in ${module}, and ${able.user}@${able.host} waits behind him`,
      );
  }

  private remember(next: Licence): void {
    for (const { instance, module, sinceAt } of next.waiting)
      this.stood.set(`${instance} ${module}`, sinceAt);
    const before = this.since;
    const nowMs = this.options.now();
    const given = Object.keys(this.options.limits).flatMap((module) =>
      placesIn(next, module).flatMap(({ seat }) => (seat.given ? [`given ${seat.id}`] : [])),
    );
    const keys = [...next.waiting.map(({ seat }) => seat), ...given]; // after a loss one may be there again
    this.since = new Map([...before, ...keys.map((key) => [key, before.get(key) ?? nowMs] as const)]);
    this.longest = Math.max(this.longest, next.waiting.length);
    this.given += next.events.filter(({ kind }) => kind === 'given').length;
  }
}

const isStillIn = (licence: Licence, waiter: Waiter): boolean =>
  licence.waiting.some((one) => one.seat === waiter.seat && one.instance === waiter.instance);

const placesIn = (licence: Licence, module: string) =>
  licence.instances.flatMap((record) =>
    record.seats.filter((seat) => seat.module === module).map((seat) => ({ record, seat })),
  );
