import { type Licence, MAX_FORMER, type SealedEntitlement, type Settings } from '../licence/document.js';
import {
  type Entitlement,
  entitlementHash,
  type ModuleGrant,
  readEntitlement,
  readPolicy,
  seatLimit,
} from '../licence/entitlement.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { fromIso } from '../licence/time.js';
import { shownKeyId } from '../licence/trust.js';
import type { NewLicence } from './new-licence.js';
import { offerFree } from './offers.js';
import { seatsInUse } from './seats.js';
import { mergedSettings } from './settings.js';

/** A new licence in the place of the installed one. The seat table stays, and no holder loses its seat. */

export interface InstallRequest {
  readonly next: NewLicence;
  /** `user@host`, for the journal. */
  readonly actor: string;
  /** What the journal calls it. */
  readonly kind: 'installed' | 'renewed';
  /** Overrules a refusal that can be overruled. */
  readonly force: boolean;
}

/** Why a licence is not installed, in the words for a person: "it is ...; expected ...". */
export interface InstallRefusal {
  readonly reason:
    | 'unsigned'
    | 'other key'
    | 'other licence'
    | 'evaluation'
    | 'not newer'
    | 'expired'
    | 'not begun';
  readonly why: string;
  /** Whether an administrator can overrule it. */
  readonly isForceable: boolean;
}

export type InstallOutcome =
  | { readonly kind: 'installed'; readonly draft: Draft; readonly overruled: InstallRefusal | null }
  | { readonly kind: 'same' } // the table has all that is in it
  | { readonly kind: 'refused'; readonly refusal: InstallRefusal };

/**
 * Swaps the entitlement in one change. Free seats go to the waiters at once; with fewer seats than are taken no new
 * user is seated until it fits.
 */
export function install(context: ChangeContext, request: InstallRequest): InstallOutcome {
  const { licence, nowMs } = context;
  const { next, force } = request;
  const installed = { sealed: licence.entitlement, granted: readEntitlement(licence.entitlement) };
  const settings = next.settings ?? licence.settings;
  const isSame = entitlementHash(next.entitlement) === entitlementHash(licence.entitlement);
  if (isSame && JSON.stringify(settings) === JSON.stringify(licence.settings)) return { kind: 'same' };
  const refusal = isSame ? null : refusalOf(installed, next, nowMs);
  if (refusal && !(force && refusal.isForceable)) return { kind: 'refused', refusal };
  const draft = swapped(licence, settings, { ...request, isForced: refusal !== null });
  const policy = readPolicy(draft.licence);
  return {
    kind: 'installed',
    draft: andThen({ ...context, policy }, draft, offerFree),
    overruled: refusal,
  };
}

/** A reservation of a module that is granted no more goes with it. */
function withModules(settings: Settings, modules: readonly ModuleGrant[]): Settings {
  const granted = new Set(modules.map(({ module }) => module));
  const { reservations: before, ...others } = settings;
  const reservations = before?.filter(({ module }) => granted.has(module)) ?? [];
  if (reservations.length === (before?.length ?? 0)) return settings;
  return mergedSettings(others, { reservations: reservations.length === 0 ? undefined : reservations });
}

type Swap = InstallRequest & { readonly isForced: boolean };

function swapped(licence: Licence, settings: Settings, { next, actor, kind, isForced }: Swap): Draft {
  const { entitlement, granted } = next;
  const [from, to] = [entitlementHash(licence.entitlement), entitlementHash(entitlement)];
  const { licenceId, issuedAt } = granted;
  const event = { kind, actor, from, to, licenceId, issuedAt, ...(isForced && { forced: true }) };
  const renewal = from === to ? licence.renewal : undefined; // a new licence begins a new account of renewals
  const kept = withModules(settings, granted.modules);
  return { licence: { ...withSealed(licence, entitlement), settings: kept, renewal }, events: [event] };
}

/** With this entitlement, and the one of before among the former ones. */
export function withSealed(licence: Licence, entitlement: SealedEntitlement): Licence {
  const [from, to] = [entitlementHash(licence.entitlement), entitlementHash(entitlement)];
  const former = [...licence.formerEntitlements.filter((one) => one !== to), from];
  const formerEntitlements = from === to ? licence.formerEntitlements : former.slice(-MAX_FORMER);
  return { ...licence, entitlement, formerEntitlements };
}

/** What is in force, as it is stored, and what it grants. */
interface Installed {
  readonly sealed: SealedEntitlement;
  readonly granted: Entitlement;
}

/** The conditions, the gravest first; null: none of them is broken. */
function refusalOf(installed: Installed, next: NewLicence, nowMs: number): InstallRefusal | null {
  const isSigned = next.entitlement.signature !== undefined;
  if (!isSigned && installed.sealed.signature !== undefined)
    return {
      reason: 'unsigned',
      why: 'it is not signed; expected a signed licence, as the installed one is',
      isForceable: false,
    };
  return (
    otherKey(installed.sealed, next) ??
    otherLicence(installed.granted, next.granted) ??
    notInForce(next.granted, nowMs) ??
    (isSigned ? notNewer(installed.granted, next.granted) : null) // an unsigned licence may name any day of issue
  );
}

/** Applications that have only the key of before would refuse it, and it may be no vendor's key at all. */
function otherKey(installed: SealedEntitlement, next: NewLicence): InstallRefusal | null {
  const { keyId } = next.entitlement;
  if (installed.signature === undefined || keyId === installed.keyId || next.isVerified) return null;
  return {
    reason: 'other key',
    why:
      `it is signed with another key, ${shownKeyId(keyId)}, and was not verified; ` +
      `expected the key ${shownKeyId(installed.keyId)}, or --public-key to verify it with`,
    isForceable: true,
  };
}

function otherLicence(installed: Entitlement, next: Entitlement): InstallRefusal | null {
  const isNamed = next.supersedes?.includes(installed.licenceId) ?? false;
  if (next.licenceId !== installed.licenceId && !isNamed)
    return {
      reason: 'other licence',
      why: `it is licence "${next.licenceId}"; expected licence "${installed.licenceId}", or one that supersedes it`,
      isForceable: true,
    };
  if (next.evaluation !== true || installed.evaluation === true) return null;
  return {
    reason: 'evaluation',
    why: 'it is an evaluation; expected a full licence, as the installed one is',
    isForceable: true,
  };
}

function notNewer(installed: Entitlement, next: Entitlement): InstallRefusal | null {
  if (fromIso(next.issuedAt) > fromIso(installed.issuedAt)) return null;
  return {
    reason: 'not newer',
    why: `it was issued ${next.issuedAt}; expected one issued after ${installed.issuedAt}, when the installed one was`,
    isForceable: true,
  };
}

/** Every user would lose the seat by it. */
export function notInForce({ notBefore, expiresAt }: Entitlement, nowMs: number): InstallRefusal | null {
  if (expiresAt !== undefined && fromIso(expiresAt) <= nowMs)
    return {
      reason: 'expired',
      why: `it expired ${expiresAt}; expected one that is in force`,
      isForceable: true,
    };
  if (notBefore === undefined || fromIso(notBefore) <= nowMs) return null;
  return {
    reason: 'not begun',
    why: `it is not in force before ${notBefore}; install it then`,
    isForceable: true,
  };
}

/** A module in which more users are at work than the licence has seats for. */
export interface Excess {
  readonly module: string;
  readonly inUse: number;
  /** Max users and the overdraft; null: the licence does not have the module any more. */
  readonly limit: number | null;
}

/** The modules in which no new user is seated before seats are given back. */
export function excessIn({ licence, policy }: Pick<ChangeContext, 'licence' | 'policy'>): Excess[] {
  return [...seatsInUse(licence)].flatMap(([module, inUse]) => {
    const grant = policy.modules.get(module);
    const limit = grant ? seatLimit(grant) : null;
    return inUse > (limit ?? 0) ? [{ module, inUse, limit }] : [];
  });
}
