import { openStore } from '../../src/client/open-store.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import { FACE, type Host, World } from '../helpers/world.js';
import { Chance } from './chance.js';
import { freeMs, Meter } from './meter.js';
import { LATE_MS, Person } from './person.js';
import type { Plan } from './plan.js';
import { Process, type Question } from './process.js';
import { cachesMsOf, SimShare } from './share-model.js';
import { clockTime, Trace } from './trace.js';
import { type Rule, type Standing, Truth, type Violation, type Writer } from './truth.js';

/** A beat is late by itself by its jitter and the pace of retries, and by what a busy share costs. Milliseconds. */
const RETRY_INTERVALS = 1 / 16;
const BUSY_MS = 30_000;
/** The longest that a writer waits for its turn while nothing moves. Milliseconds. */
const TURN_MS = 5000;
const READ_MS = 600_000;

/** The computers, the people, and the share between them; and what is true of it all. */
export class Office {
  readonly plan: Plan;
  readonly world: World;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly truth: Truth;
  readonly people: Person[] = [];
  /** Those that have not been killed: what is asked after every event is asked of them. */
  readonly alive = new Set<Process>();
  private readonly processes = new Map<string, Process>();
  /** No process at all can write: the share is full, read-only, away. */
  readonly outage = new Meter();
  /** No process at all can see the share. */
  readonly away = new Meter();
  /** Which process asked for a path to be renamed: stages have names of their own, each used once. */
  readonly renamers = new Map<string, Writer>();
  /** How often the folder is shown empty. */
  emptyListings = 0;
  /** When the server's clock was set. */
  readonly serverClockSets: number[] = [];
  /** Called once, with the next process that makes a roll call, and one that is named in it. */
  onAsked: ((process: Process, named: Process | undefined) => void) | null = null;
  /** Called once, when an instance is newly seated. */
  onSeated: (() => void) | null = null;
  /** Living users that have lost a seat that was only in lost revisions, or that a rebuilt table had no place for. */
  livesOut = 0;
  violation: Violation | null = null;
  /** Everything works again: what is there stays. */
  isQuiet = false;
  /** The longest T that was ever in force. Milliseconds. */
  longestIntervalMs: number;
  private shortestIntervalMs: number;
  private readonly hostTroubles = new Map<Host, number>();

  constructor(plan: Plan, isTraced: boolean) {
    this.plan = plan;
    this.chance = new Chance(`run ${plan.seed}`);
    this.longestIntervalMs = plan.intervalMs;
    this.shortestIntervalMs = plan.intervalMs;
    this.world = new World({
      seed: plan.seed,
      modules: plan.modules,
      overdraft: plan.overdraft,
      checkIntervalSeconds: plan.intervalMs / 1000,
      offlineGraceSeconds: plan.graceMs / 1000,
      countBy: plan.countBy,
      level: plan.level,
      store: plan.store,
      settings: plan.answerMs === null ? {} : { onDemand: { answerWithinSeconds: plan.answerMs / 1000 } },
      share: (timeline) => new SimShare(plan, this, timeline),
    });
    this.trace = new Trace(() => this.nowMs, isTraced);
    this.truth = new Truth(this.world.table(), this);
    for (const [index, options] of plan.hosts.entries())
      this.world.host(`pc${index}`, {
        ...options,
        latencyMs: () => plan.latencyMs * this.chance.between(0.5, 1.5),
        wrap: (files, pid) => this.processAt(`pc${index}/${pid}`)?.wrap(files) ?? files,
      });
    for (const person of plan.people) this.people.push(new Person(this, person));
  }

  get nowMs(): number {
    return this.world.nowMs;
  }

  get hosts(): readonly Host[] {
    return this.world.hosts;
  }

  /** A process that has not opened anything yet. */
  enter(host: Host, name: string): Process {
    const user = host.enter(name);
    const process = new Process(user, this.nowMs, this.trace, {
      now: () => this.nowMs,
      acknowledged: (commit) => this.truth.acknowledged(process.who, process.lastChange, commit),
      failed: (error) => this.checkFault(process.who, error),
      answered: (question) => this.checkAnswer(process, question),
      denied: () => this.truth.denied(process.who, process.lastChange),
      brokeLock: (seenMs) => this.checkLock(process.who, seenMs),
      renaming: (from) => {
        this.renamers.set(from, { who: process.who, key: process.key, commit: process.commits });
      },
      isListingEmpty: () => this.emptyListings > 0 && this.chance.is(this.emptyListings),
    });
    for (let n = this.hostTroubles.get(host) ?? 0; n > 0; n--) process.misfortune.begin(this.nowMs);
    this.processes.set(process.key, process);
    this.alive.add(process);
    return process;
  }

  /** By the key of the process, which is the note of its records. */
  processAt(key: string | null): Process | undefined {
    return this.processes.get(key ?? '');
  }

  processesOn(host: Host): Process[] {
    return [...this.alive].filter((process) => process.user.host === host);
  }

  // --- misfortune ---------------------------------------------------------------------------------------------------

  /** From now on nothing on this computer can be relied upon to beat. */
  beginTrouble(host: Host): void {
    this.hostTroubles.set(host, (this.hostTroubles.get(host) ?? 0) + 1);
    for (const process of this.processesOn(host)) process.misfortune.begin(this.nowMs);
  }

  endTrouble(host: Host): void {
    this.hostTroubles.set(host, (this.hostTroubles.get(host) ?? 0) - 1);
    for (const process of this.processesOn(host)) process.misfortune.end(this.nowMs);
  }

  kill(process: Process): void {
    if (!process.user.isAlive) return;
    this.trace.note(process.who, 'is killed');
    process.user.kill();
    this.alive.delete(process);
    process.misfortune.begin(this.nowMs);
  }

  *running(): Generator<Process> {
    for (const process of this.alive) if (process.isRunning) yield process;
  }

  /** Since when a process has had a seat with a heartbeat, and could look and write; infinite if it cannot now. */
  ableSinceMs(process: Process): number {
    if (!process.isRunning || process.misfortune.isOn || this.outage.isOn || process.seats().length === 0)
      return Number.POSITIVE_INFINITY;
    return Math.max(process.misfortune.endedMs, this.outage.endedMs, process.seatedSinceMs);
  }

  /** Places of a module. */
  limitOf(module: string): number {
    return (this.plan.modules[module] ?? 0) + this.plan.overdraft;
  }

  noteInterval(ms: number): void {
    this.longestIntervalMs = Math.max(this.longestIntervalMs, ms);
    this.shortestIntervalMs = Math.min(this.shortestIntervalMs, ms);
  }

  /** How old what a client believes of the share may be. Milliseconds. */
  get cachesMs(): number {
    return cachesMsOf(this.plan);
  }

  get share(): SimShare {
    return this.world.share as SimShare;
  }

  hostNamed(name: string): Host | undefined {
    return this.hosts.find((host) => host.name === name);
  }

  /** One commit, at worst, while nothing is wrong. Milliseconds. */
  get commitMs(): number {
    return BUSY_MS + 60 * this.plan.latencyMs + this.cachesMs;
  }

  /** How far the rates of the clocks are from the true one, at most. */
  get drift(): number {
    return Math.max(...this.plan.hosts.map(({ drift = 0 }) => Math.abs(drift)));
  }

  /** How late a beat may be without a misfortune. Milliseconds. */
  slackMs(intervalMs: number): number {
    return intervalMs * RETRY_INTERVALS + this.commitMs;
  }

  /** A new process reads the journal back with the shipped code. */
  async readJournal(): Promise<void> {
    const system = this.world.host('reader').enter('reader').system();
    const limits = { untilMs: system.clock.elapsedMs() + READ_MS };
    const reading = openStore(FACE, system).then(({ store }) => store.readJournal(0, limits));
    this.truth.ledger.read(await this.world.run(reading));
  }

  /** How long a process was awake, and in sight of the share, since then, and in how many pieces. */
  watched(key: string, sinceMs: number): { ms: number; gaps: number } {
    const process = this.processAt(key);
    const fromMs = Math.max(sinceMs, process?.startedMs ?? 0);
    const meters = process ? [process.blind, this.away] : [];
    const blind = meters.flatMap((meter) => meter.since(fromMs, this.nowMs));
    return { ms: freeMs(fromMs, this.nowMs, blind), gaps: blind.length };
  }

  // --- what a revision brings about ----------------------------------------------------------------------------------

  seated(): void {
    if (!this.isQuiet) this.onSeated?.();
    this.onSeated = null;
  }

  asked(key: string, named: string | null): void {
    const process = this.processAt(key);
    const { onAsked } = this;
    this.onAsked = null;
    if (process && !this.isQuiet) onAsked?.(process, this.processAt(named));
  }

  regained(): void {
    this.world.timeline.at(this.nowMs + this.longestIntervalMs / 4, () => this.outage.end(this.nowMs));
  }

  /** What was read above that revision tells nothing of what gets its number next. */
  forgetAbove(revision: number): void {
    for (const process of this.alive) process.forget(revision);
  }

  /** Whether the server's clock was set since then, and before this process had an answer of it. */
  isClockSet(sinceMs: number, key: string): boolean {
    const firstMs = this.processAt(key)?.firstCommitMs ?? 0;
    return this.serverClockSets.some((atMs) => atMs > sinceMs && atMs < firstMs);
  }

  // --- what is found ------------------------------------------------------------------------------------------------

  report(rule: Rule, what: string): void {
    if (this.violation) return;
    this.violation = { rule, atMs: this.nowMs, what };
    this.trace.note('BROKEN', `${rule}: ${what}`);
  }

  /** A fault is an answer; but a table that is whole is never lost, and nothing else may be thrown. */
  checkFault(who: string, error: unknown): void {
    if (!(error instanceof SeatfileFault)) this.report('crashed', `${who}: ${stackOf(error)}`);
    else if (error.code.startsWith('TABLE_') && !this.truth.isShaken && this.truth.deepSinceMs() === null)
      this.report('healthy table reported lost', `${who}: ${error.code}: ${error.message}`);
  }

  /**
   * A process is answered by its deadline; one that was stopped meanwhile has one operation's patience from then on.
   */
  checkAnswer(process: Process, { what, dueMs }: Question): void {
    if (!process.isRunning || this.nowMs - process.runningSinceMs < process.graceMs) return;
    const overdueMs = process.user.clock.elapsedMs() - dueMs;
    if (overdueMs > LATE_MS)
      this.report('wait without a deadline', `${process.who}: ${what}, ${clockTime(overdueMs)} overdue`);
  }

  /**
   * A process takes another's lock away only if it has itself seen that lock stand still for its turn, whatever any
   * clock on a wall says.
   */
  private checkLock(who: string, seenMs: number): void {
    if (seenMs < Math.min(TURN_MS, this.shortestIntervalMs / 16))
      this.report('lock broken too early', `${who} had seen it stand still for ${clockTime(seenMs)}`);
  }

  /**
   * How long the share was down for all since a beat, if the evictor had no cause to notice, and has proved since that
   * it could write, and the silent holder could not for all but T/8 of the time since then; else 0. Milliseconds.
   */
  unheardMs({ record, beatAtMs }: Standing, evictor: string): number {
    const mostMs = 125 * record.checkIntervalSeconds;
    const by = this.processAt(evictor);
    const own = this.processAt(record.note);
    if (!by || !own || by.lastFailureMs > beatAtMs || by.lastCommitMs < this.outage.endedMs) return 0;
    const couldMs = freeMs(by.lastCommitMs, this.nowMs, own.misfortune.since(by.lastCommitMs, this.nowMs));
    const silentMs = this.nowMs - beatAtMs;
    return couldMs < mostMs
      ? silentMs - freeMs(beatAtMs, this.nowMs, this.outage.since(beatAtMs, this.nowMs))
      : 0;
  }
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? String(error.stack ?? error.message) : String(error);
