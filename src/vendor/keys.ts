import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SeatfileFault } from '../licence/fault.js';
import { keyIdOf, rawKeyOf } from '../licence/signature.js';
import { sealKey } from './sealed-key.js';

/** The vendor's keys as texts: made, and opened. Of the private one no text but its own PEM is ever made. */

/** A new pair of keys, to be written down. */
export interface NewKeys {
  readonly keyId: string;
  /** PKCS#8. */
  readonly privatePem: string;
  /** SPKI. */
  readonly publicPem: string;
  /** The public key in one line: the base 64 of its 32 bytes. */
  readonly publicLine: string;
  readonly hasPassphrase: boolean;
}

/** What licences are signed with. */
export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
  /** SPKI. */
  readonly publicPem: string;
}

/** @param passphrase null: the private key lies open in its file */
export function newKeys(passphrase: string | null): NewKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    keyId: keyIdOf(publicKey),
    privatePem: passphrase === null ? openPemOf(privateKey) : sealKey(privateKey, passphrase),
    publicPem: pemOf(publicKey),
    publicLine: rawKeyOf(publicKey).toString('base64'),
    hasPassphrase: passphrase !== null,
  };
}
const pemOf = (publicKey: KeyObject): string => publicKey.export({ type: 'spki', format: 'pem' }).toString();
const openPemOf = (privateKey: KeyObject): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Characters of a passphrase. A shorter one is guessed however it is stretched. */
const LEAST_PASSPHRASE = 12;
const MOST_PASSPHRASE = 1024;

/**
 * A passphrase for a new key, in the form in which every keyboard gives it (NFC).
 * @throws SeatfileFault BAD_ARGUMENT, which does not show it
 */
export function checkedPassphrase(typed: string): string {
  const { length } = typed;
  if (length >= LEAST_PASSPHRASE && length <= MOST_PASSPHRASE) return typed.normalize('NFC');
  throw new SeatfileFault(
    'BAD_ARGUMENT',
    `passphrase: expected ${LEAST_PASSPHRASE} to ${MOST_PASSPHRASE} characters, got ${length}; ` +
      'take some words, like four that have nothing to do with each other',
  );
}

const BEGIN = /^-----BEGIN ([A-Z0-9 ]+)-----\s*$/m;
/** As it stands in its file when it has a passphrase. */
const PROTECTED = 'ENCRYPTED PRIVATE KEY';
/** Most characters of a file with a private key. */
const MOST_PEM = 65_536;

/**
 * Opens a private key.
 * @param where names the text in every fault
 * @param passphrase asked where the key has one
 * @throws SeatfileFault BAD_ARGUMENT: names what was found; never the key or the passphrase
 */
export async function openPrivateKey(
  pem: string,
  where: string,
  passphrase: () => Promise<string>,
): Promise<SigningKey> {
  const label = pem.length > MOST_PEM ? null : (BEGIN.exec(pem)?.[1] ?? null);
  const isProtected = label === PROTECTED;
  if (!isProtected && label !== 'PRIVATE KEY') throw refused(where, foundInstead(label));
  const secret = isProtected ? (await passphrase()).normalize('NFC') : undefined;
  const privateKey = keyIn(pem, where, secret);
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw refused(where, `a private key of ${privateKey.asymmetricKeyType}`);
  const publicKey = createPublicKey(privateKey);
  return { keyId: keyIdOf(publicKey), privateKey, publicPem: pemOf(publicKey) };
}

/** What OpenSSL says names the inside of the key at most, and nothing that helps. It is not passed on. */
function keyIn(pem: string, where: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase !== undefined && { passphrase }) });
  } catch {
    if (passphrase === undefined) throw refused(where, 'a private key that cannot be read (is it cut off?)');
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `${where}: the passphrase does not open it, or the file is damaged; type it again, or bring the file back ` +
        'from its backup',
    );
  }
}

function foundInstead(label: string | null): string {
  if (label === null) return 'no key at all';
  if (label.startsWith('OPENSSH')) return 'a key of OpenSSH, which is another format';
  return label === 'PUBLIC KEY' ? 'the public key' : `"${label}"`;
}

const refused = (where: string, found: string): SeatfileFault =>
  new SeatfileFault(
    'BAD_ARGUMENT',
    `${where}: expected a private key of Ed25519 (PEM, PKCS#8), as seatfile keygen makes it, found ${found}; ` +
      'give the file private.pem',
  );
