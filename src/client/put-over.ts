import type { Licence } from '../licence/document.js';
import { entitlementHash } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { inTime, LATE } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import type { InstanceAnswer } from './answers.js';
import type { ClientContext } from './client-context.js';

/** What a new licence file may put right. */
const HELPED: readonly string[] = [
  ...['LICENCE_EXPIRED', 'LICENCE_NOT_YET', 'LICENCE_NOT_RENEWED', 'LICENCE_ELSEWHERE', 'UNKNOWN_MODULE'],
];

/**
 * A file that was put over `licence.json`, as a refused claim sees it. Where no user is at work, no poll has put the
 * file in force, and the licence that has ended would refuse every claim.
 */
export class PutOver {
  private readonly context: ClientContext;
  /** The revision of the last claim. */
  private claimed: Licence | null = null;

  constructor(context: ClientContext) {
    this.context = context;
  }

  /** A claim is about to be made of this revision. */
  saw(base: Licence): void {
    this.claimed = base;
  }

  /** Makes a claim, and once more where it was refused and a new licence has come in force by that. */
  async heeded(claim: () => Promise<InstanceAnswer>, deadline: Deadline): Promise<InstanceAnswer> {
    try {
      const answer = await claim();
      if (answer.kind !== 'full' || !(await this.mayHelp(deadline))) return answer;
    } catch (error) {
      const isRefused = error instanceof SeatfileFault && HELPED.includes(error.code);
      if (!isRefused || !(await this.mayHelp(deadline))) throw error;
    }
    return await claim();
  }

  /** The refusal is not held up by a share that is slow now: a later claim, or a poll, looks again. */
  private async mayHelp({ untilMs, signal }: Deadline): Promise<boolean> {
    const { clock, queue } = this.context;
    const settled = queue.run(() => this.settle({ untilMs, signal })).catch(() => false);
    const answer = await inTime(clock, untilMs - clock.elapsedMs(), settled, signal);
    return answer !== LATE && answer;
  }

  /** Gives whether another licence is in force than the one that refused. */
  private async settle(deadline: Deadline): Promise<boolean> {
    const { claimed: base } = this;
    const { onWarning, store, warnings } = this.context;
    if (base === null || (await store.noticeDisplayCopy(base)) !== 'foreign') return false;
    const warning = await warnings.face('foreign', () => deadline);
    if (warning) onWarning(warning);
    return grantOf(base) !== grantOf((await store.read(deadline)).licence);
  }
}

const grantOf = ({ entitlement, settings }: Licence): string =>
  JSON.stringify([entitlementHash(entitlement), settings]);
