import type { OpenLicence, OpenOptions } from './api.js';
import { openWith } from './client/open-licence.js';
import { instancesOfProcess } from './client/shared-instance.js';
import { realSystem } from './client/system.js';

export type * from './api.js';
export { SeatfileFault } from './licence/fault.js';

/**
 * Opens a licence on the share, and reads it once.
 * @param path the licence file; links are followed once, now
 * @throws SeatfileFault LICENCE_*, TABLE_*, SHARE_*, BAD_ARGUMENT
 */
export async function openLicence(path: string, options: OpenOptions = {}): Promise<OpenLicence> {
  const system = realSystem();
  return await system.clock.awake(() => openWith(path, options, system, instancesOfProcess()));
}
