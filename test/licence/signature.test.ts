import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SealedEntitlement } from '../../src/licence/document.js';
import { readPublicKeys } from '../../src/licence/public-keys.js';
import { keyIdOf, sign, verify } from '../../src/licence/signature.js';
import { parseLicence } from '../../src/licence/text.js';
import { acme, granted, other, signedBy } from '../helpers/vendor.js';

const keys = readPublicKeys(acme.pem, 'key.pem');
const sealed = signedBy(acme);

describe('a signature', () => {
  test('is valid for the text as it was signed, and for the key that signed it', () => {
    expect(verify(sealed, keys)).toBe('valid');
    expect(verify(signedBy(other), keys)).toBe('unknown key');
    expect(verify({ payload: sealed.payload }, keys)).toBe('unsigned');
  });

  test('any text can be signed, whatever its letters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (payload) => {
        expect(verify(sign(payload, acme.privateKey), keys)).toBe('valid');
      }),
    );
  });

  test('the fixture stays valid: how a licence is signed does not change', () => {
    const text = readFileSync(new URL('../../fixtures/signed.json', import.meta.url), 'utf8');
    const { entitlement } = parseLicence(text, 'signed.json');
    expect(verify(entitlement, keys)).toBe('valid');
    expect(sign(entitlement.payload, acme.privateKey)).toEqual(entitlement);
  });
});

describe('whatever is changed, it is no longer valid', () => {
  const flipped = (bytes: Buffer, bit: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  };
  const each = (text: string, encoding: BufferEncoding, change: (text: string) => SealedEntitlement) => {
    const bytes = Buffer.from(text, encoding);
    const verdicts = Array.from({ length: bytes.length * 8 }, (_, bit) =>
      verify(change(flipped(bytes, bit).toString(encoding)), keys),
    );
    return [...new Set(verdicts)];
  };

  test('each bit of the payload', () => {
    const isOther = (payload: string) => Buffer.from(payload).toString() === payload;
    expect(each(sealed.payload, 'utf8', (payload) => ({ ...sealed, payload }))).toEqual(['invalid']);
    expect(isOther(sealed.payload)).toBe(true);
  });

  test('each bit of the signature, and each bit of its text', () => {
    const signature = sealed.signature ?? '';
    const change = (text: string) => ({ ...sealed, signature: text });
    expect(each(signature, 'base64', change)).toEqual(['invalid']);
    expect(each(signature, 'latin1', change)).toEqual(['invalid']);
  });

  test('each bit of the key id and of the algorithm', () => {
    const change = (keyId: string) => ({ ...sealed, keyId });
    expect(each(sealed.keyId ?? '', 'latin1', change)).toEqual(['unknown key']);
    const algs = each('Ed25519', 'latin1', (alg) => ({ ...sealed, alg: alg as 'Ed25519' }));
    expect(algs).toEqual(['invalid']);
  });

  test.each<[string, SealedEntitlement]>([
    [
      'a part swapped with that of another licence of the vendor',
      { ...sealed, payload: signedBy(acme, { licenceId: 'b' }).payload },
    ],
    ['the signature of another vendor under our key id', { ...sealed, signature: signedBy(other).signature }],
    ['another spacing', { ...sealed, payload: JSON.stringify(granted(), null, 1) }],
    ['a space at the end', { ...sealed, payload: `${sealed.payload} ` }],
    ['no key id', { payload: sealed.payload, alg: 'Ed25519', signature: sealed.signature }],
    ['no algorithm', { payload: sealed.payload, keyId: sealed.keyId, signature: sealed.signature }],
    ['an empty signature', { ...sealed, signature: '' }],
    ['a signature with a space', { ...sealed, signature: ` ${sealed.signature}` }],
    ['a signature without its padding', { ...sealed, signature: sealed.signature?.replace(/=+$/, '') }],
    [
      'base 64 of addresses',
      { ...sealed, signature: Buffer.from(sealed.signature ?? '', 'base64').toString('base64url') },
    ],
    ['a signature of zeros', { ...sealed, signature: Buffer.alloc(64).toString('base64') }],
    ['a longer signature', { ...sealed, signature: Buffer.alloc(65).toString('base64') }],
  ])('%s', (_name, forged) => {
    expect(verify(forged, keys)).toBe('invalid');
  });

  test('a signature over the bare text, without what stands before it, is none', () => {
    const { privateKey } = acme;
    const bare = sign('', privateKey);
    expect(verify({ ...bare, payload: 'seatfile entitlement v1\n' }, keys)).toBe('invalid');
  });

  test('half a character is not taken for another', () => {
    const replaced = sign('"\ufffd"', acme.privateKey);
    expect(verify(replaced, keys)).toBe('valid');
    expect(verify({ ...replaced, payload: '"\ud800"' }, keys)).toBe('invalid');
  });
});

describe('public keys', () => {
  test('PEM, the printed line, and several of both in one text: Windows line ends, comments', () => {
    const ids = [keyIdOf(acme.publicKey), keyIdOf(other.publicKey)];
    expect([...readPublicKeys(acme.line, 'P').keys()]).toEqual([ids[0]]);
    const both = `\uFEFF# 2025\n${acme.pem}\n\n  # 2026\n ${other.line} \n`;
    expect([...readPublicKeys(both, 'P').keys()]).toEqual(ids);
    expect([...readPublicKeys(both.replaceAll('\n', '\r\n'), 'P').keys()]).toEqual(ids);
    expect([...readPublicKeys(`${acme.pem}${acme.line}`, 'P').keys()]).toEqual([ids[0]]);
  });

  test('a key id is 16 hexadecimal digits', () => {
    expect(keyIdOf(acme.publicKey)).toMatch(/^[0-9a-f]{16}$/);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const privatePem = acme.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const privateLine = acme.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  test.each([
    ['nothing', '', 'found none'],
    ['a comment', '# the key', 'found none'],
    ['a path in place of a key', '//server/acme.pem', 'found "//server/acme.pem"'],
    ['a private key', privatePem, 'found a private key ("PRIVATE KEY")'],
    ['a private key in one line', privateLine, 'found a private key (one in base 64)'],
    ['a private key behind a public one', acme.pem + privatePem, 'found a private key'],
    ['a protected private key', privatePem.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE'), 'found a private key'],
    ['RSA', rsa.export({ type: 'spki', format: 'pem' }).toString(), 'found one of rsa'],
    ['a certificate', acme.pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'), 'found "CERTIFICATE"'],
    ['a PEM that breaks off', acme.pem.slice(0, 60), 'without its end'],
    ['a PEM of nonsense', acme.pem.replace(/\nM/, '\nX'), 'cannot be read'],
    ['a key too short', acme.line.slice(4), 'found "'],
    ['very much', `${acme.pem}${'\n'.repeat(70_000)}`, 'characters'],
  ])('%s is refused by name', (_name, text, found) => {
    const act = () => readPublicKeys(text, 'acme.pem');
    expect(act).toThrow(found);
    expect(act).toThrow(/^acme\.pem: expected a public key/);
    expect(act).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
  });
});
