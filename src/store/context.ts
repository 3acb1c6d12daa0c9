import type { JudgePlace } from '../share/binding.js';
import type { Clock } from '../share/clock.js';
import type { ShareFiles } from '../share/files.js';
import type { LicencePaths, StageOwner } from '../share/layout.js';
import type { Random } from '../share/random.js';

/** What every part of the store works with: one place on one share, seen by one process. */
export interface StoreContext {
  readonly paths: LicencePaths;
  readonly files: ShareFiles;
  readonly clock: Clock;
  readonly random: Random;
  /** This process, as the names of its stages tell it. */
  readonly owner: StageOwner;
  /** Whether a licence that is put over `licence.json` belongs here. @default every licence does */
  readonly judgePlace?: JudgePlace;
}
