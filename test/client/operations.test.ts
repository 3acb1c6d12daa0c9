import { expect, test } from 'vitest';
import { callOf, portOf } from '../helpers/port.js';
import { FACE, FOLDER, World } from '../helpers/world.js';

/**
 * What a quiet instance asks of the share, one operation after the other. Each is a round trip to the server: one more
 * is felt by every user, and one less than the protocol needs is a hole in it (src/store/README.md, "A commit").
 */
async function ground() {
  const asked: string[] = [];
  const world = new World({ modules: { M1: 10 }, checkIntervalSeconds: 240 });
  const host = world.host('pc-1', {
    wrap: (files) => {
      const call = callOf(files);
      return portOf((operation, args) => {
        asked.push(`${operation} ${nameOf(String(args[0]))}`);
        return call(operation, args);
      });
    },
  });
  await world.user(world.host('pc-2'), 'bob').then((bob) => bob.sit('M1'));
  /** What was asked since the last call: of the folder, and of the licence file and what lies around it. */
  const since = () => {
    const all = asked.splice(0);
    return {
      inside: all.filter((one) => one.includes('revisions')),
      around: all.filter((one) => !one.includes('revisions')),
    };
  };
  return { world, host, since };
}

/** Counted and random parts of names left away. */
function nameOf(path: string): string {
  if (path === FACE) return 'licence.json';
  if (!path.startsWith(FOLDER)) return 'directory';
  return `revisions${path
    .slice(FOLDER.length)
    .replace(/stage-[^/]*/, 'stage')
    .replace(/\d{12}/, 'number')}`;
}

const COMMIT = [
  'makeDirectory revisions/lock',
  'makeDirectory revisions/stage',
  'stat revisions/stage',
  'setMode revisions/stage', // only where the umask takes rights that the directory around the licence has
  'list revisions',
  'read revisions/number/licence.json',
  'writeNew revisions/stage/licence.json',
  'rename revisions/stage',
  'removeDirectory revisions/lock',
  'list revisions',
];
/** Upon a revision that this process has read or published within the last second. */
const JUST_SEEN = COMMIT.filter((one) => !one.startsWith('read'));

test('an opening, a claim, a poll, a heartbeat and a release: the fewest operations of the folder', async () => {
  const { world, host, since } = await ground();
  const ada = await world.user(host, 'ada');
  expect(since()).toEqual({
    inside: [
      'stat revisions', // which kind of thing it is
      'stat revisions/lock', // no link
      'list revisions',
      'read revisions/number/licence.json',
    ],
    around: [
      'resolve licence.json',
      'stat directory',
      'stat licence.json',
      'volume directory',
      'read licence.json', // it may show a later state than the table has
    ],
  });
  const seat = await ada.sit('M1');
  expect(since().inside).toEqual(JUST_SEEN); // the opening has just read it
  await world.advance(2500);
  expect(since()).toEqual({
    inside: [],
    around: expect.arrayContaining(['volume directory', 'list directory']),
  });
  await world.advance(27_400);
  expect(since().inside).toEqual([]);
  await world.advance(3000);
  expect(since().inside).toEqual(['list revisions', 'read revisions/number/licence.json']);
  let inside: string[] = [];
  for (let waitedMs = 0; inside.length <= 2 && waitedMs < 240_000; waitedMs += 1000) {
    await world.advance(1000);
    ({ inside } = since());
  }
  expect(inside).toEqual(COMMIT);
  await world.run(seat.release());
  expect(since().inside).toEqual(JUST_SEEN); // the heartbeat has just published it
});
