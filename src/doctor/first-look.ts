import nodePath from 'node:path';
import { SeatfileFault } from '../licence/fault.js';
import { nullIf, ShareError, type ShareErrorKind, type ShareFiles, type Volume } from '../share/files.js';
import { hintFor, wholePath } from '../share/paths.js';
import {
  cloudByEntries,
  cloudByPath,
  fitnessOf,
  type Home,
  type Mount,
  mountOf,
  nameOfType,
  weakOptionsOf,
} from '../share/volumes.js';
import type { Finding } from './findings.js';

/**
 * What a path leads to, and what can be told of the place without writing there. `doctor` and `init` begin with it;
 * opening a licence does only this.
 */

/** A directory has no licence: its examination lies beside this name. */
const STEM = 'licence.json';

/** What this computer, not the share, knows of a path. */
export interface LocalEnvironment {
  readonly home: Home;
  /** /proc/self/mountinfo, or null. */
  readonly mountinfo: () => string | null;
  /** /etc/fstab, or null. */
  readonly fstab?: () => string | null;
}

/** What is to be examined. */
export interface Target {
  /** `licence.json`, whether it is there or not. */
  readonly licenceFile: string;
  readonly around: string;
  /** Whether there is a licence to look at, rather than a directory for one. */
  readonly isLicence: boolean;
  /** The drive it was asked for by, where that is another name for a place on the network. */
  readonly drive: string | null;
}

/**
 * The licence file or the directory that a path names.
 * @throws SeatfileFault BAD_ARGUMENT
 * @throws SeatfileFault LICENCE_MISSING neither a file nor a directory for one is there
 * @throws SeatfileFault LICENCE_UNREADABLE something else is there
 */
export async function findTarget(path: string, files: ShareFiles): Promise<Target> {
  const asked = wholePath(path);
  const resolved = await nullIf(files.resolve(asked), ...NOTHING);
  const drive = resolved === null ? null : mappedDrive(asked, resolved);
  const kind = resolved === null ? null : (await files.stat(resolved)).kind;
  if (resolved !== null && kind === 'directory')
    return { licenceFile: nodePath.join(resolved, STEM), around: resolved, isLicence: false, drive };
  if (kind === 'other')
    throw new SeatfileFault(
      'LICENCE_UNREADABLE',
      `${asked}: expected a licence file, or a directory for one, found neither`,
      { details: { path: asked } },
    );
  if (resolved !== null)
    return { licenceFile: resolved, around: nodePath.dirname(resolved), isLicence: true, drive };
  const around = await nullIf(files.resolve(nodePath.dirname(asked)), ...NOTHING);
  if (around !== null)
    return {
      licenceFile: nodePath.join(around, nodePath.basename(asked)),
      around,
      isLicence: true,
      drive: mappedDrive(asked, around),
    };
  throw new SeatfileFault(
    'LICENCE_MISSING',
    `${nodePath.dirname(asked)}: expected a directory, found none${hintFor(path)}`,
    { details: { path: nodePath.dirname(asked) } },
  );
}

/** There is nothing, not even a directory that it could be in. */
export const NOTHING: readonly ShareErrorKind[] = ['missing', 'wrongKind'];

/** On Windows the real path of what lies on a mapped drive is its name on the network. */
const mappedDrive = (asked: string, resolved: string): string | null =>
  /^[a-z]:[\\/]/i.test(asked) && /^[\\/]{2}/.test(resolved) ? asked.slice(0, 2).toUpperCase() : null;

/** A user that may not list a directory sees nothing in it. The check of the rights reports that. */
export async function namesIn(directory: string, files: ShareFiles): Promise<string[]> {
  return (await nullIf(files.list(directory), 'refused')) ?? [];
}

/** What can be told of a place without writing there; opening a licence does this much. */
export async function examineSite(
  target: Pick<Target, 'around'>,
  deps: { readonly files: ShareFiles; readonly environment: LocalEnvironment | null },
): Promise<Finding[]> {
  const { around } = target;
  const { type, freeBytes, freeFiles } = await volumeOf(around, deps.files);
  const mountinfo = deps.environment?.mountinfo() ?? null;
  const mount = mountinfo === null ? null : mountOf(around, mountinfo);
  const home = deps.environment?.home;
  const byPath = home ? cloudByPath(around, home) : null;
  const folder = byPath ?? cloudByEntries(await namesIn(around, deps.files));
  return [
    fileSystem(type, mount),
    space(freeBytes, freeFiles),
    { check: 'cloudFolder', severity: folder ? 'unfit' : 'ok', folder },
  ];
}

/** A file system that does not describe itself is no fault; a share that does not answer is one. */
async function volumeOf(
  around: string,
  files: ShareFiles,
): Promise<Omit<Volume, 'freeBytes'> & { readonly freeBytes: number | null }> {
  return await files.volume(around).catch((error: unknown) => {
    if (error instanceof ShareError && error.kind === 'silent') throw error;
    return { type: 0, freeBytes: null };
  });
}

function fileSystem(type: number, mount: Mount | null): Finding {
  const name = mount?.name ?? nameOfType(type);
  const fitness = fitnessOf(name);
  const weakOptions = mount ? weakOptionsOf(mount) : [];
  const severities = {
    share: 'ok',
    local: 'note',
    unknown: 'note',
    doubtful: 'warning',
    unfit: 'unfit',
  } as const;
  const isWeak = fitness === 'share' && weakOptions.length > 0;
  return {
    check: 'fileSystem',
    severity: isWeak ? 'warning' : severities[fitness],
    ...{ name, type, fitness, mount, weakOptions },
  };
}

/** Below the one perhaps no commit fits; the other is a day's work of a large table. Bytes. */
const TOO_LITTLE = 1024 * 1024;
const LITTLE = 256 * 1024 * 1024;

/** The same for file entries (inodes): a commit makes two, and the table of a busy day keeps some thousands. */
const TOO_FEW_FILES = 16;
const FEW_FILES = 4096;

function spaceSeverity(freeBytes: number | null, freeFiles: number): Finding['severity'] {
  if (freeBytes === null) return 'note';
  if (freeBytes < TOO_LITTLE || freeFiles < TOO_FEW_FILES) return 'unfit';
  return freeBytes < LITTLE || freeFiles < FEW_FILES ? 'warning' : 'ok';
}

const space = (freeBytes: number | null, freeFiles = Number.POSITIVE_INFINITY): Finding => ({
  check: 'space',
  severity: spaceSeverity(freeBytes, freeFiles),
  freeBytes,
  freeFiles: Number.isFinite(freeFiles) ? freeFiles : undefined,
});
