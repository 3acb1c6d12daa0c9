import type { SeatSelection } from '../api.js';
import type { InstanceRecord, SeatRecord } from '../licence/document.js';
import { chooseSeats } from '../rules/admin.js';
import type { ChosenSeat } from '../rules/leaving.js';
import { notify } from '../rules/messages.js';
import { type Administration, isGoneBy } from './removal.js';

/** Most characters of a message. */
export const LONGEST_MESSAGE = 500;

/** Puts a message before holders, in one commit. A process that is provably gone gets none: `gone` counts them. */
export async function notifyHolders(
  at: Administration,
  selection: Omit<SeatSelection, 'dead'>,
  words: string,
): Promise<{ readonly told: readonly ChosenSeat[]; readonly gone: number }> {
  const id = at.system.random.id();
  const { all: _, ...named } = selection;
  const { answer } = await at.store.commit((context) => {
    const chosen = chooseSeats(context.licence, named);
    const told = living(at, chosen);
    const seats = new Set(told.map(({ seat }) => seat));
    const isChosen = (_record: InstanceRecord, seat: SeatRecord) => seats.has(seat);
    const draft = notify(context, { isChosen, id, words, actor: at.actor });
    return { answer: { told, gone: chosen.length - told.length }, draft };
  }, at.deadline());
  return answer;
}

/** Those of them that may read a message. */
export function living(at: Administration, chosen: readonly ChosenSeat[]): ChosenSeat[] {
  const isGone = isGoneBy(at);
  return chosen.filter(({ record }) => !isGone(record));
}
