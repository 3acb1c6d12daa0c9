import type { Warning } from '../api.js';
import type { Clock } from '../share/clock.js';
import type { ShareFiles } from '../share/files.js';
import type { Random } from '../share/random.js';
import type { SerialQueue } from '../share/serial.js';
import type { WatchFile } from '../share/watch.js';
import type { LatestRevision } from '../store/revisions.js';
import type { Store } from '../store/store.js';
import type { Download } from '../vendor/download.js';
import type { QueueNews } from './answers.js';
import type { Holds } from './held-seats.js';
import type { Identity, IdentityDeps } from './identity.js';
import type { PlaceCheck } from './place-check.js';
import type { Warnings } from './warnings.js';

/** What an instance gets from its process. The listeners lead out of the room, and never back into it. */
export interface InstanceDeps extends IdentityDeps {
  readonly store: Store;
  /** Asked before a seat is granted. */
  readonly place: PlaceCheck;
  readonly clock: Clock;
  readonly random: Random;
  readonly watching: WatchFile | null;
  /** How old the state can be that a poll shows on this computer. Milliseconds. */
  readonly cacheAgeMs: number;
  /** How long the return of a seat may take. Milliseconds. */
  readonly patienceMs: number;
  readonly onWarning: (warning: Warning) => void;
  readonly onWaiting: (news: QueueNews) => void;
  /** A poll, or an own commit, has shown a revision that counts. */
  readonly onShown: (shown: Pick<LatestRevision, 'licence' | 'policy'>) => void;
  /** Seats were lost or given back. */
  readonly onSeatsOver: () => void;
  /** For a renewal from a path: with time-outs of their own. */
  readonly files: ShareFiles;
  readonly download: Download | null;
}

/** What all parts of one instance share: what the instance was given, and what it knows of itself. */
export interface ClientContext extends InstanceDeps {
  readonly identity: Identity;
  readonly holds: Holds;
  readonly warnings: Warnings;
  /** A beat, a poll, a claim and a release run one after the other: each finds what the one before it left. */
  readonly queue: SerialQueue;
  /** A poll or a commit has shown the table. */
  readonly onSeen: (seen: Pick<LatestRevision, 'licence' | 'policy'>) => void;
}
