import { readFileSync } from 'node:fs';
import os from 'node:os';
import nodePath from 'node:path';
import { type ExamineDeps, lookAround, type Surroundings } from '../share/examine.js';
import type { ShareFiles } from '../share/files.js';
import { patient } from '../share/patience.js';
import type { StageOwner } from '../share/place.js';
import type { System } from './licence.js';
import { placeWords, type Warning } from './news.js';

/** What this computer knows of the places on it: read from its own disk, never from a share. */
export const thisComputer = (environment: Readonly<Record<string, string | undefined>>): Surroundings => ({
  home: {
    platform: process.platform,
    environment,
    get dropboxInfos() {
      return dropboxInfos(environment); // read when somebody asks: most commands do not
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

/** What an examination needs of a system; one operation has so many milliseconds. */
export const examineDeps = (
  system: System,
  answerMs: number,
  onSlow: (waitingFor: string) => void,
): ExamineDeps => ({
  files: patient(system.files, system.clock, { answerMs, onSlow }),
  clock: system.clock,
  dice: system.dice,
  owner: stageOwnerOf(system),
  isDead: isDeadBy(system),
  host: system.facts.host,
  surroundings: system.surroundings,
});

/** What is wrong with a place at the first sight that opening a licence takes. Never fails. */
export async function placeWarnings(around: string, files: ShareFiles, system: System): Promise<Warning[]> {
  const { surroundings } = system;
  const findings = await lookAround({ around }, { files, surroundings }).catch(() => []);
  return findings.flatMap((finding) => {
    const words = placeWords(finding);
    return words === null ? [] : [{ code: 'UNFIT', message: `${around} ${words}` } as const];
  });
}
