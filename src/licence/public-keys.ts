import { createPublicKey, type KeyObject } from 'node:crypto';
import { SeatfileFault } from './fault.js';
import { fromBase64, keyFromRaw, keyIdOf, type PublicKeys } from './signature.js';

/** Public keys as people hand them over: PEM, or the line that `seatfile keygen` prints. One or several in a text. */

/** Most characters of a text that holds keys. */
const MAX_TEXT = 65_536;
const BEGIN = /^-----BEGIN ([A-Z0-9 ]+)-----$/;

/**
 * Blank lines, and lines that begin with `#`, may stand between the keys.
 * @param where names the text in every fault: a file, or an option
 * @throws SeatfileFault BAD_ARGUMENT naming what was found: no key, a private one, or one of another kind
 */
export function readPublicKeys(text: string, where: string): PublicKeys {
  const keys = new Map<string, KeyObject>();
  for (const piece of piecesOf(text, where)) {
    const key = piece.label === null ? fromLine(piece.text, where) : fromPem(piece.label, piece.text, where);
    keys.set(keyIdOf(key), key);
  }
  if (keys.size === 0) throw refused(where, 'found none');
  return keys;
}

/** A block of PEM with the label of its first line, or a line. */
interface Piece {
  readonly label: string | null;
  readonly text: string;
}

function* piecesOf(text: string, where: string): Generator<Piece> {
  if (text.length > MAX_TEXT) throw refused(where, `found ${text.length} characters`);
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const label = BEGIN.exec(line)?.[1] ?? null;
    if (label === null) {
      yield { label, text: line };
      continue;
    }
    const end = lines.indexOf(`-----END ${label}-----`, at);
    if (end < 0) throw refused(where, `found "${line}" without its end`);
    yield { label, text: `${lines.slice(at, end + 1).join('\n')}\n` };
    at = end;
  }
}

function fromPem(label: string, pem: string, where: string): KeyObject {
  if (label.includes('PRIVATE')) throw privateKey(where, `"${label}"`);
  if (label !== 'PUBLIC KEY') throw refused(where, `found "${label}"`);
  const key = publicKeyIn(pem, where);
  if (key.asymmetricKeyType !== 'ed25519') throw refused(where, `found one of ${key.asymmetricKeyType}`);
  return key;
}

function publicKeyIn(pem: string, where: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw refused(where, 'found a "PUBLIC KEY" that cannot be read', cause);
  }
}

/** How the base 64 of an unprotected private key of Ed25519 begins. */
const PRIVATE_KEY = 'MC4CAQAwBQYDK2Vw';

function fromLine(line: string, where: string): KeyObject {
  const raw = fromBase64(line);
  if (raw !== null) return keyFromRaw(raw);
  if (line.startsWith(PRIVATE_KEY)) throw privateKey(where, 'one in base 64');
  throw refused(where, `found "${line.length > 60 ? `${line.slice(0, 57)}...` : line}"`);
}

const privateKey = (where: string, found: string): SeatfileFault =>
  new SeatfileFault(
    'BAD_ARGUMENT',
    `${where}: expected a public key, found a private key (${found}). A private key must not leave its vendor; ` +
      'give the public key that belongs to it',
    { details: { argument: where, found } },
  );

const refused = (where: string, found: string, cause?: unknown): SeatfileFault =>
  new SeatfileFault(
    'BAD_ARGUMENT',
    `${where}: expected a public key of Ed25519 (PEM, or the base 64 of its 32 bytes), ${found}`,
    { cause, details: { argument: where, found } },
  );
