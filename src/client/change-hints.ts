import { HINT_INTERVALS } from '../rules/timing.js';
import { SHORTEST_POLL_MS } from '../share/watch.js';
import type { ClientContext } from './client-context.js';
import type { Table } from './table-view.js';

/** A hint makes a holder look early. At most this number of early looks is saved up: rule 3 sets the average rate. */
const HINTS_SAVED = 2;

/** Hints that `licence.json` moved, from watching it while a seat is held. */
export class Hints {
  private readonly context: ClientContext;
  private readonly table: Table;
  private saved = HINTS_SAVED;
  private isHeard = false;
  private watch: { stop: () => void } | null = null;

  constructor(context: ClientContext, table: Table) {
    this.context = context;
    this.table = table;
  }

  /** The file has moved: a look is worth it. */
  get isHinted(): boolean {
    return this.isHeard;
  }

  /** A file that is missing is not watched. */
  open(onHint: () => void): void {
    const { dice, warnings, watching } = this.context;
    if (this.watch || !watching || warnings.isFaceMissing) return;
    const { path, intervalMs } = this.table;
    this.watch = watching(
      path,
      Math.max(SHORTEST_POLL_MS, intervalMs * HINT_INTERVALS) * (0.9 + 0.2 * dice.fraction()),
      () => this.hear(onHint),
      () => this.close(),
    );
  }

  close(): void {
    this.watch?.stop();
    this.watch = null;
  }

  /** A look begins. */
  spend(): void {
    this.isHeard = false;
    this.saved = Math.max(0, this.saved - 1);
  }

  /** This number of looks came due meanwhile; it may be a fraction. */
  save(looks: number): void {
    this.saved = Math.min(HINTS_SAVED, this.saved + looks);
  }

  private hear(onHint: () => void): void {
    if (this.saved < 1) return;
    this.isHeard = true;
    onHint();
  }
}
