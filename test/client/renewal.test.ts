import { describe, expect, test } from 'vitest';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import { sign } from '../../src/licence/signature.js';
import { formatLicence } from '../../src/licence/text.js';
import { EPOCH_MS } from '../../src/testing/timeline.js';
import type { Download } from '../../src/vendor/download.js';
import { acme, other, type TestVendor } from '../helpers/vendor.js';
import { FACE, type User, World } from '../helpers/world.js';
import { toldOf } from './office.js';

/** A licence that keeps itself up to date, in an office of simulated time; see test/vendor for the real requests. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** An hour: a poll in 450 s. */
const T = HOUR_MS;
const FROM = 'https://licences.acme.example/{key}?of={id}';

/** The vendor's address: what it answers now, and what it was asked. */
class Address {
  answer: (() => string) | null = null;
  readonly asked: string[] = [];
  readonly posted: string[] = [];
  /** How long an answer takes. Milliseconds. */
  slowMs = 0;

  download =
    (world: () => World): Download =>
    async (address, { post }) => {
      this.asked.push(address);
      if (post !== undefined) this.posted.push(post);
      await world().timeline.wait(this.slowMs);
      if (this.answer === null) throw new SeatfileFault('RENEWAL_FAILED', 'the address is down');
      return Buffer.from(post === undefined ? this.answer() : '');
    };
}

interface Setting {
  readonly world: World;
  readonly address: Address;
  /** One on each computer, seated. */
  readonly users: readonly User[];
  /** A licence file as the vendor would send it now. */
  readonly issued: (changes?: Partial<Entitlement>, vendor?: TestVendor) => string;
}

interface Terms {
  readonly people?: number;
  readonly granted?: Partial<Entitlement>;
  readonly level?: 'light';
  readonly isOnline?: (host: string) => boolean;
  readonly publicKey?: string;
}

async function setting(terms: Terms = {}): Promise<Setting> {
  const { people = 3, granted, level, isOnline = () => true } = terms;
  const address = new Address();
  const renewal = { from: FROM, everyHours: 24, graceDays: 10, ...granted?.renewal };
  const offline: Download = () => Promise.reject(new SeatfileFault('RENEWAL_FAILED', 'there is no way out'));
  const world: World = new World({
    ...{ modules: { M1: people + 1 }, checkIntervalSeconds: T / 1000, vendor: acme },
    ...(level && { level }),
    granted: { ...granted, renewal },
    download: (host) => (isOnline(host) ? address.download(() => world) : offline),
  });
  const issued: Setting['issued'] = (changes = {}, vendor = acme) => {
    const now = JSON.parse(world.table().entitlement.payload) as Entitlement;
    const issuedAt = new Date(EPOCH_MS + world.nowMs).toISOString();
    const payload = JSON.stringify({ ...now, issuedAt, ...changes });
    return formatLicence(
      { ...world.table(), entitlement: sign(payload, vendor.privateKey), instances: [] },
      'compact',
    );
  };
  const users: User[] = [];
  const { publicKey = acme.pem } = terms;
  for (let n = 0; n < people; n++)
    users.push(await world.user(world.host(`pc-${n}`), `user${n}`, publicKey === '' ? {} : { publicKey }));
  return { world, address, users, issued };
}

const sit = async ({ users }: Setting): Promise<void> => {
  for (const user of users) await user.sit('M1');
};
const warnings = (world: World): string[] =>
  toldOf(world, 'warning')
    .map(({ detail }) => detail as { code: string; message: string })
    .filter(({ code }) => code === 'RENEWAL')
    .map(({ message }) => message);
const grantedNow = (world: World) => JSON.parse(world.table().entitlement.payload) as Entitlement;

test('one instance of all fetches it when it is due, and every one follows without the loss of a seat', async () => {
  const at = await setting();
  const { world, address, users, issued } = at;
  address.answer = () => issued({ modules: [{ module: 'M1', maxUsers: 9 }], customer: 'Acme & Sons' });
  await sit(at);
  await world.advance(2 * T);
  expect(address.asked).toEqual(['https://licences.acme.example/acme-1?of=acme-1']);
  expect(grantedNow(world)).toMatchObject({ customer: 'Acme & Sons' });
  await world.advance(21 * HOUR_MS);
  expect(address.asked).toHaveLength(1);
  await world.advance(4 * HOUR_MS);
  expect(address.asked).toHaveLength(2);
  expect(users.map((user) => user.seats.map((seat) => seat.valid))).toEqual(users.map(() => [true]));
  expect(toldOf(world, 'lost')).toEqual([]);
  expect(warnings(world)).toEqual([]);
});

test('computers without a way out profit from the one that has it', async () => {
  const at = await setting({ people: 6, isOnline: (host) => host === 'pc-5' });
  const { world, address, issued } = at;
  address.answer = () => issued({ customer: 'renewed' });
  await sit(at);
  await world.until(() => grantedNow(world).customer === 'renewed', 3 * HOUR_MS, 60_000);
  expect(address.asked).toHaveLength(1);
  expect(world.table().renewal).toEqual({ checkedAt: expect.any(String) });
});

test('one that belongs elsewhere is not installed: the renewal has failed, and new users still get in', async () => {
  const at = await setting({ people: 2 });
  const { world, address, issued } = at;
  address.answer = () => issued({ customer: 'moved', binding: { paths: ['//other/share'] } });
  await sit(at);
  await world.advance(2 * T);
  expect(address.asked.length).toBeGreaterThan(0);
  expect(grantedNow(world).customer).not.toBe('moved');
  expect(world.table().renewal).toMatchObject({
    why: expect.stringContaining('this licence belongs to //other/share'),
  });
  const eve = await world.user(world.host('pc-eve'), 'eve', { publicKey: acme.pem });
  expect((await eve.acquire('M1')).kind).toBe('seated');
  address.answer = () => issued({ customer: 'here', binding: { paths: [FACE] } });
  await world.advance(3 * HOUR_MS);
  expect(grantedNow(world).customer).toBe('here');
});

test('no seat and no beat waits for a slow address, and the next instance takes over from one that dies', async () => {
  const at = await setting();
  const { world, address, users, issued } = at;
  address.answer = () => issued({ customer: 'renewed' });
  address.slowMs = 10 * HOUR_MS;
  await sit(at);
  await world.until(() => address.asked.length === 1, 2 * T);
  const by = world.table().renewal?.['by'];
  const renewer = users.find((user) =>
    world.table().instances.some(({ id, user: name }) => id === by && name === user.name),
  );
  address.slowMs = 0;
  renewer?.kill();
  await world.until(() => grantedNow(world).customer === 'renewed', 2 * HOUR_MS, 60_000);
  expect(toldOf(world, 'jeopardy')).toEqual([]);
});

describe('a failure', () => {
  test('warns each instance once, and work goes on; the grace closes the licence to new users only', async () => {
    const at = await setting();
    const { world, users } = at;
    await sit(at);
    await world.advance(DAY_MS);
    expect(warnings(world)).toHaveLength(3);
    expect(warnings(world)[0]).toMatch(
      /could not be renewed since .* \(the address is down\); work goes on until/,
    );
    await users[0]?.leave();
    await world.advance(10 * DAY_MS);
    const eve = await world.user(world.host('pc-eve'), 'eve', { publicKey: acme.pem });
    await expect(eve.acquire('M1')).rejects.toMatchObject({
      code: 'LICENCE_NOT_RENEWED',
      message: expect.stringMatching(
        /\(the address is down\).*no new user is seated, held seats stay; run seatfile renew/,
      ),
    });
    expect(users.slice(1).map((user) => user.seats[0]?.valid)).toEqual([true, true]);
    expect(toldOf(world, 'lost')).toEqual([]);
    expect(warnings(world).filter((one) => one.includes('no new user is seated any more'))).toHaveLength(3);
  });

  test('is over with the first success: a claim that is refused waits for the renewal that goes on', async () => {
    const at = await setting({ people: 1 });
    const { world, address, users, issued } = at;
    await sit(at);
    await world.advance(T);
    await users[0]?.leave();
    await world.advance(20 * DAY_MS); // no user is at work
    address.answer = () => issued();
    const eve = await world.user(world.host('pc-eve'), 'eve', { publicKey: acme.pem });
    expect((await eve.acquire('M1')).kind).toBe('seated');
    expect(world.table().renewal).not.toHaveProperty('why');
  });

  test('a licence that has expired while no user was at work is renewed by the first claim', async () => {
    const expiresAt = new Date(EPOCH_MS + 2 * DAY_MS).toISOString();
    const at = await setting({ people: 1, granted: { expiresAt } });
    const { world, address, users, issued } = at;
    address.answer = () => issued({ expiresAt });
    await sit(at);
    await world.advance(T);
    await users[0]?.leave();
    await world.advance(2 * DAY_MS);
    address.answer = () => issued({ expiresAt: new Date(EPOCH_MS + 9 * DAY_MS).toISOString() });
    const eve = await world.user(world.host('pc-eve'), 'eve', { publicKey: acme.pem });
    expect((await eve.acquire('M1')).kind).toBe('seated');
  });

  test.each<[string, (at: Setting) => string, RegExp]>([
    ['garbage', () => '<html>not found</html>', /found something else, or a damaged one$/],
    ['nothing', () => '', /found something else, or a damaged one$/],
    ['a document that is none', () => '{"password":"secret"}', /found something else, or a damaged one$/],
    [
      'one that is nearly one',
      ({ issued }) => issued().replace(/"alg":"[^"]*"/, '"alg":"secret"'),
      /found something else, or a damaged one$/,
    ],
    ['an older licence', ({ issued }) => issued({ issuedAt: '2020-01-01T00:00:00Z' }), /it was issued 2020/],
    ['a foreign licence', ({ issued }) => issued({ licenceId: 'other' }), /it is licence "other"/],
    [
      'a licence of another vendor',
      ({ issued }) => issued({}, other),
      /expected a licence signed with the key/,
    ],
    [
      'a larger one that nobody signed',
      ({ issued }) => issued().replace('maxUsers\\":', 'maxUsers\\":9'),
      /changed after it was signed/,
    ],
  ])('%s is not installed', async (_, answer, why) => {
    const at = await setting({ people: 1 });
    at.address.answer = () => answer(at);
    const { world } = at;
    const before = world.table().entitlement;
    await sit(at);
    await world.advance(2 * T);
    expect(world.table().entitlement).toEqual(before);
    expect(world.table().renewal?.['why']).toMatch(why);
    expect(JSON.stringify(world.table())).not.toMatch(/html|secret/);
    expect(world.told.filter(({ event }) => event !== 'warning')).toEqual([]);
  });
});

test('Light instances do it too, although they write nothing else', async () => {
  const at = await setting({ level: 'light' });
  const { world, address, issued } = at;
  address.answer = () => issued({ customer: 'renewed' });
  await sit(at);
  await world.advance(HOUR_MS);
  expect(grantedNow(world).customer).toBe('renewed');
});

test('an instance without the public key leaves it alone', async () => {
  const at = await setting({ publicKey: '' });
  at.address.answer = () => at.issued();
  await sit(at);
  await at.world.advance(DAY_MS);
  expect(at.address.asked).toEqual([]);
});

test('from a path on the share, relative to the licence', async () => {
  const at = await setting({ granted: { renewal: { from: 'renewals/{id}.json', everyHours: 24 } } });
  const { world, address, issued } = at;
  world.server.makeDirectory('/share/renewals');
  world.server.writeNew(
    '/share/renewals/acme-1.json',
    issued({ customer: 'renewed', issuedAt: '2027-01-01T00:00:00Z' }),
    0o644,
  );
  await sit(at);
  await world.advance(2 * T);
  expect(grantedNow(world).customer).toBe('renewed');
  expect(address.asked).toEqual([]);
  expect(world.server.isThere(FACE)).toBe(true);
});

describe('counts', () => {
  test('are told only where the licence asks for it', async () => {
    const at = await setting();
    at.address.answer = () => at.issued();
    await sit(at);
    await at.world.advance(2 * T);
    expect(at.address.posted).toEqual([]);
  });

  test('and hold no name', async () => {
    const at = await setting({ granted: { renewal: { from: FROM, everyHours: 24, report: true } } });
    at.address.answer = () => at.issued();
    await sit(at);
    await at.world.advance(2 * T);
    expect(at.address.posted).toHaveLength(1);
    const [text = ''] = at.address.posted;
    expect(JSON.parse(text)).toMatchObject({ licence: 'acme-1', days: [{ module: 'M1', maxUsers: 4 }] });
    expect(text).not.toMatch(/user\d|pc-/);
  });

  test('are told after a renewal that was answered, and not after one that failed', async () => {
    const at = await setting({
      people: 1,
      granted: { renewal: { from: FROM, everyHours: 24, report: true } },
    });
    at.address.answer = () => 'no licence';
    await sit(at);
    await at.world.advance(3 * T);
    expect(at.world.table().renewal).toHaveProperty('why');
    expect(at.address.asked.length).toBeGreaterThan(0);
    expect(at.address.posted).toEqual([]);
    at.address.answer = () => at.issued();
    await at.world.advance(2 * T);
    expect(at.address.posted).toHaveLength(1);
  });

  test('that cannot be told are no failure', async () => {
    const at = await setting({ granted: { renewal: { from: FROM, everyHours: 24, report: true } } });
    const { world, address, issued } = at;
    let calls = 0;
    address.answer = () => {
      if (++calls > 1) throw new SeatfileFault('RENEWAL_FAILED', 'no reports here');
      return issued();
    };
    await sit(at);
    await world.advance(2 * T);
    expect(warnings(world)).toEqual([]);
  });
});
