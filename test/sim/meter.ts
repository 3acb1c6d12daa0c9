/** How many spells are remembered. */
const REMEMBERED = 300;

interface Spell {
  readonly fromMs: number;
  readonly toMs: number;
}

/** When and how long something was the case, all of its causes together. Milliseconds of true time. */
export class Meter {
  private causes = 0;
  private sinceMs = 0;
  private sumMs = 0;
  private readonly spells: Spell[] = [];
  /** When it last ended; the beginning if it never was. */
  endedMs = 0;

  get isOn(): boolean {
    return this.causes > 0;
  }

  begin(nowMs: number): void {
    if (this.causes++ === 0) this.sinceMs = nowMs;
  }

  end(nowMs: number): void {
    if (--this.causes > 0) return;
    this.sumMs += nowMs - this.sinceMs;
    this.endedMs = nowMs;
    this.spells.push({ fromMs: this.sinceMs, toMs: nowMs });
    if (this.spells.length > REMEMBERED) this.spells.shift();
  }

  totalMs(nowMs: number): number {
    return this.sumMs + (this.isOn ? nowMs - this.sinceMs : 0);
  }

  /** Every spell of it since then. */
  since(fromMs: number, nowMs: number): Spell[] {
    const all = this.isOn ? [...this.spells, { fromMs: this.sinceMs, toMs: nowMs }] : this.spells;
    return all
      .filter((spell) => spell.toMs > fromMs)
      .map((spell) => ({ fromMs: Math.max(spell.fromMs, fromMs), toMs: spell.toMs }));
  }
}

/** How much of a time spells leave free, however they overlap. */
export function freeMs(fromMs: number, toMs: number, spells: readonly Spell[]): number {
  let left = Math.max(0, toMs - fromMs);
  let coveredMs = fromMs;
  for (const spell of [...spells].sort((a, b) => a.fromMs - b.fromMs)) {
    left -= Math.max(0, spell.toMs - Math.max(coveredMs, spell.fromMs));
    coveredMs = Math.max(coveredMs, spell.toMs);
  }
  return left;
}
