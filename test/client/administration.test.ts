import { describe, expect, test } from 'vitest';
import type { CreateOptions, JournalOptions, LicencePlace } from '../../src/api.js';
import { describeBriefly } from '../../src/cli/doctor-text.js';
import { createLicenceWith } from '../../src/client/creating-unsigned.js';
import { openWith } from '../../src/client/open-licence.js';
import { readJournalWith } from '../../src/client/reading-journal.js';
import { type Decide, faulty, latch } from '../helpers/faults.js';
import { FACE, World } from '../helpers/world.js';

/** What an administrator does, from code: a licence is created, and the journal read. */

const NEW = '/share/new.json';
const office = () => new World({ modules: { CAD: 2, CAM: 1 }, checkIntervalSeconds: 80 });

const createIn = (world: World, options: unknown, path: unknown = NEW) =>
  createLicenceWith(
    path as string,
    options as CreateOptions,
    world.host(`pc-${world.hosts.length}`).enter('admin').system(),
    describeBriefly,
  );

describe('createLicence', () => {
  test('makes a licence that opens, and says what it made', async () => {
    const world = office();
    const options = {
      ...{ modules: { CAD: 3, 'M-2': 1 }, level: 'light', countBy: 'user', customer: 'Acme' },
      checkIntervalSeconds: 300,
    };
    const made = await world.run(createIn(world, options));
    expect(made).toMatchObject({ file: NEW, warnings: expect.any(Array) });
    const system = world.host('pc-x').enter('ada').system();
    const licence = await world.run(openWith(NEW, { releaseOnExit: false }, system));
    expect([licence.licenceId, licence.customer, licence.modules]).toEqual([
      made.licenceId,
      'Acme',
      ['CAD', 'M-2'],
    ]);
    expect([licence.maxUsers('CAD'), licence.maxUsers('M-2'), licence.expiresAt]).toEqual([3, 1, null]);
    const { events } = await world.run(readJournalWith(NEW, {}, system));
    expect(events).toMatchObject([{ kind: 'created', actor: 'admin@pc-0' }]);
    await world.run(licence.close());
  });

  test('never overwrites', async () => {
    const world = office();
    const before = world.server.readText(FACE);
    await expect(world.run(createIn(world, { modules: { CAD: 1 } }, FACE))).rejects.toMatchObject({
      code: 'LICENCE_EXISTS',
    });
    expect(world.server.readText(FACE)).toBe(before);
  });

  test.each([
    ['modules: expected an object like { CAD: 10 }', {}],
    ['modules: expected an object like { CAD: 10 }', { modules: ['CAD'] }],
    ['modules: expected 1 to 1000 modules, got 0', { modules: {} }],
    ['modules: expected names of', { modules: { 'a b': 1 } }],
    ['names that differ in more than case, got "CAD" and "cad"', { modules: { CAD: 1, cad: 2 } }],
    ['modules: "CAD": expected a whole number of users from 1 to 100000, got 0', { modules: { CAD: 0 } }],
    ['modules: "CAD": expected a whole number of users from 1 to 100000, got 1.5', { modules: { CAD: 1.5 } }],
    [
      'modules: "CAD": expected a whole number of users from 1 to 100000, got the text "3"',
      { modules: { CAD: '3' } },
    ],
    ['users from 1 to 100000, got null', { modules: { CAD: null } }],
    ['users from 1 to 100000, got a value of type object', { modules: { CAD: { maxUsers: 3 } } }],
    ['users from 1 to 100000, got NaN', { modules: { CAD: Number.NaN } }],
    ['options: there is no option "module"; did you mean modules?', { module: { CAD: 1 } }],
    ['level: expected heartbeat, light, got "lite"', { modules: { CAD: 1 }, level: 'lite' }],
    ['countBy: expected user@host, instance, user, host, got a value', { modules: { CAD: 1 }, countBy: 5 }],
    [
      'checkIntervalSeconds: expected 1 to 86400, got 0.5',
      { modules: { CAD: 1 }, checkIntervalSeconds: 0.5 },
    ],
    ['customer: expected a text of 1 to 256 characters, got 0', { modules: { CAD: 1 }, customer: '' }],
    ['force: expected a value of type boolean', { modules: { CAD: 1 }, force: 'yes' }],
    ['options: expected an object, got a value of type undefined', undefined],
  ])('%s', async (message, options) => {
    const world = office();
    const fault = await createIn(world, options).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'BAD_ARGUMENT', message: expect.stringContaining(message) });
    expect(world.server.isThere(NEW)).toBe(false);
  });

  test('no path', async () => {
    await expect(createIn(office(), { modules: { CAD: 1 } }, null)).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
    });
  });

  test('given up while the place is tested: nothing is there, and nothing comes later', async () => {
    const world = office();
    const patience = new AbortController();
    const silence = latch();
    let operations = 0;
    const decide: Decide = () => (++operations < 8 ? null : { kind: 'hang', until: silence.until });
    const host = world.host('pc-1', { wrap: (files) => faulty(files, decide) });
    const options = { modules: { CAD: 1 }, signal: patience.signal };
    const system = host.enter('admin').system();
    const creating = createLicenceWith(NEW, options, system, describeBriefly).catch(
      (error: unknown) => error,
    );
    await world.advance(1500);
    patience.abort('enough');
    expect(await world.run(creating)).toMatchObject({ code: 'ABORTED' });
    silence.release();
    await world.advance(120_000);
    expect(world.server.isThere(NEW)).toBe(false);
  });

  test('a hung share is given up at timeoutMs', async () => {
    const world = office();
    const host = world.host('pc-1');
    host.cut('hangs');
    const options = { modules: { CAD: 1 }, timeoutMs: 2000 };
    const creating = createLicenceWith(NEW, options, host.enter('admin').system(), describeBriefly);
    const fault = await world.run(creating.catch((error: unknown) => error));
    expect(fault).toMatchObject({ code: 'SHARE_UNREACHABLE' });
    expect(world.nowMs).toBeLessThan(2600);
  });
});

describe('readJournal', () => {
  async function busy() {
    const world = office();
    const ada = await world.user(world.host('pc-1'), 'ada');
    await world.run((await ada.sit('CAD')).release());
    await world.advance(60_000);
    const noon = new Date(world.server.nowMs);
    await world.advance(60_000);
    const bob = await world.user(world.host('pc-2'), 'Bob');
    await bob.sit('CAD');
    await bob.sit('CAM');
    const before = world.table().revision;
    const system = world.host('pc-3').enter('admin').system();
    const read = (options: unknown = {}, place: unknown = FACE) =>
      world.run(readJournalWith(place as LicencePlace, options as JournalOptions, system));
    return { world, noon, before, read };
  }

  test('everything, and whether it is whole; nothing is written', async () => {
    const { world, before, read } = await busy();
    const { file, events, problems, breaks } = await read();
    expect([file, problems, breaks]).toEqual([FACE, [], []]);
    expect(events.map(({ kind, user, module }) => `${kind} ${user} ${module}`)).toEqual([
      ...['seated ada CAD', 'released ada CAD', 'seated Bob CAD', 'seated Bob CAM'],
    ]);
    expect(world.table().revision).toBe(before);
  });

  test('since, user and module narrow it, and a part is not verified', async () => {
    const { noon, read } = await busy();
    const kinds = async (options: object) => {
      const { events, breaks } = await read(options);
      expect(breaks).toBeNull();
      return events.map(({ user, module }) => `${user} ${module}`);
    };
    expect(await kinds({ since: noon })).toEqual(['Bob CAD', 'Bob CAM']);
    expect(await kinds({ since: noon.toISOString(), module: 'CAM' })).toEqual(['Bob CAM']);
    expect(await kinds({ user: 'bob' })).toEqual(['Bob CAD', 'Bob CAM']);
    expect(await kinds({ user: 'eve' })).toEqual([]);
  });

  test.each([
    ['BAD_ARGUMENT', { since: 'yesterday' }],
    ['BAD_ARGUMENT', { since: new Date(Number.NaN) }],
    ['BAD_ARGUMENT', { since: 5 }],
    ['BAD_ARGUMENT', { users: 'ada' }],
    ['BAD_ARGUMENT', null],
    ['UNKNOWN_MODULE', { module: 'CADD' }],
  ])('%s: %o', async (code, options) => {
    const { read } = await busy();
    await expect(read(options)).rejects.toMatchObject({ code });
  });

  test('no place, and a signal that was aborted', async () => {
    const { read } = await busy();
    await expect(read({}, null)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    await expect(read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
