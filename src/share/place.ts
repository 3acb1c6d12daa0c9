import nodePath from 'node:path';
import type { Range } from '../core/journal.js';

/** Where things lie. All names are ours, lower-case, `[a-z0-9-]`. */
export interface Place {
  /** `licence.json`, resolved: what people see. */
  readonly face: string;
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
}

/** The name of the licence document inside a revision's directory. */
const DOCUMENT = 'licence.json';

export const folderOf = (face: string): string => `${face}.revisions`;

export function placeOf(
  face: string,
  directoryMode: number,
  fileMode: number,
  volume: number | null = null,
): Place {
  const folder = folderOf(face);
  return {
    face,
    around: nodePath.dirname(face),
    folder,
    lock: nodePath.join(folder, 'lock'),
    directoryMode,
    fileMode,
    volume,
  };
}

const NUMBER = /^\d{12}$/;
const STAGE = /^stage-([0-9a-f]{8})-(\d+)-[0-9a-f]{32}$/;

const OURS = [NUMBER, STAGE, /^restored-[a-z0-9-]{1,64}$/, /^damaged-\d{12}-[0-9a-f]{32}$/, /\bdoctor-/];

export const inFolder = (place: Pick<Place, 'folder'>, name: string): string =>
  nodePath.join(place.folder, name);
export const documentIn = (directory: string): string => nodePath.join(directory, DOCUMENT);
export const numberName = (revision: number): string => String(revision).padStart(12, '0');
export const numbersAmong = (names: readonly string[]): number[] =>
  names
    .filter((name) => NUMBER.test(name))
    .map(Number)
    .sort((a, b) => a - b);

/** The process that writes into a stage: a stage's name says whose it is, so that others can tell when it is dead. */
export interface StageOwner {
  /** First 8 hexadecimal digits of the machine's id; zeros where it is unknown. */
  readonly machine: string;
  readonly pid: number;
}
export const stageName = (owner: StageOwner, id: string): string =>
  `stage-${owner.machine}-${owner.pid}-${id}`;
export function stageOwner(name: string): StageOwner | null {
  const match = STAGE.exec(name);
  return match?.[1] && match[2] ? { machine: match[1], pid: Number(match[2]) } : null;
}
export const isClearing = (name: string): boolean => /^clearing-[0-9a-f]{32}$/.test(name);
export const clearingName = (id: string): string => `clearing-${id}`;

/** The folder of the journal's segments, and the one file in each. */
export const JOURNAL = 'journal';
export const segmentName = ({ first, last }: Range): string => `${numberName(first)}-${numberName(last)}`;
export const eventsIn = (directory: string): string => nodePath.join(directory, 'events.ndjson');
export const segmentsAmong = (names: readonly string[]): Range[] =>
  names
    .map((name) => /^(\d{12})-(\d{12})$/.exec(name))
    .flatMap((match) => (match ? [{ first: Number(match[1]), last: Number(match[2]) }] : []))
    .sort((a, b) => a.first - b.first);

/** A numbered name that leaves no room above it, renamed by `seatfile repair`. */
export const damagedName = (number: number, id: string): string => `damaged-${numberName(number)}-${id}`;
/** A name in the folder that is none of ours. */
export const isStrange = (name: string): boolean =>
  !OURS.some((shape) => shape.test(name)) && !isClearing(name) && name !== 'lock' && name !== JOURNAL;

/** What everybody who heals a lost lineage agrees on: one name, put if absent. */
export const restoredName = (lineage: string): string => `restored-${lineage}`;
