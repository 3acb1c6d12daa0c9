import type { Licence, LicenceEvent } from '../licence/document.js';
import { digest, eventText, hashOf } from '../licence/event-hash.js';
import { parseJson } from '../licence/json.js';
import { indexOf, isIn, numbersIn, type Range, rangeOf } from '../licence/range.js';

/**
 * The journal, as far as it is rules: what a segment covers, what its file says, and whether the chain of
 * events holds.
 *
 * Events leave the revisions in segments of 64 numbers. A segment covers the revisions of its range that
 * lie on the chain of `parent`s down from one at least 16 newer; every other number in the range is void.
 * So every writer of a segment writes the same bytes, and it does not matter which one does.
 */

/** What the journal needs of a revision. */
export interface RevisionFacts {
  readonly revision: number;
  readonly commit: string;
  readonly parent: Licence['parent'];
  /** Made from what was left of a lost table: its parent need not be there. */
  readonly isRestored: boolean;
  readonly events: readonly LicenceEvent[];
}

/** What is known of a number: its revision; or that something is there that is none; or that nothing is. */
export type Known = RevisionFacts | 'damaged' | 'missing';

/** A revision is on the chain for certain when at least this many newer numbers stand above it. */
export const NEWER = 16;

export const factsOf = ({ revision, commit, parent, restored, events }: Licence): RevisionFacts => ({
  ...{ revision, commit, parent, events },
  isRestored: restored !== undefined || (parent === null && revision > 0),
});

// --- what a segment covers -------------------------------------------------------------------------------

interface WalkContext {
  readonly known: ReadonlyMap<number, Known>;
  /** The numbers that a listing showed, ascending. */
  readonly present: readonly number[];
  /** Numbers in a segment. */
  readonly numbers: number;
}

/**
 * Walks down the chain of parents from a revision that is certainly on it. Yields each number that must be
 * read (into `known`) before the walk goes on; returns what is covered, newest first. A missing revision
 * was collected, and so was everything on the chain below it, except for ranges that no process has begun
 * to collect: of those all numbers are there, and none of them was ever free to be published twice. Below a
 * restored revision nothing needs to be linked at all.
 */
export function* walkDown(
  from: RevisionFacts,
  downTo: number,
  walk: WalkContext,
): Generator<number, readonly RevisionFacts[]> {
  const covered = [from];
  let taken: TakenRange | null = null;
  let next = linkBelow(from, walk);
  while (next !== null && next.revision >= downTo) {
    const { revision, commit, range }: Link = next;
    if (range) taken = { range, above: covered.length };
    if (!walk.known.has(revision)) yield revision;
    const found = walk.known.get(revision) ?? 'missing';
    if (found === 'damaged') next = { revision: revision - 1, commit: null };
    else if (found === 'missing' || (commit !== null && commit !== found.commit)) {
      const isBegun = found === 'missing' && taken !== null && isIn(taken.range, revision);
      if (isBegun && taken) covered.length = taken.above; // it was listed, and is being cleared away
      next = resume(covered.at(-1) ?? from, isBegun && taken ? taken.range.last + 1 : revision, walk);
    } else {
      covered.push(found);
      next = linkBelow(found, walk);
    }
  }
  return covered;
}

/** A range that was taken because all of its numbers were listed. */
interface TakenRange {
  readonly range: Range;
  /** How many revisions were covered above it. */
  readonly above: number;
}

/** Where the chain goes on; a commit of null takes whatever is there. */
interface Link {
  readonly revision: number;
  readonly commit: string | null;
  /** Set where it goes on with a whole range. */
  readonly range?: Range;
}

/**
 * A parent has a lower number. One with another number is as good as missing: it could lead a walk in a
 * circle.
 */
function linkBelow(child: RevisionFacts, walk: WalkContext): Link | null {
  const { parent, revision, isRestored } = child;
  if (parent && parent.revision < revision) return parent;
  return parent || isRestored ? resume(child, revision, walk) : null;
}

function resume({ isRestored }: RevisionFacts, below: number, walk: WalkContext): Link | null {
  const { present, numbers, known } = walk;
  for (let at = indexOf(below, present) - 1; at >= 0; at--) {
    const revision = present[at] as number;
    if (known.get(revision) === 'missing') continue;
    if (isRestored) return { revision, commit: null };
    const range = rangeOf(revision, numbers);
    if (revision === range.last && isWhole(range, walk)) return { revision, commit: null, range };
  }
  return null;
}

function isWhole(range: Range, { present, numbers, known }: WalkContext): boolean {
  const there = numbersIn(range, present);
  return there.length === numbers && there.every((one) => known.get(one) !== 'missing');
}

// --- the file of a segment -------------------------------------------------------------------------------

/** Its revision, and which event of that revision it is; null when an id says neither. */
function positionOf(id: string): { lineage: string; revision: number; n: number } | null {
  const [, lineage, revision, n] = /^([a-z0-9-]{1,64})\.(\d{1,12})\.(\d{1,6})$/.exec(id) ?? [];
  return lineage === undefined ? null : { lineage, revision: Number(revision), n: Number(n) };
}

const SEGMENT_FORMAT = 'seatfile-journal/1';

/**
 * The file of a segment: a line that says what must follow, then one line for each event. Null when nothing
 * happened.
 */
export function segmentText(range: Range, events: readonly LicenceEvent[]): string | null {
  if (events.length === 0) return null;
  const body = events.map((event) => `${eventText(event)}\n`).join('');
  const head = { format: SEGMENT_FORMAT, ...range, events: events.length, sha256: digest(body) };
  return `${JSON.stringify(head)}\n${body}`;
}

export interface Segment {
  readonly range: Range;
  /** As they stand there, those of a damaged file too. */
  readonly events: readonly LicenceEvent[];
  /** What is wrong with the file; null when it is as it was written. */
  readonly problem: string | null;
}

/** Reads the file of a segment. What it says is checked against its first line. */
export function parseSegment(text: string, range: Range): Segment {
  const firstEnd = text.indexOf('\n');
  const events = firstEnd < 0 ? [] : eventsFrom(text, firstEnd + 1);
  const head = readLine(firstEnd < 0 ? text : text.slice(0, firstEnd));
  return { range, events, problem: problemIn({ range, events }, head, text) };
}

/** This many lines that are no event end the reading of a damaged file. */
const MOST_STRAY_LINES = 1000;

function eventsFrom(text: string, start: number): LicenceEvent[] {
  const events: LicenceEvent[] = [];
  let stray = 0;
  for (let from = start; from < text.length && stray < MOST_STRAY_LINES; ) {
    const end = text.indexOf('\n', from);
    const value = readLine(text.slice(from, end < 0 ? text.length : end));
    if (isEvent(value)) events.push(value);
    else stray++;
    from = end < 0 ? text.length : end + 1;
  }
  return events;
}

function problemIn({ range, events }: Omit<Segment, 'problem'>, first: unknown, text: string): string | null {
  const head = (first ?? {}) as Record<string, unknown>;
  if (head['format'] !== SEGMENT_FORMAT) return `its first line is not that of a ${SEGMENT_FORMAT}`;
  if (head['first'] !== range.first || head['last'] !== range.last)
    return `it says that it covers ${head['first']} to ${head['last']}`;
  if (!text.endsWith('\n')) return 'it breaks off in the middle of a line';
  if (head['events'] !== events.length) return `${head['events']} events expected, ${events.length} found`;
  if (head['sha256'] !== digest(text.slice(text.indexOf('\n') + 1)))
    return 'it was changed after it was written';
  const out = events.find((event, index) => !isInOrder(event, events[index - 1], range));
  return out ? `event ${out.id} does not belong in it` : null;
}

function isInOrder(event: LicenceEvent, before: LicenceEvent | undefined, range: Range): boolean {
  const position = positionOf(event.id);
  if (!position || !isIn(range, position.revision)) return false;
  return before === undefined || compareEvents(before, event) < 0;
}

function readLine(line: string): unknown {
  try {
    return parseJson(line, '');
  } catch {
    return null;
  }
}

function isEvent(value: unknown): value is LicenceEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { id, kind, at, before } = value as Record<string, unknown>;
  return (
    typeof id === 'string' &&
    positionOf(id) !== null &&
    typeof kind === 'string' &&
    typeof at === 'string' &&
    !Number.isNaN(Date.parse(at)) &&
    (before === null || typeof before === 'string')
  );
}

/** By revision, then as they happened in it. */
export function compareEvents(a: LicenceEvent, b: LicenceEvent): number {
  const [one, other] = [positionOf(a.id), positionOf(b.id)];
  return (one?.revision ?? 0) - (other?.revision ?? 0) || (one?.n ?? 0) - (other?.n ?? 0);
}

/**
 * Events from segments and revisions, each once, in the order in which they happened. What is named first
 * counts.
 */
export function mergeEvents(...sources: readonly (readonly LicenceEvent[])[]): LicenceEvent[] {
  const byId = new Map<string, LicenceEvent>();
  for (const event of sources.flat()) if (!byId.has(event.id)) byId.set(event.id, event);
  return [...byId.values()].sort(compareEvents);
}

// --- the chain of events ---------------------------------------------------------------------------------

/** A place where an event does not follow on the one before it. */
export interface ChainBreak {
  readonly after: string;
  /** The event that should have followed; null at the end of the journal. */
  readonly at: string | null;
  readonly expected: string | null;
  readonly found: string;
}

export interface ChainReport {
  readonly breaks: readonly ChainBreak[];
  /** What came before the first event is no longer there: deleted when it was old enough. */
  readonly isPruned: boolean;
  /** First events of later chains: each restore of a lost table begins one. */
  readonly beginnings: readonly string[];
}

/** Follows the hashes from event to event. `lastEventHash`: what the newest revision says of the last. */
export function verifyChain(events: readonly LicenceEvent[], lastEventHash: string | null): ChainReport {
  const breaks: ChainBreak[] = [];
  const beginnings: string[] = [];
  events.forEach((event, index) => {
    const before = events[index - 1];
    if (!before) return;
    const found = hashOf(before);
    if (positionOf(before.id)?.lineage !== positionOf(event.id)?.lineage) beginnings.push(event.id);
    else if (event.before !== found)
      breaks.push({ after: before.id, at: event.id, expected: event.before, found });
  });
  const last = events.at(-1);
  if (last && lastEventHash !== null && hashOf(last) !== lastEventHash)
    breaks.push({ after: last.id, at: null, expected: lastEventHash, found: hashOf(last) });
  return { breaks, beginnings, isPruned: (events[0]?.before ?? null) !== null };
}

export const describeBreak = ({ after, at }: ChainBreak): string =>
  at === null
    ? `the last event, ${after}, was changed, or events after it are missing`
    : `between ${after} and ${at}: the first was changed, or events between them are missing`;

/** Whether a segment has been kept for as many months as the settings say, by the time of its last event. */
export function isOutlived(lastAtMs: number, months: number, shareTimeMs: number): boolean {
  const end = new Date(lastAtMs);
  end.setUTCMonth(end.getUTCMonth() + months);
  return shareTimeMs >= end.getTime();
}

/** Months that the journal is kept, unless the settings say otherwise. */
export const JOURNAL_MONTHS = 13;
