import type { Licence, LicenceEvent } from '../licence/document.js';
import { eventText } from '../licence/event-hash.js';
import { SeatfileFault } from '../licence/fault.js';
import { firstWhere } from '../licence/ordered.js';
import { isAmong, isIn, numbersIn, type Range, rangeOf } from '../licence/range.js';
import {
  factsOf,
  type Known,
  NEWER,
  type RevisionFacts,
  type Segment,
  segmentText,
  walkDown,
} from '../rules/segments.js';
import type { Clock } from '../share/clock.js';
import { ShareError } from '../share/files.js';
import type { StoreContext } from './context.js';
import type { FolderRegister } from './folder-register.js';
import type { Journal } from './journal-files.js';
import { MOST_ABOVE, type Register } from './register.js';
import { Retention } from './retention.js';
import type { ReadRevision } from './revisions.js';
import { SegmentWriter } from './segment-writer.js';

export interface CompactionOptions {
  /** Numbers in a segment. @default 64 */
  readonly segmentNumbers: number;
  /** What seems wrong is believed, and asked about again, after this long. Milliseconds. */
  readonly supersededMs: number;
}

/**
 * Kept: there is something else. Refused: the share did not take it now. Later: the share failed, or there
 * was no time.
 */
type Outcome = 'done' | 'kept' | 'refused' | 'later';

/** What a round may remove. */
interface Candidates {
  /** The numbers that may go by their age, ascending. */
  readonly old: readonly number[];
  /** All numbers that a listing showed, ascending. */
  readonly present: readonly number[];
  /** About how many to remove. */
  readonly most: number;
}

/**
 * Compaction: the events of a range of revisions become a segment of the journal, so that the revisions may
 * go. A process compacts before it removes. Two that compact at once write the same, and the server takes it
 * once. Each process reads a revision once at most and remembers it until it is gone, so that a round that
 * runs out of time is gone on with.
 */
export class Compaction {
  readonly retention: Retention;
  /** Told what is wrong with the journal. */
  onTrouble: (trouble: string) => void = () => undefined;
  private readonly register: Register<ReadRevision>;
  private readonly journal: Journal;
  private readonly writer: SegmentWriter;
  private readonly clock: Clock;
  private readonly options: CompactionOptions;
  private readonly known = new Map<number, Known>();
  /** Numbers of our own acknowledged commits, ascending: certainly on the chain. */
  private own: number[] = [];
  /** Ranges whose segment is there, or would be empty, by their last number. */
  private readonly done = new Set<number>();
  /** When to ask again for a range that is kept. */
  private readonly askAgainMs = new Map<number, number>();
  /** Since when the share has refused a range's segment. */
  private readonly refusedSinceMs = new Map<number, number>();
  /** Since when a number that is listed could not be read. */
  private readonly oddSinceMs = new Map<number, number>();
  private latest: Licence | null = null;

  constructor(
    register: FolderRegister<ReadRevision>,
    journal: Journal,
    { clock, files }: Pick<StoreContext, 'clock' | 'files'>,
    options: CompactionOptions,
  ) {
    this.register = register;
    this.journal = journal;
    this.writer = new SegmentWriter(files, register.stages, journal);
    this.retention = new Retention(journal);
    this.clock = clock;
    this.options = options;
  }

  /** A commit of ours is in the table. */
  committed(licence: Licence): void {
    if (this.latest && !isOffspring(licence, this.latest)) this.forgetAll();
    this.latest = licence;
    this.known.set(licence.revision, factsOf(licence));
    this.own.push(licence.revision);
  }

  /**
   * The table was lost, and revisions and segments may have gone with the folder: what we know of them is no
   * proof.
   */
  private forgetAll(): void {
    for (const memory of [this.known, this.done, this.askAgainMs, this.oddSinceMs, this.refusedSinceMs])
      memory.clear();
    this.own = [];
    this.retention.forget();
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

  /**
   * Of the numbers that may go by their age, those whose events are in the journal: about `most`, the oldest
   * first.
   */
  async compacted({ old, present, most }: Candidates, isLate: () => boolean): Promise<number[]> {
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
      : this.forNow(last, await this.compact(range, present, isLate));
    if (outcome === 'done') {
      this.done.add(last);
      this.retention.noteSegment();
    }
    if (outcome === 'kept') this.askAgainMs.set(last, this.clock.elapsedMs() + this.options.supersededMs);
    return outcome;
  }

  /** A range that is refused for long is kept: the ranges above it are not to wait for ever. */
  private forNow(last: number, outcome: Outcome): Outcome {
    if (outcome !== 'refused') return outcome;
    return this.hasLasted(this.refusedSinceMs, last) ? 'kept' : 'refused';
  }

  private hasLasted(sinceMs: Map<number, number>, number: number): boolean {
    const nowMs = this.clock.elapsedMs();
    const firstMs = sinceMs.get(number) ?? nowMs;
    sinceMs.set(number, firstMs);
    return nowMs - firstMs >= this.options.supersededMs;
  }

  /** A segment that is there counts if it is sound, and holds what we know to belong in it. */
  private judge(there: Segment, events: readonly LicenceEvent[]): Outcome {
    const texts = new Set(there.events.map(eventText));
    const missing = events.find((event) => !texts.has(eventText(event)));
    const problem = there.problem ?? (missing ? `event ${missing.id} is not in it` : null);
    if (problem === null) return 'done';
    this.onTrouble(this.journal.describe({ ...there, problem }));
    return 'kept';
  }

  private ownEvents(range: Range): LicenceEvent[] {
    const facts = numbersIn(range, this.own).map((one) => this.known.get(one));
    return facts.flatMap((one) => (typeof one === 'object' ? one.events : []));
  }

  private async compact(range: Range, present: readonly number[], isLate: () => boolean): Promise<Outcome> {
    const events = await this.eventsOf(range, present, isLate);
    if (events === null) return 'later';
    const text = segmentText(range, events);
    if (text === null) return 'done';
    const found = await this.writer.publish(range, text);
    if (typeof found === 'object') return this.judge(found, events);
    return found === 'placed' ? 'kept' : 'refused';
  }

  /**
   * What happened in the revisions of a range that are on the chain; null when there was no time to read them
   * all.
   */
  private async eventsOf(
    range: Range,
    present: readonly number[],
    isLate: () => boolean,
  ): Promise<LicenceEvent[] | null> {
    const above = firstWhere(this.own, (one) => one >= range.last + NEWER);
    const from = this.known.get(this.own[above] ?? -1);
    if (typeof from !== 'object' || !(await this.isStillThere(from))) return null;
    const ground = { known: this.known, present, numbers: this.options.segmentNumbers };
    const walk = walkDown(from, range.first, ground);
    for (;;) {
      const step = walk.next();
      if (step.done) return inRange(step.value, range);
      if (isLate() || !(await this.learn(step.value, isAmong(step.value, present)))) return null;
    }
  }

  /**
   * An older state may have been brought back, and others have gone on from it: then our own commit is on no
   * chain.
   */
  private async isStillThere({ revision, commit }: RevisionFacts): Promise<boolean> {
    const found = await this.register.read(revision);
    if (found?.licence.commit === commit) return true;
    this.forgetAll();
    return false;
  }

  /** Reads a revision, once. What is listed and cannot be read is no revision only after that has lasted. */
  private async learn(number: number, isListed: boolean): Promise<boolean> {
    const found = await this.lookUp(number);
    const isOdd = found === 'damaged' || (found === 'missing' && isListed);
    if (isOdd && !this.hasLasted(this.oddSinceMs, number)) return false;
    if (found === 'damaged')
      this.onTrouble(`revision ${number} is damaged; the journal goes on without what happened in it`);
    this.known.set(number, found);
    return true;
  }

  private async lookUp(number: number): Promise<Known> {
    try {
      const read = await this.register.read(number);
      return read ? factsOf(read.licence) : 'missing';
    } catch (error) {
      if (error instanceof SeatfileFault && error.code === 'TABLE_DAMAGED') return 'damaged';
      throw error;
    }
  }
}

/**
 * Whether what we remember down from our last commit is on the chain of this one: an older state may have
 * been brought back. More than MOST_ABOVE above it nothing tells, and we go on with it: on a busy table a
 * round of reading all anew would come to no end.
 */
const isOffspring = (licence: Licence, latest: Licence): boolean =>
  licence.lineage === latest.lineage &&
  (licence.revision - latest.revision >= MOST_ABOVE || licence.recent.includes(latest.recent.at(-1) ?? ''));

/** A share that does not answer ends the round; any other failure is this range's own. */
const outcomeOf = (error: unknown): Outcome | 'down' =>
  error instanceof ShareError && (error.kind === 'silent' || error.kind === 'unsaid') ? 'down' : 'later';

/** Oldest first. */
const inRange = (covered: readonly RevisionFacts[], range: Range): LicenceEvent[] =>
  covered
    .filter(({ revision }) => isIn(range, revision))
    .toReversed()
    .flatMap(({ events }) => events);
