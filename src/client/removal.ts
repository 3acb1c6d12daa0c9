import type { Removal, RemovedSeat, SeatSelection } from '../api.js';
import type { InstanceRecord } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import type { ChangeContext } from '../licence/revision.js';
import { chooseSeats, isGentle, MOST_AT_ONCE, remove, type Selection } from '../rules/admin.js';
import { type PlaceAfter, placesAfter } from '../rules/after-removal.js';
import { type ChosenSeat, type IsChosen, noticedWithinMs } from '../rules/leaving.js';
import type { ShareTime } from '../rules/status-view.js';
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
  const nowMs = time === null ? null : serverTimeOf(time);
  const chosen = chooseSeats(at.licence, selectionAt(at, selection, nowMs));
  const ids = new Set(chosen.map(({ seat }) => seat.id));
  if (selection.seat !== undefined && ids.size > 1)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `seat ${selection.seat}: ${ids.size} seats begin with it; give more of the id`,
    );
  return chosen;
}

const serverTimeOf = ({ ms, from }: ShareTime): number | null => (from === 'server' ? ms : null);

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
    const means = { isChosen: among(taken), isGone, gently };
    const draft = remove(context, { ...means, actor: at.actor, words });
    const after = { policy: context.policy, ...(draft ?? { licence: context.licence, events: [] }) };
    const seats = seatsOf(at, context, taken, placesAfter(after, taken));
    return { answer: { seats, gently: isGentle(context, means) }, draft };
  }, at.deadline());
  return { ...removalOf(at, request), ...answer, missed: chosen.length - answer.seats.length };
}

/** What a removal would do. */
export async function dryRun(at: Administration, request: RemovalRequest): Promise<Removal> {
  const seats = seatsOf(at, at, request.chosen, null);
  const gently = request.gently || (await isGentleNow(at, request));
  return { ...removalOf(at, request), gently, dryRun: true, seats };
}

async function isGentleNow(at: Administration, { chosen }: RemovalRequest): Promise<boolean> {
  if (chosen.length <= MOST_AT_ONCE) return false; // as nearly always: the time need not be asked for
  const nowMs = serverTimeOf(await shareTimeOf(at));
  return isGentle({ ...at, nowMs }, { isChosen: among(chosen), isGone: isGoneBy(at) });
}

function among(chosen: readonly ChosenSeat[]): IsChosen {
  const keys = new Set(chosen.map(keyOf));
  return (record, seat) => keys.has(keyOf({ record, seat }));
}

/** Of a selection that matches nothing. */
export const nothingRemoved = (at: Administration, request: RemovalRequest): Removal => ({
  ...removalOf(at, request),
  seats: [],
});

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
export const toldWithinSeconds = (record: InstanceRecord, policy: ChangeContext['policy']): number =>
  Math.ceil(noticedWithinMs(record, policy) / 1000);
