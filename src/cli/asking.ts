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
  /** What has to be typed to agree. @default y */
  readonly typed?: string | undefined;
  /** `--yes`: agreed without being asked. */
  readonly yes: boolean | undefined;
  /** Gives the question up. */
  readonly signal: AbortSignal;
}

/** Whether the administrator agrees. @throws SeatfileFault BAD_ARGUMENT without a terminal to ask on */
export async function isAgreed(question: Question, world: World): Promise<boolean> {
  const { verb, text, typed, yes, signal } = question;
  if (yes) return true;
  if (!world.isInteractive)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `${verb}: confirmation needed; run it in a terminal, or add --yes`,
    );
  const answer = (await world.ask(typed === undefined ? `${text} [y/N] ` : `${text} `, signal)).trim();
  if (typed === undefined) return /^y(es)?$/i.test(answer);
  if (answer !== typed) world.err(`Expected ${typed}, got "${printable(answer)}". `);
  return answer === typed;
}
