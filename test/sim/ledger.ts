import { isDeepStrictEqual } from 'node:util';
import type { Licence, LicenceEvent } from '../../src/licence/document.js';
import { verifyChain } from '../../src/rules/segments.js';
import type { JournalReading } from '../../src/store/journal-files.js';

/**
 * What really happened, and whether the journal on the share says so: all of it, once, and nothing else. After a loss
 * only the last two, since what was lost with its revisions did happen, and may be there or not.
 */
export class Ledger {
  private readonly report: (what: string) => void;
  private happened: LicenceEvent[] = [];
  /** What each file of the journal says. */
  readonly segments = new Map<string, string>();
  private hasLost = false;

  constructor(report: (what: string) => void) {
    this.report = report;
  }

  published({ events }: Licence): void {
    this.happened.push(...events);
  }

  /** A commit came late, to a number that a loss had freed: it may be in the journal. */
  late({ events }: Licence): void {
    if (this.hasLost) this.happened.push(...events);
  }

  lost(): void {
    this.hasLost = true;
    this.segments.clear();
  }

  /** A file of the journal got its name, another text, or none; 16 newer revisions stand above it, and it stays. */
  segment(name: string, text: string | null, newest: number): void {
    if (Number(name.split('-')[1]) + 16 > newest) this.report(`segment ${name} was folded below ${newest}`);
    if ((this.segments.get(name) ?? text) !== text) this.report(`segment ${name} was exchanged`);
    this.segments.set(name, text ?? '');
  }

  /** What the shipped code reads back. */
  read({ licence, events, problems }: JournalReading): void {
    if (this.hasLost) {
      this.checkAfterLoss(events);
      return;
    }
    if (problems.length > 0) this.report(`a sound journal called damaged: ${problems[0]}`);
    const wrong = this.happened.findIndex((event, index) => !isDeepStrictEqual(events[index], event));
    if (wrong >= 0)
      this.report(`event ${this.happened[wrong]?.id} expected, found ${events[wrong]?.id ?? 'none'}`);
    else if (events.length > this.happened.length)
      this.report(`${events[this.happened.length]?.id} never happened`);
    const [broken] = verifyChain(events, licence.lastEventHash).breaks;
    if (broken) this.report(`a sound journal called broken, after ${broken.after} at ${broken.at}`);
  }

  private checkAfterLoss(events: readonly LicenceEvent[]): void {
    const textOf = (event: LicenceEvent) => JSON.stringify(Object.entries(event).sort());
    const left = new Set(this.happened.map(textOf));
    for (const event of events)
      if (!left.delete(textOf(event))) this.report(`event ${event.id} never happened, or is there twice`);
  }
}
