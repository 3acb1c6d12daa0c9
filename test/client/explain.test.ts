import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { InstanceRecord } from '../../src/licence/document.js';
import { readPolicy } from '../../src/licence/entitlement.js';
import { type Explanation, explain } from '../../src/rules/explain.js';
import { EPOCH_MS } from '../../src/testing/timeline.js';
import type { User, World } from '../helpers/world.js';
import { evicted, few, intervals, msOf, office, part, recordOf, seeds } from './office.js';

/** `why` tells the truth: the real evictions of real clients lie within what it says. */

/** Of a commit, and of the steps in which an office is looked at. Milliseconds. */
const MARGIN_MS = 2000;

/** What happens in an office, and when. Milliseconds from when the victim was killed. */
interface Step {
  readonly atMs: number;
  readonly act: () => void | Promise<void>;
}

async function play(world: World, steps: readonly Step[]): Promise<void> {
  const startMs = world.nowMs;
  for (const { atMs, act } of steps.toSorted((one, other) => one.atMs - other.atMs)) {
    await world.advance(Math.max(0, startMs + atMs - world.nowMs));
    await act();
  }
}

interface Told extends Explanation {
  /** By the world's clock. Milliseconds. */
  readonly toldMs: number;
}

/** What is told of the victim by a reader that knows these processes to be gone. */
function tell(world: World, victim: User, gone: ReadonlySet<string>): Told | null {
  const record = recordOf(world, victim);
  if (record === undefined) return null;
  const licence = world.table();
  const context = { licence, policy: readPolicy(licence), nowMs: EPOCH_MS + world.nowMs };
  const isGone = ({ user }: InstanceRecord) => user !== victim.name && gone.has(user);
  return { ...explain(context, { record, isGone }), toldMs: world.nowMs };
}

const share = fc.double({ min: 0, max: 3, noNaN: true });

test('an eviction is not before and not after what was told, whenever that was asked and whoever is gone', async () => {
  const cases = fc.record({
    ...{ seed: seeds, intervalMs: intervals, people: fc.integer({ min: 1, max: 5 }) },
    dies: share,
    follow: fc.array(share, { maxLength: 4 }),
    comes: fc.option(part, { nil: null }),
    graceSeconds: fc.constantFrom(0, 0, 20),
    asked: fc.array(share, { minLength: 1, maxLength: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ dies, follow, comes, graceSeconds, asked, ...rest }) => {
      const { world, users } = await office({ ...rest, offlineGraceSeconds: graceSeconds });
      const { intervalMs } = rest;
      const [victim, ...others] = users as [User, ...User[]];
      await world.advance(dies * intervalMs);
      victim.kill();
      const gone = new Set<string>([victim.name]);
      const killedMs: number[] = [];
      const told: Told[] = [];
      let cameMs = Number.POSITIVE_INFINITY;
      const kills = others.slice(0, follow.length).map((other, n) => ({
        atMs: (follow[n] ?? 0) * intervalMs,
        act: () => {
          other.kill();
          gone.add(other.name);
          killedMs.push(world.nowMs);
        },
      }));
      const looks = asked.map((t) => ({
        atMs: t * intervalMs,
        act: () => void told.push(...[tell(world, victim, gone)].filter((one) => one !== null)),
      }));
      const late = async () => {
        cameMs = world.nowMs;
        await (await world.user(world.host('late'), 'late')).sit('M1');
      };
      const coming = comes === null ? [] : [{ atMs: comes * 2 * intervalMs, act: late }];
      await play(world, [...kills, ...looks, ...coming, { atMs: 8 * intervalMs, act: () => undefined }]);
      const isAnyLeft = comes !== null || kills.length < others.length;
      const stone = evicted(world).find(({ user }) => user === victim.name);
      if (isAnyLeft) expect(stone, 'evicted at all').toBeDefined();
      const atMs = stone ? msOf(stone.at) : Number.POSITIVE_INFINITY;
      for (const { notBefore, notAfter, watchers, toldMs } of told) {
        expect(msOf(notBefore ?? '')).toBeLessThanOrEqual(atMs + MARGIN_MS);
        expect(notAfter === null, 'a time only where one watches').toBe(watchers === 0);
        const endMs = notAfter === null ? Number.POSITIVE_INFINITY : msOf(notAfter);
        const isKept = killedMs.every((ms) => ms < toldMs || ms > endMs);
        if (isKept && notAfter !== null) expect(endMs).toBeGreaterThanOrEqual(atMs - MARGIN_MS);
        if (notAfter === null) expect(cameMs, 'evicted with nobody there').toBeLessThanOrEqual(atMs);
      }
    }),
    few(40),
  );
}, 120_000);
