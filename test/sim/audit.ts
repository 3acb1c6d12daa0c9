import type { Office } from './office.js';
import type { Process } from './process.js';
import { clockTime } from './trace.js';
import type { Standing } from './truth.js';

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
   * After every event: no instance works without a place that the table holds, and never more than there are. An
   * instance that the administrator removed is left aside until its next look.
   */
  beliefs(): void {
    const { truth } = this.office;
    const places = new Map<string, Set<string>>();
    const valid = new Map<string, Set<string>>();
    for (const process of this.office.running()) {
      for (const seat of process.user.seats) {
        if (!seat.valid) continue;
        if (process.isDoubted)
          this.office.report('belief without a place', `${process.who}: its own change is lost`);
        valid.set(seat.module, (valid.get(seat.module) ?? new Set<string>()).add(seat.id));
        if (!truth.isSeated(process.key, seat.module)) {
          const key = `${process.key} ${seat.module}`;
          const removal = truth.removed.get(key) ?? truth.mistaken.get(key);
          if (removal && !process.hasHeeded(removal.revision)) continue;
          if (truth.isShaken) continue; // its record may have been lost with its revision, until it puts it back
          if (truth.isExcused(this.office.nowMs, this.office.ableSinceMs(process))) continue;
          this.office.report(
            'belief without a place',
            `${process.who} in ${seat.module}, valid for another ${clockTime(seat.remainingMs)}`,
          );
        }
        const inModule = places.get(seat.module) ?? new Set<string>();
        // Put back into a place that is shared: the process learns only by the answer which one that is.
        places.set(seat.module, inModule.add(truth.placeOf(process.key, seat.module) ?? seat.id));
      }
    }
    const over = [...valid].map(([module, ids]) => ids.size - this.office.limitOf(module));
    this.noteOver(Math.max(0, ...over));
    for (const [module, ids] of places) {
      const limit = this.office.limitOf(module);
      if (ids.size > limit)
        this.office.report('belief over the limit', `${ids.size} of ${limit} in ${module}`);
    }
  }

  /**
   * After a loss, and where a person's decision has not been seen yet, there may be more for a while: how many, and for
   * how long.
   */
  private noteOver(over: number): void {
    const { nowMs } = this.office;
    if (this.over > 0) this.overMs += nowMs - this.overSinceMs;
    this.over = over;
    this.overSinceMs = nowMs;
    this.overMost = Math.max(this.overMost, over);
  }

  /** From time to time: what should be out is out, what was removed knows it, what asked was answered. */
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

  /** At the end, when everything has worked for long: no process is left hanging. */
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

  /** No application has the seat, and a living process keeps it all the same. */
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

  /**
   * A lost table is whole again within a look, the lifetime of the caches, and one commit, while an instance that has
   * seen it is alive.
   */
  private checkHealed(): void {
    const { office } = this;
    const boundMs =
      lookMs(office.longestIntervalMs) * (1 + 2 * office.drift) + 2 * CACHES_MS + 2 * office.commitMs;
    for (const process of office.running()) {
      const sinceMs = office.truth.lostSinceMs ?? office.truth.deepSinceMs(process.highest);
      if (sinceMs === null || office.nowMs < sinceMs + boundMs) continue;
      if (process.seats().length === 0 || process.misfortune.isOn) continue;
      const { misfortune, seatedSinceMs, startedMs } = process;
      if (Math.max(misfortune.endedMs, seatedSinceMs, startedMs) < sinceMs - boundMs)
        office.report(
          'lost table not healed',
          `lost ${clockTime(office.nowMs - sinceMs)} ago, and ${process.who} could look and write all the time`,
        );
    }
  }

  /** Gone within 2 T and one commit, while a peer lives, looks and can write. */
  private checkDead({ record, beatAtMs }: Standing): void {
    if (record.level !== 'heartbeat') return;
    const { office } = this;
    const intervalMs = Math.max(1000 * record.checkIntervalSeconds, office.longestIntervalMs);
    const dueMs =
      this.countedFromMs(beatAtMs) +
      (2 * intervalMs + (7 / 6) * 1000 * record.graceSeconds) * (1 + 2 * office.drift) +
      office.commitMs;
    if (office.nowMs < dueMs) return;
    const observer = [...office.alive].find(
      (one) => one.key !== record.note && this.watchesSinceMs(one) <= this.countedFromMs(beatAtMs),
    );
    if (!observer) return;
    const found = `${record.user}@${record.host}/${record.pid}: silent for ${clockTime(office.nowMs - beatAtMs)}`;
    office.report(
      'dead user not evicted',
      `${found}, and ${observer.who} could look and write all the time; T ${clockTime(intervalMs)}`,
    );
  }

  /**
   * With no observer left, a dead user is out soon after a requester asks for the place, if the requester stays, can
   * look and can write: T/4 and the commits once the user is silent for 2 T by share time; else by the requester's own
   * watch. Requesters ask again within T.
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
        const askingMs = Math.max(this.countedFromMs(beatAtMs), office.askingSinceMs(asker, module));
        const silentMs = this.isDated(beatAtMs, asker)
          ? Math.max(this.countedFromMs(beatAtMs) + outMs, askingMs)
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

  /** For an observer that had not seen it, a record that came back with an older state has stood still since then. */
  private countedFromMs(beatAtMs: number): number {
    return Math.max(beatAtMs, this.office.truth.wentBackMs);
  }

  /**
   * The age of a beat by share time is true, and the requester believes it: no observer has beaten since.
   */
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

/**
 * Rules 3 and 10, written down a second time on purpose: at least every T/8, at most every hour, Light every minute.
 */
const lookMs = (intervalMs: number): number => Math.max(60_000, Math.min(intervalMs / 8, 3_600_000));
