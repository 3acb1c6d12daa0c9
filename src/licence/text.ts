import { isLicence } from './accept.js';
import {
  BEAT_ROOM,
  FORMAT,
  FORMER_FORMAT,
  type InstanceRecord,
  type Licence,
  MAX_SEATS,
} from './document.js';
import { type Policy, readPolicy } from './entitlement.js';
import { inFile, SeatfileFault } from './fault.js';
import { fullCheck, withFullCheck } from './full-check-door.js';
import { parseJson } from './json.js';
import { isRecord, refuseOtherFormat, seatsIn } from './shapes.js';
import { MAX_BYTES } from './size.js';

/** From the bytes of a file to a licence and back. */

/** Bytes of a file to text, or a fault: a licence is UTF-8. */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${path}: expected UTF-8 text, found ${bytes.length} bytes that are not; save it as UTF-8`,
      { cause, details: { path, found: `${bytes.length} bytes` } },
    );
  }
}

/**
 * Reads a licence document. `path` names it in every fault.
 * @throws SeatfileFault LICENCE_INVALID or LICENCE_NEWER; the message gives the key, what was found, what was
 * expected.
 */
export function parseLicence(text: string, path: string): Licence {
  const value = upgraded(parseJson(text, path));
  if (isLicence(value)) return value;
  refuseOtherFormat(value, path);
  return fullCheck().checkLicence(value, path);
}

/**
 * A licence, and what holds in it.
 * @param judge throws where it is not trusted; asked before its entitlement is read. Without one no signature counts
 * @throws SeatfileFault as parseLicence() and `judge`, also where the entitlement is wrong
 */
export const readLicence = (
  text: string,
  path: string,
  judge: (licence: Licence) => void = () => undefined,
): Promise<{ licence: Licence; policy: Policy }> =>
  withFullCheck(() => {
    const licence = parseLicence(text, path);
    return inFile(path, () => {
      judge(licence);
      return { licence, policy: readPolicy(licence) };
    });
  });

function upgraded(value: unknown): unknown {
  return isRecord(value) && value['format'] === FORMER_FORMAT ? { ...value, format: FORMAT } : value;
}

/** Compact in the revisions; pretty-printed in `licence.json`, which people read. */
export function formatLicence(value: Licence, style: 'compact' | 'pretty'): string {
  if (style === 'pretty') return `${JSON.stringify(value, null, 2)}\n`;
  return texts.get(value) ?? JSON.stringify(value);
}

/** The text that was published last, by its licence: some seconds later it is shown. */
let texts = new WeakMap<Licence, string>();

/**
 * A compact text with one line for each entry that has an id. The pattern stands in no string: what follows the quote
 * at its end is never a letter.
 */
export const oneLineEach = (compact: string): string => `${compact.replaceAll(',{"id":', ',\n{"id":')}\n`;

/**
 * The text of a new revision, if it can be read back: a revision that cannot would be a lost table for every
 * user.
 * @throws SeatfileFault LICENCE_INVALID
 */
export function textToPublish(base: Licence, next: Licence, path: string): string {
  const news = onlyNews(base, next);
  if (!isLicence(news)) parseLicence(formatLicence(news, 'compact'), path);
  const text = formatLicence(next, 'compact');
  if (isAnyTwice(next.instances)) parseLicence(text, path);
  const isGrowth = seatsIn(next) + next.waiting.length > seatsIn(base) + base.waiting.length;
  const excess = excessOf(next, text, isGrowth ? MAX_BYTES - BEAT_ROOM : MAX_BYTES);
  if (excess === null) {
    texts = new WeakMap([[next, text]]);
    return text;
  }
  throw new SeatfileFault(
    'LICENCE_INVALID',
    `${path}: the change would make it ${excess} a licence may have${isGrowth ? ' for another user' : ''}; ` +
      'nothing was written',
    { details: { path, found: excess } },
  );
}

/** A new record may have the id of one that was there. */
const isAnyTwice = (instances: readonly InstanceRecord[]): boolean =>
  new Set(instances.map(({ id }) => id)).size < instances.length;

function excessOf(next: Licence, text: string, mostBytes: number): string | null {
  if (seatsIn(next) > MAX_SEATS) return `hold more than the ${MAX_SEATS} seats`;
  if (Buffer.byteLength(text) > mostBytes) return `larger than the ${mostBytes / 1_048_576} MiB`;
  return null;
}

/** The entries of a revision that its base does not have: the others were checked when the base was read. */
function onlyNews(base: Licence, next: Licence): Licence {
  return {
    ...next,
    instances: newOf(base.instances, next.instances),
    waiting: newOf(base.waiting, next.waiting),
    gone: newOf(base.gone, next.gone),
  };
}

function newOf<T>(before: readonly T[], after: readonly T[]): T[] {
  const known = new Set(before);
  return after.filter((one) => !known.has(one));
}
