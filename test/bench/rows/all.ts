import type { MountName } from '../../share/rig/servers.js';
import { least, ownLeast } from '../line.js';
import { delayed, type Row } from '../row.js';
import { alone } from './alone.js';
import { crowd, largeCrowd } from './crowd.js';
import { day } from './day.js';
import { heartbeat } from './heartbeat.js';
import { idle } from './idle.js';
import { firstSeat, full } from './opening.js';
import { peers } from './peers.js';
import { signed } from './signed.js';
import { start } from './start.js';
import { status } from './status.js';
import { writers } from './writers.js';

/** In the order in which they run. */
export const rows: readonly Row[] = [
  alone,
  writers(1, least(0.7)),
  writers(4, least(0.55)),
  writers(16, least(0.45)),
  crowd(50),
  crowd(100),
  delayed(crowd(50), 5),
  delayed(crowd(100), 5),
  firstSeat,
  full,
  start,
  heartbeat,
  signed,
  status,
  idle,
  largeCrowd(300, 100),
  peers(1),
  peers(10),
  peers(50),
  peers(100),
  peers(300),
  day, // last: it takes all the time that is left
];

/**
 * On the mounts of the rig: three client hosts, five processes of a crowd on each. The hammer of the rig, which also
 * strikes its writers, came to 8.7 commits a second on SMB; twice that is asked.
 */
export const shareRows = (mount: MountName): readonly Row[] => [
  alone,
  writers(6, mount === 'smb' ? ownLeast(17.4) : undefined),
  crowd(15),
];
