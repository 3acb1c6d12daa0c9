import nodePath from 'node:path';
import type { Licence, LicenceEvent } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import { coverOf, isAmong, type Range } from '../licence/range.js';
import { decodeText } from '../licence/text.js';
import { fromIso } from '../licence/time.js';
import {
  compareEvents,
  factsOf,
  type Known,
  mergeEvents,
  parseSegment,
  type Segment,
  walkDown,
} from '../rules/segments.js';
import { nullIf, ShareError, type ShareFiles } from '../share/files.js';
import {
  documentIn,
  eventsIn,
  inFolder,
  JOURNAL,
  type LicencePaths,
  numberName,
  segmentName,
  segmentsAmong,
} from '../share/layout.js';
import type { Register } from './register.js';
import type { ReadRevision } from './revisions.js';

/**
 * The folder of segments, `licence.json.revisions/journal/`: what is there, and what it says. Writes nothing.
 */
export class Journal {
  readonly paths: LicencePaths;
  private readonly files: ShareFiles;

  constructor(paths: LicencePaths, files: ShareFiles) {
    this.paths = paths;
    this.files = files;
  }

  get folder(): string {
    return inFolder(this.paths, JOURNAL);
  }

  pathOf(range: Range): string {
    return nodePath.join(this.folder, segmentName(range));
  }

  /** The segments there are, ascending; none where there is no folder. */
  async segments(): Promise<Range[]> {
    return segmentsAmong((await nullIf(this.files.list(this.folder), 'missing')) ?? []);
  }

  /** One segment; null when it is not there. */
  async read(range: Range): Promise<Segment | null> {
    const path = eventsIn(this.pathOf(range));
    const wrong = (problem: string): Segment => ({ range, events: [], problem });
    try {
      return parseSegment(decodeText(await this.files.read(path), path), range);
    } catch (error) {
      if (error instanceof SeatfileFault) return wrong('it is not UTF-8 text');
      if (!(error instanceof ShareError)) throw error;
      if (error.kind === 'missing' || error.kind === 'stale') return null;
      if (error.kind === 'wrongKind') return wrong('expected a directory with a file in it');
      if (error.kind === 'tooLarge') return wrong('it is larger than 16 MiB');
      throw error;
    }
  }

  /** What is wrong with a segment, and what to do. */
  describe({ range, problem }: Segment): string {
    return (
      `${eventsIn(this.pathOf(range))}: ${problem}; it is left as it is, ` +
      'and so are the revisions that it should cover. ' +
      'Put a good copy in its place, or move it away: it is written again as long as they are there'
    );
  }
}

/** The journal as one reading found it. */
export interface JournalReading {
  /** The newest revision. */
  readonly licence: Licence;
  /** Each once, in the order in which they happened. */
  readonly events: readonly LicenceEvent[];
  /** What could not be read, and may hold events that are missing here. */
  readonly problems: readonly string[];
}

/**
 * A segment is skipped when its last event is older than what was asked for by this: the server's clock may
 * have been set.
 */
const CLOCK_MARGIN_MS = 86_400_000;

/** Reads it all back: the segments, and the revisions that are not folded yet. */
export async function readBack(
  top: Licence,
  revisions: Pick<Register<ReadRevision>, 'numbers' | 'read'>,
  journal: Journal,
  sinceMs: number,
  segmentNumbers: number,
): Promise<JournalReading> {
  const problems = new Set<string>();
  const segments = new Map<string, Segment>();
  await readSegments(journal, segments, sinceMs);
  const unfolded = await readUnfolded(top, revisions, [...segments.values()], segmentNumbers, problems);
  await readSegments(journal, segments, sinceMs); // what was folded, and cleared away, while we read
  const inOrder = [...segments.values()].sort((a, b) => a.range.first - b.range.first);
  for (const segment of inOrder) if (segment.problem !== null) problems.add(journal.describe(segment));
  const whole = inOrder.filter(({ problem }) => problem === null).flatMap(({ events }) => events);
  const damaged = inOrder.filter(({ problem }) => problem !== null).flatMap(({ events }) => events);
  return { licence: top, events: mergeEvents(whole, unfolded, damaged), problems: [...problems] };
}

/** Newest first, as far back as is asked for. */
async function readSegments(journal: Journal, known: Map<string, Segment>, sinceMs: number): Promise<void> {
  for (const range of (await journal.segments()).reverse()) {
    const name = segmentName(range);
    const segment = known.get(name) ?? (await journal.read(range));
    if (segment === null) continue;
    known.set(name, segment);
    const last = segment.events.toSorted(compareEvents).at(-1);
    if (last && fromIso(last.at) < sinceMs - CLOCK_MARGIN_MS) return;
  }
}

async function readUnfolded(
  top: Licence,
  revisions: Pick<Register<ReadRevision>, 'numbers' | 'read'>,
  segments: readonly Segment[],
  segmentNumbers: number,
  problems: Set<string>,
): Promise<LicenceEvent[]> {
  const present = (await revisions.numbers()) ?? [];
  const folded = segments.filter(({ problem }) => problem === null).map(({ range }) => range);
  const isFolded = coverOf(folded);
  const lowest = present.find((number) => !isFolded(number));
  if (lowest === undefined) return [];
  const known = new Map<number, Known>();
  const ground = { known, present, numbers: segmentNumbers };
  const walk = walkDown(factsOf(top), lowest, ground);
  for (;;) {
    const step = walk.next();
    if (step.done)
      return step.value.filter(({ revision }) => !isFolded(revision)).flatMap(({ events }) => events);
    known.set(step.value, await lookUp(revisions, step.value, present, problems));
  }
}

/** A revision for one reading: what cannot be read now is told, and passed by. */
async function lookUp(
  revisions: Pick<Register<ReadRevision>, 'numbers' | 'read'>,
  number: number,
  present: readonly number[],
  problems: Set<string>,
): Promise<Known> {
  try {
    const read = await revisions.read(number);
    if (read) return factsOf(read.licence);
    const isListed = isAmong(number, present) && isAmong(number, (await revisions.numbers()) ?? []);
    if (!isListed) return 'missing'; // cleared away: its segment is there, or was not needed
    problems.add(`revision ${number} could not be opened, and what happened in it is missing`);
    return 'damaged';
  } catch (error) {
    const isRefused = error instanceof ShareError && error.kind === 'refused';
    if (!isRefused && !(error instanceof SeatfileFault)) throw error;
    problems.add(
      `revision ${number} could not be read, and what happened in it is missing: ${error.message}`,
    );
    return 'damaged';
  }
}

/** What lies in the folder for readers and for the journal. */
export interface Kept {
  readonly revisions: number;
  readonly journalSegments: number;
  /** Of all of them, bytes; where there are too many to look at each, by those that were. */
  readonly bytes: number;
  readonly isEstimate: boolean;
}

/** So many files are looked at. */
const MOST_MEASURED = 100;

export async function measure(
  revisions: Pick<Register<ReadRevision>, 'numbers' | 'read'>,
  journal: Journal,
  files: ShareFiles,
): Promise<Kept> {
  const numbers = (await revisions.numbers()) ?? [];
  const segments = await journal.segments();
  const documents = numbers.map((number) => documentIn(inFolder(journal.paths, numberName(number))));
  const paths = [...documents, ...segments.map((range) => eventsIn(journal.pathOf(range)))];
  const looked = paths.slice(-MOST_MEASURED);
  let bytes = 0;
  for (const path of looked)
    bytes += await files.stat(path).then(
      (stat) => stat.bytes,
      () => 0, // cleared away meanwhile
    );
  const isEstimate = looked.length < paths.length;
  if (isEstimate) bytes = Math.round((bytes * paths.length) / looked.length);
  return { revisions: numbers.length, journalSegments: segments.length, bytes, isEstimate };
}
