import type { CreatedLicence, CreateOptions } from '../api.js';
import type { Finding } from '../doctor/findings.js';
import { MAX_USERS } from '../licence/document.js';
import { type ModuleGrant, readPolicy } from '../licence/entitlement.js';
import { twinsAmong } from '../licence/names.js';
import { MODULE_NAME } from '../licence/shapes.js';
import { answeredBy } from './answered.js';
import {
  bad,
  checkChoice,
  checkLength,
  checkOptions,
  checkRange,
  checkShared,
  checkType,
  type Known,
  shownValue,
} from './argument-checks.js';
import { type Creation, create, unsignedLicence } from './creating.js';
import { openDeadline } from './open-store.js';
import type { System } from './system.js';

const KNOWN: Known<CreateOptions> = {
  ...{ modules: true, level: true, checkIntervalSeconds: true, countBy: true, customer: true, force: true },
  ...{ onSlow: true, signal: true, timeoutMs: true },
};
const LEVELS = ['heartbeat', 'light'] as const;
const COUNTED_BY = ['user@host', 'instance', 'user', 'host'] as const;

/** As createLicence, on any system. `describe`: a finding of doctor, in words. */
export async function createLicenceWith(
  path: string,
  options: CreateOptions,
  system: System,
  describe: (finding: Finding) => string,
): Promise<CreatedLicence> {
  const modules = checked(path, options);
  const licence = unsignedLicence({ ...options, modules }, system);
  const creation = { file: path, licence, event: () => ({ kind: 'created' }), force: options.force === true };
  const warnings: string[] = [];
  const onWarning = (words: string) => void warnings.push(words);
  const asked = { system, describe, onWarning, forceWord: '`force: true`', onSlow: options.onSlow };
  const file = await begun(creation, asked, options);
  return { file, licenceId: readPolicy(licence).licenceId, warnings };
}

/** A caller that gives up while the place is tested finds nothing there; afterwards it is told what became of it. */
async function begun(
  creation: Creation,
  asked: Omit<Parameters<typeof create>[1], 'signal' | 'onBegin'>,
  options: CreateOptions,
): Promise<string> {
  const { clock } = asked.system;
  const giveUp = new AbortController();
  let begin = (): void => undefined;
  const isBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const created = create(creation, { ...asked, signal: giveUp.signal, onBegin: () => begin() });
  const what = { name: creation.file, doing: 'createLicence' };
  const tested = () => Promise.race([created, isBegun]);
  await answeredBy(openDeadline(asked.system, options), tested, clock, what).catch((error: unknown) => {
    giveUp.abort(error);
    throw error;
  });
  return await created;
}

/** @throws SeatfileFault BAD_ARGUMENT */
function checked(path: unknown, options: CreateOptions): ModuleGrant[] {
  if (typeof path !== 'string' || path === '')
    throw bad('path', 'expected the path of the licence file to create');
  checkOptions(options, KNOWN);
  checkShared(options);
  checkChoice('level', options.level, LEVELS);
  checkChoice('countBy', options.countBy, COUNTED_BY);
  checkRange('checkIntervalSeconds', options.checkIntervalSeconds, 1, 86_400);
  checkLength('customer', options.customer, 1, 256);
  checkType('force', options.force, 'boolean');
  const { modules } = options;
  if (typeof modules !== 'object' || modules === null || Array.isArray(modules))
    throw bad('modules', 'expected an object like { CAD: 10 }');
  const grants = Object.entries(modules as CreateOptions['modules']).map(([module, maxUsers]) => ({
    module,
    maxUsers,
  }));
  if (grants.length === 0 || grants.length > 1000)
    throw bad('modules', `expected 1 to 1000 modules, got ${grants.length}`);
  const twins = twinsAmong(grants.map(({ module }) => module));
  if (twins !== null)
    throw bad('modules', `expected names that differ in more than case, got "${twins[0]}" and "${twins[1]}"`);
  for (const { module, maxUsers } of grants) checkGrant(module, maxUsers);
  return grants;
}

function checkGrant(module: string, maxUsers: unknown): void {
  const shown = JSON.stringify(module.slice(0, 80));
  if (!MODULE_NAME.test(module))
    throw bad(
      'modules',
      `expected names of 1 to 64 letters, digits, . _ - that begin with a letter or digit, got ${shown}`,
    );
  if (!Number.isInteger(maxUsers) || Number(maxUsers) < 1 || Number(maxUsers) > MAX_USERS)
    throw bad(
      'modules',
      `${shown}: expected a whole number of users from 1 to ${MAX_USERS}, got ${shownValue(maxUsers)}`,
    );
}
