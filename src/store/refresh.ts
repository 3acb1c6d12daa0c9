import type { Licence } from '../licence/document.js';
import { type Drop, judgeDrop } from '../rules/replacement.js';
import type { Limits } from '../share/deadline.js';
import type { ShareErrorKind } from '../share/files.js';
import { refusedName } from '../share/layout.js';
import type { SerialQueue } from '../share/serial.js';
import type { Committer } from './commit.js';
import type { StoreContext } from './context.js';
import type { Face } from './display-copy.js';

const AGAIN_MS = 1000;

/** Keeps `licence.json` up to date after commits, and deals with a file that was put over it. */
export class Refresh {
  /** Told why `licence.json` could not be refreshed, once until that changes. It costs no seat. */
  onTrouble: (trouble: string) => void = () => undefined;
  private readonly context: StoreContext;
  private readonly face: Face;
  private readonly committer: Committer;
  private readonly queue: SerialQueue;
  private readonly ending = new AbortController();
  private again: Promise<void> = Promise.resolve();
  private told: ShareErrorKind | null = null;

  /** @param queue the store's: a second try waits in it */
  constructor(context: StoreContext, face: Face, committer: Committer, queue: SerialQueue) {
    this.context = context;
    this.face = face;
    this.committer = committer;
    this.queue = queue;
  }

  /**
   * Shows a revision that was just published. Its commit has been answered: what fails here is left to the
   * next.
   */
  async show(latest: Licence, limits: Limits): Promise<void> {
    const shown = await this.face.show(latest);
    if (shown === 'refused') this.again = this.showAgain();
    else this.tell();
    if (shown === 'foreign') await this.settleReplacement(latest, limits).catch(() => undefined);
  }

  /** A refused replace is tried once more, a second later: by then a virus scanner has let go. */
  private async showAgain(): Promise<void> {
    const { clock } = this.context;
    const { face } = this;
    const { revisions } = this.committer;
    await clock.sleep(AGAIN_MS, this.ending.signal);
    const act = async () => {
      const endTurn = await revisions.register.tryTurn();
      if (endTurn === null) return; // the process that writes now shows it anyway
      const top = await revisions.latest({ untilMs: clock.elapsedMs() + AGAIN_MS }).catch(() => null);
      if (top) await face.show(top.licence);
      await endTurn();
      this.tell();
    };
    await this.queue.run(act).catch(() => undefined);
  }

  private tell(): void {
    const { trouble } = this.face;
    if (trouble !== null && trouble !== this.told) this.onTrouble(troubleTexts[trouble] ?? trouble);
    this.told = trouble;
  }

  /**
   * Adopts a file that was put over `licence.json` in one commit, or keeps it as `licence.json.refused`. Then
   * the latest revision is shown again.
   * @returns what became of it, in words; null when there is none
   */
  async settleReplacement(latest: Licence, limits: Limits): Promise<string | null> {
    const { committer, face } = this;
    const { memory } = committer;
    const dropped = await face.dropped(latest);
    if (dropped === null) return null;
    const { answer, licence } = await committer.commit<Drop>((context) => {
      const answer = judgeDrop(context, { text: dropped.text, actor: memory.actor });
      return { answer, draft: answer.kind === 'adopted' ? answer.draft : null };
    }, limits);
    memory.remember(licence);
    if (answer.kind !== 'refused') {
      await face.showOver(licence, dropped.identity);
      return answer.kind === 'adopted' ? 'was replaced by a new one, which is in force now' : null;
    }
    await face.setAside(dropped.identity);
    await face.show(licence);
    const kept = refusedName(this.context.place.face);
    return `was replaced by a file that is refused: ${answer.why}; it is kept as ${kept}`;
  }

  /** A second try that still waits is made at once. */
  hurry(): void {
    this.ending.abort();
  }

  /** Resolves when a second try is over. */
  async settled(): Promise<void> {
    await this.again;
  }
}

const RIGHTS = 'the right to write it is missing, or to write in the directory around it';
const troubleTexts: Partial<Record<ShareErrorKind, string>> = {
  refused: RIGHTS,
  readOnly: RIGHTS,
  busy: 'something keeps it open (editor, virus scanner, backup)',
  full: 'no space is left, or no file entries (inodes)',
};
