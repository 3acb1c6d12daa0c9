import { expect, test } from 'vitest';
import { Hints } from '../../src/client/change-hints.js';
import type { ClientContext } from '../../src/client/client-context.js';
import type { Table } from '../../src/client/table-view.js';
import type { Level } from '../../src/licence/document.js';
import type { WatchFile } from '../../src/share/watch.js';
import { HandClock, HostTime } from '../../src/testing/host-time.js';
import { Timeline } from '../../src/testing/timeline.js';

/** Hints of an instance with T = 120 s, and what became of its watchers. */
function ground(chance: number, level: Level = 'heartbeat') {
  const timeline = new Timeline();
  const events: string[] = [];
  let hint = () => {};
  const watching: WatchFile = (file, intervalMs, onHint) => {
    events.push(`watches ${file} every ${intervalMs} ms from ${timeline.nowMs} ms on`);
    hint = onHint;
    return { stop: () => events.push('stopped') };
  };
  const context = {
    ...{ clock: new HandClock(new HostTime(timeline)), random: { fraction: () => chance } },
    ...{ watching, warnings: { isDisplayCopyMissing: false } },
  } as unknown as ClientContext;
  const table = { path: '/share/licence.json', intervalMs: 120_000, policy: { level } } as Table;
  return { timeline, events, hints: new Hints(context, table), ring: () => hint() };
}

test.each([
  [0, 1000, 1800],
  [0.5, 2000, 2000],
  [1, 3000, 2200],
])('watching begins 1 to 3 s after it is asked for (chance %d)', async (chance, atMs, everyMs) => {
  const { timeline, events, hints, ring } = ground(chance);
  let rung = 0;
  hints.open(() => rung++);
  hints.open(() => rung++);
  await timeline.advance(10_000);
  expect(events).toEqual([`watches /share/licence.json every ${everyMs} ms from ${atMs} ms on`]);
  ring();
  expect([rung, hints.isHinted]).toEqual([1, true]);
  hints.close();
  expect(events).toHaveLength(2);
});

test('under Light it begins at once: the next poll may be a minute away', async () => {
  const { timeline, events, hints } = ground(1, 'light');
  hints.open(() => undefined);
  await timeline.advance(1);
  expect(events).toEqual(['watches /share/licence.json every 2200 ms from 1 ms on']);
});

test('a seat that is given back at once costs no watcher', async () => {
  const { timeline, events, hints } = ground(0);
  hints.open(() => undefined);
  await timeline.advance(999);
  hints.close();
  await timeline.advance(10_000);
  expect(events).toEqual([]);
});
