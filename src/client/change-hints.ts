import { HINT_INTERVALS } from '../rules/timing.js';
import type { Dice } from '../share/random.js';
import { SHORTEST_POLL_MS, type Watching } from '../share/watch.js';

/** A hint makes a holder look early, but not more often on average than rule 3 says: so many looks may be saved up. */
const HINTS_SAVED = 2;

export interface HintDeps {
  readonly dice: Dice;
  readonly watching: Watching | null;
  readonly table: { readonly path: string; readonly intervalMs: number };
  /** A face that is missing is not watched. */
  readonly isFaceMissing: () => boolean;
}

/** Hints that `licence.json` moved, from watching it while a seat is held. */
export class Hints {
  private readonly deps: HintDeps;
  private saved = HINTS_SAVED;
  private isHeard = false;
  private watch: { stop: () => void } | null = null;

  constructor(deps: HintDeps) {
    this.deps = deps;
  }

  /** Something is there to look at. */
  get isHinted(): boolean {
    return this.isHeard;
  }

  open(onHint: () => void): void {
    const { dice, isFaceMissing, table, watching } = this.deps;
    if (this.watch || !watching || isFaceMissing()) return;
    const intervalMs =
      Math.max(SHORTEST_POLL_MS, table.intervalMs * HINT_INTERVALS) * (0.9 + 0.2 * dice.fraction());
    this.watch = watching(
      table.path,
      intervalMs,
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

  /** So many looks were due by now. */
  save(looks: number): void {
    this.saved = Math.min(HINTS_SAVED, this.saved + looks);
  }

  private hear(onHint: () => void): void {
    if (this.saved < 1) return;
    this.isHeard = true;
    onHint();
  }
}
