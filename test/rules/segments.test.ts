import { describe, expect, test } from 'vitest';
import type { LicenceEvent } from '../../src/licence/document.js';
import { rangeOf } from '../../src/licence/range.js';
import { nextRevision } from '../../src/licence/revision.js';
import { parseLicence } from '../../src/licence/text.js';
import {
  factsOf,
  isOutlived,
  type Known,
  mergeEvents,
  parseSegment,
  type RevisionFacts,
  segmentText,
  verifyChain,
  walkDown,
} from '../../src/rules/segments.js';
import { bareLicence } from '../helpers/table.js';

const NUMBERS = 8;

/** A table of so many revisions, in each of which one thing happened. */
function chainOf(revisions: number, from = bareLicence()) {
  const chain = [from];
  for (let n = 0; n < revisions; n++) {
    const base = chain.at(-1) ?? from;
    const draft = { licence: base, events: [{ kind: 'test', word: `w${base.revision + 1}` }] };
    const ids = { changeId: `change-${base.revision}`, commit: `commit-${base.revision + 1}` };
    chain.push(nextRevision(base, draft, { ...ids, shareTimeMs: 1000 * base.revision }));
  }
  return chain;
}

/** As if restored from what was left of a table: a new lineage, a jump ahead. */
const restoredAt = (revision: number, parent: RevisionFacts['parent']) => ({
  ...bareLicence(),
  ...{ revision, parent, lineage: 'lineage-2', commit: `commit-${revision}` },
  restored: {
    at: '2026-11-21T00:00:00.000Z',
    from: 'memory',
    revision: 30,
    lineage: 'lineage-1',
    former: ['lineage-1'],
  },
});

function ground(facts: readonly RevisionFacts[], odd: Readonly<Record<number, Known>> = {}) {
  const known = new Map<number, Known>(facts.map((one) => [one.revision, one]));
  for (const [number, what] of Object.entries(odd)) known.set(Number(number), what);
  const present = [...known].filter(([, what]) => what !== 'missing').map(([number]) => number);
  return { known, present: present.sort((a, b) => a - b), numbers: NUMBERS };
}

/** The numbers that the walk from the newest covers, ascending. */
function covered(facts: readonly RevisionFacts[], odd: Readonly<Record<number, Known>> = {}, downTo = 0) {
  const step = walkDown(facts.at(-1) as RevisionFacts, downTo, ground(facts, odd)).next();
  if (!step.done) throw new Error(`expected every revision to be known, and ${step.value} is asked for`);
  return step.value.map(({ revision }) => revision).reverse();
}

const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

describe('what a segment covers', () => {
  const facts = chainOf(30).map(factsOf);

  test('the chain of parents, down to where it is asked for', () => {
    expect(covered(facts)).toEqual(upTo(0, 30));
    expect(covered(facts, {}, 8)).toEqual(upTo(8, 30));
  });

  test('what has not been read is asked for, and nothing else', () => {
    const { known, present, numbers } = ground(facts);
    known.delete(12);
    known.delete(5);
    const walk = walkDown(facts[30] as RevisionFacts, 0, { known, present, numbers });
    for (const number of [12, 5]) {
      expect(walk.next()).toEqual({ done: false, value: number });
      known.set(number, facts[number] as RevisionFacts);
    }
    expect(walk.next()).toEqual({ done: true, value: facts.toReversed() });
    expect(walkDown(facts[30] as RevisionFacts, 13, { known, present, numbers }).next().done).toBe(true);
  });

  test('a number that was cleared away, and given to somebody who slept, is void', () => {
    const gone = Object.fromEntries(upTo(0, 11).map((number) => [number, 'missing' as const]));
    const late = { ...(facts[6] as RevisionFacts), commit: 'late' };
    expect(covered(facts, { ...gone, 6: late })).toEqual(upTo(12, 30));
    const where = { ...(facts[11] as RevisionFacts), commit: 'late' };
    expect(covered(facts, { ...gone, 11: where })).toEqual(upTo(12, 30));
  });

  test('a range that nobody has begun to clear is covered, although those above it are gone', () => {
    const gone = Object.fromEntries(upTo(8, 20).map((number) => [number, 'missing' as const]));
    expect(covered(facts, gone)).toEqual([...upTo(0, 7), ...upTo(21, 30)]);
    expect(covered(facts, { ...gone, 0: 'missing' })).toEqual(upTo(21, 30));
  });

  test.each([30, 31])('a parent that is no lower (%i above 30) leads in no circle', (revision) => {
    const odd = { ...(facts[30] as RevisionFacts), parent: { revision, commit: `commit-${revision}` } };
    expect(covered([...facts.slice(0, 30), odd])).toEqual([...upTo(0, 23), 30]); // as if its parent were cleared away
  });

  test('one that cannot be read is passed by: its number tells what is below it', () => {
    expect(covered(facts, { 13: 'damaged', 14: 'damaged' })).toEqual([...upTo(0, 12), ...upTo(15, 30)]);
  });

  test.each([
    ['the parent is there', { revision: 30, commit: 'commit-30' }, upTo(0, 30)],
    ['the parent was never in this folder: an older backup', { revision: 998, commit: 'x' }, upTo(0, 30)],
    ['no parent is named', null, upTo(0, 30)],
  ])('across a restore: %s', (_, parent, below) => {
    const after = chainOf(3, restoredAt(1000, parent)).map(factsOf);
    expect(covered([...facts, ...after], { 998: 'missing' })).toEqual([...below, ...upTo(1000, 1003)]);
  });

  test('who wrote on in the old lineage after a restore is void', () => {
    const after = chainOf(3, restoredAt(1000, { revision: 29, commit: 'commit-29' })).map(factsOf);
    expect(covered([...facts, ...after])).toEqual([...upTo(0, 29), ...upTo(1000, 1003)]);
  });
});

describe('the file of a segment', () => {
  const chain = chainOf(15);
  const range = rangeOf(9, NUMBERS);
  const events = chain.slice(8, 16).flatMap((licence) => licence.events);
  const text = segmentText(range, events) ?? '';

  test('is read back as it was written', () => {
    expect(range).toEqual({ first: 8, last: 15 });
    expect(parseSegment(text, range)).toEqual({ range, events, problem: null });
  });

  test('is the same, to the byte, whoever writes it from what he has read', () => {
    const read = chain.map((licence) => parseLicence(JSON.stringify(licence), 'a revision'));
    expect(
      segmentText(
        range,
        read.slice(8, 16).flatMap((licence) => licence.events),
      ),
    ).toBe(text);
  });

  test('is not written when nothing happened', () => {
    expect(segmentText(range, [])).toBeNull();
  });

  const lines = text.split('\n');
  test.each([
    ['empty', '', /first line/],
    ['cut in a line', text.slice(0, -20), /breaks off/],
    ['cut in its first line', lines[0]?.slice(0, -9), /first line/],
    ['its first line without its end', lines[0], /breaks off/],
    [
      'with a line nested deep',
      text.replace('"w10"', `${'['.repeat(99)}${']'.repeat(99)}`),
      /8 events exp.* 7/,
    ],
    ['cut after a line', `${lines.slice(0, -2).join('\n')}\n`, /8 events expected, 7 found/],
    ['without its head', `${lines.slice(1).join('\n')}`, /first line/],
    ['of another range', text.replace('"first":8', '"first":16'), /covers 16 to 15/],
    ['with garbage in it', text.replace(lines[3] ?? '', 'garbage'), /8 events expected, 7 found/],
    ['with a key that hides another', text.replace('"word"', '"__proto__"'), /8 events expected, 7 found/],
    ['with a word changed', text.replace('"w10"', '"w11"'), /changed after it was written/],
    ['with two lines exchanged', [lines[0], lines[2], lines[1], ...lines.slice(3)].join('\n'), /changed/],
    [
      'with what belongs elsewhere',
      segmentText(range, chain[5]?.events ?? []),
      /lineage-1\.5\.0 does not belong/,
    ],
    ['with an event twice', segmentText(range, [...events, ...events]), /lineage-1\.8\.0 does not belong/],
  ])('%s is damaged, and says where', (_, damaged, problem) => {
    expect(parseSegment(damaged ?? '', range).problem).toMatch(problem);
  });
});

test('a file of no events is read no further after a thousand lines of that', () => {
  const events = chainOf(1).flatMap((licence) => licence.events);
  const [head, ...lines] = (segmentText({ first: 0, last: 7 }, events) ?? '').split('\n');
  const read = (stray: number) =>
    parseSegment([head, ...Array(stray).fill('{'), ...lines].join('\n'), { first: 0, last: 7 }).events.length;
  expect([read(999), read(1000)]).toEqual([events.length, 0]);
});

describe('the chain of events', () => {
  const events = chainOf(9).flatMap((licence) => licence.events);
  const last = chainOf(9).at(-1)?.lastEventHash ?? null;

  test('is whole from the first to the last', () => {
    expect(verifyChain(events, last)).toEqual({ breaks: [], beginnings: [], isPruned: false });
  });

  test('what was deleted for its age is no break', () => {
    expect(verifyChain(events.slice(3), last)).toEqual({ breaks: [], beginnings: [], isPruned: true });
  });

  test.each([
    ['one that was taken out', events.toSpliced(4, 1), 'lineage-1.4.0', 'lineage-1.6.0'],
    [
      'one that was changed',
      events.with(4, { ...(events[4] as LicenceEvent), word: 'no' }),
      'lineage-1.5.0',
      'lineage-1.6.0',
    ],
    ['the last, taken out', events.slice(0, -1), 'lineage-1.8.0', null],
  ])('shows %s', (_, edited, after, at) => {
    expect(verifyChain(edited, last).breaks).toMatchObject([{ after, at }]);
  });

  test('a restore begins a new chain', () => {
    const after = chainOf(2, restoredAt(1000, null));
    const all = [...events, ...after.flatMap((licence) => licence.events)];
    const report = verifyChain(all, after.at(-1)?.lastEventHash ?? null);
    expect(report).toEqual({ breaks: [], beginnings: ['lineage-2.1001.0'], isPruned: false });
  });

  test('is put together from several sources, each event once and in order', () => {
    expect(mergeEvents(events.slice(5), events.slice(0, 7), [])).toEqual(events);
  });
});

test('a segment is kept for whole months after its last event', () => {
  const atMs = Date.parse('2026-01-15T12:00:00.000Z');
  expect(isOutlived(atMs, 13, Date.parse('2027-02-15T11:59:59.000Z'))).toBe(false);
  expect(isOutlived(atMs, 13, Date.parse('2027-02-15T12:00:00.000Z'))).toBe(true);
});
