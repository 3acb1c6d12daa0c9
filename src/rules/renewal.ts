import type { Licence } from '../licence/document.js';
import { isExpired, type Policy } from '../licence/entitlement.js';
import type { ChangeContext, Draft, EventDraft } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import { install } from './installation.js';
import type { NewLicence } from './new-licence.js';
import { MOST_FAILED, MOST_WORDS, type RenewalState, renewalStateOf } from './renewal-state.js';

/**
 * Renewal: a live instance fetches the licence anew from the vendor's address. The document elects the instance, and
 * keeps what became of it, so that the computers without a way out profit from one that has it.
 */

/** After this a try of another instance is given up: it takes at most three downloads of 30 s. Milliseconds. */
const TRY_MS = 300_000;
/** After a failed try, for a computer that has not failed since the last success. Milliseconds. */
const NEXT_COMPUTER_MS = 60_000;
/** After a failed try, for one that has failed too. Milliseconds. */
const AGAIN_MS = 3_600_000;
const HOUR_MS = 3_600_000;

/** Whether an instance on this computer should try now. */
export function isRenewalDue({ licence, policy, nowMs }: ChangeContext, host: string): boolean {
  const state = renewalStateOf(licence, nowMs);
  if (policy.renewal === null || isAnswered(state, policy, nowMs)) return false;
  const passedMs = passedSince(state.triedAt, nowMs);
  if (state.by !== null) return passedMs >= TRY_MS;
  return passedMs >= (state.failed.includes(host) ? AGAIN_MS : NEXT_COMPUTER_MS);
}

/** Whether the last success is young enough for now, and no try has failed since it was not. */
function isAnswered({ checkedAt, why }: RenewalState, policy: Policy, nowMs: number): boolean {
  const everyMs = (policy.renewal?.everyHours ?? 0) * HOUR_MS;
  const youngMs = isExpired(policy, nowMs) ? Math.min(everyMs, AGAIN_MS) : everyMs;
  return why === null && passedSince(checkedAt, nowMs) < youngMs;
}

const passedSince = (at: string | null, nowMs: number): number =>
  at === null ? Number.POSITIVE_INFINITY : nowMs - fromIso(at);

/** An instance, and where it runs. */
export interface Renewer {
  readonly instance: string;
  readonly host: string;
  /** `user@host`, for the journal. */
  readonly actor: string;
}

/**
 * The instance tries from this commit on, and the others leave it to that. Null: it is not due, or another one tries.
 * @param isAsked an administrator wants it now: it need not be due
 */
export function electRenewer(
  context: ChangeContext,
  { instance, host }: Renewer,
  isAsked: boolean,
): Draft | null {
  const { licence, nowMs } = context;
  if (!isAsked && !isRenewalDue(context, host)) return null;
  const state = renewalStateOf(licence, nowMs);
  return { licence: noted(licence, { ...state, triedAt: toIso(nowMs), by: instance }), events: [] };
}

/** What a try has brought: a licence with a good signature, or nothing. */
export type Fetched =
  | { readonly kind: 'licence'; readonly next: NewLicence }
  | { readonly kind: 'failed'; readonly why: string };

export interface RenewalOutcome {
  readonly kind: 'renewed' | 'unchanged' | 'failed';
  readonly why: string | null;
  readonly draft: Draft;
}

/** Installs what was fetched, under the conditions of an installation, or notes why that failed. */
export function settleRenewal(
  context: ChangeContext,
  { renewer, fetched }: { readonly renewer: Renewer; readonly fetched: Fetched },
): RenewalOutcome {
  const { actor } = renewer;
  if (fetched.kind === 'failed') return failedBecause(context, renewer, fetched.why);
  const { next } = fetched;
  const outcome = install(context, { next, actor, kind: 'renewed', force: false });
  if (outcome.kind === 'refused') return failedBecause(context, renewer, outcome.refusal.why);
  const good: RenewalState = { ...NOTHING, checkedAt: toIso(context.nowMs) };
  if (outcome.kind === 'installed') {
    const { licence, events } = outcome.draft;
    return { kind: 'renewed', why: null, draft: { licence: noted(licence, good), events } };
  }
  const { licenceId } = next.granted;
  const event = { kind: 'renewed', actor, licenceId, isUnchanged: true };
  return {
    kind: 'unchanged',
    why: null,
    draft: { licence: noted(context.licence, good), events: [event] },
  };
}

/**
 * The journal has one entry for each reason in turn: sixty computers without a way out fill no journal. While the last
 * success is young, an administrator has asked for nothing that is due, or another computer had the answer: no failure.
 */
function failedBecause(context: ChangeContext, renewer: Renewer, words: string): RenewalOutcome {
  const { licence, policy, nowMs } = context;
  const { actor, host } = renewer;
  const why = words.slice(0, MOST_WORDS);
  const state = renewalStateOf(licence, nowMs);
  if (isAnswered(state, policy, nowMs))
    return { kind: 'failed', why, draft: { licence: noted(licence, { ...state, by: null }), events: [] } };
  const failed = [...state.failed.filter((one) => one !== host), host].slice(-MOST_FAILED);
  const events: EventDraft[] = state.why === why ? [] : [{ kind: 'renewal failed', actor, why }];
  const at = toIso(nowMs);
  const sinceAt = (state.why === null ? null : state.sinceAt) ?? at;
  const next = { ...state, sinceAt, triedAt: at, by: null, failed, why };
  return { kind: 'failed', why, draft: { licence: noted(licence, next), events } };
}

const NOTHING: RenewalState = {
  ...{ sinceAt: null, checkedAt: null, triedAt: null, by: null, failed: [], why: null },
};

/** Without what is absent. */
function noted(licence: Licence, state: RenewalState): Licence {
  const isThere = ([, value]: [string, unknown]) =>
    value !== null && !(Array.isArray(value) && value.length === 0);
  return { ...licence, renewal: Object.fromEntries(Object.entries(state).filter(isThere)) };
}
