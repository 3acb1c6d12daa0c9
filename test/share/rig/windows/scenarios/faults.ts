/** What happens to shares as Windows sees them, while two Windows hosts and a Linux one commit and hold seats. */
import { PLACES } from '../../link.js';
import { diskFull, type Fault, faultsOf } from '../../scenarios/faults.js';
import { remount } from '../../servers.js';
import { run } from '../../shell.js';
import type { Running } from '../../station.js';
import { shareOut } from '../places.js';
import type { Windows } from '../world.js';

let locker: Running | null = null;

const faults: readonly Fault<Windows>[] = [
  {
    name: 'the share is gone for 5 s',
    forMs: 5000,
    strike: async () => {
      for (const place of [PLACES.team, PLACES.share]) await run('umount', '--lazy', place);
    },
    mend: () => shareOut(),
  },
  {
    name: 'read-only',
    forMs: 3000,
    strike: () => remount('ro'),
    mend: () => remount('rw'),
  },
  diskFull,
  {
    name: 'a program has documents open, and shares them with no other',
    forMs: 8000,
    strike: ({ guests: [host] }, { file }) => {
      locker = host.program('locker', { file });
    },
    mend: async ({ say }) => {
      locker?.close();
      await locker?.ended;
      say(`that program ${locker?.lines.at(-1)} documents`);
    },
  },
];

export const fault = faultsOf(faults);
