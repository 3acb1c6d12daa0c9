import type { Office } from './office.js';
import type { Process } from './process.js';
import { clockTime } from './trace.js';
import type { Standing } from './truth.js';

/** What must hold at every instant, and what must have happened by now. */
export class Audit {
  private readonly office: Office;

  constructor(office: Office) {
    this.office = office;
  }

  /**
   * After every event: nobody works without a place that the table holds, and never more than there are. Who was removed
   * by the administrator is left aside until he has had his look.
   */
  beliefs(): void {
    const { truth } = this.office;
    if (truth.hasStrays) return; // whoever was seated in an older state may be one too many, for as long as he believes
    const places = new Map<string, Set<string>>();
    for (const process of this.office.running()) {
      for (const seat of process.user.seats) {
        if (!seat.valid) continue;
        if (!truth.isSeated(process.key, seat.module)) {
          const key = `${process.key} ${seat.module}`;
          const removal = truth.removed.get(key) ?? truth.mistaken.get(key);
          if (removal && !process.hasHeeded(removal.revision)) continue;
          if (truth.isShaken) continue; // his record may have been lost with its revision, until he puts it back
          this.office.report(
            'belief without a place',
            `${process.who} in ${seat.module}, valid for another ${clockTime(seat.remainingMs)}`,
          );
        }
        const inModule = places.get(seat.module) ?? new Set<string>();
        places.set(seat.module, inModule.add(seat.id));
      }
    }
    for (const [module, ids] of places) {
      const limit = this.office.limitOf(module);
      if (ids.size > limit)
        this.office.report('belief over the limit', `${ids.size} of ${limit} in ${module}`);
    }
  }

  /** From time to time: whoever should be out is out, whoever was removed knows, whoever asked was answered. */
  promises(): void {
    this.checkHealed();
    this.office.truth.checkOwed();
    for (const standing of this.office.truth.standings.values()) {
      this.checkDead(standing);
      this.checkAsked(standing);
    }
    for (const [key, removal] of this.office.truth.removed) this.checkRemoved(key, removal.atMs);
    for (const process of this.office.alive)
      for (const question of process.questions) this.office.checkAnswer(process, question);
  }

  /** At the end, when everything has worked for long: nobody is left hanging. */
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

  /** Nobody's application has the seat, and a living process keeps it all the same. */
  private checkKept(): void {
    for (const record of this.office.truth.table.instances) {
      const process = this.office.processAt(record.note);
      for (const { module } of record.seats)
        if (process?.isRunning && record.level === 'heartbeat' && process.seatsIn(module).length === 0)
          this.office.report(
            'given back and kept',
            `${process.who} in ${module}, and its application has no such seat`,
          );
    }
  }

  /** A lost table is whole again within a look, the lifetime of the caches, and one commit, while somebody lives who has seen it. */
  private checkHealed(): void {
    const { office } = this;
    const { lostSinceMs, hasStrays } = office.truth;
    if (lostSinceMs === null) return;
    const boundMs =
      lookMs(office.longestIntervalMs) * (1 + 2 * office.drift) + 2 * CACHES_MS + 2 * office.commitMs;
    if (office.nowMs < lostSinceMs + boundMs) return;
    const healer = [...office.running()].find(
      (process) =>
        process.seats().length > 0 &&
        !process.misfortune.isOn &&
        (!hasStrays || office.truth.misses(process.key)) && // else what he had seen may have been passed meanwhile
        Math.max(process.misfortune.endedMs, process.seatedSinceMs, process.startedMs) <
          lostSinceMs - boundMs,
    );
    if (healer)
      office.report(
        'lost table not healed',
        `lost ${clockTime(office.nowMs - lostSinceMs)} ago, and ${healer.who} could look and write all the time`,
      );
  }

  /** Gone within 2 T and one commit, while a peer lives, looks and can write. */
  private checkDead({ record, beatAtMs }: Standing): void {
    if (record.level !== 'heartbeat') return;
    const { office } = this;
    const intervalMs = Math.max(1000 * record.checkIntervalSeconds, office.longestIntervalMs);
    const dueMs =
      beatAtMs +
      (2 * intervalMs + (7 / 6) * 1000 * record.graceSeconds) * (1 + 2 * office.drift) +
      office.commitMs;
    if (office.nowMs < dueMs) return;
    const observer = [...office.alive].find(
      (one) => one.key !== record.note && this.watchesSinceMs(one) <= beatAtMs,
    );
    if (!observer) return;
    const found = `${record.user}@${record.host}/${record.pid}: silent for ${clockTime(office.nowMs - beatAtMs)}`;
    office.report(
      'dead user not evicted',
      `${found}, and ${observer.who} could look and write all the time; T ${clockTime(intervalMs)}`,
    );
  }

  /**
   * With nobody left to have watched, a dead user is out soon after somebody asks for his place, who stays, can look and can
   * write: T/4 and the commits once he is silent for 2 T by share time; else by the asker's own watch. People ask again
   * within T.
   */
  private checkAsked({ record, beatAtMs }: Standing): void {
    const { office } = this;
    const intervalMs = Math.max(1000 * record.checkIntervalSeconds, office.longestIntervalMs);
    const isSlow = intervalMs / 8 < office.commitMs; // then a commit counts as trouble
    const mayBeLight = office.plan.level === 'light' || office.plan.mishaps.setLevel !== undefined;
    if (record.level !== 'heartbeat' || isSlow || mayBeLight) return;
    const outMs = 2 * intervalMs + (7 / 6) * 1000 * record.graceSeconds;
    for (const { module } of record.seats)
      for (const asker of office.alive) {
        if (asker.key === record.note) continue;
        const askingMs = Math.max(beatAtMs, office.askingSinceMs(asker, module));
        const silentMs = this.isDated(beatAtMs, asker)
          ? Math.max(beatAtMs + outMs, askingMs)
          : askingMs + outMs;
        const dueMs = beatAtMs + (silentMs + 1.75 * intervalMs - beatAtMs) * (1 + 2 * office.drift);
        if (office.nowMs < dueMs + 2 * office.commitMs) continue;
        const found = `${record.user}@${record.host}/${record.pid}: silent for ${clockTime(office.nowMs - beatAtMs)}`;
        const since = clockTime(office.nowMs - askingMs);
        office.report(
          'dead user not evicted',
          `${found}, and ${asker.who} has asked for ${module} for ${since}; T ${clockTime(intervalMs)}`,
        );
      }
  }

  /** The age of a beat by share time is true, and the asker believes it: nobody has beaten since who could have watched. */
  private isDated(beatAtMs: number, asker: Process): boolean {
    const { serverClockSets, truth } = this.office;
    const fromMs = Math.min(beatAtMs, asker.firstCommitMs);
    const others = [...truth.standings.values()];
    return (
      serverClockSets.every((atMs) => atMs < fromMs) && others.every((other) => other.beatAtMs <= beatAtMs)
    );
  }

  /** Since when a process could look, write and sweep. */
  private watchesSinceMs(process: Process): number {
    const standings = [...this.office.truth.standings.values()].filter(
      ({ record }) => record.note === process.key && record.level === 'heartbeat',
    );
    const sinceMs = Math.min(...standings.map(({ levelSinceMs }) => levelSinceMs));
    return Math.max(sinceMs, this.office.ableSinceMs(process));
  }

  private checkRemoved(key: string, atMs: number): void {
    const { office } = this;
    const [owner = '', module = ''] = key.split(' ');
    const process = office.processAt(owner);
    if (!process?.isRunning) return;
    if (
      office.nowMs < atMs + lookMs(office.longestIntervalMs) * (1 + 2 * office.drift) + office.commitMs ||
      office.ableSinceMs(process) > atMs
    )
      return;
    if (process.user.seats.some((seat) => seat.module === module && seat.valid))
      office.report(
        'removal not noticed',
        `${process.who} in ${module}: removed ${clockTime(office.nowMs - atMs)} ago`,
      );
  }
}

/** Trouble is believed after so long. Milliseconds. */
const CACHES_MS = 60_000;

/** Rules 3 and 10, written down a second time on purpose: at least every T/8, at most every hour, Light every minute. */
const lookMs = (intervalMs: number): number => Math.max(60_000, Math.min(intervalMs / 8, 3_600_000));
