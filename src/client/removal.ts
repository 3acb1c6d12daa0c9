import type { Removal, RemovedSeat, SeatSelection } from '../api.js';
import type { InstanceRecord, SeatRecord } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import type { ChangeContext } from '../licence/revision.js';
import { chooseSeats, remove, type Selection } from '../rules/admin.js';
import { type PlaceAfter, placesAfter } from '../rules/after-removal.js';
import type { ChosenSeat } from '../rules/leaving.js';
import type { ShareTime } from '../rules/status-view.js';
import { ownPollMs } from '../rules/timing.js';
import type { Deadline } from '../share/deadline.js';
import { isGoneHere, type StatusSource, shareTimeOf } from './status-document.js';

/** What an administrator does to seats, for the commands and the library alike: choose, then one commit. */

/** An opened table, and by whom something is done to it. */
export interface Administration extends Pick<StatusSource, 'store' | 'licence' | 'policy' | 'system'> {
  readonly actor: string;
  readonly deadline: () => Deadline;
}

/** The seats that are meant, as the table is now. @throws SeatfileFault BAD_ARGUMENT: several begin with that id */
export async function seatsFor(at: Administration, selection: SeatSelection): Promise<ChosenSeat[]> {
  const time: ShareTime | null = selection.dead ? await shareTimeOf(at) : null;
  const nowMs = time?.from === 'server' ? time.ms : null;
  const chosen = chooseSeats(at.licence, selectionAt(at, selection, nowMs));
  const ids = new Set(chosen.map(({ seat }) => seat.id));
  if (selection.seat !== undefined && ids.size > 1)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `seat ${selection.seat}: ${ids.size} seats begin with it; give more of the id`,
    );
  return chosen;
}

function selectionAt(at: Administration, selection: SeatSelection, nowMs: number | null): Selection {
  const { dead, all: _, ...named } = selection;
  return { ...named, ...(dead && { dead: { isGone: isGoneBy(at), nowMs } }) };
}

export const isGoneBy =
  ({ system }: Administration) =>
  (record: InstanceRecord): boolean =>
    isGoneHere(record, system);

/** What is removed, and how. */
export interface RemovalRequest {
  readonly selection: SeatSelection;
  /** What the administrator has seen and agreed to: no other seat is removed. */
  readonly chosen: readonly ChosenSeat[];
  readonly reason: string | null;
  readonly gently: boolean;
}

/** One commit. What was given back meanwhile, or is alive again, is left alone. */
export async function removeChosen(at: Administration, request: RemovalRequest): Promise<Removal> {
  const { selection, chosen, reason: words, gently } = request;
  const agreed = new Set(chosen.map(keyOf));
  const isGone = isGoneBy(at);
  const { answer } = await at.store.commit((context) => {
    const now = chooseSeats(context.licence, selectionAt(at, selection, context.nowMs));
    const taken = now.filter((one) => agreed.has(keyOf(one)));
    const keys = new Set(taken.map(keyOf));
    const isChosen = (record: InstanceRecord, seat: SeatRecord) => keys.has(keyOf({ record, seat }));
    const draft = remove(context, { isChosen, isGone, gently, actor: at.actor, words });
    const after = { policy: context.policy, ...(draft ?? { licence: context.licence, events: [] }) };
    return { answer: seatsOf(at, context, taken, placesAfter(after, taken)), draft };
  }, at.deadline());
  return { ...removalOf(at, request), seats: answer, missed: chosen.length - answer.length };
}

/** What a removal would do. */
export function dryRun(at: Administration, request: RemovalRequest): Removal {
  const seats = seatsOf(at, at, request.chosen, null);
  return { ...removalOf(at, request), dryRun: true, seats };
}

const removalOf = (at: Administration, { reason, gently }: RemovalRequest): Omit<Removal, 'seats'> => ({
  ...{ file: at.store.paths.licenceFile, dryRun: false, gently },
  ...{ actor: at.actor, reason, missed: 0 },
});

const keyOf = ({ record, seat }: ChosenSeat): string => `${record.id} ${seat.id} ${seat.module}`;

const seatsOf = (
  at: Administration,
  { policy }: Pick<ChangeContext, 'policy'>,
  chosen: readonly ChosenSeat[],
  places: readonly PlaceAfter[] | null,
): RemovedSeat[] =>
  chosen.map(({ record, seat }, index) => {
    const place = places?.[index];
    const processGone = isGoneBy(at)(record);
    return {
      ...{ seat: seat.id, module: seat.module, user: record.user, host: record.host, pid: record.pid },
      ...{ application: record.application, processGone, untilAt: seat.untilAt },
      toldWithinSeconds: processGone ? null : toldWithinSeconds(record, policy),
      place: place?.kind ?? null,
      givenTo: place?.kind === 'given' ? place.to : null,
    };
  });

/** A holder that lives learns what was done to it at its next poll. */
export function toldWithinSeconds(
  { level, checkIntervalSeconds, answersWithin }: InstanceRecord,
  policy: Pick<ChangeContext['policy'], 'checkIntervalSeconds'>,
): number {
  const longest = Math.max(policy.checkIntervalSeconds, checkIntervalSeconds);
  return Math.ceil(ownPollMs(level, longest, answersWithin) / 1000);
}
