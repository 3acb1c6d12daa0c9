import { describe, expect, test } from 'vitest';
import type { AcquireOptions, SeveralAnswer } from '../../src/api.js';
import { openAny } from '../../src/client/several-licences.js';
import type { SeatfileFault } from '../../src/licence/fault.js';
import { seededDice } from '../helpers/dice.js';
import { FACE, type User, World } from '../helpers/world.js';

/** A claim for several modules: a seat in each of them, or in none. */

const BOTH = ['CAD', 'CAM'];

const office = (CAD = 1, CAM = 1, latencyMs = 0) =>
  new World({ modules: { CAD, CAM }, checkIntervalSeconds: 80, latencyMs: () => latencyMs });
const start = (world: World, name: string) => world.user(world.host(`pc-${name}`), name);
const ask = (user: User, options?: AcquireOptions, modules: readonly string[] = BOTH) =>
  user.host.world.run(user.licence.acquire(modules, options));
const inUse = (world: World) => BOTH.map((module) => world.inUse(module));
const queues = (world: World) => world.table().waiting.map(({ user, module }) => `${user} ${module}`);
const kinds = (world: World) => world.table().events.map(({ kind }) => kind);

function seatsOf(answer: SeveralAnswer) {
  if (answer.kind !== 'seated') throw new Error(`expected seats, got ${answer.kind}`);
  return answer.seats;
}

describe('all or none', () => {
  test('one commit seats in all of them, in the order asked', async () => {
    const world = office();
    const ada = await start(world, 'ada');
    const answer = await ask(ada, {}, ['CAM', 'CAD']);
    expect(answer).toMatchObject({ kind: 'seated', file: FACE, removed: null });
    expect(answer).not.toHaveProperty('seat');
    expect(seatsOf(answer).map(({ module, valid }) => [module, valid])).toEqual([
      ['CAM', true],
      ['CAD', true],
    ]);
    expect(world.table().revision).toBe(1);
    expect(inUse(world)).toEqual([1, 1]);
    await world.advance(300_000);
    expect(seatsOf(answer).every(({ valid }) => valid)).toBe(true);
    await world.run(ada.licence.close());
    expect(inUse(world)).toEqual([0, 0]);
  });

  test.each([
    ['CAM', 'CAD', BOTH],
    ['CAM', 'CAD', ['CAM', 'CAD']],
    ['CAD', 'CAM', BOTH],
  ])('where %s is full no seat in %s is taken, and none stays behind', async (full, free, modules) => {
    const world = office();
    await start(world, 'bob').then((bob) => bob.sit(full));
    const ada = await start(world, 'ada');
    expect(await ask(ada, {}, modules)).toMatchObject({
      kind: 'full',
      module: full,
      holders: [{ user: 'bob' }],
    });
    expect([world.inUse(free), world.inUse(full)]).toEqual([0, 1]);
    expect(queues(world)).toEqual([]);
    await world.advance(300_000);
    expect(world.inUse(free)).toBe(0);
    expect(world.table().instances.map(({ user }) => user)).toEqual(['bob']);
  });

  test('a seat that this process has is shared, and stays where the others are refused', async () => {
    const world = office();
    const ada = await start(world, 'ada');
    const own = await ada.sit('CAD');
    const bob = await start(world, 'bob');
    const taken = await bob.sit('CAM');
    expect(await ask(ada)).toMatchObject({ kind: 'full', module: 'CAM' });
    expect([own.valid, world.inUse('CAD')]).toEqual([true, 1]);
    await world.run(taken.release());
    const seats = seatsOf(await ask(ada));
    expect(seats[0]?.id).toBe(own.id);
    await world.run(own.release());
    expect(world.inUse('CAD')).toBe(1); // the other handle holds it
    await world.run(Promise.all(seats.map((seat) => seat.release())));
    expect(inUse(world)).toEqual([0, 0]);
  });

  test('an unknown module, an empty list, and what is no name', async () => {
    const world = office();
    const ada = await start(world, 'ada');
    const fails = (modules: readonly unknown[]) =>
      expect(world.run(ada.licence.acquire(modules as readonly string[]))).rejects;
    await fails(['CAD', 'CADD']).toMatchObject({ code: 'UNKNOWN_MODULE' });
    await fails([]).toMatchObject({ code: 'BAD_ARGUMENT' });
    await fails(['CAD', 7]).toMatchObject({
      code: 'BAD_ARGUMENT',
      message: 'module[1]: expected a text, got a value of type number',
    });
    await fails(['CAD', 'CAM', 'CAD']).toMatchObject({
      code: 'BAD_ARGUMENT',
      message: 'module[2]: "CAD" is there twice; name each module once',
    });
    expect(world.table().revision).toBe(0);
  });

  test('of several licences, all seats are in one file', async () => {
    const world = office();
    world.server.makeDirectory('/other');
    world.server.writeNew('/other/licence.json', world.server.readText(FACE), 0o664);
    await start(world, 'bob').then((bob) => bob.sit('CAM'));
    const system = world.host('pc-1').enter('ada').system();
    const licence = await world.run(openAny([FACE, '/other/licence.json'], { releaseOnExit: false }, system));
    const answer = await world.run(licence.acquire(BOTH));
    expect(answer).toMatchObject({ kind: 'seated', file: '/other/licence.json' });
    expect(inUse(world)).toEqual([0, 1]);
    await world.run(licence.close());
  });
});

describe('a seat of this process that goes while the claim is under way', () => {
  /** Moments of a claim that takes a second. Milliseconds. */
  const MOMENTS = Array.from({ length: 60 }, (_, at) => at * 20);

  test('given back by the application: every module is in the answer, and in the table', async () => {
    for (const ms of MOMENTS) {
      const world = office(1, 1, 40);
      const ada = await start(world, 'ada');
      const own = await ada.sit('CAD');
      const claim = ada.licence.acquire(BOTH);
      await world.advance(ms);
      const released = own.release();
      const seats = seatsOf(await world.run(claim));
      await world.run(released);
      await world.advance(2000);
      expect([ms, seats.map(({ module, valid }) => `${module} ${valid}`)]).toEqual([
        ms,
        ['CAD true', 'CAM true'],
      ]);
      expect([ms, inUse(world)]).toEqual([ms, [1, 1]]);
      await world.run(ada.licence.close());
      expect([ms, inUse(world)]).toEqual([ms, [0, 0]]);
    }
  });

  test('given back, and the share goes away: all or none, and what was granted is given back', async () => {
    const seen = new Set<string>();
    for (const ms of MOMENTS) {
      const world = office(1, 1, 40);
      const ada = await start(world, 'ada');
      const own = await ada.sit('CAD');
      const claim = ada.licence.acquire(BOTH, { timeoutMs: 2000 }).catch(({ code }: SeatfileFault) => code);
      const released = own.release().catch(() => undefined);
      await world.advance(ms);
      ada.host.cut('unsaid');
      const answer = await world.run(claim);
      seen.add(typeof answer === 'string' ? `${answer}, CAM in use: ${world.inUse('CAM')}` : answer.kind);
      ada.host.mend();
      await world.run(released);
      await world.advance(30_000); // what was not taken is tried again
      const seats = typeof answer === 'string' ? [] : seatsOf(answer);
      expect([ms, seats.length]).toEqual([ms, typeof answer === 'string' ? 0 : 2]);
      expect([ms, inUse(world)]).toEqual([ms, typeof answer === 'string' ? [0, 0] : [1, 1]]);
    }
    expect(seen).toContain('SHARE_UNREACHABLE, CAM in use: 1'); // CAM was granted, and CAD could not be asked for
  });

  test('given back between two steps of the same turn: the answer has a seat', async () => {
    for (let steps = 0; steps < 40; steps++) {
      const world = office();
      const ada = await start(world, 'ada');
      const own = await ada.sit('CAD');
      const claim = ada.licence.acquire('CAD');
      for (let step = 0; step < steps; step++) await Promise.resolve();
      const released = own.release();
      const answer = await world.run(claim);
      if (answer.kind !== 'seated') throw new Error(`after ${steps} steps: ${answer.kind}`);
      expect([steps, answer.seat?.valid]).toEqual([steps, true]);
      await world.run(released);
      expect([steps, world.inUse('CAD')]).toEqual([steps, 1]);
    }
  });
});

describe('with wait', () => {
  test('it holds nothing until it can have all, and then has all', async () => {
    const world = office();
    const bob = await start(world, 'bob');
    const [cad, cam] = [await bob.sit('CAD'), await bob.sit('CAM')];
    const ada = await start(world, 'ada');
    const places: string[] = [];
    ada.licence.on('waiting', ({ module, place }) => places.push(`${module} ${place}`));
    const claim = ada.licence.acquire(BOTH, { wait: 3_600_000 });
    await world.advance(1000);
    expect(queues(world)).toEqual(['ada CAD']);
    await world.run(cad.release());
    await world.advance(15_000);
    expect([queues(world), inUse(world)]).toEqual([['ada CAM'], [0, 1]]);
    expect(kinds(world)).toContain('gave up');
    const eve = await start(world, 'eve');
    const held = await eve.sit('CAD'); // what ada waits for is free for others meanwhile
    await world.run(cam.release());
    await world.advance(15_000);
    expect([queues(world), inUse(world)]).toEqual([['ada CAD'], [1, 0]]);
    await world.run(held.release());
    expect(seatsOf(await world.run(claim)).map(({ module }) => module)).toEqual(BOTH);
    expect(places).toEqual(['CAD 1', 'CAM 1', 'CAD 1']);
    expect([queues(world), inUse(world)]).toEqual([[], [1, 1]]);
  });

  test('it keeps its turn in the queue that it goes on to', async () => {
    const world = office();
    const bob = await start(world, 'bob');
    const [cad, cam] = [await bob.sit('CAD'), await bob.sit('CAM')];
    const ada = await start(world, 'ada');
    const claim = ada.licence.acquire(BOTH, { wait: 3_600_000 });
    await world.advance(1000);
    const eve = await start(world, 'eve');
    const later = eve.licence.acquire('CAM', { wait: 3_600_000 });
    await world.advance(1000);
    expect(queues(world)).toEqual(['ada CAD', 'eve CAM']);
    await world.run(cad.release());
    await world.advance(15_000);
    expect(queues(world)).toEqual(['ada CAM', 'eve CAM']);
    await world.run(cam.release());
    const seats = seatsOf(await world.run(claim));
    expect(inUse(world)).toEqual([1, 1]);
    await world.run(seats[1]?.release() ?? Promise.reject());
    expect((await world.run(later)).kind).toBe('seated');
  });

  test('two that want the same in another order do not wait for each other', async () => {
    const world = office();
    const bob = await start(world, 'bob');
    const [cad, cam] = [await bob.sit('CAD'), await bob.sit('CAM')];
    const [ada, eve] = [await start(world, 'ada'), await start(world, 'eve')];
    const first = ada.licence.acquire(BOTH, { wait: 3_600_000 });
    const second = eve.licence.acquire([...BOTH].reverse(), { wait: 3_600_000 });
    await world.advance(1000);
    expect(queues(world)).toEqual(['ada CAD', 'eve CAM']);
    await world.run(Promise.all([cad.release(), cam.release()]));
    const one = await world.run(Promise.race([first, second]), 120_000);
    expect(inUse(world)).toEqual([1, 1]);
    await world.run(Promise.all(seatsOf(one).map((seat) => seat.release())));
    const [a, b] = await world.run(Promise.all([first, second]), 120_000);
    expect([a.kind, b.kind]).toEqual(['seated', 'seated']);
  });

  test.each(['over', 'aborted', 'closed'] as const)('%s: nothing is left in any queue', async (how) => {
    const world = office();
    await start(world, 'bob').then((bob) => bob.sit('CAM'));
    const ada = await start(world, 'ada');
    const patience = new AbortController();
    const options = { wait: how === 'over' ? 20_000 : 600_000, signal: patience.signal };
    const claim = ada.licence.acquire(BOTH, options).catch((error: unknown) => error);
    await world.advance(1000);
    if (how === 'aborted') patience.abort();
    if (how === 'closed') await world.run(ada.licence.close());
    const answer = await world.run(claim);
    if (how === 'over') expect(answer).toMatchObject({ kind: 'full', module: 'CAM' });
    else expect(answer).toMatchObject({ code: how === 'closed' ? 'CLOSED' : 'ABORTED' });
    await world.advance(10_000);
    expect([queues(world), inUse(world)]).toEqual([[], [0, 1]]);
  });

  test('another claim of the process keeps its own place in a queue that this one leaves', async () => {
    const world = office();
    const bob = await start(world, 'bob');
    const cad = await bob.sit('CAD');
    await bob.sit('CAM');
    const ada = await start(world, 'ada');
    const alone = ada.licence.acquire('CAD', { wait: 3_600_000 });
    const both = ada.licence.acquire(BOTH, { wait: 60_000 });
    await world.advance(1000);
    await world.run(cad.release());
    const answer = await world.run(alone);
    expect([answer.kind, world.inUse('CAD')]).toEqual(['seated', 1]);
    expect(await world.run(both)).toMatchObject({ kind: 'full', module: 'CAM' });
    expect([queues(world), inUse(world)]).toEqual([[], [1, 1]]);
  });
});

test('a crowd of random claims: never a seat too many, none held in part, and none waits for ever', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
  console.log(`seed ${seed}`);
  const dice = seededDice(`several/${seed}`);
  const world = office(2, 2);
  const users = await Promise.all(
    Array.from({ length: 6 }, async (_, index) => await start(world, `user-${index}`)),
  );
  let seated = 0;
  const work = async (user: User) => {
    for (let round = 0; round < 4; round++) {
      const pick = dice.fraction();
      const modules = pick < 0.3 ? ['CAD'] : pick < 0.5 ? ['CAM'] : pick < 0.75 ? BOTH : [...BOTH].reverse();
      const seats = seatsOf(await user.licence.acquire(modules, { wait: 3_600_000 }));
      expect(seats).toHaveLength(modules.length);
      expect(world.inUse('CAD')).toBeLessThanOrEqual(2);
      expect(world.inUse('CAM')).toBeLessThanOrEqual(2);
      seated++;
      await user.clock.sleep(1000 + dice.fraction() * 20_000);
      await Promise.all(seats.map((seat) => seat.release()));
    }
  };
  await world.run(Promise.all(users.map(work)), 3_600_000);
  expect(seated).toBe(24);
  await world.advance(10_000);
  expect([queues(world), inUse(world)]).toEqual([[], [0, 0]]);
});
