import type { SeatSelection } from '../api.js';
import type { InstanceRecord, SeatRecord } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import { chooseSeats } from '../rules/admin.js';
import type { ChosenSeat } from '../rules/leaving.js';
import { notify, takesMessage } from '../rules/messages.js';
import { type Administration, isGoneBy } from './removal.js';

/** Most characters of a message. */
export const LONGEST_MESSAGE = 500;

/** What became of a message. */
export interface Notified {
  readonly told: readonly ChosenSeat[];
  /** So many messages wait for these already that they take no more. */
  readonly full: readonly ChosenSeat[];
  /** Their processes are provably gone. */
  readonly gone: readonly ChosenSeat[];
}

/** Puts a message before holders, in one commit. */
export async function notifyHolders(
  at: Administration,
  selection: Omit<SeatSelection, 'dead'>,
  words: string,
): Promise<Notified> {
  const id = at.system.random.id();
  const { all: _, ...named } = selection;
  const { answer } = await at.store.commit((context) => {
    const answer = toNotify(at, context, chooseSeats(context.licence, named));
    const seats = new Set(answer.told.map(({ seat }) => seat));
    const isChosen = (_record: InstanceRecord, seat: SeatRecord) => seats.has(seat);
    return { answer, draft: notify(context, { isChosen, id, words, actor: at.actor }) };
  }, at.deadline());
  return answer;
}

/** What a message to these would come to. */
export function toNotify(
  at: Administration,
  context: ChangeContext,
  chosen: readonly ChosenSeat[],
): Notified {
  const isGone = isGoneBy(at);
  const living = chosen.filter(({ record }) => !isGone(record));
  return {
    told: living.filter(({ seat }) => takesMessage(context, seat)),
    full: living.filter(({ seat }) => !takesMessage(context, seat)),
    gone: chosen.filter(({ record }) => isGone(record)),
  };
}
