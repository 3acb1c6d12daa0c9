import type { InstanceRecord, Licence } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import type { Trust } from '../licence/trust.js';
import { type ShareTime, type StatusView, statusView } from '../rules/status-view.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { DisplayCopy } from '../store/display-copy.js';
import type { Kept } from '../store/journal-files.js';
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
export function isGoneHere(record: InstanceRecord, { facts, isProcessGone }: System): boolean {
  const isHere = facts.machine.pids !== null && record.machine.pids === facts.machine.pids;
  return isHere && isProcessGone(record.pid, record.processStart, record.thread);
}

/**
 * Status, and four facts about the files. `kept` is how much lies in the folder; null if that is not known.
 * `faceShows` is the revision that `licence.json` still shows because it was not refreshed; null if it was. `elsewhere`
 * says where the licence belongs; null: here. `putOver` is a signed licence that was put over `licence.json` and is not
 * in force; null: there is none.
 */
export type FullView = StatusView & {
  readonly kept: Kept | null;
  readonly faceShows: number | null;
  readonly elsewhere: string | null;
  readonly putOver: { readonly id: string; readonly issuedAt: string } | null;
};

export async function viewOf(source: StatusSource): Promise<FullView> {
  const { licence, policy, store } = source;
  const { licenceFile } = store.paths;
  const time = await shareTimeOf(source);
  const view = statusView(
    { licence, policy, nowMs: time.ms },
    {
      ...{ file: licenceFile, from: time.from, refusedFile: await store.refusedFile() },
      signature: source.trust.stateOf(licence.entitlement),
      isGone: (record) => isGoneHere(record, source.system),
    },
  );
  const faceShows = await store.lateDisplayCopy(licence, time.ms);
  const elsewhere = await whyElsewhere(store.paths, policy.boundTo, source.system);
  const kept = await store.measure().catch(() => null);
  return { ...view, kept, faceShows, elsewhere, putOver: await putOverOf(source) };
}

async function putOverOf({ licence, store, system }: StatusSource): Promise<FullView['putOver']> {
  const files = withTimeouts(system.files, system.clock, { answerMs: ANSWER_MS });
  const granted = await readPutOver(new DisplayCopy(store.paths, files, system.clock), licence);
  return granted && { id: granted.licenceId, issuedAt: granted.issuedAt };
}
