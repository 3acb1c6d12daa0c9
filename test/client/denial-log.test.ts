import { expect, test } from 'vitest';
import type { Level, LicenceEvent } from '../../src/licence/document.js';
import { World } from '../helpers/world.js';
import { AdminSession } from '../stories/desk.js';

/** One seat, and Ada in it. Every revision is still there: nothing is cleared away within five minutes. */
async function office(level: Level = 'heartbeat') {
  const world = new World({ modules: { M1: 1, M2: 5 }, checkIntervalSeconds: 600, level, seed: 1 });
  const ada = await world.user(world.host('pc-1'), 'ada');
  await ada.sit('M1');
  const pc2 = world.host('pc-2');
  return { world, ada, pc2, bob: await world.user(pc2, 'bob') };
}

/** Everything that was recorded of refusals. */
function denied(world: World): LicenceEvent[] {
  const folder = '/share/licence.json.revisions';
  return world.server
    .list(folder)
    .filter((name) => /^\d{12}$/.test(name))
    .sort()
    .flatMap((name) => {
      const text = world.server.readText(`${folder}/${name}/licence.json`);
      return (JSON.parse(text) as { events: LicenceEvent[] }).events;
    })
    .filter(({ kind }) => kind === 'denied');
}

test.each(['heartbeat', 'light'] as const)('a refusal is answered, and then recorded: %s', async (level) => {
  const { world, bob } = await office(level);
  const { revision } = world.table();
  const answer = bob.ask('M1').then((claim) => ({ kind: claim.kind, revision: world.table().revision }));
  expect(await world.run(answer)).toEqual({ kind: 'full', revision });
  await world.advance(1000);
  expect(world.table().revision).toBe(revision + 1);
  expect(denied(world)).toMatchObject([
    { module: 'M1', user: 'bob', host: 'pc-2', reason: 'full', count: 1, final: true },
  ]);
  expect(world.table().instances.map(({ user }) => user)).toEqual(['ada']);
});

test('whoever asks again and again is recorded once a minute, with a count', async () => {
  const { world, bob } = await office();
  for (let n = 0; n < 5; n++) {
    await bob.acquire('M1');
    await world.advance(2000);
  }
  expect(denied(world).map(({ count }) => count)).toEqual([1]);
  await world.advance(60_000);
  expect(denied(world).map(({ count }) => count)).toEqual([1, 4]);
  await world.advance(300_000);
  expect(denied(world)).toHaveLength(2);
});

test('also when he asks as a new process each time, as long as nothing else happens', async () => {
  const { world, pc2 } = await office();
  for (let n = 0; n < 5; n++) {
    const bob = await world.user(pc2, 'bob');
    await bob.acquire('M1');
    await bob.leave();
  }
  expect(denied(world)).toHaveLength(1);
});

test('what was counted is recorded when he closes, and closing waits no longer than a moment', async () => {
  const { world, bob } = await office();
  await bob.acquire('M1');
  await world.advance(1000);
  await bob.acquire('M1');
  await world.advance(61_000 - 2000);
  await bob.acquire('M1');
  await bob.leave();
  expect(denied(world).reduce((sum, { count }) => sum + Number(count), 0)).toBe(2); // the others: within one minute
  const cyd = await world.user(world.host('pc-3'), 'cyd');
  await cyd.acquire('M1');
  world.unwritable('full');
  const before = world.nowMs;
  await cyd.leave();
  expect(world.nowMs - before).toBeLessThanOrEqual(3000);
});

test('a share that cannot be written loses the record, and nothing else', async () => {
  const { world, bob } = await office();
  const asked = bob.ask('M1').then((claim) => {
    world.unwritable('full');
    return claim.kind;
  });
  expect(await world.run(asked)).toBe('full');
  await world.advance(1000);
  world.unwritable(null);
  expect(denied(world)).toEqual([]);
  expect((await bob.acquire('M2')).kind).toBe('seated');
});

test('what a banned user is told, and what is recorded of it', async () => {
  const { world, bob } = await office();
  await new AdminSession(world).ban('BOB', 3_600_000, 'audit');
  const untilAt = new Date(Date.parse(world.table().committedAt ?? '') + 3_600_000).toISOString();
  const { revision } = world.table();
  const answer = bob.ask('M2').then((claim) => ({ claim, revision: world.table().revision }));
  expect(await world.run(answer)).toEqual({
    claim: { kind: 'refused', module: 'M2', reason: 'banned', untilAt, by: 'admin@desk', words: 'audit' },
    revision,
  });
  await world.advance(1000);
  expect(denied(world)).toMatchObject([
    { module: 'M2', user: 'bob', reason: 'banned', final: true, waitedMs: 0 },
  ]);
});

test('a wait ends when its user is banned; it is recorded twice: that it began, and how long it was', async () => {
  const { world, bob } = await office();
  const answer = bob.ask('M1', { wait: 3_600_000 });
  await world.advance(120_000);
  await new AdminSession(world).ban('bob', null, null);
  expect(world.table().waiting).toEqual([]);
  expect(await world.run(answer)).toMatchObject({
    kind: 'refused',
    module: 'M1',
    reason: 'banned',
    untilAt: null,
  });
  await world.advance(1000);
  expect(denied(world)).toMatchObject([
    { reason: 'full', final: false, waitedMs: 0, count: 1 },
    { reason: 'banned', final: true, count: 1 },
  ]);
  const waitedMs = Number(denied(world)[1]?.['waitedMs']);
  expect([waitedMs >= 120_000, waitedMs <= 126_000]).toEqual([true, true]);
});

test('where all free seats are kept for others the answer is "reserved", also after a wait', async () => {
  const { world, bob } = await office();
  const admin = new AdminSession(world);
  for (const user of ['u1', 'u2', 'u3', 'u4', 'u5']) await admin.reserve({ module: 'M2', user });
  const refused = { kind: 'refused', module: 'M2', reason: 'reserved', untilAt: null, by: null, words: null };
  expect(await bob.acquire('M2')).toEqual(refused);
  expect(await bob.acquire('M2', { wait: 30_000 })).toEqual(refused);
  await admin.liftReservation({ module: 'M2', user: 'u3' });
  expect(await bob.acquire('M2')).toMatchObject({ kind: 'seated' });
  await world.advance(60_000);
  expect(denied(world).map(({ reason, final, count }) => [reason, final, count])).toEqual([
    ['reserved', true, 1],
    ['reserved', true, 2],
  ]);
});

test('a waiter gets the first seat that falls free beyond those that are kept', async () => {
  const { world, ada, bob } = await office();
  const admin = new AdminSession(world);
  await admin.grant('M1', 2);
  await admin.reserve({ module: 'M1', user: 'eve' });
  const answer = bob.ask('M1', { wait: 3_600_000 });
  await world.advance(20_000);
  expect(world.table().waiting).toMatchObject([{ user: 'bob' }]);
  await ada.leave();
  expect(await world.run(answer)).toMatchObject({ kind: 'seated' });
});
