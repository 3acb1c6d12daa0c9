import * as z from 'zod';
import { MAX_LISTED } from '../document.js';
import { MOST_MESSAGES } from '../shapes.js';
import {
  at,
  checkInterval,
  count,
  hash,
  id,
  level,
  moduleName,
  name,
  recordInterval,
  revisionNumber,
  seconds,
} from './values.js';

/** Settings and seat table: the part of the document that its users change. */

export const settings = z.looseObject({
  level: level.optional(),
  checkIntervalSeconds: checkInterval.optional(),
  onDemand: z.looseObject({ answerWithinSeconds: z.number().min(20).max(86_400) }).optional(),
  offlineGraceSeconds: seconds.optional(),
  bans: z
    .array(
      z.looseObject({
        ...{ user: name, untilAt: at.nullable(), actor: z.string().max(600).optional() },
        ...{ words: z.string().max(1024).nullable().optional(), at: at.optional() },
      }),
    )
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

const actor = z.string().max(600);
const words = z.string().max(1024).nullable();

const seat = z.looseObject({
  id,
  module: moduleName,
  sinceAt: at,
  untilAt: at.nullable(),
  given: z.literal(true).optional(),
  leaving: z.looseObject({ actor, words, at }).optional(),
  messages: z
    .array(z.looseObject({ id, words: z.string().min(1).max(1024), actor, at }))
    .max(MOST_MESSAGES)
    .optional(),
});

const withoutNames = {
  machine,
  pid: count,
  processStart: z.string().max(64).nullable(),
  thread: z.string().max(64).optional(),
  application: z.string().max(256).nullable(),
  note: z.string().max(1024).nullable(),
};
/** A process and its user, in a record and in a queue entry alike. */
const running = { user: name, host: name, ...withoutNames };

/** The level and the commitments of an instance. */
const pace = {
  level,
  joinedAt: at,
  beat: z.int().min(1),
  beatAt: at,
  checkIntervalSeconds: recordInterval,
  graceSeconds: seconds,
  answersWithin: seconds.nullable(),
};

export const instance = z.looseObject({
  id,
  ...running,
  ...pace,
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
  actor,
  words,
  at,
  revision: revisionNumber,
  told: z.boolean().optional(),
  was: z.looseObject({ ...withoutNames, ...pace, sinceAt: at, untilAt: at.nullable() }).optional(),
});

export const rollCall = z.looseObject({
  names: z.array(z.looseObject({ instance: id, beat: z.int().min(1), by: actor, at })).max(MAX_LISTED),
  calledAt: at.optional(),
  provedAt: at.optional(),
});

export const event = z.looseObject({
  id: z.string().max(128),
  kind: z.string().max(64),
  at,
  before: hash.nullable(),
});
