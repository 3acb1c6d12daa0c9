import {
  FORMAT,
  type Licence,
  MAX_FORMER,
  MAX_GONE,
  MAX_GRANTED,
  MAX_LINEAGES,
  MAX_LISTED,
  MAX_PAYLOAD,
  MAX_RECENT,
  MAX_REVISION,
  MAX_USERS,
  type Reservation,
} from './document.js';
import {
  ID,
  isRecord,
  LICENCE_KEY,
  MODULE_NAME,
  MOST_IN,
  MOST_MESSAGES,
  SHA256,
  troubleIn,
} from './shapes.js';

/**
 * A quick check that only says yes. It says yes where the schema accepts a value and gives the same value back; where
 * it says no, the schema decides, and words the fault. So it may be stricter than the schema, and never laxer:
 * `test/licence/accept.test.ts` holds it to that.
 */
type Check = (value: unknown) => boolean;

/** Other keys may stand beside these. Their values stay as they are. */
function object(shape: Readonly<Record<string, Check>>): Check {
  const keys = Object.entries(shape);
  return (value) => isRecord(value) && keys.every(([key, check]) => check(value[key]));
}

/** Settings are compared by their texts, and the schema puts the keys in its own order. */
function ordered(shape: Readonly<Record<string, Check>>): Check {
  const isWhole = object(shape);
  const known = Object.keys(shape);
  return (value) => isWhole(value) && isInOrder(Object.keys(value as object), known);
}

/** The keys that are known come first, in the order in which they are known. */
function isInOrder(keys: readonly string[], known: readonly string[]): boolean {
  const places = keys.map((key) => known.indexOf(key)).map((place) => (place < 0 ? known.length : place));
  return places.every((place, index) => place >= (places[index - 1] ?? 0));
}

const list =
  (check: Check, most: number, least = 0): Check =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.length <= most && value.every((one) => check(one));

const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const orNothing =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const text =
  (least: number, most: number): Check =>
  (value) =>
    typeof value === 'string' && value.length >= least && value.length <= most;

const like =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);

const number =
  (least: number, most: number): Check =>
  (value) =>
    typeof value === 'number' && value >= least && value <= most;

const whole =
  (least: number, most: number = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);

const id = like(ID);
const hash = like(SHA256);
const name = text(1, 256);
const moduleName = like(MODULE_NAME);
/** Days that each year has. */
const day = '(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)';
/** A leap year: of the years that end a century only each fourth. */
const leapYear = '(?:\\d{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
/** As seatfile writes times. */
const at = like(
  new RegExp(`^(?:\\d{4}-${day}|${leapYear}-02-29)T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z$`),
);
const seconds = number(0, 400 * 86_400);
const checkInterval = number(1, 86_400);
const level = oneOf('heartbeat', 'light');
const revisionNumber = whole(0, MAX_REVISION);
const beat = whole(1);

const reservation = ordered({ module: moduleName, user: orNothing(name), host: orNothing(name) });
const isReservation: Check = (value) =>
  reservation(value) && ((value as Reservation).user ?? (value as Reservation).host) !== undefined;

const ban = ordered({
  ...{ user: name, untilAt: orNull(at), actor: orNothing(text(0, 600)) },
  ...{ words: orNothing(orNull(text(0, 1024))), at: orNothing(at) },
});

const settings = ordered({
  level: orNothing(level),
  checkIntervalSeconds: orNothing(checkInterval),
  onDemand: orNothing(ordered({ answerWithinSeconds: number(20, 86_400) })),
  offlineGraceSeconds: orNothing(seconds),
  bans: orNothing(list(ban, MAX_LISTED)),
  reservations: orNothing(list(isReservation, MAX_LISTED)),
  journalMonths: orNothing(whole(1, 1200)),
});

const withoutNames = {
  machine: object({ pids: orNull(id), host: orNull(id), installation: orNull(id) }),
  pid: whole(0),
  processStart: orNull(text(0, 64)),
  thread: orNothing(text(0, 64)),
  application: orNull(text(0, 256)),
  note: orNull(text(0, 1024)),
};
const running = { user: name, host: name, ...withoutNames };

const actor = text(0, 600);
const words = orNull(text(0, 1024));
const seat = object({
  ...{ id, module: moduleName, sinceAt: at, untilAt: orNull(at) },
  given: orNothing(oneOf(true)),
  leaving: orNothing(object({ actor, words, at })),
  messages: orNothing(list(object({ id, words: text(1, 1024), actor, at }), MOST_MESSAGES)),
});

const pace = {
  ...{ level, joinedAt: at, beat, beatAt: at, checkIntervalSeconds: number(1, 3_000_000) },
  ...{ graceSeconds: seconds, answersWithin: orNull(seconds) },
};

const instance = object({
  ...{ id, ...running, ...pace },
  unconfirmed: orNothing(oneOf(true, false)),
  seats: list(seat, 1000, 1),
});

const waiter = object({
  ...{ instance: id, module: moduleName, ...running, seat: id, beat, sinceAt: at, waitSeconds: seconds },
  returns: orNothing(oneOf(true)),
});

const tombstone = object({
  ...{ instance: id, seat: id, module: moduleName, user: name, host: name },
  ...{ reason: text(1, 64), actor, words },
  ...{ at, revision: revisionNumber, told: orNothing(oneOf(true, false)) },
  was: orNothing(object({ ...withoutNames, ...pace, sinceAt: at, untilAt: orNull(at) })),
});

const rollCall = object({
  names: list(object({ instance: id, beat, by: actor, at }), MAX_LISTED),
  calledAt: orNothing(at),
  provedAt: orNothing(at),
});

const restored = object({
  ...{ at, from: text(0, 1024), revision: revisionNumber, lineage: id },
  former: list(id, MAX_LINEAGES),
});

const payload = text(2, MAX_PAYLOAD);
const HALF = /\p{Surrogate}/u;

const licence = object({
  $schema: orNothing(text(0, 2048)),
  format: oneOf(FORMAT),
  movedTo: orNothing(text(1, 4096)),
  entitlement: object({
    payload: (value) => payload(value) && !HALF.test(value as string),
    keyId: orNothing(text(0, 256)),
    alg: orNothing(oneOf('Ed25519')),
    signature: orNothing(text(0, 1024)),
  }),
  ...{ settings, revision: revisionNumber, parent: orNull(object({ revision: revisionNumber, commit: id })) },
  ...{ lineage: id, commit: id, recent: list(id, MAX_RECENT), formerEntitlements: list(hash, MAX_FORMER) },
  ...{ committedAt: orNull(at), restored: orNothing(restored) },
  ...{ instances: list(instance, MOST_IN.instances), waiting: list(waiter, MOST_IN.waiting) },
  ...{ rollCall: orNothing(rollCall), renewal: orNothing(object({})), gone: list(tombstone, MAX_GONE) },
  events: list(object({ id: text(0, 128), kind: text(0, 64), at, before: orNull(hash) }), MOST_IN.events),
  lastEventHash: orNull(hash),
});

/** Whether a value is a licence for certain. */
export const isLicence = (value: unknown): value is Licence =>
  licence(value) && troubleIn((value as Licence).instances) === null;

const countBy = oneOf('user@host', 'instance', 'user', 'host');

const grant = object({
  ...{ module: moduleName, maxUsers: whole(1, MAX_USERS), overdraft: orNothing(whole(0, MAX_USERS)) },
  countBy: orNothing(countBy),
});

const settable = object({
  level: orNothing(oneOf(true)),
  checkIntervalSeconds: orNothing(
    object({ least: orNothing(checkInterval), most: orNothing(checkInterval) }),
  ),
});

const borrow = object({
  ...{ maxSeconds: seconds, machines: orNothing(whole(1, 100)) },
  takeover: orNothing(oneOf('deny', 'newest')),
});

const renewal = object({
  ...{ from: text(1, 2048), everyHours: number(1, 8784) },
  ...{ graceDays: orNothing(whole(0, 3650)), report: orNothing(oneOf(true, false)) },
});

/** Whether a value is what an entitlement's payload grants, for certain. */
export const isEntitlement = object({
  format: oneOf(undefined), // of a licence that is newer, perhaps
  ...{ licenceId: id, licenceKey: orNothing(like(LICENCE_KEY)), customer: orNothing(text(0, 256)) },
  ...{
    issuedAt: at,
    notBefore: orNothing(at),
    expiresAt: orNothing(at),
    warnDays: orNothing(whole(0, 3650)),
  },
  ...{ evaluation: orNothing(oneOf(true)), supersedes: orNothing(list(id, MAX_GRANTED)) },
  ...{ countBy: orNothing(countBy), level: orNothing(level), checkIntervalSeconds: orNothing(checkInterval) },
  ...{ settable: orNothing(settable), offlineGraceSeconds: orNothing(seconds), borrow: orNothing(borrow) },
  binding: orNothing(object({ paths: list(text(1, 1024), MAX_GRANTED, 1) })),
  renewal: orNothing(renewal),
  modules: list(grant, 1000, 1),
});
