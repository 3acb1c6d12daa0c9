import type { FaultCode, Loss } from '../api.js';
import { SeatfileFault, unreachable } from '../licence/fault.js';
import type { Full } from '../rules/refusal.js';
import { timesFor } from './times.js';

/** Every outcome and fault in words, and its exit status. Escaping happens here and nowhere else. */

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  licence: 3,
  noSeat: 4,
  lost: 5,
  share: 6,
  interrupted: 130,
} as const;
/** `run` keeps the low numbers for the child: EX_TEMPFAIL, and what timeout(1) and env(1) say of themselves. */
export const RUN_EXIT = { noSeat: 75, ours: 125, notExecutable: 126, notFound: 127 } as const;

export function statusOf(code: FaultCode): number {
  switch (code) {
    case 'BAD_ARGUMENT':
    case 'UNKNOWN_MODULE':
      return EXIT.usage;
    case 'LICENCE_EXISTS':
    case 'INSTALL_REFUSED':
    case 'RENEWAL_FAILED':
    case 'ABORTED':
    case 'CLOSED':
      return EXIT.failed;
    case 'LICENCE_MISSING':
    case 'LICENCE_AMBIGUOUS':
    case 'LICENCE_UNREADABLE':
    case 'LICENCE_INVALID':
    case 'LICENCE_NEWER':
    case 'LICENCE_MOVED':
    case 'LICENCE_ELSEWHERE':
    case 'LICENCE_EXPIRED':
    case 'LICENCE_NOT_YET':
    case 'LICENCE_UNSIGNED':
    case 'LICENCE_FORGED':
    case 'LICENCE_UNTRUSTED':
    case 'LICENCE_NOT_RENEWED':
    case 'TABLE_LOST':
    case 'TABLE_DAMAGED':
      return EXIT.licence;
    case 'SHARE_UNREACHABLE':
    case 'SHARE_REFUSED':
    case 'SHARE_FULL':
    case 'SHARE_BUSY':
    case 'SHARE_UNFIT':
    case 'COMMIT_UNKNOWN':
      return EXIT.share;
    default:
      return unreachable(code);
  }
}

/** One line for a person. A stack only for what is our own bug. */
export function describeError(error: unknown): string {
  if (error instanceof SeatfileFault) return printable(error.message);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * Control characters, and those that turn the direction of text: all that could lie to a terminal. Also what shows
 * nothing, and what would be drawn over the character before the text.
 */
const UNPRINTABLE = /\p{C}|[\u2028\u2029\u2800]|(?!\uFE0F)\p{Default_Ignorable_Code_Point}|(?<![^\s])\p{M}/gu;

/** Text from a file as a terminal may show it: what is not plainly visible becomes \u{...}. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A name as it was typed, or as it was shown: where it has the escapes of {@link printable}, what they stand for. */
export function asMeant(typed: string): string {
  const meant = typed.replace(ESCAPE, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
  return printable(meant) === typed ? meant : typed;
}
const ESCAPE = /\\u\{((?:10|[0-9a-f])?[0-9a-f]{1,4})\}/g;

/**
 * JSON that a terminal may show: the same document, with what is not plainly visible (control characters, turned text)
 * written as \\uXXXX. JSON.stringify does that only for ASCII.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(HIDDEN, (char) =>
    Array.from(
      { length: char.length },
      (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
/** All but the line breaks between the values: within them they are escaped already. */
const HIDDEN = /(?!\n)[\p{C}\u2028\u2029]/gu;

/** `ada@pc-17` */
export const whoIs = (who: { user: string; host: string }): string => printable(`${who.user}@${who.host}`);

/** A user on whatever host; `user "dan@pc-4"` where the name could be taken for a user on a host. */
export const userName = (user: string, show: (name: string) => string = printable): string =>
  user.includes('@') ? `user "${show(user)}"` : show(user);

/** How a seat is shown; `--seat` takes any unambiguous beginning. */
export const shortId = (id: string): string => id.slice(0, 8);

/** `12 s`, `3 min`, `2 h 5 min`, `4 d`: the two largest units that say something. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (whole < 3600)
    return whole % 60 === 0 || minutes >= 10
      ? `${minutes} min`
      : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} d`;
}

/** A time in the table as people read it, by the clock of this computer: `2026-11-21 10:30:12 +01:00`. */
export const clockTime = (iso: string): string => timesFor({}, iso).whole(iso);

export function describeNoSeat(module: string, { holders, freesAt, evicted }: Full): string {
  const lines = holders.map((holder) => `\n  ${whoIs(holder)} since ${clockTime(holder.sinceAt)}`);
  const until = freesAt === null ? '' : `\nThe earliest may fall free by ${clockTime(freesAt)}.`;
  const before = evicted === null ? '' : `\nYour last seat there was ${describeLoss(evicted)}.`;
  return `${module}: no seat is free${inUse(holders.length)}${lines.join('')}${until}${before}`;
}

/** Not `all 3`: a licence may have fewer seats than are held, and seats may be kept free for others. */
const inUse = (count: number): string =>
  count === 0 ? '' : `; ${count} ${count === 1 ? 'is' : 'are'} in use:`;

const aside = (words: string | null): string => (words === null ? '' : ` (it ${printable(words)})`);

/** What a user is told, once, when a seat is taken again after a removal. */
export const describeRemoved = (module: string, removed: Loss): string =>
  `${module}: your last seat was ${describeLoss(removed)}`;

export const describeEnding = (remainingMs: number, expiresAt: string): string =>
  `the licence expires ${clockTime(expiresAt)}, in ${duration(remainingMs / 1000)}; ask the vendor for a new one`;

/** What an administrator says to a user. */
export const describeMessage = (words: string, by: string): string =>
  `message from ${printable(by)}: ${printable(words)}`;

export function describeLoss(loss: Loss): string {
  const by = loss.by === null ? '' : ` by ${printable(loss.by)}`;
  const at = loss.at === null ? '' : ` at ${clockTime(loss.at)}`;
  const words = loss.words === null ? '' : `: "${printable(loss.words)}"`;
  switch (loss.reason) {
    case 'evicted':
      return `evicted${by}${at}, because its heartbeats had stopped${aside(loss.words)}, and the place was taken`;
    case 'process gone':
      return `evicted${by}${at}, because its process seemed gone, and the place was taken`;
    case 'expired':
      return `the licence expired${at}`;
    case 'licence replaced':
      return `the licence was replaced${by}${at}`;
    case 'place taken':
      return 'its record was gone from the table, and the place was taken';
    default: // removed, banned, taken over, or what a later version calls it
      return `${printable(loss.reason)}${by}${at}${words}`;
  }
}
