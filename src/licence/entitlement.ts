import { createHash } from 'node:crypto';
import { isEntitlement } from './accept.js';
import type { CountBy, Level, Licence, SealedEntitlement } from './document.js';
import { SeatfileFault } from './fault.js';
import { fullCheck } from './full-check-door.js';
import { parseJson } from './json.js';
import { fromIso } from './time.js';

/** What the vendor granted: the parsed payload of the sealed entitlement. */
export interface Entitlement {
  readonly licenceId: string;
  readonly customer?: string | undefined;
  readonly issuedAt: string;
  readonly expiresAt?: string | undefined;
  /** What one user is. @default 'user@host' */
  readonly countBy?: CountBy | undefined;
  readonly level?: Level | undefined;
  readonly checkIntervalSeconds?: number | undefined;
  readonly offlineGraceSeconds?: number | undefined;
  readonly modules: readonly ModuleGrant[];
}

export interface ModuleGrant {
  readonly module: string;
  /** Whole number, 1 to 100,000. */
  readonly maxUsers: number;
  /** Seats tolerated above maxUsers. @default 0 */
  readonly overdraft?: number | undefined;
}

/** Entitlement and settings together: what holds at this site now. */
export interface Policy {
  readonly licenceId: string;
  readonly customer: string | null;
  readonly countBy: CountBy;
  readonly level: Level;
  /** T. Seconds, at least 1. */
  readonly checkIntervalSeconds: number;
  readonly graceSeconds: number;
  /** Rule 7: every holder answers a requester within this time, seconds; null: at the holder's next poll. */
  readonly answerWithinSeconds: number | null;
  readonly expiresAt: string | null;
  readonly modules: ReadonlyMap<string, ModuleGrant>;
}

/** Rule 1: one write per 30 s per file, for any number of users. */
const SECONDS_PER_USER = 30;

/** T by the formula of rule 1: 30 s x the largest max users. Seconds. */
export function formulaSeconds(modules: readonly ModuleGrant[]): number {
  return SECONDS_PER_USER * Math.max(...modules.map((grant) => grant.maxUsers));
}

export function sealUnsigned(granted: Entitlement): SealedEntitlement {
  return { payload: JSON.stringify(granted) };
}

/** Tells one sealed entitlement from another. SHA-256, hexadecimal. */
export function entitlementHash(sealed: SealedEntitlement): string {
  return createHash('sha256')
    .update(`${sealed.payload}\0${sealed.signature ?? ''}`)
    .digest('hex');
}

/** @throws SeatfileFault LICENCE_INVALID when the payload is not an entitlement, LICENCE_NEWER when it is signed. */
function readEntitlement(sealed: SealedEntitlement): Entitlement {
  const where = 'entitlement.payload';
  if (sealed.signature !== undefined)
    throw new SeatfileFault(
      'LICENCE_NEWER',
      'entitlement.signature: expected an unsigned licence, found a signature, which this version cannot verify; ' +
        'update this application',
    );
  if (lastRead?.payload === sealed.payload) return lastRead.granted;
  const value = parseJson(sealed.payload, where);
  const granted = isEntitlement(value) ? (value as Entitlement) : fullCheck().checkEntitlement(value, where);
  const names = granted.modules.map((grant) => grant.module);
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined)
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${where}: modules: expected every module once, found "${twice}" twice`,
    );
  lastRead = { payload: sealed.payload, granted };
  return granted;
}

/** What was read last, and what it grants: nearly all revisions have the same. */
let lastRead: { readonly payload: string; readonly granted: Entitlement } | null = null;

/** An unsigned licence leaves everything to its settings; where they are silent, the entitlement, then the default. */
export function readPolicy(licence: Licence): Policy {
  const granted = readEntitlement(licence.entitlement);
  const { settings } = licence;
  const level = settings.level ?? granted.level ?? 'heartbeat';
  return {
    licenceId: granted.licenceId,
    customer: granted.customer ?? null,
    countBy: granted.countBy ?? 'user@host',
    level,
    checkIntervalSeconds:
      settings.checkIntervalSeconds ?? granted.checkIntervalSeconds ?? formulaSeconds(granted.modules),
    graceSeconds: settings.offlineGraceSeconds ?? granted.offlineGraceSeconds ?? 0,
    answerWithinSeconds: level === 'light' ? null : (settings.onDemand?.answerWithinSeconds ?? null),
    expiresAt: granted.expiresAt ?? null,
    modules: new Map(granted.modules.map((grant) => [grant.module, grant])),
  };
}

/** @throws SeatfileFault UNKNOWN_MODULE naming the modules there are. */
export function grantOf(policy: Policy, module: string): ModuleGrant {
  const grant = policy.modules.get(module);
  if (grant) return grant;
  const known = [...policy.modules.keys()].join(', ');
  throw new SeatfileFault('UNKNOWN_MODULE', `no module "${module}"; the licence has ${known}`);
}

/** What holds in a later state of a licence: read again only where entitlement or settings have changed. */
export const policyAfter = (licence: Licence, policy: Policy, next: Licence): Policy =>
  next.entitlement === licence.entitlement && next.settings === licence.settings ? policy : readPolicy(next);

export const isExpired = (policy: Policy, atMs: number): boolean =>
  policy.expiresAt !== null && atMs >= fromIso(policy.expiresAt);

/** Seats a module can have in use at once: max users and the overdraft. */
export const seatLimit = (grant: ModuleGrant): number => grant.maxUsers + (grant.overdraft ?? 0);
