import type { Licence } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import type { ChangeContext } from '../licence/revision.js';
import { isRenewalDue, type Renewer } from '../rules/renewal.js';
import { isOpenToNew, renewalTrouble } from '../rules/renewal-state.js';
import { inTime, LATE } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import type { Download } from '../vendor/download.js';
import type { Client } from './client.js';
import type { ClientContext } from './client-context.js';
import { renewalClosed, renewalWarning } from './warning-text.js';

/** The longest that a commit of a renewal waits for the share. Milliseconds. */
const COMMIT_MS = 30_000;
/** What a renewal may put right. */
const HELPED: readonly string[] = ['LICENCE_NOT_RENEWED', 'LICENCE_EXPIRED'];
/** After a try of this process that the share did not let through. Milliseconds. */
const AGAIN_MS = 60_000;

/**
 * Keeps the licence up to date, if it says from where: one instance of all does it in the background, and no seat waits
 * for it. Only an instance that has the public key takes part: no other can tell what it is given.
 */
export class Renewals {
  private readonly context: ClientContext;
  private readonly client: Client;
  private running: Promise<void> | null = null;
  private notBeforeMs = Number.NEGATIVE_INFINITY;
  private told: string | null = null;
  private readonly stopped = new AbortController();

  constructor(context: ClientContext, client: Client) {
    this.context = context;
    this.client = client;
  }

  /** A poll or a commit has shown this. */
  saw(licence: Licence, policy: Policy): void {
    if (policy.renewal === null) return;
    const nowMs = this.client.table.shareTimeNow();
    if (nowMs !== null) this.consider({ licence, policy, nowMs });
  }

  /** A claim is about to be made of this: a licence that is over may have a successor at its address. */
  claimed(context: ChangeContext): void {
    if (context.policy.renewal !== null && !isOpenToNew(context)) this.consider(context);
  }

  /** @throws SeatfileFault LICENCE_NOT_RENEWED: no new seats */
  refuseClosed(context: ChangeContext): void {
    const trouble = renewalTrouble(context.licence, context.policy, context.nowMs);
    if (!trouble?.isClosed) return;
    throw new SeatfileFault('LICENCE_NOT_RENEWED', renewalClosed(trouble));
  }

  /** A claim was refused for want of a renewal, and one that went on has ended since: it is worth another try. */
  async mayHelp(error: unknown, { untilMs, signal }: Deadline): Promise<boolean> {
    const { running } = this;
    if (running === null || !(error instanceof SeatfileFault) || !HELPED.includes(error.code)) return false;
    const { clock } = this.context;
    return (await inTime(clock, untilMs - clock.elapsedMs(), running, signal)) !== LATE;
  }

  /** What goes on is given up. The next instance takes over. */
  stop(): void {
    this.stopped.abort();
  }

  private get renewer(): Renewer {
    const { identity, who } = this.context;
    return { instance: identity.id, host: who.host, actor: identity.actor };
  }

  private consider(context: ChangeContext): void {
    this.warn(context);
    const { clock, download, store } = this.context;
    const isFree = this.running === null && clock.elapsedMs() >= this.notBeforeMs;
    if (!isFree || this.stopped.signal.aborted || !store.trust.isAsked || download === null) return;
    if (isRenewalDue(context, this.renewer.host)) this.running = this.run(download);
  }

  private async run(download: Download): Promise<void> {
    try {
      await this.renew(download);
    } catch {
      this.notBeforeMs = this.context.clock.elapsedMs() + AGAIN_MS; // the share is in trouble, which the polls tell
    } finally {
      this.running = null;
    }
  }

  private async renew(download: Download): Promise<void> {
    const { clock, files, place, queue, store } = this.context;
    const { renew } = await import('../vendor/renewing.js');
    const deadline = () => this.client.table.deadline(COMMIT_MS);
    await renew({
      ...{ clock, files, download, renewer: this.renewer, trust: store.trust, around: store.paths.around },
      checkPlace: (boundTo) => place.check(boundTo),
      commit: async (change) => {
        const result = await queue.run(() => this.client.commitAside(change, deadline()));
        if (result.kind === 'failed') throw result.error;
        return result.done;
      },
      readJournal: (sinceMs) => store.readJournal(sinceMs, deadline()),
      signal: this.stopped.signal,
    });
  }

  private warn({ licence, policy, nowMs }: ChangeContext): void {
    const trouble = renewalTrouble(licence, policy, nowMs);
    const key = trouble && `${trouble.isClosed} ${trouble.sinceAt} ${trouble.why}`;
    if (key === this.told) return;
    this.told = key;
    if (trouble) this.context.onWarning({ code: 'RENEWAL', message: renewalWarning(trouble) });
  }
}
