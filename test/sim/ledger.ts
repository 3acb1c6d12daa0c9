import { isDeepStrictEqual } from 'node:util';
import type { Licence, LicenceEvent } from '../../src/core/licence.js';
import type { JournalReading } from '../../src/share/journal.js';

/** A segment is folded from revisions that so many newer ones stand above. Written down a second time on purpose. */
const NEWER = 16;

export interface LedgerOptions {
  readonly report: (what: string) => void;
  /** The newest revision. */
  readonly revision: () => number;
}

/** What really happened, and whether the journal on the share says so: all of it, once, and nothing else. */
export class Ledger {
  private readonly options: LedgerOptions;
  /** By revision: what happened in it, on the chain. */
  private readonly happened = new Map<number, readonly LicenceEvent[]>();
  private readonly segments = new Map<string, { first: number; last: number; text: string }>();

  constructor(options: LedgerOptions) {
    this.options = options;
  }

  get folded(): number {
    return this.segments.size;
  }

  /** A revision is on the chain. */
  published({ revision, events }: Licence): void {
    if (events.length > 0) this.happened.set(revision, events);
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

  /** A number was taken out of the folder: what happened in it must stand in a segment. */
  cleared(number: number): void {
    if (!this.happened.has(number)) return;
    const segments = [...this.segments.values()];
    if (!segments.some(({ first, last }) => first <= number && number <= last))
      this.options.report(`revision ${number} was cleared away, and what happened in it is in no segment`);
  }

  /** What the shipped code reads back. */
  read({ events, problems }: JournalReading): void {
    if (problems.length > 0) this.options.report(`a sound journal called damaged: ${problems[0]}`);
    this.compare('the journal read back', events, this.between(0, this.options.revision()));
  }

  private between(first: number, last: number): LicenceEvent[] {
    const numbers = [...this.happened.keys()].filter((one) => first <= one && one <= last);
    return numbers.sort((a, b) => a - b).flatMap((one) => this.happened.get(one) ?? []);
  }

  private compare(what: string, found: readonly LicenceEvent[], expected: readonly LicenceEvent[]): void {
    const at = expected.findIndex((event, index) => !isDeepStrictEqual(found[index], event));
    if (at >= 0)
      this.options.report(`${what}: event ${expected[at]?.id} expected, found ${found[at]?.id ?? 'none'}`);
    else if (found.length > expected.length)
      this.options.report(`${what}: ${found[expected.length]?.id} never happened`);
  }
}
