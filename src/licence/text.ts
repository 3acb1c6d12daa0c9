import type { z } from 'zod';
import { BEAT_ROOM, FORMAT, FORMER_FORMAT, type Licence, MAX_SEATS, VERSION } from './document.js';
import { SeatfileFault } from './fault.js';
import { parseJson } from './json.js';
import { event, instance, licence, MOST_IN, seatsIn, tombstone, troubleIn, waiter } from './schema.js';
import { MAX_BYTES } from './size.js';

/** From the bytes of a file to a licence and back, and the words of what is wrong with it. */

/** Bytes of a file to text, or a fault: a licence is UTF-8. */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${path}: expected UTF-8 text, found ${bytes.length} bytes that are not; save it as UTF-8`,
      { cause },
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
  const lists = longLists(value);
  if (lists === null) return checked(licence, value, path);
  const { instances, waiting, gone, events } = lists;
  const whole: Licence = {
    ...checked(licence, withoutEntries(value, lists), path),
    ...(instances && { instances: checkedList('instances', instance, instances, path) }),
    ...(waiting && { waiting: checkedList('waiting', waiter, waiting, path) }),
    ...(gone && { gone: checkedList('gone', tombstone, gone, path) }),
    ...(events && { events: checkedList('events', event, events, path) }),
  };
  const trouble = troubleIn(whole.instances);
  if (trouble) throw new SeatfileFault('LICENCE_INVALID', `${path}: ${trouble.path}: ${trouble.message}`);
  return whole;
}

type ListName = keyof typeof MOST_IN;
type Lists = { [name in ListName]?: readonly unknown[] };
const LISTS: readonly ListName[] = ['instances', 'waiting', 'gone', 'events'];

/** A list with more entries is checked entry by entry, up to the first entry that is wrong. */
const SHORT = 100;

/**
 * The long lists of a document; null where every list is short. Checked as a whole, zod would collect every
 * fault of every entry: 100,000 entries of nonsense, a megabyte, cost it half a minute and two gigabytes.
 */
function longLists(value: unknown): Lists | null {
  if (!isRecord(value)) return null;
  const long = LISTS.flatMap((name) => {
    const list: unknown = value[name];
    return Array.isArray(list) && list.length > SHORT ? [[name, list] as const] : [];
  });
  return long.length === 0 ? null : Object.fromEntries(long);
}

const withoutEntries = (value: unknown, lists: Lists): unknown =>
  isRecord(value) ? { ...value, ...Object.fromEntries(Object.keys(lists).map((name) => [name, []])) } : value;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function checkedList<T>(name: ListName, entry: z.ZodType<T>, list: readonly unknown[], path: string): T[] {
  const most = MOST_IN[name];
  if (list.length > most)
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${path}: ${name}: expected at most ${most} entries, got ${list.length}`,
    );
  return list.map((one, index) => {
    const result = entry.safeParse(one, { reportInput: true });
    if (result.success) return result.data;
    throw invalid(
      result.error.issues.map((issue) => ({ ...issue, path: [name, index, ...issue.path] })),
      path,
    );
  });
}

function upgraded(value: unknown): unknown {
  return isRecord(value) && value['format'] === FORMER_FORMAT ? { ...value, format: FORMAT } : value;
}

/** Compact in the revisions; pretty-printed in `licence.json`, which people read. */
export function formatLicence(value: Licence, style: 'compact' | 'pretty'): string {
  return style === 'compact' ? JSON.stringify(value) : `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * The text of a new revision, if it can be read back: a revision that cannot would be a lost table for every
 * user.
 * @throws SeatfileFault LICENCE_INVALID
 */
export function textToPublish(base: Licence, next: Licence, path: string): string {
  parseLicence(formatLicence(onlyNews(base, next), 'compact'), path);
  const text = formatLicence(next, 'compact');
  const isGrowth = seatsIn(next) + next.waiting.length > seatsIn(base) + base.waiting.length;
  const excess = excessOf(next, text, isGrowth ? MAX_BYTES - BEAT_ROOM : MAX_BYTES);
  if (excess === null) return text;
  throw new SeatfileFault(
    'LICENCE_INVALID',
    `${path}: the change would make it ${excess} a licence may have${isGrowth ? ' for another user' : ''}; ` +
      'nothing was written',
  );
}

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

/** Checks a value against a schema; the first three issues become one fault. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  refuseOtherFormat(value, path);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw invalid(result.error.issues, path);
}

/** What a fault says of one issue. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
}

function invalid(issues: readonly Issue[], path: string): SeatfileFault {
  const lines = issues.slice(0, 3).map(describeIssue);
  const more = issues.length - lines.length;
  return new SeatfileFault(
    'LICENCE_INVALID',
    `${path}: ${lines.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
  );
}

function refuseOtherFormat(value: unknown, path: string): void {
  if (!isRecord(value) || Array.isArray(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${path}: expected a seatfile licence (a JSON object), found ${found}`,
    );
  }
  const { format } = value;
  const version = typeof format === 'string' ? /^seatfile\/(\d{1,6})$/.exec(format) : null;
  if (version && Number(version[1]) > VERSION)
    throw new SeatfileFault(
      'LICENCE_NEWER',
      `${path}: format: expected "${FORMAT}", found "${format}", written by a newer version; update this application`,
    );
}

function describeIssue(issue: Issue): string {
  const where = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  const input = 'input' in issue && issue.code !== 'custom' ? `, found ${describeFound(issue.input)}` : '';
  const message = issue.message.replace(/^Invalid input: |, received .*$/g, '');
  return `${where || 'the document'}: ${message}${input}`;
}

function describeFound(input: unknown): string {
  if (input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'an object';
  const text = JSON.stringify(input);
  return text.length > 60 ? `${text.slice(0, 57)}..."` : text;
}
