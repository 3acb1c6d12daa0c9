import type { OnSlow } from '../api.js';
import { SeatfileFault } from '../licence/fault.js';
import { printable } from './words.js';
import type { World } from './world.js';

/** Says on stderr what a command waits for on a slow share. */
export const waitingReporter =
  ({ waitLine }: Pick<World, 'waitLine'>): OnSlow =>
  (what, wait) =>
    waitLine.show(`Waiting for ${printable(what)}`, wait);

/** A question before a change. */
export interface Question {
  /** The command that asks. */
  readonly verb: string;
  readonly text: string;
  /** `--yes`: agreed without being asked. */
  readonly yes: boolean | undefined;
  /** Gives the question up. */
  readonly signal: AbortSignal;
}

/** Whether the administrator agrees. @throws SeatfileFault BAD_ARGUMENT without a terminal to ask on */
export async function isAgreed({ verb, text, yes, signal }: Question, world: World): Promise<boolean> {
  if (yes) return true;
  if (!world.isInteractive)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `${verb}: confirmation needed; run it in a terminal, or add --yes`,
    );
  return /^y(es)?$/i.test((await world.ask(`${text} [y/N] `, signal)).trim());
}
