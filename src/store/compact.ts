import type { Licence, LicenceEvent } from '../licence/document.js';
import { eventText } from '../licence/event-hash.js';
import { SeatfileFault } from '../licence/fault.js';
import { firstWhere } from '../licence/ordered.js';
import { isAmong, isIn, numbersIn, type Range, rangeOf } from '../licence/range.js';
import { fromIso } from '../licence/time.js';
import {
  factsOf,
  isOutlived,
  type Known,
  NEWER,
  type RevisionFacts,
  type Segment,
  segmentText,
  walkDown,
} from '../rules/segments.js';
import type { Clock } from '../share/clock.js';
import { nullIf, ShareError, type ShareFiles } from '../share/files.js';
import { eventsIn, segmentName } from '../share/layout.js';
import type { StoreContext } from './context.js';
import type { Journal } from './journal-files.js';
import { MOST_ABOVE, type Register } from './register.js';
import type { ReadRevision } from './revisions.js';
import type { Stages } from './stages.js';

/**
 * Folding: the events of a range of revisions become a segment of the journal, so that the revisions may go. Whoever clears
 * away folds first; two who fold at once write the same, and the server takes it once. Each revision is read once at most by
 * one process, and what was read is remembered until it is gone, so that a round that runs out of time is gone on with.
 */

export interface FoldingOptions {
  /** Numbers in a segment. @default 64 */
  readonly segmentNumbers: number;
  /** What seems wrong is believed, and asked about again, after so long. Milliseconds. */
  readonly supersededMs: number;
}

/**
 * Kept: there is something else. Refused: the share did not take it now. Later: the share failed, or there was no time.
 */
type Outcome = 'done' | 'kept' | 'refused' | 'later';

export class Folding {
  private readonly revisions: Register<ReadRevision>;
  private readonly stages: Stages;
  private readonly journal: Journal;
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly options: FoldingOptions;
  private readonly report: (trouble: string) => void;
  private readonly known = new Map<number, Known>();
  /** Numbers of our own acknowledged commits, ascending: certainly on the chain. */
  private own: number[] = [];
  /** Ranges whose segment is there, or would be empty, by their last number; and when to ask again for those that are kept. */
  private readonly done = new Set<number>();
  private readonly askAgainMs = new Map<number, number>();
  /** Since when the share has refused a range's segment. */
  private readonly refusedSinceMs = new Map<number, number>();
  /** Since when a number that is listed could not be read. */
  private readonly oddSinceMs = new Map<number, number>();
  private latest: Licence | null = null;
  private mayBeOutlived = false;
  private oldest: { readonly name: string; readonly lastAtMs: number } | null = null;

  constructor(
    { register, stages }: { readonly register: Register<ReadRevision>; readonly stages: Stages },
    journal: Journal,
    { clock, files }: Pick<StoreContext, 'clock' | 'files'>,
    options: FoldingOptions,
    report: (trouble: string) => void,
  ) {
    this.revisions = register;
    this.stages = stages;
    this.journal = journal;
    this.files = files;
    this.clock = clock;
    this.options = options;
    this.report = report;
  }

  /** A commit of ours is in the table. */
  committed(licence: Licence): void {
    if (this.latest && !isOffspring(licence, this.latest)) this.forgetAll();
    this.latest = licence;
    this.known.set(licence.revision, factsOf(licence));
    this.own.push(licence.revision);
  }

  /** The table was lost, and revisions and segments may have gone with the folder: what we know of them is no proof. */
  private forgetAll(): void {
    for (const memory of [this.known, this.done, this.askAgainMs, this.oddSinceMs, this.refusedSinceMs])
      memory.clear();
    this.own = [];
    this.oldest = null;
  }

  /** What is no longer there is not remembered either. */
  private forget(present: readonly number[]): void {
    const [lowest = 0, top = 0] = [present[0], present.at(-1)];
    const there = new Set(present);
    const isGone = (number: number) => number < top && !there.has(number);
    for (const map of [this.known, this.oddSinceMs])
      for (const number of map.keys()) if (isGone(number)) map.delete(number);
    this.own = this.own.filter((number) => !isGone(number));
    for (const lasts of [this.done, this.refusedSinceMs])
      for (const last of lasts.keys()) if (last < lowest) lasts.delete(last);
  }

  /** Of the numbers that may go by their age, those whose events are in the journal: about so many, the oldest first. */
  async folded(
    old: readonly number[],
    present: readonly number[],
    most: number,
    isLate: () => boolean,
  ): Promise<number[]> {
    this.forget(present);
    const isOld = new Set(old);
    const chosen: number[] = [];
    for (const range of this.rangesOf(old)) {
      if (chosen.length >= most || isLate()) break;
      const numbers = numbersIn(range, present);
      if (!numbers.every((one) => isOld.has(one))) break;
      const outcome = await this.settle(range, present, isLate).catch(outcomeOf);
      // Without those above it nothing would tell any more that these are on the chain.
      if (outcome === 'down' || outcome === 'refused') break;
      if (outcome === 'done') chosen.push(...numbers);
    }
    return chosen;
  }

  private rangesOf(numbers: readonly number[]): Range[] {
    const ranges = numbers.map((number) => rangeOf(number, this.options.segmentNumbers));
    return ranges.filter(({ first }, index) => first !== ranges[index - 1]?.first);
  }

  /** Done when the segment is there, or need not be; if not, it is written. */
  private async settle(range: Range, present: readonly number[], isLate: () => boolean): Promise<Outcome> {
    const { last } = range;
    if (this.done.has(last)) return 'done';
    if (this.clock.elapsedMs() < (this.askAgainMs.get(last) ?? 0)) return 'kept';
    const there = await this.journal.read(range);
    const outcome = there
      ? this.judge(there, this.ownEvents(range))
      : this.forNow(last, await this.fold(range, present, isLate));
    if (outcome === 'done') {
      this.done.add(last);
      this.mayBeOutlived = true;
    }
    if (outcome === 'kept') this.askAgainMs.set(last, this.clock.elapsedMs() + this.options.supersededMs);
    return outcome;
  }

  /** What is refused for long is kept: the ranges above it are not to wait for ever. */
  private forNow(last: number, outcome: Outcome): Outcome {
    if (outcome !== 'refused') return outcome;
    const sinceMs = this.refusedSinceMs.get(last) ?? this.clock.elapsedMs();
    this.refusedSinceMs.set(last, sinceMs);
    return this.clock.elapsedMs() - sinceMs >= this.options.supersededMs ? 'kept' : 'refused';
  }

  /** A segment that is there counts if it is sound, and holds what we know to belong in it. */
  private judge(there: Segment, events: readonly LicenceEvent[]): Outcome {
    const texts = new Set(there.events.map(eventText));
    const missing = events.find((event) => !texts.has(eventText(event)));
    const problem = there.problem ?? (missing ? `event ${missing.id} is not in it` : null);
    if (problem === null) return 'done';
    this.report(this.journal.describe({ ...there, problem }));
    return 'kept';
  }

  private ownEvents(range: Range): LicenceEvent[] {
    const facts = numbersIn(range, this.own).map((one) => this.known.get(one));
    return facts.flatMap((one) => (typeof one === 'object' ? one.events : []));
  }

  private async fold(range: Range, present: readonly number[], isLate: () => boolean): Promise<Outcome> {
    const events = await this.eventsOf(range, present, isLate);
    if (events === null) return 'later';
    const text = segmentText(range, events);
    return text === null ? 'done' : await this.publish(range, text, events);
  }

  /** What happened in the revisions of a range that are on the chain; null when there was no time to read them all. */
  private async eventsOf(
    range: Range,
    present: readonly number[],
    isLate: () => boolean,
  ): Promise<LicenceEvent[] | null> {
    const top = firstWhere(this.own, (one) => one >= range.last + NEWER);
    const from = this.known.get(this.own[top] ?? -1);
    if (typeof from !== 'object' || !(await this.isStillThere(from))) return null;
    const ground = { known: this.known, present, numbers: this.options.segmentNumbers };
    const walk = walkDown(from, range.first, ground);
    for (;;) {
      const step = walk.next();
      if (step.done) return inRange(step.value, range);
      if (isLate() || !(await this.learn(step.value, isAmong(step.value, present)))) return null;
    }
  }

  /** An older state may have been brought back, and others have gone on from it: then our own commit is on no chain. */
  private async isStillThere({ revision, commit }: RevisionFacts): Promise<boolean> {
    const found = await this.revisions.read(revision);
    if (found?.licence.commit === commit) return true;
    this.forgetAll();
    return false;
  }

  /** Reads a revision, once. What is listed and cannot be read is no revision only after it was so for long. */
  private async learn(number: number, isListed: boolean): Promise<boolean> {
    const found = await this.lookUp(number);
    const isOdd = found === 'damaged' || (found === 'missing' && isListed);
    if (isOdd && !this.isSoForLong(number)) return false;
    if (found === 'damaged')
      this.report(`revision ${number} is damaged; the journal goes on without what happened in it`);
    this.known.set(number, found);
    return true;
  }

  private async lookUp(number: number): Promise<Known> {
    try {
      const read = await this.revisions.read(number);
      return read ? factsOf(read.licence) : 'missing';
    } catch (error) {
      if (error instanceof SeatfileFault && error.code === 'TABLE_DAMAGED') return 'damaged';
      throw error;
    }
  }

  private isSoForLong(number: number): boolean {
    const nowMs = this.clock.elapsedMs();
    const sinceMs = this.oddSinceMs.get(number) ?? nowMs;
    this.oddSinceMs.set(number, sinceMs);
    return nowMs - sinceMs >= this.options.supersededMs;
  }

  /** Published like a revision: put if absent, and decided by what is there then, whatever the share answered. */
  private async publish(range: Range, text: string, events: readonly LicenceEvent[]): Promise<Outcome> {
    await this.makeFolder();
    const target = this.journal.pathOf(range);
    const stage = await this.stages.make();
    try {
      await this.files.writeNew(eventsIn(stage.path), text, this.journal.place.fileMode);
    } catch (error) {
      await this.stages.discard(stage.path);
      throw error;
    }
    const isPlaced = await this.files.rename(stage.path, target).then(
      () => true,
      () => false,
    );
    if (!isPlaced) await this.stages.discard(stage.path); // a request that comes late finds nothing to move
    const there = await this.journal.read(range);
    if (there) return this.judge(there, events);
    if (isPlaced) return 'kept';
    await this.files.removeDirectory(target).catch(() => undefined); // only ever succeeds on an empty one
    return 'refused';
  }

  /** It appears with its rights, or not at all: a folder without them would keep every other user out. */
  private async makeFolder(): Promise<void> {
    if ((await nullIf(this.files.stat(this.journal.folder), 'missing')) !== null) return;
    const stage = await this.stages.make();
    await this.files.rename(stage.path, this.journal.folder).catch(() => this.stages.discard(stage.path));
  }

  /**
   * The oldest segment, when it has been kept for long enough: the path to remove. One in a round, and only looked for
   * when there was something to fold, and after one was found.
   */
  async outlived(months: number, shareTimeMs: number): Promise<string | null> {
    if (!this.mayBeOutlived) return null;
    this.mayBeOutlived = false;
    for (const range of (await this.journal.segments()).slice(0, MOST_DAMAGED)) {
      const name = segmentName(range);
      if (this.oldest?.name !== name) {
        const segment = await this.journal.read(range);
        const last = segment?.problem === null ? segment.events.at(-1) : undefined;
        if (!last) continue; // a damaged one has no age, and stays
        this.oldest = { name, lastAtMs: fromIso(last.at) };
      }
      this.mayBeOutlived = isOutlived(this.oldest.lastAtMs, months, shareTimeMs);
      return this.mayBeOutlived ? this.journal.pathOf(range) : null;
    }
    return null;
  }
}

/**
 * Whether what we remember down from our last commit is on the chain of this one: an older state may have been brought back. So far
 * above that nothing tells, we go on with it: on a busy table a round of reading all anew would come to no end.
 */
const isOffspring = (licence: Licence, latest: Licence): boolean =>
  licence.lineage === latest.lineage &&
  (licence.revision - latest.revision >= MOST_ABOVE || licence.recent.includes(latest.recent.at(-1) ?? ''));

/** So many damaged segments are passed by in the search for the oldest sound one. */
const MOST_DAMAGED = 8;

/** A share that does not answer ends the round; any other failure is this range's own. */
const outcomeOf = (error: unknown): Outcome | 'down' =>
  error instanceof ShareError && (error.kind === 'silent' || error.kind === 'unsaid') ? 'down' : 'later';

/** Oldest first. */
const inRange = (covered: readonly RevisionFacts[], range: Range): LicenceEvent[] =>
  covered
    .filter(({ revision }) => isIn(range, revision))
    .toReversed()
    .flatMap(({ events }) => events);
