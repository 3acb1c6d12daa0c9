import { refuseMoved } from '../licence/document.js';
import { isLoss, SeatfileFault } from '../licence/fault.js';
import type { Limits } from '../share/deadline.js';
import type { Place } from '../share/layout.js';
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
  private readonly place: Place;
  private readonly revisions: Revisions;
  private readonly rebuilder: Rebuilder;
  private readonly memory: TableMemory;

  constructor(place: Place, revisions: Revisions, rebuilder: Rebuilder, memory: TableMemory) {
    this.place = place;
    this.revisions = revisions;
    this.rebuilder = rebuilder;
    this.memory = memory;
  }

  /** What failed because the table is lost is done again when that is mended. */
  async run<T>(act: () => Promise<T>, limits: Limits): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!isLoss(error)) throw error;
      const { rebuildActor, memory } = this;
      if (rebuildActor === null && this.revisions.register.acceptBehind()) return await act();
      if (!rebuildActor || memory.newest === null) throw error;
      refuseMoved(memory.newest, this.place.face);
      const result = await this.rebuilder.rebuild(memory.newest, rebuildActor, limits).catch(wholeIfUnknown);
      if (result === 'untrusted') throw error;
      return result === 'doubted' ? await this.run(act, limits) : await act();
    }
  }
}

/** An unknown outcome is one of the rebuild, not of what is to be done again after it. */
function wholeIfUnknown(failure: unknown): RebuildResult {
  if (failure instanceof SeatfileFault && failure.code === 'COMMIT_UNKNOWN') return 'whole';
  throw failure;
}
