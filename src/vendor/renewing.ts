import nodePath from 'node:path';
import type { FaultCode } from '../api.js';
import type { Policy, Renewal } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { withFullCheck } from '../licence/full-check-door.js';
import type { ChangeContext, Draft } from '../licence/revision.js';
import { decodeText } from '../licence/text.js';
import { fromIso, toIso } from '../licence/time.js';
import type { Trust } from '../licence/trust.js';
import { type NewLicence, newBinding, readNewLicence } from '../rules/new-licence.js';
import {
  electRenewer,
  type Fetched,
  type RenewalOutcome,
  type Renewer,
  settleRenewal,
} from '../rules/renewal.js';
import { isOpenToNew, renewalStateOf } from '../rules/renewal-state.js';
import { LONGEST_REPORT_MS, type UsageReport, usageReport } from '../rules/usage.js';
import type { Clock } from '../share/clock.js';
import { ShareError, type ShareFiles } from '../share/files.js';
import type { Committed } from '../store/commit.js';
import type { JournalReading } from '../store/journal-files.js';
import { messageOf } from '../store/trouble.js';
import { addressOf, type Download, MOST_BYTES } from './download.js';

/** What a renewal gets from the instance or the command that makes it. Nothing of the table waits for it. */
export interface RenewalDeps {
  readonly trust: Trust;
  readonly clock: Clock;
  readonly renewer: Renewer;
  /** For a path as address; with time-outs of its own, so that a hung directory holds nothing else up. */
  readonly files: ShareFiles;
  /** @throws SeatfileFault LICENCE_ELSEWHERE, SHARE_*: a licence with this binding gives no seat here */
  readonly checkPlace: (boundTo: readonly string[]) => Promise<void>;
  /** The directory around the licence: a relative path starts there. */
  readonly around: string;
  readonly download: Download;
  readonly commit: <A>(change: (context: ChangeContext) => Changed<A>) => Promise<Committed<A>>;
  /** For the counts that the licence asks for. */
  readonly readJournal: (sinceMs: number) => Promise<Pick<JournalReading, 'licence' | 'events'>>;
  readonly signal?: AbortSignal | undefined;
}

interface Changed<A> {
  readonly answer: A;
  readonly draft: Draft | null;
}

/** `left`: it is not due, or another instance does it. */
export type RenewalResult =
  | { readonly kind: 'left' }
  | (Pick<RenewalOutcome, 'kind' | 'why'> & {
      /** Why the counts could not be told; null: they were, or there was no need to. */
      readonly unreported: string | null;
      /** Whether the licence seats new users after it. */
      readonly isOpen: boolean;
    });

/** A day of which a part was counted is told whole. Milliseconds. */
const DAY_MS = 86_400_000;
/** Before the second and the third try. Milliseconds. */
const PAUSES_MS = [2000, 10_000];

/**
 * Elects this instance, fetches the licence, installs it, and tells the counts if the licence asks for them.
 * @param isAsked by an administrator: it need not be due
 * @throws SeatfileFault where the table could not be read or written
 */
export async function renew(deps: RenewalDeps, isAsked = false): Promise<RenewalResult> {
  const elected = await deps.commit((context) => {
    const draft = electRenewer(context, deps.renewer, isAsked);
    return { answer: draft === null ? null : context.policy.renewal, draft };
  });
  const terms = elected.answer;
  if (terms === null) return { kind: 'left' };
  const names = { key: elected.policy.licenceKey ?? elected.policy.licenceId, id: elected.policy.licenceId };
  const from = terms.from.replace(/\{(key|id)\}/g, (_, name: 'key' | 'id') => names[name]);
  const fetched = await fetchLicence(from, elected.policy, deps);
  if (deps.signal?.aborted) return { kind: 'left' };
  const { renewer } = deps;
  const settled = await deps.commit((context) => {
    const { draft, ...outcome } = settleRenewal(context, { renewer, fetched });
    return { answer: outcome, draft };
  });
  const isAnswered = settled.answer.kind !== 'failed';
  const unreported = isAnswered ? await post(from, terms, contextOf(elected), deps) : null;
  return { ...settled.answer, unreported, isOpen: isOpenToNew(contextOf(settled)) };
}

const isAddress = (from: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(from);

/** @throws SeatfileFault BAD_ARGUMENT: an address from which nothing would be fetched */
export function checkSource(from: string): void {
  if (isAddress(from)) addressOf(from);
}

const contextOf = ({ licence, policy, shareTimeMs: nowMs }: Committed<unknown>): ChangeContext => ({
  ...{ licence, policy, nowMs },
});

async function fetchLicence(from: string, policy: Policy, deps: RenewalDeps): Promise<Fetched> {
  try {
    const bytes = isAddress(from) ? await downloaded(addressOf(from).href, deps) : await read(from, deps);
    const next = await licenceIn(bytes, from, deps.trust);
    if (next.entitlement.signature === undefined) return { kind: 'failed', why: `${from}: it is not signed` };
    const places = newBinding(next, policy);
    if (places !== null) await deps.checkPlace(places);
    return { kind: 'licence', next };
  } catch (error) {
    return { kind: 'failed', why: messageOf(error) };
  }
}

/** What lies there may be none of the vendor's: what is said of it goes into the table, and quotes nothing of it. */
async function licenceIn(bytes: Uint8Array, from: string, trust: Trust): Promise<NewLicence> {
  try {
    return await withFullCheck(() => readNewLicence(decodeText(bytes, from), from, trust).next);
  } catch (error) {
    if (!(error instanceof SeatfileFault)) throw error;
    const found = NO_LICENCE[error.code];
    if (found === undefined) throw error;
    const expected = `expected a licence signed with the key ${trust.keyIds.join(', ')}`;
    throw new SeatfileFault('RENEWAL_FAILED', `${from}: ${expected}, found ${found}`, {
      details: { address: from, found },
    });
  }
}

const NO_LICENCE: Partial<Record<FaultCode, string>> = {
  LICENCE_INVALID: 'something else, or a damaged one',
  LICENCE_NEWER: 'one of a later version of seatfile',
  LICENCE_UNTRUSTED: 'one of another key',
};

async function downloaded(address: string, { download, clock, signal }: RenewalDeps): Promise<Uint8Array> {
  for (const pauseMs of PAUSES_MS) {
    const answer = await download(address, { signal }).catch((error: unknown) => {
      if (signal?.aborted || !(error instanceof SeatfileFault && error.code === 'RENEWAL_FAILED'))
        throw error;
      return null;
    });
    if (answer !== null) return answer;
    await clock.sleep(pauseMs, signal);
  }
  return await download(address, { signal });
}

async function read(from: string, { files, around }: RenewalDeps): Promise<Uint8Array> {
  const path = nodePath.resolve(around, from);
  const none = (error: unknown): never => {
    const why = error instanceof ShareError ? error.kind : messageOf(error);
    throw new SeatfileFault('RENEWAL_FAILED', `${path}: expected a licence file, found none (${why})`, {
      details: { address: path },
    });
  };
  const file = await files.resolve(path).catch(none);
  if (!nodePath.isAbsolute(from)) refuseOutside(file, path, around);
  const bytes = await files.read(file).catch(none);
  if (bytes.length <= MOST_BYTES) return bytes;
  throw new SeatfileFault(
    'RENEWAL_FAILED',
    `${path}: expected a licence, found more than ${MOST_BYTES} bytes`,
    { details: { address: path } },
  );
}

/**
 * Any user of the share may put a link there, and what it leads to is read with the rights of another one.
 * @param path where the vendor's relative path leads: mostly below the directory around the licence
 */
function refuseOutside(file: string, path: string, around: string): void {
  let top = around;
  while (!isBelow(path, top) && top !== nodePath.dirname(top)) top = nodePath.dirname(top);
  if (isBelow(file, top)) return;
  throw new SeatfileFault(
    'RENEWAL_FAILED',
    `${path}: expected a file below ${top}, found a link that leads elsewhere`,
    { details: { address: path } },
  );
}

function isBelow(path: string, directory: string): boolean {
  const way = nodePath.relative(directory, path);
  return way !== '' && !nodePath.isAbsolute(way) && way.split(nodePath.sep)[0] !== '..';
}

/** What is posted, to the byte. */
export const reportText = (report: UsageReport): string => `${JSON.stringify(report, null, 1)}\n`;

/** The use of the licence since it was last renewed. */
export async function readUsage(
  { licence, policy, nowMs }: ChangeContext,
  { readJournal }: Pick<RenewalDeps, 'readJournal'>,
): Promise<UsageReport> {
  const { checkedAt } = renewalStateOf(licence, nowMs);
  const sinceMs = checkedAt === null ? nowMs - LONGEST_REPORT_MS : fromIso(checkedAt);
  const read = await readJournal(sinceMs - DAY_MS);
  const committedMs = fromIso(read.licence.committedAt ?? toIso(nowMs)); // the table may have moved on meanwhile
  const now = { licence: read.licence, policy, nowMs: Math.max(nowMs, committedMs) };
  return usageReport(now, read.events, sinceMs);
}

/** The counts are for the vendor: that they could not be told is no failure of the renewal. */
async function post(
  from: string,
  { report }: Renewal,
  context: ChangeContext,
  deps: RenewalDeps,
): Promise<string | null> {
  if (report !== true || !isAddress(from)) return null;
  try {
    const text = reportText(await readUsage(context, deps));
    await deps.download(addressOf(from).href, { post: text, signal: deps.signal });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
