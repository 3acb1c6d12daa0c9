import { SeatfileFault } from './fault.js';

/**
 * JSON that others wrote. It is limited before it is parsed. So what can be read can be written again, and no rule
 * meets a value that is nested too deep. A later format keeps within these limits, too: an older version can then read
 * its name.
 */

/** Objects and lists within each other. Ours need 6. */
export const MAX_DEPTH = 32;
/** Keys of one object. Ours need 30. */
export const MAX_KEYS = 10_000;
/** Of one list. Ours have half of it. */
export const MAX_ITEMS = 200_000;
/** Of a whole document: twice of what 16 MiB of the smallest instances have. */
export const MAX_VALUES = 2_000_000;

/**
 * JSON text to a value, or a fault that says where it stops being JSON. If a key is written twice, the last one counts.
 * A number is a double: digits beyond its precision are rounded.
 * @param what was expected, for the fault
 * @throws SeatfileFault LICENCE_INVALID
 */
export function parseJson(text: string, path: string, what = 'a seatfile licence'): unknown {
  const fail = (found: string, cause?: unknown): never => {
    throw new SeatfileFault('LICENCE_INVALID', `${path}: expected ${what} (JSON), found ${found}`, {
      cause,
      details: { path, expected: what, found },
    });
  };
  if (text.startsWith('\uFEFF')) return fail('a byte order mark before it; save it as UTF-8 without one');
  if (text.trim() === '') return fail('an empty file');
  const excess = excessIn(text);
  if (excess !== null) return fail(excess);
  try {
    const value: unknown = JSON.parse(text);
    if (mayHideProto(text)) refuseProto(value, '', fail);
    return value;
  } catch (error) {
    if (error instanceof SeatfileFault) throw error;
    return fail(`text that is not JSON (${whereInText(text, error)})`, error);
  }
}

const QUOTE = 0x22;
const [BACKSLASH, COMMA] = [0x5c, 0x2c];
const [LIST, OBJECT] = [0x5b, 0x7b];
const [LIST_END, OBJECT_END] = [0x5d, 0x7d];
const [ZERO, NINE] = [0x30, 0x39];
const [MINUS, PLUS, POINT, LETTER_E] = [0x2d, 0x2b, 0x2e, 0x65];
const LOWER_CASE = 0x20;

/**
 * What no document may have, in words: more than the limits, or a number that no double holds (it would be written back
 * as null). Null if there is neither. One pass over the text.
 */
function excessIn(text: string): string | null {
  const tally = new Tally();
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    let excess: string | null = null;
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) excess = tally.next();
    else if (code === LIST || code === OBJECT) excess = tally.open(code === OBJECT);
    else if (code === LIST_END || code === OBJECT_END) tally.close();
    else if (isDigit(code) || code === MINUS) {
      const end = endOfNumber(text, at);
      if (isBeyondDouble(text, at, end)) excess = 'a number too large to be kept';
      else at = end - 1;
    }
    if (excess !== null) return `${excess} at ${place(text, at)}`;
  }
  return null;
}

/** How deep a text is nested, and how much is in it, up to where it has been followed. */
class Tally {
  private depth = 0;
  private values = 0;
  /** Of each list and object that is open: what it is, and the commas in it. */
  private readonly isObject = new Uint8Array(MAX_DEPTH + 1);
  private readonly commas = new Uint32Array(MAX_DEPTH + 1);

  open(isObject: boolean): string | null {
    if (++this.depth > MAX_DEPTH) return `lists or objects nested deeper than ${MAX_DEPTH} levels`;
    this.isObject[this.depth] = isObject ? 1 : 0;
    this.commas[this.depth] = 0;
    return this.count();
  }

  close(): void {
    if (this.depth > 0) this.depth--; // what closes too much is no JSON, which the parser says better
  }

  next(): string | null {
    const commas = (this.commas[this.depth] ?? 0) + 1;
    this.commas[this.depth] = commas;
    if (this.isObject[this.depth] === 1 && commas >= MAX_KEYS)
      return `an object of more than ${MAX_KEYS} keys`;
    if (commas >= MAX_ITEMS) return `a list of more than ${MAX_ITEMS} values`;
    return this.count();
  }

  private count(): string | null {
    return ++this.values > MAX_VALUES ? `more than ${MAX_VALUES} values` : null;
  }
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;

/** The closing quote of a string that opens here; the end of the text where there is none. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) break;
  }
  return at;
}

/** Digits, signs, points and exponents: where they end. */
function endOfNumber(text: string, from: number): number {
  const isPart = (code: number) =>
    isDigit(code) || code === MINUS || code === PLUS || code === POINT || (code | LOWER_CASE) === LETTER_E;
  let at = from + 1;
  while (at < text.length && isPart(text.charCodeAt(at))) at++;
  return at;
}

/** The largest double has 309 digits; with an exponent, fewer do. */
function isBeyondDouble(text: string, from: number, end: number): boolean {
  if (end - from < 4) return false;
  const number = text.slice(from, end);
  const mayBe = number.length > 300 || /e/i.test(number);
  return mayBe && Math.abs(Number(number)) === Number.POSITIVE_INFINITY;
}

const mayHideProto = (text: string) => text.includes('__proto__') || /\\u005f/i.test(text);

function refuseProto(value: unknown, path: string, fail: (found: string) => never): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') fail(`a key "__proto__" at ${path.slice(0, 200) || 'the top'}`);
    refuseProto(inner, path ? `${path}.${key}` : key, fail);
  }
}

function whereInText(text: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const position = Number(
    /position (\d+)/.exec(reason)?.[1] ?? (/end of JSON/.test(reason) ? text.length : Number.NaN),
  );
  if (Number.isNaN(position)) return 'unexpected text near its beginning';
  const where = place(text, position);
  return position >= text.trimEnd().length ? `it breaks off at ${where}` : `unexpected text at ${where}`;
}

function place(text: string, position: number): string {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < position; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return `line ${line}, column ${position - start + 1}`;
}
