import type { LicencePlace, Removal, RemoveOptions, SeatSelection } from '../api.js';
import { grantOf } from '../licence/entitlement.js';
import { inFile } from '../licence/fault.js';
import type { Deadline } from '../share/deadline.js';
import { answeredBy, nameOf } from './answered.js';
import { abortSignalOf, checkRemoval, trustIn } from './argument-checks.js';
import { actorOf } from './machine.js';
import { openStore } from './open-store.js';
import { type Administration, dryRun, nothingRemoved, removeChosen, seatsFor } from './removal.js';
import type { System } from './system.js';

/** Administration from code: the library does what the commands do. */

const PATIENCE_MS = 90_000;

/** @throws SeatfileFault BAD_ARGUMENT, UNKNOWN_MODULE, ABORTED, LICENCE_*, TABLE_*, SHARE_*, COMMIT_UNKNOWN */
export async function removeSeats(
  place: LicencePlace,
  selection: SeatSelection,
  options: RemoveOptions,
  system: System,
): Promise<Removal> {
  checkRemoval(place, selection, options);
  const { reason = null, gently = false } = options;
  return await administer({ place, doing: 'removing seats' }, options, system, async (at) => {
    const { module } = selection;
    if (module !== undefined) inFile(at.store.paths.licenceFile, () => grantOf(at.policy, module));
    const request = { selection, chosen: await seatsFor(at, selection), reason, gently };
    if (options.dryRun) return await dryRun(at, request);
    return request.chosen.length === 0 ? nothingRemoved(at, request) : await removeChosen(at, request);
  });
}

/**
 * Opens a table, acts, and waits for what goes on behind the answer. The signal is heeded at every step; a commit whose
 * fate is being decided is waited for, so that the answer is true.
 */
async function administer<T>(
  { place, doing }: { readonly place: LicencePlace; readonly doing: string },
  options: Pick<RemoveOptions, 'publicKey' | 'actor' | 'timeoutMs' | 'signal' | 'onSlow'>,
  system: System,
  act: (at: Administration) => Promise<T>,
): Promise<T> {
  const { clock, facts } = system;
  const { actor = actorOf(facts), timeoutMs = PATIENCE_MS, onSlow } = options;
  const signal = options.signal && abortSignalOf(options.signal);
  const deadline: Deadline = { untilMs: clock.elapsedMs() + timeoutMs, signal };
  const opening = { trust: trustIn(options.publicKey), deadline, ...(onSlow && { onSlow }) };
  const what = { name: nameOf(place), doing };
  const opened = await answeredBy(deadline, () => openStore(place, system, opening), clock, what);
  const { store } = opened;
  try {
    const acted = () => act({ ...opened, system, actor, deadline: () => deadline });
    return await answeredBy({ untilMs: deadline.untilMs }, acted, clock, what);
  } finally {
    await answeredBy({ untilMs: deadline.untilMs }, () => store.settled(), clock, what).catch(
      () => undefined,
    );
  }
}
