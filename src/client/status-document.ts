import type { LicenceStatus } from '../api.js';
import type { InstanceRecord, Licence } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import type { Trust } from '../licence/trust.js';
import { type ShareTime, statusView } from '../rules/status-view.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { DisplayCopy } from '../store/display-copy.js';
import { readPutOver } from '../store/shown-copy.js';
import type { Store } from '../store/store.js';
import { whyElsewhere } from './place-check.js';
import type { System } from './system.js';

/** The document of `seatfile status --json`, for the command and the library. Takes no lock, and changes nothing. */

/** One poll of a licence, and what its reader knows. */
export interface StatusSource {
  readonly store: Store;
  readonly licence: Licence;
  readonly policy: Policy;
  /** What the reader knows of the vendor. */
  readonly trust: Trust;
  readonly system: System;
}

/** The server's clock, or, where it cannot be had (no right, no space, no folder), this computer's. */
export async function shareTimeOf({
  store,
  system,
}: Pick<StatusSource, 'store' | 'system'>): Promise<ShareTime> {
  return await store.shareTime().then(
    (ms): ShareTime => ({ ms, from: 'server' }),
    (): ShareTime => ({ ms: system.clock.wallMs(), from: 'client' }),
  );
}

/** Provably gone, and this is the computer that it ran on. */
export function isGoneHere(
  record: Pick<InstanceRecord, 'machine' | 'pid' | 'processStart' | 'thread'>,
  { facts, isProcessGone }: System,
): boolean {
  const isHere = facts.machine.pids !== null && record.machine.pids === facts.machine.pids;
  return isHere && isProcessGone(record.pid, record.processStart, record.thread);
}

export async function viewOf(source: StatusSource): Promise<LicenceStatus> {
  const { licence, policy, store, system } = source;
  const startedMs = system.clock.elapsedMs();
  const time = await shareTimeOf(source);
  const tookMs = Math.round(system.clock.elapsedMs() - startedMs);
  const view = statusView(
    { licence, policy, nowMs: time.ms },
    {
      ...{ file: store.paths.licenceFile, from: time.from, refusedFile: await store.refusedFile() },
      signature: source.trust.stateOf(licence.entitlement),
      isGone: (record) => isGoneHere(record, system),
    },
  );
  return {
    ...view,
    kept: await store.measure().catch(() => null),
    faceShows: await store.lateDisplayCopy(licence, time.ms),
    elsewhere: await whyElsewhere(store.paths, policy.boundTo, system),
    ...(await licenceFileNow(source)),
    shareRoundTripMs: time.from === 'server' ? tookMs : null,
  };
}

/** What stands in `licence.json`. Never fails. */
async function licenceFileNow({
  licence,
  store,
  system,
}: StatusSource): Promise<Pick<LicenceStatus, 'displayCopy' | 'putOver'>> {
  const files = withTimeouts(system.files, system.clock, { answerMs: ANSWER_MS });
  const displayCopy = new DisplayCopy(store.paths, files, system.clock);
  const { state } = await displayCopy.look(licence);
  const granted = await readPutOver(displayCopy, licence);
  const putOver = granted && { id: granted.licenceId, issuedAt: granted.issuedAt };
  return { displayCopy: state, putOver };
}
