import { expect, test } from 'vitest';
import type { LicenceStatus } from '../../src/api.js';
import { openAny } from '../../src/client/several-licences.js';
import { readStatusWith } from '../../src/client/status-reader.js';
import type { ShareFiles } from '../../src/share/files.js';
import { callOf, portOf } from '../helpers/port.js';
import { FACE, FOLDER, World } from '../helpers/world.js';

/** The document of `status --json`, from code. */

/** Counts what the share is asked to change, and to make. */
function counting() {
  const asked: string[] = [];
  const wrap = (files: ShareFiles) => {
    const call = callOf(files);
    return portOf((operation, args) => {
      asked.push(`${operation} ${args[0]}`);
      return call(operation, args);
    });
  };
  return { asked, wrap };
}

async function ground() {
  const world = new World({ modules: { M1: 2 }, checkIntervalSeconds: 60 });
  const { asked, wrap } = counting();
  const ada = await world.user(world.host('pc-1', { wrap }), 'ada', { application: 'CAD', note: 'desk' });
  await ada.sit('M1');
  return { world, ada, asked };
}

const untimed = ({ shareTime: _, shareRoundTripMs: __, seats, ...rest }: LicenceStatus) => ({
  ...rest,
  seats: seats.map(({ lastBeatSecondsAgo: ___, ...seat }) => seat),
});

test('an open licence tells who is seated; without opening it is the same document', async () => {
  const { world, ada } = await ground();
  const bob = await world.user(world.host('pc-2'), 'bob');
  await bob.sit('M1');
  const cyd = await world.user(world.host('pc-3'), 'cyd');
  const waits = cyd.ask('M1', { wait: 3_600_000 });
  await world.advance(10_000);
  const opened = await world.run(ada.licence.status());
  const read = await world.run(readStatusWith(FACE, {}, world.host('pc-4').enter('eve').system()));
  expect(untimed(read)).toEqual(untimed(opened));
  expect(opened).toMatchObject({
    ...{ schemaVersion: 1, file: FACE, shareTimeFrom: 'server', displayCopy: 'ours' },
    licence: { level: 'heartbeat', checkIntervalSeconds: 60, signature: 'none' },
    modules: [{ module: 'M1', maxUsers: 2, inUse: 2, free: 0, waiting: 1 }],
    seats: [
      { user: 'ada', host: 'pc-1', application: 'CAD', note: 'desk', state: 'alive', isDead: false },
      { user: 'bob', host: 'pc-2', state: 'alive', freesAt: null },
    ],
    waiting: [{ place: 1, user: 'cyd', host: 'pc-3' }],
  });
  await world.run(bob.licence.close());
  await world.run(waits);
});

test('it takes no lock, and changes nothing but for one directory, made and removed', async () => {
  const { world, ada, asked } = await ground();
  await world.advance(10_000);
  const before = world.table();
  asked.splice(0);
  await world.run(ada.licence.status());
  const changes = asked.filter((one) => !/^(list|read|stat|resolve|volume) /.test(one));
  expect(changes.map((one) => one.replace(/stage-.*/, 'stage'))).toEqual([
    `makeDirectory ${FOLDER}/stage`,
    `setMode ${FOLDER}/stage`,
    `removeDirectory ${FOLDER}/stage`,
  ]);
  expect(world.table()).toEqual(before);
});

test('on a hung share it ends at its deadline, however often it is asked, and costs no heartbeat', async () => {
  const { world, ada, asked } = await ground();
  const [seat] = ada.seats;
  await world.advance(16_000); // its own polls are at 15 s and 22.5 s
  ada.host.cut('hangs');
  asked.splice(0);
  const fault = { code: 'SHARE_UNREACHABLE' };
  const both = [ada.licence.status({ timeoutMs: 2000 }), ada.licence.status({ timeoutMs: 3000 })];
  const told = both.map((one) => expect(one).rejects.toMatchObject(fault));
  await world.advance(4000);
  await Promise.all(told);
  expect(asked).toHaveLength(1); // the second has not begun
  ada.host.mend();
  await world.advance(120_000);
  expect(seat?.valid).toBe(true);
  expect((await world.run(ada.licence.status())).seats).toMatchObject([{ user: 'ada', state: 'alive' }]);
});

test('a heartbeat does not wait for a status that hangs', async () => {
  const world = new World({ modules: { M1: 2 }, checkIntervalSeconds: 60 });
  let isNextLost = false;
  const wrap = (files: ShareFiles) => {
    const call = callOf(files);
    return portOf((operation, args) => {
      if (!isNextLost) return call(operation, args);
      isNextLost = false;
      return new Promise(() => undefined);
    });
  };
  const ada = await world.user(world.host('pc-1', { wrap }), 'ada');
  const seat = await ada.sit('M1');
  const beatOf = () => world.table().instances[0]?.beat ?? 0;
  const first = beatOf();
  isNextLost = true;
  const told = expect(ada.licence.status({ timeoutMs: 15_000 })).rejects.toMatchObject({
    code: 'SHARE_UNREACHABLE',
  });
  await world.advance(0);
  expect(isNextLost).toBe(false); // it has begun, and is the one that is lost
  await world.advance(150_000);
  await told;
  expect(beatOf()).toBeGreaterThanOrEqual(first + 2);
  expect(seat.valid).toBe(true);
});

test('a closed licence, a wrong option, a file that is missing', async () => {
  const { world, ada } = await ground();
  const wrong: object = { timeoutMs: -1 };
  await expect(ada.licence.status(wrong)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  await world.run(ada.licence.close());
  await expect(ada.licence.status()).rejects.toMatchObject({ code: 'CLOSED' });
  const system = world.host('pc-9').enter('eve').system();
  const missing = readStatusWith('/share/none.json', {}, system).catch((error: unknown) => error);
  expect(await world.run(missing)).toMatchObject({ code: 'LICENCE_MISSING' });
  await expect(readStatusWith('', { timeoutMs: 0 }, system)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
});

test('of several licences it is that of the first that is open', async () => {
  const { world } = await ground();
  const system = world.host('pc-5').enter('eve').system();
  const opened = await world.run(openAny(['/share/none.json', FACE], { releaseOnExit: false }, system));
  expect(await world.run(opened.status())).toMatchObject({ file: opened.file, seats: [{ user: 'ada' }] });
  await world.run(opened.close());
});
