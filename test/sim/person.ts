import type { Seat } from '../../src/client/seat.js';
import type { Host } from '../helpers/world.js';
import type { Office } from './office.js';
import type { PersonPlan } from './plan.js';
import type { Process } from './process.js';

/**
 * An acquire is answered within its own deadline and half a second; opening within 90 s; closing within 35 s.
 * Milliseconds.
 */
const ACQUIRE_MS = 30_000;
const OPEN_MS = 120_000;
const CLOSE_MS = 35_000;
const RELEASE_MS = 31_000;
/** So much later at most than the deadline. Milliseconds. */
export const LATE_MS = 1000;

/** A user that wants to work: takes a seat, asks again when there is none, comes back when the computer fails. */
export class Person {
  readonly office: Office;
  readonly plan: PersonPlan;
  readonly host: Host;
  process: Process | null = null;
  /** While the user waits for a seat. */
  patience: AbortController | null = null;

  constructor(office: Office, plan: PersonPlan) {
    const host = office.hosts[plan.host];
    if (!host) throw new Error(`no computer ${plan.host}`);
    this.office = office;
    this.plan = plan;
    this.host = host;
  }

  /** Starts the application, unless the computer sleeps; then as soon as it wakes. */
  start(): void {
    if (this.process) return;
    const process = this.office.enter(this.host, this.plan.name);
    this.process = process;
    void this.live(process).catch((error: unknown) => this.office.checkFault(process.who, error));
  }

  /** Ends it properly, and perhaps comes back. */
  async leave(awayMs: number): Promise<void> {
    const { process } = this;
    if (!process?.isOpen) return;
    this.process = null;
    this.office.trace.note(process.who, 'closes');
    await process
      .ask('close', CLOSE_MS, process.user.licence.close())
      .then(() => this.checkGone(process, this.plan.modules))
      .catch((error: unknown) => this.office.checkFault(process.who, error));
    this.office.kill(process);
    this.comeBack(awayMs);
  }

  /** SIGKILL. */
  die(awayMs: number): void {
    if (!this.process) return;
    this.office.kill(this.process);
    this.process = null;
    this.comeBack(awayMs);
  }

  private comeBack(awayMs: number): void {
    const { world } = this.office;
    world.timeline.at(world.nowMs + awayMs, () => this.start());
  }

  private async live(process: Process): Promise<void> {
    const { intervalMs } = this.office.plan;
    const { clock } = process.user;
    while (this.process === process && !process.isOpen) {
      await process
        .open(OPEN_MS, this.plan.names)
        .catch((error: unknown) => this.office.checkFault(process.who, error));
      if (!process.isOpen) await clock.sleep(intervalMs / 8);
    }
    this.planToLeave(process);
    while (this.process === process) {
      for (const module of this.plan.modules)
        if (this.process === process && process.seatsIn(module).length === 0) await this.sit(process, module);
      await clock.sleep(this.office.chance.between(0.2, 1) * intervalMs);
    }
  }

  private planToLeave(process: Process): void {
    const { chance, plan } = this.office;
    if (!this.plan.isComer || !Number.isFinite(plan.stayMs)) return;
    const stayMs = chance.waitFor(plan.stayMs);
    void process.user.clock.sleep(stayMs).then(() => {
      if (this.process === process && !this.office.isQuiet)
        return this.leave(chance.waitFor(plan.stayMs / 3));
      return undefined;
    });
  }

  /** Asks for a seat; that there is none, or that the share fails, is an answer. */
  async sit(process: Process, module: string): Promise<void> {
    const { office } = this;
    const { waitMs } = this.plan;
    const patience = new AbortController();
    const asked = process.user.ask(module, { timeoutMs: ACQUIRE_MS, wait: waitMs, signal: patience.signal });
    process.wanting.add(module);
    if (waitMs > 0) this.patience = patience;
    try {
      const answer = await process.ask(`acquire ${module}`, waitMs + ACQUIRE_MS, asked);
      if (answer.kind !== 'full') process.wanting.delete(module);
      if (answer.kind === 'seated') this.listen(process, answer.seat);
      office.trace.note(process.who, `acquire ${module}: ${answer.kind}`);
    } catch (error) {
      process.wanting.delete(module);
      office.trace.note(process.who, `acquire ${module}: ${String(error)}`);
      office.checkFault(process.who, error);
    } finally {
      if (this.patience === patience) this.patience = null;
    }
  }

  /** At the end: a user that has asked for a seat while all was well has it, or there is none. */
  checkSeated(): void {
    const { process, office } = this;
    const sinceMs = office.nowMs - office.longestIntervalMs - office.commitMs;
    if (!process?.isRunning || process.startedMs > sinceMs || process.runningSinceMs > sinceMs) return;
    // A user that waits for one module asks for no other yet.
    const asked = this.patience ? [...process.wanting] : this.plan.modules;
    for (const module of asked)
      if (process.seatsIn(module).length === 0 && this.wasFree(module, office.longestIntervalMs))
        office.report('undecided', `${process.who} wants ${module}, has no seat, and places are free`);
  }

  /** For longer than one commit, whatever the caches show. */
  private wasFree(module: string, forMs = 0): boolean {
    const { truth, nowMs, commitMs, cachesMs } = this.office;
    const limit = this.office.limitOf(module);
    const last = truth.usage.get(module);
    return last !== undefined && last.inUse < limit && nowMs - last.fromMs > forMs + commitMs + cachesMs;
  }

  /** Gives one seat back; its process goes on. */
  async giveBack(process: Process, seat: Seat): Promise<void> {
    const { office } = this;
    try {
      await process.ask('release', RELEASE_MS, seat.release());
      if (process.seatsIn(seat.module).length === 0 && process.questions.size === 0)
        this.checkGone(process, [seat.module]);
    } catch (error) {
      office.checkFault(process.who, error);
    }
  }

  /** It was given back without a fault, so the table does not hold it any more; but a loss may bring it back. */
  private checkGone(process: Process, modules: readonly string[]): void {
    const { truth } = this.office;
    for (const module of modules)
      if (truth.losses === 0 && truth.seated.has(`${process.key} ${module}`))
        this.office.report('kept without a holder', `${process.who} in ${module}, and it was given back`);
  }

  private listen(process: Process, seat: Seat): void {
    const { office } = this;
    if (process.seats().length === 1) process.seatedSinceMs = office.nowMs;
    const told = (event: string) => office.trace.note(process.who, `seat in ${seat.module}: ${event}`);
    seat.on('jeopardy', ({ remainingMs }) => told(`jeopardy, ${Math.round(remainingMs / 1000)} s left`));
    seat.on('suspended', () => told('suspended (rule 9: belief is over)'));
    seat.on('safe', () => told('safe'));
    seat.on('released', () => told('released'));
    seat.on('lost', (loss) => {
      told(`lost: ${loss.reason} by ${loss.by}`);
      const key = `${process.key} ${seat.module}`;
      if (office.truth.evictions.taken.has(key)) return;
      // Its claim was lost with a revision, and its place is another's: 2 T, then lost.
      if (office.truth.restores > 0 || office.truth.adrift.has(key)) office.livesOut++;
      else office.report('lost without a cause', `${process.who} in ${seat.module}: ${loss.reason}`);
    });
  }
}
