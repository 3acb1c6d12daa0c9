import nodePath from 'node:path';
import type { Clock } from './clock.js';
import type { ShareFiles } from './files.js';
import { inFolder, isClearing, numberName, numbersAmong, type StageOwner, stageOwner } from './place.js';
import type { Revisions } from './revisions.js';

/**
 * Clearing away: old revisions, and what dead processes left lying. Never in anybody's way: after an answer was given, a
 * few removals at a time, and only what this process itself has watched long enough that no reader and no late request can
 * still want it.
 */
export interface ClearingOptions {
  /** Revisions that carry events are kept up to this many; the journal will fold them. @default 2000 */
  readonly keepRevisions: number;
  /** A revision must have been superseded for so long in our sight. Milliseconds. @default 300,000 */
  readonly supersededMs: number;
  /** A stage of a process we cannot prove dead must have stood unchanged for so long in our sight. Milliseconds. @default 86,400,000 */
  readonly abandonedMs: number;
}

/** At least so many newer revisions must exist. */
const NEWER = 16;
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

/** All kept revisions together, bytes. */
const MOST_BYTES = 256 * 1024 * 1024;

export class Clearing {
  private readonly revisions: Revisions;
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly options: ClearingOptions;
  private readonly isDead: (owner: StageOwner) => boolean;
  private readonly eventful = new Set<number>();
  private untilMs = 0;
  private firstSeen = new Map<string, { identity: string; atMs: number }>();

  constructor(
    revisions: Revisions,
    files: ShareFiles,
    clock: Clock,
    isDead: (owner: StageOwner) => boolean,
    options: ClearingOptions,
  ) {
    this.revisions = revisions;
    this.files = files;
    this.clock = clock;
    this.isDead = isDead;
    this.options = options;
  }

  /** One round. `bytes` is the size of the newest revision. Failures are left to the next round. */
  async round(bytes: number): Promise<void> {
    const { place } = this.revisions;
    this.untilMs = this.clock.elapsedMs() + LONGEST_ROUND_MS;
    const names = await this.files.list(place.folder);
    const beside = (await this.files.list(place.around)).filter((name) =>
      name.startsWith(nodePath.basename(place.face)),
    );
    let left = mostRemovals(names.length);
    for (const path of await this.chosen(names, beside, bytes)) {
      if (left-- === 0 || this.isLate) return;
      await this.removeOne(path).catch(() => undefined);
    }
  }

  private get isLate(): boolean {
    return this.clock.elapsedMs() >= this.untilMs;
  }

  private async removeOne(path: string): Promise<void> {
    const name = nodePath.basename(path);
    if (isClearing(name)) await this.revisions.empty(path);
    else if ((await this.files.stat(path)).kind === 'file') await this.files.removeFile(path);
    else await this.revisions.discard(path);
  }

  private async chosen(
    names: readonly string[],
    beside: readonly string[],
    bytes: number,
  ): Promise<string[]> {
    const { place } = this.revisions;
    const present = new Set([
      ...names.map((name) => inFolder(place, name)),
      ...beside.map((name) => nodePath.join(place.around, name)),
    ]);
    this.firstSeen = new Map([...this.firstSeen].filter(([path]) => present.has(path)));
    const inside = (name: string) => inFolder(place, name);
    const unfinished = names.filter(isClearing).map(inside);
    const stages = await this.abandoned(names.filter((name) => stageOwner(name)).map(inside), stageOwner);
    const stem = `${nodePath.basename(place.face)}.`;
    const ownerBeside = (name: string) => stageOwner(name.slice(stem.length));
    const around = beside
      .filter((name) => name.startsWith(stem))
      .map((name) => nodePath.join(place.around, name));
    const folders = await this.abandoned(
      around.filter((path) => ownerBeside(nodePath.basename(path))),
      ownerBeside,
    );
    const temporaries = await this.abandoned(
      around.filter((path) => isTemporary(nodePath.basename(path).slice(stem.length))),
      () => null,
    );
    const revisions = await this.oldRevisions(numbersAmong(names), bytes);
    return [...unfinished, ...stages, ...folders, ...temporaries, ...revisions];
  }

  private async oldRevisions(numbers: readonly number[], bytes: number): Promise<string[]> {
    const nowMs = this.clock.elapsedMs();
    const old = numbers
      .slice(0, -NEWER)
      .filter((number) => nowMs - this.revisions.supersededSinceMs(number) >= this.options.supersededMs);
    const keep = Math.max(
      NEWER,
      Math.min(this.options.keepRevisions, Math.floor(MOST_BYTES / Math.max(1, bytes))),
    );
    const surplus = numbers.length - keep;
    const chosen = new Set(old.slice(0, Math.max(0, surplus)));
    const most = mostRemovals(numbers.length);
    let reads = 2 * most;
    for (const number of old.filter((one) => !chosen.has(one) && !this.eventful.has(one))) {
      if (reads-- === 0 || chosen.size >= most || this.isLate) break;
      if (await this.hasEvents(number)) this.eventful.add(number);
      else chosen.add(number);
    }
    return [...chosen].map((number) => {
      this.eventful.delete(number);
      return inFolder(this.revisions.place, numberName(number));
    });
  }

  /** A revision that cannot be read is kept as long as one with events: nothing is deleted unseen. */
  private async hasEvents(number: number): Promise<boolean> {
    const licence = await this.revisions.readNumber(number).catch(() => null);
    return licence === null || licence.events.length > 0;
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

/**
 * write-file-atomic names its temporary file after a 32-bit number. People's backups carry numbers too, and are nobody's to
 * clear: a count (1, 02), a date (20261121), seconds since 1970 (1763740800).
 */
const isTemporary = (suffix: string): boolean =>
  /^\d{8,10}$/.test(suffix) &&
  Number(suffix) <= 0xffff_ffff &&
  !/^(?:19|20)\d{6}$|^1[5-9]\d{8}$|^2[01]\d{8}$/.test(suffix);
