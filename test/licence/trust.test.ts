import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SealedEntitlement } from '../../src/licence/document.js';
import { Trust } from '../../src/licence/trust.js';
import { acme, other, signedBy, type TestVendor } from '../helpers/vendor.js';
import { Verifications } from '../helpers/verifications.js';

const trusting = (...vendors: readonly TestVendor[]): Trust =>
  Trust.in(vendors.map(({ pem }, index) => ({ text: pem, where: `key ${index}` })));

const signed = signedBy(acme);
const unsigned: SealedEntitlement = { payload: signed.payload };
const forged: SealedEntitlement = {
  ...signed,
  payload: signed.payload.replace('"maxUsers":1', '"maxUsers":9'),
};
const foreign = signedBy(other);

describe('what a reader knows of a licence', () => {
  test.each<[string, SealedEntitlement, string, string]>([
    ['unsigned', unsigned, 'none', 'none'],
    ['signed', signed, 'unverified', 'valid'],
    ['forged', forged, 'unverified', 'invalid'],
    ['signed by another key', foreign, 'unverified', 'unverified'],
  ])('%s: without a key, and with one', (_name, sealed, without, withKey) => {
    expect([Trust.none.stateOf(sealed), trusting(acme).stateOf(sealed)]).toEqual([without, withKey]);
    expect(() => Trust.none.require(sealed)).not.toThrow();
  });

  test.each<[string, SealedEntitlement, string, RegExp]>([
    [
      'unsigned',
      unsigned,
      'LICENCE_UNSIGNED',
      /signature: expected a licence signed with the key [0-9a-f]{16}, found none/,
    ],
    ['forged', forged, 'LICENCE_FORGED', /the licence was changed after it was signed/],
    [
      'by another key',
      foreign,
      'LICENCE_UNTRUSTED',
      /keyId: expected .* the key [0-9a-f]{16}, found "[0-9a-f]{16}"/,
    ],
  ])('with a key it is refused: %s', (_name, sealed, code, words) => {
    const act = () => trusting(acme).require(sealed);
    expect(act).toThrow(expect.objectContaining({ code }));
    expect(act).toThrow(words);
  });

  test('of several keys each is good: a vendor changes keys, and old licences stay', () => {
    const both = trusting(other, acme);
    expect([signed, foreign].map((sealed) => both.stateOf(sealed))).toEqual(['valid', 'valid']);
    expect(both.stateOf({ ...signed, keyId: foreign.keyId })).toBe('invalid');
  });

  test('no text at all asks for nothing; a text without a key is a fault', () => {
    expect(Trust.in([])).toBe(Trust.none);
    expect(() => Trust.in([{ text: '', where: 'publicKey' }])).toThrow('publicKey: expected a public key');
  });
});

describe('verifying costs once', () => {
  let verifications: Verifications;
  beforeEach(() => {
    verifications = new Verifications();
  });
  afterEach(() => verifications.stop());

  test('for a text, however often it is read and by however many openings', () => {
    const sealed = signedBy(acme, { customer: 'once' });
    for (let read = 0; read < 100; read++) trusting(acme).require({ ...sealed });
    trusting(acme, other).require(sealed);
    expect(verifications.count).toBe(1);
  });

  test('another payload, key or signature is another text', () => {
    const sealed = signedBy(acme, { customer: 'another' });
    trusting(acme).require(sealed);
    for (const change of [{ payload: `${sealed.payload} ` }, { signature: signed.signature }])
      expect(trusting(acme).stateOf({ ...sealed, ...change })).toBe('invalid');
    expect(trusting(other).stateOf(sealed)).toBe('unverified');
    expect(verifications.count).toBe(3);
  });

  test('many texts one after the other are each judged rightly, and few of them remembered', () => {
    const trust = trusting(acme);
    const all = Array.from({ length: 40 }, (_, n) => signedBy(acme, { customer: `customer ${n}` }));
    for (const [n, sealed] of all.entries()) {
      expect(trust.stateOf(sealed)).toBe('valid');
      expect(trust.stateOf({ ...sealed, signature: all[n - 1]?.signature ?? signed.signature })).toBe(
        'invalid',
      );
    }
    expect(trust.stateOf(all[0] ?? signed)).toBe('valid');
    expect(verifications.count).toBe(81);
  });
});
