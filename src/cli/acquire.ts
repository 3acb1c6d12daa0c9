import type { ClaimAnswer, OpenLicence, WaitingNews } from '../api.js';
import { instancesOfProcess } from '../client/instances.js';
import { openAny } from '../client/several-licences.js';
import { parseDuration } from './arguments.js';
import { waitingReporter } from './asking.js';
import { type NextOptions, placesOf } from './place-option.js';
import { type KeyOptions, publicKeysFor } from './public-key-option.js';
import { printable } from './words.js';
import type { World } from './world.js';

/** `--wait 10m`, in milliseconds; nothing is no wait. */
export const waitMs = (text: string | undefined): number =>
  text === undefined ? 0 : 1000 * parseDuration('--wait', text, 0, 86_400);

/** `--timeout 2m`, in milliseconds. */
export const timeoutMs = (text: string): number => 1000 * parseDuration('--timeout', text, 1, 86_400);

/** `--patience 10s`, in milliseconds. */
const patienceMs = (text: string): number => 1000 * parseDuration('--patience', text, 1, 86_400);

/**
 * Asks for a seat for a command. A waiter is told its place in the queue. `gaveUp` ends the wait; the refusal stands.
 */
export async function acquireOrWait(
  licence: OpenLicence,
  module: string,
  wait: number,
  signals: { readonly signal: AbortSignal; readonly gaveUp?: AbortSignal },
  tellWaiting: (news: WaitingNews) => void,
): Promise<ClaimAnswer> {
  const { signal, gaveUp } = signals;
  if (wait === 0 || gaveUp?.aborted) return await licence.acquire(module, { signal });
  let last: WaitingNews | null = null;
  licence.on('waiting', (news) => {
    last = news;
    if (!signal.aborted && !gaveUp?.aborted) tellWaiting(news);
  });
  const either = gaveUp ? AbortSignal.any([signal, gaveUp]) : signal;
  return await licence.acquire(module, { wait, signal: either }).catch((error: unknown) => {
    if (!gaveUp?.aborted || signal.aborted) throw error;
    return last ? { kind: 'full', ...last, waitedMs: 0 } : licence.acquire(module, { signal });
  });
}

/** What a waiter is told, and again whenever its place changes. `isOne`: it waits in one queue, and needs no name. */
export const describePlace = ({ place, file }: WaitingNews, isOne: boolean): string =>
  `Waiting for a seat: you are ${place === 1 ? 'first' : `number ${place}`} in the queue` +
  `${isOne ? '' : ` of ${printable(file)}`}.`;

/** A licence opened by a command that handles signals itself and says on stderr what it waits for. */
export async function openForCommand(
  file: string | undefined,
  options: KeyOptions &
    NextOptions & {
      user?: string;
      host?: string;
      note?: string;
      application?: string;
      timeout: string;
    },
  world: World,
): Promise<OpenLicence> {
  const { user, host, note, application = 'seatfile' } = options;
  const licence = await openAny(
    placesOf(file, options, world),
    {
      ...{ user, host, note, application },
      publicKey: await publicKeysFor(options, world),
      timeoutMs: timeoutMs(options.timeout),
      patienceMs: patienceMs(options.patience),
      onSlow: waitingReporter(world),
      releaseOnExit: false,
    },
    world.system(),
    instancesOfProcess(),
  );
  licence.on('warning', ({ message }) => world.err(`seatfile: ${printable(message)}\n`));
  return licence;
}
