import type { Warning } from '../api.js';
import { SeatfileFault } from '../licence/fault.js';
import type { Deadline } from '../share/deadline.js';
import type { DisplayCopyState } from '../store/display-copy.js';
import type { Store } from '../store/store.js';
import { messageOf } from '../store/trouble.js';
import { displayCopyWarnings } from './warning-text.js';

/** What the user is told of the share and of the licence file: each thing once, until it has changed. */
export class Warnings {
  private readonly store: Pick<Store, 'settleReplacement' | 'paths'>;
  private lastDisplayCopy: DisplayCopyState = 'ours';
  private lastReplacement: string | null = null;
  private lastTrouble: string | null = null;

  constructor(store: Pick<Store, 'settleReplacement' | 'paths'>) {
    this.store = store;
  }

  get isDisplayCopyMissing(): boolean {
    return this.lastDisplayCopy === 'missing';
  }

  /** Null: the user has been told. */
  trouble(error: unknown): Warning | null {
    const code = error instanceof SeatfileFault ? error.code : String(error);
    if (code === this.lastTrouble) return null;
    this.lastTrouble = code;
    return { code: 'SHARE', message: messageOf(error) };
  }

  troubleOver(): void {
    this.lastTrouble = null;
  }

  /** Null: there is nothing to tell, or the user has been told. */
  async face(state: DisplayCopyState, deadline: () => Deadline): Promise<Warning | null> {
    const replacement = state === 'foreign' ? await this.settleReplacement(deadline) : null;
    const isNew = replacement !== this.lastReplacement;
    if (state === 'foreign') this.lastReplacement = replacement;
    if (replacement !== null) return isNew ? this.ofDisplayCopy(replacement) : null;
    if (state === this.lastDisplayCopy) return null;
    this.lastDisplayCopy = state;
    const found = displayCopyWarnings[state];
    return found === undefined ? null : this.ofDisplayCopy(found);
  }

  /** A failure here is no trouble of the seat: the next poll asks again. */
  private async settleReplacement(deadline: () => Deadline): Promise<string | null> {
    return await this.store.settleReplacement(deadline()).catch(() => null);
  }

  private ofDisplayCopy(found: string): Warning {
    return { code: 'FACE', message: `${this.store.paths.licenceFile} ${found}` };
  }
}
