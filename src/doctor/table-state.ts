import type { Licence } from '../licence/document.js';
import { readEntitlement } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { decodeText, readLicence } from '../licence/text.js';
import { Trust } from '../licence/trust.js';
import type { Clock } from '../share/clock.js';
import { nullIf, type ShareFiles } from '../share/files.js';
import {
  documentIn,
  folderOf,
  inFolder,
  isClearing,
  isStrange,
  numberName,
  numbersAmong,
  pathsOf,
  stageOwner,
} from '../share/layout.js';
import { DisplayCopy } from '../store/display-copy.js';
import { readLoosely } from '../store/shown.js';
import { LATE_DISPLAY_COPY_MS, readPutOver } from '../store/shown-copy.js';
import type { Finding } from './findings.js';

/** The state of a licence on the share, without changing or waiting for anything. */

type State = Extract<Finding, { check: 'licence' }>;
const nothing: Omit<State, 'severity' | 'state'> = {
  check: 'licence',
  ...{ revision: null, revisions: 0, newestBytes: 0, stages: 0, clearing: 0, others: 0 },
  ...{ face: null, faceBehind: null, isFaceLate: false, putOverIssuedAt: null, trouble: null },
};
/** The newest revision may be cleared away between listing and reading. */
const TRIES = 3;

/** @param nowMs the server's clock; null where it could not be had */
export async function examineLicence(
  target: { readonly licenceFile: string },
  files: ShareFiles,
  { clock, trust = Trust.none }: { readonly clock: Clock; readonly trust?: Trust },
  nowMs: number | null = null,
): Promise<Finding> {
  const { licenceFile } = target;
  const shown = await nullIf(files.read(licenceFile), 'missing', 'tooLarge');
  for (let tries = 1; ; tries++) {
    const names = await nullIf(files.list(folderOf(licenceFile)), 'missing');
    if (names === null) return await withoutFolder(licenceFile, shown, files, trust);
    const top = numbersAmong(names).at(-1);
    const path =
      top === undefined ? null : documentIn(inFolder({ folder: folderOf(licenceFile) }, numberName(top)));
    const bytes = path === null ? null : await nullIf(files.read(path), 'missing', 'tooLarge', 'wrongKind');
    if (bytes === null && tries < TRIES) continue;
    const found: State = {
      ...nothing,
      ...tally(names),
      revision: top ?? null,
      severity: 'ok',
      state: 'inOrder',
    };
    if (bytes === null || path === null)
      return {
        ...found,
        severity: 'unfit',
        state: 'damaged',
        trouble: `${folderOf(licenceFile)} shows no revision that can be read`,
      };
    const state = await judged(
      { ...found, newestBytes: bytes.length },
      await read(bytes, path, trust),
      shown,
      new DisplayCopy(pathsOf(licenceFile, 0, 0), files, clock),
    );
    return await timed(state, licenceFile, files, nowMs);
  }
}

/**
 * Whether `licence.json` should have been refreshed by now: the age of the revision after the one that it shows tells.
 */
async function timed(
  state: State,
  licenceFile: string,
  files: ShareFiles,
  nowMs: number | null,
): Promise<State> {
  const { revision, faceBehind } = state;
  if (state.severity !== 'ok' || !faceBehind || revision === null) return state;
  const next = inFolder({ folder: folderOf(licenceFile) }, numberName(revision - faceBehind + 1));
  const sinceMs = (await nullIf(files.stat(next), 'missing'))?.modifiedMs ?? null;
  const isFaceLate = sinceMs === null || (nowMs !== null && nowMs - sinceMs > LATE_DISPLAY_COPY_MS);
  return isFaceLate ? { ...state, severity: 'warning', isFaceLate } : state;
}

const tally = (names: readonly string[]) => {
  const revisions = numbersAmong(names).length;
  const stages = names.filter((name) => stageOwner(name) !== null).length;
  const clearing = names.filter(isClearing).length;
  return { revisions, stages, clearing, others: names.filter(isStrange).length };
};

async function judged(
  found: State,
  top: Licence | string,
  shown: Uint8Array | null,
  displayCopy: DisplayCopy,
): Promise<State> {
  if (typeof top === 'string') return { ...found, severity: 'unfit', state: 'damaged', trouble: top };
  if (top.revision !== found.revision)
    return {
      ...found,
      severity: 'unfit',
      state: 'damaged',
      trouble: `revision ${found.revision} says it is ${top.revision}`,
    };
  const { state } = await displayCopy.look(top);
  const number = shown && readLoosely(shown)?.revision;
  const faceBehind = state === 'ours' && typeof number === 'number' ? top.revision - number : null;
  const isBack = faceBehind !== null && faceBehind < 0;
  const trouble = isBack
    ? `licence.json shows revision ${number}, but the folder ends at ${top.revision}`
    : null;
  const severity = isBack ? 'unfit' : state === 'ours' ? 'ok' : 'warning';
  const putOverIssuedAt = state === 'foreign' ? await successorIssuedAt(displayCopy, top) : null;
  const inOrder = isBack ? 'damaged' : 'inOrder';
  return { ...found, severity, state: inOrder, face: state, faceBehind, putOverIssuedAt, trouble };
}

async function successorIssuedAt(displayCopy: DisplayCopy, top: Licence): Promise<string | null> {
  const put = await readPutOver(displayCopy, top);
  const { licenceId } = readEntitlement(top.entitlement);
  return put && [put.licenceId, ...(put.supersedes ?? [])].includes(licenceId) ? put.issuedAt : null;
}

async function withoutFolder(
  licenceFile: string,
  shown: Uint8Array | null,
  files: ShareFiles,
  trust: Trust,
): Promise<State> {
  if (shown === null && (await nullIf(files.stat(licenceFile), 'missing')) === null)
    return { ...nothing, severity: 'note', state: 'none' };
  const damaged = { ...nothing, severity: 'unfit', state: 'damaged' } as const;
  if (shown === null)
    return { ...damaged, trouble: `${licenceFile}: larger than the 16 MiB a licence may have` };
  const licence = await read(shown, licenceFile, trust);
  if (typeof licence === 'string') return { ...damaged, trouble: licence };
  if (licence.revision === 0) return { ...nothing, severity: 'ok', state: 'notBegun', revision: 0 };
  return { ...nothing, severity: 'unfit', state: 'noFolder', revision: licence.revision };
}

/** The licence, or why it is none that an application opens. */
async function read(bytes: Uint8Array, path: string, trust: Trust): Promise<Licence | string> {
  try {
    return (await readLicence(decodeText(bytes, path), path, trust.judge)).licence;
  } catch (error) {
    if (error instanceof SeatfileFault) return error.message;
    throw error;
  }
}
