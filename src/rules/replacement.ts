import { type Licence, MAX_FORMER } from '../licence/document.js';
import { entitlementHash, type Policy, readPolicy } from '../licence/entitlement.js';
import { inFile, SeatfileFault } from '../licence/fault.js';
import { licenceIdOf } from '../licence/lineage.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { parseLicence } from '../licence/text.js';
import { offerFree } from './offers.js';

/** What becomes of a replacement file: one that an administrator put over `licence.json`. */
export type ReplacementOutcome =
  | { readonly kind: 'adopted'; readonly draft: Draft }
  | { readonly kind: 'same' } // the table has all that is in it: it may be written over
  | { readonly kind: 'refused'; readonly why: string };

/**
 * An unsigned file over an unsigned licence of the same licence id is adopted as it is: entitlement and
 * settings. The seat table stays. No holder loses its seat, however few seats the new file has.
 */
export function judgeReplacement(
  context: ChangeContext,
  { text, actor }: { readonly text: string; readonly actor: string },
): ReplacementOutcome {
  const top = context.licence;
  const read = readFile(text);
  if ('why' in read) return { kind: 'refused', why: read.why };
  const { licence: replacement, policy } = read;
  const [id, ownId] = [licenceIdOf(replacement.entitlement), licenceIdOf(top.entitlement)];
  if (id !== ownId) return { kind: 'refused', why: `it is licence "${id}"; expected licence "${ownId}"` };
  const { entitlement, settings } = replacement;
  if (top.entitlement.signature !== undefined && entitlement.signature === undefined)
    return { kind: 'refused', why: 'it is unsigned; expected a licence that the vendor signed' };
  const hash = entitlementHash(top.entitlement);
  const isSame = entitlementHash(entitlement) === hash;
  if (isSame && JSON.stringify(settings) === JSON.stringify(top.settings)) return { kind: 'same' };
  const former = [...top.formerEntitlements.filter((one) => one !== entitlementHash(entitlement)), hash];
  const formerEntitlements = isSame ? top.formerEntitlements : former.slice(-MAX_FORMER);
  const adopted: Draft = {
    licence: { ...top, entitlement, settings, formerEntitlements },
    events: [{ kind: 'installed', actor, entitlement: entitlementHash(entitlement) }],
  };
  return { kind: 'adopted', draft: andThen({ ...context, policy }, adopted, offerFree) };
}

type Read = { readonly licence: Licence; readonly policy: Policy } | { readonly why: string };

function readFile(text: string): Read {
  try {
    const licence = parseLicence(text, 'it');
    if (licence.entitlement.signature !== undefined)
      return { why: 'it is signed, and this version cannot verify signatures; update this application' };
    return { licence, policy: inFile('it', () => readPolicy(licence)) };
  } catch (error) {
    if (error instanceof SeatfileFault) return { why: error.message };
    throw error;
  }
}
