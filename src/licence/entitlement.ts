import { createHash } from 'node:crypto';
import { isEntitlement } from './accept.js';
import type { CountBy, Level, Licence, SealedEntitlement } from './document.js';
import { SeatfileFault } from './fault.js';
import { fullCheck } from './full-check-door.js';
import { parseJson } from './json.js';
import { nearest } from './nearest.js';
import { fromIso } from './time.js';

/** What the vendor granted: the parsed payload of the sealed entitlement. Times are ISO 8601, share time. */
export interface Entitlement {
  readonly licenceId: string;
  /** What people call the licence by, `XXXX-YYYY-ZZZZ`. */
  readonly licenceKey?: string | undefined;
  readonly customer?: string | undefined;
  readonly issuedAt: string;
  /** @default at once */
  readonly notBefore?: string | undefined;
  /** @default never */
  readonly expiresAt?: string | undefined;
  /** How long before the end users are told. Whole days, 0 to 3650. @default 14 */
  readonly warnDays?: number | undefined;
  readonly evaluation?: true | undefined;
  /** Ids of licences that yield to this one where they are installed. At most 100. */
  readonly supersedes?: readonly string[] | undefined;
  /** What one user is. @default 'user@host' */
  readonly countBy?: CountBy | undefined;
  /** Of a signed licence: fixed, unless `settable` leaves it to the settings. @default 'heartbeat' */
  readonly level?: Level | undefined;
  /** As `level`. Seconds, 1 to 86,400. @default the formula, which settings may shorten */
  readonly checkIntervalSeconds?: number | undefined;
  readonly settable?: Settable | undefined;
  /** The most that settings may choose. Seconds. @default 0 */
  readonly offlineGraceSeconds?: number | undefined;
  /** @default no seat can be borrowed */
  readonly borrow?: BorrowLimits | undefined;
  /** Where the licence may live: spellings of one place. 1 to 100. @default anywhere */
  readonly binding?: { readonly paths: readonly string[] } | undefined;
  readonly renewal?: Renewal | undefined;
  readonly modules: readonly ModuleGrant[];
}

/** What a signed licence leaves to its settings. */
interface Settable {
  /** Settings may choose either level. */
  readonly level?: true | undefined;
  /** Settings may choose T within these. Seconds. @default 1, and the T that holds without settings */
  readonly checkIntervalSeconds?:
    | { readonly least?: number | undefined; readonly most?: number | undefined }
    | undefined;
}

export interface BorrowLimits {
  readonly maxSeconds: number;
  /** PCs on which a user may have the seat at once. 1 to 100. @default 1 */
  readonly machines?: number | undefined;
  /** @default 'deny' */
  readonly takeover?: 'deny' | 'newest' | undefined;
}

/** How a licence keeps itself up to date. */
export interface Renewal {
  /** An https address, http on this machine, or a path. */
  readonly from: string;
  /** 1 to 8784. */
  readonly everyHours: number;
  /** How long work goes on without a renewal. Whole days, 0 to 3650. @default 60 */
  readonly graceDays?: number | undefined;
  /** Tell the vendor counts, no names. @default false */
  readonly report?: boolean | undefined;
}

export interface ModuleGrant {
  readonly module: string;
  /** Whole number, 1 to 100,000. */
  readonly maxUsers: number;
  /** What one user of this module is. @default that of the licence */
  readonly countBy?: CountBy | undefined;
  /** Seats tolerated above maxUsers. @default 0 */
  readonly overdraft?: number | undefined;
}

/** Entitlement and settings together: what holds at this site now. */
export interface Policy {
  readonly licenceId: string;
  readonly licenceKey: string | null;
  readonly customer: string | null;
  /** A signature stands in it. {@link Trust} says what it is worth. */
  readonly isSigned: boolean;
  readonly level: Level;
  /** T. Seconds, at least 1. */
  readonly checkIntervalSeconds: number;
  readonly graceSeconds: number;
  /** Within what settings may choose those three. */
  readonly caps: Caps;
  /** Rule 7: every holder answers a requester within this time, seconds; null: at the holder's next poll. */
  readonly answerWithinSeconds: number | null;
  readonly notBefore: string | null;
  readonly expiresAt: string | null;
  readonly warnDays: number;
  /** Spellings of the one place where it gives seats. Empty: anywhere. */
  readonly boundTo: readonly string[];
  /** How the licence keeps itself up to date; null for an unsigned one, whose address any user could have written. */
  readonly renewal: Renewal | null;
  /** What one user is, in a module that does not say it. */
  readonly countBy: CountBy;
  readonly modules: ReadonlyMap<string, ModuleGrant>;
}

/** Settings only narrow what the entitlement grants: a value outside of these counts as the nearest one inside. */
interface Caps {
  readonly levels: readonly Level[];
  /** Seconds. */
  readonly checkInterval: { readonly least: number; readonly most: number };
  /** Seconds. */
  readonly mostGrace: number;
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

/**
 * What a payload grants. Whether the signature is worth anything is not asked here: that is for {@link Trust}.
 * @throws SeatfileFault LICENCE_INVALID when the payload is not an entitlement, LICENCE_NEWER
 */
export function readEntitlement({ payload }: SealedEntitlement): Entitlement {
  const where = 'entitlement.payload';
  if (lastRead?.payload === payload) return lastRead.granted;
  const value = parseJson(payload, where);
  const granted = isEntitlement(value) ? (value as Entitlement) : fullCheck().checkEntitlement(value, where);
  const trouble = troubleIn(granted);
  if (trouble !== null)
    throw new SeatfileFault('LICENCE_INVALID', `${where}: ${trouble}`, {
      details: { path: where, found: trouble },
    });
  lastRead = { payload, granted };
  return granted;
}

/** What was read last, and what it grants: nearly all revisions have the same. */
let lastRead: { readonly payload: string; readonly granted: Entitlement } | null = null;

/** The first of its values that do not fit together. */
function troubleIn({ modules, notBefore, expiresAt, settable }: Entitlement): string | null {
  const seen = new Set<string>();
  const twice = modules.find(({ module }) => seen.size === seen.add(module).size);
  if (twice) return `modules: expected every module once, found "${twice.module}" twice`;
  if (notBefore !== undefined && expiresAt !== undefined && fromIso(notBefore) >= fromIso(expiresAt))
    return `expiresAt: expected a time after notBefore (${notBefore}), found ${expiresAt}`;
  const { least = 1, most = Number.POSITIVE_INFINITY } = settable?.checkIntervalSeconds ?? {};
  if (least > most)
    return `settable.checkIntervalSeconds: expected least up to most, found ${least} and ${most}`;
  return null;
}

/** What holds: the settings within the caps of the entitlement; where they are silent, the entitlement, the default. */
export function readPolicy({ entitlement, settings }: Licence): Policy {
  const granted = readEntitlement(entitlement);
  const isSigned = entitlement.signature !== undefined;
  const [intervalSeconds, caps] = [defaultInterval(granted), isSigned ? capsOf(granted) : OPEN];
  const wanted = settings.level ?? granted.level ?? 'heartbeat';
  const level = caps.levels.includes(wanted) ? wanted : (granted.level ?? 'heartbeat');
  const graceSeconds = settings.offlineGraceSeconds ?? (isSigned ? 0 : (granted.offlineGraceSeconds ?? 0));
  return {
    licenceId: granted.licenceId,
    licenceKey: granted.licenceKey ?? null,
    customer: granted.customer ?? null,
    isSigned,
    level,
    checkIntervalSeconds: within(caps.checkInterval, settings.checkIntervalSeconds ?? intervalSeconds),
    graceSeconds: Math.min(graceSeconds, caps.mostGrace),
    caps,
    answerWithinSeconds: level === 'light' ? null : (settings.onDemand?.answerWithinSeconds ?? null),
    notBefore: granted.notBefore ?? null,
    expiresAt: granted.expiresAt ?? null,
    warnDays: granted.warnDays ?? WARN_DAYS,
    boundTo: granted.binding?.paths ?? [],
    renewal: isSigned ? (granted.renewal ?? null) : null,
    countBy: granted.countBy ?? 'user@host',
    modules: new Map(granted.modules.map((grant) => [grant.module, grant])),
  };
}

/** Days before the end of a licence in which users are told, where it does not say. */
const WARN_DAYS = 14;

/** An unsigned licence leaves everything to its settings, which the schema limits. */
const OPEN: Caps = {
  levels: ['heartbeat', 'light'],
  checkInterval: { least: 1, most: Number.POSITIVE_INFINITY },
  mostGrace: Number.POSITIVE_INFINITY,
};

/** What costs the vendor seats is the vendor's: where a signed licence is silent, settings may only shorten T. */
function capsOf(granted: Entitlement): Caps {
  const { level = 'heartbeat', settable, offlineGraceSeconds = 0 } = granted;
  return {
    levels: settable?.level ? OPEN.levels : [level],
    checkInterval: intervalCaps(granted),
    mostGrace: offlineGraceSeconds,
  };
}

function intervalCaps(granted: Entitlement): Caps['checkInterval'] {
  const [fixed, open] = [granted.checkIntervalSeconds, granted.settable?.checkIntervalSeconds];
  const usual = defaultInterval(granted);
  if (open) return { least: open.least ?? 1, most: open.most ?? Math.max(usual, open.least ?? 1) };
  return { least: fixed ?? 1, most: usual };
}

const defaultInterval = ({ checkIntervalSeconds, modules }: Entitlement): number =>
  checkIntervalSeconds ?? formulaSeconds(modules);

const within = ({ least, most }: Caps['checkInterval'], seconds: number): number =>
  Math.min(Math.max(seconds, least), most);

/** @throws SeatfileFault UNKNOWN_MODULE naming the modules there are. */
export function grantOf(policy: Policy, module: string): ModuleGrant {
  const grant = policy.modules.get(module);
  if (grant) return grant;
  const known = [...policy.modules.keys()];
  const meant = nearest(module, known);
  const advice = meant === null ? 'the' : `did you mean "${meant}"? The`;
  throw new SeatfileFault(
    'UNKNOWN_MODULE',
    `no module "${module}"; ${advice} licence has ${known.join(', ')}`,
    { details: { module, modules: known } },
  );
}

/** What one user of a module is. A module that the licence does not have is counted as the licence says. */
export const countByOf = ({ modules, countBy }: Policy, module: string): CountBy =>
  modules.get(module)?.countBy ?? countBy;

/** What holds in a later state of a licence: read again only where entitlement or settings have changed. */
export const policyAfter = (licence: Licence, policy: Policy, next: Licence): Policy =>
  next.entitlement === licence.entitlement && next.settings === licence.settings ? policy : readPolicy(next);

export const isExpired = ({ expiresAt }: Policy, atMs: number): boolean =>
  expiresAt !== null && atMs >= fromIso(expiresAt);

/** Its first day has not come: no new seat. One that is held stays: only a step of the server's clock does that. */
export const isEarly = ({ notBefore }: Policy, atMs: number): boolean =>
  notBefore !== null && atMs < fromIso(notBefore);

/** How soon a licence ends. */
export interface Ending {
  readonly expiresAt: string;
  readonly remainingMs: number;
}

/** Within the days in which users are told; null before them, after its end, and where it has none. */
export function endingOf({ expiresAt, warnDays }: Policy, atMs: number): Ending | null {
  if (expiresAt === null) return null;
  const remainingMs = fromIso(expiresAt) - atMs;
  return remainingMs > 0 && remainingMs <= warnDays * DAY_MS ? { expiresAt, remainingMs } : null;
}
const DAY_MS = 86_400_000;

/** Whether new seats are granted, as far as dates go. */
export const isCurrent = (policy: Policy, atMs: number): boolean =>
  !isEarly(policy, atMs) && !isExpired(policy, atMs);

/** Seats a module can have in use at once: max users and the overdraft. */
export const seatLimit = (grant: ModuleGrant): number => grant.maxUsers + (grant.overdraft ?? 0);
