import type { Licence } from '../licence/document.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { type ClaimOutcome, type ClaimRequest, claim } from './claim.js';
import { evict } from './evict.js';
import type { Verdict } from './liveness.js';
import { type Caller, proved } from './on-demand.js';
import { leaveLine, standInLine } from './queue.js';
import { callRoll, type Silence } from './roll-call.js';

/** A newcomer requests a seat: rules 5 to 8 in one commit. */

/** What a requester knows of the other instances: their silence, and which did not answer its roll call. */
export interface Asker extends Caller {
  readonly silence: Silence;
  readonly unanswered: (licence: Licence) => readonly Verdict[];
  /** Rule 7: it is time to prove that the share takes what is written. */
  readonly isProofDue: (licence: Licence) => boolean;
}

/** What is requested. `seatId` is used for a new seat. */
export interface Wish {
  readonly module: string;
  readonly seatId: string;
  /** How long the requester waits in the queue if it is refused; null: it does not, or no longer. */
  readonly waitSeconds: number | null;
  /** Since when it stood in the queue that was lost; null: it has not stood in it. @default null */
  readonly sinceAt?: string | null;
}

export interface SeatRequest extends ClaimRequest, Wish {
  readonly asker: Asker;
}

/**
 * A claim on the table as it is, then on what is left of it by rule 5(b). What that did stands, seated or
 * not.
 */
export function comeIn(
  context: ChangeContext,
  request: SeatRequest,
): { readonly outcome: ClaimOutcome; readonly draft: Draft | null } {
  const first = claim(context, request);
  if (first.kind === 'seated') return { outcome: first, draft: first.draft };
  const asked = ask(context, request);
  const second = asked ? claim({ ...context, licence: asked.licence }, request) : first;
  if (asked === null || second.kind === 'full')
    return { outcome: second, draft: inLine(context, asked, request) };
  const { draft } = second;
  return { outcome: second, draft: { ...draft, events: [...asked.events, ...draft.events] } };
}

/**
 * Evicts holders that did not answer the roll call, then calls those not called yet. Does nothing on Light.
 */
export function ask(
  context: ChangeContext,
  { module, asker }: Pick<SeatRequest, 'module' | 'asker'>,
): Draft | null {
  const { licence, policy, nowMs } = context;
  if (policy.level === 'light') return null;
  const { actor, silence } = asker;
  const swept = evict(context, { verdicts: asker.unanswered(licence), actor });
  const { licence: left, events } = swept ?? { licence, events: [] };
  const called = callRoll({ ...context, licence: left }, { module, caller: asker, silence });
  if (called) return { licence: called, events };
  return swept ?? (asker.isProofDue(left) ? { licence: proved(left, nowMs), events } : null);
}

/** A refused requester stands in the queue, or leaves it. */
function inLine(context: ChangeContext, draft: Draft | null, request: SeatRequest): Draft | null {
  const { who, module, waitSeconds } = request;
  const stand = (now: ChangeContext): Draft | null => {
    const licence =
      waitSeconds === null
        ? leaveLine(now.licence, who.id, [module])
        : standInLine(now, { ...request, waitSeconds });
    return licence === now.licence ? null : { licence, events: [] };
  };
  return draft === null ? stand(context) : andThen(context, draft, stand);
}
