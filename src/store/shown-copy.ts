import type { Licence } from '../licence/document.js';
import { type Entitlement, readEntitlement, readPolicy } from '../licence/entitlement.js';
import { withFullCheck } from '../licence/full-check-door.js';
import { decodeText, parseLicence } from '../licence/text.js';
import type { Trust } from '../licence/trust.js';
import { toFault } from '../share/deadline.js';
import { ShareError, type ShareFiles } from '../share/files.js';
import type { DisplayCopy } from './display-copy.js';
import { readLoosely } from './shown.js';

/** What `licence.json` says, for those that do not keep it up to date. */

/**
 * A refresh takes a few seconds; a revision that is not shown for longer than this is told. Milliseconds, by
 * the server's stamps.
 */
export const LATE_DISPLAY_COPY_MS = 10_000;

/** The whole document, or null where there is none that reads as a licence, or its entitlement is not trusted. */
export async function readDisplayCopy(
  licenceFile: string,
  files: ShareFiles,
  trust: Trust,
): Promise<Licence | null> {
  const bytes = await files.read(licenceFile).catch((error: unknown) => {
    if (error instanceof ShareError && ['missing', 'wrongKind', 'tooLarge'].includes(error.kind)) return null;
    throw toFault(error);
  });
  try {
    const licence =
      bytes && (await withFullCheck(() => parseLicence(decodeText(bytes, licenceFile), licenceFile)));
    if (!licence) return null;
    trust.require(licence.entitlement);
    await withFullCheck(() => readPolicy(licence)).catch(() => null); // what reads it later cannot wait
    return licence;
  } catch {
    return null;
  }
}

/**
 * The revision that `licence.json` still shows, where the one after it has been there for longer than a
 * refresh takes.
 * @param committedMs when a revision was committed, by the server's clock; null where it is not there any
 * more
 */
export async function lateDisplayCopy(
  licenceFile: string,
  top: Licence,
  nowMs: number,
  files: ShareFiles,
  committedMs: (revision: number) => Promise<number | null>,
): Promise<number | null> {
  const bytes = await files.read(licenceFile).catch(() => null);
  const shown = bytes && readLoosely(bytes);
  if (!shown || shown.lineage !== top.lineage || typeof shown.revision !== 'number') return null;
  if (shown.revision >= top.revision) return null;
  const sinceMs = await committedMs(shown.revision + 1);
  return sinceMs === null || nowMs - sinceMs > LATE_DISPLAY_COPY_MS ? shown.revision : null;
}

/** What the signed licence grants that was put over `licence.json` and is not in force; null: none. Never fails. */
export async function readPutOver(displayCopy: DisplayCopy, top: Licence): Promise<Entitlement | null> {
  const put = await displayCopy.replacement(top);
  if (put === null || put.edit !== null) return null;
  try {
    const { entitlement } = await withFullCheck(() => parseLicence(put.text, ''));
    return entitlement.signature === undefined ? null : readEntitlement(entitlement);
  } catch {
    return null;
  }
}
