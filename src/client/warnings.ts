import { SeatfileFault } from '../licence/fault.js';
import type { Limits } from '../share/deadline.js';
import type { FaceState } from '../store/display-copy.js';
import type { Store } from '../store/store.js';
import { faceWarnings, type Warning } from './warning-text.js';

/** What the user is told of the share and of the licence file: each thing once, until it has changed. */
export class Warnings {
  private readonly store: Pick<Store, 'heedDrop' | 'place'>;
  private lastFace: FaceState = 'ours';
  private lastDrop: string | null = null;
  private lastTrouble: string | null = null;

  constructor(store: Pick<Store, 'heedDrop' | 'place'>) {
    this.store = store;
  }

  get isFaceMissing(): boolean {
    return this.lastFace === 'missing';
  }

  /** Null: the user has been told. */
  trouble(error: unknown): Warning | null {
    const code = error instanceof SeatfileFault ? error.code : String(error);
    if (code === this.lastTrouble) return null;
    this.lastTrouble = code;
    return { code: 'SHARE', message: error instanceof Error ? error.message : String(error) };
  }

  troubleOver(): void {
    this.lastTrouble = null;
  }

  /** Null: there is nothing to tell, or the user has been told. */
  async face(state: FaceState, limits: () => Limits): Promise<Warning | null> {
    const dropped = state === 'foreign' ? await this.heedDrop(limits) : null;
    const isNew = dropped !== this.lastDrop;
    if (state === 'foreign') this.lastDrop = dropped;
    if (dropped !== null) return isNew ? this.ofFace(dropped) : null;
    if (state === this.lastFace) return null;
    this.lastFace = state;
    const found = faceWarnings[state];
    return found === undefined ? null : this.ofFace(found);
  }

  /** A failure here is no trouble of the seat: the next look asks again. */
  private async heedDrop(limits: () => Limits): Promise<string | null> {
    return await this.store.heedDrop(limits()).catch(() => null);
  }

  private ofFace(found: string): Warning {
    return { code: 'FACE', message: `${this.store.place.face} ${found}` };
  }
}
