import { type Licence, MAX_FORMER, parseLicence } from '../licence/document.js';
import { entitlementHash, readPolicy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import type { Draft } from '../licence/revision.js';
import { licenceIdOf } from './restore.js';

/** What becomes of a file that somebody dropped over `licence.json` (design 5), given the newest revision. */
export type Drop =
  | { readonly kind: 'adopted'; readonly draft: Draft }
  | { readonly kind: 'same' } // nothing in it that the table does not have: it may be written over
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Unsigned over unsigned of the same licence id is adopted as it is: entitlement and settings. The seat table stays, and nobody
 * is thrown out, however many seats the new one has.
 */
export function judgeDrop(top: Licence, text: string, actor: string): Drop {
  const dropped = read(text);
  if ('why' in dropped) return { kind: 'refused', why: dropped.why };
  const [id, ownId] = [licenceIdOf(dropped.entitlement), licenceIdOf(top.entitlement)];
  if (id !== ownId) return { kind: 'refused', why: `it is licence "${id}"; expected licence "${ownId}"` };
  const { entitlement, settings } = dropped;
  const hash = entitlementHash(top.entitlement);
  const isSame = entitlementHash(entitlement) === hash;
  if (isSame && JSON.stringify(settings) === JSON.stringify(top.settings)) return { kind: 'same' };
  const former = [...top.formerEntitlements.filter((one) => one !== entitlementHash(entitlement)), hash];
  return {
    kind: 'adopted',
    draft: {
      licence: {
        ...top,
        entitlement,
        settings,
        formerEntitlements: isSame ? top.formerEntitlements : former.slice(-MAX_FORMER),
      },
      events: [{ kind: 'installed', actor, entitlement: entitlementHash(entitlement) }],
    },
  };
}

function read(text: string): Licence | { readonly why: string } {
  try {
    const licence = parseLicence(text, 'it');
    if (licence.entitlement.signature !== undefined)
      return { why: 'it is signed, and this version cannot verify signatures; update this application' };
    readPolicy(licence, 'it');
    return licence;
  } catch (error) {
    if (error instanceof SeatfileFault) return { why: error.message };
    throw error;
  }
}
