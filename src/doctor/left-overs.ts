import nodePath from 'node:path';
import type { Clock } from '../share/clock.js';
import { nullIf, type ShareFiles } from '../share/files.js';
import {
  behindLicenceFile,
  examinationOwner,
  folderOf,
  inFolder,
  isExamination,
  type StageOwner,
} from '../share/layout.js';
import type { Finding } from './findings.js';
import { NOTHING, type Target } from './first-look.js';
import { type OwnDirectories, removeDirectory } from './own-directories.js';

/** A left-over older than this by the server's own stamps belongs to no process any more. Milliseconds. */
const ABANDONED_MS = 86_400_000;

/** What a search for left-overs needs. */
export interface Search {
  readonly target: Target;
  readonly files: ShareFiles;
  readonly clock: Clock;
  readonly isDead: (owner: StageOwner) => boolean;
  readonly own: OwnDirectories;
}

/**
 * Directories that killed examinations left. They are cleared away if the process is dead, or if they are a day old by
 * the server's own stamps.
 * @param directory of this examination: its stamp tells the server's time
 */
export async function examineLeftOvers(search: Search, directory: string): Promise<Finding[]> {
  const nowMs = (await search.files.stat(directory)).modifiedMs;
  const paths = (await examinations(search)).filter((path) => !search.own.attempted.includes(path));
  let cleared = 0;
  for (const path of paths) {
    if (!(await isAbandoned(search, path, nowMs))) continue;
    await clear(search, path);
    cleared++;
  }
  const names = paths.map((path) => nodePath.basename(path));
  return names.length === 0 ? [] : [{ check: 'leftOvers', severity: 'note', names, cleared }];
}

/** Directories of examinations, beside the licence and in its folder. */
async function examinations({ target, files }: Search): Promise<string[]> {
  const { around, licenceFile } = target;
  const folder = folderOf(licenceFile);
  const beside = (await files.list(around)).filter((name) =>
    isExamination(behindLicenceFile(licenceFile, name) ?? ''),
  );
  const inside = ((await nullIf(files.list(folder), ...NOTHING)) ?? []).filter(isExamination);
  return [
    ...beside.map((name) => nodePath.join(around, name)),
    ...inside.map((name) => inFolder({ folder }, name)),
  ];
}

async function isAbandoned({ target, files, isDead }: Search, path: string, nowMs: number): Promise<boolean> {
  const name = nodePath.basename(path);
  const owner = examinationOwner(behindLicenceFile(target.licenceFile, name) ?? name);
  if (owner !== null && isDead(owner)) return true;
  const stat = await nullIf(files.stat(path), ...NOTHING);
  return stat !== null && nowMs - stat.modifiedMs > ABANDONED_MS;
}

/** Renamed first. What another user plants under the old name meanwhile is then not what is emptied. */
async function clear({ target, files, clock, own }: Search, path: string): Promise<void> {
  const aside = nodePath.dirname(path) === target.around ? own.beside() : own.inside();
  await files.rename(path, aside);
  own.attempted.push(aside);
  await removeDirectory(aside, files, clock);
}
