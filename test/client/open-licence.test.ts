import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { AcquireOptions, OpenOptions } from '../../src/api.js';
import type { Instances } from '../../src/client/instances.js';
import { openWith } from '../../src/client/open-licence.js';
import { openAny } from '../../src/client/several-licences.js';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { type Decide, faulty, latch } from '../helpers/faults.js';
import { FACE, FOLDER, World } from '../helpers/world.js';

describe('names that the format cannot hold are refused before anything is written', () => {
  test.each([
    ['a user of 300 characters', { user: 'x'.repeat(300) }],
    ['an empty host', { host: '' }],
    ['a number', { user: 42 as unknown as string }],
    ['an object', { application: {} as unknown as string }],
  ])('%s', async (_words, options) => {
    const world = new World({ modules: { M1: 1 }, seed: 1 });
    await expect(world.user(world.host('pc-1'), 'ada', options)).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
    });
    expect(world.table().revision).toBe(0);
  });

  test("the system's own name too", async () => {
    const world = new World({ modules: { M1: 1 }, seed: 1 });
    const opening = world.user(world.host('pc-1'), 'x'.repeat(300));
    await expect(opening).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });
});

describe('what is no argument at all is told by its name', () => {
  test.each([
    ['path: expected a text, got a value of type undefined', undefined, {}],
    ['path: expected a text, got a URL; give fileURLToPath(url)', new URL('file:///licence.json'), {}],
    ['options: expected an object, got null', FACE, null],
    ['onSlow: expected a value of type function', FACE, { onSlow: 3 }],
    ['releaseOnExit: expected a value of type boolean', FACE, { releaseOnExit: 'no' }],
    ['timeoutMs: expected more than 0, got NaN', FACE, { timeoutMs: Number.NaN }],
    ['options: expected an object, got a list', FACE, []],
    ['options: there is no option "aplication"; did you mean application?', FACE, { aplication: 'CAD' }],
    ['options: there is no option "time_outMS"; did you mean timeoutMs?', FACE, { time_outMS: 1 }],
    ['options: there is no option "colour"; expected only application, note,', FACE, { colour: 1 }],
    ['options: there is no option "constructor"; expected only', FACE, { constructor: 1 }],
    ['options: there is no option "a\\u001b[31m', FACE, { 'a\u001b[31m': 1 }],
    ['signal: expected an AbortSignal, got null', FACE, { signal: null }],
  ])('%s', async (message, path, options) => {
    const world = new World({ modules: { M1: 1 }, seed: 1 });
    const system = world.host('pc-1').enter('ada').system();
    const opening = openWith(path as string, options as OpenOptions, system);
    const fault = { code: 'BAD_ARGUMENT', message: expect.stringContaining(message) };
    await expect(opening).rejects.toMatchObject(fault);
  });

  test.each([
    ['module: expected a text, got a value of type symbol', Symbol('M1'), {}],
    ['options: expected an object, got null', 'M1', null],
    ['wait: expected a value of type number', 'M1', { wait: '5' }],
    ['wait: expected 0 to 86400000 milliseconds, got -1', 'M1', { wait: -1 }],
    ['signal: expected an AbortSignal', 'M1', { signal: {} }],
    ['options: there is no option "waits"; did you mean wait?', 'M1', { waits: 5000 }],
  ])('%s', async (message, module, options) => {
    const world = new World({ modules: { M1: 1 }, seed: 1 });
    const ada = await world.user(world.host('pc-1'), 'ada');
    const claim = ada.licence.acquire(module as string, options as AcquireOptions);
    const fault = { code: 'BAD_ARGUMENT', message: expect.stringContaining(message) };
    await expect(claim).rejects.toMatchObject(fault);
  });
});

test('a signal of another make ends a wait, too', async () => {
  const world = new World({ modules: { M1: 1 }, seed: 1 });
  await world.user(world.host('pc-1'), 'ada').then((ada) => ada.sit('M1'));
  const bob = await world.user(world.host('pc-2'), 'bob');
  const listeners: (() => void)[] = [];
  const signal = {
    aborted: false,
    reason: 'enough',
    addEventListener: (_type: 'abort', listener: () => void) => void listeners.push(listener),
    removeEventListener: () => undefined,
  };
  const claim = bob.licence.acquire('M1', { wait: 600_000, signal });
  await world.advance(1000);
  for (const listener of listeners) listener();
  await expect(world.run(claim)).rejects.toMatchObject({ code: 'ABORTED' });
});

test('closed while it asks: CLOSED, and no seat is left behind', async () => {
  const world = new World({ modules: { M1: 1 }, seed: 1 });
  const ada = await world.user(world.host('pc-1'), 'ada');
  const asking = ada.licence.acquire('M1').catch((error: unknown) => error);
  await world.run(ada.licence.close());
  expect(await world.run(asking)).toMatchObject({ code: 'CLOSED' });
  expect(world.table().instances).toEqual([]);
});

describe('a share that never answers again', () => {
  async function hung() {
    const silence = latch();
    let isHung = false;
    const decide: Decide = () => (isHung ? { kind: 'hang', until: silence.until } : null);
    const world = new World({ modules: { M1: 1 }, checkIntervalSeconds: 80, seed: 1 });
    const ada = await world.user(world.host('pc-1', { wrap: (files) => faulty(files, decide) }), 'ada');
    const seat = await ada.sit('M1');
    await world.advance(1000);
    isHung = true;
    return { world, ada, seat };
  }

  test('a seat is left at the deadline of 30 s, with a fault that says so', async () => {
    const { world, seat } = await hung();
    const before = world.nowMs;
    const fault = await world.run(seat.release().catch((error: unknown) => error));
    expect(fault).toMatchObject({ name: 'SeatfileFault' });
    expect(world.nowMs - before).toBeLessThanOrEqual(31_000);
    expect([seat.state, seat.valid]).toEqual(['left', false]);
  });

  test('also when a beat or a look hangs before it', async () => {
    const { world, seat } = await hung();
    await world.advance(11_000); // a look is on its way, and hangs
    const before = world.nowMs;
    await world.run(seat.release().catch(() => undefined));
    expect(world.nowMs - before).toBeLessThanOrEqual(31_000);
  });

  test('valid and the events go on, and belief ends in time', async () => {
    const { world, seat } = await hung();
    await world.advance(118_000 - 1000);
    expect([seat.state, seat.valid]).toEqual(['jeopardy', true]);
    await world.advance(3000);
    expect([seat.state, seat.valid]).toEqual(['suspended', false]);
  });

  test('opening a licence on it is given up, and says so', async () => {
    const world = new World({ modules: { M1: 1 }, seed: 1 });
    const host = world.host('pc-1');
    host.cut('hangs');
    const fault = await world.run(host.start('ada').catch((error: unknown) => error));
    expect(fault).toMatchObject({ code: 'SHARE_UNREACHABLE' });
    expect(world.nowMs).toBeLessThanOrEqual(21_000);
  });
});

describe('opening takes as long as its caller says', () => {
  function hungHost() {
    const world = new World({ modules: { M1: 1 }, seed: 1 });
    const host = world.host('pc-1');
    host.cut('hangs');
    return { world, system: host.enter('ada').system() };
  }

  test('at most timeoutMs', async () => {
    const { world, system } = hungHost();
    const opening = openWith(FACE, { timeoutMs: 3000 }, system).catch((error: unknown) => error);
    expect(await world.run(opening)).toMatchObject({ code: 'SHARE_UNREACHABLE' });
    expect(world.nowMs).toBeGreaterThanOrEqual(3000);
    expect(world.nowMs).toBeLessThanOrEqual(3600);
  });

  test('an abort at any operation leaves nothing behind', async () => {
    let step = 0;
    for (let isOver = false; !isOver; step++) isOver = (await abortedAt(step + 1)) === 'opened';
    expect(step).toBeGreaterThan(5);
  });

  /** The share hangs at this operation, and the caller gives up. */
  async function abortedAt(step: number): Promise<'aborted' | 'opened'> {
    const world = new World({ modules: { M1: 1 }, seed: 1 });
    const patience = new AbortController();
    const silence = latch();
    let operations = 0;
    const decide: Decide = () => {
      if (++operations !== step) return null;
      patience.abort('enough');
      return { kind: 'hang', until: silence.until };
    };
    const host = world.host('pc-1', { wrap: (files) => faulty(files, decide) });
    const instances: Instances = new Map();
    const opening = openWith(FACE, { signal: patience.signal }, host.enter('ada').system(), instances);
    const answer = await world.run(opening.catch((error: unknown) => error));
    if (operations < step) return 'opened';
    expect(answer).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(instances.size).toBe(0);
    expect(world.nowMs).toBeLessThan(1000);
    silence.release();
    await world.advance(60_000);
    expect(world.table().revision).toBe(0);
    return 'aborted';
  }

  test('a signal that was aborted before asks nothing of the share', async () => {
    const { world, system } = hungHost();
    const asked = { signal: AbortSignal.abort('too late') };
    const opening = openWith(FACE, asked, system).catch((error: unknown) => error);
    expect(await opening).toMatchObject({ code: 'ABORTED', cause: 'too late' });
    const several = openAny([FACE, FACE], asked, system).catch((error: unknown) => error);
    expect(await several).toMatchObject({ code: 'ABORTED', cause: 'too late' });
    expect(world.nowMs).toBe(0);
  });

  test('an abort after the opening has no effect, neither on it nor on what is opened later', async () => {
    const world = new World({ modules: { M1: 1 }, seed: 1 });
    await world.user(world.host('pc-2'), 'bob').then((bob) => bob.sit('M1'));
    world.server.makeDirectory('/other');
    world.server.writeNew('/other/licence.json', world.server.readText(FACE), 0o664);
    const patience = new AbortController();
    const system = world.host('pc-1').enter('ada').system();
    const asked = { signal: patience.signal };
    const licence = await world.run(openAny([FACE, '/other/licence.json'], asked, system));
    patience.abort();
    expect(await world.run(licence.acquire('M1'))).toMatchObject({
      kind: 'seated',
      file: '/other/licence.json',
    });
    await world.run(licence.close());
  });
});

describe('a share that comes back', () => {
  test.each(['heartbeat', 'light'] as const)(
    'a seat that it did not take back is given back then (%s)',
    async (level) => {
      const world = new World({ modules: { M1: 1 }, checkIntervalSeconds: 80, seed: 1, level });
      const host = world.host('pc-1');
      const ada = await world.user(host, 'ada');
      const seat = await ada.sit('M1');
      host.cut('unsaid');
      expect(await world.run(seat.release().catch((error: unknown) => error))).toMatchObject({
        code: 'SHARE_UNREACHABLE',
      });
      host.mend();
      expect(world.inUse('M1')).toBe(1);
      await world.advance(61_000);
      expect(world.inUse('M1')).toBe(0);
    },
  );

  test('a claim that comes late, after nobody waits for it any more, seats nobody', async () => {
    const late: (() => void)[] = [];
    let isDoubtful = true;
    const wrap = (files: ShareFiles): ShareFiles => ({
      ...files,
      rename: async (from, to) => {
        if (!isDoubtful || !/\/\d{12}$/.test(to)) return await files.rename(from, to);
        late.push(() => void files.rename(from, to).catch(() => undefined));
        throw new ShareError('unsaid', 'rename', from);
      },
    });
    const world = new World({ modules: { M1: 1 }, checkIntervalSeconds: 80, seed: 1 });
    const ada = await world.user(world.host('pc-1', { wrap }), 'ada');
    await expect(ada.acquire('M1', { timeoutMs: 2000 })).rejects.toMatchObject({
      code: 'COMMIT_UNKNOWN',
      message: expect.stringMatching(/; look again once the share answers \(seatfile status\)/),
      details: { path: FOLDER, found: expect.stringContaining('the share did not say whether') },
    });
    isDoubtful = false;
    await world.run(ada.licence.close());
    for (const carryOut of late) carryOut();
    await world.advance(1000);
    expect(world.inUse('M1')).toBe(0);
  });
});

test('console.log and JSON show what a seat and a licence are, and not what they are made of', async () => {
  const world = new World({ modules: { M1: 1 }, seed: 1 });
  const ada = await world.user(world.host('pc-1'), 'ada');
  const seat = await ada.sit('M1');
  const state = { valid: true, state: 'seated', remainingMs: 45_000 };
  const shown = { id: seat.id, module: 'M1', user: 'ada', host: 'pc-1', ...state };
  expect(structuredClone(seat.toJSON())).toEqual(shown);
  expect(JSON.parse(JSON.stringify(seat))).toEqual(shown);
  expect(inspect(seat)).toBe(`Seat ${inspect(shown)}`);
  const { licence } = ada;
  expect(inspect({ licence })).toContain(
    "file: '/share/licence.json',\n    customer: 'Acme',\n    modules: [ 'M1' ],\n    seats: [",
  );
  expect(structuredClone(licence.toJSON())).toMatchObject({ seats: [shown], isClosed: false });
  await world.run(licence.close());
  expect(JSON.parse(JSON.stringify([seat, licence]))).toMatchObject([
    { state: 'left', remainingMs: 0 },
    { seats: [], isClosed: true },
  ]);
});
