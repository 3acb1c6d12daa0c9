import { actorOf } from '../client/machine.js';
import { openStore } from '../client/open-store.js';
import { examineDeps, type System } from '../client/system.js';
import { examine } from '../doctor/examine.js';
import { type Finding, worstFirst } from '../doctor/findings.js';
import { findTarget } from '../doctor/first-look.js';
import type { Licence } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import type { EventDraft } from '../licence/revision.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { createLicenceFile, removeLicenceFile } from '../store/create.js';
import { waitingReporter } from './asking.js';
import { describeBriefly } from './doctor-text.js';
import type { World } from './world.js';

/** A licence file and its table come into being: for `init`, and for the first `install`. */

export interface Creation {
  readonly file: string;
  readonly licence: Licence;
  /**
   * The first entry of its journal; throws where nothing is to be made.
   * @param shareTimeMs by the server's clock; null where no directory can be made, and so no table
   */
  readonly event: (shareTimeMs: number | null) => EventDraft;
  /** Create it even where the tests say that seats would not be safe. */
  readonly force: boolean;
}

/**
 * Creates the file and the table. A signal gives up only what comes before the file: the rest takes a moment.
 * @returns the resolved path
 */
export async function create(
  { file, licence, event, force }: Creation,
  world: World,
  signal: AbortSignal,
): Promise<string> {
  const system = world.system();
  const files = withTimeouts(system.files, system.clock, {
    answerMs: ANSWER_MS,
    onSlow: waitingReporter(world),
  });
  const events: EventDraft[] = [];
  const licenceFile = await createLicenceFile(file, licence, files, async (asked) => {
    events.push(event(await examinePlace(asked, { force }, world, signal)));
  });
  await tryCommit(licenceFile, events, system, world).catch(async (error: unknown) => {
    const isUnknown = error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN';
    if (!isUnknown) await removeLicenceFile(licenceFile, files);
    throw error;
  });
  return licenceFile;
}

/** Under which findings a licence is made or installed all the same. */
export interface PlaceTerms {
  /** Where seats would not be safe; never where no table can be. */
  readonly force: boolean;
  /** The table is there already, and its users are no better off without the change. */
  readonly isInUse?: boolean | undefined;
}

/**
 * All that doctor tests without a second PC. It takes seconds at most.
 * @returns the server's clock; null where no directory could be made
 * @throws SeatfileFault where the place is unfit
 */
export async function examinePlace(
  licenceFile: string,
  terms: PlaceTerms,
  world: World,
  signal: AbortSignal,
): Promise<number | null> {
  const about = examineDeps(world.system(), ANSWER_MS, waitingReporter(world));
  const target = await findTarget(licenceFile, about.files);
  const { findings, unreachable, shareTimeMs } = await examine(target, about, { signal });
  if (unreachable)
    throw new SeatfileFault(
      'SHARE_UNREACHABLE',
      `${licenceFile}: the share stopped answering (${unreachable.message})`,
    );
  const bad = worstFirst(findings).filter(({ severity }) => severity === 'unfit' || severity === 'warning');
  const [worst] = bad;
  if (worst?.severity === 'unfit' && !isOverruled(worst, terms)) throw unfit(licenceFile, worst, terms);
  for (const finding of bad) world.err(`Warning: ${describeBriefly(finding)}\n`);
  return shareTimeMs;
}

/** Where a table is in use, only what would make the change fail is in its way. */
const isOverruled = ({ check }: Finding, { force, isInUse = false }: PlaceTerms): boolean =>
  check !== 'wrongPlace' && (isInUse ? check !== 'rights' && check !== 'space' : force);

/** A refused right has its own fault code; everything else makes the place unfit. */
function unfit(licenceFile: string, worst: Finding, { isInUse }: PlaceTerms): SeatfileFault {
  const refused = worst.check === 'rights' ? worst.refused : null;
  const code =
    refused === null
      ? worst.check === 'wrongPlace'
        ? 'BAD_ARGUMENT'
        : worst.check === 'space'
          ? 'SHARE_FULL'
          : 'SHARE_UNFIT'
      : refused.kind === 'full'
        ? 'SHARE_FULL'
        : 'SHARE_REFUSED';
  const isFinal = worst.check === 'rights' || worst.check === 'wrongPlace';
  const force = isInUse ? '' : '; --force creates it all the same';
  const more = isFinal ? '' : ` (seatfile doctor tells more${force})`;
  const what = isInUse ? 'nothing was installed' : 'not created';
  return new SeatfileFault(code, `${licenceFile}: ${what}: ${describeBriefly(worst)}${more}`);
}

/** The first commit shows whether the share can hold the table. If it cannot, nothing of the licence stays. */
async function tryCommit(
  licenceFile: string,
  events: readonly EventDraft[],
  system: System,
  world: World,
): Promise<void> {
  const { store } = await openStore(licenceFile, system, { onSlow: waitingReporter(world) });
  const actor = actorOf(system.facts);
  const deadline = { untilMs: system.clock.elapsedMs() + 30_000 };
  await store.commit(
    ({ licence }) => ({ answer: null, draft: { licence, events: events.map((one) => ({ ...one, actor })) } }),
    deadline,
  );
  await store.settled();
}
