import type { Licence } from '../licence/document.js';
import { isCurrent, type Policy, type Renewal } from '../licence/entitlement.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';

/** How the renewal of a licence stands, as the table tells it. */

/** Most computers remembered that have failed. */
export const MOST_FAILED = 100;
/** Of the reason of a failure: it may quote what was found. */
export const MOST_WORDS = 500;
const DEFAULT_GRACE_DAYS = 60;
const DAY_MS = 86_400_000;

/** What the document tells of the renewal, in its key `renewal`. Times are ISO 8601, share time. */
export interface RenewalState {
  /** The first failure since the last success: the grace counts from here. */
  readonly sinceAt: string | null;
  /** The last success. */
  readonly checkedAt: string | null;
  readonly triedAt: string | null;
  /** The instance that tries now. */
  readonly by: string | null;
  /** The computers that have failed since the last success, by their host names. */
  readonly failed: readonly string[];
  /** Why the last try failed; null: it did not. */
  readonly why: string | null;
}

/** Any user may write anything into the table: what is not as it should be counts as absent. */
export function renewalStateOf({ renewal = {} }: Licence, nowMs: number): RenewalState {
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  const time = (value: unknown): string | null => {
    const at = text(value);
    return at !== null && fromIso(at) <= nowMs ? at : null; // the server's clock was set back, or it is no time
  };
  const { failed } = renewal;
  return {
    sinceAt: time(renewal['sinceAt']),
    checkedAt: time(renewal['checkedAt']),
    triedAt: time(renewal['triedAt']),
    by: text(renewal['by']),
    failed: Array.isArray(failed) ? failed.filter((one) => typeof one === 'string').slice(-MOST_FAILED) : [],
    why: text(renewal['why'])?.slice(0, MOST_WORDS) ?? null,
  };
}

/** How a renewal stands that has failed. */
export interface RenewalTrouble {
  readonly why: string;
  /** The first failure since the last success; share time. */
  readonly sinceAt: string;
  /** From then on no new user is seated; share time. */
  readonly closesAt: string;
  readonly isClosed: boolean;
}

/** Null while the last try has succeeded, and before the first. */
export function renewalTrouble(
  licence: Licence,
  { renewal }: Pick<Policy, 'renewal'>,
  nowMs: number,
): RenewalTrouble | null {
  if (renewal === null) return null;
  const { why, sinceAt } = renewalStateOf(licence, nowMs);
  if (why === null || sinceAt === null) return null;
  const closesMs = fromIso(sinceAt) + graceMs(renewal);
  return { why, sinceAt, closesAt: toIso(closesMs), isClosed: nowMs >= closesMs };
}

const graceMs = ({ graceDays = DEFAULT_GRACE_DAYS }: Renewal): number => graceDays * DAY_MS;

/** Whether the licence seats new users now: it is in force, and has been renewed lately where it has to be. */
export const isOpenToNew = ({ licence, policy, nowMs }: ChangeContext): boolean =>
  isCurrent(policy, nowMs) && renewalTrouble(licence, policy, nowMs)?.isClosed !== true;
