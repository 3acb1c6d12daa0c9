import type { Licence } from '../licence/document.js';
import { type Entitlement, entitlementHash, type Policy, readPolicy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { withFullCheck } from '../licence/full-check-door.js';
import { firstLicence } from '../licence/revision.js';
import { sign } from '../licence/signature.js';
import type { Append } from '../share/append.js';
import type { ShareFiles } from '../share/files.js';
import type { Random } from '../share/random.js';
import { createLicenceFile } from '../store/create.js';
import { addIssued, type IssuedList, lineOf } from './issued-list.js';
import type { SigningKey } from './keys.js';

/** A licence that is signed, and not written yet. */
export interface SignedLicence {
  readonly granted: Entitlement;
  readonly licence: Licence;
  /** What holds where it is opened without settings. */
  readonly policy: Policy;
  readonly keyId: string;
}

/**
 * Signs a licence, and reads it back as an application does.
 * @throws SeatfileFault LICENCE_INVALID: its values do not fit together; BAD_ARGUMENT: no place to renew it from
 */
export async function signLicence(
  granted: Entitlement,
  key: SigningKey,
  random: Pick<Random, 'id'>,
): Promise<SignedLicence> {
  if (granted.renewal) (await import('./renewing.js')).checkSource(granted.renewal.from);
  const sealed = sign(JSON.stringify(granted), key.privateKey);
  const licence = firstLicence(sealed, {}, { lineage: random.id(), commit: random.id() });
  const policy = await withFullCheck(() => readPolicy(licence));
  return { granted, licence, policy, keyId: key.keyId };
}

export interface IssueDeps {
  readonly files: ShareFiles;
  readonly append: Append;
}

/**
 * Writes a licence into a new file, once the list beside the key names it: no licence goes out that the list does not
 * know. A line whose file could not be written does no harm, and the fault says that it is there.
 * @param by `user@host`, for the list
 * @returns the resolved path
 * @throws SeatfileFault LICENCE_EXISTS, LICENCE_MISSING (no such directory), SHARE_*
 */
export async function writeLicence(
  path: string,
  { granted, licence, keyId }: SignedLicence,
  { list, by }: { readonly list: IssuedList; readonly by: string },
  deps: IssueDeps,
): Promise<string> {
  const line = lineOf(granted, { hash: entitlementHash(licence.entitlement), keyId, by });
  let says: string | null = null; // of the list, should the licence not be written
  try {
    return await createLicenceFile(path, licence, deps.files, async () => {
      says = 'may name';
      await addIssued(list, line, deps);
      says = 'already names';
    });
  } catch (error) {
    if (says === null || !(error instanceof SeatfileFault)) throw error;
    throw new SeatfileFault(
      error.code,
      `${error.message}. The licence ${line.id} was not written; ${list.file} ${says} it`,
      { cause: error },
    );
  }
}
