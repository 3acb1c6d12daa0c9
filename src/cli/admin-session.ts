import { actorOf } from '../client/machine.js';
import { openStore } from '../client/open-licence.js';
import type { System } from '../client/system.js';
import { faceTrouble } from '../client/warning-text.js';
import type { InstanceRecord, Licence } from '../licence/document.js';
import { grantOf, type Policy } from '../licence/entitlement.js';
import { inFile } from '../licence/fault.js';
import { type ShareTime, type StatusView, statusView } from '../rules/status-view.js';
import type { Limits } from '../share/deadline.js';
import type { Kept } from '../store/journal-files.js';
import type { Store } from '../store/store.js';
import { waiting } from './asking.js';
import { type Interruption, unlessStopped } from './interruption.js';
import { printable } from './words.js';
import type { Deps } from './world.js';

/** Milliseconds an administrator's command waits for the share before it gives up. */
const COMMAND_MS = 90_000;

export interface Desk {
  readonly store: Store;
  readonly licence: Licence;
  readonly policy: Policy;
  readonly system: System;
  readonly limits: () => Limits;
  readonly signal: AbortSignal;
  /** A signal gives up what is only read. A change is given up by its limits, and then clears away what it began. */
  readonly unless: Interruption['unless'];
  /** The administrator, for tombstones: `user@host`. */
  readonly actor: string;
}

/** Opens a table for one command, which a signal gives up, and waits at the end for what goes on behind the answers. */
export async function atDesk<T>(file: string, deps: Deps, act: (desk: Desk) => Promise<T>): Promise<T> {
  return await unlessStopped(deps, (interruption) => openDesk(file, deps, interruption, act));
}

async function openDesk<T>(
  file: string,
  deps: Deps,
  { signal, unless }: Interruption,
  act: (desk: Desk) => Promise<T>,
): Promise<T> {
  const system = deps.system();
  const { store, licence, policy } = await unless(openStore(file, system, waiting(deps)));
  store.onFaceTrouble = (trouble) =>
    deps.err(`${printable(faceTrouble(store.place.face, trouble).message)}\n`);
  const limits = () => ({ untilMs: system.clock.elapsedMs() + COMMAND_MS, signal });
  const actor = actorOf(system.facts);
  try {
    return await act({ store, licence, policy, system, limits, signal, unless, actor });
  } finally {
    await store.settled();
  }
}

/** The server's clock, or, where it cannot be had (no right, no space, no folder), this computer's. */
export async function shareTimeOf(desk: Desk): Promise<ShareTime> {
  return await desk.store.shareTime().then(
    (ms): ShareTime => ({ ms, from: 'server' }),
    (): ShareTime => ({ ms: desk.system.clock.wallMs(), from: 'client' }),
  );
}

/** @throws SeatfileFault UNKNOWN_MODULE */
export const checkModule = ({ store, policy }: Desk, module: string): void =>
  void inFile(store.place.face, () => grantOf(policy, module));

/** Provably gone, and this is the computer that it ran on. */
export function isGoneHere(record: InstanceRecord, { facts, isProcessGone }: System): boolean {
  const isHere = facts.machine.pids !== null && record.machine.pids === facts.machine.pids;
  return isHere && isProcessGone(record.pid, record.processStart, record.thread);
}

/**
 * Status, and two facts about the files. `kept` is how much lies in the folder; null if that is not known. `faceShows`
 * is the revision that `licence.json` still shows because it was not refreshed; null if it was.
 */
export type FullView = StatusView & { readonly kept: Kept | null; readonly faceShows: number | null };

export async function viewOf(desk: Desk): Promise<FullView> {
  const { licence, policy, store } = desk;
  const { face } = store.place;
  const time = await shareTimeOf(desk);
  const view = statusView(
    { licence, policy, nowMs: time.ms },
    {
      ...{ file: face, from: time.from, refusedFile: await store.refusedFile() },
      isGone: (record) => isGoneHere(record, desk.system),
    },
  );
  const faceShows = await store.lateFace(licence, time.ms);
  return { ...view, kept: await store.measure().catch(() => null), faceShows };
}
