import type { LicenceStatus, WaiterStatus } from '../api.js';
import { fromIso } from '../licence/time.js';

import { adviceOn } from './status-advice.js';
import { isNarrow, type Narrowed, wordsOf } from './status-filter.js';
import { moduleTable, nameFor, queueTable, rulesInForce, type Showing, seatTable } from './status-table.js';
import { duration, printable } from './words.js';

/** What `status` says to people. */

/** A part of what is shown. */
export interface Block {
  readonly text: string;
  /** What its lines are, but for the first: where there is too little room, the last of them are left out. */
  readonly rowsAre: string | null;
}

export const textOf = (blocks: readonly Block[]): string => blocks.map(({ text }) => text).join('\n');

/** @param isKeyGiven whether a public key was given, so that an unverified signature is one of another key */
export function describeStatus(asked: Narrowed, isKeyGiven: boolean, showing: Showing): Block[] {
  const { view, filter } = asked;
  const isOfOneModule = filter.module !== undefined || view.modules.length === 1;
  const advice = adviceOn(view, showing).map((line) => `${showing.colours.yellow(line)}\n`);
  const whole = (text: string): Block => ({ text, rowsAre: null });
  const blocks = [
    whole(headOf(view, isKeyGiven, showing)),
    whole(isNarrow(filter) ? '' : moduleTable(view.modules, showing)),
    view.seats.length === 0
      ? whole(`${withoutSeat(asked, showing)}\n`)
      : { text: seatTable(view.seats, isOfOneModule, showing), rowsAre: 'seats' },
    view.waiting.length === 0
      ? whole('')
      : { text: queueTable(view.waiting, isOfOneModule, showing), rowsAre: 'in the queue' },
    whole(rulesInForce(view, showing)),
    whole(advice.join('')),
  ];
  return blocks.filter(({ text }) => text !== '');
}

function headOf(view: LicenceStatus, isKeyGiven: boolean, { times }: Showing): string {
  const { licence } = view;
  const customer = licence.customer === null ? '' : `, ${printable(licence.customer)}`;
  const interval =
    licence.level === 'light' ? '' : `, check interval ${duration(licence.checkIntervalSeconds)}`;
  const clock =
    view.shareTimeFrom === 'server' ? 'server time' : "this computer's time; the server's could not be had";
  const lines = [
    `${printable(view.file)}${customer}: ${licence.level}${interval}${datesOf(view, times.whole)}`,
    `${times.whole(view.shareTime)} (${clock})`,
    ...(licence.signature === 'none' ? [] : [describeSignature(licence, isKeyGiven)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function datesOf({ licence, shareTime }: LicenceStatus, time: (iso: string) => string): string {
  const { notBefore, expiresAt } = licence;
  const nowMs = fromIso(shareTime);
  const start =
    notBefore !== null && nowMs < fromIso(notBefore) ? `, not valid before ${time(notBefore)}` : '';
  if (expiresAt === null) return start;
  return `${start}, ${fromIso(expiresAt) > nowMs ? 'expires' : 'EXPIRED'} ${time(expiresAt)}`;
}

const SIGNATURE_WORDS = {
  none: 'none',
  unverified: 'unverified (it takes --public-key of its vendor)',
  'of another key': 'unverified (signed with a key that was not given)',
  valid: 'valid',
  invalid: 'INVALID: the licence was changed after it was signed',
} as const;

function describeSignature({ key, signature }: LicenceStatus['licence'], isKeyGiven: boolean): string {
  const state = signature === 'unverified' && isKeyGiven ? 'of another key' : signature;
  return `${key === null ? '' : `Licence key ${key}. `}Signature: ${SIGNATURE_WORDS[state]}.`;
}

/** What is said where no seat is shown; `others`: how many there are besides those asked for, null where all were. */
function withoutSeat({ view, filter, others, meant }: Narrowed, showing: Showing): string {
  if (isNarrow(filter) && view.waiting.length > 0)
    return view.waiting.map((one) => describeWaiter(one, showing)).join('\n');
  if (others === null) return 'No seats are in use.';
  const rest = others === 0 ? 'no seats are' : others === 1 ? '1 other seat is' : `${others} other seats are`;
  return `No seat matches ${wordsOf(filter)}; ${rest} in use.${meant}`;
}

function describeWaiter(waiter: WaiterStatus, showing: Showing): string {
  const { place, module, user, host, isReserved } = waiter;
  const name = nameFor(showing);
  const first = isReserved ? '; a seat is reserved for it, so it comes first' : '';
  return (
    `${name(user)}@${name(host)} has no seat of ${module}, and waits for one: ` +
    `place ${place} in the queue${first}.`
  );
}
