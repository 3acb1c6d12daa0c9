import * as z from 'zod'; // by `{ z }` a bundler would take in the words of zod in 50 languages
import { MAX_REVISION } from '../document.js';
import { ID, MODULE_NAME, SHA256 } from '../shapes.js';

/** What single values of the licence document may be. */

export const id = z.string().regex(ID, 'expected 1 to 64 of a-z, 0-9 and -');
export const hash = z.string().regex(SHA256, 'expected a SHA-256 in hexadecimal');

/** A time in UTC. */
export const at = z.iso.datetime({ error: 'expected a time like 2026-11-21T09:30:00.000Z' }).max(64);
export const name = z.string().min(1).max(256);
export const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const seconds = z
  .number()
  .min(0)
  .max(400 * 86_400);

/**
 * The check interval of a record. Entitlement and settings name at most 24 h; the formula gives up to 30 s x
 * 100,000 users.
 */
export const recordInterval = z.number().min(1).max(3_000_000);
export const revisionNumber = z.int().min(0).max(MAX_REVISION);

export const moduleName = z
  .string()
  .regex(MODULE_NAME, 'expected a letter or digit, then up to 63 of letters, digits, . _ -');

export const level = z.enum(['heartbeat', 'light']);

export const countBy = z.enum(['user@host', 'instance', 'user', 'host']);

/** Seconds, 1 to 86,400 (24 h). Below 8 is for demonstrations. */
export const checkInterval = z.number().min(1).max(86_400);
