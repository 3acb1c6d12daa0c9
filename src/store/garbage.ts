import nodePath from 'node:path';
import type { Licence } from '../licence/document.js';
import { Unchanged } from '../licence/unchanged.js';
import { JOURNAL_MONTHS, NEWER } from '../rules/segments.js';
import { type Contents, OF_A_REVISION } from '../share/emptying.js';
import {
  behindLicenceFile,
  inFolder,
  isClearing,
  isShowing,
  numberName,
  numbersAmong,
  type StageOwner,
  stageOwner,
} from '../share/layout.js';
import type { Compaction } from './compact.js';
import type { StoreContext } from './context.js';
import type { FolderRegister } from './folder-register.js';
import type { ReadRevision } from './revisions.js';

export interface GarbageOptions {
  /** Revision numbers in a segment of the journal. @default 64 */
  readonly segmentNumbers: number;
  /** A revision must have been superseded for this long in our sight. Milliseconds. @default 300,000 */
  readonly supersededMs: number;
  /**
   * A stage of a process we cannot prove dead must have stood unchanged for this long in our sight.
   * Milliseconds. @default 86,400,000
   */
  readonly abandonedMs: number;
}

export interface GarbageContext extends StoreContext {
  /** Whether a process is provably dead. */
  readonly isDead: (owner: StageOwner) => boolean;
}

/** What a killed process leaves: a stage, or a folder that was to begin a table. */
const LEFT_OVER: Contents = { ...OF_A_REVISION, [numberName(0)]: OF_A_REVISION };

/**
 * A round follows a commit, if this process has made this many since the round before. There are at most so many rounds
 * in the time for which a superseded revision is kept: one a second. More would cost a busy process more than its
 * commits.
 */
const COMMITS_PER_ROUND = 4;
const MOST_ROUNDS = 300;

/**
 * The most removals of a round: a quarter of what there is, but so many at least, and so many at most for each commit
 * since the round before. A process has to remove faster than it commits: with 8 after every 16th, 1600 commits left
 * 1000 revisions behind, for ever.
 */
const FEWEST_REMOVALS = 8;
const MOST_FOR_A_COMMIT = 16;
const SHARE_PER_ROUND = 1 / 4;

/** How often leftovers are looked for, in the time after which they count as abandoned: once a minute in a day. */
const LOOKS = 1440;

/**
 * A round ends here even if there is more: the process's own next operation waits for it. Milliseconds; one
 * operation may add its deadline.
 */
const LONGEST_ROUND_MS = 2000;

type Removal = () => Promise<unknown>;

/**
 * Removes old revisions, and what dead processes left. It delays no other process: it runs after an answer
 * was given, a few removals at a time, and takes only what this process itself has watched until no reader
 * and no late request can still need it.
 */
export class GarbageCollector {
  private readonly register: FolderRegister<ReadRevision>;
  private readonly context: GarbageContext;
  private readonly options: GarbageOptions;
  private readonly compaction: Compaction;
  /** Since the last round, and when that was. */
  private commits = 0;
  private roundMs = Number.NEGATIVE_INFINITY;
  private mostRemovals = 0;
  private untilMs = 0;
  /** When leftovers were last looked for. */
  private lookedMs = Number.NEGATIVE_INFINITY;
  /** Leftovers by their path. */
  private seen = new Map<string, Unchanged>();

  constructor(
    register: FolderRegister<ReadRevision>,
    context: GarbageContext,
    options: GarbageOptions,
    compaction: Compaction,
  ) {
    this.register = register;
    this.context = context;
    this.options = options;
    this.compaction = compaction;
  }

  /** A commit of this process was answered. */
  async committed(latest: Licence, shareTimeMs: number): Promise<void> {
    const nowMs = this.context.clock.elapsedMs();
    const leastMs = this.options.supersededMs / MOST_ROUNDS;
    if (++this.commits < COMMITS_PER_ROUND || nowMs - this.roundMs < leastMs) return;
    this.mostRemovals = MOST_FOR_A_COMMIT * this.commits;
    this.commits = 0;
    this.roundMs = nowMs;
    await this.round(latest, shareTimeMs);
  }

  /** One round. Failures are left to the next. */
  private async round(latest: Licence, shareTimeMs: number): Promise<void> {
    const { clock, files, paths } = this.context;
    this.untilMs = clock.elapsedMs() + LONGEST_ROUND_MS;
    const names = await files.list(paths.folder);
    let left = this.removalsOf(names.length);
    for (const remove of [...(await this.leftovers(names)), ...(await this.oldRevisions(names))]) {
      if (left-- === 0 || this.isLate()) break;
      await remove().catch(() => undefined);
    }
    if (this.isLate()) return;
    const months = latest.settings.journalMonths ?? JOURNAL_MONTHS;
    const outlived = await this.compaction.retention.outlived(months, shareTimeMs);
    if (outlived !== null) await this.register.stages.discard(outlived, this.isLate);
  }

  private removalsOf(entries: number): number {
    return Math.min(Math.max(FEWEST_REMOVALS, Math.ceil(entries * SHARE_PER_ROUND)), this.mostRemovals);
  }

  private readonly isLate = (): boolean => this.context.clock.elapsedMs() >= this.untilMs;

  /**
   * What dead processes left, here and beside the licence file. Each stage has to be looked at, and on a busy table
   * most are those of processes that wait.
   */
  private async leftovers(names: readonly string[]): Promise<Removal[]> {
    const { clock, files, paths } = this.context;
    if (clock.elapsedMs() - this.lookedMs < this.options.abandonedMs / LOOKS) return [];
    this.lookedMs = clock.elapsedMs();
    const beside = (await files.list(paths.around)).filter(
      (name) => behindLicenceFile(paths.licenceFile, name) !== null,
    );
    this.forgetAllBut(names, beside);
    const left = [...(await this.leftInside(names)), ...(await this.leftBeside(beside))];
    return left.map((path) => () => this.register.stages.discard(path, this.isLate, LEFT_OVER));
  }

  private forgetAllBut(names: readonly string[], beside: readonly string[]): void {
    if (this.seen.size === 0) return;
    const { paths } = this.context;
    const present = new Set([
      ...names.map((name) => inFolder(paths, name)),
      ...beside.map((name) => nodePath.join(paths.around, name)),
    ]);
    this.seen = new Map([...this.seen].filter(([path]) => present.has(path)));
  }

  /** What another process began to remove, and abandoned stages. */
  private async leftInside(names: readonly string[]): Promise<string[]> {
    const inside = (name: string) => inFolder(this.context.paths, name);
    const stages = names.filter((name) => stageOwner(name)).map(inside);
    return [...names.filter(isClearing).map(inside), ...(await this.abandoned(stages, stageOwner))];
  }

  /** Folders that were never finished, and temporary files of the display copy. */
  private async leftBeside(names: readonly string[]): Promise<string[]> {
    const { paths } = this.context;
    const behind = (name: string) => behindLicenceFile(paths.licenceFile, name) ?? '';
    const around = (isOne: (behind: string) => boolean) =>
      names.filter((name) => isOne(behind(name))).map((name) => nodePath.join(paths.around, name));
    const folders = around((name) => stageOwner(name) !== null);
    return [
      ...(await this.abandoned(folders, (name) => stageOwner(behind(name)))),
      ...(await this.abandoned(around(isShowing), () => null)),
    ];
  }

  private async oldRevisions(names: readonly string[]): Promise<Removal[]> {
    const nowMs = this.context.clock.elapsedMs();
    const numbers = numbersAmong(names);
    const old = numbers
      .slice(0, -NEWER)
      .filter((number) => nowMs - this.register.supersededAtMs(number) >= this.options.supersededMs);
    const most = this.removalsOf(numbers.length);
    const chosen = await this.compaction.compacted({ old, present: numbers, most }, this.isLate);
    return chosen.map((number) => () => this.register.remove(number, this.isLate));
  }

  /** Entries whose process is provably dead, or that have stood unchanged in our sight for long. */
  private async abandoned(
    paths: readonly string[],
    ownerOf: (name: string) => StageOwner | null,
  ): Promise<string[]> {
    const nowMs = this.context.clock.elapsedMs();
    const chosen: string[] = [];
    for (const path of paths) {
      if (this.isLate()) break;
      const owner = ownerOf(nodePath.basename(path));
      const isOld = await this.isUnchanged(path, nowMs);
      if (isOld || (isOld !== null && owner !== null && this.context.isDead(owner))) chosen.push(path);
    }
    for (const path of chosen) this.seen.delete(path);
    return chosen;
  }

  /** Whether an entry was seen before, and has stood unchanged for long; null where it cannot be seen. */
  private async isUnchanged(path: string, nowMs: number): Promise<boolean | null> {
    const stat = await this.context.files.stat(path).catch(() => null);
    if (stat === null) return null;
    const identity = `${stat.inode}:${stat.modifiedMs}:${stat.bytes}`;
    const before = this.seen.get(path);
    const seen = Unchanged.after(before, { identity, startedMs: nowMs });
    this.seen.set(path, seen);
    return before?.identity === identity && seen.forMs >= this.options.abandonedMs;
  }
}
