import { MAX_MESSAGES, type SeatRecord } from '../licence/document.js';
import type { ChangeContext, Draft, EventDraft } from '../licence/revision.js';
import type { SeatMessage } from '../licence/seat-marks.js';
import { fromIso, toIso } from '../licence/time.js';
import { type ChosenSeat, changeSeats, type IsChosen } from './leaving.js';
import { seatEvent } from './records.js';
import { keptMs } from './timing.js';

/** Messages of an administrator to holders. A message waits in the seat, until a beat of its holder takes it out. */

/** To more seats than this one event tells of all of them: the revision must not be too large. */
const MOST_TOLD_APART = 100;

export interface Notice {
  readonly isChosen: IsChosen;
  /** New for each message, the same for all seats. */
  readonly id: string;
  readonly words: string;
  readonly actor: string;
}

/** Whether a seat takes one more message. What its holder did not take out in time does not count. */
export const takesMessage = (context: ChangeContext, seat: SeatRecord): boolean =>
  (withoutOld(context, seat).messages?.length ?? 0) < MAX_MESSAGES;

/**
 * Puts a message into those of the chosen seats that take one more. Null where none does. Messages that no holder took
 * out in time go.
 */
export function notify(context: ChangeContext, { isChosen, ...said }: Notice): Draft | null {
  const message: SeatMessage = { ...said, at: toIso(context.nowMs) };
  const chosen: ChosenSeat[] = [];
  const { licence } = changeSeats(context.licence, (record, seat) => {
    const young = withoutOld(context, seat);
    if (!isChosen(record, seat) || !takesMessage(context, seat)) return young;
    chosen.push({ record, seat });
    return { ...young, messages: [...(young.messages ?? []), message] };
  });
  return chosen.length === 0 ? null : { licence, events: eventsOf(chosen, said) };
}

function eventsOf(chosen: readonly ChosenSeat[], { actor, words }: Omit<Notice, 'isChosen'>): EventDraft[] {
  if (chosen.length > MOST_TOLD_APART) return [{ kind: 'notified', actor, words, count: chosen.length }];
  return chosen.map(({ record, seat }) => ({ ...seatEvent('notified', record, seat), actor, words }));
}

function withoutOld({ policy, nowMs }: ChangeContext, seat: SeatRecord): SeatRecord {
  return withMessages(seat, ({ at }) => nowMs - fromIso(at) < keptMs(policy));
}

/** A beat of the holder takes out what the holder has shown. */
export const withoutHeard = (seat: SeatRecord, heard: ReadonlySet<string>): SeatRecord =>
  withMessages(seat, ({ id }) => !heard.has(id));

function withMessages(seat: SeatRecord, isKept: (message: SeatMessage) => boolean): SeatRecord {
  const { messages: before, ...rest } = seat;
  const messages = before?.filter(isKept) ?? [];
  if (messages.length === (before?.length ?? 0)) return seat;
  return messages.length === 0 ? rest : { ...rest, messages };
}
