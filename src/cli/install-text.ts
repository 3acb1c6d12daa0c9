import type { Licence } from '../licence/document.js';
import { readEntitlement, readPolicy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { type SignatureState, shownKeyId } from '../licence/trust.js';
import { excessIn, type InstallRefusal } from '../rules/installation.js';
import type { NewLicence } from '../rules/new-licence.js';
import { seatsInUse } from '../rules/seats.js';
import { ownPollMs } from '../rules/timing.js';
import { clockTime, duration, printable } from './words.js';

/** What `install` did, or would do: the document of `--json`. */
export interface Installation {
  readonly schemaVersion: 1;
  readonly file: string;
  readonly result: 'created' | 'installed' | 'same';
  readonly dryRun: boolean;
  /** What `--force` has overruled; null: nothing. */
  readonly overruled: string | null;
  readonly licence: {
    readonly id: string;
    readonly key: string | null;
    readonly customer: string | null;
    readonly signature: SignatureState;
    /** Of the key that it names; null: it is not signed. */
    readonly keyId: string | null;
    readonly evaluation: boolean;
    readonly issuedAt: string;
    readonly notBefore: string | null;
    readonly expiresAt: string | null;
  };
  /** The licence in whose place it is; null: there was none. */
  readonly before: { readonly id: string; readonly issuedAt: string; readonly keyId: string | null } | null;
  readonly modules: readonly {
    readonly module: string;
    /** Null: the new licence does not have the module. */
    readonly maxUsers: number | null;
    readonly maxUsersBefore: number | null;
    readonly inUse: number;
    /** Seats that are to be given back before a new user is seated. */
    readonly excess: number;
  }[];
  /** How long running applications may take to follow; null: there was no table. Seconds. */
  readonly followWithinSeconds: number | null;
}

interface Facts {
  readonly file: string;
  readonly result: Installation['result'];
  readonly refusal: InstallRefusal | null;
  readonly isDryRun: boolean;
  readonly next: NewLicence;
  readonly signature: SignatureState;
  /** Before; null: there was none. */
  readonly table: Licence | null;
  /** After. */
  readonly licence: Licence;
}

export function installationOf(facts: Facts): Installation {
  const { file, result, refusal, isDryRun, next, signature, table } = facts;
  const { licenceId, licenceKey, customer, evaluation, issuedAt, notBefore, expiresAt } = next.granted;
  const before = table && readEntitlement(table.entitlement);
  const policy = table && readPolicy(table);
  return {
    ...{ schemaVersion: 1, file, result, dryRun: isDryRun, overruled: refusal?.reason ?? null },
    licence: {
      ...{ id: licenceId, key: licenceKey ?? null, customer: customer ?? null, signature },
      keyId: next.entitlement.keyId ?? null,
      ...{ evaluation: evaluation === true, issuedAt },
      ...{ notBefore: notBefore ?? null, expiresAt: expiresAt ?? null },
    },
    before: before && {
      ...{ id: before.licenceId, issuedAt: before.issuedAt },
      keyId: table.entitlement.keyId ?? null,
    },
    modules: modulesOf(facts),
    followWithinSeconds:
      policy &&
      Math.ceil(ownPollMs(policy.level, policy.checkIntervalSeconds, policy.answerWithinSeconds) / 1000),
  };
}

function modulesOf({ table, licence }: Facts): Installation['modules'] {
  const policy = readPolicy(licence);
  const before = table && readPolicy(table).modules;
  const inUse = seatsInUse(licence);
  const excess = new Map(
    excessIn({ licence, policy }).map((one) => [one.module, one.inUse - (one.limit ?? 0)]),
  );
  const names = new Set([...policy.modules.keys(), ...(before?.keys() ?? [])]);
  return [...names].map((module) => ({
    module,
    maxUsers: policy.modules.get(module)?.maxUsers ?? null,
    maxUsersBefore: before?.get(module)?.maxUsers ?? null,
    inUse: inUse.get(module) ?? 0,
    excess: excess.get(module) ?? 0,
  }));
}

export function describeInstallation(one: Installation): string {
  const { licence, before, result, dryRun: isDryRun } = one;
  const file = printable(one.file);
  const customer = licence.customer === null ? '' : ` of ${printable(licence.customer)}`;
  const name = `licence ${printable(licence.id)}${customer}`;
  if (result === 'same') return `${file} has this licence already (${name}). Nothing was installed.\n`;
  const did = isDryRun ? 'Would install' : 'Installed';
  const which = before?.id === licence.id ? 'the one' : `licence ${printable(before?.id ?? '')}`;
  const place = before ? `, in the place of ${which} issued ${clockTime(before.issuedAt)}` : '';
  return [
    `${did} ${name}, issued ${clockTime(licence.issuedAt)}, signature ${licence.signature}, as ${file}${place}.\n`,
    ...one.modules.map(moduleLine),
    datesLine(one),
    followLine(one),
    keyLine(one),
    ...one.modules.filter(({ excess }) => excess > 0).map(excessLine),
  ].join('');
}

function moduleLine({ module, maxUsers, maxUsersBefore, inUse }: Installation['modules'][number]): string {
  const now = maxUsers === null ? 'not in it any more' : `${maxUsers} user${maxUsers === 1 ? '' : 's'}`;
  const was = maxUsersBefore === null || maxUsersBefore === maxUsers ? '' : `, before ${maxUsersBefore}`;
  return `  ${module}: ${now}${was}${inUse === 0 ? '' : `; ${inUse} in use`}\n`;
}

function datesLine({ licence: { notBefore, expiresAt, evaluation } }: Installation): string {
  const from = notBefore === null ? '' : `in force from ${clockTime(notBefore)}, `;
  const kind = evaluation ? 'an evaluation, ' : '';
  const until = expiresAt === null ? 'never expires' : `expires ${clockTime(expiresAt)}`;
  return `  ${kind}${from}${until}\n`;
}

function followLine(one: Installation): string {
  if (one.followWithinSeconds === null || one.dryRun) return '';
  const isSafe = one.overruled === null && !mayBeRefused(one);
  const seats = isSafe ? ', and no user loses a seat' : '';
  return `Running applications follow within ${duration(one.followWithinSeconds)}${seats}.\n`;
}

/** An application with public keys takes only a licence that one of them has signed. */
const mayBeRefused = ({ before, licence: { keyId, signature } }: Installation): boolean =>
  before !== null && (signature === 'unverified' || before.keyId !== keyId);

const keyLine = (one: Installation): string =>
  mayBeRefused(one)
    ? `Applications that have public keys, but not the key ${shownKeyId(one.licence.keyId ?? undefined)}, refuse it.\n`
    : '';

const excessLine = ({ module, inUse, excess }: Installation['modules'][number]): string =>
  `${module}: ${inUse === 1 ? '1 user is' : `${inUse} users are`} at work, ${excess} more than it has seats for. ` +
  `No user loses the seat by that; no new user is seated until ${excess === 1 ? '1 seat is' : `${excess} seats are`} ` +
  'given back.\n';

/** A refusal in one line. */
export function notInstalled(file: string, { reason, why, isForceable }: InstallRefusal): SeatfileFault {
  const more =
    reason === 'other key'
      ? '; --force installs it all the same: applications that do not know that key refuse it, and an older ' +
        'licence comes back only by --force'
      : isForceable
        ? '; --force installs it all the same'
        : '; ask the vendor for a signed one';
  return new SeatfileFault('INSTALL_REFUSED', `${file}: not installed: ${why}${more}`);
}
