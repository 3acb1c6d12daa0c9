import { createHash } from 'node:crypto';
import type { Licence, SealedEntitlement } from '../licence/document.js';
import { entitlementHash } from '../licence/entitlement.js';
import { parseJson } from '../licence/json.js';
import { lineagesOf } from '../licence/lineage.js';
import { MAX_BYTES } from '../licence/size.js';
import { decodeText, formatLicence, parseLicence } from '../licence/text.js';
import type { Clock } from '../share/clock.js';
import { toFault } from '../share/deadline.js';
import { type FileStat, nullIf, ShareError, type ShareErrorKind, type ShareFiles } from '../share/files.js';
import { type Place, refusedName } from '../share/layout.js';

/**
 * `licence.json` as people, editors and backup tools see it. Once revisions exist it only shows the newest
 * one, and nothing depends on it. It is written over what is recognised as an older state of this very
 * licence, or over a garbled file that no process is still writing; never over a file that was put there on
 * purpose.
 */

/** A garbled file must have stood unchanged for this long before it is written over. Milliseconds. */
export const WRECK_MS = 60_000;

/**
 * What stands in `licence.json`: an older state of this licence; the same under a second name (a hard link,
 * as some backups make); another document, wreckage, or nothing.
 */
export type FaceState = 'ours' | 'linked' | 'foreign' | 'wreck' | 'missing' | 'unread';

export class Face {
  private readonly place: Place;
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly wreckMs: number;
  private wreck: { identity: string; sinceMs: number } | null = null;
  private seen: { identity: string; state: FaceState } | null = null;
  private lastRead: { identity: string; digest: string } | null = null;
  /** Why it could not be refreshed when that was last tried; null: it could, or the share did not say. */
  trouble: ShareErrorKind | null = null;

  constructor(place: Place, files: ShareFiles, clock: Clock, wreckMs = WRECK_MS) {
    this.place = place;
    this.files = files;
    this.clock = clock;
    this.wreckMs = wreckMs;
  }

  /** What is there now; read only when its stat has changed since it was last read. Never fails. */
  async notice(top: Licence): Promise<FaceState> {
    try {
      const stat = await this.files.stat(this.place.face);
      if (stat.kind !== 'file') return 'foreign';
      const identity = identityOf(stat);
      if (this.seen?.identity !== identity) {
        const bytes = await nullIf(this.files.read(this.place.face), 'tooLarge');
        const state = bytes === null ? 'wreck' : recognise(bytes, top);
        this.seen = bytes !== null && this.isOldNews(identity, bytes) ? null : { identity, state };
        if (this.seen === null) return named(state, stat);
        this.wreck = state === 'wreck' ? { identity, sinceMs: this.clock.elapsedMs() } : null;
      }
      return named(this.seen.state, stat);
    } catch (error) {
      this.seen = null;
      return error instanceof ShareError && error.kind === 'missing' ? 'missing' : 'unread';
    }
  }

  /**
   * The stat has changed and the bytes have not: a client may show old ones for a while, so they are read
   * once more.
   */
  private isOldNews(identity: string, bytes: Uint8Array): boolean {
    const digest = createHash('sha256').update(bytes).digest('hex');
    const { lastRead } = this;
    this.lastRead = { identity, digest };
    return lastRead !== null && lastRead.identity !== identity && lastRead.digest === digest;
  }

  /** A document that was put over it, as it is there now; null when there is none, or it cannot be read. */
  async dropped(top: Licence): Promise<{ readonly text: string; readonly identity: string } | null> {
    if ((await this.notice(top)) !== 'foreign') return null;
    try {
      const stat = await this.files.stat(this.place.face);
      if (stat.kind !== 'file') return null;
      const bytes = await this.files.read(this.place.face);
      const isStill = identityOf(await this.files.stat(this.place.face)) === identityOf(stat);
      return isStill ? { text: new TextDecoder().decode(bytes), identity: identityOf(stat) } : null;
    } catch {
      return null;
    }
  }

  /** Shows the newest revision over a dropped document that has been dealt with, if it is still that one. */
  async showOver(top: Licence, identity: string): Promise<void> {
    if (identityOf(await this.files.stat(this.place.face)) !== identity) return;
    await this.write(top);
  }

  /** Only where the folder is: without it the share is gone, and this is where it was. */
  private write(top: Licence): Promise<void> {
    const { face, fileMode, folder } = this.place;
    return this.files.replace(face, textToShow(top), fileMode, folder);
  }

  /** Keeps a document that is refused, beside the licence, under a name that says so. */
  async setAside(identity: string): Promise<void> {
    if (identityOf(await this.files.stat(this.place.face)) !== identity) return;
    await this.files.rename(this.place.face, refusedName(this.place.face));
  }

  /**
   * Shows the newest revision, if what stands there may be written over. The caller holds the lock and has
   * just seen the top. `refused` by the share: for the one more try that a virus scanner deserves. `foreign`:
   * another document was put there.
   */
  async show(top: Licence): Promise<'done' | 'refused' | 'foreign'> {
    const state = await this.notice(top);
    const isRipeWreck =
      state === 'wreck' && this.wreck !== null && this.clock.elapsedMs() - this.wreck.sinceMs >= this.wreckMs;
    if (state !== 'ours' && state !== 'missing' && !isRipeWreck)
      return state === 'foreign' ? 'foreign' : 'done';
    try {
      await this.write(top);
      this.trouble = null;
      return 'done';
    } catch (error) {
      const kind = error instanceof ShareError ? error.kind : null;
      this.trouble = kind !== null && NOT_REFRESHED.includes(kind) ? kind : null;
      return kind === 'refused' || kind === 'busy' ? 'refused' : 'done';
    }
  }
}

/** Laid out for people, unless that makes it too large to be read back. */
function textToShow(top: Licence): string {
  const compact = formatLicence(top, 'compact');
  if (compact.length > MAX_BYTES / 2) return compact;
  const pretty = formatLicence(top, 'pretty');
  return Buffer.byteLength(pretty) > MAX_BYTES ? compact : pretty;
}

const named = (state: FaceState, { links }: FileStat): FaceState =>
  state === 'ours' && links > 1 ? 'linked' : state;

/**
 * What leaves a share in order that does not take the file; everything else is trouble of the share, and told
 * as that.
 */
const NOT_REFRESHED: readonly ShareErrorKind[] = ['refused', 'busy', 'readOnly', 'full'];

/**
 * A refresh takes a few seconds; a revision that is not shown for longer than this is told. Milliseconds, by
 * the server's stamps.
 */
export const LATE_FACE_MS = 10_000;

const identityOf = (stat: FileStat): string => `${stat.inode}:${stat.bytes}:${stat.modifiedMs}`;

/**
 * Ours: the same lineage, and an entitlement that the top has or once had. A wreck: nothing that reads as a
 * licence.
 */
function recognise(bytes: Uint8Array, top: Licence): FaceState {
  const shown = readLoosely(bytes);
  if (shown === null) return 'wreck';
  const known = [entitlementHash(top.entitlement), ...top.formerEntitlements];
  const isKin = lineagesOf(top).some((lineage) => lineage === shown.lineage);
  return isKin && known.includes(entitlementHash(shown.entitlement)) ? 'ours' : 'foreign';
}

/** The whole document, or null where there is none that reads as a licence. */
export async function readFace(face: string, files: ShareFiles): Promise<Licence | null> {
  const bytes = await files.read(face).catch((error: unknown) => {
    if (error instanceof ShareError && ['missing', 'wrongKind', 'tooLarge'].includes(error.kind)) return null;
    throw toFault(error);
  });
  try {
    return bytes && parseLicence(decodeText(bytes, face), face);
  } catch {
    return null;
  }
}

/** The keys that tell which table a document is of. The rest is not checked: this runs at every commit. */
export function readLoosely(
  bytes: Uint8Array,
): { lineage: unknown; entitlement: SealedEntitlement; revision: unknown } | null {
  try {
    const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), '');
    if (typeof value !== 'object' || value === null || !('entitlement' in value)) return null;
    const { entitlement } = value;
    if (typeof entitlement !== 'object' || entitlement === null) return null;
    if (!('payload' in entitlement) || typeof entitlement.payload !== 'string') return null;
    if ('signature' in entitlement && typeof entitlement.signature !== 'string') return null;
    return {
      lineage: 'lineage' in value ? value.lineage : undefined,
      revision: 'revision' in value ? value.revision : undefined,
      entitlement: entitlement as SealedEntitlement,
    };
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
export async function lateFace(
  face: string,
  top: Licence,
  nowMs: number,
  files: ShareFiles,
  committedMs: (revision: number) => Promise<number | null>,
): Promise<number | null> {
  const bytes = await files.read(face).catch(() => null);
  const shown = bytes && readLoosely(bytes);
  if (!shown || shown.lineage !== top.lineage || typeof shown.revision !== 'number') return null;
  if (shown.revision >= top.revision) return null;
  const sinceMs = await committedMs(shown.revision + 1);
  return sinceMs === null || nowMs - sinceMs > LATE_FACE_MS ? shown.revision : null;
}
