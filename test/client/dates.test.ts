import { expect, test } from 'vitest';
import { EPOCH_MS } from '../../src/testing/timeline.js';
import { acme } from '../helpers/vendor.js';
import { World } from '../helpers/world.js';
import { toldOf } from './office.js';

/** The first and the last day of a licence are those of the file server's clock. */

const DAY = 86_400_000;
const at = (ms: number): string => new Date(EPOCH_MS + ms).toISOString();
const dated = (dates: { notBefore?: string; expiresAt?: string }, checkIntervalSeconds = 120) =>
  new World({ modules: { M1: 2 }, vendor: acme, checkIntervalSeconds, ...dates });

test('before its first day no seat is granted, whatever the clock of the client says', async () => {
  const world = dated({ notBefore: at(2 * DAY) });
  const ahead = world.host('pc-ahead', { wallOffsetMs: 300 * DAY });
  const ada = await world.user(ahead, 'ada', { publicKey: acme.pem });
  await expect(ada.acquire('M1')).rejects.toMatchObject({
    code: 'LICENCE_NOT_YET',
    message: expect.stringMatching(/valid from .* on, and the file server's clock says/),
  });
  expect(world.inUse('M1')).toBe(0);
  await world.advance(2 * DAY);
  expect((await ada.acquire('M1')).kind).toBe('seated');
});

test('a server that is set back takes no seat away, and gives none', async () => {
  const world = dated({ notBefore: at(-DAY) });
  const ada = await world.user(world.host('pc-1'), 'ada', { publicKey: acme.pem });
  const seat = await ada.sit('M1');
  world.server.wallOffsetMs = -10 * DAY;
  await world.advance(600_000);
  expect([seat.valid, toldOf(world, 'lost')]).toEqual([true, []]);
  const bob = await world.user(world.host('pc-2'), 'bob', { publicKey: acme.pem });
  await expect(bob.acquire('M1')).rejects.toMatchObject({ code: 'LICENCE_NOT_YET' });
});

test('at its last day seats end by the clock of the server, not by that of the client', async () => {
  const world = dated({ expiresAt: at(2 * DAY) }, 3600);
  const behind = world.host('pc-behind', { wallOffsetMs: -300 * DAY });
  const ahead = world.host('pc-ahead', { wallOffsetMs: 300 * DAY });
  const users = [await world.user(behind, 'ada'), await world.user(ahead, 'bob')];
  for (const user of users) await user.sit('M1');
  await world.advance(2 * DAY - 7_200_000);
  expect(toldOf(world, 'lost')).toEqual([]);
  await world.advance(14_400_000);
  expect(toldOf(world, 'lost').map(({ detail }) => detail)).toMatchObject([
    { reason: 'expired' },
    { reason: 'expired' },
  ]);
  await expect(users[0]?.acquire('M1')).rejects.toMatchObject({ code: 'LICENCE_EXPIRED' });
});

test('the end of a licence is told to each seat once, in the days before it, by the clock of the server', async () => {
  const expiresAt = at(20 * DAY);
  const world = dated({ expiresAt }, 6 * 3600);
  const ada = await world.user(world.host('pc-1', { wallOffsetMs: 300 * DAY }), 'ada');
  const told: unknown[] = [];
  const listening = async () => (await ada.sit('M1')).on('expiring', (ending) => told.push(ending));
  await listening();
  await world.advance(6 * DAY - 3_600_000);
  expect(told).toEqual([]);
  await world.advance(8 * 3_600_000);
  expect(told).toEqual([{ expiresAt, remainingMs: expect.any(Number) }]);
  const [{ remainingMs }] = told as [{ remainingMs: number }];
  expect(remainingMs).toBeLessThanOrEqual(14 * DAY);
  expect(remainingMs).toBeGreaterThan(14 * DAY - 6 * 3_600_000);
  await world.advance(3 * DAY);
  expect(told).toHaveLength(1);
  await listening(); // another handle, whose listener knows nothing yet
  await world.advance(600_000);
  expect(told).toHaveLength(2);
});

test('Light, which hardly writes, is told of the end at its claim', async () => {
  const world = new World({ modules: { M1: 2 }, level: 'light', expiresAt: at(3 * DAY) });
  const ada = await world.user(world.host('pc-1'), 'ada');
  const told: unknown[] = [];
  (await ada.sit('M1')).on('expiring', (ending) => told.push(ending));
  await world.advance(DAY);
  expect(told).toEqual([{ expiresAt: at(3 * DAY), remainingMs: expect.any(Number) }]);
});
