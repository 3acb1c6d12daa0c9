import * as z from 'zod';
import { FORMAT, MAX_FORMER, MAX_LINEAGES, MAX_PAYLOAD, MAX_RECENT } from './document.js';
import { entitlement } from './schema/granted.js';
import { event, instance, rollCall, settings, tombstone, waiter } from './schema/table.js';
import { at, hash, id, revisionNumber } from './schema/values.js';
import { MOST_IN, troubleIn } from './shapes.js';

export { entitlement, template } from './schema/granted.js';
export { event, instance, tombstone, waiter } from './schema/table.js';

/** The schemas of the licence document and of the entitlement in it. Only they use zod. */

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
