import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { inParallel } from '../helpers/parallel.js';
import { reap } from './children.js';
import { Crasher, interrupted } from './crashes.js';
import { removeShares } from './shares.js';

const AT_ONCE = 4;
const crasher = new Crasher(new URL('crash-worker.mjs', import.meta.url));

afterEach(reap);
afterAll(removeShares);

describe.each(interrupted)('killed during $name', (commit) => {
  test('at any operation: the next goes on, nothing is lost or granted twice, and all is cleared', {
    timeout: 240_000,
  }, async () => {
    const moments = await crasher.momentsOf(commit);
    expect(moments.length).toBeGreaterThanOrEqual(15); // as many operations as a commit makes
    await inParallel(moments, AT_ONCE, async (moment) => await crasher.kill(moment));
    const operations = [...new Map(moments.map(({ at, operation }) => [at, operation])).values()];
    console.info(
      `${operations.length} operations, killed at ${moments.length} moments: ${operations.join(', ')}`,
    );
  });
});
