import type { Licence, Settings } from '../../src/licence/document.js';
import { type Entitlement, readPolicy, sealUnsigned } from '../../src/licence/entitlement.js';
import { type ChangeContext, firstLicence } from '../../src/licence/revision.js';
import { Unchanged } from '../../src/licence/unchanged.js';
import type { ClaimRequest, Proofs } from '../../src/rules/claim.js';
import type { Requester } from '../../src/rules/seats.js';
import type { StatusRequest } from '../../src/rules/status-view.js';

/** Seat tables for the tests of the pure rules. */

/** What faults call the file. */
export const FILE = 'licence.json';
/** Share time at which a test begins: 2026-11-21T09:00:00Z. */
export const START_MS = Date.UTC(2026, 10, 21, 9);

export function emptyTable(granted: Partial<Entitlement>, settings: Settings = {}): Licence {
  const entitlement = sealUnsigned({
    licenceId: 'acme',
    issuedAt: '2026-11-01T00:00:00.000Z',
    modules: [{ module: 'M1', maxUsers: 1 }],
    ...granted,
  });
  return firstLicence(entitlement, settings, { lineage: 'line', commit: 'c0' });
}

export const policyOf = (licence: Licence) => readPolicy(licence);

/** One application. The caller says which machine it is on; by default each one has its own. */
export function app(id: string, facts: Partial<Requester> = {}): Requester {
  const machine = { pids: `pids-${id}`, host: `host-${id}`, installation: `installation-${id}` };
  const system = { pid: 1000, processStart: null, application: null, note: null };
  return { id, user: id, host: `pc-${id}`, machine, ...system, ...facts };
}

/** What a change is made from. */
export const contextOf = (licence: Licence, nowMs = START_MS): ChangeContext => ({
  ...{ licence, nowMs },
  policy: policyOf(licence),
});

/** A request for a seat. No process is provably gone, unless said. */
export const asking = (
  who: Requester,
  module: string,
  seatId: string,
  facts: Partial<Proofs> = {},
): ClaimRequest => ({ ...{ who, module, seatId }, isGone: () => false, bootedAtMs: null, ...facts });

/** What a status is asked with. */
export const viewed = (): StatusRequest => ({
  ...{ file: FILE, from: 'server', refusedFile: null, signature: 'none' },
  isGone: () => false,
});

/** What has been seen unchanged for so long, up to then. Milliseconds. */
export const unchangedFor = (identity: number | string, forMs: number, seenMs = 0): Unchanged =>
  Unchanged.after(Unchanged.after(null, { identity, startedMs: seenMs - forMs }), {
    identity,
    startedMs: seenMs,
  });
