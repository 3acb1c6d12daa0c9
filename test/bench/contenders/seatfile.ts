import { writeFile } from 'node:fs/promises';
import nodePath from 'node:path';
import { openWith } from '../../../src/client/open-licence.js';
import type { Seat } from '../../../src/client/seat.js';
import { realSystem } from '../../../src/client/system.js';
import { sealUnsigned } from '../../../src/licence/entitlement.js';
import { firstLicence } from '../../../src/licence/revision.js';
import { formatLicence } from '../../../src/licence/text.js';
import { loadLockfile } from '../../../src/store/lock.js';
import { type OpenOptions, PATIENT_MS, type Session } from './contender.js';
import { Meter, metered } from './meter.js';

const MODULE = 'CAD';

await loadLockfile(); // as the loop has: no import is counted but in the row about it

/** The folder is there too: as `seatfile init` leaves it. */
export async function prepare(directory: string, places: number): Promise<string> {
  const file = nodePath.join(directory, 'licence.json');
  const modules = [{ module: MODULE, maxUsers: places }];
  const sealed = sealUnsigned({ licenceId: 'bench', issuedAt: new Date().toISOString(), modules });
  const first = firstLicence(sealed, {}, { lineage: 'bench', commit: 'first' });
  await writeFile(file, formatLicence(first, 'pretty'));
  const licence = await openWith(file, { user: 'administrator' }, realSystem());
  const claim = await licence.acquire(MODULE);
  if (claim.kind !== 'seated') throw new Error(`expected a seat in a new table, got ${claim.kind}`);
  await licence.close();
  return file;
}

/** The shipped code on the shipped port, which is counted. */
export async function open(file: string, { user, delayMs }: OpenOptions): Promise<Session> {
  const system = realSystem();
  const meter = new Meter(delayMs);
  const files = metered(system.files, meter);
  const licence = await openWith(file, { user, timeoutMs: PATIENT_MS }, { ...system, files });
  let seat: Seat | null = null;
  return {
    acquire: async () => {
      const claim = await licence.acquire(MODULE);
      if (claim.kind === 'refused') throw new Error(`refused: ${claim.reason}`);
      if (claim.kind === 'seated') seat = claim.seat;
      return claim.kind;
    },
    release: async () => await seat?.release(),
    traffic: () => meter.traffic,
    isSeated: () => seat?.valid === true,
  };
}
