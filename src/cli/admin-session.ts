import type { LicencePlace } from '../api.js';
import { actorOf } from '../client/machine.js';
import { openStore } from '../client/open-store.js';
import { shareTimeOf } from '../client/status-document.js';
import type { System } from '../client/system.js';
import { displayCopyTrouble } from '../client/warning-text.js';
import type { Licence } from '../licence/document.js';
import { grantOf, type Policy } from '../licence/entitlement.js';
import { inFile } from '../licence/fault.js';
import type { ChangeContext } from '../licence/revision.js';
import { Trust } from '../licence/trust.js';
import type { Deadline } from '../share/deadline.js';
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

/** @throws SeatfileFault UNKNOWN_MODULE */
export const checkModule = ({ store, policy }: AdminSession, module: string): void =>
  void inFile(store.paths.licenceFile, () => grantOf(policy, module));

/** What a change is judged by before it is made: for a question, a dry run, a warning. */
export async function contextOf(session: AdminSession): Promise<ChangeContext> {
  const { licence, policy } = session;
  return { licence, policy, nowMs: (await session.unless(shareTimeOf(session))).ms };
}
