import { isDeepStrictEqual } from 'node:util';
import type { Licence, LicenceEvent } from '../../src/licence/document.js';
import { verifyChain } from '../../src/rules/segments.js';
import type { JournalReading } from '../../src/store/journal-files.js';

/** A segment is folded from revisions that so many newer ones stand above. Written down a second time on purpose. */
const NEWER = 16;

export interface LedgerOptions {
  readonly report: (what: string) => void;
  /** The newest revision. */
  readonly revision: () => number;
}

/** What happened in one revision. */
interface Entry {
  readonly commit: string;
  readonly events: readonly LicenceEvent[];
  /** It must be in the journal; else it may be. */
  isDue: boolean;
}

/** What lies on the share after a well-meant intervention. */
export interface Left {
  readonly isSegmentThere: (first: number, last: number) => boolean;
  /** The commit of a revision that can still be read. */
  readonly commitOf: (number: number) => string | null;
}

/**
 * What really happened, and whether the journal on the share says so: all of it, once, and nothing else.
 *
 * After a loss: what is in a segment stays there, and what is in a revision that is still there comes into one. What
 * was only in lost revisions (or in segments that went with the folder) may be missing. It may also be there, if an
 * instance knew it and had begun to fold, for it did happen. The same holds for what was made of an older state and
 * lost again. Nothing is there twice, and each chain of events holds: a restored table begins one.
 */
export class Ledger {
  private readonly options: LedgerOptions;
  /** By revision: what happened in it. More than one only after a loss. */
  private readonly happened = new Map<number, Entry[]>();
  private readonly segments = new Map<string, { first: number; last: number; text: string }>();
  private hasLost = false;
  private sinceLoss: Entry[] = [];
  /** Segments that went with the folder, and when. */
  private readonly gone: { first: number; last: number; atMs: number }[] = [];
  /** Numbers that were cleared away while their segment went with the folder: there the journal is broken indeed. */
  private readonly overtaken: number[] = [];

  constructor(options: LedgerOptions) {
    this.options = options;
  }

  get folded(): number {
    return this.segments.size;
  }

  /** A revision is on the chain. */
  published({ revision, commit, events }: Licence): void {
    if (events.length === 0) return;
    const entry = { commit, events, isDue: true };
    this.happened.set(revision, [...(this.happened.get(revision) ?? []), entry]);
    this.sinceLoss.push(entry);
  }

  /**
   * A commit came late, to a number that a loss had freed. Where the revision that the table was rebuilt from is lost
   * as well, nothing in the folder tells it from one that others had gone on from before: it may be in the journal.
   */
  late({ revision, commit, events }: Licence): void {
    if (!this.hasLost || events.length === 0) return;
    this.happened.set(revision, [...(this.happened.get(revision) ?? []), { commit, events, isDue: false }]);
  }

  /** The folder is not what it was. */
  lost({ isSegmentThere, commitOf }: Left, atMs: number): void {
    this.hasLost = true;
    for (const [name, { first, last }] of this.segments)
      if (!isSegmentThere(first, last)) {
        this.segments.delete(name);
        this.gone.push({ first, last, atMs });
      }
    for (const [revision, entries] of this.happened)
      for (const entry of entries) {
        if (!this.isFolded(revision) && commitOf(revision) !== entry.commit) entry.isDue = false;
      }
    this.sinceLoss = [];
  }

  /** What was made of an older state is lost in its turn: the table goes on from another. */
  abandoned(): void {
    for (const entry of this.sinceLoss) entry.isDue = false;
    this.sinceLoss = [];
  }

  /** The table goes on from a revision that is lost: nothing shows any more that what lies below belongs to it. */
  broken(below: number): void {
    for (const [revision, entries] of this.happened)
      if (revision <= below && !this.isFolded(revision)) for (const entry of entries) entry.isDue = false;
    this.overtaken.push(below);
  }

  /** A segment got its name, or its file another text. */
  segment(first: number, last: number, text: string): void {
    const name = `${first}-${last}`;
    if (this.segments.has(name) && this.segments.get(name)?.text !== text)
      this.options.report(`segment ${name} was written over`);
    this.segments.set(name, { first, last, text });
    if (this.options.revision() < last + NEWER)
      this.options.report(`segment ${name} was folded when the newest was ${this.options.revision()}`);
    const found = text.trim().split('\n').slice(1);
    this.compare(
      `segment ${name}`,
      found.map((line) => JSON.parse(line) as LicenceEvent),
      this.between(first, last),
    );
  }

  /** A segment was taken away: none is old enough here. */
  segmentGone(first: number, last: number): void {
    this.options.report(`segment ${first}-${last} was removed`);
  }

  /**
   * A number was taken out of the folder: what happened in it must stand in a segment. Or it did, until the folder was
   * exchanged in the middle of this round of clearing away: rounds follow a commit, and there was none since.
   */
  cleared(number: number, sinceMs: number): void {
    const isOvertaken = this.gone.some(
      ({ first, last, atMs }) => first <= number && number <= last && sinceMs < atMs,
    );
    const due = this.happened.get(number)?.filter(({ isDue }) => isDue) ?? [];
    if (due.length === 0 || this.isFolded(number)) return;
    if (isOvertaken) {
      for (const entry of due) entry.isDue = false;
      this.overtaken.push(number);
    } else
      this.options.report(`revision ${number} was cleared away, and what happened in it is in no segment`);
  }

  /** What the shipped code reads back. */
  read({ licence, events, problems }: JournalReading): void {
    if (problems.length > 0 && !this.hasLost)
      this.options.report(`a sound journal called damaged: ${problems[0]}`);
    this.compare('the journal read back', events, this.between(0, this.options.revision()));
    const { breaks } = verifyChain(events, licence.lastEventHash);
    const wrong = breaks.find(
      ({ after, at }) => !this.overtaken.some((gap) => numberIn(after) < gap && gap < numberIn(at)),
    );
    if (wrong) this.options.report(`a sound journal called broken, after ${wrong.after} at ${wrong.at}`);
  }

  private isFolded(number: number): boolean {
    return [...this.segments.values()].some(({ first, last }) => first <= number && number <= last);
  }

  /** In the order in which it happened. */
  private between(first: number, last: number): Entry[] {
    const numbers = [...this.happened.keys()].filter((one) => first <= one && one <= last);
    return numbers.sort((a, b) => a - b).flatMap((one) => this.happened.get(one) ?? []);
  }

  /** Entry by entry: what is due must come next, what else there was may. */
  private compare(what: string, found: readonly LicenceEvent[], entries: readonly Entry[]): void {
    let at = 0;
    for (const { events, isDue } of entries) {
      const wrong = events.findIndex((event, index) => !isDeepStrictEqual(found[at + index], event));
      if (wrong < 0) at += events.length;
      else if (isDue) {
        const instead = found[at + wrong]?.id ?? 'none';
        this.options.report(`${what}: event ${events[wrong]?.id} expected, found ${instead}`);
        return;
      }
    }
    if (at < found.length) this.options.report(`${what}: ${found[at]?.id} never happened`);
  }
}

/** The revision of an event, by its id. */
const numberIn = (event: string | null): number => Number(event?.split('.')[1] ?? -1);
