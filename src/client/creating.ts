import type { OnSlow } from '../api.js';
import { examine } from '../doctor/examine.js';
import { type Finding, worstFirst } from '../doctor/findings.js';
import { findTarget } from '../doctor/first-look.js';
import type { CountBy, Level, Licence } from '../licence/document.js';
import { type ModuleGrant, sealUnsigned } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { type EventDraft, firstLicence } from '../licence/revision.js';
import { toIso } from '../licence/time.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { createLicenceFile, removeLicenceFile } from '../store/create.js';
import { actorOf } from './machine.js';
import { openStore } from './open-store.js';
import { examineDeps, type System } from './system.js';

/** A licence file and its table come into being: for `init`, the first `install`, and createLicence(). */

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

/** Under which findings a licence is made or installed all the same. */
export interface PlaceTerms {
  /** Where seats would not be safe; never where no table can be. */
  readonly force: boolean;
  /** The table is there already, and its users are no better off without the change. */
  readonly isInUse?: boolean | undefined;
}

/** What the caller of a creation gives. */
export interface Creator {
  readonly system: System;
  /** Gives up what comes before the file; the rest takes a moment. */
  readonly signal: AbortSignal;
  /** A finding of doctor, in words. */
  readonly describe: (finding: Finding) => string;
  /** How its caller says `force`. */
  readonly forceWord: string;
  /** Told what is not as it should be, where that does not stop it. */
  readonly onWarning: (words: string) => void;
  readonly onSlow?: OnSlow | undefined;
  /** From now on it is not given up any more. */
  readonly onBegin?: () => void;
}

/**
 * Tests the place, and creates the file and the table. Never over anything.
 * @returns the resolved path
 */
export async function create({ file, licence, event, force }: Creation, creator: Creator): Promise<string> {
  const { system, onSlow, signal } = creator;
  const files = withTimeouts(system.files, system.clock, { answerMs: ANSWER_MS, onSlow });
  const events: EventDraft[] = [];
  const licenceFile = await createLicenceFile(file, licence, files, async (asked) => {
    events.push(event(await examinePlace(asked, { force }, creator)));
    if (signal.aborted)
      throw new SeatfileFault('ABORTED', 'createLicence was given up before anything was created', {
        details: { operation: 'createLicence' },
      });
    creator.onBegin?.();
  });
  await tryCommit(licenceFile, events, creator).catch(async (error: unknown) => {
    const isUnknown = error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN';
    if (!isUnknown) await removeLicenceFile(licenceFile, files);
    throw error;
  });
  return licenceFile;
}

/**
 * All that doctor tests without a second PC. It takes seconds at most.
 * @returns the server's clock; null where no directory could be made
 * @throws SeatfileFault where the place is unfit
 */
export async function examinePlace(
  licenceFile: string,
  terms: PlaceTerms,
  creator: Creator,
): Promise<number | null> {
  const { system, signal, onSlow, describe, onWarning } = creator;
  const about = examineDeps(system, ANSWER_MS, onSlow ?? (() => undefined));
  const target = await findTarget(licenceFile, about.files);
  const { findings, unreachable, shareTimeMs } = await examine(target, about, { signal });
  if (unreachable)
    throw new SeatfileFault(
      'SHARE_UNREACHABLE',
      `${licenceFile}: the share stopped answering (${unreachable.message})`,
      { details: { path: licenceFile } },
    );
  const bad = worstFirst(findings).filter(({ severity }) => severity === 'unfit' || severity === 'warning');
  const [worst] = bad;
  if (worst?.severity === 'unfit' && !isOverruled(worst, terms))
    throw unfit(licenceFile, worst, terms, creator);
  for (const finding of bad) onWarning(describe(finding));
  return shareTimeMs;
}

/** Where a table is in use, only what would make the change fail is in its way. */
const isOverruled = ({ check }: Finding, { force, isInUse = false }: PlaceTerms): boolean =>
  check !== 'wrongPlace' && (isInUse ? check !== 'rights' && check !== 'space' : force);

/** A refused right has its own fault code; everything else makes the place unfit. */
function unfit(
  licenceFile: string,
  worst: Finding,
  { isInUse }: PlaceTerms,
  { describe, forceWord }: Creator,
): SeatfileFault {
  const isFinal = worst.check === 'rights' || worst.check === 'wrongPlace';
  const force = isInUse ? '' : `; ${forceWord} creates it all the same`;
  const more = isFinal ? '' : ` (seatfile doctor tells more${force})`;
  const what = isInUse ? 'nothing was installed' : 'not created';
  return new SeatfileFault(unfitCode(worst), `${licenceFile}: ${what}: ${describe(worst)}${more}`, {
    details: { path: licenceFile },
  });
}

function unfitCode(worst: Finding): 'BAD_ARGUMENT' | 'SHARE_FULL' | 'SHARE_UNFIT' | 'SHARE_REFUSED' {
  const refused = worst.check === 'rights' ? worst.refused : null;
  if (refused !== null) return refused.kind === 'full' ? 'SHARE_FULL' : 'SHARE_REFUSED';
  if (worst.check === 'wrongPlace') return 'BAD_ARGUMENT';
  return worst.check === 'space' ? 'SHARE_FULL' : 'SHARE_UNFIT';
}

/** The first commit shows whether the share can hold the table. If it cannot, nothing of the licence stays. */
async function tryCommit(
  licenceFile: string,
  events: readonly EventDraft[],
  { system, onSlow }: Creator,
): Promise<void> {
  const { store } = await openStore(licenceFile, system, { onSlow });
  const actor = actorOf(system.facts);
  const deadline = { untilMs: system.clock.elapsedMs() + 30_000 };
  await store.commit(
    ({ licence }) => ({ answer: null, draft: { licence, events: events.map((one) => ({ ...one, actor })) } }),
    deadline,
  );
  await store.settled();
}

/** What an unsigned licence for in-house use grants. */
export interface UnsignedGrant {
  readonly modules: readonly ModuleGrant[];
  readonly level?: Level | undefined;
  readonly checkIntervalSeconds?: number | undefined;
  readonly countBy?: CountBy | undefined;
  readonly customer?: string | undefined;
}

/** The first document of an unsigned licence. */
export function unsignedLicence(grant: UnsignedGrant, { random, clock }: System): Licence {
  const { modules, level, checkIntervalSeconds, countBy, customer } = grant;
  const entitlement = sealUnsigned({
    licenceId: random.id(),
    ...(customer && { customer }),
    issuedAt: toIso(clock.wallMs()),
    ...(countBy && { countBy }),
    modules,
  });
  const settings = { ...(level && { level }), ...(checkIntervalSeconds && { checkIntervalSeconds }) };
  return firstLicence(entitlement, settings, { lineage: random.id(), commit: random.id() });
}
