import type { LicenceEvent } from '../licence/document.js';
import { type ChosenSeat, idsMeant } from '../rules/leaving.js';
import { type UndoOutcome, type UndoRefusal, undo } from '../rules/reinstate.js';
import type { Administration } from './removal.js';
import { shareTimeOf } from './status-document.js';

/** What came of an undo. */
export type Undone =
  | { readonly kind: 'undone'; readonly seats: readonly ChosenSeat[] }
  | { readonly kind: 'refused'; readonly why: Exclude<UndoRefusal, { reason: 'unknown' }> }
  /** The table knows nothing of such a seat; `last` is what the journal tells of it last, or null. */
  | { readonly kind: 'unknown'; readonly last: LicenceEvent | null };

/** Takes back the removal of a seat, in one commit. `dryRun`: only says what would come of it. */
export async function undoRemoval(at: Administration, seat: string, dryRun: boolean): Promise<Undone> {
  const request = { seat, actor: at.actor };
  const outcome = dryRun
    ? undo({ ...at, nowMs: (await shareTimeOf(at)).ms }, request)
    : await commit(at, request);
  if (outcome.kind === 'undone') return outcome;
  const { why } = outcome;
  return why.reason === 'unknown'
    ? { kind: 'unknown', last: await lastOf(at, seat) }
    : { kind: 'refused', why };
}

async function commit(at: Administration, request: Parameters<typeof undo>[1]): Promise<UndoOutcome> {
  const { answer } = await at.store.commit((context) => {
    const outcome = undo(context, request);
    return { answer: outcome, draft: outcome.kind === 'undone' ? outcome.draft : null };
  }, at.deadline());
  return answer;
}

/** A journal that cannot be read tells nothing. */
async function lastOf({ store, deadline }: Administration, beginning: string): Promise<LicenceEvent | null> {
  const reading = await store.readJournal(Number.NEGATIVE_INFINITY, deadline()).catch(() => null);
  const seatIn = ({ seat }: LicenceEvent) => (typeof seat === 'string' ? seat : '');
  const events = reading?.events ?? [];
  const ids = idsMeant(events.map(seatIn), beginning);
  return events.findLast((event) => ids.has(seatIn(event))) ?? null;
}
