import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fromIso } from '../../src/licence/time.js';
import { hold, seatfile, tableOf, temporary, told, until } from '../cli/seatfile.js';
import { type Child, reap, start } from './children.js';

/** An event loop that stands still, beginning at the worst moment: just before a heartbeat. */

/** T, seconds. */
const T = 4;
const places: { remove: () => void }[] = [];

afterAll(async () => {
  await reap();
  for (const place of places) place.remove();
});

interface Stalled {
  readonly valid: boolean;
  readonly state: string;
  /** How long the seat was good for when it began, and how long it took. */
  readonly goodForMs: number;
  readonly tookMs: number;
}

/** Ada's process, which is going to stand still for this many intervals, beside Bob's, which lives. */
async function office(users: number, intervals: number): Promise<{ file: string; ada: Child }> {
  const place = temporary();
  places.push(place);
  const file = path.join(place.directory, 'licence.json');
  await seatfile(['init', file, '--module', `M1=${users}`, '--check-interval', `${T}s`]);
  await told(hold(file, 'bob', 'pc-bob'), 'seated');
  const job = { file, user: 'ada', intervalMs: T * 1000, stallMs: intervals * T * 1000 };
  const ada = start('stall-worker.mjs', job);
  await told(ada, 'seated');
  return { file, ada };
}

const stall = async (ada: Child) => (await told(ada, 'stalled')) as unknown as Stalled;
const hasTold = (ada: Child, event: string) => ada.lines.some((line) => line.includes(`"event":"${event}"`));
const recordOf = (file: string) => tableOf(file).instances.find((record) => record.user === 'ada');

/**
 * On a computer so busy that a stall is twice as long as asked for, Bob may be right to put her out: never before 1.75
 * T.
 */
function expectNoEarlyEviction(file: string, beatAt: string): void {
  for (const stone of tableOf(file).gone)
    expect(fromIso(stone.at) - fromIso(beatAt)).toBeGreaterThanOrEqual(1.75 * T * 1000);
}

async function twoBeats(file: string): Promise<void> {
  const before = recordOf(file)?.beat ?? 0;
  await until('two more beats', 6 * T * 1000, () => (recordOf(file)?.beat ?? 0) >= before + 2 || undefined);
}

describe('a blocked event loop', { concurrent: true }, () => {
  test('for less than T/2: valid all the time, and nothing happens', async () => {
    const { file, ada } = await office(3, 0.4);
    const { valid, goodForMs, tookMs } = await stall(ada);
    console.log(
      `good for ${Math.round(goodForMs)} ms, stood still for ${Math.round(tookMs)} ms: valid ${valid}`,
    );
    expect(valid).toBe(tookMs < goodForMs);
    const beatAt = recordOf(file)?.beatAt ?? '';
    await twoBeats(file);
    expectNoEarlyEviction(file, beatAt);
    expect(hasTold(ada, 'lost')).toBe(false);
  });

  test('for less than 3/4 T: suspended at the first call, safe with the next heartbeat, in the same seat', async () => {
    const { file, ada } = await office(3, 0.65);
    const { seat } = await told(ada, 'seated');
    const beatAt = recordOf(file)?.beatAt ?? '';
    expect(await stall(ada)).toMatchObject({ valid: false, state: 'suspended' });
    await told(ada, 'safe');
    expectNoEarlyEviction(file, beatAt);
    expect(recordOf(file)?.seats).toMatchObject([{ id: seat }]);
    await twoBeats(file);
    expect(hasTold(ada, 'lost')).toBe(false);
  });

  test('for 2.5 T, while somebody waits: suspended at the first call, then lost, with who and when', async () => {
    const { file, ada } = await office(2, 2.5);
    const cyd = hold(file, 'cyd', 'pc-cyd', '--wait', '60s');
    await told(cyd, 'waiting');
    expect(await stall(ada)).toMatchObject({ valid: false, state: 'suspended' });
    const { by, reason } = await told(ada, 'lost');
    expect({ by, reason }).toMatchObject({ reason: 'evicted', by: expect.stringMatching(/^(bob|cyd)@/) });
    await told(cyd, 'seated');
    expect(hasTold(ada, 'safe')).toBe(false);
  });
});
