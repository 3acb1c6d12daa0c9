import { expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { formatLicence } from '../../src/licence/text.js';
import { numberName } from '../../src/share/layout.js';
import { FOLDER, type World } from '../helpers/world.js';
import { office, toldOf } from './office.js';

/** A table that holders may write no more: it has moved, or a later version has gone on with it. */

const T = 120_000;

/** As a later version would publish it. */
function publish(world: World, change: object): void {
  const base = world.table();
  const revision = base.revision + 1;
  const parent = { revision: base.revision, commit: base.commit };
  const next = { ...base, ...change, revision, parent, commit: 'later', events: [] } as Licence;
  const directory = `${FOLDER}/${numberName(revision)}`;
  world.server.makeDirectory(directory);
  world.server.writeNew(`${directory}/licence.json`, formatLicence(next, 'compact'), 0o664);
}

test.each([
  ['has moved', 'LICENCE_MOVED', { movedTo: '//server/new/licence.json' }, /has moved to \/\/server\/new/],
  ['is of a later format', 'LICENCE_NEWER', { format: 'seatfile/3' }, /found "seatfile\/3".* update/],
])(
  'a table that %s: holders say so once, write nothing, and stop believing in time',
  async (_, code, change, words) => {
    const { world, users } = await office({ seed: 1, intervalMs: T, people: 2 });
    publish(world, change);
    const before = world.server.list(FOLDER);
    await world.advance(T);
    expect(users.map(({ seats }) => seats.map(({ valid }) => valid))).toEqual([[true], [true]]);
    const warned = toldOf(world, 'warning').map(({ who, detail }) => [who, detail]);
    expect(warned.map(([who]) => who).toSorted()).toEqual(users.map(({ name }) => name));
    for (const [, detail] of warned) expect(detail).toMatchObject({ message: expect.stringMatching(words) });
    await world.advance(T);
    for (const { seats } of users) expect(seats.map(({ state }) => state)).toEqual(['suspended']);
    const come = async () => await (await world.user(world.host('pc-eve'), 'eve')).acquire('M1');
    await expect(come()).rejects.toMatchObject({ code });
    expect(world.server.list(FOLDER)).toEqual(before);
  },
);
