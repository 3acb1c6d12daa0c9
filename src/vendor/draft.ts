import { type CountBy, type Level, MAX_GRANTED } from '../licence/document.js';
import type { Entitlement, ModuleGrant } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { fromIso, toIso } from '../licence/time.js';
import type { Template, Terms } from './template.js';

/** What a licence will say: the template, and over it what was asked for. Pure. */

/** When a licence ends. */
export type End =
  | { readonly kind: 'never' }
  | { readonly kind: 'at'; readonly atMs: number }
  | { readonly kind: 'after'; readonly seconds: number };

/** What was asked for. What is absent is left to the template. */
export interface Wanted {
  readonly customer?: string | undefined;
  /** Max users of modules, by name. 0 leaves a module of the template out. */
  readonly maxUsers: ReadonlyMap<string, number>;
  /** Seats above them, by name. */
  readonly overdraft: ReadonlyMap<string, number>;
  /** Of all modules. */
  readonly countBy?: CountBy | undefined;
  readonly level?: Level | undefined;
  readonly checkIntervalSeconds?: number | undefined;
  readonly offlineGraceSeconds?: number | undefined;
  readonly notBeforeMs?: number | undefined;
  readonly end?: End | undefined;
  readonly isEvaluation: boolean;
  readonly supersedes: readonly string[];
  readonly bindPaths: readonly string[];
  readonly renewFrom?: string | undefined;
  /** The same licence again, with its id and key, for the same customer and place. */
  readonly isReissue: boolean;
}

/** What makes it this licence. */
export interface Birth {
  readonly licenceId: string;
  readonly licenceKey: string;
  readonly nowMs: number;
}

/** @throws SeatfileFault BAD_ARGUMENT: names the option */
export function draftEntitlement(wanted: Wanted, template: Template | null, birth: Birth): Entitlement {
  const earlier = wanted.isReissue ? earlierOf(template, birth) : null;
  const terms = termsFor(wanted, template, earlier);
  const licenceId = earlier?.licenceId ?? birth.licenceId;
  const { modules = [], ...policies } = terms;
  return {
    licenceId,
    licenceKey: earlier?.licenceKey ?? birth.licenceKey,
    issuedAt: toIso(birth.nowMs),
    ...validity(wanted, template, { earlier, nowMs: birth.nowMs }),
    supersedes: supersededBy(wanted, earlier, licenceId),
    ...policies,
    modules: modulesOf(modules, wanted, template !== null),
  };
}

function earlierOf(template: Template | null, { nowMs }: Birth): Entitlement {
  const granted = template?.earlier?.granted;
  if (granted === undefined)
    throw bad('--reissue: which licence? Give the earlier one with --template, as it was issued');
  if (fromIso(granted.issuedAt) >= nowMs)
    throw bad(
      `--reissue: expected a licence issued before now (${toIso(nowMs)}), found one issued ${granted.issuedAt}; ` +
        'an older one would be refused where it is installed. Set the clock of this computer',
    );
  return granted;
}

/** All that is no date and no name. */
function termsFor(wanted: Wanted, template: Template | null, earlier: Entitlement | null): Terms {
  const base: Terms = {
    ...template?.terms,
    ...(earlier && { customer: earlier.customer, binding: earlier.binding }),
  };
  const { customer, countBy, level, checkIntervalSeconds, offlineGraceSeconds, bindPaths, renewFrom } =
    wanted;
  if (customer === '' || (customer?.length ?? 0) > 256) throw bad('--customer: expected 1 to 256 characters');
  return {
    ...base,
    ...(customer !== undefined && { customer }),
    ...(countBy !== undefined && { countBy }),
    ...(level !== undefined && { level }),
    ...(checkIntervalSeconds !== undefined && { checkIntervalSeconds }),
    ...(offlineGraceSeconds !== undefined && { offlineGraceSeconds }),
    ...(bindPaths.length > 0 && { binding: { paths: bindPaths } }),
    ...(renewFrom !== undefined && { renewal: { everyHours: DAILY, ...base.renewal, from: renewFrom } }),
  };
}
const DAILY = 24;

type Validity = Pick<Entitlement, 'notBefore' | 'expiresAt' | 'evaluation'>;

function validity(
  wanted: Wanted,
  template: Template | null,
  { earlier, nowMs }: { readonly earlier: Entitlement | null; readonly nowMs: number },
): Validity {
  const notBefore = wanted.notBeforeMs === undefined ? earlier?.notBefore : toIso(wanted.notBeforeMs);
  const startMs = Math.max(nowMs, notBefore === undefined ? nowMs : fromIso(notBefore));
  const endMs = endOf(wanted.end ?? endByTemplate(template, earlier), startMs);
  if (endMs !== null && endMs <= startMs)
    throw bad(
      `--expires: expected a time after ${toIso(startMs)}, when the licence begins, found ${toIso(endMs)}`,
    );
  const isEvaluation = wanted.isEvaluation || earlier?.evaluation === true;
  return {
    notBefore,
    expiresAt: endMs === null ? undefined : toIso(endMs),
    evaluation: isEvaluation ? true : undefined,
  };
}

function endByTemplate(template: Template | null, earlier: Entitlement | null): End {
  if (earlier?.expiresAt !== undefined) return { kind: 'at', atMs: fromIso(earlier.expiresAt) };
  const days = template?.validDays ?? null;
  if (days !== null) return { kind: 'after', seconds: days * DAY_SECONDS };
  refuseEndless(template);
  return { kind: 'never' };
}

/** What had an end gets none by omission. */
function refuseEndless(template: Template | null): void {
  const { expiresAt, evaluation } = template?.earlier?.granted ?? {};
  if (expiresAt === undefined && !evaluation) return;
  const found = expiresAt === undefined ? 'is an evaluation' : `ends ${expiresAt}`;
  throw bad(`--expires: the licence given as template ${found}; give --expires, or --expires never`);
}
const DAY_SECONDS = 86_400;

function endOf(end: End, startMs: number): number | null {
  if (end.kind === 'never') return null;
  return end.kind === 'at' ? end.atMs : startMs + end.seconds * 1000;
}

function supersededBy(
  { supersedes }: Wanted,
  earlier: Entitlement | null,
  licenceId: string,
): readonly string[] | undefined {
  const ids = [...new Set([...(earlier?.supersedes ?? []), ...supersedes])];
  if (ids.includes(licenceId))
    throw bad(`--supersedes ${licenceId}: that is this licence; a later issue of it needs no --supersedes`);
  if (ids.length > MAX_GRANTED)
    throw bad(`--supersedes: expected at most ${MAX_GRANTED} licences, got ${ids.length}`);
  return ids.length === 0 ? undefined : ids;
}

function modulesOf(base: readonly ModuleGrant[], wanted: Wanted, hasTemplate: boolean): ModuleGrant[] {
  const grants = new Map(base.map((grant) => [grant.module, grant]));
  for (const [module, maxUsers] of wanted.maxUsers)
    if (maxUsers > 0) grants.set(module, { ...grants.get(module), module, maxUsers });
    else if (!grants.delete(module))
      throw bad(
        hasTemplate
          ? `--module ${module}=0: the template has no such module`
          : `--module ${module}=0: leaves a module of a template out, and no --template was given`,
      );
  for (const [module, overdraft] of wanted.overdraft) {
    const grant = grants.get(module);
    if (grant === undefined)
      throw bad(`--overdraft ${module}: no such module; the licence has ${[...grants.keys()].join(', ')}`);
    grants.set(module, { ...grant, overdraft: overdraft || undefined });
  }
  if (grants.size === 0) throw bad('Give at least one module and its number of users, like --module CAD=10');
  const modules = [...grants.values()];
  return wanted.countBy === undefined ? modules : modules.map(({ countBy: _, ...grant }) => grant);
}

const bad = (text: string): SeatfileFault => new SeatfileFault('BAD_ARGUMENT', text);
