import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TestOffice } from '../../src/testing/index.js';

/** What vitest is told to replace; Jest replaces all of it. */
const LISTS = [
  undefined,
  ['setTimeout', 'clearTimeout'],
  ['setTimeout', 'clearTimeout', 'Date'],
  ['setTimeout', 'clearTimeout', 'setInterval', 'setImmediate', 'performance'],
  ['setTimeout', 'clearTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Date', 'performance'],
] as const;

/** Jest plays the same. */
const { story, STORY } = createRequire(import.meta.url)('../package/jest/programs/story.cjs') as {
  story: (office: TestOffice, pass: (ms: number) => Promise<unknown>) => Promise<string[]>;
  STORY: readonly string[];
};

/** Modules of its own: what they take from the runner when they are loaded is part of what is tested. */
const freshly = async () => await import('../../src/testing/index.js');
const replace = (toFake: (typeof LISTS)[number]) => void vi.useFakeTimers(toFake && { toFake: [...toFake] });

beforeEach(() => void vi.resetModules());
afterEach(() => void vi.useRealTimers());

describe.each(LISTS.map((list) => ({ list })))('where vitest replaces $list', ({ list }) => {
  test.each(['before', 'after'])(
    '%s the package is loaded, a clock that is moved by hand moves',
    async (when) => {
      if (when === 'before') replace(list);
      const { testLicence } = await freshly();
      if (when === 'after') replace(list);
      const office = await testLicence({ modules: { CAD: 1 } });
      expect(await story(office, (ms) => office.advance(ms))).toEqual(STORY);
    },
  );

  test.each(['before', 'after'])('%s the package is loaded, its timers move the office', async (when) => {
    if (when === 'before') replace(list);
    const { testLicence } = await freshly();
    if (when === 'after') replace(list);
    const office = await testLicence({ modules: { CAD: 1 }, clock: 'timers' });
    expect(await story(office, (ms) => vi.advanceTimersByTimeAsync(ms))).toEqual(STORY);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("an office with clock: 'timers'", () => {
  test('follows real timers as well', async () => {
    const { testLicence } = await freshly();
    const office = await testLicence({ modules: { CAD: 1 }, checkIntervalSeconds: 1, clock: 'timers' });
    const claim = await (await office.open()).acquire('CAD');
    if (claim.kind !== 'seated') throw new Error(`expected a seat, got ${claim.kind}`);
    office.cutShare();
    const { seat } = claim;
    await new Promise<void>((resolve) => void seat.once('suspended', resolve));
    expect(seat.valid).toBe(false);
    await office.close();
  });

  test('begins at the Date that the test has set, and does not follow it when it is set again', async () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
    const { testLicence } = await freshly();
    const office = await testLicence({ modules: { CAD: 1 }, clock: 'timers' });
    const claim = await (await office.open()).acquire('CAD');
    vi.setSystemTime(Date.UTC(2031, 0, 1));
    await vi.advanceTimersByTimeAsync(1500);
    expect(new Date(office.nowMs).toISOString()).toBe('2030-01-01T00:00:01.500Z');
    expect(claim.kind === 'seated' && claim.seat.valid).toBe(true);
  });

  test('never goes back where the timers are exchanged meanwhile', async () => {
    const { testLicence } = await freshly();
    const office = await testLicence({ modules: { CAD: 1 }, clock: 'timers' });
    const seenMs = [office.nowMs];
    vi.useFakeTimers();
    seenMs.push(office.nowMs);
    await vi.advanceTimersByTimeAsync(100_000);
    seenMs.push(office.nowMs);
    vi.useRealTimers();
    seenMs.push(office.nowMs);
    expect(seenMs).toEqual([...seenMs].sort((a, b) => a - b));
    expect(office.nowMs - (seenMs[0] ?? 0)).toBeGreaterThanOrEqual(100_000);
  });

  test('is not moved by hand', async () => {
    const { testLicence } = await freshly();
    const office = await testLicence({ modules: { CAD: 1 }, clock: 'timers' });
    await expect(office.advance(1)).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message:
        "advance: this licence has clock: 'timers'; " +
        'use vi.advanceTimersByTimeAsync() or jest.advanceTimersByTimeAsync()',
    });
  });
});
