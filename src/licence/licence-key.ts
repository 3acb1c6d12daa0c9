import { SeatfileFault } from './fault.js';

/**
 * A licence key names one licence to people: `7K2M-0QXD-94HT`. 11 random characters (55 bits) and a check character,
 * which is their number modulo 37. It is no secret and proves nothing: the signature does.
 *
 * The alphabet is Crockford's base 32, which leaves out I, L, O and U. 37 is a prime above 32, so every single mistyped
 * character, and every pair of neighbours that changed places, gives another remainder.
 */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CHECK_MODULUS = 37n;
const RANDOM_CHARACTERS = 11;
const LENGTH = RANDOM_CHARACTERS + 1;
const BITS = 5n;
/** As people read or type it. */
const READ_AS: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };
/** Between the characters, where people put them: white space, and hyphens and dashes of every kind. */
const SEPARATOR = /[\s\p{Pd}]/gu;

/**
 * A new licence key.
 * @param roll gives at least 55 random bits in hexadecimal, new ones at each call. Keys whose check character would be
 * none of the alphabet (5 of 37) are rolled again.
 */
export function newLicenceKey(roll: () => string): string {
  for (;;) {
    const random = BigInt.asUintN(RANDOM_CHARACTERS * Number(BITS), BigInt(`0x${roll()}`));
    const check = ALPHABET[Number(random % CHECK_MODULUS)];
    if (check !== undefined) return inGroups(charactersOf(random) + check);
  }
}

/**
 * A licence key as people type it, in the form in which it is written. Spaces, lower case, O for 0, and I or l for 1
 * are understood.
 * @throws SeatfileFault BAD_ARGUMENT: names what was read
 */
export function readLicenceKey(typed: string): string {
  const read = Array.from(typed.replace(SEPARATOR, '').toUpperCase(), (one) => READ_AS[one] ?? one);
  const strange = read.find((one) => !ALPHABET.includes(one));
  if (strange !== undefined) throw bad(typed, `found "${strange}", which no licence key has`);
  if (read.length !== LENGTH)
    throw bad(typed, `found ${read.length} of them (${short(inGroups(read.join(''))) || 'nothing'})`);
  const key = inGroups(read.join(''));
  if (!isChecked(read))
    throw bad(typed, `read ${key}, whose check character does not fit: at least one character is mistyped`);
  return key;
}

/** Whether a text is a licence key in exactly the form in which it is written. */
export function isLicenceKey(text: string): boolean {
  const read = Array.from(text.replaceAll('-', ''));
  return (
    read.length === LENGTH &&
    read.every((one) => ALPHABET.includes(one)) &&
    inGroups(read.join('')) === text &&
    isChecked(read)
  );
}

function isChecked(characters: readonly string[]): boolean {
  const random = characters
    .slice(0, RANDOM_CHARACTERS)
    .reduce((sum, one) => (sum << BITS) | BigInt(ALPHABET.indexOf(one)), 0n);
  return ALPHABET[Number(random % CHECK_MODULUS)] === characters[RANDOM_CHARACTERS];
}

const charactersOf = (random: bigint): string =>
  Array.from({ length: RANDOM_CHARACTERS }, (_, index) => {
    const shift = BITS * BigInt(RANDOM_CHARACTERS - 1 - index);
    return ALPHABET[Number((random >> shift) & 31n)];
  }).join('');

const inGroups = (characters: string): string => characters.match(/.{1,4}/gsu)?.join('-') ?? '';

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text);

function bad(typed: string, found: string): SeatfileFault {
  return new SeatfileFault(
    'BAD_ARGUMENT',
    `licence key "${short(typed)}": expected ${LENGTH} letters and digits, like XXXX-YYYY-ZZZZ; ${found}; ` +
      'compare it with the licence',
    { details: { argument: 'licence key', found } },
  );
}
