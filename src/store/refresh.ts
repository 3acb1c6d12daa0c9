import type { Licence } from '../licence/document.js';
import { inTime } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import type { ShareErrorKind } from '../share/files.js';
import type { SerialQueue } from '../share/serial.js';
import type { Committer } from './commit.js';
import type { StoreContext } from './context.js';
import { type DisplayCopy, type DisplayCopyFound, isShown } from './display-copy.js';
import type { ReplacementFile } from './replacement-file.js';

/** How long after a commit `licence.json` is refreshed, and the most that chance adds. Milliseconds. */
const DELAY_MS = 2000;
const JITTER_MS = 1000;
/** By then a virus scanner has let go. Milliseconds. */
const AGAIN_MS = 1000;
/** A refresh that takes longer is left to a later one: the process's own next operation waits. Milliseconds. */
const LONGEST_MS = 10_000;
/** The same at the end of a process. Milliseconds. */
const ENDING_MS = 5000;
/** How long a reading may wait for trouble of the share to pass. Milliseconds. */
const READING_MS = 1000;
/** Others may replace the file again and again meanwhile; then they show what is new. */
const MOST_TRIES = 5;

interface Plan {
  /** The file as it stood then: one that has changed since was refreshed by another process. Null: in any case. */
  readonly since: string | null;
  readonly isSecondTry: boolean;
  /** This process has committed again since. */
  hasMore: boolean;
  readonly calledOff: AbortController;
}

interface Round extends Deadline {
  /** A new listing has to confirm that no revision is higher. */
  readonly isAnew: boolean;
  readonly isSecondTry: boolean;
  /** The process ends: nothing is planned any more. */
  readonly isLast: boolean;
}

export interface RefreshDeps {
  /** The store's: a refresh is one of its operations. */
  readonly queue: SerialQueue;
  readonly replacement: ReplacementFile;
}

/**
 * Keeps `licence.json` up to date. A refresh runs some seconds after a
 * commit and outside the lock, so no writer waits for it.
 */
export class Refresh {
  /** Told why `licence.json` could not be refreshed, once until that changes. It costs no seat. */
  onTrouble: (trouble: string) => void = () => undefined;
  private readonly context: StoreContext;
  private readonly displayCopy: DisplayCopy;
  private readonly committer: Committer;
  private readonly deps: RefreshDeps;
  private plan: Plan | null = null;
  /** The last commit of this process, until it is known to be shown. */
  private unshown: Licence | null = null;
  /** Refused twice: only a commit of this process makes it try again. */
  private isRefused = false;
  private told: ShareErrorKind | null = null;

  constructor(context: StoreContext, displayCopy: DisplayCopy, committer: Committer, deps: RefreshDeps) {
    this.context = context;
    this.displayCopy = displayCopy;
    this.committer = committer;
    this.deps = deps;
  }

  /** This process has published a revision. */
  async committed(latest: Licence): Promise<void> {
    this.unshown = latest;
    this.isRefused = false;
    if (this.plan) this.plan.hasMore = true;
    else this.planLater(await this.displayCopy.identity());
  }

  /** A poll has met `licence.json`. Where no other process refreshes it, this one does. */
  noticed(look: DisplayCopyFound, latest: Licence): void {
    if (this.plan === null && !this.isRefused && this.displayCopy.isDue(look, latest))
      this.planLater(look.identity);
  }

  private planLater(since: string): void {
    this.planFor(DELAY_MS + this.context.random.fraction() * JITTER_MS, { since, isSecondTry: false });
  }

  private planFor(ms: number, what: Pick<Plan, 'since' | 'isSecondTry'>): void {
    const plan = { ...what, hasMore: false, calledOff: new AbortController() };
    this.plan = plan;
    void this.waitFor(plan, ms);
  }

  private async waitFor(plan: Plan, ms: number): Promise<void> {
    await this.context.clock.sleep(ms, plan.calledOff.signal);
    await this.deps.queue.run(() => this.carryOut(plan)).catch(() => undefined);
  }

  private async carryOut(plan: Plan): Promise<void> {
    if (this.plan !== plan) return; // called off
    this.plan = null;
    const { since, isSecondTry, hasMore } = plan;
    if (since !== null) {
      const identity = await this.displayCopy.identity();
      if (identity !== since) return hasMore ? this.planLater(identity) : undefined;
    }
    const untilMs = this.context.clock.elapsedMs() + LONGEST_MS;
    await this.refresh({ untilMs, isAnew: false, isSecondTry, isLast: false });
  }

  /** Shows the latest revision, and begins again where another process has replaced the file meanwhile. */
  private async refresh(round: Round): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES && this.context.clock.elapsedMs() < round.untilMs; tries++) {
      const latest = await this.steadyLatest(round);
      if (latest === null) return;
      const result = await this.displayCopy.show(latest, round.isAnew);
      if (result === 'changed') continue;
      if (result === 'higher') return await this.refresh({ ...round, isAnew: true });
      if (result === 'refused' && !round.isSecondTry) return await this.tryAgain(round);
      this.isRefused = result === 'refused';
      this.tell();
      if (result === 'foreign') await this.deps.replacement.settle(round).catch(() => undefined);
      if (result === 'same' || result === 'shown') this.unshown = null;
      if (result === 'shown') await this.lookBack(latest, round);
      return;
    }
  }

  /**
   * A revision that is still the latest after it was read; the own one needs no reading. Null: the share does not
   * show it now.
   */
  private async steadyLatest({ isAnew }: Round): Promise<Licence | null> {
    const { unshown } = this;
    const { revisions } = this.committer;
    if (unshown && !isAnew && (await this.highest()) === unshown.revision) return unshown;
    const deadline = { untilMs: this.context.clock.elapsedMs() + READING_MS };
    const read = isAnew ? revisions.latestAnew(deadline) : revisions.stableLatest(deadline);
    const top = await read.catch(() => null);
    return top === null || top.loss !== null ? null : top.licence;
  }

  /** A refused replace is tried once more, a second later. */
  private async tryAgain(round: Round): Promise<void> {
    if (round.isLast) await this.refresh({ ...round, isSecondTry: true });
    else this.planFor(AGAIN_MS, { since: null, isSecondTry: true });
  }

  /** Revisions that came meanwhile may have been left to this process. */
  private async lookBack(shown: Licence, { isLast }: Round): Promise<void> {
    if (isLast) return; // each process that ends shows its own
    if ((await this.highest()) > shown.revision) this.planLater(await this.displayCopy.identity());
  }

  private async highest(): Promise<number> {
    const numbers = await this.committer.revisions.register.numbers().catch(() => null);
    return numbers?.at(-1) ?? -1;
  }

  private tell(): void {
    const { trouble } = this.displayCopy;
    if (trouble !== null && trouble !== this.told) this.onTrouble(troubleTexts[trouble] ?? trouble);
    this.told = trouble;
  }

  /** The process ends, perhaps: what it planned is done now. On a slow share a later process does it. */
  async finish(): Promise<void> {
    const { clock } = this.context;
    this.plan?.calledOff.abort();
    this.plan = null;
    if (this.unshown === null || this.isRefused) return;
    const untilMs = clock.elapsedMs() + ENDING_MS;
    const shown = this.deps.queue.run(() => this.showAtLast(untilMs)).catch(() => undefined);
    await inTime(clock, ENDING_MS, shown);
  }

  private async showAtLast(untilMs: number): Promise<void> {
    const { unshown } = this;
    if (unshown === null) return;
    if (isShown(await this.displayCopy.look(unshown), unshown)) this.unshown = null;
    else await this.refresh({ untilMs, isAnew: false, isSecondTry: false, isLast: true });
  }
}

const RIGHTS = 'the right to write it is missing, or to write in the directory around it';
const troubleTexts: Partial<Record<ShareErrorKind, string>> = {
  refused: RIGHTS,
  readOnly: RIGHTS,
  busy: 'something keeps it open (editor, virus scanner, backup)',
  full: 'no space is left, or no file entries (inodes)',
};
