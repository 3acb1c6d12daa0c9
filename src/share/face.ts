import { entitlementHash } from '../core/entitlement.js';
import { formatLicence, type Licence, type SealedEntitlement } from '../core/licence.js';
import type { Clock } from './clock.js';
import { ShareError, type ShareFiles } from './files.js';
import type { Place } from './place.js';

/**
 * `licence.json` as people, editors and backup tools see it. Once revisions exist it only shows the newest one, and
 * nothing depends on it. It is written over what is recognised as an older state of this very licence, or over wreckage
 * that nobody is still writing; never over a file somebody put there on purpose.
 */

/** Wreckage must have stood still so long before it is written over. Milliseconds. */
export const WRECK_MS = 60_000;

/** What stands in `licence.json`: an older state of this licence, another document, wreckage, or nothing. */
export type FaceState = 'ours' | 'foreign' | 'wreck' | 'missing' | 'unread';

export class Face {
  private readonly place: Place;
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly wreckMs: number;
  private wreck: { identity: string; sinceMs: number } | null = null;
  private seen: { identity: string; state: FaceState } | null = null;

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
      const identity = `${stat.inode}:${stat.bytes}:${stat.modifiedMs}`;
      if (this.seen?.identity !== identity) {
        const state = recognise(await this.files.read(this.place.face), top);
        this.seen = { identity, state };
        this.wreck = state === 'wreck' ? { identity, sinceMs: this.clock.elapsedMs() } : null;
      }
      return this.seen.state;
    } catch (error) {
      this.seen = null;
      return error instanceof ShareError && error.kind === 'missing' ? 'missing' : 'unread';
    }
  }

  /**
   * Shows the newest revision, if what stands there may be written over. The caller holds the lock and has just seen
   * the top. Gives false when the share refused, for the one more try a virus scanner deserves.
   */
  async show(top: Licence): Promise<boolean> {
    const state = await this.notice(top);
    const isRipeWreck =
      state === 'wreck' && this.wreck !== null && this.clock.elapsedMs() - this.wreck.sinceMs >= this.wreckMs;
    if (state !== 'ours' && state !== 'missing' && !isRipeWreck) return true;
    try {
      await this.files.replace(this.place.face, formatLicence(top, 'pretty'), this.place.fileMode);
      return true;
    } catch (error) {
      return !(error instanceof ShareError && (error.kind === 'refused' || error.kind === 'busy'));
    }
  }
}

/** Ours: the same lineage, and an entitlement that the top has or once had. A wreck: nothing that reads as a licence. */
function recognise(bytes: Uint8Array, top: Licence): FaceState {
  const shown = readLoosely(bytes);
  if (shown === null) return 'wreck';
  const known = [entitlementHash(top.entitlement), ...top.formerEntitlements];
  return shown.lineage === top.lineage && known.includes(entitlementHash(shown.entitlement))
    ? 'ours'
    : 'foreign';
}

/** The two keys that tell whose a document is. The whole of it is not checked: this runs at every commit. */
export function readLoosely(
  bytes: Uint8Array,
): { lineage: unknown; entitlement: SealedEntitlement; revision: unknown } | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value !== 'object' || value === null || !('entitlement' in value)) return null;
    const { entitlement } = value;
    if (typeof entitlement !== 'object' || entitlement === null) return null;
    if (!('payload' in entitlement) || typeof entitlement.payload !== 'string') return null;
    return {
      lineage: 'lineage' in value ? value.lineage : undefined,
      revision: 'revision' in value ? value.revision : undefined,
      entitlement: entitlement as SealedEntitlement,
    };
  } catch {
    return null;
  }
}
