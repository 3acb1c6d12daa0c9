import type { Licence, SealedEntitlement } from '../../src/licence/document.js';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { sign } from '../../src/licence/signature.js';
import { acme, granted, other, signedBy } from '../helpers/vendor.js';

/** What a person can make of a licence file without the vendor's private key, and what a vendor should not sign. */

/** The licence that the vendor sold: one user. */
export const sold = signedBy(acme);

export interface Forgery {
  readonly sealed: object;
  /** The fault where the vendor's public key is given. */
  readonly code: 'LICENCE_FORGED' | 'LICENCE_UNTRUSTED' | 'LICENCE_UNSIGNED' | 'LICENCE_INVALID';
}

const larger = JSON.stringify(granted({ modules: [{ module: 'M1', maxUsers: 99 }] }));
const theirs = signedBy(other, { modules: [{ module: 'M1', maxUsers: 99 }] });
const forged = (sealed: object): Forgery => ({ sealed, code: 'LICENCE_FORGED' });

/** One of each kind. */
export const forgeries: Readonly<Record<string, Forgery>> = {
  'more users in the text': forged({ ...sold, payload: larger }),
  'another expiry in the text': forged({
    ...sold,
    payload: JSON.stringify(granted({ expiresAt: '2099-01-01T00:00:00.000Z' })),
  }),
  'other spaces in the text': forged({ ...sold, payload: JSON.stringify(granted(), null, 2) }),
  'another order of the keys': forged({
    ...sold,
    payload: JSON.stringify(Object.fromEntries(Object.entries(granted()).reverse())),
  }),
  'a flipped bit of the signature': forged({ ...sold, signature: flipped(sold.signature ?? '') }),
  'the signature of another licence': forged({
    ...sold,
    signature: signedBy(acme, { licenceId: 'b' }).signature,
  }),
  'no algorithm': forged({ payload: sold.payload, keyId: sold.keyId, signature: sold.signature }),
  'no key id': forged({ payload: sold.payload, alg: sold.alg, signature: sold.signature }),
  "another product's licence under our key id": forged({ ...theirs, keyId: sold.keyId }),
  'another algorithm': { sealed: { ...sold, alg: 'none' }, code: 'LICENCE_INVALID' },
  "another product's licence": { sealed: theirs, code: 'LICENCE_UNTRUSTED' },
  'a flipped bit of the key id': {
    sealed: { ...sold, keyId: `${sold.keyId?.slice(0, -1)}g` },
    code: 'LICENCE_UNTRUSTED',
  },
  'no signature': { sealed: { payload: larger }, code: 'LICENCE_UNSIGNED' },
  'no signature, and the rest of it': {
    sealed: { payload: larger, keyId: sold.keyId, alg: sold.alg },
    code: 'LICENCE_UNSIGNED',
  },
};

function flipped(signature: string): string {
  const bytes = Buffer.from(signature, 'base64');
  bytes[5] = (bytes[5] ?? 0) ^ 1;
  return bytes.toString('base64');
}

/** Texts that even a valid signature does not make a licence of. The second is a word of what is said of them. */
export const nonsense: Readonly<Record<string, readonly [text: string, words: string]>> = {
  'a number of users beyond all bounds': [withUsers('1e400'), 'a number too large'],
  'more users than any licence has': [withUsers('100001'), 'maxUsers'],
  'a negative number of users': [withUsers('-5'), 'maxUsers'],
  'a fraction of a user': [withUsers('1.5'), 'maxUsers'],
  'a number in quotes': [withUsers('"99"'), 'maxUsers'],
  'no number': [withUsers('null'), 'maxUsers'],
  'a module twice': [
    textOf({
      modules: [
        { module: 'M1', maxUsers: 1 },
        { module: 'M1', maxUsers: 99 },
      ],
    }),
    'found "M1" twice',
  ],
  'a module name with a line break': [textOf({ modules: [{ module: 'M1\n', maxUsers: 1 }] }), 'module'],
  'a module name that moves the cursor': [
    textOf({ modules: [{ module: '\u001b[2J', maxUsers: 1 }] }),
    'module',
  ],
  'a module with a prototype': [withUsers('1,"__proto__":{"maxUsers":99}'), '__proto__'],
  'a prototype of the whole': [`{"__proto__":{},${textOf({}).slice(1)}`, '__proto__'],
  'a prototype behind an escape': [`{"\\u005f_proto__":{},${textOf({}).slice(1)}`, '__proto__'],
  'no module': [textOf({ modules: [] }), 'modules'],
  'a negative overdraft': [textOf({ modules: [{ module: 'M1', maxUsers: 1, overdraft: -1 }] }), 'overdraft'],
  'an expiry that is no time': [textOf({ expiresAt: 'never' }), 'expiresAt'],
  'an end before its beginning': [
    textOf({ notBefore: '2027-01-01T00:00:00.000Z', expiresAt: '2026-01-01T00:00:00.000Z' }),
    'after notBefore',
  ],
  'a level of its own': [textOf({ level: 'free' as 'light' }), 'level'],
  'a list': ['[]', 'expected'],
  'no JSON': ['free for all', 'JSON'],
  'very deep': [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'nested'],
};

function textOf(changes: Partial<Entitlement>): string {
  return JSON.stringify(granted(changes));
}

function withUsers(users: string): string {
  return textOf({}).replace('"maxUsers":1', `"maxUsers":${users}`);
}

export const signedText = (payload: string): SealedEntitlement => sign(payload, acme.privateKey);

/** A licence with another entitlement in it; whatever that is. */
export const withSealed = (licence: Licence, sealed: object): Licence => ({
  ...licence,
  entitlement: sealed as SealedEntitlement,
});
