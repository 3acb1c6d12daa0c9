import { type Entitlement, readEntitlement } from '../licence/entitlement.js';
import { inFile, SeatfileFault } from '../licence/fault.js';
import { fullCheck, withFullCheck } from '../licence/full-check-door.js';
import { parseJson } from '../licence/json.js';
import { isRecord, TEMPLATE } from '../licence/shapes.js';
import type { Verdict } from '../licence/signature.js';
import { parseLicence } from '../licence/text.js';
import type { Trust } from '../licence/trust.js';

/** Where a licence takes its terms from: a JSON file that the vendor wrote, or an earlier licence. Pure. */

/** What a licence grants, without what makes it one certain licence. */
export type Terms = {
  readonly [Key in keyof Omit<Entitlement, OfOneLicence>]?: Entitlement[Key] | undefined;
};
type OfOneLicence =
  | 'licenceId'
  | 'licenceKey'
  | 'issuedAt'
  | 'notBefore'
  | 'expiresAt'
  | 'evaluation'
  | 'supersedes';

export interface Template {
  readonly terms: Terms;
  /** How long a licence of it is valid, where the options do not say. Whole days, 1 to 36,500. */
  readonly validDays: number | null;
  /** The licence that it is. Null: it is a file of terms. */
  readonly earlier: EarlierLicence | null;
}

interface EarlierLicence {
  readonly granted: Entitlement;
  /** Of the vendor's own keys: whether the vendor has granted that. */
  readonly verdict: Exclude<Verdict, 'invalid'>;
}

/**
 * @param where names the text in every fault
 * @param trust in the vendor's own keys, to tell whether an earlier licence is as it was issued
 * @throws SeatfileFault LICENCE_INVALID (names the key, what was found, what was expected), LICENCE_NEWER,
 * LICENCE_FORGED
 */
export const readTemplate = (text: string, where: string, trust: Trust): Promise<Template> =>
  withFullCheck(() => {
    const value = parseJson(text, where, TEMPLATE);
    if (isRecord(value) && 'entitlement' in value) return ofLicence(text, where, trust);
    const { $schema: _, comment: _words, validDays, ...terms } = fullCheck().checkTemplate(value, where);
    return { terms, validDays: validDays ?? null, earlier: null };
  });

/** For whom and where it was stays with the earlier licence: those are no terms. */
function ofLicence(text: string, where: string, trust: Trust): Template {
  const { entitlement } = parseLicence(text, where);
  const verdict = trust.verdictOn(entitlement);
  if (verdict === 'invalid')
    throw new SeatfileFault(
      'LICENCE_FORGED',
      `${where}: expected a licence as it was issued, found one that was changed after it was signed; ` +
        'take the file that you have issued',
    );
  const granted = inFile(where, () => readEntitlement(entitlement));
  return { terms: termsOf(granted), validDays: null, earlier: { granted, verdict } };
}

function termsOf(granted: Entitlement): Terms {
  const { warnDays, countBy, level, checkIntervalSeconds, settable } = granted;
  const { offlineGraceSeconds, borrow, renewal, modules } = granted;
  return {
    ...{ warnDays, countBy, level, checkIntervalSeconds, settable },
    ...{ offlineGraceSeconds, borrow, renewal, modules },
  };
}
