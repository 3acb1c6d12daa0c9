import * as z from 'zod';
import { MAX_GRANTED, MAX_USERS } from '../document.js';
import { LICENCE_KEY, TEMPLATE } from '../shapes.js';
import { at, checkInterval, countBy, id, level, moduleName, seconds } from './values.js';

/** What a vendor grants: the entitlement, and a template for entitlements. */

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
