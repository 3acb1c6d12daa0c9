import { graceMs, intervalMs } from './evictions.js';
import type { Office } from './office.js';
import { clockTime } from './trace.js';
import type { Standing } from './truth.js';

/** What must hold at every instant, and what must have happened by now. */
export class Audit {
  private readonly office: Office;

  constructor(office: Office) {
    this.office = office;
  }

  /**
   * After every event: every valid seat is one of the table, and the table holds no more than there are. Excused is a
   * removed holder, until its next poll, and for a while after a loss those whose records went with it.
   */
  beliefs(): void {
    const { truth } = this.office;
    for (const process of this.office.running())
      for (const seat of process.user.seats) {
        if (!seat.valid) continue;
        if (process.isDoubted)
          this.office.report('belief without a place', `${process.who}: its own change is lost`);
        const key = `${process.key} ${seat.module}`;
        if (truth.seated.has(key) || truth.isShaken) continue;
        const out = truth.evictions.out.get(key);
        if (out !== undefined && !process.hasHeeded(out)) continue;
        if (truth.isExcused(this.office.ableSinceMs(process))) continue;
        const left = clockTime(seat.remainingMs);
        this.office.report('belief without a place', `${process.who} in ${seat.module}, for another ${left}`);
      }
  }

  /** From time to time: the dead are out, a lost table is whole, every question is answered. */
  promises(): void {
    this.checkHealed();
    for (const standing of this.office.truth.evictions.standings.values()) this.checkDead(standing);
    for (const process of this.office.alive)
      for (const question of process.questions) this.office.checkAnswer(process, question);
  }

  /** At the end, when everything has worked for long: every person has what is there, and no more. */
  end(): void {
    for (const record of this.office.truth.table.instances) {
      const process = this.office.processAt(record.note);
      for (const { module } of record.level === 'light' || !process?.isRunning ? [] : record.seats)
        if (process?.seatsIn(module).length === 0)
          this.office.report('kept without a holder', `${process.who} in ${module}`);
    }
    for (const person of this.office.people) person.checkSeated();
    for (const process of this.office.running())
      for (const seat of process.seats())
        if (!seat.valid || seat.told !== 'seated')
          this.office.report(
            'undecided',
            `${process.who}: ${seat.module} is ${seat.state}, told ${seat.told}`,
          );
  }

  /** A holder that has seen a lost table rebuilds it: in a poll, twice the lifetime of the caches, and a commit. */
  private checkHealed(): void {
    const { office } = this;
    const pollMs = Math.max(60_000, Math.min(office.longestIntervalMs / 8, 3_600_000));
    const boundMs = pollMs * (1 + 2 * office.drift) + 120_000 + 2 * office.commitMs;
    for (const process of office.running()) {
      const sinceMs = office.truth.lostSinceMs ?? office.truth.deepSinceMs(process.highest);
      if (sinceMs === null || office.nowMs < sinceMs + boundMs) continue;
      if (process.seats().length === 0 || process.misfortune.isOn) continue;
      const { misfortune, seatedSinceMs, startedMs } = process;
      if (Math.max(misfortune.endedMs, seatedSinceMs, startedMs) < sinceMs - boundMs)
        office.report(
          'lost table not healed',
          `lost ${clockTime(office.nowMs - sinceMs)} ago: ${process.who} lives`,
        );
    }
  }

  /** A dead user is out within 2 T and one commit, while a peer that could poll and write all the time lives. */
  private checkDead({ record, beatAtMs }: Standing): void {
    const { office } = this;
    const { level, mishaps } = office.plan;
    if (level === 'light' || mishaps.setLevel !== undefined) return; // Light sweeps nothing
    const longestMs = Math.max(intervalMs(record), office.longestIntervalMs);
    const deadMs = (2 * longestMs + graceMs(record)) * (1 + 2 * office.drift);
    const fromMs = Math.max(beatAtMs, office.truth.wentBackMs);
    if (office.nowMs < fromMs + deadMs + office.commitMs) return;
    for (const peer of office.alive)
      if (peer.key !== record.note && office.ableSinceMs(peer) <= fromMs)
        office.report(
          'dead user not evicted',
          `${record.user}@${record.host}/${record.pid}: silent for ${clockTime(office.nowMs - beatAtMs)}, ` +
            `and ${peer.who} lives`,
        );
  }
}
