import type { Licence } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import { licenceIdOf, lineagesOf } from '../licence/lineage.js';
import type { LicencePaths } from '../share/layout.js';
import { MOST_ABOVE } from './register.js';

/**
 * Revisions that this process knows of are not in the latest one. Doubtful: it is below the highest number
 * seen, which may be an old listing; it proves nothing before a commit on it is published. Certain: it is at
 * or above our own last confirmed change, and lacks it.
 */
export type Loss = 'doubtful' | 'certain';

/**
 * Notices that the latest revision does not descend from what this process has seen, or is of another
 * licence.
 */
export class ForkDetector {
  private readonly paths: LicencePaths;
  /** The licence that the folder belongs to, once known. */
  private licenceId: string | null = null;
  /** The lineage that was last found to be of that licence. */
  private lineage: string | null = null;
  /** Our last confirmed change: every later revision of its lineage descends from it. */
  private own: { readonly lineage: string; readonly revision: number; readonly changeId: string } | null =
    null;

  constructor(paths: LicencePaths) {
    this.paths = paths;
  }

  /** From now on the folder of another licence is not ours. */
  expectLicence(licence: Licence): void {
    this.licenceId ??= licenceIdOf(licence.entitlement);
  }

  /** A change of ours is confirmed. */
  published({ lineage, revision }: Licence, changeId: string): void {
    this.own = { lineage, revision, changeId };
  }

  /**
   * Of another licence than the one that the folder belongs to. A known lineage is of that one, and so is one that was
   * restored from it: a later licence of another id may have taken its place there.
   */
  isForeign(licence: Licence): boolean {
    const { licenceId, lineage } = this;
    if (licenceId === null || licence.lineage === lineage) return false;
    const isKin = lineage !== null && lineagesOf(licence).includes(lineage);
    return !isKin && licenceIdOf(licence.entitlement) !== licenceId;
  }

  /** The fault, where the latest revision is of another licence. */
  refuse(licence: Licence): SeatfileFault | null {
    if (this.isForeign(licence))
      return new SeatfileFault(
        'TABLE_LOST',
        `${this.paths.folder} ends at revision ${licence.revision} of licence "${licenceIdOf(licence.entitlement)}"; ` +
          `expected licence "${this.licenceId}". Nothing was written; put the folder of this licence back`,
        { details: { path: this.paths.folder, revision: licence.revision } },
      );
    this.lineage = licence.lineage;
    return null;
  }

  /** @param isBelow its number is lower than the highest seen */
  lossIn(licence: Licence, isBelow: boolean): Loss | null {
    const { own } = this;
    const above = own?.lineage === licence.lineage ? licence.revision - own.revision : -1;
    if (own && above >= 0 && above < MOST_ABOVE && !licence.recent.includes(own.changeId)) return 'certain';
    return isBelow ? 'doubtful' : null;
  }
}
