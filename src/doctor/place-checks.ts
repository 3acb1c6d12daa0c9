import nodePath from 'node:path';
import { SeatfileFault } from '../licence/fault.js';
import type { ShareFiles } from '../share/files.js';
import { refuseInside, refuseMounted } from '../share/paths.js';
import { awayMount, type CloudFolder, cloudByEntries, litterAmong } from '../share/volumes.js';
import type { Finding } from './findings.js';
import { type LocalEnvironment, namesIn, type Target } from './first-look.js';

/** What the path and the names around it tell, before anything is written. */

const OLD_WINDOWS_PATH = 259;
/** `.revisions/stage-<8>-<pid>-<32>/licence.json` */
const DEEPEST = 80;

/** A place where a licence file would begin a second table, or where the share should be mounted and is not. */
export function examinePlace(target: Target, environment: LocalEnvironment | null): Finding[] {
  const mountinfo = environment?.mountinfo() ?? null;
  try {
    refuseInside(target.isLicence ? target.licenceFile : target.around);
    refuseMounted(target.licenceFile, mountinfo);
  } catch (error) {
    if (!(error instanceof SeatfileFault)) throw error;
    return [{ check: 'wrongPlace', severity: 'unfit', trouble: error.message }];
  }
  const fstab = environment?.fstab?.() ?? null;
  const away = mountinfo && fstab && awayMount(target.around, mountinfo, fstab);
  return away ? [{ check: 'notMounted', severity: 'unfit', ...away }] : [];
}

/** A client that synchronises leaves its mark in the top folder. A directory that may not be listed is passed over. */
export async function cloudAbove(around: string, files: ShareFiles): Promise<CloudFolder | null> {
  for (let path = around; path !== nodePath.dirname(path); ) {
    path = nodePath.dirname(path);
    const folder = cloudByEntries(await namesIn(path, files));
    if (folder) return folder;
  }
  return null;
}

/** Conflicting copies that a synchronising client left beside the licence. */
export async function examineLitter(
  { around, licenceFile }: Target,
  files: ShareFiles,
  host: string,
): Promise<Finding> {
  const names = litterAmong(await namesIn(around, files), nodePath.basename(licenceFile), [host]);
  return { check: 'litter', severity: names.length > 0 ? 'warning' : 'ok', names };
}

export function examineNames(
  { licenceFile, drive }: Target,
  environment: LocalEnvironment | null,
): Finding[] {
  const longest = licenceFile.length + DEEPEST;
  const isWindows = environment?.home.platform === 'win32';
  const severity = longest <= OLD_WINDOWS_PATH ? 'ok' : isWindows ? 'warning' : 'note';
  const found: Finding[] = [{ check: 'pathLength', severity, longest, most: OLD_WINDOWS_PATH }];
  if (drive !== null) found.push({ check: 'mappedDrive', severity: 'note', drive, unc: licenceFile });
  return found;
}
