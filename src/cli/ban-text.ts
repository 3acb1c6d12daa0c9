import type { Ban } from '../licence/banned.js';
import type { Licence, Waiter } from '../licence/document.js';
import { sameName } from '../licence/names.js';
import { didYouMean } from '../licence/nearest.js';
import type { ChangeContext } from '../licence/revision.js';
import type { BanOutcome } from '../rules/bans.js';
import { bansInForce } from '../rules/bans-in-force.js';
import { commandLine } from './advice-line.js';
import { describeSeat, describeTold, type NamedSeat } from './seat-text.js';
import { list } from './told.js';
import { clockTime, printable, userName, whoIs } from './words.js';

/** What `ban` says. */

/** A seat that a ban takes. */
export interface TakenSeat extends NamedSeat {
  /** Null: its process is gone. */
  readonly toldWithinSeconds: number | null;
}

export const bannedUntil = ({ untilAt }: Ban): string =>
  untilAt === null ? 'until the ban is lifted' : `until ${clockTime(untilAt)}`;

interface Told extends Pick<BanOutcome, 'ban' | 'before' | 'waited'> {
  readonly taken: readonly TakenSeat[];
}

/** Before the question, as a dry run tells it, or when it is done. */
export function describeBan(
  { ban, before, waited, taken }: Told,
  when: 'asked' | 'planned' | 'done',
): string {
  const isDone = when === 'done';
  const user = userName(ban.user);
  const head = `${isDone ? 'Banned' : 'Would ban'} ${user} ${bannedUntil(ban)}.`;
  const lines = [
    ...(when === 'asked'
      ? []
      : [before === null ? head : `${head} Before that the ban held ${bannedUntil(before)}.`]),
    ...taken.map(
      (one) =>
        `${isDone ? 'Took' : 'Would take'} ${describeSeat(one)}. ${describeTold(one.toldWithinSeconds)}`,
    ),
    ...waited.map((one) => `${isDone ? 'Took' : 'Would take'} ${describeWaiter(one)}.`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const describeWaiter = (waiter: Waiter): string =>
  `the place of ${whoIs(waiter)} in the queue of ${printable(waiter.module)}`;

const MOST_TOLD = 5;

/** What an administrator may not have meant. */
export function warningsOf(
  { ban, before, taken, waited }: BanOutcome,
  licence: Licence,
  file: string,
): string[] {
  const { user } = ban;
  const isUnknown = before === null && taken.length + waited.length === 0;
  const { instances, waiting, settings } = licence;
  const users = new Set([...instances, ...waiting].map((one) => one.user));
  const kept =
    settings.reservations?.filter((one) => one.user !== undefined && sameName(one.user, user)) ?? [];
  return [
    ...(isUnknown ? [`No seat is held, and none is waited for, in this name now${meant(user, users)}`] : []),
    ...kept.slice(0, MOST_TOLD).map(({ module, ...whom }) => {
      const lift = commandLine('reserve', file, { module, ...whom, lift: true });
      return `A seat of ${printable(module)} stays reserved for ${printable(user)}. To end that: ${lift}`;
    }),
    ...(kept.length > MOST_TOLD ? [`${kept.length - MOST_TOLD} more seats stay reserved for the user.`] : []),
  ];
}

/** No ban to lift, and which there are. */
export function describeNoBan(user: string, { licence, nowMs }: ChangeContext): string {
  const users = bansInForce(licence, nowMs).map((one) => one.user);
  const others = users.length === 0 ? 'No user is.' : `Banned: ${list(users)}.`;
  return `${printable(user)} is not banned${meant(user, users)} ${others} Nothing was changed.\n`;
}

/** The end of a sentence: a full stop, or the question whether a similar name was meant. */
const meant = (user: string, users: Iterable<string>): string => didYouMean(user, users, printable) || '.';
