import type { Licence } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import type { Draft } from '../licence/revision.js';
import { release } from '../rules/queue.js';
import { inTime, LATE } from '../share/clock.js';
import type { Limits } from '../share/deadline.js';
import type { Client } from './client.js';
import type { ClientContext } from './client-context.js';
import type { Seat } from './seat.js';
import { PATIENCE_MS } from './table-view.js';

/** What an answer may take longer than its deadline, so that a fault that knows more comes first. Milliseconds. */
export const LATE_MS = 500;

/** Seats are left at once, and given back until the share has confirmed it. */
export class Releases {
  private readonly context: ClientContext;
  private readonly client: Client;
  /** Modules that were left without the share's confirmation: given back again with the next. */
  private readonly owed = new Set<string>();
  /** Modules whose claim may still be carried out, as long as its number is free. */
  private readonly doubtful = new Set<string>();
  private isPayingBack = false;

  constructor(context: ClientContext, client: Client) {
    this.context = context;
    this.client = client;
  }

  /** @throws SeatfileFault when the share did not confirm; the seats are left all the same */
  async leave(seats: readonly Seat[], limits: Limits, owed: readonly string[] = []): Promise<void> {
    const { holds, queue } = this.context;
    for (const seat of seats) seat.move('leaving', () => undefined);
    const modules = [...holds.drop(seats), ...owed];
    for (const module of modules) this.owed.add(module);
    try {
      const release = () => (modules.length > 0 ? this.commitRelease(modules, limits) : Promise.resolve());
      await this.withinLimits(modules.length > 0 ? queue.run(release) : release(), limits);
    } catch (error) {
      void this.payBack();
      throw error;
    } finally {
      for (const seat of seats) seat.move('left', () => seat.emit('released'));
      this.client.seatsOver();
    }
  }

  /** Seats, these places in lines, and whatever is still owed. @throws SeatfileFault as {@link leave} */
  leaveWith(seats: readonly Seat[], limits: Limits, lines: readonly string[]): Promise<void> {
    return this.leave(seats, limits, [...this.owed, ...lines]);
  }

  /** A claim that may yet come true is taken back; if that fails too, the record dies like any silent one. */
  takeBack(module: string): void {
    this.owed.add(module);
    this.doubtful.add(module);
    const takeBack = () => this.commitRelease([module], this.client.table.limits(PATIENCE_MS));
    void this.context.queue.run(takeBack).catch(() => this.payBack());
  }

  /** What the share did not take back it is offered again, at the pace of looks, for as long as the process runs. */
  private async payBack(): Promise<void> {
    if (this.isPayingBack) return;
    const { clock, queue } = this.context;
    const { table } = this.client;
    this.isPayingBack = true;
    while (this.owed.size > 0) {
      await clock.sleep(table.lookPeriodMs);
      const pay = () => this.commitRelease([...this.owed], table.limits(PATIENCE_MS));
      await queue.run(pay).catch(() => undefined);
    }
    this.isPayingBack = false;
  }

  /** Whoever leaves is answered at his deadline, whatever hangs before him. */
  private async withinLimits(done: Promise<void>, limits: Limits): Promise<void> {
    const { clock } = this.context;
    done.catch(() => undefined);
    const leftMs = limits.untilMs - clock.elapsedMs() + LATE_MS;
    if ((await inTime(clock, leftMs, done)) === LATE) throw unconfirmed(this.client.table.path, null);
  }

  private async commitRelease(modules: readonly string[], limits: Limits): Promise<void> {
    await this.client.commit(
      ({ licence }) => ({ answer: null, draft: this.without(modules, licence) }),
      limits,
    );
    for (const module of modules) {
      this.owed.delete(module);
      this.doubtful.delete(module);
    }
  }

  /** The rest of the record stays; with the last seat it goes. */
  private without(modules: readonly string[], base: Licence): Draft | null {
    const left = modules.filter((module) => !this.context.holds.get(module)); // not if taken again meanwhile
    const released = release(base, this.context.identity.id, left);
    // With nothing to take back yet, a revision that changes nothing takes the number that a late claim would need.
    const isLate = left.some((module) => this.doubtful.has(module));
    return released ?? (isLate ? { licence: base, events: [] } : null);
  }
}

/** A seat is left, and whether the table knows is not. */
export const unconfirmed = (file: string, cause: unknown): SeatfileFault =>
  new SeatfileFault('COMMIT_UNKNOWN', `${file}: the share has not confirmed that a seat was given back`, {
    cause,
  });
