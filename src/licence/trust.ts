import type { KeyObject } from 'node:crypto';
import type { Licence, SealedEntitlement } from './document.js';
import { SeatfileFault } from './fault.js';
import { readPublicKeys } from './public-keys.js';
import { isSigned, type PublicKeys, type Verdict, verify } from './signature.js';

/** What a reader can say of a signature. `unverified`: the reader has no key, or not that key. */
export type SignatureState = 'none' | 'unverified' | 'valid' | 'invalid';

/**
 * What one opening or one command knows of the vendor: the public keys, or none. Without a key every licence opens, and
 * a signature is `unverified`. With one, only a licence opens that one of the keys has signed.
 */
export class Trust {
  /** Without a key: nothing is verified, and nothing refused. */
  static readonly none = new Trust(new Map());
  private readonly keys: PublicKeys;

  private constructor(keys: PublicKeys) {
    this.keys = keys;
  }

  /**
   * @param texts each with one public key or several; none at all asks for nothing
   * @throws SeatfileFault BAD_ARGUMENT as readPublicKeys()
   */
  static in(texts: readonly { readonly text: string; readonly where: string }[]): Trust {
    const keys = texts.flatMap(({ text, where }) => [...readPublicKeys(text, where)]);
    return keys.length === 0 ? Trust.none : new Trust(new Map(keys));
  }

  /** Tells it from another: openings that trust the same keys are of one mind. */
  get keyIds(): readonly string[] {
    return [...this.keys.keys()].sort();
  }

  /** Whether a licence has to be signed. */
  get isAsked(): boolean {
    return this.keys.size > 0;
  }

  verdictOn(sealed: SealedEntitlement): Verdict {
    const key = this.keys.get(sealed.keyId ?? '');
    return key === undefined ? verify(sealed, this.keys) : verdictOnce(sealed, key, this.keys);
  }

  stateOf(sealed: SealedEntitlement): SignatureState {
    if (!isSigned(sealed)) return 'none';
    const verdict = this.isAsked ? this.verdictOn(sealed) : 'unknown key';
    return verdict === 'valid' || verdict === 'invalid' ? verdict : 'unverified';
  }

  /** @throws SeatfileFault LICENCE_UNSIGNED, LICENCE_FORGED, LICENCE_UNTRUSTED; never without a key */
  require(sealed: SealedEntitlement): void {
    if (!this.isAsked) return;
    const verdict = this.verdictOn(sealed);
    if (verdict !== 'valid') throw this.faultOf(verdict, sealed);
  }

  /** As {@link require}, of a whole licence. */
  readonly judge = ({ entitlement }: Pick<Licence, 'entitlement'>): void => this.require(entitlement);

  private faultOf(verdict: Exclude<Verdict, 'valid'>, { keyId }: SealedEntitlement): SeatfileFault {
    const given = this.keyIds.join(', ');
    switch (verdict) {
      case 'unsigned':
        return new SeatfileFault(
          'LICENCE_UNSIGNED',
          `entitlement.signature: expected a licence signed with the key ${given}, found none; ` +
            'ask the vendor for the signed licence file',
          { details: { expected: given } },
        );
      case 'invalid':
        return new SeatfileFault(
          'LICENCE_FORGED',
          'entitlement.signature: expected one that fits the entitlement, found one that does not: the licence was ' +
            'changed after it was signed; put the file back as the vendor sent it',
        );
      case 'unknown key':
        return new SeatfileFault(
          'LICENCE_UNTRUSTED',
          `entitlement.keyId: expected a licence signed with the key ${given}, found ${shownKeyId(keyId)}; ` +
            'ask the vendor for a licence for this product, or for the application that knows this key',
          { details: { expected: given, found: shownKeyId(keyId) } },
        );
    }
  }
}

/** The id of a key that is not known, as a file has it. */
export const shownKeyId = (keyId: string | undefined): string => JSON.stringify(keyId?.slice(0, 64) ?? '');

/** Most verdicts remembered. A process has a licence or two, and later ones of them. */
const MOST_VERDICTS = 16;

interface Remembered {
  readonly sealed: SealedEntitlement;
  readonly key: KeyObject;
  readonly verdict: Verdict;
}

/** The latest verdicts of this process, for all its openings: every revision has the same entitlement. */
const remembered: Remembered[] = [];

/** Verified once per process, by the very text: a heartbeat compares two texts, and computes nothing. */
function verdictOnce(sealed: SealedEntitlement, key: KeyObject, keys: PublicKeys): Verdict {
  const known = remembered.find((one) => isSame(one.sealed, sealed) && one.key.equals(key));
  if (known) return known.verdict;
  const verdict = verify(sealed, keys);
  remembered.unshift({ sealed, key, verdict });
  remembered.length = Math.min(remembered.length, MOST_VERDICTS);
  return verdict;
}

const isSame = (one: SealedEntitlement, other: SealedEntitlement): boolean =>
  one === other ||
  (one.signature === other.signature &&
    one.payload === other.payload &&
    one.keyId === other.keyId &&
    one.alg === other.alg);
