import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, expect, test } from 'vitest';
import { expectAllSeated, office } from '../client/office.js';
import { acme } from '../helpers/vendor.js';
import { Verifications } from '../helpers/verifications.js';

/** Signing costs a heartbeat nothing. All users of these offices are in one process. */

const T = 120_000;
const { createPublicKey } = crypto;
let verifications: Verifications | null = null;

afterEach(() => {
  verifications?.stop();
  crypto.createPublicKey = createPublicKey;
  syncBuiltinESMExports();
});

test('openings, claims, polls, beats, refusals and removals of a day at work verify the licence once', async () => {
  verifications = new Verifications();
  const opening = { publicKey: acme.pem };
  const { world, users, hosts } = await office({
    ...{ seed: 71, intervalMs: T, people: 3, modules: { M1: 3 }, vendor: acme, opening },
    latencyMs: () => 2,
  });
  const eve = await world.user(world.host('pc-eve'), 'eve', opening);
  expect((await eve.acquire('M1')).kind).toBe('full');
  const before = world.table().revision;
  await world.advance(20 * T);
  expect(world.table().revision - before).toBeGreaterThan(50);
  expectAllSeated({ world, users, hosts });
  await users[0]?.leave();
  await eve.sit('M1');
  expect(verifications.count).toBe(1);
});

test('without a public key nothing is verified, and no key is made', async () => {
  verifications = new Verifications();
  let keys = 0;
  crypto.createPublicKey = new Proxy(createPublicKey, {
    apply: (target, self, args) => {
      keys++;
      return Reflect.apply(target, self, args);
    },
  });
  syncBuiltinESMExports();
  const { world, users, hosts } = await office({ seed: 72, intervalMs: T, people: 2, vendor: acme });
  const made = keys; // by the vendor of the test, to sign
  await world.advance(3 * T);
  expectAllSeated({ world, users, hosts });
  expect([verifications.count, keys]).toEqual([0, made]);
});
