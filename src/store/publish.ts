import type { SeatfileFault } from '../licence/fault.js';
import { instantOf } from '../share/clock.js';
import { type Deadline, toFault } from '../share/deadline.js';
import { ShareError, type ShareErrorKind } from '../share/files.js';
import { documentIn, numberName } from '../share/layout.js';
import type { StoreContext } from './context.js';
import type { LatestReader } from './latest.js';
import { type Attempt, type Entry, type Latest, MOST_ABOVE, type PublishResult } from './register.js';
import type { Stages } from './stages.js';
import { messageOf, unknownOutcome } from './trouble.js';

/** A stage is gone, or is no longer the one that we made. */
const NOT_OURS: readonly ShareErrorKind[] = ['missing', 'wrongKind', 'exists'];

/** Publishes a text under a number, if no other has it: steps 5 to 8 of the commit (README.md). */
export class Publisher<D> {
  private readonly context: StoreContext;
  private readonly latest: LatestReader<D>;
  private readonly stages: Stages;
  private readonly busyMs: number;

  /** @param busyMs for how long a refused rename is tried again while something keeps the stage open */
  constructor(context: StoreContext, latest: LatestReader<D>, stages: Stages, busyMs: number) {
    this.context = context;
    this.latest = latest;
    this.stages = stages;
    this.busyMs = busyMs;
  }

  /** See {@link Register.publish}. */
  async publish(stage: Attempt, entry: Entry<D>, deadline: Deadline): Promise<PublishResult> {
    const { known } = this.latest;
    if (!(await this.write(stage, entry.text))) return 'conflict';
    const placed = await this.renameUntilDecided(stage, entry, deadline);
    await stage.endTurn?.(); // the server has decided; the next one writes while this process finds out
    // A stage that could not be renamed away may still be moved by a late request.
    if (placed === 'taken') return (await this.stages.discard(stage.path)) ? 'conflict' : 'unknown';
    const isBelow = entry.number <= known.highest;
    if (placed === 'placed') known.expectAtLeast(entry.number); // a listing that ends below it is an old one
    const placedAt = placed === 'placed' ? instantOf(this.context.clock) : null;
    const result = await this.confirm(entry, placedAt !== null, deadline);
    if (result === 'published') this.latest.reader.remember(entry, placedAt);
    if (result === 'published' && isBelow) known.accept(entry.number);
    return result === 'conflict' && placed === 'stageGone' ? 'unknown' : result;
  }

  /**
   * False: the stage was removed while we slept, or exchanged. If it is the folder that is gone, the next
   * stage says so.
   */
  private async write(stage: Attempt, text: string): Promise<boolean> {
    const { files, paths } = this.context;
    try {
      await files.writeNew(documentIn(stage.path), text, paths.fileMode);
      return true;
    } catch (error) {
      if (error instanceof ShareError && NOT_OURS.includes(error.kind)) return false;
      const isUnanswered = error instanceof ShareError && error.kind === 'silent';
      if (!isUnanswered) await this.stages.discard(stage.path); // never renamed, so nothing waits for it
      throw toFault(error);
    }
  }

  /** Decides by what is there, never by errno. */
  private async renameUntilDecided(
    stage: Attempt,
    entry: Entry<D>,
    deadline: Deadline,
  ): Promise<'placed' | 'taken' | 'stageGone'> {
    const { clock, random, files } = this.context;
    let undecidedMs: number | null = null; // when we first saw it undecided: a stop before that is no wait
    let isDoubtful = false; // some rename may still be carried out
    for (;;) {
      const failure = await files.rename(stage.path, this.latest.reader.pathOf(entry.number)).then(
        () => null,
        (error: unknown) => error,
      );
      if (failure === null) return 'placed';
      if (isUnsaid(failure)) isDoubtful = true;
      const found = await this.whatIsThere(entry, stage).catch(() => 'unseen' as const); // it may be done
      if (found === 'ours') return 'placed';
      if (found === 'taken' || found === 'stageGone') return found;
      undecidedMs ??= clock.elapsedMs();
      const doubt = { failure, isDoubtful: isDoubtful || found === 'unseen', sinceMs: undecidedMs };
      await this.giveUpRenaming(stage, doubt, deadline);
      await clock.sleep(20 + random.fraction() * 200, deadline.signal);
    }
  }

  private async giveUpRenaming(
    stage: Attempt,
    { failure, isDoubtful, sinceMs }: { failure: unknown; isDoubtful: boolean; sinceMs: number },
    deadline: Deadline,
  ): Promise<void> {
    const nowMs = this.context.clock.elapsedMs();
    const isLate = nowMs >= deadline.untilMs || deadline.signal?.aborted === true;
    if (isDoubtful && isLate)
      throw this.unknown(`the share did not say whether ${stage.name} was renamed`, failure);
    if (isDoubtful || (!isLate && nowMs - sinceMs < this.busyMs)) return;
    const kept = await this.stages.moveAway(stage.path);
    if (kept === null || (isHeldOpen(failure) && isHeldOpen(kept))) throw toFault(failure);
    const why = messageOf(toFault(failure));
    throw this.unknown(`${stage.name} could neither be published nor taken back (${why})`, failure);
  }

  private async whatIsThere(
    entry: Entry<D>,
    stage: Attempt,
  ): Promise<'ours' | 'taken' | 'free' | 'stageGone'> {
    const read = await this.ownerOf(entry);
    if (read !== null) return read;
    const names = await this.context.files.list(this.context.paths.folder);
    if (names.includes(numberName(entry.number))) {
      const again = await this.ownerOf(entry);
      if (again !== null) return again;
    }
    return names.includes(stage.name) ? 'free' : 'stageGone';
  }

  private async ownerOf(entry: Entry<D>): Promise<'ours' | 'taken' | null> {
    const { reader } = this.latest;
    const there = await reader.read(entry.number);
    if (!there) return null;
    return reader.kind.attemptOf(there) === entry.attemptId ? 'ours' : 'taken';
  }

  /** An attempt counts if the folder ends with its own number, or if the latest text includes its change. */
  private async confirm(
    entry: Entry<D>,
    isPlaced: boolean,
    deadline: Deadline,
  ): Promise<'published' | 'conflict'> {
    const { number } = entry;
    if (isPlaced && (await this.latest.highest().catch(() => null)) === number) return 'published';
    const { document } = await this.latestAfter(isPlaced ? number : null, deadline);
    const { kind } = this.latest.reader;
    if (kind.includes(document, entry.changeId)) return 'published';
    if (kind.numberOf(document) - number < MOST_ABOVE) return 'conflict';
    throw this.unknown(`${MOST_ABOVE} revisions passed during one commit`, undefined);
  }

  private async latestAfter(placed: number | null, deadline: Deadline): Promise<Latest<D>> {
    return await this.latest.known
      .whilePlaced(placed, () => this.latest.stableLatest(deadline))
      .catch((error: unknown) => {
        throw this.unknown('the folder could not be listed after a commit', error);
      });
  }

  private unknown(found: string, cause: unknown): SeatfileFault {
    return unknownOutcome(this.context.paths.folder, found, cause);
  }
}

const isUnsaid = (error: unknown): boolean =>
  error instanceof ShareError && (error.kind === 'unsaid' || error.kind === 'silent');

/**
 * Whether a rename is refused because something keeps the stage open (a virus scanner). The servers that
 * refuse so (SMB) carry out no request twice, so the stage stays where it is. A refusal for rights is no such
 * proof: with NFS a copy of the request may come after them.
 */
const isHeldOpen = (error: unknown): boolean => error instanceof ShareError && error.kind === 'busy';
