import type { Client } from './client.js';
import type { ClientContext } from './client-context.js';
import type { Releases } from './release.js';
import type { Seat } from './seat.js';

/** What a claim finds of the seats of its own process, and hands out of them. */
export class SeatsHere {
  private readonly context: ClientContext;
  private readonly client: Client;
  private readonly releases: Releases;

  constructor(context: ClientContext, client: Client, releases: Releases) {
    this.context = context;
    this.client = client;
    this.releases = releases;
  }

  /** A seat whose validity has ended is restored by a confirmed beat only. */
  async revive(modules: readonly string[]): Promise<void> {
    const { holds } = this.context;
    for (const module of modules) {
      const hold = holds.get(module);
      if (hold && holds.remainingMs(hold) <= 0) await this.client.beat().catch(() => undefined);
    }
  }

  /** The modules of which this process has no valid seat. It counts for now: a seat is given back at any time. */
  invalid(modules: readonly string[]): string[] {
    const { holds } = this.context;
    return modules.filter((module) => {
      const hold = holds.get(module);
      return hold === undefined || holds.remainingMs(hold) <= 0;
    });
  }

  /** The modules of which it has no seat at all now. */
  missing(modules: readonly string[]): string[] {
    return modules.filter((module) => this.context.holds.get(module) === undefined);
  }

  /** One more handle on the seat of each. */
  handles(modules: readonly string[]): Seat[] {
    const { clock, holds, patienceMs, who } = this.context;
    const release = (seat: Seat) =>
      clock.awake(() => this.releases.leave([seat], this.client.table.deadline(patienceMs)));
    return modules.flatMap((module) => {
      const hold = holds.get(module);
      return hold ? [holds.addHandle(hold, who, release)] : [];
    });
  }

  /** These were granted to a claim that gets nothing in the end. No caller has a handle on them yet. */
  giveUp(modules: readonly string[]): void {
    if (modules.length === 0) return;
    for (const module of this.context.holds.drop(this.handles(modules))) this.releases.takeBack(module);
    this.client.seatsOver();
  }
}
