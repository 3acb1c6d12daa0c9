import * as z from 'zod'; // by `{ z }` a bundler would take in the words of zod in 50 languages
import {
  FORMAT,
  MAX_FORMER,
  MAX_GRANTED,
  MAX_LINEAGES,
  MAX_LISTED,
  MAX_PAYLOAD,
  MAX_RECENT,
  MAX_REVISION,
  MAX_USERS,
} from './document.js';
import { ID, LICENCE_KEY, MODULE_NAME, MOST_IN, SHA256, TEMPLATE, troubleIn } from './shapes.js';

/** The schemas of the licence document and of the entitlement in it: the one door of zod. */

const id = z.string().regex(ID, 'expected 1 to 64 of a-z, 0-9 and -');
const hash = z.string().regex(SHA256, 'expected a SHA-256 in hexadecimal');

/** A time in UTC. */
const at = z.iso.datetime({ error: 'expected a time like 2026-11-21T09:30:00.000Z' }).max(64);
const name = z.string().min(1).max(256);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const seconds = z
  .number()
  .min(0)
  .max(400 * 86_400);

/**
 * The check interval of a record. Entitlement and settings name at most 24 h; the formula gives up to 30 s x
 * 100,000 users.
 */
const recordInterval = z.number().min(1).max(3_000_000);
const revisionNumber = z.int().min(0).max(MAX_REVISION);

const moduleName = z
  .string()
  .regex(MODULE_NAME, 'expected a letter or digit, then up to 63 of letters, digits, . _ -');

const level = z.enum(['heartbeat', 'light']);

const countBy = z.enum(['user@host', 'instance', 'user', 'host']);

/** Seconds, 1 to 86,400 (24 h). Below 8 is for demonstrations. */
const checkInterval = z.number().min(1).max(86_400);

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

const machine = z.looseObject({
  pids: id.nullable(),
  host: id.nullable(),
  installation: id.nullable(),
});

const seat = z.looseObject({
  id,
  module: moduleName,
  sinceAt: at,
  untilAt: at.nullable(),
  given: z.literal(true).optional(),
});

/** A process and its user, in a record and in a queue entry alike. */
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

export const instance = z.looseObject({
  id,
  ...running,
  level,
  joinedAt: at,
  beat: z.int().min(1),
  beatAt: at,
  checkIntervalSeconds: recordInterval,
  graceSeconds: seconds,
  answersWithin: seconds.nullable(),
  unconfirmed: z.boolean().optional(),
  seats: z.array(seat).min(1).max(1000),
});

export const waiter = z.looseObject({
  instance: id,
  module: moduleName,
  ...running,
  seat: id,
  beat: z.int().min(1),
  sinceAt: at,
  waitSeconds: seconds,
  returns: z.literal(true).optional(),
});

export const tombstone = z.looseObject({
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
  processGone: z.literal(true).optional(),
});

const rollCall = z.looseObject({
  names: z
    .array(z.looseObject({ instance: id, beat: z.int().min(1), by: z.string().max(600), at }))
    .max(MAX_LISTED),
  calledAt: at.optional(),
  provedAt: at.optional(),
});

export const event = z.looseObject({
  id: z.string().max(128),
  kind: z.string().max(64),
  at,
  before: hash.nullable(),
});

const moduleGrant = z.looseObject({
  module: moduleName,
  maxUsers: z.int().min(1).max(MAX_USERS),
  countBy: countBy.optional(),
  overdraft: z.int().min(0).max(MAX_USERS).optional(),
});

const intervalRange = z.looseObject({ least: checkInterval.optional(), most: checkInterval.optional() });
const settable = z.looseObject({
  level: z.literal(true).optional(),
  checkIntervalSeconds: intervalRange.optional(),
});

const borrow = z.looseObject({
  maxSeconds: seconds,
  machines: z.int().min(1).max(100).optional(),
  takeover: z.enum(['deny', 'newest']).optional(),
});

const renewal = z.looseObject({
  from: z.string().min(1).max(2048).describe('an https address, http on this machine, or a path'),
  everyHours: z.number().min(1).max(8784),
  graceDays: z.int().min(0).max(3650).optional(),
  report: z.boolean().optional(),
});

const binding = z.looseObject({ paths: z.array(z.string().min(1).max(1024)).min(1).max(MAX_GRANTED) });

export const entitlement = z.looseObject({
  licenceId: id,
  licenceKey: z.string().regex(LICENCE_KEY, 'expected a licence key like 7K3M-Q9XW-B2T0').optional(),
  customer: z.string().max(256).optional(),
  issuedAt: at,
  notBefore: at.optional(),
  expiresAt: at.optional(),
  warnDays: z.int().min(0).max(3650).optional(),
  evaluation: z.literal(true).optional(),
  supersedes: z.array(id).max(MAX_GRANTED).optional(),
  countBy: countBy.optional(),
  level: level.optional(),
  checkIntervalSeconds: checkInterval.optional(),
  settable: settable.optional(),
  offlineGraceSeconds: seconds.optional(),
  borrow: borrow.optional(),
  binding: binding.optional(),
  renewal: renewal.optional(),
  modules: z.array(moduleGrant).min(1).max(1000),
});

const ofTerms = entitlement.pick({
  ...{ customer: true, warnDays: true, countBy: true, level: true },
  ...{ checkIntervalSeconds: true, offlineGraceSeconds: true },
}).shape;

/** With these keys only; the fault names them. */
const only = <Shape extends z.ZodRawShape>(shape: Shape, what = 'only') =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `found ${unknown(issue.keys)}; expected ${what} ${Object.keys(shape).join(', ')}`
        : undefined,
  });

function unknown(keys: readonly string[]): string {
  const [first = '', ...more] = keys;
  const shown = JSON.stringify(first.slice(0, 64));
  return `the unknown key ${shown}${more.length === 0 ? '' : `, and ${more.length} more`}`;
}

/** A template for licences. No key may be unknown: a mistyped one would grant what its vendor did not mean. */
const terms = {
  $schema: z.string().max(2048).optional(),
  comment: z.string().max(4096).optional(),
  ...ofTerms,
  settable: only({
    ...settable.shape,
    checkIntervalSeconds: only(intervalRange.shape).optional(),
  }).optional(),
  borrow: only(borrow.shape).optional(),
  binding: only(binding.shape).optional(),
  renewal: only(renewal.shape).optional(),
  modules: z.array(only(moduleGrant.shape)).min(1).max(1000).optional(),
  validDays: z.int().min(1).max(36_500).optional(),
};
export const template = only(terms, `${TEMPLATE}; terms may have`);

export const licence = z
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
        .meta({
          description: 'JSON in a string; the signature covers these bytes',
          contentMediaType: 'application/json',
          contentSchema: z.toJSONSchema(entitlement, { io: 'input' }),
        }),
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

/** The published JSON Schema (draft 2020-12) of the format. */
export function licenceJsonSchema(): unknown {
  return z.toJSONSchema(licence, { io: 'input' });
}
