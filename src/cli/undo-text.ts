import type { Undone } from '../client/undoing.js';
import { lossOf } from '../client/warning-text.js';
import type { InstanceRecord, LicenceEvent, Tombstone } from '../licence/document.js';
import { unreachable } from '../licence/fault.js';
import { type ChosenSeat, isLeaving } from '../rules/leaving.js';
import type { UndoRefusal } from '../rules/reinstate.js';
import { outAfterMs } from '../rules/timing.js';
import { commandLine } from './advice-line.js';
import { describeSeat, describeTaking, namedSeat } from './seat-text.js';
import { clockTime, describeLoss, duration, printable, shortId, whoIs } from './words.js';

/** What an undo says, to a person and to a program. */

/** What becomes of a seat that was given back; `isGone`: its process is provably gone. */
export function describeUndone(one: ChosenSeat, isGone: boolean): string {
  const seat = describeSeat(namedSeat(one));
  if (isLeaving(one.seat)) return `${seat} stays: its application had not noticed.`;
  return `${seat} is in the table again. ${isGone ? GONE : whatFollows(one.record)}`;
}

const GONE =
  'Its process is gone: the place is soon free again, unless its user starts the application first.';

function whatFollows(record: InstanceRecord): string {
  const kept =
    record.level === 'light' ? 'until you remove it' : `for ${duration(outAfterMs(record) / 1000)}`;
  return (
    'An application that has not noticed the removal goes on. One that was told of it stays without a seat: ' +
    `its user may ask for one again, and the place is kept ${kept}.`
  );
}

export function describeUnknown(seat: string, last: LicenceEvent | null): string {
  if (last === null)
    return `No seat and no removal begins with ${seat}. seatfile journal shows what happened.`;
  const who = whoIs({ user: String(last['user'] ?? ''), host: String(last['host'] ?? '') });
  const by = typeof last['actor'] === 'string' ? ` by ${printable(last['actor'])}` : '';
  const what = `Seat ${shortId(String(last['seat']))} of ${who}: ${printable(last.kind)}${by} at ${clockTime(last.at)}`;
  const isOld = last.kind === 'removed' || last.kind === 'banned';
  return isOld
    ? `${what}. That is too long ago to undo; ${MAY_ASK}`
    : `${what}. There is no removal to undo.`;
}

const MAY_ASK = 'the user may ask for a seat.';

export function describeUndoRefusal(why: Exclude<UndoRefusal, { reason: 'unknown' }>, file: string): string {
  switch (why.reason) {
    case 'ambiguous':
      return `${why.seats} seats begin with it; give more of the id.`;
    case 'already back':
      return `${whoIs(why.holder)} has a seat of the module (seat ${shortId(why.seat)}): there is nothing to undo.`;
    case 'not removed':
      return (
        `${of(why.stone)} was ${describeTaking(why.stone.reason)} by ${printable(why.stone.actor)} ` +
        `at ${clockTime(why.stone.at)}. That is no removal, so it cannot be undone; ${MAY_ASK}`
      );
    case 'too old':
      return (
        `${of(why.stone)} was ${describeLoss(lossOf(why.stone))}. A removal can be undone for ` +
        `${duration(why.keptSeconds)}, where this version made it; ${MAY_ASK}`
      );
    case 'told':
      return (
        `${of(why.stone)} was ${describeLoss(lossOf(why.stone))}. Its application has been told by now, and under ` +
        `Light the place would be kept until you remove it again; ${MAY_ASK}`
      );
    case 'no module':
      return `${of(why.stone)}: the licence has no module ${printable(why.stone.module)} any more.`;
    case 'taken':
      return `${of(why.stone)}: the place is taken${takenBy(why.by)}. ${whoIs(why.stone)} may wait in the queue.`;
    case 'banned': {
      const until = why.untilAt === null ? '' : ` until ${clockTime(why.untilAt)}`;
      const who = printable(why.stone.user);
      const lift = commandLine('ban', file, { user: why.stone.user, lift: true });
      return `${of(why.stone)}: ${who} is banned${until}. Lift the ban first: ${lift}.`;
    }
    case 'reserved':
      return `${of(why.stone)}: the seats that are free are kept for others.`;
    case 'closed':
      return `${of(why.stone)}: the seat table has just been restored. Try again at ${clockTime(why.untilAt)}.`;
    default:
      return unreachable(why);
  }
}

const of = ({ seat, module, ...who }: Tombstone): string =>
  `Seat ${shortId(seat)} of ${whoIs(who)} in ${printable(module)}`;

const SHOWN = 5;
function takenBy(records: readonly InstanceRecord[]): string {
  if (records.length === 0) return '';
  const more = records.length > SHOWN ? ` and ${records.length - SHOWN} more` : '';
  return `, by ${records.slice(0, SHOWN).map(whoIs).join(', ')}${more}`;
}

/** The document of `undo --json`. */
export function undoView(
  undone: Undone,
  facts: { readonly file: string; readonly dryRun: boolean; readonly actor: string },
) {
  const base = { schemaVersion: 1, ...facts, undone: undone.kind === 'undone' };
  switch (undone.kind) {
    case 'undone':
      return { ...base, seats: undone.seats.map(namedSeat), reason: null };
    case 'unknown':
      return { ...base, seats: [], reason: 'unknown', last: undone.last };
    case 'refused':
      return { ...base, seats: [], ...refusalView(undone.why) };
  }
}

function refusalView(why: Exclude<UndoRefusal, { reason: 'unknown' }>) {
  const { reason } = why;
  const removal = 'stone' in why ? stoneView(why.stone) : null;
  const by = reason === 'taken' ? why.by : reason === 'already back' ? [why.holder] : [];
  const untilAt = reason === 'banned' || reason === 'closed' ? why.untilAt : null;
  return { reason, untilAt, removal, holders: by.map(({ user, host }) => ({ user, host })) };
}

const stoneView = ({ seat, module, user, host, reason, actor, words, at }: Tombstone) => ({
  ...{ seat, module, user, host, reason, by: actor, words, at },
});
