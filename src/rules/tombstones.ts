import type { CountBy, Tombstone } from '../licence/document.js';
import type { Draft } from '../licence/revision.js';
import { isNamed } from './claim.js';

/** Somebody who comes back for a seat, by the names he goes by. */
interface Returning {
  readonly user: string;
  readonly host: string;
}

/**
 * Who was removed may sit again; the first claim that seats him says once who removed him, and why: a process that was closed,
 * or had ended, could not tell him. By names, as he is only told something. Told is what the tombstone remembers.
 */
export function tellRemoved(
  draft: Draft,
  countBy: CountBy,
  who: Returning,
  module: string,
): { readonly draft: Draft; readonly removed: Tombstone | null } {
  const { licence } = draft;
  const asked = countBy === 'user' ? { user: who.user } : { user: who.user, host: who.host };
  const isNews = (stone: Tombstone) =>
    stone.reason === 'removed' && !stone.told && stone.module === module && isNamed(stone, asked);
  const removed = licence.gone.findLast(isNews) ?? null;
  if (removed === null) return { draft, removed };
  const gone = licence.gone.map((stone) => (isNews(stone) ? { ...stone, told: true } : stone));
  return { draft: { ...draft, licence: { ...licence, gone } }, removed };
}
