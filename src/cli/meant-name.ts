import type { Licence } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import { sameName } from '../licence/names.js';
import { nearest } from '../licence/nearest.js';
import { shellWord } from './shell-word.js';

/** Which user or host was meant, where the name that was typed is not there. */

interface Person {
  readonly user: string;
  readonly host: string;
}

interface Asked {
  readonly user?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * ` Did you mean --user anna?`, of a user or host that was asked for and is not there; or nothing.
 * @param isWithHost whether the command has --host
 */
export function meantName(asked: Asked, people: readonly Person[], isWithHost = true): string {
  const whole = asked.user === undefined ? null : seatOf(asked.user, people);
  if (whole !== null) return ` Did you mean ${optionsFor(whole, isWithHost)}?`;
  const meant = (['user', 'host'] as const).flatMap((name) => {
    const [typed, names] = [asked[name], people.map((one) => one[name])];
    if (typed === undefined || names.some((one) => sameName(one, typed))) return [];
    const found = nearest(typed, names);
    return found === null ? [] : [`--${name} ${shellWord(found)}`];
  });
  if (meant.length > 0) return ` Did you mean ${meant.join(' ')}?`;
  const several = (['user', 'host'] as const).filter((name) => asked[name]?.includes(','));
  return several.map((name) => ` --${name} takes one name; run the command once for each.`).join('');
}

const optionsFor = ({ user, host }: Person, isWithHost: boolean): string =>
  `--user ${shellWord(user)}${isWithHost ? ` --host ${shellWord(host)}` : ''}`;

/** `dan@pc-4`, as messages name the holder of a seat: the holder, where no user is called so. */
function seatOf(typed: string, people: readonly Person[]): Person | null {
  if (!typed.includes('@') || people.some(({ user }) => sameName(user, typed))) return null;
  return people.find(({ user, host }) => sameName(`${user}@${host}`, typed)) ?? null;
}

/**
 * A user of this name is to be written into the licence. One like `dan@pc-4` that no user has, on a host that there
 * is, means a seat: written down it would mean no user, and look the same.
 * @param isWithHost whether the command has --host
 * @throws SeatfileFault BAD_ARGUMENT
 */
export function refuseSeatName(typed: string, licence: Licence, isWithHost: boolean): void {
  const { instances, waiting, settings } = licence;
  const { bans = [], reservations = [] } = settings;
  const known: readonly Asked[] = [...instances, ...waiting, ...reservations, ...bans];
  const [, user, host] = /^(.+)@([^@]+)$/.exec(typed) ?? [];
  if (user === undefined || host === undefined || known.some((one) => sameName(one.user ?? '', typed)))
    return;
  if (!known.some((one) => sameName(one.host ?? '', host))) return;
  const everywhere = isWithHost ? '' : ' That holds on every host.';
  throw new SeatfileFault(
    'BAD_ARGUMENT',
    `--user ${typed}: no user of this name is known, and ${host} is a host. Nothing was changed. ` +
      `Did you mean ${optionsFor({ user, host }, isWithHost)}?${everywhere}`,
  );
}
