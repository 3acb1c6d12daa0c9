import { createCipheriv, type KeyObject, pbkdf2Sync, randomBytes } from 'node:crypto';

/**
 * A private key behind a passphrase, as PKCS#8 has it (RFC 8018: PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC). Node
 * writes the same with 2,048 rounds, and they cannot be asked for otherwise: a passphrase would be guessed 300 times as
 * fast. Node and OpenSSL read this one.
 */
export function sealKey(privateKey: KeyObject, passphrase: string): string {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(passphrase, salt, ROUNDS, 32, 'sha256'), iv);
  const plain = privateKey.export({ type: 'pkcs8', format: 'der' });
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const stretching = sequence(PBKDF2, sequence(octets(salt), integer(ROUNDS), sequence(HMAC_SHA256, NULL)));
  const scheme = sequence(PBES2, sequence(stretching, sequence(AES_256_CBC, octets(iv))));
  const lines =
    sequence(scheme, octets(sealed))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join(
    '\n',
  );
}

/** Half a second of a computer of 2026. */
const ROUNDS = 600_000;

/** One value of DER: its kind, its length, and what is in it. */
function value(kind: number, ...parts: readonly Uint8Array[]): Buffer {
  const inside = Buffer.concat(parts);
  const length = inside.length < 128 ? [inside.length] : [0x81, inside.length]; // nothing here reaches 256
  return Buffer.concat([Buffer.from([kind, ...length]), inside]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => value(0x30, ...parts);
const octets = (bytes: Uint8Array): Buffer => value(0x04, bytes);
/** Of three bytes, the first below 0x80. */
const integer = (number: number): Buffer => value(0x02, Buffer.from([number >> 16, number >> 8, number]));
const NULL = value(0x05);

const identifier = (hex: string): Buffer => value(0x06, Buffer.from(hex, 'hex'));
const PBES2 = identifier('2a864886f70d01050d');
const PBKDF2 = identifier('2a864886f70d01050c');
const HMAC_SHA256 = identifier('2a864886f70d0209');
const AES_256_CBC = identifier('60864801650304012a');
