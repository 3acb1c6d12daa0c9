import {
  type BorrowLimits,
  type Entitlement,
  isEarly,
  isExpired,
  type ModuleGrant,
  type Policy,
  type Renewal,
} from '../licence/entitlement.js';
import { clockTime, duration, printable } from './words.js';

/** What a licence grants, for people: one line for each thing it says. */

/**
 * @param policy what holds where it is opened without settings
 * @param nowMs by this computer's clock, where it is to be said whether the licence is in force. Since 1970
 */
export function describeGrant(granted: Entitlement, policy: Policy, nowMs: number | null = null): string {
  const { supersedes, renewal, borrow, binding } = granted;
  const rows: readonly (readonly [string, string | null])[] = [
    ['Licence', idLine(granted)],
    ['Customer', granted.customer ?? 'none named'],
    ...granted.modules.map((grant, index): [string, string] => [
      index === 0 ? 'Modules' : '',
      moduleLine(grant),
    ]),
    ['One user is', policy.countBy],
    ['Issued', clockTime(granted.issuedAt)],
    ['Valid', (nowMs === null ? null : notInForceLine(policy, nowMs)) ?? validLine(granted)],
    ['Level', levelLine(policy)],
    ['Check interval', intervalLine(policy)],
    ['Offline grace', graceLine(policy)],
    ['Borrowing', borrow ? borrowLine(borrow) : null],
    ['Bound to', binding?.paths.join(', ') ?? null],
    ['Renewal', renewal ? renewalLine(renewal) : null],
    ['Supersedes', supersedes?.join(', ') ?? null],
  ];
  return rows
    .flatMap(([name, value]) => (value === null ? [] : `${name.padEnd(WIDTH)}${printable(value)}\n`))
    .join('');
}
const WIDTH = 16;

const idLine = ({ licenceId, licenceKey, evaluation }: Entitlement): string =>
  `${licenceId}${licenceKey === undefined ? '' : `, key ${licenceKey}`}${evaluation ? ', an evaluation' : ''}`;

function moduleLine({ module, maxUsers, overdraft = 0, countBy }: ModuleGrant): string {
  const more = overdraft === 0 ? '' : `, and ${overdraft} above that`;
  const by = countBy === undefined ? '' : `, one user is ${countBy}`;
  return `${module}: ${maxUsers} user${maxUsers === 1 ? '' : 's'}${more}${by}`;
}

function validLine({ notBefore, expiresAt }: Entitlement): string {
  const from = notBefore === undefined ? '' : `from ${clockTime(notBefore)} `;
  return `${from}${expiresAt === undefined ? 'without end' : `until ${clockTime(expiresAt)}`}`;
}

function notInForceLine(policy: Policy, nowMs: number): string | null {
  const { notBefore, expiresAt } = policy;
  if (expiresAt !== null && isExpired(policy, nowMs))
    return `EXPIRED ${clockTime(expiresAt)}, by this computer's clock`;
  if (notBefore === null || !isEarly(policy, nowMs)) return null;
  const end = expiresAt === null ? 'without end' : `until ${clockTime(expiresAt)}`;
  return `not valid before ${clockTime(notBefore)}, by this computer's clock; then ${end}`;
}

const levelLine = ({ level, caps }: Policy): string =>
  caps.levels.length > 1 ? `${level}, or as the settings say` : `${level}, fixed`;

function intervalLine({ checkIntervalSeconds, caps }: Policy): string {
  const { least, most } = caps.checkInterval;
  const usual = duration(checkIntervalSeconds);
  return least === most
    ? `${usual}, fixed`
    : `${usual}; settings may choose ${duration(least)} to ${duration(Math.min(most, MOST_CHOSEN))}`;
}
/** What settings can say at all: an unsigned licence has no other bound. Seconds. */
const MOST_CHOSEN = 86_400;

function graceLine({ caps }: Policy): string {
  if (caps.mostGrace === 0) return 'none';
  return Number.isFinite(caps.mostGrace)
    ? `settings may choose up to ${duration(caps.mostGrace)}`
    : 'as the settings say';
}

function borrowLine({ maxSeconds, machines = 1, takeover = 'deny' }: BorrowLimits): string {
  const on = `on ${machines} PC${machines === 1 ? '' : 's'} at once`;
  return `up to ${duration(maxSeconds)}, ${on}; ${takeover === 'newest' ? 'the newest takes over' : 'no takeover'}`;
}

function renewalLine({ from, everyHours, graceDays = 60, report = false }: Renewal): string {
  const told = report ? '; counts are told' : '';
  return `from ${from}, every ${everyHours} h; without it work goes on for ${graceDays} d${told}`;
}
