import type { LicencePlace, OnSlow, OpenOptions } from '../api.js';
import type { Licence } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { readLicenceKey } from '../licence/licence-key.js';
import { Trust } from '../licence/trust.js';
import type { Deadline } from '../share/deadline.js';
import type { LicencePaths } from '../share/layout.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { pathByKey, type Search } from '../store/by-key.js';
import { heedLicenceFile, locate, whyNotOpened } from '../store/locate.js';
import type { LatestRevision } from '../store/revisions.js';
import { Store } from '../store/store.js';
import { abortSignalOf } from './argument-checks.js';
import { actorOf } from './machine.js';
import { PlaceCheck } from './place-check.js';
import { isDeadBy, type System, stageOwnerOf } from './system.js';

/** A licence is found on the share, and its store opened. No instance is made: commands need no more than this. */

const OPEN_MS = 90_000;

/** The longest wait for each operation on a path that a replacement is bound to: beats wait for it. Milliseconds. */
const REPLACEMENT_MS = 2000;

interface StoreOpening {
  /** @default {@link openDeadline} */
  readonly deadline?: Deadline;
  readonly onSlow?: OnSlow | undefined;
  /** @default no key: every licence opens */
  readonly trust?: Trust;
  /** By its key, a licence that this verifies is found before any other. @default only what `trust` takes is found */
  readonly preferred?: Trust;
}

/** Finds a licence and reads it once, and makes sure that it is one. */
export async function openStore(
  place: LicencePlace,
  system: System,
  options: StoreOpening = {},
): Promise<{ store: Store; licence: Licence; policy: Policy }> {
  const { store, poll } = await locateStore(place, system, options);
  const { licence, policy } = await poll();
  refuseOtherKey(place, policy, store.paths.licenceFile);
  return { store, licence, policy };
}

/** Finds a licence without reading it, for commands that repair it. `poll` reads it for the first time. */
export async function locateStore(
  place: LicencePlace,
  system: System,
  { trust = Trust.none, ...more }: StoreOpening = {},
): Promise<{ store: Store; poll: () => Promise<LatestRevision> }> {
  const { deadline = openDeadline(system), onSlow } = more;
  const paths = await find(place, system, { ...more, trust, deadline });
  const store = storeAt(paths, trust, system, onSlow);
  const poll = () =>
    firstPoll(store, system, deadline, onSlow).catch((error: unknown) => {
      throw whyNotOpened(error);
    });
  return { store, poll };
}

export const storeAt = (
  paths: LicencePaths,
  trust: Trust,
  system: System,
  onSlow: OnSlow | undefined,
): Store =>
  new Store(
    {
      ...{ paths, trust, files: system.files, clock: system.clock, random: system.random },
      ...{ owner: stageOwnerOf(system), isDead: isDeadBy(system), actor: actorOf(system.facts) },
      judgePlace: (boundTo) => new PlaceCheck(paths, system, REPLACEMENT_MS).judge(boundTo),
    },
    { ...system.store, ...(onSlow && { onSlow }) },
  );

/** A poll, also of `licence.json`: it may show a later revision than the table has. */
export async function firstPoll(
  store: Store,
  system: System,
  deadline: Deadline,
  onSlow: OnSlow | undefined,
): Promise<LatestRevision> {
  const files = withTimeouts(system.files, system.clock, { answerMs: ANSWER_MS, onSlow });
  const first = await store.read(deadline);
  return (await heedLicenceFile(store, first.licence, files)) ? await store.read(deadline) : first;
}

/** Includes the time to find the licence, and the time in which the process is stopped. */
export const openDeadline = (
  { clock }: System,
  { timeoutMs = OPEN_MS, signal }: Pick<OpenOptions, 'timeoutMs' | 'signal'> = {},
): Deadline => ({
  untilMs: clock.elapsedMs() + timeoutMs,
  ...(signal && { signal: abortSignalOf(signal) }),
});

/** Where the licence lies, every link followed. @throws SeatfileFault BAD_ARGUMENT, LICENCE_*, SHARE_* */
export async function find(
  place: LicencePlace,
  system: System,
  {
    trust,
    preferred = trust,
    onSlow,
    deadline = openDeadline(system),
  }: StoreOpening & { readonly trust: Trust },
): Promise<LicencePaths> {
  const { clock, environment } = system;
  // The store has time-outs of its own.
  const files = withTimeouts(system.files, clock, { answerMs: ANSWER_MS, onSlow });
  try {
    const search = { files, clock, deadline };
    const path = typeof place === 'string' ? place : await byKey(place, search, [preferred, trust]);
    return await locate(path, files, environment?.mountinfo() ?? null);
  } catch (error) {
    throw whyNotOpened(error);
  }
}

/** What the preferred trust picks; where that is none, what the other picks. */
async function byKey(
  place: Exclude<LicencePlace, string>,
  search: Omit<Search, 'trust'>,
  [preferred, trust]: readonly [Trust, Trust],
): Promise<string> {
  return await pathByKey(place, { ...search, trust: preferred }).catch(async (error: unknown) => {
    const isNone = error instanceof SeatfileFault && error.code === 'LICENCE_MISSING';
    if (!isNone || preferred === trust || !preferred.isAsked) throw error;
    return await pathByKey(place, { ...search, trust });
  });
}

/** After a search: another licence may have been put there meanwhile. @throws SeatfileFault LICENCE_MISSING */
export function refuseOtherKey(place: LicencePlace, { licenceKey }: Policy, licenceFile: string): void {
  if (typeof place === 'string' || readLicenceKey(place.key) === licenceKey) return;
  throw new SeatfileFault(
    'LICENCE_MISSING',
    `${licenceFile}: expected the licence ${place.key}, found ${licenceKey ?? 'one without a key'}: ` +
      'it was replaced a moment ago; try again',
    { details: { path: licenceFile, licenceKey: place.key } },
  );
}
