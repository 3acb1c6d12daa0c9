import { readFileSync } from 'node:fs';
import os from 'node:os';
import nodePath from 'node:path';
import type { OnSlow, Warning } from '../api.js';
import type { ExamineDeps } from '../doctor/examine.js';
import { examineSite, type LocalEnvironment } from '../doctor/first-look.js';
import { type Clock, systemClock } from '../share/clock.js';
import { diskFiles } from '../share/disk.js';
import type { ShareFiles } from '../share/files.js';
import type { StageOwner } from '../share/layout.js';
import { withTimeouts } from '../share/op-timeouts.js';
import { type Random, systemRandom } from '../share/random.js';
import { type WatchFile, watchFile } from '../share/watch.js';
import type { StoreOptions } from '../store/store-options.js';
import type { Download } from '../vendor/download.js';
import {
  cacheAgeMs,
  describeMachine,
  type IsProcessGone,
  isProcessGone,
  type MachineFacts,
  processStart,
  thisSystem,
  threadHere,
} from './machine.js';
import { placeWords } from './warning-text.js';

/** What this computer knows of the places on it: read from its own disk, never from a share. */
const thisComputer = (environment: Readonly<Record<string, string | undefined>>): LocalEnvironment => ({
  home: {
    platform: process.platform,
    environment,
    get dropboxInfos() {
      return dropboxInfos(environment); // read on demand: most commands do not need it
    },
  },
  mountinfo: () => (process.platform === 'linux' ? textOrNull('/proc/self/mountinfo') : null),
  fstab: () => (process.platform === 'linux' ? textOrNull('/etc/fstab') : null),
});

function dropboxInfos(environment: Readonly<Record<string, string | undefined>>): string[] {
  const windows = [environment['APPDATA'], environment['LOCALAPPDATA']].map(
    (root) => root && nodePath.join(root, 'Dropbox'),
  );
  const home = homeOrNull();
  const folders = process.platform === 'win32' ? windows : [home && nodePath.join(home, '.dropbox')];
  return folders.flatMap((folder) => (folder && textOrNull(nodePath.join(folder, 'info.json'))) || []);
}

/** Null where the system knows no home of this user. */
function homeOrNull(): string | null {
  try {
    return os.homedir();
  } catch {
    return null;
  }
}

function textOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

const UNKNOWN_MACHINE = '00000000';

export const stageOwnerOf = (system: System): StageOwner => ({
  machine: system.facts.machine.pids?.slice(0, 8) ?? UNKNOWN_MACHINE,
  pid: system.pid,
});

/** Whether a process that left something on a share is provably gone. */
export function isDeadBy(system: System): (owner: StageOwner) => boolean {
  const { machine } = stageOwnerOf(system);
  return (other) =>
    machine !== UNKNOWN_MACHINE && other.machine === machine && system.isProcessGone(other.pid, null);
}

/** What an examination needs of a system. One operation may take `answerMs`. */
export const examineDeps = (system: System, answerMs: number, onSlow: OnSlow): ExamineDeps => ({
  files: withTimeouts(system.files, system.clock, { answerMs, onSlow }),
  clock: system.clock,
  random: system.random,
  owner: stageOwnerOf(system),
  isDead: isDeadBy(system),
  host: system.facts.host,
  environment: system.environment,
});

/** What is wrong with a place at the first sight that opening a licence takes. Never fails. */
export async function placeWarnings(around: string, files: ShareFiles, system: System): Promise<Warning[]> {
  const { environment } = system;
  const findings = await examineSite({ around }, { files, environment }).catch(() => []);
  return findings.flatMap((finding) => {
    const words = placeWords(finding);
    return words === null ? [] : [{ code: 'UNFIT', message: `${around} ${words}` } as const];
  });
}

/** What stands in for the system in tests. */
export interface System {
  readonly files: ShareFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly facts: MachineFacts;
  readonly pid: number;
  readonly isProcessGone: IsProcessGone;
  readonly processStart: (pid: number) => string | null;
  /** Which thread of the process this is; absent for the main one. */
  readonly thread?: string | undefined;
  readonly watching: WatchFile | null;
  /** How old what a poll shows can be, because the client of the share keeps what it was shown before. Milliseconds. */
  readonly cacheAgeMs: number;
  readonly environment: LocalEnvironment | null;
  readonly store: Partial<StoreOptions>;
  /** Asks the vendor's address for a licence; null: there is no way out. */
  readonly download: Download | null;
}

export function realSystem(store: Partial<StoreOptions> = {}): System {
  return {
    files: diskFiles,
    clock: systemClock,
    random: systemRandom,
    facts: describeMachine(thisSystem(process.env), process.env),
    pid: process.pid,
    isProcessGone,
    processStart,
    thread: threadHere(),
    watching: watchFile,
    cacheAgeMs: cacheAgeMs(process.platform),
    environment: thisComputer(process.env),
    store,
    download: loadDownload,
  };
}

/** The HTTP of Node is loaded by the first renewal. */
const loadDownload: Download = async (address, options) =>
  (await import('../vendor/download.js')).download(address, options);
