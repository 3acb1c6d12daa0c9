import { randomBytes } from 'node:crypto';
import nodePath from 'node:path';
import type { Range } from '../licence/range.js';

/** Where things lie. All names are ours, lower-case, `[a-z0-9-]`. */
export interface LicencePaths {
  /** `licence.json`, resolved: what people see. */
  readonly licenceFile: string;
  /** The directory around it. */
  readonly around: string;
  /** `licence.json.revisions`: where the applications meet. */
  readonly folder: string;
  readonly lock: string;
  /** Rights for directories of ours, and for files. */
  readonly directoryMode: number;
  readonly fileMode: number;
  /** The kind of file system as it was opened; null where that was not to be had. */
  readonly volume: number | null;
  /** The folder was found when the licence was opened, and is a directory: it need not be looked for again. */
  readonly isFolderFound?: boolean;
  /** What was asked for when the licence was opened, made whole; links are not resolved. */
  readonly spelt?: string;
}

/** The name of the licence document inside a revision's directory. */
const DOCUMENT = 'licence.json';
const EVENTS = 'events.ndjson';

/** The name of the lock in the folder. */
export const LOCK = 'lock';

export const folderOf = (licenceFile: string): string => `${licenceFile}.revisions`;

export function pathsOf(
  licenceFile: string,
  directoryMode: number,
  fileMode: number,
  volume: number | null = null,
): LicencePaths {
  const folder = folderOf(licenceFile);
  return {
    licenceFile,
    around: nodePath.dirname(licenceFile),
    folder,
    lock: nodePath.join(folder, LOCK),
    directoryMode,
    fileMode,
    volume,
  };
}

const HEX_32 = '[0-9a-f]{32}';
const NUMBER = /^\d{12}$/;
const STAGE = new RegExp(`^stage-([0-9a-f]{8})-(\\d+)-${HEX_32}$`);
const CLEARING = new RegExp(`^clearing-${HEX_32}$`);
const EXAMINATION = new RegExp(`^doctor-(?:peer|([0-9a-f]{8})-(\\d+)-${HEX_32})$`);

/**
 * Every name that is ever made in the folder. All other names are left alone. The hostile tests plant under each of
 * these.
 */
export const INSIDE = {
  number: NUMBER,
  stage: STAGE,
  clearing: CLEARING,
  restored: /^restored-[a-z0-9-]{1,64}$/,
  damaged: new RegExp(`^damaged-\\d{12}-${HEX_32}$`),
  examination: EXAMINATION,
  lock: /^lock$/,
  journal: /^journal$/,
} as const;

/** The same in the directory around the licence file: what stands behind its own name and a dot. */
export const BESIDE = {
  folder: /^revisions$/,
  stage: STAGE,
  examination: EXAMINATION,
  refused: /^refused$/,
  /** write-file-atomic adds a number to the name of the file that it is to write. */
  showing: new RegExp(`^show-${HEX_32}(?:\\.\\d{1,10})?$`),
} as const;

export const inFolder = (paths: Pick<LicencePaths, 'folder'>, name: string): string =>
  nodePath.join(paths.folder, name);
export const documentIn = (directory: string): string => nodePath.join(directory, DOCUMENT);
export const numberName = (revision: number): string => String(revision).padStart(12, '0');
export const numbersAmong = (names: readonly string[]): number[] =>
  names
    .filter((name) => NUMBER.test(name))
    .map(Number)
    .sort((a, b) => a - b);

/** -1 for none. Of names alone, since a busy folder holds thousands: all are equally long. */
export function highestAmong(names: readonly string[]): number {
  let highest = '';
  for (const name of names) if (name > highest && NUMBER.test(name)) highest = name;
  return highest === '' ? -1 : Number(highest);
}

/** The process that writes into a stage: a stage's name says whose it is, so that others can tell when it is dead. */
export interface StageOwner {
  /** First 8 hexadecimal digits of the machine's id; zeros where it is unknown. */
  readonly machine: string;
  readonly pid: number;
}
export const stageName = (owner: StageOwner, id: string): string =>
  `stage-${owner.machine}-${owner.pid}-${id}`;
/** Of thousands of names few are. */
export const isStage = (name: string): boolean => name.startsWith('stage-') && STAGE.test(name);
export const stageOwner = (name: string): StageOwner | null => ownerBy(STAGE, name);
/** Where `seatfile doctor` tries a share, beside the licence file or in its folder. */
export const examinationName = (owner: StageOwner, id: string): string =>
  `doctor-${owner.machine}-${owner.pid}-${id}`;
export const examinationOwner = (name: string): StageOwner | null => ownerBy(EXAMINATION, name);
export const isExamination = (name: string): boolean => EXAMINATION.test(name);
/** Where two examinations meet. */
export const MEETING = 'doctor-peer';

function ownerBy(shape: RegExp, name: string): StageOwner | null {
  const match = shape.exec(name);
  return match?.[1] && match[2] ? { machine: match[1], pid: Number(match[2]) } : null;
}

export const isClearing = (name: string): boolean => CLEARING.test(name);
export const clearingName = (id: string): string => `clearing-${id}`;

/** The folder of the journal's segments, and the one file in each. */
export const JOURNAL = 'journal';
export const segmentName = ({ first, last }: Range): string => `${numberName(first)}-${numberName(last)}`;
export const eventsIn = (directory: string): string => nodePath.join(directory, EVENTS);
export const segmentsAmong = (names: readonly string[]): Range[] =>
  names
    .map((name) => /^(\d{12})-(\d{12})$/.exec(name))
    .flatMap((match) => (match ? [{ first: Number(match[1]), last: Number(match[2]) }] : []))
    .sort((a, b) => a.first - b.first);

/** A numbered name that leaves no room above it, renamed by `seatfile repair`. */
export const damagedName = (number: number, id: string): string => `damaged-${numberName(number)}-${id}`;
/** A name in the folder that is none of ours. */
export const isStrange = (name: string): boolean => !Object.values(INSIDE).some((shape) => shape.test(name));

/** All instances that rebuild a lost lineage use this one name. The first one creates it. */
export const restoredName = (lineage: string): string => `restored-${lineage}`;

// --- beside the licence file -----------------------------------------------------------------------------------------

/** A name of ours in the directory around the licence file, which may hold much else. */
export const besideLicenceFile = (licenceFile: string, name: string): string => `${licenceFile}.${name}`;
/** The other way round: the part behind the licence file's own name; null for what is none of ours. */
export function behindLicenceFile(licenceFile: string, name: string): string | null {
  const stem = `${nodePath.basename(licenceFile)}.`;
  return name.startsWith(stem) ? name.slice(stem.length) : null;
}

/** Where a refused document is kept. */
export const refusedName = (licenceFile: string): string => besideLicenceFile(licenceFile, 'refused');
/** A name that no other user can foretell, for a text that is about to be shown in a file. */
export const showingName = (file: string): string =>
  besideLicenceFile(file, `show-${randomBytes(16).toString('hex')}`);

/**
 * What is left of a file that was being shown, by the part behind the licence file's name. In earlier versions
 * write-file-atomic named it after a 32-bit number. Names of people's backups have numbers, too, and are never removed:
 * a count (1, 02), a date (20261121), seconds since 1970 (1763740800).
 */
export const isShowing = (behind: string): boolean =>
  BESIDE.showing.test(behind) ||
  (/^\d{8,10}$/.test(behind) &&
    Number(behind) <= 0xffff_ffff &&
    !/^(?:19|20)\d{6}$|^1[5-9]\d{8}$|^2[01]\d{8}$/.test(behind));

// --- where trust ends ------------------------------------------------------------------------------------------------

const OWN = /\.(?:revisions|stage-[^/\\]*|doctor-[^/\\]*)$/;
const SEPARATOR = nodePath.sep === '/' ? '/' : /[\\/]/;

/** Where the last path of ours led: nearly all lead there. `directory`: up to the first directory of ours. */
let last: { readonly directory: string; readonly trusted: string; readonly own: string } | null = null;

/**
 * The part of a path that other users of the share may have planted: from the first directory of ours on. Its first
 * name lies in a trusted directory. Empty if no directory of ours is on the way.
 */
export function untrusted(path: string): { readonly trusted: string; readonly names: readonly string[] } {
  if (last !== null && path.startsWith(last.directory)) {
    const [rest, ...inner] = path.slice(last.directory.length).split(SEPARATOR);
    if (rest === '') return { trusted: last.trusted, names: [last.own, ...inner] };
  }
  const names = path.split(SEPARATOR);
  const first = names.findIndex((name) => OWN.test(name));
  const own = names[first];
  if (own === undefined) return { trusted: path, names: [] };
  const trusted = names.slice(0, first).join('/') || '/';
  last = { directory: path.slice(0, names.slice(0, first + 1).join('/').length), trusted, own };
  return { trusted, names: names.slice(first) };
}
