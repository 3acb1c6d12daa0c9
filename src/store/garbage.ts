import nodePath from 'node:path';
import type { Licence } from '../licence/document.js';
import { JOURNAL_MONTHS, NEWER } from '../rules/segments.js';
import type { Clock } from '../share/clock.js';
import type { ShareFiles } from '../share/files.js';
import {
  behindFace,
  inFolder,
  isClearing,
  isShowing,
  numbersAmong,
  type Place,
  type StageOwner,
  stageOwner,
} from '../share/layout.js';
import { Folding } from './compact.js';
import type { StoreContext } from './context.js';
import type { Journal } from './journal-files.js';
import type { Register } from './register.js';
import type { ReadRevision } from './revisions.js';
import type { Stages } from './stages.js';

/**
 * Clearing away: old revisions, and what dead processes left lying. Never in anybody's way: after an answer was given, a
 * few removals at a time, and only what this process itself has watched long enough that no reader and no late request can
 * still want it.
 */
export interface ClearingOptions {
  /** Revision numbers in a segment of the journal. @default 64 */
  readonly segmentNumbers: number;
  /** A revision must have been superseded for so long in our sight. Milliseconds. @default 300,000 */
  readonly supersededMs: number;
  /** A stage of a process we cannot prove dead must have stood unchanged for so long in our sight. Milliseconds. @default 86,400,000 */
  readonly abandonedMs: number;
}

/**
 * At most so many removals at a time: a quarter of what there is, within these bounds. A process has to clear faster than it
 * commits (a round follows every 4th commit): with 8 after every 16th, 1600 commits left 1000 revisions behind, for ever.
 */
const FEWEST_REMOVALS = 8;
const MOST_REMOVALS = 64;
const SHARE_PER_ROUND = 1 / 4;
const mostRemovals = (entries: number): number =>
  Math.min(Math.max(FEWEST_REMOVALS, Math.ceil(entries * SHARE_PER_ROUND)), MOST_REMOVALS);

/** A round ends here even if there is more: everybody waits in line behind it. Milliseconds; one operation may add its deadline. */
const LONGEST_ROUND_MS = 2000;

type Removal = () => Promise<unknown>;

export class Clearing {
  private readonly register: Register<ReadRevision>;
  private readonly stages: Stages;
  private readonly place: Place;
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly options: ClearingOptions;
  private readonly isDead: (owner: StageOwner) => boolean;
  private readonly folding: Folding;
  private untilMs = 0;
  private firstSeen = new Map<string, { identity: string; atMs: number }>();

  constructor(
    { register, stages }: { readonly register: Register<ReadRevision>; readonly stages: Stages },
    { clock, files, place }: StoreContext,
    isDead: (owner: StageOwner) => boolean,
    options: ClearingOptions,
    journal: Journal,
    report: (trouble: string) => void,
  ) {
    this.folding = new Folding({ register, stages }, journal, { clock, files }, options, report);
    this.register = register;
    this.stages = stages;
    this.place = place;
    this.files = files;
    this.clock = clock;
    this.isDead = isDead;
    this.options = options;
  }

  /** A commit of ours is in the table. */
  committed(licence: Licence): void {
    this.folding.committed(licence);
  }

  /** One round. Failures are left to the next. */
  async round(newest: Licence, shareTimeMs: number): Promise<void> {
    const { place } = this;
    this.untilMs = this.clock.elapsedMs() + LONGEST_ROUND_MS;
    const names = await this.files.list(place.folder);
    const beside = (await this.files.list(place.around)).filter(
      (name) => behindFace(place.face, name) !== null,
    );
    let left = mostRemovals(names.length);
    for (const remove of await this.chosen(names, beside)) {
      if (left-- === 0 || this.isLate) break;
      await remove().catch(() => undefined);
    }
    if (this.isLate) return;
    const months = newest.settings.journalMonths ?? JOURNAL_MONTHS;
    const outlived = await this.folding.outlived(months, shareTimeMs);
    if (outlived !== null) await this.stages.discard(outlived, () => this.isLate);
  }

  private get isLate(): boolean {
    return this.clock.elapsedMs() >= this.untilMs;
  }

  private async chosen(names: readonly string[], beside: readonly string[]): Promise<Removal[]> {
    const { place } = this;
    const present = new Set([
      ...names.map((name) => inFolder(place, name)),
      ...beside.map((name) => nodePath.join(place.around, name)),
    ]);
    this.firstSeen = new Map([...this.firstSeen].filter(([path]) => present.has(path)));
    const inside = (name: string) => inFolder(place, name);
    const unfinished = names.filter(isClearing).map(inside);
    const stages = await this.abandoned(names.filter((name) => stageOwner(name)).map(inside), stageOwner);
    const behind = (name: string) => behindFace(place.face, name) ?? '';
    const ownerBeside = (name: string) => stageOwner(behind(name));
    const around = (isOne: (behind: string) => boolean) =>
      beside.filter((name) => isOne(behind(name))).map((name) => nodePath.join(place.around, name));
    const folders = await this.abandoned(
      around((name) => stageOwner(name) !== null),
      ownerBeside,
    );
    const temporaries = await this.abandoned(around(isShowing), () => null);
    const revisions = await this.oldRevisions(numbersAmong(names));
    const isLate = () => this.isLate;
    const leftovers = [...unfinished, ...stages, ...folders, ...temporaries];
    return [
      ...leftovers.map((path) => () => this.stages.discard(path, isLate)),
      ...revisions.map((number) => () => this.register.remove(number, isLate)),
    ];
  }

  private async oldRevisions(numbers: readonly number[]): Promise<number[]> {
    const nowMs = this.clock.elapsedMs();
    const old = numbers
      .slice(0, -NEWER)
      .filter((number) => nowMs - this.register.supersededAtMs(number) >= this.options.supersededMs);
    const most = mostRemovals(numbers.length);
    return await this.folding.folded(old, numbers, most, () => this.isLate);
  }

  /** Entries whose process is provably dead, or that have stood unchanged in our sight for long. */
  private async abandoned(
    paths: readonly string[],
    ownerOf: (name: string) => StageOwner | null,
  ): Promise<string[]> {
    const nowMs = this.clock.elapsedMs();
    const chosen: string[] = [];
    for (const path of paths) {
      if (this.isLate) break;
      const owner = ownerOf(nodePath.basename(path));
      const stat = await this.files.stat(path).catch(() => null);
      if (stat === null) continue;
      const identity = `${stat.inode}:${stat.modifiedMs}:${stat.bytes}`;
      const known = this.firstSeen.get(path);
      if (known?.identity !== identity) this.firstSeen.set(path, { identity, atMs: nowMs });
      const isOld = known?.identity === identity && nowMs - known.atMs >= this.options.abandonedMs;
      if (isOld || (owner !== null && this.isDead(owner))) chosen.push(path);
    }
    for (const path of chosen) this.firstSeen.delete(path);
    return chosen;
  }
}
