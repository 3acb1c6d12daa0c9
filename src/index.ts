import type {
  CreatedLicence,
  CreateOptions,
  Journal,
  JournalOptions,
  LicencePlace,
  LicenceStatus,
  OpenLicence,
  OpenOptions,
  ReadStatusOptions,
  Removal,
  RemoveOptions,
  SeatSelection,
} from './api.js';
import { instancesOfProcess } from './client/instances.js';
import { openAny } from './client/several-licences.js';
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
 * Frees seats, as `seatfile remove` does: in one commit, with the name of the administrator in the journal. Each holder
 * is told by whom and why, and its user may take a seat again. That no seat matches is an answer: `seats` is empty.
 * @param selection at least one of its keys; `{ all: true }` for every seat
 * @throws SeatfileFault BAD_ARGUMENT, UNKNOWN_MODULE, ABORTED, LICENCE_*, TABLE_*, SHARE_*, COMMIT_UNKNOWN
 */
export async function removeSeats(
  place: LicencePlace,
  selection: SeatSelection,
  options: RemoveOptions = {},
): Promise<Removal> {
  const system = realSystem();
  return await system.clock.awake(async () => {
    const administering = await import('./client/administering.js');
    return await administering.removeSeats(place, selection, options, system);
  });
}

/**
 * Creates an unsigned licence for in-house use, as `seatfile init` does: tests the place as `seatfile doctor` does,
 * writes the file, and tries one commit. Never overwrites anything.
 * @throws SeatfileFault LICENCE_EXISTS, LICENCE_MISSING (no such directory), SHARE_*, BAD_ARGUMENT, ABORTED
 */
export async function createLicence(path: string, options: CreateOptions): Promise<CreatedLicence> {
  const system = realSystem();
  return await system.clock.awake(async () => {
    const [{ createLicenceWith }, { describeBriefly }] = await Promise.all([
      import('./client/creating-unsigned.js'),
      import('./cli/doctor-text.js'),
    ]);
    return await createLicenceWith(path, options, system, describeBriefly);
  });
}

/**
 * Reads what happened: which users were seated, refused, evicted or removed, when, and by whom. Takes no lock, and
 * changes nothing. All of it is held in memory: narrow it by `since` where years are kept.
 * @throws SeatfileFault LICENCE_*, TABLE_*, SHARE_*, UNKNOWN_MODULE, BAD_ARGUMENT, ABORTED
 */
export async function readJournal(place: LicencePlace, options: JournalOptions = {}): Promise<Journal> {
  const system = realSystem();
  return await system.clock.awake(async () => {
    const { readJournalWith } = await import('./client/reading-journal.js');
    return await readJournalWith(place, options, system);
  });
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
  return await system.clock.awake(async () => {
    const { readStatusWith } = await import('./client/status-reader.js');
    return await readStatusWith(place, options, system);
  });
}
