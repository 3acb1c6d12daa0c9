import { describe, expect, test } from 'vitest';
import type { OpenLicence } from '../../src/api.js';
import { openAny } from '../../src/client/several-licences.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import { FACE, World } from '../helpers/world.js';

/** What a licence grants, and when an application hears that the table is otherwise. */

const T_SECONDS = 80;
/** A poll of a holder, and of an idle listener: T/8. */
const POLL_MS = 10_000;

const office = (modules: Record<string, number> = { CAD: 2, CAM: 1 }) =>
  new World({ modules, checkIntervalSeconds: T_SECONDS, expiresAt: '2030-01-01T00:00:00.000Z' });

/** Counts the changes that a licence tells of. */
function counted(licence: Pick<OpenLicence, 'on'>): () => number {
  let changes = 0;
  licence.on('changed', (...nothing) => {
    expect(nothing).toEqual([]);
    changes++;
  });
  return () => {
    const told = changes;
    changes = 0;
    return told;
  };
}

/** An administrator's commit. */
async function change(world: World, act: (admin: Awaited<ReturnType<World['user']>>) => Promise<unknown>) {
  const admin = await world.user(world.host(`pc-${world.hosts.length}`), 'admin');
  await act(admin);
}

describe('what the licence grants', () => {
  test('is there from the opening on', async () => {
    const world = office();
    const { licence } = await world.user(world.host('pc-1'), 'ada');
    expect(licence.customer).toBe('Acme');
    expect(licence.licenceId).toBe('acme-1');
    expect(licence.expiresAt).toBe('2030-01-01T00:00:00.000Z');
    expect(licence.modules).toEqual(['CAD', 'CAM']);
    expect([licence.maxUsers('CAD'), licence.maxUsers('CAM')]).toEqual([2, 1]);
    expect(() => licence.maxUsers('CADD')).toThrow(SeatfileFault);
    expect(() => licence.maxUsers('CADD')).toThrow(expect.objectContaining({ code: 'UNKNOWN_MODULE' }));
    expect(() => licence.maxUsers(3 as unknown as string)).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT' }),
    );
  });

  test('of several licences: the sum of those that are open; customer and end of the first', async () => {
    const world = office();
    world.server.makeDirectory('/other');
    world.server.writeNew('/other/licence.json', world.server.readText(FACE), 0o664);
    await world.user(world.host('pc-2'), 'bob').then((bob) => bob.sit('CAM'));
    const system = world.host('pc-1').enter('ada').system();
    const licence = await world.run(openAny([FACE, '/other/licence.json'], { releaseOnExit: false }, system));
    expect([licence.maxUsers('CAM'), licence.customer]).toEqual([1, 'Acme']);
    await world.run(licence.acquire('CAM'));
    expect([licence.maxUsers('CAM'), licence.maxUsers('CAD')]).toEqual([2, 4]);
    expect(() => licence.maxUsers('X')).toThrow(expect.objectContaining({ code: 'UNKNOWN_MODULE' }));
    expect(JSON.parse(JSON.stringify(licence))).toMatchObject({
      customer: 'Acme',
      seats: [{ module: 'CAM', user: 'ada' }],
    });
    await world.run(licence.close());
  });
});

describe('changed', () => {
  test('a holder hears at its next poll of a seat that is taken or given back, and of no heartbeat', async () => {
    const world = office();
    const ada = await world.user(world.host('pc-1'), 'ada');
    await ada.sit('CAD');
    const told = counted(ada.licence);
    const bob = await world.user(world.host('pc-2'), 'bob');
    const seat = await bob.sit('CAD');
    await world.advance(POLL_MS);
    expect(told()).toBe(1);
    await world.advance(3 * T_SECONDS * 1000);
    expect(told()).toBe(0);
    await world.run(seat.release());
    await world.advance(POLL_MS);
    expect(told()).toBe(1);
  });

  test('one change for each change of its own, and what is asked then is up to date', async () => {
    const world = office();
    const ada = await world.user(world.host('pc-1'), 'ada');
    const told = counted(ada.licence);
    const seat = await ada.sit('CAD');
    expect(told()).toBe(1);
    await world.run(seat.release());
    expect(told()).toBe(1);
  });

  test('a waiter in the queue, and another grant', async () => {
    const world = office({ CAD: 1 });
    const ada = await world.user(world.host('pc-1'), 'ada');
    await ada.sit('CAD');
    const told = counted(ada.licence);
    const bob = await world.user(world.host('pc-2'), 'bob');
    const patience = new AbortController();
    const waiting = bob.ask('CAD', { wait: 600_000, signal: patience.signal }).catch(() => null);
    await world.advance(POLL_MS);
    expect(told()).toBe(1);
    patience.abort();
    await world.run(waiting);
    await world.advance(POLL_MS);
    expect(told()).toBe(1);
  });

  test('an idle listener polls each T/8, and nothing is asked of the share without one', async () => {
    const world = office();
    const host = world.host('pc-1');
    let operations = 0;
    const counting = world.host('pc-3', {
      wrap: (files) => ({
        ...files,
        list: async (directory) => {
          operations++;
          return await files.list(directory);
        },
      }),
    });
    const ada = await world.user(counting, 'ada');
    await change(world, (admin) => admin.sit('CAD'));
    await world.advance(3000); // the place is looked at
    const opened = operations;
    await world.advance(20 * POLL_MS);
    expect(operations).toBe(opened);

    const told = counted(ada.licence);
    const bob = await world.user(host, 'bob');
    await bob.sit('CAM');
    await world.advance(POLL_MS);
    expect(told()).toBe(1); // both seats in one poll
    await world.advance(10 * POLL_MS);
    expect(told()).toBe(0);
    expect(operations - opened).toBe(11);

    ada.licence.removeAllListeners('changed');
    await world.advance(2 * POLL_MS);
    const then = operations;
    await world.advance(10 * POLL_MS);
    expect(operations).toBe(then);
  });

  test('a listener that comes back later is heard again, and a closed licence polls no more', async () => {
    const world = office();
    const ada = await world.user(world.host('pc-1'), 'ada');
    counted(ada.licence);
    await world.advance(POLL_MS);
    ada.licence.removeAllListeners();
    await world.advance(5 * POLL_MS);
    const told = counted(ada.licence);
    const bob = await world.user(world.host('pc-2'), 'bob');
    await bob.sit('CAM');
    await world.advance(POLL_MS);
    expect(told()).toBe(1);
    await world.run(ada.licence.close());
    await world.run(bob.licence.close());
    await world.advance(5 * POLL_MS);
    expect(told()).toBe(0);
  });

  test('trouble of the share is no news for an idle listener, and is over when the share is back', async () => {
    const world = office();
    const host = world.host('pc-1');
    const ada = await world.user(host, 'ada');
    const told = counted(ada.licence);
    host.cut();
    const bob = await world.user(world.host('pc-2'), 'bob');
    await bob.sit('CAM');
    await world.advance(5 * POLL_MS);
    expect([told(), world.told.length]).toEqual([0, 0]);
    host.mend();
    await world.advance(2 * POLL_MS);
    expect(told()).toBe(1);
  });

  test('of several licences: told by any of them, also of one that is opened later', async () => {
    const world = office();
    world.server.makeDirectory('/other');
    world.server.writeNew('/other/licence.json', world.server.readText(FACE), 0o664);
    const bob = await world.user(world.host('pc-2'), 'bob');
    await bob.sit('CAM');
    const system = world.host('pc-1').enter('ada').system();
    const licence = await world.run(openAny([FACE, '/other/licence.json'], { releaseOnExit: false }, system));
    const told = counted(licence);
    await world.run(licence.acquire('CAM')); // in the other one
    expect(told()).toBe(1);
    await world.run(bob.licence.close());
    await world.advance(POLL_MS);
    expect(told()).toBe(1);
    await world.run(licence.close());
  });
});
