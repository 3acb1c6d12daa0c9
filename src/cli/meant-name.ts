import { sameName } from '../licence/names.js';
import { nearest } from '../licence/nearest.js';
import { printable } from './words.js';

/** ` Did you mean --user anna?`, of a user or host that was asked for and is not there; or nothing. */
export function meantName(
  asked: { readonly user?: string | undefined; readonly host?: string | undefined },
  people: readonly { readonly user: string; readonly host: string }[],
): string {
  const meant = (['user', 'host'] as const).flatMap((name) => {
    const [typed, names] = [asked[name], people.map((one) => one[name])];
    if (typed === undefined || names.some((one) => sameName(one, typed))) return [];
    const found = nearest(typed, names);
    return found === null ? [] : [`--${name} ${printable(found)}`];
  });
  return meant.length === 0 ? '' : ` Did you mean ${meant.join(' ')}?`;
}
