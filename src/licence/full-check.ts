import type * as z from 'zod';
import type { Licence } from './document.js';
import { SeatfileFault } from './fault.js';
import { entitlement, event, instance, licence, template, tombstone, waiter } from './schema.js';
import { isRecord, MOST_IN, refuseOtherFormat, TEMPLATE, troubleIn } from './shapes.js';

/** Checks a document against the schemas, and words what is wrong with it. Loaded only where that is asked. */

/** @throws SeatfileFault LICENCE_INVALID or LICENCE_NEWER: names the key, what was found, what was expected */
export function checkLicence(value: unknown, path: string): Licence {
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
  if (trouble)
    throw new SeatfileFault('LICENCE_INVALID', `${path}: ${trouble.path}: ${trouble.message}`, {
      details: { path, found: trouble.message },
    });
  return whole;
}

/** @throws SeatfileFault as checkLicence() */
export const checkEntitlement = (value: unknown, path: string): z.infer<typeof entitlement> =>
  checked(entitlement, value, path);

/** @throws SeatfileFault LICENCE_INVALID: names the key, what was found, what was expected */
export function checkTemplate(value: unknown, path: string): z.infer<typeof template> {
  if (!isRecord(value))
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${path}: expected ${TEMPLATE} (a JSON object), found ${describeFound(value)}`,
      { details: { path, found: describeFound(value) } },
    );
  const result = template.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw invalid(result.error.issues, path);
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

function checkedList<T>(name: ListName, entry: z.ZodType<T>, list: readonly unknown[], path: string): T[] {
  const most = MOST_IN[name];
  if (list.length > most)
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${path}: ${name}: expected at most ${most} entries, got ${list.length}`,
      { details: { path, found: `${list.length}` } },
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

/** Checks a value against a schema; the first three issues become one fault. */
function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
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
  /** What was expected, of issues that tell it apart from their message. */
  readonly expected?: string | undefined;
  readonly values?: readonly unknown[] | undefined;
  readonly minimum?: number | bigint | undefined;
  readonly maximum?: number | bigint | undefined;
}

function invalid(issues: readonly Issue[], path: string): SeatfileFault {
  const lines = issues.slice(0, 3).map(describeIssue);
  const more = issues.length - lines.length;
  return new SeatfileFault(
    'LICENCE_INVALID',
    `${path}: ${lines.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    { details: { path, found: lines.join('; ') } },
  );
}

function describeIssue(issue: Issue): string {
  const where = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  const isShort = 'input' in issue && !SAYS_ALL.includes(issue.code);
  const input = isShort ? `, found ${describeSized(issue)}` : '';
  return `${where || 'the document'}: ${describeExpected(issue)}${input}`;
}

/** In plain words, not in those of zod. */
function describeExpected({ code, message, expected = '', ...issue }: Issue): string {
  switch (code) {
    case 'invalid_type':
      return `expected ${TYPE_WORDS[expected] ?? expected}`;
    case 'invalid_value':
      return `expected ${(issue.values ?? []).map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      return `expected at least ${issue.minimum}${unitOf(issue.input, issue.minimum)}`;
    case 'too_big':
      return `expected at most ${issue.maximum}${unitOf(issue.input, issue.maximum)}`;
    default:
      return message; // of our own
  }
}
const TYPE_WORDS: Readonly<Record<string, string>> = {
  ...{ string: 'text', number: 'a number', int: 'a whole number' },
  ...{ array: 'a list', object: 'an object', boolean: 'true or false' },
};

function unitOf(input: unknown, bound: unknown): string {
  if (typeof input === 'string') return bound === 1 ? ' character' : ' characters';
  if (Array.isArray(input)) return bound === 1 ? ' entry' : ' entries';
  return '';
}

/** Of what is too long or too short: how long it is. */
function describeSized({ code, input }: Issue): string {
  const isSize = code === 'too_small' || code === 'too_big';
  return isSize && (typeof input === 'string' || Array.isArray(input))
    ? String(input.length)
    : describeFound(input);
}

/** Kinds of issues whose message names what was found. */
const SAYS_ALL: readonly (string | undefined)[] = ['custom', 'unrecognized_keys'];

function describeFound(input: unknown): string {
  if (input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'an object';
  const text = JSON.stringify(input);
  return text.length > 60 ? `${text.slice(0, 57)}..."` : text;
}
