import { expect, test } from 'vitest';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { withTimeouts } from '../../src/share/op-timeouts.js';
import { HandClock, HostTime } from '../../src/testing/host-time.js';
import { Timeline } from '../../src/testing/timeline.js';
import { type Decide, faulty, latch } from '../helpers/faults.js';
import { clientOf } from '../helpers/memory-share.js';
import { SimServer } from './simulated/server.js';

/** A share that takes 20 s at most, and what reached it. */
function ground(decide: Decide) {
  const timeline = new Timeline();
  const server = new SimServer(timeline);
  server.makeDirectory('/share');
  const clock = new HandClock(new HostTime(timeline));
  const slow: string[] = [];
  const started: string[] = [];
  const share = faulty(clientOf(server).files, (operation, path, n) => {
    started.push(`${operation} ${path}`);
    return decide(operation, path, n);
  });
  const files: ShareFiles = withTimeouts(share, clock, {
    answerMs: 20_000,
    onSlow: (what) => void slow.push(what),
  });
  return { timeline, server, files, slow, started };
}

const kindOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof ShareError ? error.kind : String(error)),
  );

test('an operation that hangs is answered with "silent" at its deadline', async () => {
  const { timeline, files } = ground(() => ({ kind: 'hang', until: latch().until }));
  expect(await kindOf(timeline.run(files.list('/share')))).toBe('silent');
  expect(timeline.nowMs).toBe(20_000);
});

test('one that takes no time waits for nothing, and tells nothing', async () => {
  const { timeline, files, slow } = ground(() => null);
  expect(await kindOf(timeline.run(files.list('/share')))).toBe('done');
  await timeline.advance(60_000);
  expect(slow).toEqual([]);
});

test('a wait is told after a second, once', async () => {
  const { timeline, files, slow } = ground(() => ({ kind: 'hang', until: latch().until }));
  const asked = kindOf(files.read('/share/file'));
  await timeline.advance(999);
  expect(slow).toEqual([]);
  await timeline.advance(1);
  expect(slow).toEqual(['the share to answer: read /share/file']);
  await timeline.run(asked);
  expect(slow).toHaveLength(1);
});

test('one at a time is on its way: the next starts when the overdue one has returned', async () => {
  const { until, release } = latch();
  const { timeline, files, started } = ground((_operation, _path, n) =>
    n === 1 ? { kind: 'hang', until } : null,
  );
  expect(await kindOf(timeline.run(files.list('/share')))).toBe('silent');
  const next = kindOf(files.stat('/share'));
  await timeline.advance(5000);
  expect(started).toEqual(['list /share']);
  release();
  expect(await timeline.run(next)).toBe('done');
  expect(started).toEqual(['list /share', 'stat /share']);
});

test('one whose own deadline passed while it waited is never started', async () => {
  const { until, release } = latch();
  const { timeline, files, server, started } = ground((_operation, _path, n) =>
    n === 1 ? { kind: 'hang', until } : null,
  );
  await kindOf(timeline.run(files.list('/share')));
  expect(await kindOf(timeline.run(files.makeDirectory('/share/late')))).toBe('silent');
  expect(timeline.nowMs).toBe(40_000);
  release();
  await timeline.advance(60_000);
  expect(started).toEqual(['list /share']);
  expect(server.isThere('/share/late')).toBe(false);
});

test('the others go past a lost one after a minute; past a second only when the first has returned', async () => {
  const [first, second] = [latch(), latch()];
  const { timeline, files, started } = ground((_operation, path) => {
    if (path.endsWith('first')) return { kind: 'hang', until: first.until };
    return path.endsWith('second') ? { kind: 'hang', until: second.until } : null;
  });
  const silent = async (path: string) => expect(await kindOf(timeline.run(files.list(path)))).toBe('silent');
  await silent('/share/first');
  await timeline.advance(39_999);
  const next = kindOf(files.stat('/share'));
  await timeline.advance(0.5);
  expect(started).toEqual(['list /share/first']);
  expect(await timeline.run(next)).toBe('done');
  expect(timeline.nowMs).toBe(60_000);

  await silent('/share/second');
  await timeline.advance(3_600_000);
  await silent('/share');
  first.release();
  expect(await kindOf(timeline.run(files.stat('/share')))).toBe('done');
  second.release();
  expect(await kindOf(timeline.run(files.stat('/share')))).toBe('done');
  expect(started).toEqual([
    'list /share/first',
    'stat /share',
    'list /share/second',
    'stat /share',
    'stat /share',
  ]);
});

test('what outlives its deadline still happens, and its failure is nobody’s', async () => {
  const { until, release } = latch();
  const { timeline, files, server } = ground(() => ({ kind: 'hang', until }));
  expect(await kindOf(timeline.run(files.makeDirectory('/share/late')))).toBe('silent');
  expect(await kindOf(timeline.run(files.list('/nothing')))).toBe('silent');
  release();
  await timeline.advance(1);
  expect(server.isThere('/share/late')).toBe(true);
});

test('a failure is handed on as it is', async () => {
  const { timeline, files } = ground(() => null);
  expect(await kindOf(timeline.run(files.list('/nothing')))).toBe('missing');
  expect(await kindOf(timeline.run(files.list('/share')))).toBe('done');
});

test('an error of the listener goes to the caller of the operation, and the next one goes on', async () => {
  const timeline = new Timeline();
  const clock = new HandClock(new HostTime(timeline));
  const hung = latch();
  const share = faulty(clientOf(new SimServer(timeline)).files, (_operation, _path, n) =>
    n === 1 ? { kind: 'hang', until: hung.until } : null,
  );
  const onSlow = () => {
    throw new Error('of the application');
  };
  const files = withTimeouts(share, clock, { answerMs: 20_000, onSlow });
  const first = kindOf(files.list('/share'));
  const second = kindOf(files.list('/share'));
  await timeline.advance(1000);
  expect(await first).toContain('of the application');
  hung.release();
  await timeline.advance(1);
  expect(await second).not.toContain('silent');
});
