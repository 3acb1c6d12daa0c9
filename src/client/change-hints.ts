import { HINT_INTERVALS } from '../rules/timing.js';
import type { WatchFile } from '../share/watch.js';
import { SHORTEST_POLL_MS } from '../share/watch.js';
import type { ClientContext } from './client-context.js';
import type { Table } from './table-view.js';

/** A hint makes a holder poll early. At most this number of early polls is saved up: rule 3 sets the average rate. */
const HINTS_SAVED = 2;
/**
 * Watching begins 1 to 3 times as long after it is asked for: a seat that is given back before costs no watcher. Under
 * Light it begins at once, because the next poll may be a minute away.
 */
const WATCH_AFTER_MS = 1000;

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

  /** The file has moved: a poll is worth it. */
  get isHinted(): boolean {
    return this.isHeard;
  }

  /** A file that is missing is not watched. */
  open(onHint: () => void): void {
    const { clock, random, warnings, watching } = this.context;
    if (this.watch || !watching || warnings.isDisplayCopyMissing) return;
    const chance = random.fraction();
    const afterMs = this.table.policy?.level === 'light' ? 0 : WATCH_AFTER_MS * (1 + 2 * chance);
    const stop = clock.alarm(afterMs, () => this.begin(watching, chance, onHint));
    this.watch = { stop };
  }

  private begin(watching: WatchFile, chance: number, onHint: () => void): void {
    const { path, intervalMs } = this.table;
    this.watch = null;
    if (this.context.warnings.isDisplayCopyMissing) return;
    this.watch = watching(
      path,
      Math.max(SHORTEST_POLL_MS, intervalMs * HINT_INTERVALS) * (0.9 + 0.2 * chance),
      () => this.hear(onHint),
      () => this.close(),
    );
  }

  close(): void {
    this.watch?.stop();
    this.watch = null;
  }

  /** A poll begins. */
  spend(): void {
    this.isHeard = false;
    this.saved = Math.max(0, this.saved - 1);
  }

  /** This number of polls came due meanwhile; it may be a fraction. */
  save(polls: number): void {
    this.saved = Math.min(HINTS_SAVED, this.saved + polls);
  }

  private hear(onHint: () => void): void {
    if (this.saved < 1) return;
    this.isHeard = true;
    onHint();
  }
}
