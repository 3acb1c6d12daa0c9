import { describe, expect, test } from 'vitest';
import type { ClaimAnswer, WaitingNews } from '../../src/api.js';
import { statusView } from '../../src/rules/status-view.js';
import { FACE, FOLDER, type User, World, type WorldOptions } from '../helpers/world.js';
import { contextOf, viewed } from '../rules/tables.js';
import { AdminSession } from '../stories/desk.js';

const MINUTE_MS = 60_000;
const POLL_MS = 5000;
/** What a commit takes in this world, and more. Milliseconds. */
const COMMIT_MS = 1000;
const LONG_MS = 3_600_000;

/** Each person in M1 on a PC of their own; M1 is full. */
async function fullOffice(names: readonly string[], options: Partial<WorldOptions> = {}) {
  const world = new World({
    ...{ modules: { M1: names.length, M2: 5 }, checkIntervalSeconds: 1800, seed: 1 },
    ...options,
  });
  const comer = async (name: string, pc = `pc-${name}`) =>
    await world.user(world.hosts.find((host) => host.name === pc) ?? world.host(pc), name);
  const users: User[] = [];
  for (const name of names) users.push(await comer(name));
  for (const user of users) await user.sit('M1');
  return { world, users, comer };
}

/** A waiter: what it is answered, and when. */
function waits(world: World, user: User, module = 'M1', waitMs = LONG_MS, signal?: AbortSignal) {
  const waiter = { answer: null as ClaimAnswer | null, atMs: 0, news: [] as WaitingNews[], error: '' };
  user.licence.on('waiting', (news) => waiter.news.push(news));
  void user.ask(module, { wait: waitMs, signal }).then(
    (answer) => Object.assign(waiter, { answer, atMs: world.nowMs }),
    (error: unknown) => Object.assign(waiter, { error: String(error) }),
  );
  return waiter;
}

const line = (world: World) => {
  const table = world.table();
  const view = statusView(contextOf(table, world.nowMs), viewed());
  return view.waiting.map(({ place, module, user }) => `${place} ${module} ${user}`);
};
const holders = (world: World, module = 'M1') =>
  world
    .table()
    .instances.flatMap((record) =>
      record.seats.filter((seat) => seat.module === module).map(() => record.user),
    );

describe('first come, first served', () => {
  test('the commit that frees a place seats the first, who has it within 5 s, at T = 30 min', async () => {
    const { world, users, comer } = await fullOffice(['ada', 'bob']);
    const [cy, dee] = [await comer('cy'), await comer('dee')];
    const first = waits(world, cy);
    await world.advance(2000);
    const second = waits(world, dee);
    await world.advance(20 * MINUTE_MS);
    expect(line(world)).toEqual(['1 M1 cy', '2 M1 dee']);
    expect([first, second].map(({ news }) => news.map(({ place }) => place))).toEqual([[1], [2]]);
    expect(second.news[0]?.holders.map(({ user }) => user)).toEqual(['ada', 'bob']);

    const freedMs = world.nowMs;
    await users[0]?.leave();
    expect(holders(world)).toEqual(['bob', 'cy']);
    await world.advance(POLL_MS + COMMIT_MS);
    expect(first.answer).toMatchObject({ kind: 'seated', seat: { valid: true } });
    expect(first.atMs - freedMs).toBeLessThanOrEqual(POLL_MS + COMMIT_MS);
    expect(line(world)).toEqual(['1 M1 dee']);
    expect(second.news.map(({ place }) => place)).toEqual([2, 1]);
  });

  test('who comes later and does not wait is refused while a place changes hands', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    const [cy, dee] = [await comer('cy'), await comer('dee')];
    const first = waits(world, cy);
    await world.advance(2000);
    await users[0]?.leave();
    expect(await dee.acquire('M1')).toMatchObject({ kind: 'full', holders: [{ user: 'cy' }] });
    await world.advance(POLL_MS + COMMIT_MS);
    expect(first.answer?.kind).toBe('seated');
  });

  test('an administrator who removes somebody gives the place to the first', async () => {
    const { world, comer } = await fullOffice(['ada']);
    const waiter = waits(world, await comer('cy'));
    await world.advance(2000);
    await new AdminSession(world).remove(({ user }) => user === 'ada');
    expect(holders(world)).toEqual(['cy']);
    await world.advance(POLL_MS + COMMIT_MS);
    expect(waiter.answer?.kind).toBe('seated');
  });

  test('who is evicted leaves his place to the first, in the same commit', async () => {
    const { world, users, comer } = await fullOffice(['ada', 'bob'], { checkIntervalSeconds: 80 });
    const waiter = waits(world, await comer('cy'));
    await world.advance(2000);
    users[0]?.kill();
    await world.advance(2 * 80_000 + POLL_MS);
    expect(waiter.answer?.kind).toBe('seated');
    const [stone] = world.table().gone;
    expect(stone).toMatchObject({ user: 'ada', reason: 'evicted' });
    const seat = world.table().instances.find(({ user }) => user === 'cy')?.seats[0];
    expect(seat?.sinceAt).toBe(stone?.at);
  });

  test('modules have queues of their own; a holder that waits for another module keeps its seat', async () => {
    const { world, users, comer } = await fullOffice(['ada'], { checkIntervalSeconds: 80 });
    const cy = await comer('cy');
    await cy.sit('M2');
    const waiter = waits(world, cy);
    await world.advance(200_000);
    expect(line(world)).toEqual(['1 M1 cy']);
    cy.freeze();
    await users[0]?.leave();
    expect(holders(world)).toEqual(['cy']);
    cy.thaw();
    await world.advance(POLL_MS + COMMIT_MS);
    expect(waiter.answer?.kind).toBe('seated');
    await world.advance(400_000);
    expect(cy.seats.map((seat) => [seat.module, seat.valid])).toEqual([
      ['M2', true],
      ['M1', true],
    ]);
  });

  test('two windows of one user wait as two and share the place', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    const both = [waits(world, await comer('cy')), waits(world, await comer('cy'))];
    await world.advance(2000);
    expect(line(world)).toEqual(['1 M1 cy', '2 M1 cy']);
    await users[0]?.leave();
    await world.advance(POLL_MS + COMMIT_MS);
    expect(both.map(({ answer }) => answer?.kind)).toEqual(['seated', 'seated']);
    expect(new Set(world.table().instances.map(({ seats }) => seats[0]?.id)).size).toBe(1);
  });

  test('who puts his own record back after a failure passes the line; who was evicted does not', async () => {
    const { world, users, comer } = await fullOffice(['ada', 'bob'], { checkIntervalSeconds: 80 });
    const waiter = waits(world, await comer('cy'));
    await world.advance(2000);
    users[0]?.freeze();
    await world.advance(3 * 80_000);
    expect(waiter.answer?.kind).toBe('seated');
    users[0]?.thaw();
    await world.advance(80_000);
    expect(users[0]?.seats[0]?.state).toBe('lost');
  });

  test('under Light too: whoever leaves gives his place to the first', async () => {
    const { world, users, comer } = await fullOffice(['ada'], { level: 'light' });
    const waiter = waits(world, await comer('cy'));
    await world.advance(20 * MINUTE_MS);
    const freedMs = world.nowMs;
    await users[0]?.leave();
    await world.advance(POLL_MS + COMMIT_MS);
    expect(waiter.atMs - freedMs).toBeLessThanOrEqual(POLL_MS + COMMIT_MS);
    expect(waiter.answer).toMatchObject({ kind: 'seated', seat: { remainingMs: Number.POSITIVE_INFINITY } });
  });
});

describe('leaving the line', () => {
  test('who gives up is out of it at once, and the next moves up', async () => {
    const { world, comer } = await fullOffice(['ada']);
    const patience = new AbortController();
    const first = waits(world, await comer('cy'), 'M1', LONG_MS, patience.signal);
    await world.advance(2000);
    const second = waits(world, await comer('dee'));
    await world.advance(2000);
    patience.abort();
    await world.advance(POLL_MS + COMMIT_MS);
    expect(first.error).toMatch(/given up at the caller's wish/);
    expect(line(world)).toEqual(['1 M1 dee']);
    expect(second.news.map(({ place }) => place)).toEqual([2, 1]);
  });

  test('whose wait is over is refused, with how long he waited, and leaves nothing behind', async () => {
    const { world, comer } = await fullOffice(['ada']);
    const waiter = waits(world, await comer('cy'), 'M1', 30_000);
    await world.advance(32_000);
    expect(waiter.answer).toMatchObject({ kind: 'full', holders: [{ user: 'ada' }] });
    expect(waiter.answer?.kind === 'full' && waiter.answer.waitedMs).toBeGreaterThanOrEqual(30_000);
    expect(world.table().waiting).toEqual([]);
  });

  test('who closes the licence leaves the line', async () => {
    const { world, comer } = await fullOffice(['ada']);
    const cy = await comer('cy');
    const waiter = waits(world, cy);
    await world.advance(2000);
    expect(line(world)).toEqual(['1 M1 cy']);
    await cy.leave();
    expect(waiter.error).toMatch(/the licence was closed/);
    expect(world.table().waiting).toEqual([]);
  });

  test('who gives up just as he is given the place passes it on', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    const patience = new AbortController();
    const cy = await comer('cy');
    waits(world, cy, 'M1', LONG_MS, patience.signal);
    await world.advance(2000);
    const second = waits(world, await comer('dee'));
    await world.advance(2000);
    await users[0]?.leave();
    expect(holders(world)).toEqual(['cy']);
    patience.abort();
    await world.advance(2 * POLL_MS + COMMIT_MS);
    expect(second.answer?.kind).toBe('seated');
    expect(holders(world)).toEqual(['dee']);
  });
});

describe('who does not answer when he is called', () => {
  test('a dead waiter is given the place, and loses it to the next after a minute; a sleeper waits again', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    const [cy, dee] = [await comer('cy'), await comer('dee')];
    const first = waits(world, cy);
    await world.advance(2000);
    const second = waits(world, dee);
    await world.advance(2000);
    cy.freeze();
    await users[0]?.leave();
    await world.advance(MINUTE_MS - POLL_MS);
    expect(second.answer).toBeNull();
    await world.advance(4 * POLL_MS + COMMIT_MS);
    expect(second.answer?.kind).toBe('seated');
    expect(world.table().gone).toEqual([]);
    cy.thaw();
    await world.advance(POLL_MS + COMMIT_MS);
    expect(line(world)).toEqual(['1 M1 cy']);
    expect(first.answer).toBeNull();
  });

  test.each([80, 1800])(
    'where nobody else waits he is passed over by whoever looks, and the place is free: T = %i s',
    async (checkIntervalSeconds) => {
      const { world, users, comer } = await fullOffice(['ada', 'bob'], { checkIntervalSeconds });
      const cy = await comer('cy');
      waits(world, cy);
      await world.advance(2000);
      cy.kill();
      await users[0]?.leave();
      expect(holders(world)).toEqual(['bob', 'cy']);
      await world.advance((checkIntervalSeconds / 8) * 1000 + 1.5 * MINUTE_MS);
      expect(holders(world)).toEqual(['bob']);
    },
  );

  test('one provably gone is dropped at the next look of anybody on his machine', async () => {
    const { world, comer } = await fullOffice(['ada']);
    const cy = await comer('cy');
    waits(world, cy);
    await world.advance(2000);
    const second = waits(world, await comer('dee', 'pc-cy'));
    await world.advance(2000);
    cy.kill();
    await world.advance(POLL_MS + COMMIT_MS);
    expect(line(world)).toEqual(['1 M1 dee']);
    expect(second.news.map(({ place }) => place)).toEqual([2, 1]);
  });

  test('who stands for longer than he said and ten seconds more is dropped by whoever looks', async () => {
    const { world, comer } = await fullOffice(['ada'], { checkIntervalSeconds: 40 });
    const cy = await comer('cy');
    waits(world, cy, 'M1', 30_000);
    await world.advance(2000);
    cy.kill();
    await world.advance(33_000);
    expect(line(world)).toEqual(['1 M1 cy']);
    await world.advance(40_000);
    expect(line(world)).toEqual([]);
  });

  test('a place that was given is good from its own beat on, and a copy that beats for it is noticed', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    const waiter = waits(world, await comer('cy'));
    await world.advance(2000);
    await users[0]?.leave();
    const given = world.table().instances[0];
    expect(given).toMatchObject({ user: 'cy', seats: [{ given: true }] });
    await world.advance(POLL_MS + COMMIT_MS);
    const taken = world.table().instances[0];
    expect(taken?.seats[0]).not.toHaveProperty('given');
    expect(taken?.beat).toBe((given?.beat ?? 0) + 1);
    expect(taken?.id).toBe(given?.id);
    expect(waiter.answer?.kind).toBe('seated');
  });
});

describe('a table is rebuilt from a state in which somebody still waited', () => {
  test('who sits now keeps his seat, and everybody can write', async () => {
    const { world, users, comer } = await fullOffice(['ada', 'bob'], { checkIntervalSeconds: 600 });
    const bob = users[1] as User;
    const cy = await comer('cy');
    const waiter = waits(world, cy);
    await world.advance(2 * MINUTE_MS);
    bob.host.cut(); // knows that cy waits, and nothing of what follows
    const licenceFile = world.server.readText(FACE);
    await new AdminSession(world).remove(({ user }) => user === 'ada');
    await world.advance(POLL_MS + COMMIT_MS);
    expect(waiter.answer?.kind).toBe('seated');
    cy.host.cut();
    world.server.removeTree(FOLDER);
    world.server.scribble(FACE, licenceFile);
    bob.host.mend();
    await world.until(() => world.table().restored !== undefined, 10 * MINUTE_MS);
    cy.host.mend();
    await world.advance(30 * MINUTE_MS);
    expect([bob, cy].map((user) => user.seats[0]?.state)).toEqual(['seated', 'seated']);
    expect(holders(world).sort()).toEqual(['bob', 'cy']);
    expect(line(world)).toEqual([]);
  });
});

describe('a dead holder on a computer where somebody still asks', () => {
  test('whoever can prove it frees the place for the first in the line, waiting himself or not', async () => {
    for (const wait of [LONG_MS, 0]) {
      const { world, users, comer } = await fullOffice(['ada']);
      const first = waits(world, await comer('bob'));
      await world.advance(2000);
      if (wait > 0) waits(world, await comer('cy', 'pc-ada'));
      await world.advance(2000);
      users[0]?.kill();
      users[0]?.host.buried(users[0].pid);
      if (wait === 0)
        expect(await (await comer('cy', 'pc-ada')).acquire('M1')).toMatchObject({ kind: 'full' });
      await world.advance(2 * POLL_MS + COMMIT_MS);
      expect(first.answer?.kind).toBe('seated');
      expect(world.table().gone).toMatchObject([{ user: 'ada', reason: 'process gone' }]);
    }
  });

  test('who comes back to his own place after a crash passes the line', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    const waiter = waits(world, await comer('bob'));
    await world.advance(2000);
    users[0]?.kill();
    expect((await (await comer('ada')).acquire('M1')).kind).toBe('seated');
    await world.advance(POLL_MS);
    expect(waiter.answer).toBeNull();
    expect(line(world)).toEqual(['1 M1 bob']);
  });
});

describe('two claims of one process wait for one module', () => {
  test('they share a place in the line, for as long as the longer of them waits', async () => {
    const { world, users, comer } = await fullOffice(['ada'], { checkIntervalSeconds: 40 });
    const cy = await comer('cy');
    const short = waits(world, cy, 'M1', 30_000);
    await world.advance(10_000);
    const long = waits(world, cy);
    await world.advance(2000);
    waits(world, await comer('dee'));
    await world.advance(2 * MINUTE_MS);
    expect(short.answer?.kind).toBe('full');
    expect(line(world)).toEqual(['1 M1 cy', '2 M1 dee']);
    await users[0]?.leave();
    await world.advance(POLL_MS + COMMIT_MS);
    expect(long.answer?.kind).toBe('seated');
  });

  test('one gives up, and the other keeps the place; both are seated when it is free', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    const cy = await comer('cy');
    const patience = new AbortController();
    const [first, second, third] = [
      waits(world, cy, 'M1', LONG_MS, patience.signal),
      waits(world, cy),
      waits(world, cy),
    ];
    await world.advance(2000);
    waits(world, await comer('dee'));
    await world.advance(2000);
    patience.abort();
    await world.advance(POLL_MS);
    expect(first.error).toMatch(/given up/);
    expect(line(world)).toEqual(['1 M1 cy', '2 M1 dee']);
    await users[0]?.leave();
    await world.advance(POLL_MS + COMMIT_MS);
    expect([second.answer?.kind, third.answer?.kind]).toEqual(['seated', 'seated']);
    expect(holders(world)).toEqual(['cy']);
  });
});
