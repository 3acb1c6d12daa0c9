import type { LicencePlace } from '../api.js';
import { closedFault, SeatfileFault } from '../licence/fault.js';
import { type Clock, inTime, LATE } from '../share/clock.js';
import { abortedFault, nameOf } from './answered.js';
import type { OpenLicence } from './open-licence.js';

/** One of several licences. It is opened when it is asked for the first time, and stays open. */
export class ListedLicence {
  onOpened: (licence: OpenLicence) => void = () => undefined;
  private readonly place: LicencePlace;
  private readonly openIt: () => Promise<OpenLicence>;
  private readonly clock: Clock;
  private opened: OpenLicence | null = null;
  /** An opening that outlives the patience goes on, for the next claim. */
  private opening: Promise<OpenLicence> | null = null;
  private isClosed = false;

  constructor(place: LicencePlace, openIt: () => Promise<OpenLicence>, clock: Clock) {
    this.place = place;
    this.openIt = openIt;
    this.clock = clock;
  }

  /** Null before it was reached. */
  get licence(): OpenLicence | null {
    return this.opened;
  }

  /** @param endMs how long its opening is waited for, on the monotonic clock; null: as long as it takes. */
  async reach(endMs: number | null, signal: AbortSignal | undefined): Promise<OpenLicence> {
    if (this.opened) return this.opened;
    const ms = endMs === null ? Number.POSITIVE_INFINITY : endMs - this.clock.elapsedMs();
    const answer = await inTime(this.clock, ms, this.open(), signal);
    if (answer !== LATE) return answer;
    if (signal?.aborted) throw abortedFault({ name: this.name, doing: 'the claim' }, signal);
    throw new SeatfileFault('SHARE_UNREACHABLE', `${this.name}: no answer from the share; is it connected?`, {
      details: { path: this.name },
    });
  }

  /** An opening that is under way is not waited for: it closes what it opens. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.opened?.close();
  }

  private open(): Promise<OpenLicence> {
    this.opening ??= this.openIt()
      .then((licence) => this.keep(licence))
      .finally(() => {
        this.opening = null;
      });
    return this.opening;
  }

  private async keep(licence: OpenLicence): Promise<OpenLicence> {
    if (this.isClosed) {
      await licence.close();
      throw closedFault(licence.file);
    }
    this.opened = licence;
    this.onOpened(licence);
    return licence;
  }

  private get name(): string {
    return nameOf(this.place);
  }
}
