import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPolicy } from '../../src/licence/entitlement.js';
import { type Explanation, explain } from '../../src/rules/explain.js';
import { EPOCH_MS } from '../../src/testing/timeline.js';
import { evicted, few, intervals, msOf, office, part, recordOf, seeds } from './office.js';

/** `why` tells the truth: the real evictions of real clients lie within what it says. */

/** Of a commit, and of the steps in which an office is looked at. Milliseconds. */
const MARGIN_MS = 2000;

test('an eviction is not before and not after what was told, whenever that was asked', async () => {
  const cases = fc.record({
    ...{ seed: seeds, intervalMs: intervals, people: fc.integer({ min: 2, max: 5 }) },
    dies: fc.double({ min: 0, max: 3, noNaN: true }),
    comes: fc.option(part, { nil: null }),
    graceSeconds: fc.constantFrom(0, 0, 20),
    asked: fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 1, maxLength: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ dies, comes, graceSeconds, asked, ...rest }) => {
      const place = { ...rest, offlineGraceSeconds: graceSeconds };
      const { world, users } = await office(place);
      const { intervalMs } = rest;
      const victim = users[0];
      if (victim === undefined) throw new Error('an office without users');
      await world.advance(dies * intervalMs);
      victim.kill();
      const told: Explanation[] = [];
      const times = asked.map((t) => t * intervalMs).sort((a, b) => a - b);
      const comesMs = comes === null ? Number.POSITIVE_INFINITY : comes * 2 * intervalMs;
      let passedMs = 0;
      let hasCome = false;
      for (const untilMs of [...times, 6 * intervalMs]) {
        if (!hasCome && comesMs < untilMs) {
          await world.advance(Math.max(0, comesMs - passedMs));
          passedMs = Math.max(passedMs, comesMs);
          const late = await world.user(world.host('late'), 'late');
          await late.sit('M1');
          hasCome = true;
        }
        await world.advance(Math.max(0, untilMs - passedMs));
        passedMs = Math.max(passedMs, untilMs);
        const record = recordOf(world, victim);
        if (record === undefined) break;
        const licence = world.table();
        const context = { licence, policy: readPolicy(licence), nowMs: EPOCH_MS + world.nowMs };
        told.push(explain(context, { record, isGone: false }));
      }
      const stone = evicted(world).find(({ user }) => user === victim.name);
      expect(stone, 'evicted at all').toBeDefined();
      const atMs = msOf(stone?.at ?? '');
      for (const { notBefore, notAfter } of told) {
        expect(msOf(notBefore ?? '')).toBeLessThanOrEqual(atMs + MARGIN_MS);
        expect(msOf(notAfter ?? '')).toBeGreaterThanOrEqual(atMs - MARGIN_MS);
      }
    }),
    few(25),
  );
}, 120_000);
