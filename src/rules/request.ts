import type { Licence } from '../licence/document.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { type Banned, type ClaimOutcome, type ClaimRequest, claim, type NoSeat } from './claim.js';
import { evict } from './evict.js';
import type { Verdict } from './liveness.js';
import { type Caller, proved } from './on-demand.js';
import { dequeue, enqueue } from './queue.js';
import { callRoll, type Silence } from './roll-call.js';

/** A newcomer requests a seat: rules 5 to 8 in one commit. */

/** What a requester knows of the other instances: their silence, and which did not answer its roll call. */
export interface RequesterView extends Caller {
  readonly silence: Silence;
  readonly unanswered: (licence: Licence) => readonly Verdict[];
  /** Rule 7: it is time to prove that the share takes what is written. */
  readonly isProofDue: (licence: Licence) => boolean;
}

/** What is requested. `seatId` is used for a new seat. */
export interface SeatWish {
  readonly module: string;
  readonly seatId: string;
  /** How long the requester waits in the queue if it is refused; null: it does not, or no longer. */
  readonly waitSeconds: number | null;
  /** Since when it stood in the queue that was lost; null: it has not stood in it. @default null */
  readonly sinceAt?: string | null;
}

export interface SeatRequest extends ClaimRequest, SeatWish {
  readonly requester: RequesterView;
}

/** A refused requester may still publish: it stands in the queue, calls holders, or has evicted one. */
export type RequestOutcome =
  | Extract<ClaimOutcome, { kind: 'seated' }>
  | ((NoSeat | Banned) & { readonly draft: Draft | null });

/**
 * A claim on the table as it is, then on what is left of it by rule 5(b). What that did stands, seated or
 * not.
 */
export function requestSeat(context: ChangeContext, request: SeatRequest): RequestOutcome {
  const first = claim(context, request);
  if (first.kind === 'seated') return first;
  if (first.kind === 'banned')
    return { ...first, draft: queuedOrNot(context, null, { ...request, waitSeconds: null }) };
  const asked = callRollFor(context, request);
  if (asked === null) return { ...first, draft: queuedOrNot(context, null, request) };
  const second = claim({ ...context, licence: asked.licence }, request);
  if (second.kind !== 'seated') return { ...second, draft: queuedOrNot(context, asked, request) };
  const { draft } = second;
  return { ...second, draft: { ...draft, events: [...asked.events, ...draft.events] } };
}

/**
 * Evicts holders that did not answer the roll call, then calls those not called yet. Does nothing on Light.
 */
export function callRollFor(
  context: ChangeContext,
  { module, requester }: Pick<SeatRequest, 'module' | 'requester'>,
): Draft | null {
  const { licence, policy, nowMs } = context;
  if (policy.level === 'light') return null;
  const { actor, silence } = requester;
  const swept = evict(context, { verdicts: requester.unanswered(licence), actor });
  const { licence: left, events } = swept ?? { licence, events: [] };
  const called = callRoll({ ...context, licence: left }, { module, caller: requester, silence });
  if (called) return { licence: called, events };
  return swept ?? (requester.isProofDue(left) ? { licence: proved(left, nowMs), events } : null);
}

/** A refused requester stands in the queue, or leaves it. */
function queuedOrNot(context: ChangeContext, draft: Draft | null, request: SeatRequest): Draft | null {
  const { who, module, waitSeconds } = request;
  const stand = (now: ChangeContext): Draft | null => {
    const licence =
      waitSeconds === null
        ? dequeue(now.licence, who.id, [module])
        : enqueue(now, { ...request, waitSeconds });
    return licence === now.licence ? null : { licence, events: [] };
  };
  return draft === null ? stand(context) : andThen(context, draft, stand);
}
