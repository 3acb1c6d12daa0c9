import { expect, test } from 'vitest';
import type { ShareErrorKind } from '../../src/share/files.js';
import type { Random } from '../../src/share/random.js';
import { seededDice } from '../helpers/dice.js';
import { faulty, type Mishap } from '../helpers/faults.js';
import { codeOf, Table, tallyOf, type Writer } from '../helpers/table.js';

/**
 * Many processes on one share on which everything goes wrong: slow, lost replies, refusals, old listings, kills. What
 * was acknowledged is in the table exactly once; what was told to have failed is not. The seed is in the test's name.
 */
const WRITERS = 5;
const WORDS = 20;
const SEEDS = Array.from({ length: 40 }, (_, n) => n + 1);
const kinds: readonly ShareErrorKind[] = ['unsaid', 'silent', 'refused', 'busy', 'stale', 'full'];

/** Clearing away runs too; listings are never so old. */
const clearing = { segmentNumbers: 64, supersededMs: 30_000, abandonedMs: 86_400_000 };

const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random.fraction() * list.length)] as T;

function mishapBy(random: Random, trouble: number): Mishap | null {
  const roll = random.fraction();
  if (roll < trouble) return { kind: 'loseReply', error: pick(random, kinds) };
  if (roll < 2 * trouble) return { kind: 'refuse', error: pick(random, kinds) };
  return null;
}

function writerBy(table: Table, random: Random, trouble: number): Writer {
  const past: string[][] = [];
  return table.writer({
    store: { lock: random.fraction() < 0.5, cachesMs: 5000, busyMs: 2000, clearing },
    client: { latencyMs: () => 1 + random.fraction() * 60 },
    wrap: (files) =>
      faulty(files, (operation, path) => {
        if (operation !== 'list' || path !== table.paths.folder) return mishapBy(random, trouble);
        if (table.server.isThere(path)) past.push(table.server.list(path));
        return random.fraction() < trouble
          ? { kind: 'answer', value: pick(random, past.slice(-5)) ?? [] }
          : null;
      }),
  });
}

/** One process commits one word after another, and notes what it was told about each. */
async function life(
  writer: Writer,
  name: string,
  random: Random,
  told: Map<string, string | null>,
): Promise<void> {
  for (let n = 0; n < WORDS; n++) {
    const word = `${name}-${n}`;
    told.set(word, 'never answered');
    told.set(word, await codeOf(writer.adding(word, 20_000)));
    await writer.clock.sleep(random.fraction() * 500);
  }
}

async function story(seed: number) {
  const random = seededDice(`story-${seed}`);
  const table = new Table({ seed });
  const told = new Map<string, string | null>();
  const trouble = random.fraction() * 0.04;
  for (let n = 0; n < WRITERS; n++) {
    const writer = writerBy(table, random, trouble);
    void life(writer, `writer${n}`, random, told);
    if (random.fraction() < 0.3)
      table.timeline.at(random.fraction() * 30_000, () => writer.clock.gate.shut('ever'));
  }
  await table.timeline.advance(600_000);
  return { table, told };
}

function refuseBrokenChain(table: Table): void {
  const top = table.top();
  let above = top;
  while (above.parent !== null) {
    const path = table.documentPath(above.parent.revision);
    if (!table.server.isThere(path)) return; // cleared away
    const below = JSON.parse(table.server.readText(path)) as typeof top;
    expect(below.commit).toBe(above.parent.commit);
    expect(tallyOf(above).slice(0, -1)).toEqual(tallyOf(below));
    above = below;
  }
}

test.each(SEEDS)(
  'seed %i: every acknowledged change exactly once, and one chain of revisions',
  async (seed) => {
    const { table, told } = await story(seed);
    const times = (word: string) => table.tally().filter((one) => one === word).length;
    for (const [word, code] of told) {
      if (code === null) expect(times(word), `${word} was acknowledged`).toBe(1);
      else if (code === 'COMMIT_UNKNOWN' || code === 'never answered')
        expect(times(word), `${word}: ${code}`).toBeLessThanOrEqual(1);
      else expect(times(word), `${word} was told ${code}`).toBe(0);
    }
    refuseBrokenChain(table);
  },
);

test('the same seed tells the same story', async () => {
  const [one, two] = [await story(7), await story(7)];
  expect(two.table.server.paths('/')).toEqual(one.table.server.paths('/'));
  expect([...two.told]).toEqual([...one.told]);
});
