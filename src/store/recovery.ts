import { refuseMoved } from '../licence/document.js';
import { isLoss, SeatfileFault } from '../licence/fault.js';
import type { Limits } from '../share/deadline.js';
import type { Place } from '../share/layout.js';
import type { TableMemory } from './memory.js';
import type { Healed, Healer, Healing } from './rebuild.js';
import type { Revisions } from './revisions.js';

/** What a process does about a lost table: it depends on whether the process holds a seat. */
export class Recovery {
  /**
   * The holder that rebuilds a lost table. Null: this instance holds no seat, and so knows nothing better
   * than what is there. Undefined: a command, which tells the loss.
   */
  healer: Healer | null | undefined = undefined;
  private readonly place: Place;
  private readonly revisions: Revisions;
  private readonly healing: Healing;
  private readonly memory: TableMemory;

  constructor(place: Place, revisions: Revisions, healing: Healing, memory: TableMemory) {
    this.place = place;
    this.revisions = revisions;
    this.healing = healing;
    this.memory = memory;
  }

  /** What failed because the table is lost is done again when that is mended. */
  async healed<T>(act: () => Promise<T>, limits: Limits): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!isLoss(error)) throw error;
      const { healer, memory } = this;
      if (healer === null && this.revisions.register.acceptBehind()) return await act();
      if (!healer || memory.newest === null) throw error;
      refuseMoved(memory.newest, this.place.face);
      const healed = await this.healing.heal(memory.newest, healer, limits).catch(wholeIfUnknown);
      if (healed === 'untrusted') throw error;
      return healed === 'doubted' ? await this.healed(act, limits) : await act();
    }
  }
}

/** An unknown outcome is one of the rebuild, not of what is to be done again after it. */
function wholeIfUnknown(failure: unknown): Healed {
  if (failure instanceof SeatfileFault && failure.code === 'COMMIT_UNKNOWN') return 'whole';
  throw failure;
}
