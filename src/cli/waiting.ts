import type { ClaimAnswer } from '../instance/instance.js';
import type { OpenLicence } from '../instance/licence.js';
import { parseDuration } from './arguments.js';

export type Full = Extract<ClaimAnswer, { kind: 'full' }>;

/** `--wait 10m`, in milliseconds; nothing is no wait. */
export const waitMs = (text: string | undefined): number =>
  text === undefined ? 0 : 1000 * parseDuration('--wait', text, 0, 86_400);

/** How a command asks for a seat: who has to wait is told so first. `gaveUp` ends the wait, and the refusal stands. */
export async function acquireOrWait(
  licence: OpenLicence,
  module: string,
  wait: number,
  signals: { readonly signal: AbortSignal; readonly gaveUp?: AbortSignal },
  tellWaiting: (full: Full) => void,
): Promise<ClaimAnswer> {
  const { signal, gaveUp } = signals;
  const first = await licence.acquire(module, { signal });
  if (first.kind !== 'full' || wait === 0 || gaveUp?.aborted) return first;
  tellWaiting(first);
  const either = gaveUp ? AbortSignal.any([signal, gaveUp]) : signal;
  return await licence.acquire(module, { wait, signal: either }).catch((error: unknown) => {
    if (gaveUp?.aborted && !signal.aborted) return first;
    throw error;
  });
}
