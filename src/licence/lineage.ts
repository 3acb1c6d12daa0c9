import type { Licence, SealedEntitlement } from './document.js';
import { parseJson } from './json.js';

/** The id of the licence an entitlement is for, without checking the rest of it; null when it has none. */
export function licenceIdOf(sealed: SealedEntitlement): string | null {
  try {
    const granted = parseJson(sealed.payload, '');
    if (typeof granted !== 'object' || granted === null || !('licenceId' in granted)) return null;
    return typeof granted.licenceId === 'string' ? granted.licenceId : null;
  } catch {
    return null;
  }
}

/** Its own, and those it was restored from. */
export const lineagesOf = (licence: Licence): readonly string[] => [
  licence.lineage,
  ...(licence.restored?.former ?? []),
];

/**
 * Two states of one table: one lineage, or one restored from the other. A copy that lives elsewhere is
 * none.
 */
export function isSameTable(one: Licence, other: Licence): boolean {
  return (
    licenceIdOf(one.entitlement) === licenceIdOf(other.entitlement) &&
    (lineagesOf(one).includes(other.lineage) || lineagesOf(other).includes(one.lineage))
  );
}
