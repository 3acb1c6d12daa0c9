import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { openAny } from '../../src/client/several-licences.js';
import { testSeat } from '../../src/testing/index.js';
import { FACE, World } from '../helpers/world.js';

/** A listener to what is never told is a mistake that no user would notice: without types nothing else finds it. */

const listener = () => undefined;
/** The methods that add a listener, as an application without types calls them. */
const ADDING = ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const;
type Untyped = Record<(typeof ADDING)[number], (event: unknown, listen: () => void) => unknown> & {
  off(event: unknown, listen: () => void): unknown;
  listenerCount(event: unknown): number;
};
const untyped = (emitter: object) => emitter as Untyped;

async function emitters(): Promise<readonly (readonly [string, Untyped, string, string])[]> {
  const world = new World({ modules: { CAD: 2 }, seed: 1 });
  const ada = await world.user(world.host('pc-1'), 'ada');
  const system = world.host('pc-2').enter('bob').system();
  const several = await world.run(openAny([FACE], { releaseOnExit: false }, system));
  return [
    ['a seat', untyped(await ada.sit('CAD')), 'losst', 'lost'],
    ['a seat of a test', untyped(testSeat()), 'Jeopardy', 'jeopardy'],
    ['a licence', untyped(ada.licence), 'chnged', 'changed'],
    ['several licences', untyped(several), 'warnings', 'warning'],
  ];
}

describe('an event that there is not', () => {
  test.each(ADDING)('%s: it is refused, and the one that was meant is named', async (add) => {
    for (const [what, emitter, wrong, right] of await emitters()) {
      const fault = {
        code: 'BAD_ARGUMENT',
        message: `event: there is no event "${wrong}"; did you mean ${right}?`,
        details: { argument: 'event', suggestion: right },
      };
      expect(() => emitter[add](wrong, listener), what).toThrow(expect.objectContaining(fault));
      expect(emitter.listenerCount(wrong)).toBe(0);
      const before = emitter.listenerCount(right);
      expect(emitter[add](right, listener)).toBe(emitter);
      expect(emitter.listenerCount(right)).toBe(before + 1);
      emitter.off(wrong, listener); // what was never added may be taken away
      emitter.off(right, listener);
      expect(emitter.listenerCount(right)).toBe(before);
    }
  });

  test.each([
    [
      'disconnect',
      'event: there is no event "disconnect"; expected only jeopardy, suspended, safe, expiring,',
    ],
    ['constructor', 'event: there is no event "constructor"; expected only'],
    ['a\u001b[31m', 'event: there is no event "a\\u001b[31m"; expected only'],
    [undefined, 'event: expected a text, got a value of type undefined'],
    [7, 'event: expected a text, got a value of type number'],
  ])('%j: what there is is named', (event, message) => {
    const seat = untyped(testSeat());
    expect(() => seat.on(event, listener)).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });
});

test('what Node itself listens to is no mistake', async () => {
  const seat = testSeat();
  const lost = once(seat as unknown as NodeJS.EventEmitter, 'lost'); // listens to errors, too
  untyped(seat).on(Symbol('own'), listener);
  seat.lose({ by: 'admin@desk' });
  expect(await lost).toMatchObject([{ reason: 'evicted', by: 'admin@desk' }]);
});

test('a first listener is heard of in whatever way it was added: the table is polled for it', async () => {
  const world = new World({ modules: { CAD: 2 }, checkIntervalSeconds: 80, seed: 1 });
  const [ada, bob] = [
    await world.user(world.host('pc-1'), 'ada'),
    await world.user(world.host('pc-2'), 'bob'),
  ];
  let changes = 0;
  untyped(ada.licence).prependListener('changed', () => changes++);
  await world.advance(20_000);
  await bob.sit('CAD');
  await world.advance(20_000);
  expect(changes).toBe(1);
});
