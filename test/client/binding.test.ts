import { expect, test } from 'vitest';
import { openStore } from '../../src/client/open-store.js';
import type { SealedEntitlement } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import { codeOf } from '../helpers/table.js';
import { acme, granted, signedBy } from '../helpers/vendor.js';
import { FACE, type User, World } from '../helpers/world.js';

/** A licence that is bound to a place gives seats there only: at opening, and at every claim after that. */

const HERE = ['\\\\fileserver\\acme', FACE];
const ELSEWHERE = ['\\\\fileserver\\acme\\licence.json'];

/** A licence in a directory of its own; returns its path. */
function put(world: World, directory: string, entitlement: SealedEntitlement): string {
  const path = `${directory}/licence.json`;
  const licence = firstLicence(entitlement, {}, { lineage: 'b0', commit: 'c0' });
  world.server.makeDirectory(directory);
  world.server.writeNew(path, formatLicence(licence, 'pretty'), 0o664);
  return path;
}

/** What `install` does to the table. */
async function swap(world: World, user: User, paths: readonly string[]): Promise<void> {
  const { store } = await world.run(openStore(FACE, user.system()));
  const entitlement = sealUnsigned(granted({ binding: { paths } }));
  await world.run(
    store.commit(
      ({ licence }) => ({ answer: null, draft: { licence: { ...licence, entitlement }, events: [] } }),
      { untilMs: user.clock.elapsedMs() + 30_000 },
    ),
  );
}

test.each([
  ['unsigned', (paths: string[]) => sealUnsigned(granted({ binding: { paths } }))],
  ['signed', (paths: string[]) => signedBy(acme, { binding: { paths } })],
])('%s: it opens where it belongs, and a copy does not', async (_, sealed) => {
  const world = new World({ modules: { M1: 1 } });
  const entitlement = sealed(['//fileserver/acme', '/place/']);
  const [own, copy] = [put(world, '/place', entitlement), put(world, '/copy', entitlement)];
  const user = world.host('pc').enter('ada');
  await world.run(user.open({}, own));
  expect((await user.acquire('M1')).kind).toBe('seated');

  const other = world.host('other').enter('bob');
  const refused = world.run(other.open({}, copy));
  expect(await codeOf(refused)).toBe('LICENCE_ELSEWHERE');
  await expect(refused).rejects.toThrow(
    '/copy/licence.json: this licence belongs to //fileserver/acme or /place/, and was opened at /copy/licence.json',
  );
  expect(world.server.isThere(`${copy}.revisions`)).toBe(false);
});

test('a later entitlement that is bound elsewhere gives no new seat; a seat that is held stays', async () => {
  const world = new World({ modules: { M1: 2, M2: 1 }, checkIntervalSeconds: 80 });
  const ada = await world.user(world.host('pc'), 'ada');
  const seat = await ada.sit('M1');
  const bob = await world.user(world.host('pc-2'), 'bob');
  await swap(world, ada, ELSEWHERE);
  const refused = bob.acquire('M1');
  expect(await codeOf(refused)).toBe('LICENCE_ELSEWHERE');
  await expect(refused).rejects.toThrow(`${FACE}: this licence belongs to ${ELSEWHERE[0]}`);
  expect(await codeOf(bob.acquire('M1'))).toBe('LICENCE_ELSEWHERE');
  await world.advance(300_000);
  expect(seat.valid).toBe(true);
});

test('a later entitlement that is bound to this place goes on giving seats', async () => {
  const world = new World({ modules: { M1: 2 }, checkIntervalSeconds: 80 });
  const bob = await world.user(world.host('pc-2'), 'bob');
  await swap(world, bob, HERE);
  expect((await bob.acquire('M1')).kind).toBe('seated');
  expect((await bob.acquire('M1')).kind).toBe('seated');
});
