import nodePath from 'node:path';
import type { Guest } from '../share/rig/guest.js';
import { PLACES } from '../share/rig/link.js';
import { onMounts } from '../share/rig/mounted.js';
import { cannot, prepare } from '../share/rig/prepare.js';
import { ONE_CLOCK } from '../share/rig/rig.js';
import type { MountName } from '../share/rig/servers.js';
import { enter, isInside } from '../share/rig/world.js';
import { PATIENT_MS } from './contenders/contender.js';
import type { Measured } from './measure.js';
import type { Setting } from './row.js';
import type { Launch } from './voice.js';

type Place = Pick<Setting, 'directory' | 'seenAt' | 'launch'>;

/** Measures on a real mount with three client hosts: the rig of test/share/rig. Gives an exit status. */
export async function onShare(
  mount: MountName,
  measure: (place: Place) => Promise<Measured>,
  tell: (measured: Measured) => Promise<number>,
): Promise<number> {
  if (!isInside()) {
    const why = await prepare('mounts');
    return why === null ? await enter() : cannot(why);
  }
  const options = { isLong: false, clocks: ONE_CLOCK, announce: console.error };
  return await onMounts([mount], options, async ({ guests }) => {
    const place = { directory: PLACES.exported, seenAt: PLACES.share, launch: launchIn(guests) };
    return await tell(await measure(place));
  });
}

const program = nodePath.join(PLACES.app, 'node_modules/.cache/seatfile-test/test/bench/programs/member.js');

/** One process after the other on one host after the other. */
const launchIn =
  (guests: readonly Guest[]): Launch =>
  (argument, n) => {
    const guest = guests[n % guests.length];
    if (guest === undefined) throw new Error('expected a guest');
    const one = guest.start([PLACES.node, program, argument]);
    let heard = 0;
    return {
      say: (line) => one.say(`${line}\n`),
      hear: async () => await one.heard(() => true, PATIENT_MS, heard++),
      end: async () => {
        one.signal('SIGKILL');
        await one.ended;
      },
    };
  };
