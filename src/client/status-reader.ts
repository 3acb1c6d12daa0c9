import type { LicencePlace, LicenceStatus, ReadStatusOptions, StatusOptions } from '../api.js';
import type { Trust } from '../licence/trust.js';
import type { Deadline } from '../share/deadline.js';
import type { LicencePaths } from '../share/layout.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { whyNotOpened } from '../store/locate.js';
import type { Store } from '../store/store.js';
import { answeredBy, nameOf } from './answered.js';
import { checkReading, checkStatusOptions, trustIn } from './argument-checks.js';
import { firstPoll, openDeadline, openStore, storeAt } from './open-store.js';
import { viewOf } from './status-document.js';
import type { System } from './system.js';

/** How long a share may take to tell the status. Milliseconds. */
const PATIENCE_MS = 30_000;

const deadlineOf = (options: StatusOptions, system: System): Deadline =>
  openDeadline(system, { timeoutMs: PATIENCE_MS, ...options });

/** What is done, for the fault. */
const doing = 'reading its status';

/**
 * Reads the status of a licence that is open, beside what its instance asks of the share: no heartbeat waits for it. On
 * a share that hangs one operation of it is on its way at most, however often it is asked.
 */
export class StatusReader {
  private readonly store: Store;
  private readonly trust: Trust;
  private readonly system: System;

  constructor(paths: LicencePaths, trust: Trust, system: System) {
    this.system = oneByOne(system);
    this.trust = trust;
    this.store = storeAt(paths, trust, this.system, undefined);
  }

  get file(): string {
    return this.store.paths.licenceFile;
  }

  /** @throws SeatfileFault BAD_ARGUMENT, LICENCE_*, TABLE_*, SHARE_*, ABORTED */
  async read(options: StatusOptions): Promise<LicenceStatus> {
    checkStatusOptions(options);
    const deadline = deadlineOf(options, this.system);
    const what = { name: this.file, doing };
    return await answeredBy(deadline, () => this.readBy(deadline), this.system.clock, what);
  }

  private async readBy(deadline: Deadline): Promise<LicenceStatus> {
    const { store, trust, system } = this;
    const { licence, policy } = await firstPoll(store, system, deadline, undefined).catch((error) => {
      throw whyNotOpened(error);
    });
    return await viewOf({ store, licence, policy, trust, system });
  }
}

/** As readStatus, on any system. */
export async function readStatusWith(
  place: LicencePlace,
  options: ReadStatusOptions,
  given: System,
): Promise<LicenceStatus> {
  checkReading(place, options);
  const trust = trustIn(options.publicKey);
  const system = oneByOne(given);
  const deadline = deadlineOf(options, system);
  const read = async () =>
    viewOf({ ...(await openStore(place, system, { trust, deadline })), trust, system });
  return await answeredBy(deadline, read, system.clock, { name: nameOf(place), doing });
}

const oneByOne = (system: System): System => ({
  ...system,
  files: withTimeouts(system.files, system.clock, { answerMs: ANSWER_MS }),
});
