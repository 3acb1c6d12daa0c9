import {
  createHash,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import type { SealedEntitlement } from './document.js';

/** Ed25519 over the very text of an entitlement. There is no canonical JSON: the text is signed as it stands. */

/** Stands before the signed bytes, so that no signature of another kind of text fits. */
const DOMAIN = 'seatfile entitlement v1\n';
const ALG = 'Ed25519';
/** Bytes of a signature, and of a public key. */
const [SIGNATURE_BYTES, KEY_BYTES] = [64, 32];

/** Public keys by their ids. */
export type PublicKeys = ReadonlyMap<string, KeyObject>;

/**
 * `unknown key`: the key that it names is not among those given, so nothing is known of the signature.
 */
export type Verdict = 'valid' | 'invalid' | 'unknown key' | 'unsigned';

/** The 32 bytes of an Ed25519 key's public half. */
export function rawKeyOf(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** 16 hexadecimal digits that tell keys apart: the first of the SHA-256 over the raw public key. */
export const keyIdOf = (publicKey: KeyObject): string =>
  createHash('sha256').update(rawKeyOf(publicKey)).digest('hex').slice(0, 16);

/** The public key of 32 bytes. */
export const keyFromRaw = (raw: Uint8Array): KeyObject =>
  createPublicKey({
    key: { kty: 'OKP', crv: ALG, x: Buffer.from(raw).toString('base64url') },
    format: 'jwk',
  });

export const isSigned = (sealed: SealedEntitlement): boolean => sealed.signature !== undefined;

/** An entitlement that the holder of the private key vouches for. `payload` is JSON, and stays as it is. */
export function sign(payload: string, privateKey: KeyObject): SealedEntitlement {
  const signature = signBytes(null, signedBytes(payload), privateKey).toString('base64');
  return { payload, keyId: keyIdOf(createPublicKey(privateKey)), alg: ALG, signature };
}

/** Strict in all parts: there is one way to write a signature, and any other is none. */
export function verify(sealed: SealedEntitlement, keys: PublicKeys): Verdict {
  const { payload, keyId, alg, signature } = sealed;
  if (signature === undefined) return 'unsigned';
  const bytes = fromBase64(signature, SIGNATURE_BYTES);
  if (bytes === null || alg !== ALG || keyId === undefined || HALF.test(payload)) return 'invalid';
  const key = keys.get(keyId);
  if (key === undefined) return 'unknown key';
  return verifyBytes(null, signedBytes(payload), key, bytes) ? 'valid' : 'invalid';
}

/** Half a character: UTF-8 writes any of them in the same three bytes, so two texts would have one signature. */
const HALF = /\p{Surrogate}/u;

const signedBytes = (payload: string): Buffer => Buffer.from(DOMAIN + payload, 'utf8');

/** The bytes of base 64 as it is written, with its padding and nothing else; null where the text is another. */
export function fromBase64(text: string, length: number = KEY_BYTES): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === length && bytes.toString('base64') === text ? bytes : null;
}
