import { z } from 'zod';
import { SeatfileFault } from './fault.js';
import { parseJson } from './json.js';
import { MAX_BYTES } from './size.js';

export { MAX_BYTES };

/**
 * The licence document: what stands in `licence.json` and in every revision. The whole format is described here at
 * once, so that later versions fill fields instead of changing the format. Unknown keys survive a rewrite.
 */

const VERSION = 2;
export const FORMAT = `seatfile/${VERSION}` as const;
/** Has nothing that this format does not have. It is read as this one, and the next commit writes this one. */
const FORMER_FORMAT = 'seatfile/1';
/** A revision's directory has twelve digits. */
export const MAX_REVISION = 999_999_999_999;
/** Ids of the last changes, so that a doubtful change is never applied twice. */
export const MAX_RECENT = 256;
/** Tombstones kept at most. */
export const MAX_GONE = 200;
/** Lineages that a table was restored from, kept at most. */
export const MAX_LINEAGES = 64;
/** Hashes of entitlements that the licence once had, kept at most. */
export const MAX_FORMER = 1000;
/** Seats of all instances together. */
const MAX_SEATS = 100_000;
/** Bans, and reservations. */
const MAX_LISTED = 10_000;
/** Characters of an entitlement's payload. A thousand modules need a tenth of it. */
const MAX_PAYLOAD = 1_048_576;
/** Of the 16 MiB so much is left to beats, releases and evictions: newcomers do not fill it. Bytes. */
const BEAT_ROOM = 1_048_576;

export type Level = 'heartbeat' | 'light';
export type CountBy = 'user@host' | 'instance' | 'user' | 'host';

/** The signed part as stored: `payload` is JSON in a string, so that the signed bytes are the parsed bytes. */
export interface SealedEntitlement {
  readonly payload: string;
  readonly keyId?: string | undefined;
  readonly alg?: 'Ed25519' | undefined;
  readonly signature?: string | undefined;
}

/** What an administrator may set. Settings only narrow what the entitlement grants. */
export interface Settings {
  readonly level?: Level | undefined;
  readonly checkIntervalSeconds?: number | undefined;
  readonly onDemand?: { readonly answerWithinSeconds: number } | undefined;
  readonly offlineGraceSeconds?: number | undefined;
  readonly bans?: readonly { readonly user: string; readonly untilAt: string | null }[] | undefined;
  readonly reservations?: readonly Reservation[] | undefined;
  readonly journalMonths?: number | undefined;
}

/** A place kept for a user, a host, or a user on a host: one of the two at least. */
export interface Reservation {
  readonly module: string;
  readonly user?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * Where process ids mean the same thing, in three widths. A part that could not be read is null and proves nothing.
 * `pids`: same boot, pid namespace and host name. `host`: the pid namespace left aside. `installation`: survives a reboot.
 */
export interface Machine {
  readonly pids: string | null;
  readonly host: string | null;
  readonly installation: string | null;
}

/**
 * A seat in an instance's record; a record may have several in one module. Records that countBy counts as one user carry the same id.
 */
export interface SeatRecord {
  readonly id: string;
  readonly module: string;
  readonly sinceAt: string;
  /** Share time until which a borrowed seat is good; null for every other. */
  readonly untilAt: string | null;
  /** Given to a waiter by whoever freed it (rule 8); gone with the waiter's own first beat for it. */
  readonly given?: true | undefined;
}

/** A process, and for whom it runs. */
export interface Running {
  readonly user: string;
  readonly host: string;
  readonly machine: Machine;
  readonly pid: number;
  /** When the process started, in the operating system's own words; null where it cannot be told. */
  readonly processStart: string | null;
  /** Which thread of the process, and when it started, in the operating system's own words; absent for the main thread. */
  readonly thread?: string | undefined;
  readonly application: string | null;
  readonly note: string | null;
}

/** Somebody who waits for a place, in the order of coming (rule 8). Whoever frees one seats him: so all of his record is here. */
export interface Waiter extends Running {
  readonly instance: string;
  readonly module: string;
  /** The id his seat gets. */
  readonly seat: string;
  /** The beat that a record made for him gets: his own first is above it. */
  readonly beat: number;
  readonly sinceAt: string;
  /** He waits no longer than this: who has seen him stand longer drops him. */
  readonly waitSeconds: number;
  /** He was seated, and finds no place in a restored table: before all who were not. */
  readonly returns?: true | undefined;
}

/** One running process. It is judged by what its own record promises, whatever the observer runs. */
export interface InstanceRecord extends Running {
  readonly id: string;
  readonly level: Level;
  readonly joinedAt: string;
  /** Raised by every heartbeat. Whole number from 1. */
  readonly beat: number;
  /** Share time of the last beat: for people, and for whom to ask; alone it evicts nobody. */
  readonly beatAt: string;
  /** The check interval this record promised to beat at, seconds: a change of the setting blames nobody who has not seen it. */
  readonly checkIntervalSeconds: number;
  /** Offline grace, seconds: lengthens belief, and by 7/6 of it the others' patience. */
  readonly graceSeconds: number;
  /** Promise to answer a roll call within so many seconds; null for none. */
  readonly answersWithin: number | null;
  /** Light or borrowed, and not heard of since the table was restored from an older state. */
  readonly unconfirmed?: boolean | undefined;
  readonly seats: readonly SeatRecord[];
}

/** An open list: one that a later version adds is shown as it is, and is final like a person's decision. */
export type GoneReason =
  | 'evicted'
  | 'process gone'
  | 'removed'
  | 'banned'
  | 'taken over'
  | (string & Record<never, never>);

/** A tombstone: how a victim, and whoever asks, learns what happened. */
export interface Tombstone {
  readonly instance: string;
  readonly seat: string;
  readonly module: string;
  readonly user: string;
  readonly host: string;
  readonly reason: GoneReason;
  /** Who did it: `user@host` of the evicting instance or of the administrator. */
  readonly actor: string;
  readonly words: string | null;
  readonly at: string;
  readonly revision: number;
  /** Of a removal: its user has sat down again since, and was told. */
  readonly told?: boolean | undefined;
}

/** Who is asked to beat, because his last beat is old by share time. Dropped by a later commit once it is obsolete. */
export interface CalledName {
  readonly instance: string;
  /** The beat it is asked about: any other is an answer. */
  readonly beat: number;
  /** Who asks, `user@host`, and when by share time: for people, and for nothing that evicts. */
  readonly by: string;
  readonly at: string;
}

/** The roll call that stands (rules 5b and 7): one for all who ask. */
interface RollCall {
  readonly names: readonly CalledName[];
  /** Rule 7: when all holders of a module were last asked, by share time: who has beaten since is not asked again at once. */
  readonly calledAt?: string | undefined;
  /** When one who asks last proved, by writing this, that the others could write too. */
  readonly provedAt?: string | undefined;
}

export interface LicenceEvent {
  readonly id: string;
  /** An open list: one that a later version adds is shown as it is. */
  readonly kind: string;
  readonly at: string;
  /** Hash of the event before, null for the first of a lineage. */
  readonly before: string | null;
  readonly [detail: string]: unknown;
}

export interface Licence {
  readonly format: typeof FORMAT;
  /** Where the table is now, in words for people. Here it can be read, and no commit is made any more. */
  readonly movedTo?: string | undefined;
  readonly entitlement: SealedEntitlement;
  readonly settings: Settings;
  readonly revision: number;
  readonly parent: { readonly revision: number; readonly commit: string } | null;
  readonly lineage: string;
  readonly commit: string;
  readonly recent: readonly string[];
  readonly formerEntitlements: readonly string[];
  readonly committedAt: string | null;
  /** Set when a lost table was rebuilt, and kept in the lineage that began then: when, from what, and of which lineage. */
  readonly restored?:
    | {
        readonly at: string;
        readonly from: string;
        readonly revision: number;
        readonly lineage: string;
        /** That lineage and all before it, oldest first, at most 64: whose copies are older states of this table. */
        readonly former: readonly string[];
      }
    | undefined;
  readonly instances: readonly InstanceRecord[];
  /** First come, first served within a module. */
  readonly waiting: readonly Waiter[];
  readonly rollCall?: RollCall | undefined;
  readonly renewal?: { readonly [detail: string]: unknown } | undefined;
  readonly gone: readonly Tombstone[];
  readonly events: readonly LicenceEvent[];
  readonly lastEventHash: string | null;
}

const id = z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected 1 to 64 of a-z, 0-9 and -');
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal');
/** A moment, in UTC. */
export const at = z.iso.datetime({ error: 'expected a time like 2026-11-21T09:30:00.000Z' }).max(64);
const name = z.string().min(1).max(256);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const seconds = z
  .number()
  .min(0)
  .max(400 * 86_400);
/** As a record promises it: an entitlement and settings name no more than 24 h, the formula up to 30 s x 100,000 users. */
const promisedInterval = z.number().min(1).max(3_000_000);
const revisionNumber = z.int().min(0).max(MAX_REVISION);
/** `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, compared exactly. */
export const moduleName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'expected a letter or digit, then up to 63 of letters, digits, . _ -',
  );
export const level = z.enum(['heartbeat', 'light']);
export const countBy = z.enum(['user@host', 'instance', 'user', 'host']);
/** Seconds, 1 to 86,400 (24 h). Below 8 is for demonstrations. */
export const checkInterval = z.number().min(1).max(86_400);

const settings = z.looseObject({
  level: level.optional(),
  checkIntervalSeconds: checkInterval.optional(),
  onDemand: z.looseObject({ answerWithinSeconds: z.number().min(20).max(86_400) }).optional(),
  offlineGraceSeconds: seconds.optional(),
  bans: z
    .array(z.looseObject({ user: name, untilAt: at.nullable() }))
    .max(MAX_LISTED)
    .optional(),
  reservations: z
    .array(
      z
        .looseObject({ module: moduleName, user: name.optional(), host: name.optional() })
        .refine(({ user, host }) => user !== undefined || host !== undefined, 'expected a user or a host')
        .meta({ anyOf: [{ required: ['user'] }, { required: ['host'] }] }),
    )
    .max(MAX_LISTED)
    .optional(),
  journalMonths: z.int().min(1).max(1200).optional(),
});

const machine = z.looseObject({ pids: id.nullable(), host: id.nullable(), installation: id.nullable() });
const seat = z.looseObject({
  id,
  module: moduleName,
  sinceAt: at,
  untilAt: at.nullable(),
  given: z.literal(true).optional(),
});
/** Who runs a process, as its record and its place in a line say it. */
const running = {
  user: name,
  host: name,
  machine,
  pid: count,
  processStart: z.string().max(64).nullable(),
  thread: z.string().max(64).optional(),
  application: z.string().max(256).nullable(),
  note: z.string().max(1024).nullable(),
};
const instance = z.looseObject({
  id,
  ...running,
  level,
  joinedAt: at,
  beat: z.int().min(1),
  beatAt: at,
  checkIntervalSeconds: promisedInterval,
  graceSeconds: seconds,
  answersWithin: seconds.nullable(),
  unconfirmed: z.boolean().optional(),
  seats: z.array(seat).min(1).max(1000),
});

const waiter = z.looseObject({
  instance: id,
  module: moduleName,
  ...running,
  seat: id,
  beat: z.int().min(1),
  sinceAt: at,
  waitSeconds: seconds,
  returns: z.literal(true).optional(),
});

const tombstone = z.looseObject({
  instance: id,
  seat: id,
  module: moduleName,
  user: name,
  host: name,
  reason: z
    .string()
    .min(1)
    .max(64)
    .describe('evicted, process gone, removed, banned, taken over, or one that is not known yet'),
  actor: z.string().max(600),
  words: z.string().max(1024).nullable(),
  at,
  revision: revisionNumber,
  told: z.boolean().optional(),
});

const rollCall = z.looseObject({
  names: z
    .array(z.looseObject({ instance: id, beat: z.int().min(1), by: z.string().max(600), at }))
    .max(MAX_LISTED),
  calledAt: at.optional(),
  provedAt: at.optional(),
});

const event = z.looseObject({
  id: z.string().max(128),
  kind: z.string().max(64),
  at,
  before: hash.nullable(),
});

/** How many entries the lists have at most that grow with the table. */
const MOST_IN = { instances: 100_000, waiting: 100_000, gone: MAX_GONE, events: 100_000 } as const;

const licence = z
  .looseObject({
    $schema: z.string().max(2048).optional(),
    format: z.literal(FORMAT),
    movedTo: z.string().min(1).max(4096).optional(),
    entitlement: z.looseObject({
      payload: z
        .string()
        .min(2)
        .max(MAX_PAYLOAD)
        .refine((text) => !/\p{Surrogate}/u.test(text), 'expected text that UTF-8 can hold')
        .describe('JSON in a string; the signature covers these bytes'),
      keyId: z.string().max(256).optional(),
      alg: z.literal('Ed25519').optional(),
      signature: z.string().max(1024).optional(),
    }),
    settings,
    revision: revisionNumber,
    parent: z.looseObject({ revision: revisionNumber, commit: id }).nullable(),
    lineage: id,
    commit: id,
    recent: z.array(id).max(MAX_RECENT),
    formerEntitlements: z.array(hash).max(MAX_FORMER),
    committedAt: at.nullable(),
    restored: z
      .looseObject({
        at,
        from: z.string().max(1024),
        revision: revisionNumber,
        lineage: id,
        former: z.array(id).max(MAX_LINEAGES),
      })
      .optional(),
    instances: z.array(instance).max(MOST_IN.instances),
    waiting: z.array(waiter).max(MOST_IN.waiting),
    rollCall: rollCall.optional(),
    renewal: z.looseObject({}).optional(),
    gone: z.array(tombstone).max(MOST_IN.gone),
    events: z.array(event).max(MOST_IN.events),
    lastEventHash: hash.nullable(),
  })
  .meta({ title: 'seatfile licence', description: 'Entitlement, settings and seat table of one licence' })
  .superRefine((value, context) => {
    const trouble = troubleIn(value.instances);
    if (trouble) context.addIssue({ code: 'custom', ...trouble });
  });

interface Trouble {
  readonly path: string[];
  readonly message: string;
}

/** What is wrong with the records as a whole; the first that is found. */
function troubleIn(instances: readonly z.infer<typeof instance>[]): Trouble | null {
  if (seatsIn({ instances }) > MAX_SEATS)
    return { path: ['instances'], message: `expected at most ${MAX_SEATS} seats in all` };
  const twice = unique(instances, (record) => record.id, 'instances', 'id');
  if (twice) return twice;
  for (const [index, { seats }] of instances.entries()) {
    const seat = unique(seats, ({ module, id }) => `${module} ${id}`, `instances[${index}].seats`, 'id');
    if (seat) return seat;
  }
  return null;
}

const seatsIn = ({ instances }: { readonly instances: readonly { readonly seats: readonly unknown[] }[] }) =>
  instances.reduce((sum, record) => sum + record.seats.length, 0);

function unique<T>(
  list: readonly T[],
  key: (item: T) => string,
  path: string,
  field: string,
): Trouble | null {
  const seen = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const first = seen.get(key(item));
    if (first !== undefined) {
      const message = `expected every ${field} once, found "${key(item)}" also at [${first}]`;
      return { path: [`${path}[${index}].${field}`], message };
    }
    seen.set(key(item), index);
  }
  return null;
}

/** The published JSON Schema (draft 2020-12) of the format. */
export function licenceJsonSchema(): unknown {
  return z.toJSONSchema(licence, { io: 'input' });
}

/**
 * Reads a licence document. `path` names it in every fault.
 * @throws SeatfileFault LICENCE_INVALID or LICENCE_NEWER; the message gives the path in the document, found and expected.
 */
export function parseLicence(text: string, path: string): Licence {
  const value = upgraded(parseJson(text, path));
  const lists = longLists(value);
  if (lists.length === 0) return checked(licence, value, path) as Licence;
  const emptied = Object.fromEntries(lists.map(([name]) => [name, []]));
  const short = checked(licence, { ...(value as object), ...emptied }, path);
  const long = Object.fromEntries(lists.map(([name, list]) => [name, checkedList(name, list, path)]));
  const whole = { ...short, ...long } as Licence;
  const trouble = troubleIn(whole.instances as never);
  if (trouble) throw new SeatfileFault('LICENCE_INVALID', `${path}: ${trouble.path}: ${trouble.message}`);
  return whole;
}

type ListName = keyof typeof MOST_IN;

/** Longer lists are checked entry by entry, up to the first that is wrong. */
const SHORT = 100;

/**
 * The lists of a document that may be long. Checked as a whole, zod would collect every fault of every entry: 100,000 entries of
 * nonsense, a megabyte, cost it half a minute and two gigabytes.
 */
function longLists(value: unknown): [ListName, unknown[]][] {
  if (typeof value !== 'object' || value === null) return [];
  const names = Object.keys(MOST_IN) as ListName[];
  return names.flatMap((name) => {
    const list = (value as Record<string, unknown>)[name];
    return Array.isArray(list) && list.length > SHORT ? [[name, list]] : [];
  });
}

function checkedList(name: ListName, list: readonly unknown[], path: string): unknown[] {
  const most = MOST_IN[name];
  if (list.length > most)
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${path}: ${name}: expected at most ${most} entries, got ${list.length}`,
    );
  const item: z.ZodType = { instances: instance, waiting: waiter, gone: tombstone, events: event }[name];
  return list.map((one, index) => {
    const result = item.safeParse(one, { reportInput: true });
    if (result.success) return result.data;
    const issues = result.error.issues.map((issue) => ({ ...issue, path: [name, index, ...issue.path] }));
    throw invalid(issues as z.core.$ZodIssue[], path);
  });
}

function upgraded(value: unknown): unknown {
  const isFormer =
    typeof value === 'object' && value !== null && 'format' in value && value.format === FORMER_FORMAT;
  return isFormer ? { ...value, format: FORMAT } : value;
}

/** @throws SeatfileFault LICENCE_MOVED: nothing is to be written where a table is no more */
export function refuseMoved({ movedTo }: Licence, path: string): void {
  if (movedTo === undefined) return;
  throw new SeatfileFault(
    'LICENCE_MOVED',
    `${path}: this licence has moved to ${movedTo}; nothing was written here. Open it there`,
  );
}

/** Compact in the revisions; pretty-printed in `licence.json`, which people read. */
export function formatLicence(value: Licence, style: 'compact' | 'pretty'): string {
  return style === 'compact' ? JSON.stringify(value) : `${JSON.stringify(value, null, 2)}\n`;
}

/** What of a revision its base does not have: the rest was checked when that was read. */
function onlyNews(base: Licence, next: Licence): Licence {
  const newOf = <T>(before: readonly T[], after: readonly T[]): T[] => {
    const known = new Set(before);
    return after.filter((one) => !known.has(one));
  };
  return {
    ...next,
    instances: newOf(base.instances, next.instances),
    waiting: newOf(base.waiting, next.waiting),
    gone: newOf(base.gone, next.gone),
  };
}

/**
 * The text of a new revision, if it can be read back: what cannot would be a lost table for everybody.
 * @throws SeatfileFault LICENCE_INVALID
 */
export function textToPublish(base: Licence, next: Licence, path: string): string {
  parseLicence(formatLicence(onlyNews(base, next), 'compact'), path);
  const text = formatLicence(next, 'compact');
  const isGrowth = seatsIn(next) + next.waiting.length > seatsIn(base) + base.waiting.length;
  const most = isGrowth ? MAX_BYTES - BEAT_ROOM : MAX_BYTES;
  const excess =
    seatsIn(next) > MAX_SEATS
      ? `hold more than the ${MAX_SEATS} seats`
      : Buffer.byteLength(text) > most
        ? `larger than the ${most / 1_048_576} MiB`
        : null;
  if (excess === null) return text;
  throw new SeatfileFault(
    'LICENCE_INVALID',
    `${path}: the change would make it ${excess} a licence may have${isGrowth ? ' for another user' : ''}; nothing was written`,
  );
}

/** Bytes of a file to text, or a fault: a licence is UTF-8 and at most {@link MAX_BYTES} long. */
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

/** Checks a value against a schema; the first few issues become one fault. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  refuseOtherFormat(value, path);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw invalid(result.error.issues, path);
}

function invalid(issues: readonly z.core.$ZodIssue[], path: string): SeatfileFault {
  const lines = issues.slice(0, 3).map(describeIssue);
  const more = issues.length - lines.length;
  return new SeatfileFault(
    'LICENCE_INVALID',
    `${path}: ${lines.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
  );
}

function refuseOtherFormat(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${path}: expected a seatfile licence (a JSON object), found ${found}`,
    );
  }
  const format = 'format' in value ? value.format : FORMAT;
  const version = typeof format === 'string' ? /^seatfile\/(\d{1,6})$/.exec(format) : null;
  if (version && Number(version[1]) > VERSION)
    throw new SeatfileFault(
      'LICENCE_NEWER',
      `${path}: format: expected "${FORMAT}", found "${format}", written by a newer version; update this application`,
    );
}

function describeIssue(issue: z.core.$ZodIssue): string {
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
