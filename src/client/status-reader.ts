import type { LicencePlace, LicenceStatus, ReadStatusOptions } from '../api.js';
import { SeatfileFault } from '../licence/fault.js';
import type { Trust } from '../licence/trust.js';
import { inTime, LATE } from '../share/clock.js';
import type { LicencePaths } from '../share/layout.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { whyNotOpened } from '../store/locate.js';
import type { Store } from '../store/store.js';
import { checkReading, trustIn } from './argument-checks.js';
import { firstPoll, openDeadline, openStore, storeAt } from './open-store.js';
import { viewOf } from './status.js';
import type { System } from './system.js';

/** How long a share may take to tell the status. Milliseconds. */
const PATIENCE_MS = 30_000;

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

  /** @throws SeatfileFault LICENCE_*, TABLE_*, SHARE_* */
  async read(timeoutMs = PATIENCE_MS): Promise<LicenceStatus> {
    const asked = this.readNow().catch((error: unknown) => {
      throw whyNotOpened(error);
    });
    return await answered(asked, this.store.paths.licenceFile, timeoutMs, this.system);
  }

  private async readNow(): Promise<LicenceStatus> {
    const { store, trust, system } = this;
    const { licence, policy } = await firstPoll(store, system, openDeadline(system), undefined);
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
  const asked = openStore(place, system, { trust }).then((opened) => viewOf({ ...opened, trust, system }));
  const name = typeof place === 'string' ? place : `${place.key} in ${place.in}`;
  return await answered(asked, name, options.timeoutMs ?? PATIENCE_MS, system);
}

const oneByOne = (system: System): System => ({
  ...system,
  files: withTimeouts(system.files, system.clock, { answerMs: ANSWER_MS }),
});

async function answered(
  asked: Promise<LicenceStatus>,
  name: string,
  timeoutMs: number,
  { clock }: System,
): Promise<LicenceStatus> {
  const answer = await inTime(clock, timeoutMs, asked);
  if (answer !== LATE) return answer;
  throw new SeatfileFault(
    'SHARE_UNREACHABLE',
    `${name}: no answer from the share within ${timeoutMs / 1000} s; is it connected?`,
  );
}
