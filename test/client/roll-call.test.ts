import { describe, expect, test } from 'vitest';
import { RollCall } from '../../src/client/called.js';
import type { Licence } from '../../src/licence/document.js';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { type User, World } from '../helpers/world.js';
import { evicted, msOf, recordOf } from './office.js';

const T_MS = 80_000;
const YEAR_MS = 365 * 86_400_000;

/** Each person on a PC of their own, in a module that is full, each with the given wall clock. */
async function fullOffice(names: readonly string[], wallOffsets: readonly number[] = []) {
  const world = new World({ modules: { M1: names.length }, checkIntervalSeconds: T_MS / 1000, seed: 1 });
  const users: User[] = [];
  for (const [n, name] of names.entries()) {
    const host = world.host(`pc-${name}`, { wallOffsetMs: wallOffsets[n] ?? 0 });
    users.push(await world.user(host, name));
  }
  for (const user of users) await user.sit('M1');
  const comer = async (name: string) => await world.user(world.host(`pc-${name}`), name);
  return { world, users, comer };
}

function expectAllValid(users: readonly User[]): void {
  expect(users.map((user) => user.seats.map((seat) => [seat.state, seat.valid]))).toEqual(
    users.map(() => [['seated', true]]),
  );
}

describe('everybody died on Friday', () => {
  test('on Monday the first is seated within T/4 and one commit, with the clocks of all a year apart', async () => {
    const { world, users, comer } = await fullOffice(['ada', 'bob'], [-YEAR_MS, YEAR_MS]);
    for (const user of users) user.kill();
    await world.advance(60 * 3_600_000);
    const cy = await comer('cy');
    const before = world.nowMs;
    const answer = await cy.acquire('M1', { wait: 10 * 60_000 });
    expect(answer.kind).toBe('seated');
    expect(world.nowMs - before).toBeLessThanOrEqual(T_MS / 4 + 1000);
  });

  test('a refusal is answered at once, and its freesAt is true for whoever asks then', async () => {
    const { world, users, comer } = await fullOffice(['ada', 'bob']);
    for (const user of users) user.kill();
    for (const lateMs of [1.2 * T_MS, 0.3 * T_MS, 0.4 * T_MS]) {
      await world.advance(lateMs);
      const cy = await comer('cy');
      const before = world.nowMs;
      const answer = await cy.acquire('M1');
      expect(world.nowMs).toBe(before);
      if (answer.kind !== 'full' || answer.freesAt === null) throw new Error('expected full, with freesAt');
      if (lateMs !== 0.4 * T_MS) {
        expect(msOf(answer.freesAt)).toBe(2 * T_MS);
        cy.kill();
        continue;
      }
      await world.advance(msOf(answer.freesAt) - world.nowMs);
      expect((await (await comer('dee')).acquire('M1')).kind).toBe('seated');
    }
  });

  test('that the roll call cannot be written makes a refusal no less an answer', async () => {
    const { world, users } = await fullOffice(['ada']);
    for (const user of users) user.kill();
    await world.advance(60 * 3_600_000);
    const wrap = (files: ShareFiles): ShareFiles => ({
      ...files,
      writeNew: (path) => Promise.reject(new ShareError('full', 'write', path)),
    });
    const cy = await world.user(world.host('pc-cy', { wrap }), 'cy');
    expect(await cy.acquire('M1')).toMatchObject({ kind: 'full', holders: [{ user: 'ada' }] });
    expect(world.table().rollCall).toBeUndefined();
  });

  test('two who come share one roll call; each has a seat, one revision each beside it', async () => {
    const { world, users, comer } = await fullOffice(['ada', 'bob']);
    for (const user of users) user.kill();
    await world.advance(60 * 3_600_000);
    const [cy, dee] = [await comer('cy'), await comer('dee')];
    const before = world.table().revision;
    const both = [cy, dee].map((user) => user.ask('M1', { wait: 10 * 60_000 }));
    expect((await world.run(Promise.all(both))).map((answer) => answer.kind)).toEqual(['seated', 'seated']);
    expect(world.table().revision - before).toBe(6); // asked; both in the line and recorded; one in; the other in
    expect(world.table().rollCall).toBeUndefined();
  });

  test('who comes while a roll call stands counts from his own first sight of it', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    for (const user of users) user.kill();
    await world.advance(60 * 3_600_000);
    const cy = await comer('cy');
    await cy.acquire('M1');
    await world.advance(T_MS / 4 - 1000);
    cy.kill();
    const dee = await comer('dee');
    const before = world.nowMs;
    expect((await dee.acquire('M1', { wait: 10 * 60_000 })).kind).toBe('seated');
    expect(world.nowMs - before).toBeGreaterThanOrEqual(T_MS / 4);
    expect(evicted(world)).toMatchObject([{ user: 'ada', actor: 'dee@pc-dee' }]);
  });

  test.each([
    ['his computer sleeps', (cy: User) => cy.host.sleep(), (cy: User) => cy.host.wake()],
    ['he is stopped', (cy: User) => cy.freeze(), (cy: User) => cy.thaw()],
    ['he cannot write', (cy: User) => cy.host.unwritable('full'), (cy: User) => cy.host.unwritable(null)],
    ['the share is away', (cy: User) => cy.host.cut(), (cy: User) => cy.host.mend()],
  ])('while %s no time counts: he waits T/4 from then on', async (_words, begin, end) => {
    const { world, users, comer } = await fullOffice(['ada']);
    for (const user of users) user.kill();
    await world.advance(60 * 3_600_000);
    const cy = await comer('cy');
    const answer = cy.ask('M1', { wait: 30 * 60_000 });
    await world.advance(0.2 * T_MS);
    begin(cy);
    await world.advance(3 * T_MS);
    end(cy);
    const before = world.nowMs;
    expect((await world.run(answer)).kind).toBe('seated');
    expect(world.nowMs - before).toBeGreaterThanOrEqual(T_MS / 4);
    expect(world.nowMs - before).toBeLessThanOrEqual(T_MS / 4 + 12_000);
  });
});

describe('nobody who lives is put out', () => {
  const steps = [5, -5].flatMap((hours) => [
    [`the server's clock steps ${hours} h before somebody comes`, hours, true] as const,
    [`the server's clock steps ${hours} h after somebody came`, hours, false] as const,
  ]);
  test.each(steps)('%s', async (_words, hours, isBefore) => {
    const { world, users, comer } = await fullOffice(['ada', 'bob'], [-YEAR_MS, YEAR_MS]);
    await world.advance(1.06 * T_MS);
    const step = () => {
      world.server.wallOffsetMs += hours * 3_600_000;
    };
    if (isBefore) step();
    const cy = await comer('cy');
    const answer = cy.ask('M1', { wait: 3 * T_MS });
    await world.advance(0.1 * T_MS);
    if (!isBefore) step();
    expect((await world.run(answer)).kind).toBe('full');
    await world.advance(3 * T_MS);
    expect(evicted(world)).toEqual([]);
    expectAllValid(users);
  });

  test.each([
    ['before', true],
    ['while', false],
  ])('the server is away for 2.2 T, and somebody comes %s it is', async (_words, isBefore) => {
    const { world, users, comer } = await fullOffice(['ada', 'bob']);
    const cy = await comer('cy');
    await world.advance(1.06 * T_MS);
    const early = isBefore ? cy.ask('M1', { wait: 6 * T_MS }) : null;
    await world.advance(100);
    for (const host of world.hosts) host.cut('hangs');
    await world.advance(2.2 * T_MS);
    for (const host of world.hosts) host.mend();
    const answer = early ?? cy.ask('M1', { wait: 3 * T_MS });
    await world.advance(2 * T_MS);
    expect(evicted(world)).toEqual([]);
    expectAllValid(users);
    expect((await world.run(answer)).kind).toBe('full');
  });

  test.each([
    ['another who lives has answered', 2, false],
    ['the newcomer has seen the clock jump', 1, true],
  ])('the clock set ahead, and he cut off just then: not put out where %s', async (_words, many, isSeen) => {
    const { world, users, comer } = await fullOffice(['ada', 'bob'].slice(0, many));
    const [ada] = users as [User];
    await world.advance(1.06 * T_MS);
    const cy = await comer('cy');
    if (isSeen) await cy.acquire('M1');
    world.server.wallOffsetMs += 5 * 3_600_000;
    ada.host.cut('hangs');
    const answer = cy.ask('M1', { wait: T_MS });
    await world.advance(0.9 * T_MS);
    expect(ada.seats[0]?.valid).toBe(true); // so no other user may have this place
    ada.host.mend();
    expect((await world.run(answer)).kind).toBe('full');
    expect(evicted(world)).toEqual([]);
  });

  test('an answer is given at the next look, whatever the pace of beats', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    const [ada] = users as [User];
    await world.advance(1.06 * T_MS);
    const { beat = 0 } = recordOf(world, ada) ?? {};
    world.server.wallOffsetMs += 3_600_000;
    await (await comer('cy')).acquire('M1');
    expect(world.table().rollCall?.names).toMatchObject([{ beat }]);
    await world.advance(T_MS / 8);
    expect(recordOf(world, ada)?.beat).toBe(beat + 1);
    expect(world.table().rollCall).toBeUndefined();
  });
});

describe('waiting', () => {
  test('a place that falls free is taken within 5 s', async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    const cy = await comer('cy');
    const answer = cy.ask('M1', { wait: T_MS });
    await world.advance(10_000);
    await world.run((users[0] as User).licence.close());
    const before = world.nowMs;
    expect((await world.run(answer)).kind).toBe('seated');
    expect(world.nowMs - before).toBeLessThanOrEqual(5000);
  });

  test('ends at its time with the refusal, and how long it was', async () => {
    const { world, comer } = await fullOffice(['ada']);
    const cy = await comer('cy');
    const answer = await cy.acquire('M1', { wait: 60_000 });
    expect(answer).toMatchObject({
      kind: 'full',
      holders: [{ user: 'ada' }],
      freesAt: null,
      waitedMs: 60_000,
    });
    expect(world.nowMs).toBe(60_000);
  });

  test('is given up at the wish of the caller, and when the licence is closed', async () => {
    const { world, comer } = await fullOffice(['ada']);
    const [cy, dee] = [await comer('cy'), await comer('dee')];
    const wish = new AbortController();
    const codes = [cy.ask('M1', { wait: 60_000, signal: wish.signal }), dee.ask('M1', { wait: 60_000 })].map(
      (asked) => asked.catch((error: { code: string }) => error.code),
    );
    await world.advance(10_000);
    wish.abort();
    await world.run(dee.licence.close());
    expect(await world.run(Promise.all(codes))).toEqual(['ABORTED', 'CLOSED']);
    expect(world.nowMs).toBeLessThan(10_100); // the last commit is shown before the end
  });

  test.each([-1, Number.NaN, 86_400_001])('for %s ms is refused', async (wait) => {
    const { comer } = await fullOffice(['ada']);
    await expect((await comer('cy')).licence.acquire('M1', { wait })).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
    });
  });
});

describe('what one instance knows of the roll call', () => {
  const at = (ms: number) => ({ elapsedMs: ms, wallMs: ms, uptimeMs: ms });
  const asked = async () => {
    const { world, users, comer } = await fullOffice(['ada']);
    (users[0] as User).kill();
    await world.advance(3 * T_MS);
    await (await comer('cy')).acquire('M1');
    return world.table();
  };
  const done = (licence: Licence) => ({ licence, shareTimeMs: 0, published: true });
  const policy = { checkIntervalSeconds: T_MS / 1000 } as Parameters<RollCall['unanswered']>[0]['policy'];

  test.each([
    ['unbroken, it waits T/4', [0, 9000, 18_000], 20_100, 1],
    ['a gap of more than T/8 begins it anew', [0, 9000, 20_000], 25_000, 0],
    ['so does a gap before the commit that would put him out', [0, 9000], 25_000, 0],
  ])('%s', async (_words, commits, endMs, expected) => {
    const licence = await asked();
    const rollCall = new RollCall();
    for (const ms of commits) rollCall.answered(done(licence), at(ms), at(ms + 50), T_MS / 1000);
    const out = rollCall.unanswered({ licence, policy }, { since: at(endMs), now: at(endMs) }, () => 9e9);
    expect(out).toHaveLength(expected);
  });

  test('a slow commit of its own, or one that failed, begins it anew', async () => {
    const licence = await asked();
    for (const disturb of [
      (one: RollCall) => one.answered(done(licence), at(9000), at(19_500), T_MS / 1000),
      (one: RollCall) => one.failed(),
    ]) {
      const rollCall = new RollCall();
      for (const ms of [0, 9000]) rollCall.answered(done(licence), at(ms), at(ms + 50), T_MS / 1000);
      disturb(rollCall);
      rollCall.answered(done(licence), at(20_000), at(20_050), T_MS / 1000);
      expect(
        rollCall.unanswered({ licence, policy }, { since: at(25_000), now: at(25_000) }, () => 9e9),
      ).toEqual([]);
    }
  });

  test('a commit that is slow itself puts nobody out', async () => {
    const licence = await asked();
    const rollCall = new RollCall();
    for (const ms of [0, 9000, 18_000]) rollCall.answered(done(licence), at(ms), at(ms + 50), T_MS / 1000);
    expect(
      rollCall.unanswered({ licence, policy }, { since: at(21_000), now: at(32_000) }, () => 9e9),
    ).toEqual([]);
  });
});
