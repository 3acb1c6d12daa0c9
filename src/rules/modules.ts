import type { Licence } from '../licence/document.js';
import {
  entitlementHash,
  grantOf,
  type ModuleGrant,
  readEntitlement,
  readPolicy,
  sealUnsigned,
} from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { twinFinder } from '../licence/names.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { withSealed } from './installation.js';
import { offerFree } from './offers.js';
import { liftingOne, reservedSeats } from './reserved-seats.js';
import { seatsInUse } from './seats.js';

/** Seats and modules of an unsigned licence are for its administrator to change. */

export interface ModuleChange {
  /** Max users of modules that there are, and new modules. */
  readonly grants: readonly Pick<ModuleGrant, 'module' | 'maxUsers'>[];
  readonly dropped: readonly string[];
  /** `user@host`, for the journal. */
  readonly actor: string;
}

/**
 * Held seats stay, also where more are in use than there are then. What is free goes to the waiters. Null when
 * it is so already.
 * @throws SeatfileFault BAD_ARGUMENT: it is signed, or a module is in use, or more seats are reserved than
 * there would be; UNKNOWN_MODULE
 */
export function changeModules(
  context: ChangeContext,
  { grants, dropped, actor }: ModuleChange,
): Draft | null {
  const { licence, policy } = context;
  if (policy.isSigned)
    throw bad(
      'the licence is signed: modules and max users are as its vendor granted them. ' +
        'Only its vendor can issue another; nothing was changed',
    );
  const granted = readEntitlement(licence.entitlement);
  for (const module of dropped) refuseInUse(context, module);
  refuseTwins(granted.modules, grants, dropped);
  const modules = merged(granted.modules, grants).filter(({ module }) => !dropped.includes(module));
  if (modules.length === 0) throw bad('a licence has one module at least; nothing was changed');
  refuseReserved(licence, [...modules, ...dropped.map((module) => ({ module, maxUsers: 0 }))]);
  const entitlement = sealUnsigned({ ...granted, modules });
  if (entitlementHash(entitlement) === entitlementHash(licence.entitlement)) return null;
  const said = Object.fromEntries([
    ...grants.map(({ module, maxUsers }) => [module, maxUsers]),
    ...dropped.map((module) => [module, null]),
  ]);
  const next = withSealed(licence, entitlement);
  const begun = { licence: next, events: [{ kind: 'settings', actor, settings: { modules: said } }] };
  return andThen({ ...context, policy: readPolicy(next) }, begun, offerFree);
}

const bad = (text: string): SeatfileFault => new SeatfileFault('BAD_ARGUMENT', text);

function merged(known: readonly ModuleGrant[], grants: ModuleChange['grants']): ModuleGrant[] {
  const asked = new Map(grants.map(({ module, maxUsers }) => [module, maxUsers]));
  const there = new Set(known.map(({ module }) => module));
  return [
    ...known.map((grant) => ({ ...grant, maxUsers: asked.get(grant.module) ?? grant.maxUsers })),
    ...grants
      .filter(({ module }) => !there.has(module))
      .map(({ module, maxUsers }) => ({ module, maxUsers })),
  ];
}

/** A second module that is called like one there is, but for upper and lower case, is a slip. */
function refuseTwins(
  known: readonly ModuleGrant[],
  grants: ModuleChange['grants'],
  dropped: readonly string[],
) {
  const names = new Set(known.map(({ module }) => module));
  const isDropped = new Set(dropped);
  const twinOf = twinFinder([...names].filter((name) => !isDropped.has(name)));
  for (const { module } of grants) {
    const twin = names.has(module) ? null : twinOf(module);
    if (twin !== null)
      throw bad(
        `no module "${module}"; did you mean "${twin}"? Expected names that differ in more than case`,
      );
  }
}

/** Its users would lose their seats. */
function refuseInUse({ licence, policy }: ChangeContext, module: string): void {
  grantOf(policy, module);
  const inUse = seatsInUse(licence).get(module) ?? 0;
  if (inUse > 0)
    throw bad(
      `${module}: ${inUse === 1 ? '1 seat is' : `${inUse} seats are`} in use; expected a module that no user ` +
        `works in. Free them first: seatfile remove FILE --module ${module}`,
    );
  if (licence.waiting.some((waiter) => waiter.module === module))
    throw bad(`${module}: users wait for a seat; expected a module that no user waits for`);
}

/** No seat can be kept in a module that is not there, either. */
function refuseReserved(licence: Licence, modules: ModuleChange['grants']): void {
  const reserved = reservedSeats(licence);
  for (const { module, maxUsers } of modules) {
    const count = reserved.get(module) ?? 0;
    if (count > maxUsers)
      throw bad(
        `${module}: ${count === 1 ? '1 seat is' : `${count} seats are`} reserved; expected max users not below that. ` +
          `Lift ${count - maxUsers === 1 ? 'one' : count - maxUsers} first, like: ${liftingOne(licence, module)}`,
      );
  }
}
