import type { LicencePlace, LicenceStatus, OpenLicence, OpenOptions, ReadStatusOptions } from './api.js';
import { instancesOfProcess } from './client/instances.js';
import { openAny } from './client/several-licences.js';
import { readStatusWith } from './client/status-reader.js';
import { realSystem } from './client/system.js';

export type * from './api.js';
export { SeatfileFault } from './licence/fault.js';

/**
 * Opens a licence on the share, and reads it once.
 *
 * Of a list of licences the first that can be reached is opened. Each claim asks them in the order of the list: the
 * next is opened and asked where one is out of reach for `patienceMs`, or has no free seat, or has not the module. So a
 * licence in the list is an entitlement of its own with its own seats, never a copy of another. A seat stays in the
 * licence that gave it. A claim with `wait` then waits in all of them at once, and takes the first seat that comes.
 * @param place the licence file; links are followed once, now. Or a key and a directory. Or a list of these
 * @throws SeatfileFault LICENCE_*, TABLE_*, SHARE_*, BAD_ARGUMENT; of a list: at once where one that can be reached is
 * wrong in itself
 */
export async function openLicence(
  place: LicencePlace | readonly LicencePlace[],
  options: OpenOptions = {},
): Promise<OpenLicence> {
  const system = realSystem();
  return await system.clock.awake(() => openAny(place, options, system, instancesOfProcess()));
}

/**
 * Reads which users hold seats, and what else `seatfile status --json` tells, without opening the licence. It takes no
 * lock and changes nothing.
 * @throws SeatfileFault LICENCE_*, TABLE_*, SHARE_*, BAD_ARGUMENT
 */
export async function readStatus(
  place: LicencePlace,
  options: ReadStatusOptions = {},
): Promise<LicenceStatus> {
  const system = realSystem();
  return await system.clock.awake(() => readStatusWith(place, options, system));
}
