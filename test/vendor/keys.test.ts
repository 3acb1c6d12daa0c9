import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readPublicKeys } from '../../src/licence/public-keys.js';
import { sign, verify } from '../../src/licence/signature.js';
import { checkedPassphrase, newKeys, openPrivateKey } from '../../src/vendor/keys.js';
import { faultOf, neverAsked } from './faults.js';

const PASSPHRASE = 'correct horse battery';
const typed = (text: string) => async (): Promise<string> => text;

describe('new keys', () => {
  test('open without a passphrase; what they sign is verified by the PEM and by the line', async () => {
    const keys = newKeys(null);
    const { privateKey, keyId } = await openPrivateKey(keys.privatePem, 'private.pem', neverAsked);
    const sealed = sign('{}', privateKey);
    expect([keyId, sealed.keyId]).toEqual([keys.keyId, keys.keyId]);
    for (const text of [keys.publicPem, keys.publicLine])
      expect(verify(sealed, readPublicKeys(text, 'key'))).toBe('valid');
  });

  test('two pairs are two', () => {
    expect(newKeys(null).keyId).not.toBe(newKeys(null).keyId);
  });

  test('with a passphrase they open with it, and with nothing else', async () => {
    const { privatePem, keyId } = newKeys(PASSPHRASE);
    expect(privatePem).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    expect(await openPrivateKey(privatePem, 'k', typed(PASSPHRASE))).toMatchObject({ keyId });
    for (const wrong of ['', `${PASSPHRASE} `, PASSPHRASE.toUpperCase()]) {
      const { message } = await faultOf(openPrivateKey(privatePem, '/keys/private.pem', typed(wrong)));
      expect(message).toContain('/keys/private.pem: the passphrase does not open it');
    }
  });

  test('a passphrase is stretched by 600,000 rounds', () => {
    const der = Buffer.from(newKeys(PASSPHRASE).privatePem.replace(/-----.*-----/g, ''), 'base64');
    expect(der.includes(Buffer.from('02030927c0', 'hex'))).toBe(true);
  });

  test('a key that Node has protected opens, too', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'short' };
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString();
    const opened = await openPrivateKey(pem, 'k', typed('short'));
    expect(opened.privateKey.equals(privateKey)).toBe(true);
  });

  test('a passphrase is the same however its accents were typed', async () => {
    const { privatePem, keyId } = newKeys(checkedPassphrase('zoe\u0308 zoe\u0308 zoe\u0308'));
    const composed = typed('zo\u00eb zo\u00eb zo\u00eb');
    expect(await openPrivateKey(privatePem, 'k', composed)).toMatchObject({ keyId });
  });
});

test.each([
  ['short', 'expected 12 to 1024 characters, got 5'],
  ['x'.repeat(1025), 'got 1025'],
])('a passphrase like %.5s is refused, and not shown', (text, says) => {
  expect(() => checkedPassphrase(text)).toThrow(says);
  expect(() => checkedPassphrase(text)).not.toThrow(text);
});

describe('in the place of a private key', () => {
  const pem = newKeys(null).privatePem;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const x25519 = generateKeyPairSync('x25519').privateKey;
  const pkcs8 = (key: typeof rsa) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

  test.each([
    ['nothing', '', 'found no key at all'],
    ['a text', 'hello', 'found no key at all'],
    ['its public key', newKeys(null).publicPem, 'found the public key'],
    ['a key of ssh', '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n', 'found a key of OpenSSH'],
    ['an old RSA key', rsa.export({ type: 'pkcs1', format: 'pem' }).toString(), 'found "RSA PRIVATE KEY"'],
    ['an RSA key', pkcs8(rsa), 'found a private key of rsa'],
    ['an X25519 key', pkcs8(x25519), 'found a private key of x25519'],
    ['one that was cut off', pem.slice(0, 60), 'cannot be read'],
    ['a megabyte', pem + 'x'.repeat(1_000_000), 'found no key at all'],
  ])('%s is refused by name', async (_what, text, says) => {
    const { message } = await faultOf(openPrivateKey(text, '/keys/private.pem', neverAsked));
    expect(message).toContain('/keys/private.pem: expected a private key of Ed25519');
    expect(message).toContain(says);
    expect(message.length).toBeLessThan(300);
  });

  test('no fault shows a part of the key', async () => {
    const inside = createPrivateKey(pem).export({ format: 'jwk' }).d ?? '';
    const body = pem.split('\n')[1] ?? '';
    const broken = pem.replace(body, `${body.slice(0, 40)}!${body.slice(40)}`);
    const { message } = await faultOf(openPrivateKey(broken, 'k', neverAsked));
    expect(message).toContain('cannot be read');
    expect(message).not.toContain(inside);
    expect(message).not.toContain(body.slice(0, 20));
  });
});
