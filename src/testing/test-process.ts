import type { OpenLicence } from '../api.js';
import type { Instances } from '../client/instances.js';
import type { System } from '../client/system.js';
import type { Machine } from '../licence/document.js';
import type { Clock } from '../share/clock.js';
import { ShareError, type ShareFiles } from '../share/files.js';
import { Gate, HandClock, HostTime } from './host-time.js';
import type { TrueTime } from './timeline.js';

/** What a process has from the office around it. */
export interface Surroundings {
  readonly time: TrueTime;
  /** Added to the wall clock of a timeline. Milliseconds. */
  readonly wallOffsetMs: number;
  readonly files: ShareFiles;
  readonly newId: () => string;
  readonly isCutOff: (process: TestProcess) => boolean;
  readonly isRunning: (pid: number) => boolean;
}

/** One application of one user on a computer. */
export class TestProcess {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** What it has open: two openings are one instance, as in a real process. */
  readonly instances: Instances = new Map();
  readonly licences = new Set<OpenLicence>();
  readonly system: System;
  private readonly gate = new Gate();
  private readonly computer: HostTime;

  constructor(
    { user, host, pid, machine }: Pick<TestProcess, 'user' | 'host' | 'pid'> & { machine: Machine },
    around: Surroundings,
  ) {
    this.user = user;
    this.host = host;
    this.pid = pid;
    this.computer = new HostTime(around.time, { wallOffsetMs: around.wallOffsetMs });
    const clock = new HandClock(this.computer, this.gate);
    this.system = {
      ...{ files: this.filesThrough(clock, around), clock: impatient(clock), pid },
      random: { id: around.newId, fraction: () => 0 }, // no jitter: no claim has to wait for another
      facts: { machine, host, user, isBootKnown: false },
      isProcessGone: (pid) => !around.isRunning(pid),
      processStart: () => null,
      ...{ watching: null, cacheAgeMs: 0, environment: null, download: null },
      store: { lock: false }, // it only keeps writers from colliding, and would load a package
    };
  }

  sleep(): void {
    this.computer.sleep();
  }

  wake(): void {
    this.computer.wake();
  }

  end(): void {
    this.gate.shut('ever');
  }

  /** The share as this process sees it: nothing is asked or answered while it does not run. */
  private filesThrough(clock: HandClock, { files, isCutOff }: Surroundings): ShareFiles {
    const operations = Object.entries(files).map(([operation, act]) => {
      const through = async (...args: readonly unknown[]): Promise<unknown> => {
        await clock.running();
        if (isCutOff(this)) throw new ShareError('unsaid', operation, String(args[0]));
        const done = await (act as (...all: readonly unknown[]) => Promise<unknown>)(...args);
        await clock.running();
        return done;
      };
      return [operation, through];
    });
    return Object.fromEntries(operations) as ShareFiles;
  }
}

/** A sleep of no time takes none: two claims that meet are both answered although the clock stands still. */
const impatient = (clock: HandClock): Clock => ({
  ...clock,
  sleep: (ms, signal) => (ms > 0 ? clock.sleep(ms, signal) : clock.running()),
});
