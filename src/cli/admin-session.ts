import type { LicencePlace } from '../api.js';
import { actorOf } from '../client/machine.js';
import { openStore } from '../client/open-store.js';
import { whyElsewhere } from '../client/place-check.js';
import type { System } from '../client/system.js';
import { displayCopyTrouble } from '../client/warning-text.js';
import type { InstanceRecord, Licence } from '../licence/document.js';
import { grantOf, type Policy } from '../licence/entitlement.js';
import { inFile } from '../licence/fault.js';
import { Trust } from '../licence/trust.js';
import { type ShareTime, type StatusView, statusView } from '../rules/status-view.js';
import type { Deadline } from '../share/deadline.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { DisplayCopy } from '../store/display-copy.js';
import type { Kept } from '../store/journal-files.js';
import { readPutOver } from '../store/shown-copy.js';
import type { Store } from '../store/store.js';
import { waitingReporter } from './asking.js';
import { type Interruption, unlessStopped } from './interruption.js';
import { type KeyOptions, trustFor } from './public-key-option.js';
import { printable } from './words.js';
import type { World } from './world.js';

/** Milliseconds an administrator's command waits for the share before it gives up. */
const COMMAND_MS = 90_000;

export interface AdminSession {
  readonly store: Store;
  readonly licence: Licence;
  readonly policy: Policy;
  /** What the command knows of the vendor. */
  readonly trust: Trust;
  readonly system: System;
  readonly deadline: () => Deadline;
  readonly signal: AbortSignal;
  /** A signal gives up what is only read. A change is given up at its deadline, and then clears away what it began. */
  readonly unless: Interruption['unless'];
  /** The administrator, for tombstones: `user@host`. */
  readonly actor: string;
}

/** Which licence a command opens, and what it asks of it. */
export interface AdminOpening extends KeyOptions {
  readonly file: LicencePlace;
  /** Opens whatever its signature is worth: the command tells that. A public key is heeded in a search all the same. */
  readonly isAnySignature?: true;
}

/** Opens a table for one command, which a signal gives up, and waits at the end for what goes on behind the answers. */
export async function withAdminSession<T>(
  opening: AdminOpening,
  world: World,
  act: (session: AdminSession) => Promise<T>,
): Promise<T> {
  return await unlessStopped(world, (interruption) => openAdminSession(opening, world, interruption, act));
}

async function openAdminSession<T>(
  opening: AdminOpening,
  world: World,
  { signal, unless }: Interruption,
  act: (session: AdminSession) => Promise<T>,
): Promise<T> {
  const system = world.system();
  const trust = await unless(trustFor(opening, world));
  const opened = opening.isAnySignature ? Trust.none : trust;
  const asked = { trust: opened, preferred: trust, onSlow: waitingReporter(world) };
  const { store, licence, policy } = await unless(openStore(opening.file, system, asked));
  store.onDisplayCopyTrouble = (trouble) =>
    world.err(`${printable(displayCopyTrouble(store.paths.licenceFile, trouble).message)}\n`);
  const deadline = () => ({ untilMs: system.clock.elapsedMs() + COMMAND_MS, signal });
  const actor = actorOf(system.facts);
  try {
    return await act({ store, licence, policy, trust, system, deadline, signal, unless, actor });
  } finally {
    await store.settled();
  }
}

/** The server's clock, or, where it cannot be had (no right, no space, no folder), this computer's. */
export async function shareTimeOf(session: AdminSession): Promise<ShareTime> {
  return await session.store.shareTime().then(
    (ms): ShareTime => ({ ms, from: 'server' }),
    (): ShareTime => ({ ms: session.system.clock.wallMs(), from: 'client' }),
  );
}

/** @throws SeatfileFault UNKNOWN_MODULE */
export const checkModule = ({ store, policy }: AdminSession, module: string): void =>
  void inFile(store.paths.licenceFile, () => grantOf(policy, module));

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

export async function viewOf(session: AdminSession): Promise<FullView> {
  const { licence, policy, store } = session;
  const { licenceFile } = store.paths;
  const time = await shareTimeOf(session);
  const view = statusView(
    { licence, policy, nowMs: time.ms },
    {
      ...{ file: licenceFile, from: time.from, refusedFile: await store.refusedFile() },
      signature: session.trust.stateOf(licence.entitlement),
      isGone: (record) => isGoneHere(record, session.system),
    },
  );
  const faceShows = await store.lateDisplayCopy(licence, time.ms);
  const elsewhere = await whyElsewhere(store.paths, policy.boundTo, session.system);
  const kept = await store.measure().catch(() => null);
  return { ...view, kept, faceShows, elsewhere, putOver: await putOverOf(session) };
}

async function putOverOf({ licence, store, system }: AdminSession): Promise<FullView['putOver']> {
  const files = withTimeouts(system.files, system.clock, { answerMs: ANSWER_MS });
  const granted = await readPutOver(new DisplayCopy(store.paths, files, system.clock), licence);
  return granted && { id: granted.licenceId, issuedAt: granted.issuedAt };
}
