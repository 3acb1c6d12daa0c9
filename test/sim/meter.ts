/** How long something was the case, all of its causes together. Milliseconds of true time. */
export class Meter {
  private causes = 0;
  private sinceMs = 0;
  private sumMs = 0;
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
  }

  totalMs(nowMs: number): number {
    return this.sumMs + (this.isOn ? nowMs - this.sinceMs : 0);
  }
}
