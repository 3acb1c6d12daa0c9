import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { SealedEntitlement } from '../../src/licence/document.js';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { rawKeyOf, sign } from '../../src/licence/signature.js';

/** Vendors with keys that are the same in every run. */

export interface TestVendor {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As an application gives it. */
  readonly pem: string;
  /** As `keygen` prints it. */
  readonly line: string;
}

/** How RFC 8410 writes a private key of Ed25519, before its 32 bytes. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param seed 0 to 255; another one is another vendor */
function vendorOf(seed: number): TestVendor {
  const key = Buffer.concat([PKCS8, Buffer.alloc(32, seed)]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { privateKey, publicKey, pem, line: rawKeyOf(publicKey).toString('base64') };
}

/** The vendor of the licences that tests open, and of `fixtures/signed.json`. */
export const acme = vendorOf(1);
/** Another product's vendor. */
export const other = vendorOf(2);

export const granted = (changes: Partial<Entitlement> = {}): Entitlement => ({
  ...{ licenceId: 'acme', issuedAt: '2026-11-01T00:00:00.000Z' },
  modules: [{ module: 'M1', maxUsers: 1 }],
  ...changes,
});

export const signedBy = (vendor: TestVendor, changes: Partial<Entitlement> = {}): SealedEntitlement =>
  sign(JSON.stringify(granted(changes)), vendor.privateKey);
