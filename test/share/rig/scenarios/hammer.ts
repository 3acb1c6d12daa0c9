/**
 * Writers on three client hosts, one of them an hour ahead, are stopped and killed in mid-commit; one host is frozen,
 * another unplugged. What was acknowledged is there, once. Readers meet whole documents only, and never an older one
 * after a newer one.
 */
import type { StoreOptions } from '../../../../src/store/store-options.js';
import type { CommitJob } from '../programs/commit.js';
import type { LookJob, LookReport } from '../programs/look.js';
import { type Hosts, must, type Scenario } from '../rig.js';
import { pause } from '../shell.js';
import type { Running, Station } from '../station.js';
import {
  complaintsAbout,
  faultsIn,
  latestOf,
  newTable,
  paceOf,
  type Table,
  tallyOf,
  triesIn,
} from '../table.js';

const WRITERS_PER_HOST = 2;
const BOUND_MS = 30_000;

export interface StormSize {
  /** The most that each writer does. */
  readonly commits: number;
  /**
   * The writers stop after this time, as soon as everything was struck and every writer has gone on after that: how
   * many commits a computer makes in it is no promise.
   */
  readonly enoughMs: number;
}

const SHORT: StormSize = { commits: 340, enoughMs: 150_000 };
const LONG: StormSize = { commits: 2000, enoughMs: 3_600_000 };
/** A computer that has not come so far after this many times the time above shows nothing. */
const TOO_SLOW = 3;
/** Each writer is stopped and killed within its first commits, so that a slow computer comes to it. */
const STRUCK_WITHIN = 16;
/** A strike that comes up to 16 operations after a commit falls within so many commits. */
const STRIKE_TAKES = 3;
/** Longer than every timeout below. Milliseconds. */
const STOP_MS = 6500;

/** As in test/processes, and long enough for a share: a listing may be a few seconds old. */
const options: Partial<StoreOptions> = {
  stealMs: 1500,
  turnMs: 700,
  busyMs: 3000,
  answerMs: 5000,
  cachesMs: 5000,
  wreckMs: 2000,
  clearing: { segmentNumbers: 16, supersededMs: 5000, abandonedMs: 3_600_000 },
};

export const hammerOf = (short: StormSize): Scenario<Hosts> => ({
  name: 'hammer',
  play: async (rig) => {
    const table = newTable();
    const storm = new Storm(rig, table, rig.isLong ? LONG : short);
    const startedMs = performance.now();
    const progress = setInterval(() => rig.say(storm.progress()), 10_000);
    await storm.blow().finally(() => clearInterval(progress));
    const seconds = (performance.now() - startedMs) / 1000;
    const reports = await storm.readers();
    const figures = judge(rig, table, storm.lines, reports, seconds);
    const missing = storm.notYet;
    must(
      missing === '',
      `as it must be, but this computer came no further: ${missing}; ${JSON.stringify(figures)}`,
    );
    return figures;
  },
});

export const hammer = hammerOf(SHORT);

class Storm {
  readonly lines: string[] = [];
  private readonly rig: Hosts;
  private readonly table: Table;
  private readonly commits: number;
  private readonly enoughMs: number;
  private readonly acked = new Map<number, number>();
  /** How many commits each writer had made at the last strike that met it. */
  private readonly ackedBefore = new Map<number, number>();
  private readonly strikes = { SIGSTOP: new Set<number>(), SIGKILL: new Set<number>() };
  private hostsStruck = 0;
  private readonly looking = new Map<Station, Running>();
  private readonly writing = new Set<Running>();
  private isOver = false;
  private readonly startedMs = performance.now();
  private repaired: Promise<void> = Promise.resolve();

  constructor(rig: Hosts, table: Table, size: StormSize) {
    this.rig = rig;
    this.table = table;
    this.commits = size.commits;
    this.enoughMs = size.enoughMs;
  }

  async blow(): Promise<void> {
    for (const guest of this.rig.guests) this.look(guest);
    const slots = this.rig.guests.flatMap((guest, host) =>
      Array.from({ length: WRITERS_PER_HOST }, (_, n) => this.slot(guest, host * WRITERS_PER_HOST + n)),
    );
    const fate = this.strikeHosts();
    const end = this.endInTime();
    await Promise.all(slots).finally(() => {
      this.isOver = true;
    });
    await Promise.all([fate, end]);
  }

  private async endInTime(): Promise<void> {
    const isEnough = () => this.spent >= (this.notYet === '' ? 1 : TOO_SLOW);
    while (!this.isOver && !isEnough()) await pause(50);
    this.isOver = true;
    for (const one of this.writing) {
      one.close();
      void pause(2 * BOUND_MS).then(() => one.signal('SIGKILL')); // one that does not end is judged by what it said
    }
  }

  async readers(): Promise<LookReport[]> {
    return await Promise.all(
      [...this.looking].map(async ([guest, one]) => {
        one.close();
        const line = await one
          .heard((said) => said.startsWith('{'), 2 * BOUND_MS)
          .catch(async (error: unknown) => {
            const state = await guest.shell('ps -eLo pid,stat,wchan:30,args | grep -v "\\[" ');
            throw new Error(`the reader of client ${guest.number}: ${error}\n${state}`);
          });
        return JSON.parse(line) as LookReport;
      }),
    );
  }

  progress(): string {
    const tries = triesIn(this.lines);
    const counts = [...this.acked].map(([slot, count]) => `${slot}: ${count}`).join(', ');
    const attempts = tries.reduce((sum, one) => sum + one.attempts, 0);
    return `${counts}; ${JSON.stringify(paceOf(tries))}; attempts ${attempts} ${faultsIn(tries).join('; ')}`;
  }

  /** What has to happen before the storm shows anything, and has not happened; empty: it all has. */
  get notYet(): string {
    const writers = WRITERS_PER_HOST * this.rig.guests.length;
    const { SIGSTOP: stopped, SIGKILL: killed } = this.strikes;
    const isOn = (_: unknown, slot: number) =>
      this.done(slot) > Math.min(this.ackedBefore.get(slot) ?? Number.POSITIVE_INFINITY, this.commits - 1);
    const on = Array.from({ length: writers }, isOn).filter(Boolean).length;
    const counts = {
      'writers stopped': stopped.size,
      'writers killed': killed.size,
      'writers that went on': on,
    };
    const left = Object.entries(counts).filter(([, count]) => count < writers);
    if (this.hostsStruck < 2) left.push(['hosts struck', this.hostsStruck]);
    return left.map(([what, count]) => `${what}: ${count}`).join(', ');
  }

  /** The part of its time that the storm has blown; more than 1 past that. */
  private get spent(): number {
    return (performance.now() - this.startedMs) / this.enoughMs;
  }

  private get total(): number {
    return [...this.acked.values()].reduce((sum, count) => sum + count, 0);
  }

  private look(guest: Station): void {
    const job: LookJob = { file: this.table.file, boundMs: BOUND_MS, paceMs: 100, isTelling: false, options };
    this.looking.set(guest, guest.program('look', job));
  }

  /** One process after the other, each going on where the one that was killed had stopped. */
  private async slot(guest: Station, slot: number): Promise<void> {
    for (let life = 0; this.done(slot) < this.commits && !this.isOver; life++) {
      await this.repaired;
      const one = guest.program('commit', this.jobOf(slot, life), {
        onLine: (line) => this.hear(slot, one, line),
      });
      this.writing.add(one);
      const { status, signal } = await one.ended;
      this.writing.delete(one);
      const isDone = this.isOver || this.done(slot) >= this.commits; // it only left, past an operation that hangs
      const isKilled = signal === 'SIGKILL' || one.lines.includes('SIGKILL'); // Windows knows no signals
      if (status !== 0 && !isKilled && !(isDone && signal === 'SIGTERM'))
        throw new Error(`writer ${slot} ended with ${status ?? signal}: ${one.complaints.join(' ')}`);
    }
  }

  private jobOf(slot: number, life: number): CommitJob {
    return {
      ...{ file: this.table.file, name: `${slot}-${life}`, commits: this.commits - this.done(slot), options },
      ...{ boundMs: BOUND_MS, eventEvery: 4, paceMs: 0 },
      traps: { ...this.trap(slot, 'SIGSTOP', 0), ...this.trap(slot, 'SIGKILL', STRUCK_WITHIN) },
    };
  }

  /**
   * A strike that the writer has not met yet, after a random one of its commits above that count. A writer that was
   * started anew, because its host was struck, may have few commits left: both strikes fall within them.
   */
  private trap(slot: number, signal: 'SIGSTOP' | 'SIGKILL', above: number): CommitJob['traps'] {
    if (this.strikes[signal].has(slot)) return {};
    const last = this.commits - this.done(slot) - STRIKE_TAKES * (signal === 'SIGSTOP' ? 2 : 1);
    const commit = Math.min(above + 1 + Math.floor(STRUCK_WITHIN * Math.random()), last);
    return { [commit]: { signal, afterOperations: Math.floor(16 * Math.random()) } };
  }

  private done(slot: number): number {
    return this.acked.get(slot) ?? 0;
  }

  private hear(slot: number, one: Running, line: string): void {
    this.lines.push(line);
    if (line.startsWith('ack ')) this.acked.set(slot, this.done(slot) + 1);
    if (line !== 'SIGSTOP' && line !== 'SIGKILL') return;
    this.strikes[line].add(slot);
    this.ackedBefore.set(slot, this.done(slot));
    if (line === 'SIGSTOP') void this.wake(one);
  }

  /** Twice: its host may have been frozen between its last line and its end. */
  private async wake(one: Running): Promise<void> {
    for (let n = 0; n < 2; n++) {
      await pause(STOP_MS);
      one.signal('SIGCONT');
    }
  }

  /** A host that sleeps in mid-commit, and one whose plug is pulled. */
  private async strikeHosts(): Promise<void> {
    const [, second, third] = this.rig.guests;
    await this.reaches(0.25);
    second.freeze();
    await pause(STOP_MS);
    second.thaw();
    this.hostsStruck++;
    await this.reaches(0.5);
    if (this.isOver) return;
    let mend: () => void = () => undefined;
    this.repaired = new Promise((resolve) => {
      mend = resolve;
    });
    third.kill();
    await pause(1000);
    await this.rig.replace(third);
    this.look(third);
    this.hostsStruck++;
    for (const [slot, count] of this.acked) this.ackedBefore.set(slot, count);
    mend();
  }

  /** That part of the commits, or of the time. */
  private async reaches(share: number): Promise<void> {
    const wanted = share * this.commits * WRITERS_PER_HOST * this.rig.guests.length;
    while (this.total < wanted && this.spent < share && !this.isOver) await pause(50);
  }
}

function judge(
  rig: Hosts,
  table: Table,
  lines: readonly string[],
  reports: readonly LookReport[],
  seconds: number,
) {
  const tries = triesIn(lines);
  const acked = tries.filter((one) => one.fate === 'ack').length;
  const { medianMs, p95Ms, maxMs } = paceOf(tries);
  for (const fault of faultsIn(tries)) rig.say(fault);
  const sum = (of: 'top' | 'face', what: 'reads' | 'torn' | 'missing' | 'refused' | 'back') =>
    reports.reduce((total, report) => total + report[of][what], 0);
  const met = (of: 'top' | 'face') =>
    (['reads', 'torn', 'missing', 'refused', 'back'] as const)
      .map((what) => `${what} ${sum(of, what)}`)
      .join(', ');
  rig.say(`newest revision: ${met('top')}; licence.json: ${met('face')}`);
  for (const report of reports) for (const fault of report.faults) rig.say(`a reader: ${fault}`);
  const complaints = complaintsAbout(table, tries);
  for (const complaint of complaints.slice(0, 20)) rig.say(complaint);
  must(complaints.length === 0, `${complaints.length} changes are not as they were told`);
  must(
    sum('top', 'torn') + sum('top', 'missing') + sum('top', 'back') === 0,
    'a look was torn, missing or went back',
  );
  // The SMB client shows the new text with the length of the one before (attributes up to a second old). No seat rests
  // on it.
  must(sum('face', 'torn') === 0 || rig.mount.name === 'smb', 'licence.json was torn');
  const rewritten = reports.flatMap(({ faults }) => faults.filter((one) => one.includes('rewrote')));
  must(rewritten.length === 0, rewritten.join('; '));
  must(latestOf(table).revision === tallyOf(latestOf(table)).length, 'revision and tally differ');
  return {
    acknowledged: acked,
    'present once': acked,
    seconds: Math.round(seconds),
    'commits/s': (acked / seconds).toFixed(1),
    'median ms': medianMs,
    'p95 ms': p95Ms,
    'max ms': maxMs,
  };
}
