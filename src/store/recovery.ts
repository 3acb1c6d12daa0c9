import { refuseMoved } from '../licence/document.js';
import { isLoss, SeatfileFault } from '../licence/fault.js';
import type { Deadline } from '../share/deadline.js';
import type { LicencePaths } from '../share/layout.js';
import type { TableMemory } from './memory.js';
import type { RebuildActor, Rebuilder, RebuildResult } from './rebuild.js';
import type { Revisions } from './revisions.js';

/** What a process does about a lost table: it depends on whether the process holds a seat. */
export class Recovery {
  /**
   * The holder that rebuilds a lost table. Null: this instance holds no seat, and so knows nothing better
   * than what is there. Undefined: a command, which tells the loss.
   */
  rebuildActor: RebuildActor | null | undefined = undefined;
  private readonly paths: LicencePaths;
  private readonly revisions: Revisions;
  private readonly rebuilder: Rebuilder;
  private readonly memory: TableMemory;

  constructor(paths: LicencePaths, revisions: Revisions, rebuilder: Rebuilder, memory: TableMemory) {
    this.paths = paths;
    this.revisions = revisions;
    this.rebuilder = rebuilder;
    this.memory = memory;
  }

  /** What failed because the table is lost is done again when that is mended. */
  async run<T>(act: () => Promise<T>, deadline: Deadline): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!isLoss(error)) throw error;
      const { rebuildActor, memory } = this;
      if (rebuildActor === null && this.revisions.register.acceptBehind()) return await act();
      if (!rebuildActor || memory.newest === null) throw error;
      refuseMoved(memory.newest, this.paths.licenceFile);
      const result = await this.rebuilder
        .rebuild(memory.newest, rebuildActor, deadline)
        .catch(wholeIfUnknown);
      if (result === 'untrusted') throw error;
      return result === 'doubted' ? await this.run(act, deadline) : await act();
    }
  }
}

/** An unknown outcome is one of the rebuild, not of what is to be done again after it. */
function wholeIfUnknown(failure: unknown): RebuildResult {
  if (failure instanceof SeatfileFault && failure.code === 'COMMIT_UNKNOWN') return 'whole';
  throw failure;
}
