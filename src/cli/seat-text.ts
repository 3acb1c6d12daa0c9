import type { Removal, RemovedSeat } from '../api.js';
import { type ChosenSeat, POLLS_TO_LEAVE } from '../rules/leaving.js';
import { clockTime, duration, printable, shortId, whoIs } from './words.js';

/** What an administrator's act on a seat says of it. */

/** What is told of a seat, whatever is done to it. */
export type NamedSeat = Pick<RemovedSeat, 'seat' | 'module' | 'user' | 'host' | 'pid'>;

export const namedSeat = ({ record, seat }: ChosenSeat): NamedSeat => ({
  ...{ seat: seat.id, module: seat.module, user: record.user, host: record.host, pid: record.pid },
});

/** `CAD ada@pc-17 (seat be8fe085, pid 4711)` */
export const describeSeat = ({ seat, module, pid, ...who }: NamedSeat): string =>
  `${printable(module)} ${whoIs(who)} (seat ${shortId(seat)}, pid ${pid})`;

/** When the application learns of it. */
export const describeTold = (seconds: number | null): string =>
  seconds === null
    ? 'Its process is gone.'
    : `The user's application is told within ${duration(seconds)}, if it is running.`;

/** How a seat was taken from its holder, as an administrator is told it: `evicted, because its process was gone,`. */
export function describeTaking(reason: string): string {
  if (reason === 'process gone') return 'evicted, because its process was gone,';
  return reason === 'evicted' ? 'evicted, because its heartbeats had stopped,' : printable(reason);
}

export function describeRemovedSeat(one: RemovedSeat): string {
  const act = one.place === 'kept' ? 'Asked to leave:' : 'Removed';
  const borrowed =
    one.untilAt === null ? '' : ` It was borrowed, and stays valid there until ${clockTime(one.untilAt)}.`;
  return `${act} ${describeSeat(one)}. ${describePlace(one)} ${describeTold(one.toldWithinSeconds)}${borrowed}`;
}

function describePlace({ place, givenTo }: RemovedSeat): string {
  switch (place) {
    case 'given': {
      const why = givenTo?.isReserved ? 'for whom it is reserved' : 'the first in the queue';
      return `The seat goes to ${givenTo ? `${whoIs(givenTo)}, ${why}` : 'the queue'}.`;
    }
    case 'shared':
      return 'The seat stays in use: another window of the same user has it.';
    case 'excess':
      return 'No seat is free by it: more are in use than the licence has.';
    case 'reserved':
      return 'The seat is kept for a user or a host that it is reserved for.';
    case 'kept':
      return 'The seat is free when the application has left.';
    default:
      return 'The seat is free now.';
  }
}

/** Of seats that stay until their holders have left; empty where none does. A dead holder never leaves by itself. */
export function describeKept({ seats, dryRun }: Removal, isAsked: boolean): string {
  const kept = seats.filter(({ place }) => place === 'kept');
  if (dryRun || kept.length === 0) return '';
  if (isAsked)
    return (
      'A seat that is still there after that has no running application, or one of an older version: ' +
      'remove it without --gently.\n'
    );
  const longest = kept.reduce((most, one) => Math.max(most, one.toldWithinSeconds ?? 0), 0);
  return (
    `So many seats at once are removed gently in any case. In ${duration(POLLS_TO_LEAVE * longest + 1)} do the same ` +
    'again: it frees the seats of those that have not left by then.\n'
  );
}

/** What an administrator should know before it is done. */
export function describeRemoval({ gently, seats }: Removal): string {
  const told = seats.reduce((longest, one) => Math.max(longest, one.toldWithinSeconds ?? 0), 0);
  const isOne = seats.length === 1;
  const notice =
    told === 0
      ? isOne
        ? 'Its process is gone. '
        : 'Their processes are gone. '
      : `${isOne ? 'The application loses its seat' : 'The applications lose their seats'} within ${duration(told)}. `;
  const kept = gently && told > 0 ? 'Until an application has left, its seat counts as in use. ' : '';
  const after = `The ${isOne ? 'user' : 'users'} may take a seat again; `;
  return `${notice}${kept}${after}seatfile undo gives one back while it is free.`;
}
