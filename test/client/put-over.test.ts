import { describe, expect, test } from 'vitest';
import type { OpenOptions } from '../../src/api.js';
import { openStore } from '../../src/client/open-store.js';
import type { Licence, SealedEntitlement } from '../../src/licence/document.js';
import { type Entitlement, entitlementHash, sealUnsigned } from '../../src/licence/entitlement.js';
import { type ChangeContext, firstLicence } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import { EPOCH_MS } from '../../src/testing/timeline.js';
import { codeOf } from '../helpers/table.js';
import { acme, signedBy } from '../helpers/vendor.js';
import { FACE, World } from '../helpers/world.js';
import { toldOf } from './office.js';

/** A new licence file over one that gives no seat, where no user is at work: the next claim puts it in force. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (ms: number): string => new Date(EPOCH_MS + ms).toISOString();
const withKey = { publicKey: acme.pem };
const ADOPTED = `${FACE} was replaced by a new one, which is in force now`;

const document = (entitlement: SealedEntitlement, lineage: string, rest: Partial<Licence> = {}): string =>
  formatLicence({ ...firstLicence(entitlement, {}, { lineage, commit: `${lineage}-0` }), ...rest }, 'pretty');

/** An office whose licence grants one seat of M1, and what else is given. */
function officeOf(changes: Partial<Entitlement>, rest: Partial<Licence> = {}): World {
  const world = new World({ modules: { M1: 1 } });
  const installed = signedBy(acme, { issuedAt: at(0), ...changes });
  world.server.scribble(FACE, document(installed, 'table', rest));
  return world;
}

/** Issued an hour later, with 20 seats of M1 and of M2. */
const issued = (changes: Partial<Entitlement> = {}): Entitlement => ({
  ...{ licenceId: 'acme', issuedAt: at(HOUR) },
  modules: ['M1', 'M2'].map((module) => ({ module, maxUsers: 20 })),
  ...changes,
});
const putOver = (world: World, entitlement = signedBy(acme, issued())): void =>
  world.server.scribble(FACE, document(entitlement, 'issued'));

/** A user has worked, and left: the folder of revisions is there. */
async function visit(world: World, opening: OpenOptions = withKey): Promise<void> {
  const ada = await world.user(world.host('pc-ada'), 'ada', opening);
  await ada.acquire('M1').catch(() => undefined);
  await ada.leave();
}

const warnings = (world: World): string[] =>
  toldOf(world, 'warning').map(({ detail }) => (detail as { message: string }).message);

/** When the vendor's address was first tried in vain. */
const tried = { sinceAt: at(0), triedAt: at(0), why: 'the address is down', failed: ['pc-ada'] };
const renewal = { from: 'https://licences.acme.example', everyHours: 24, graceDays: 10 };

interface Refusal {
  readonly world: () => World;
  readonly afterMs: number;
  /** @default M1 */
  readonly module?: string;
}

const refusals: Readonly<Record<string, Refusal>> = {
  LICENCE_EXPIRED: { world: () => officeOf({ expiresAt: at(2 * DAY) }), afterMs: 3 * DAY },
  LICENCE_NOT_YET: { world: () => officeOf({ notBefore: at(9 * DAY) }), afterMs: DAY },
  LICENCE_NOT_RENEWED: { world: () => officeOf({ renewal }, { renewal: tried }), afterMs: 11 * DAY },
  UNKNOWN_MODULE: { world: () => officeOf({}), afterMs: DAY, module: 'M2' },
};

describe.each(Object.entries(refusals))('after %s', (code, { world: begin, afterMs, module = 'M1' }) => {
  const refused = async () => {
    const world = begin();
    await visit(world);
    await world.advance(afterMs);
    const bob = await world.user(world.host('pc-bob'), 'bob', withKey);
    expect(await codeOf(bob.acquire(module))).toBe(code);
    return { world, bob };
  };

  test('the next claim of an open process is seated by it, and the process tells why', async () => {
    const { world, bob } = await refused();
    putOver(world);
    expect((await bob.acquire(module)).kind).toBe('seated');
    expect(world.table().entitlement).toEqual(signedBy(acme, issued()));
    expect(warnings(world)).toContain(ADOPTED);
  });

  test('so is a claim that waits', async () => {
    const { world } = await refused();
    putOver(world);
    const eve = await world.user(world.host('pc-eve'), 'eve', withKey);
    expect((await eve.acquire(module, { wait: 5000 })).kind).toBe('seated');
  });
});

test('a full licence takes the place of an evaluation that has ended', async () => {
  const world = officeOf({ licenceId: 'try', evaluation: true, expiresAt: at(2 * DAY) });
  await visit(world);
  await world.advance(3 * DAY);
  putOver(world, signedBy(acme, issued({ licenceId: 'bought', supersedes: ['try'] })));
  const bob = await world.user(world.host('pc-bob'), 'bob', withKey);
  expect((await bob.acquire('M1')).kind).toBe('seated');
});

test('an unsigned one over an unsigned licence that has ended is in force with the next claim, too', async () => {
  const world = new World({ modules: { M1: 1 }, expiresAt: at(2 * DAY) });
  await visit(world, {});
  await world.advance(3 * DAY);
  putOver(world, sealUnsigned(issued({ licenceId: 'acme-1' })));
  const bob = await world.user(world.host('pc-bob'), 'bob');
  expect((await bob.acquire('M1')).kind).toBe('seated');
});

describe('one that is bound to this place, over one that is bound to another', () => {
  const boundTo = (path: string, atMs: number) =>
    signedBy(acme, issued({ issuedAt: at(atMs), binding: { paths: [path] } }));

  /** As `install` does where the file server got a new name afterwards. */
  const misplaced = async () => {
    const world = officeOf({});
    const bob = await world.user(world.host('pc-bob'), 'bob', withKey);
    const { store } = await world.run(openStore(FACE, bob.system()));
    const bind = ({ licence }: ChangeContext) => ({
      answer: null,
      draft: {
        licence: {
          ...licence,
          entitlement: boundTo('/elsewhere', HOUR),
          formerEntitlements: [entitlementHash(licence.entitlement)],
        },
        events: [],
      },
    });
    await world.run(store.commit(bind, { untilMs: bob.clock.elapsedMs() + 30_000 }));
    return { world, bob };
  };

  test('for the claim of a process that is open', async () => {
    const { world, bob } = await misplaced();
    expect(await codeOf(bob.acquire('M1'))).toBe('LICENCE_ELSEWHERE');
    putOver(world, boundTo(FACE, 2 * HOUR));
    await world.advance(DAY);
    expect((await bob.acquire('M1')).kind).toBe('seated');
  });

  test('at the opening', async () => {
    const { world } = await misplaced();
    const opening = () => world.user(world.host('pc-eve'), 'eve', withKey);
    expect(await codeOf(opening())).toBe('LICENCE_ELSEWHERE');
    putOver(world, boundTo('/elsewhere/too', 2 * HOUR));
    expect(await codeOf(opening())).toBe('LICENCE_ELSEWHERE');
    await world.advance(DAY);
    putOver(world, boundTo(FACE, 3 * HOUR));
    expect((await (await opening()).acquire('M1')).kind).toBe('seated');
  });
});

describe('full', () => {
  /** The only seat is held by a process that has no key, and so cannot judge what is put over `licence.json`. */
  const full = async () => {
    const world = officeOf({});
    const ada = await world.user(world.host('pc-ada'), 'ada');
    await ada.sit('M1');
    await world.advance(10_000);
    const bob = await world.user(world.host('pc-bob'), 'bob', withKey);
    expect((await bob.acquire('M1')).kind).toBe('full');
    return { world, ada, bob };
  };

  test('more seats put over it are there for the claim that finds no free one', async () => {
    const { world, bob } = await full();
    putOver(world);
    expect((await bob.acquire('M1')).kind).toBe('seated');
    expect(world.inUse('M1')).toBe(2);
  });

  test('a refused claim leaves a display copy that is in order as it is', async () => {
    const { world, bob } = await full();
    await world.advance(10_000);
    const { revision } = world.table();
    const shown = world.server.readText(FACE);
    expect((await bob.acquire('M1')).kind).toBe('full');
    expect([world.server.readText(FACE), warnings(world)]).toEqual([shown, []]);
    expect(world.table().revision).toBeLessThanOrEqual(revision + 1);
  });
});

describe('what is not put in force helps no claim, and is told', () => {
  const ended = async () => {
    const world = officeOf({ expiresAt: at(2 * DAY) });
    await visit(world);
    await world.advance(3 * DAY);
    return world;
  };

  test('a signed one, by a process without a key', async () => {
    const world = await ended();
    putOver(world);
    const text = world.server.readText(FACE);
    const bob = await world.user(world.host('pc-bob'), 'bob');
    expect(await codeOf(bob.acquire('M1'))).toBe('LICENCE_EXPIRED');
    expect(warnings(world)).toEqual([expect.stringContaining('seatfile install')]);
    expect(world.server.readText(FACE)).toBe(text);
  });

  test('one of another licence, which is kept beside it', async () => {
    const world = await ended();
    putOver(world, signedBy(acme, issued({ licenceId: 'other' })));
    const bob = await world.user(world.host('pc-bob'), 'bob', withKey);
    expect(await codeOf(bob.acquire('M1'))).toBe('LICENCE_EXPIRED');
    expect(warnings(world)).toEqual([expect.stringContaining('is refused')]);
    expect(world.server.isThere(`${FACE}.refused`)).toBe(true);
  });
});
