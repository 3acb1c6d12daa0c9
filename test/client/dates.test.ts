import { expect, test } from 'vitest';
import { EPOCH_MS } from '../../src/testing/timeline.js';
import { acme } from '../helpers/vendor.js';
import { World } from '../helpers/world.js';
import { toldOf } from './office.js';

/** The first and the last day of a licence are those of the file server's clock. */

const DAY = 86_400_000;
const at = (ms: number): string => new Date(EPOCH_MS + ms).toISOString();
const dated = (dates: { notBefore?: string; expiresAt?: string }) =>
  new World({ modules: { M1: 2 }, vendor: acme, checkIntervalSeconds: 120, ...dates });

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
  const world = dated({ expiresAt: at(2 * DAY) });
  const behind = world.host('pc-behind', { wallOffsetMs: -300 * DAY });
  const ahead = world.host('pc-ahead', { wallOffsetMs: 300 * DAY });
  const users = [await world.user(behind, 'ada'), await world.user(ahead, 'bob')];
  for (const user of users) await user.sit('M1');
  await world.advance(2 * DAY - 600_000);
  expect(toldOf(world, 'lost')).toEqual([]);
  await world.advance(1_200_000);
  expect(toldOf(world, 'lost').map(({ detail }) => detail)).toMatchObject([
    { reason: 'expired' },
    { reason: 'expired' },
  ]);
  await expect(users[0]?.acquire('M1')).rejects.toMatchObject({ code: 'LICENCE_EXPIRED' });
});
