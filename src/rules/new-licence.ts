import type { Licence, SealedEntitlement, Settings } from '../licence/document.js';
import { type Entitlement, type Policy, readEntitlement, readPolicy } from '../licence/entitlement.js';
import { inFile } from '../licence/fault.js';
import { parseLicence } from '../licence/text.js';
import type { Trust } from '../licence/trust.js';

/** The licence that is to be installed. What its signature is worth was judged before. */
export interface NewLicence {
  readonly entitlement: SealedEntitlement;
  readonly granted: Entitlement;
  /** Whether it is signed with a known key; of an unsigned one, or where no public key was given, false. */
  readonly isVerified: boolean;
  /** The settings that come with it; null: those of the table stay. */
  readonly settings: Settings | null;
}

/** A licence file from outside, whole. Its seat table, if it has one, is not installed. */
export interface ReadLicenceFile {
  readonly file: Licence;
  readonly next: NewLicence;
}

/**
 * Reads a licence file that is to be installed. A signed one leaves the settings of the table as they are.
 * @param where names it in faults
 * @throws SeatfileFault as parseLicence() and Trust.require()
 */
export function readNewLicence(text: string, where: string, trust: Trust): ReadLicenceFile {
  const file = parseLicence(text, where);
  return inFile(where, () => {
    const { entitlement, settings } = file;
    trust.require(entitlement);
    readPolicy(file); // and with it whatever of the entitlement could not be read later
    const isSigned = entitlement.signature !== undefined;
    const granted = readEntitlement(entitlement);
    const isVerified = trust.isAsked; // it was required above
    const next = { entitlement, granted, isVerified, settings: isSigned ? null : settings };
    return { file, next };
  });
}

/** The places that a new licence is bound to; null where it has the binding in force, which takes nothing away. */
export function newBinding({ granted }: NewLicence, { boundTo }: Policy): readonly string[] | null {
  const next = granted.binding?.paths ?? [];
  return JSON.stringify(next) === JSON.stringify(boundTo) ? null : next;
}
