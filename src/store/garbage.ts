import nodePath from 'node:path';
import type { Licence } from '../licence/document.js';
import { Unchanged } from '../licence/unchanged.js';
import { JOURNAL_MONTHS, NEWER } from '../rules/segments.js';
import {
  behindFace,
  inFolder,
  isClearing,
  isShowing,
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

/**
 * The most removals of a round: a quarter of what there is, within these bounds. A process has to remove
 * faster than it commits (a round follows every 4th commit): with 8 after every 16th, 1600 commits left 1000
 * revisions behind, for ever.
 */
const FEWEST_REMOVALS = 8;
const MOST_REMOVALS = 64;
const SHARE_PER_ROUND = 1 / 4;
const mostRemovals = (entries: number): number =>
  Math.min(Math.max(FEWEST_REMOVALS, Math.ceil(entries * SHARE_PER_ROUND)), MOST_REMOVALS);

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
  private untilMs = 0;
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

  /** One round. Failures are left to the next. */
  async round(latest: Licence, shareTimeMs: number): Promise<void> {
    const { clock, files, place } = this.context;
    this.untilMs = clock.elapsedMs() + LONGEST_ROUND_MS;
    const names = await files.list(place.folder);
    const beside = (await files.list(place.around)).filter((name) => behindFace(place.face, name) !== null);
    let left = mostRemovals(names.length);
    for (const remove of await this.chosen(names, beside)) {
      if (left-- === 0 || this.isLate()) break;
      await remove().catch(() => undefined);
    }
    if (this.isLate()) return;
    const months = latest.settings.journalMonths ?? JOURNAL_MONTHS;
    const outlived = await this.compaction.retention.outlived(months, shareTimeMs);
    if (outlived !== null) await this.register.stages.discard(outlived, this.isLate);
  }

  private readonly isLate = (): boolean => this.context.clock.elapsedMs() >= this.untilMs;

  private async chosen(names: readonly string[], beside: readonly string[]): Promise<Removal[]> {
    this.forgetAllBut(names, beside);
    const leftovers = [...(await this.leftInside(names)), ...(await this.leftBeside(beside))];
    const revisions = await this.oldRevisions(numbersAmong(names));
    return [
      ...leftovers.map((path) => () => this.register.stages.discard(path, this.isLate)),
      ...revisions.map((number) => () => this.register.remove(number, this.isLate)),
    ];
  }

  private forgetAllBut(names: readonly string[], beside: readonly string[]): void {
    const { place } = this.context;
    const present = new Set([
      ...names.map((name) => inFolder(place, name)),
      ...beside.map((name) => nodePath.join(place.around, name)),
    ]);
    this.seen = new Map([...this.seen].filter(([path]) => present.has(path)));
  }

  /** What another process began to remove, and abandoned stages. */
  private async leftInside(names: readonly string[]): Promise<string[]> {
    const inside = (name: string) => inFolder(this.context.place, name);
    const stages = names.filter((name) => stageOwner(name)).map(inside);
    return [...names.filter(isClearing).map(inside), ...(await this.abandoned(stages, stageOwner))];
  }

  /** Folders that were never finished, and temporary files of the display copy. */
  private async leftBeside(names: readonly string[]): Promise<string[]> {
    const { place } = this.context;
    const behind = (name: string) => behindFace(place.face, name) ?? '';
    const around = (isOne: (behind: string) => boolean) =>
      names.filter((name) => isOne(behind(name))).map((name) => nodePath.join(place.around, name));
    const folders = around((name) => stageOwner(name) !== null);
    return [
      ...(await this.abandoned(folders, (name) => stageOwner(behind(name)))),
      ...(await this.abandoned(around(isShowing), () => null)),
    ];
  }

  private async oldRevisions(numbers: readonly number[]): Promise<number[]> {
    const nowMs = this.context.clock.elapsedMs();
    const old = numbers
      .slice(0, -NEWER)
      .filter((number) => nowMs - this.register.supersededAtMs(number) >= this.options.supersededMs);
    const most = mostRemovals(numbers.length);
    return await this.compaction.compacted({ old, present: numbers, most }, this.isLate);
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
