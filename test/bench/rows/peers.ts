import { type PeerName, peerNames } from '../contenders/contender.js';
import { isInstalled } from '../contenders/server.js';
import { beside, type Line } from '../line.js';
import { node22 } from '../node22.js';
import { withMembers } from '../place.js';
import { type Row, runsOf, type Setting } from '../row.js';
import { launchBy } from '../voice.js';
import { allAnswered, type Crowd, named, seatAll } from './crowd.js';

/** What a peer is called in the report. */
const PEER_WORDS: Readonly<Record<PeerName, string>> = {
  sqlite: 'SQLite',
  redis: 'Redis',
  postgres: 'PostgreSQL',
};

/** A crowd beside crowds that ask SQLite on the same disk, Redis and PostgreSQL: as far as they are installed. */
export const peers = (count: number): Row => ({
  name: `peers-${count}`,
  isLong: true,
  measure: async (setting) => {
    const present = await presentIn(setting);
    const side = (contender: 'seatfile' | 'loop' | PeerName) => () =>
      withMembers(present.get(contender) ?? setting, { contender, count, places: count }, (members) =>
        seatAll(members, 0),
      );
    const loop = count <= LOOP_ENDS ? { loop: side('loop') } : {};
    const others = Object.fromEntries([...present.keys()].map((name) => [name, side(name as PeerName)]));
    const sides = { seatfile: side('seatfile'), ...loop, ...others };
    return linesOf(count, await runsOf<string, Crowd>(setting, sides));
  },
});

/** The loop comes to no end with more processes than this. */
const LOOP_ENDS = 100;

/** The peers that are there, each with how its processes are started; the others are noted. */
async function presentIn(setting: Setting): Promise<Map<string, Setting>> {
  const present = new Map<string, Setting>();
  const node = await node22();
  if (node !== null) present.set('sqlite', { ...setting, launch: (argument) => launchBy(node, argument) });
  if (isInstalled('redis-server')) present.set('redis', setting);
  if (isInstalled('initdb') && isInstalled('postgres')) present.set('postgres', setting);
  for (const name of peerNames.filter((one) => !present.has(one))) setting.note(MISSING[name]);
  return present;
}

const MISSING: Readonly<Record<PeerName, string>> = {
  sqlite: 'SQLite is missing: the package `node` 22 of npm could not be fetched.',
  redis: 'Redis is missing: on Debian it is in the package redis-server.',
  postgres:
    'PostgreSQL is missing: on Debian it is in the package postgresql; initdb and postgres must be found.',
};

function linesOf(count: number, runs: Readonly<Record<string, readonly Crowd[]>>): Line[] {
  const { seatfile: ours = [], ...others } = runs;
  return Object.entries(others).map(([name, theirs]) => {
    const peer = name in PEER_WORDS ? PEER_WORDS[name as PeerName] : name;
    return beside(`peers-${count}`, { ours, theirs, peer }, named(count, allAnswered));
  });
}
