import type { Licence } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import type { Draft } from '../licence/revision.js';
import { giveBack } from '../rules/give-back.js';
import { inTime, LATE } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import { LATE_MS } from './answered.js';
import type { Client } from './client.js';
import type { ClientContext } from './client-context.js';
import type { Seat } from './seat.js';
import { PATIENCE_MS } from './table-view.js';

/** Seats are given up at once. The release is committed again and again until the share confirms it. */
export class Releases {
  private readonly context: ClientContext;
  private readonly client: Client;
  /** Modules whose release the share has not confirmed yet. The next release includes them. */
  private readonly owed = new Set<string>();
  /** Modules with an undecided claim: it may still be published, as long as its number is free. */
  private readonly doubtful = new Set<string>();
  private isPayingBack = false;

  constructor(context: ClientContext, client: Client) {
    this.context = context;
    this.client = client;
  }

  /** @throws SeatfileFault when the share did not confirm; the seats are given up all the same */
  async leave(seats: readonly Seat[], deadline: Deadline, owed: readonly string[] = []): Promise<void> {
    const { holds, queue } = this.context;
    for (const seat of seats) seat.move('leaving', () => undefined);
    const modules = [...holds.drop(seats), ...owed];
    for (const module of modules) this.owed.add(module);
    try {
      const release = () => (modules.length > 0 ? this.commitRelease(modules, deadline) : Promise.resolve());
      await this.withinDeadline(modules.length > 0 ? queue.run(release) : release(), deadline);
    } catch (error) {
      void this.payBack();
      throw error;
    } finally {
      for (const seat of seats) seat.move('left', () => seat.emit('released'));
      this.client.seatsOver();
    }
  }

  /** Seats, these places in queues, and all that is still owed. @throws SeatfileFault as {@link leave} */
  leaveWith(seats: readonly Seat[], deadline: Deadline, lines: readonly string[]): Promise<void> {
    return this.leave(seats, deadline, [...this.owed, ...lines]);
  }

  /** Takes back a claim that may still be published. If that fails too, its record is evicted like any silent one. */
  takeBack(module: string): void {
    this.owed.add(module);
    this.doubtful.add(module);
    const takeBack = () => this.commitRelease([module], this.client.table.deadline(PATIENCE_MS));
    void this.context.queue.run(takeBack).catch(() => this.payBack());
  }

  /** Repeats the releases that the share did not confirm, at the pace of polls, as long as the process runs. */
  private async payBack(): Promise<void> {
    if (this.isPayingBack) return;
    const { clock, queue } = this.context;
    const { table } = this.client;
    this.isPayingBack = true;
    while (this.owed.size > 0) {
      await clock.sleep(table.pollPeriodMs);
      const pay = () => this.commitRelease([...this.owed], table.deadline(PATIENCE_MS));
      await queue.run(pay).catch(() => undefined);
    }
    this.isPayingBack = false;
  }

  /** The caller is answered at the deadline, whatever hangs before this release. */
  private async withinDeadline(done: Promise<void>, deadline: Deadline): Promise<void> {
    const { clock } = this.context;
    done.catch(() => undefined);
    const leftMs = deadline.untilMs - clock.elapsedMs() + LATE_MS;
    if ((await inTime(clock, leftMs, done)) === LATE) throw unconfirmed(this.client.table.path, null);
  }

  private async commitRelease(modules: readonly string[], deadline: Deadline): Promise<void> {
    await this.client.commit(
      ({ licence }) => ({ answer: null, draft: this.without(modules, licence) }),
      deadline,
    );
    for (const module of modules) {
      this.owed.delete(module);
      this.doubtful.delete(module);
    }
  }

  /** The rest of the record stays. With its last seat the record goes. */
  private without(modules: readonly string[], base: Licence): Draft | null {
    const left = modules.filter((module) => !this.context.holds.get(module)); // not if it is held again
    const released = giveBack(base, this.context.identity.id, left);
    // There may be nothing to take back yet. Then a revision without a change takes the number that a late claim needs.
    const isLate = left.some((module) => this.doubtful.has(module));
    return released ?? (isLate ? { licence: base, events: [] } : null);
  }
}

/** A seat was given up, and it is unknown whether the table has it. */
export const unconfirmed = (file: string, cause: unknown): SeatfileFault =>
  new SeatfileFault(
    'COMMIT_UNKNOWN',
    `${file}: the share has not confirmed that a seat was given back; look again once it answers (seatfile status)`,
    {
      cause,
      details: { path: file },
    },
  );

/** Seats that come too late to be given to the caller. @throws SeatfileFault COMMIT_UNKNOWN */
export async function releaseAll(seats: readonly Seat[], file: string): Promise<void> {
  await Promise.all(seats.map((seat) => seat.release())).catch((cause: unknown) => {
    throw unconfirmed(file, cause);
  });
}
