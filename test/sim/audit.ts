import type { Office } from './office.js';
import { clockTime } from './trace.js';
import type { Standing } from './truth.js';

/** Trouble is believed after so long. Milliseconds. */
const CACHES_MS = 60_000;

/** What must hold at every instant, and what must have happened by now. */
export class Audit {
  private readonly office: Office;
  /** The most valid seats there were above the limit of a module, and for how long in all. Milliseconds. */
  overMost = 0;
  overMs = 0;
  private over = 0;
  private overSinceMs = 0;

  constructor(office: Office) {
    this.office = office;
  }

  /**
   * After every event: every valid seat is one that the table holds, and the table holds no more than there are. Excused is a
   * holder that was removed, until its next poll, and for a while after a loss those whose records went with it.
   */
  beliefs(): void {
    const { truth } = this.office;
    const valid = new Map<string, Set<string>>();
    for (const process of this.office.running())
      for (const seat of process.user.seats) {
        if (!seat.valid) continue;
        if (process.isDoubted)
          this.office.report('belief without a place', `${process.who}: its own change is lost`);
        valid.set(seat.module, (valid.get(seat.module) ?? new Set<string>()).add(seat.id));
        if (truth.isSeated(process.key, seat.module) || truth.isShaken) continue;
        const out = truth.evictions.out.get(`${process.key} ${seat.module}`);
        if (out !== undefined && !process.hasHeeded(out)) continue;
        if (truth.isExcused(this.office.ableSinceMs(process))) continue;
        const forMs = clockTime(seat.remainingMs);
        this.office.report(
          'belief without a place',
          `${process.who} in ${seat.module}, valid for another ${forMs}`,
        );
      }
    const over = [...valid].map(([module, ids]) => ids.size - this.office.limitOf(module));
    this.noteOver(Math.max(0, ...over));
  }

  /** What the excuses come to: how many valid seats too many, and for how long. */
  private noteOver(over: number): void {
    const { nowMs } = this.office;
    if (this.over > 0) this.overMs += nowMs - this.overSinceMs;
    this.over = over;
    this.overSinceMs = nowMs;
    this.overMost = Math.max(this.overMost, over);
  }

  /** From time to time: the dead are out, a lost table is whole, every question is answered. */
  promises(): void {
    this.checkHealed();
    for (const standing of this.office.truth.standings.values()) this.checkDead(standing);
    for (const process of this.office.alive)
      for (const question of process.questions) this.office.checkAnswer(process, question);
  }

  /** At the end, when everything has worked for long: every person has what is there, and no more. */
  end(): void {
    this.checkKept();
    for (const person of this.office.people) person.checkSeated();
    for (const process of this.office.running())
      for (const seat of process.seats())
        if (!seat.valid || seat.told !== 'seated')
          this.office.report(
            'undecided',
            `${process.who} in ${seat.module} is ${seat.state} (told ${seat.told})`,
          );
  }

  private checkKept(): void {
    for (const record of this.office.truth.table.instances) {
      const process = this.office.processAt(record.note);
      for (const { module } of record.seats)
        if (process?.isRunning && record.level === 'heartbeat' && process.seatsIn(module).length === 0)
          this.office.report('kept for nobody', `${process.who} in ${module}`);
    }
  }

  /** A lost table is whole again within a poll, the lifetime of the caches, and one commit, while a holder lives that has seen it. */
  private checkHealed(): void {
    const { office } = this;
    const pollMs = Math.max(60_000, Math.min(office.longestIntervalMs / 8, 3_600_000));
    const boundMs = pollMs * (1 + 2 * office.drift) + 2 * CACHES_MS + 2 * office.commitMs;
    for (const process of office.running()) {
      const sinceMs = office.truth.lostSinceMs ?? office.truth.deepSinceMs(process.highest);
      if (sinceMs === null || office.nowMs < sinceMs + boundMs) continue;
      if (process.seats().length === 0 || process.misfortune.isOn) continue;
      const { misfortune, seatedSinceMs, startedMs } = process;
      if (Math.max(misfortune.endedMs, seatedSinceMs, startedMs) < sinceMs - boundMs)
        office.report(
          'lost table not healed',
          `lost ${clockTime(office.nowMs - sinceMs)} ago, and ${process.who} could poll and write all the time`,
        );
    }
  }

  /** A dead user is out within 2 T and one commit, while a peer that could poll and write all the time lives. */
  private checkDead({ record, beatAtMs }: Standing): void {
    const { office } = this;
    const { level, mishaps } = office.plan;
    if (level === 'light' || mishaps.setLevel !== undefined) return; // Light sweeps nothing
    const intervalMs = Math.max(1000 * record.checkIntervalSeconds, office.longestIntervalMs);
    const deadMs = (2 * intervalMs + (7 / 6) * 1000 * record.graceSeconds) * (1 + 2 * office.drift);
    const fromMs = Math.max(beatAtMs, office.truth.wentBackMs);
    if (office.nowMs < fromMs + deadMs + office.commitMs) return;
    for (const peer of office.alive)
      if (peer.key !== record.note && office.ableSinceMs(peer) <= fromMs) {
        const silence = `silent for ${clockTime(office.nowMs - beatAtMs)}; T ${clockTime(intervalMs)}`;
        office.report(
          'dead user not evicted',
          `${record.user}@${record.host}/${record.pid}: ${silence}, and ${peer.who} could poll and write all the time`,
        );
      }
  }
}
