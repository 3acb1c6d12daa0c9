import { describe, expect, test } from 'vitest';
import { WaitLine } from '../../src/cli/wait-line.js';
import { HandClock, HostTime } from '../../src/testing/host-time.js';
import { Timeline } from '../../src/testing/timeline.js';
import { latch } from '../helpers/faults.js';

/** A stderr of so many columns; null: it is no terminal. `shown` is emptied by `news`. */
function ground(columns: number | null) {
  const timeline = new Timeline();
  const clock = new HandClock(new HostTime(timeline));
  const shown: string[] = [];
  const given = {
    err: (text: string) => void shown.push(text),
    out: (text: string) => void shown.push(`out: ${text}`),
    endNow: (status: number) => void shown.push(`ended ${status}`),
    noticeColumns: () => columns,
    system: () => ({ clock }),
  };
  const line = new WaitLine(given);
  const news = () => shown.splice(0);
  return { timeline, line, news, world: line.around(given) };
}

const CLEAR = '\r\u001b[2K';

describe('on a terminal', () => {
  test('one line counts down, and is gone when the wait is over', async () => {
    const { timeline, line, news } = ground(80);
    const { until, release: open } = latch();
    line.show('Waiting for the share', { mostMs: 3000, over: until });
    expect(news()).toEqual([`${CLEAR}Waiting for the share, up to 3 s more; Ctrl-C gives up`]);
    await timeline.advance(1000);
    expect(news()).toEqual([`${CLEAR}Waiting for the share, up to 2 s more; Ctrl-C gives up`]);
    open();
    await timeline.advance(10_000);
    expect(news()).toEqual([CLEAR]);
  });

  test('what else is written goes around it, and it comes back', async () => {
    const { timeline, line, news, world } = ground(80);
    line.show('Waiting', { mostMs: Number.POSITIVE_INFINITY, over: latch().until });
    world.err('a notice\n');
    world.out('data\n');
    expect(news()).toEqual([`${CLEAR}Waiting; Ctrl-C gives up`, CLEAR, 'a notice\n', 'out: data\n']);
    await timeline.advance(1000);
    expect(news()).toEqual([`${CLEAR}Waiting; Ctrl-C gives up`]);
    world.endNow(130);
    expect(news()).toEqual([CLEAR, 'ended 130']);
    line.end();
    await timeline.advance(10_000);
    expect(news()).toEqual([]);
  });

  test('of two waits the later is told, then the other; one that is told again is one', async () => {
    const { timeline, line, news } = ground(80);
    const [outer, inner] = [latch(), latch()];
    line.show('A', { mostMs: 60_000, over: outer.until });
    line.show('B', { mostMs: 20_000, over: inner.until });
    line.show('C', { mostMs: 50_000, over: outer.until });
    line.show('B', { mostMs: 20_000, over: inner.until });
    news();
    inner.release();
    await timeline.advance(1000);
    expect(news()).toEqual([`${CLEAR}C, up to 49 s more; Ctrl-C gives up`]);
    outer.release();
    await timeline.advance(1000);
    expect(news()).toEqual([CLEAR]);
  });

  test.each([20, 40, 60])('it fits into %i columns', (columns) => {
    const { line, news } = ground(columns);
    line.show('Waiting for the share to answer: read /srv/acme/licence.json', {
      ...{ mostMs: 19_000, over: latch().until },
    });
    expect(news()[0]?.replace(CLEAR, '').length).toBeLessThan(columns);
  });
});

test('elsewhere it is a line, and another every half minute', async () => {
  const { timeline, line, news, world } = ground(null);
  const { until, release: open } = latch();
  line.show('Waiting for the share', { mostMs: 70_000, over: until });
  expect(news()).toEqual(['Waiting for the share; 70 s at most\n']);
  await timeline.advance(29_000);
  world.out('data\n');
  expect(news()).toEqual(['out: data\n']);
  await timeline.advance(1000);
  expect(news()).toEqual(['Waiting for the share; 40 s at most\n']);
  open();
  await timeline.advance(60_000);
  expect(news()).toEqual([]);
});
