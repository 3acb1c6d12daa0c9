import { SeatfileFault } from '../licence/fault.js';
import type { Limits } from '../share/deadline.js';
import type { FaceState } from '../store/display-copy.js';
import type { Store } from '../store/store.js';
import { faceWarnings, type Warning } from './warning-text.js';

export interface WarningDeps {
  readonly store: Pick<Store, 'heedDrop' | 'place'>;
  readonly onWarning: (warning: Warning) => void;
}

/** What the user is told of the share and of the face: each thing once, until it has changed. */
export class Warnings {
  private readonly deps: WarningDeps;
  private lastFace: FaceState = 'ours';
  private lastDrop: string | null = null;
  private lastTrouble: string | null = null;

  constructor(deps: WarningDeps) {
    this.deps = deps;
  }

  get isFaceMissing(): boolean {
    return this.lastFace === 'missing';
  }

  trouble(error: unknown): void {
    const code = error instanceof SeatfileFault ? error.code : String(error);
    if (code === this.lastTrouble) return;
    this.lastTrouble = code;
    this.deps.onWarning({ code: 'SHARE', message: error instanceof Error ? error.message : String(error) });
  }

  troubleOver(): void {
    this.lastTrouble = null;
  }

  async face(state: FaceState, limits: () => Limits): Promise<void> {
    const dropped = state === 'foreign' ? await this.heedDrop(limits) : null;
    if (dropped !== null && dropped !== this.lastDrop) this.warnOfFace(dropped);
    if (state === 'foreign') this.lastDrop = dropped;
    if (state === this.lastFace || dropped !== null) return;
    this.lastFace = state;
    const found = faceWarnings[state];
    if (found) this.warnOfFace(found);
  }

  /** A share that will not have it now is asked again at the next look: it is no trouble of the seat's. */
  private async heedDrop(limits: () => Limits): Promise<string | null> {
    return await this.deps.store.heedDrop(limits()).catch(() => null);
  }

  private warnOfFace(found: string): void {
    this.deps.onWarning({ code: 'FACE', message: `${this.deps.store.place.face} ${found}` });
  }
}
