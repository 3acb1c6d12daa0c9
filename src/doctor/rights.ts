import nodePath from 'node:path';
import { type FileStat, nullIf, SET_GROUP, type ShareFiles, STICKY } from '../share/files.js';
import { documentIn, folderOf, inFolder, JOURNAL, numberName, numbersAmong } from '../share/layout.js';
import type { Finding } from './findings.js';

/**
 * Whether the other users have the rights that the directory around a licence promises them: on all that lies there,
 * and on the way to it. Only modes and groups are compared. With an access list, the group bits are its mask. So a mask
 * that takes away what the list grants is found, too.
 */

type Lacking = Extract<Finding, { check: 'othersRights' }>['lacking'][number];

const GROUP = 0o070;
const OTHERS = 0o007;
const ENTER = 0o011;

/** What may not be listed or looked at tells nothing by its bits; the check of the rights does. */
const nothing = ['missing', 'refused', 'wrongKind'] as const;

export async function examineOthers(
  target: { readonly licenceFile: string; readonly around: string },
  files: ShareFiles,
): Promise<Finding> {
  const { licenceFile, around } = target;
  const promised = await files.stat(around);
  const within = await lyingThere(licenceFile, files);
  const lacking = within.flatMap(({ path, stat }) => lackingOf(path, stat, promised));
  const closed = await closedAbove(around, promised.mode, files);
  const isPoor = lacking.length + closed.length > 0;
  const group = promised.group ?? null;
  const data = {
    lacking,
    closed,
    mode: promised.mode,
    group,
    face: licenceFile,
    folder: folderOf(licenceFile),
  };
  return { check: 'othersRights', severity: isPoor ? 'warning' : 'ok', ...data };
}

/** The folder, and one of each kind of entry in it. The licence file only as long as a table has to begin from it. */
async function lyingThere(
  licenceFile: string,
  files: ShareFiles,
): Promise<{ path: string; stat: FileStat }[]> {
  const folder = folderOf(licenceFile);
  const names = await nullIf(files.list(folder), ...nothing);
  const top = numbersAmong(names ?? []).at(-1);
  const revision = top === undefined ? [] : [inFolder({ folder }, numberName(top))];
  const inside = [...revision, ...revision.map(documentIn), inFolder({ folder }, JOURNAL)];
  const paths = names === null ? [licenceFile, folder] : [folder, ...inside];
  const found: { path: string; stat: FileStat }[] = [];
  for (const path of paths) {
    const stat = await nullIf(files.stat(path), ...nothing);
    if (stat?.kind === 'file' || stat?.kind === 'directory') found.push({ path, stat });
  }
  return found;
}

function lackingOf(path: string, stat: FileStat, promised: FileStat): Lacking[] {
  const isFile = stat.kind === 'file';
  const bits =
    (isWritable(promised.mode, OTHERS) ? OTHERS : 0) | (isWritable(promised.mode, GROUP) ? GROUP : 0);
  const wanted = (isFile ? bits & 0o444 : bits | (promised.mode & SET_GROUP)) & promised.mode;
  const isSticky = !isFile && (stat.mode & STICKY) !== 0;
  const needsGroup = (bits & GROUP) !== 0 && (bits & OTHERS) === 0;
  const isOtherGroup =
    needsGroup && stat.group !== undefined && promised.group !== undefined && stat.group !== promised.group;
  if ((wanted & ~stat.mode) === 0 && !isSticky && !isOtherGroup) return [];
  return [{ path, mode: stat.mode, isOtherGroup }];
}

const isWritable = (mode: number, whose: number): boolean => (mode & whose & 0o033) === (whose & 0o033);

/** Directories on the way that let neither group nor others through, where others are to come. */
async function closedAbove(around: string, mode: number, files: ShareFiles): Promise<string[]> {
  if (!isWritable(mode, OTHERS) && !isWritable(mode, GROUP)) return [];
  const closed: string[] = [];
  for (let path = around; path !== nodePath.dirname(path); ) {
    path = nodePath.dirname(path);
    const stat = await nullIf(files.stat(path), ...nothing);
    if (stat !== null && (stat.mode & ENTER) === 0) closed.push(path);
  }
  return closed;
}
