import type { OnSlow } from '../api/opening.js';
import { elapsedMs, type Instant } from '../licence/time.js';
import { instantOf, inTime } from '../share/clock.js';
import { checkDeadline, type Deadline } from '../share/deadline.js';
import { SLOW_MS, withEnd } from '../share/op-timeouts.js';
import type { StoreContext } from './context.js';
import type { Line } from './line.js';
import { type LockOptions, PoliteLock, type Unlock } from './lock.js';
import type { Attempt, Turn } from './register.js';
import type { Stages } from './stages.js';

export interface TurnOptions extends LockOptions {
  /** Called once per wait that lasts longer than a second. */
  readonly onSlow?: OnSlow | undefined;
}

/** What a waiter watches. It waits while numbers are published; when none is, it removes the lock or passes it over. */
export interface Progress {
  /** The highest number there is, by a new listing. */
  readonly latest: () => Promise<number>;
  /** How long to wait while no number is published. Milliseconds. */
  readonly patienceMs: number;
}

/**
 * The next in line tries the lock after these pauses, or these parts of a turn: short at first, longer while the holder
 * takes its time.
 */
const FIRST_PAUSE_MS = 2;
const FIRST_PART = 1 / 3;
const PAUSE_GROWS = 1.2;
const LONGEST_PAUSE_MS = 15;
const LONGEST_PART = 1 / 3;
/** So often a listing and a refusal may disagree: others take the lock and give it back. */
const DISAGREEMENTS = 1;
/** How often the next in line lists the folder, but where a client takes free locks for held. */
const LIST_MS = 300;
/** The others list the folder after this part of the time until their turn. */
const PART_OF_WAIT = 0.9;
const SHORTEST_WAIT_MS = 15;
/**
 * Those ahead have this long to take a free lock: longer than the next in line may pause, whatever the jitter of both.
 * Where all came at the same moment, no order is lost.
 */
const GRACE = 1.7;
const TIED_GRACE_MS = 3;
const LONGEST_WAIT_MS = 1000;
/** When no number was published for this long, or this many turns, all try now and then. */
const STILL_MS = 60;
const STILL_TURNS = 2;
const STILL_PAUSE_MS = 30;
const STILL_TRY_MS = 500;
/** How long the turn of one writer takes, until that is known, and at most. */
const FIRST_TURN_MS = 25;
const LONGEST_TURN_MS = 500;
/** How often a lock that stands there is compared with what was published. */
const OUTLIVED_MS = 500;
/** After this many refusals (rights, no space) there is no point in waiting for a lock. */
const REFUSALS = 4;
/**
 * A lock that changes hands while no number is published (writers decline) is waited for twice as long, which is T/8,
 * and for 5 s at most.
 */
const MOST_PATIENCES = 2;
const MOST_PATIENCE_MS = 5000;

/** How far the stamp on the lock may be from what the own clock makes of the stamp on the stage. Milliseconds. */
const AGREES_MS = 2000;
/** After a shorter wait the own clocks carry the stamp on the stage on. Milliseconds. */
const CARRIED_MS = 1000;
/** No writer waits longer for a share that does not take back the lock. Milliseconds. */
const UNLOCK_MS = 1000;

/** Takes turns with other writers: first come, first served as nearly as a share allows. */
export class Turns {
  private readonly context: StoreContext;
  private readonly options: TurnOptions;
  private readonly stages: Stages;
  private readonly line: Line;
  private readonly lock: PoliteLock;
  /** How long one turn takes, as seen while waiting. */
  private turnMs = FIRST_TURN_MS;
  /** The client has taken a free lock for held: a listing tells more than a try. */
  private isLockHidden = false;

  constructor(context: StoreContext, options: TurnOptions, stages: Stages, line: Line) {
    this.context = context;
    this.options = options;
    this.stages = stages;
    this.line = line;
    this.lock = new PoliteLock(context, options);
  }

  /** Waits for a turn, until the deadline. */
  async take(progress: Progress, deadline: Deadline): Promise<Turn> {
    const first = this.line.isCrowded ? 'waits' : await this.lock.tryOnce();
    if (typeof first === 'function') return this.turnWith(first, null);
    if (first === 'held' && this.lock.isPassedOver) return this.turnWith(null, null);
    if (!this.line.isFresh) await progress.latest(); // the stages that it shows were there before ours
    const attempt = await this.stages.make().catch(() => null); // what refuses it, the lock or the commit meets too
    const waited = attempt && { attempt, made: instantOf(this.context.clock) };
    if (attempt) this.line.join(attempt.name);
    try {
      const unlock = await withEnd((over) => this.wait(progress, deadline, over));
      this.line.leave(unlock !== null);
      return this.turnWith(unlock, waited);
    } catch (error) {
      this.line.leave(false);
      if (attempt) await this.stages.drop(attempt);
      throw error;
    }
  }

  /** Null: goes on without the lock. */
  private async wait(progress: Progress, deadline: Deadline, over: Promise<void>): Promise<Unlock | null> {
    const { clock, paths } = this.context;
    const startedMs = clock.elapsedMs();
    const seen = new Seen(startedMs);
    let refusals = 0;
    let told = false;
    for (let tries = 0; ; ) {
      const nowMs = clock.elapsedMs();
      const isListed = !this.line.isNext || this.isLockHidden || nowMs - seen.listedMs >= LIST_MS;
      if (isListed) this.noteTurn(seen.note(await progress.latest(), nowMs));
      if (seen.isMoved) tries = 0;
      if (this.line.isNext || this.line.sightsOfNoLock > 1 || this.isStill(seen, nowMs)) {
        seen.triedMs = nowMs;
        const attempt = await this.tryLock(progress);
        if (typeof attempt === 'function') return attempt;
        if (attempt === 'refused' && ++refusals >= REFUSALS) return null;
        if (attempt === 'held' && this.lock.isPassedOver) return null;
        if (attempt === 'held') this.line.sightsOfNoLock = 0; // an old listing has shown none
        tries++;
        const broken = await this.breakThrough(progress.patienceMs, seen);
        if (broken !== 'waits') return broken;
      }
      checkDeadline(deadline, clock, `its turn to write (${paths.lock})`);
      if (!told && nowMs - startedMs >= SLOW_MS) {
        told = true;
        const mostMs = deadline.untilMs - nowMs;
        this.options.onSlow?.('its turn to write; others are writing', { mostMs, over });
      }
      const leftMs = seen.movedMs + progress.patienceMs - clock.elapsedMs();
      const pauseMs = this.pauseMs(seen, tries);
      await clock.sleep(leftMs > 0 ? Math.min(pauseMs, leftMs) : pauseMs, deadline.signal);
    }
  }

  /**
   * As tryOnce(). Linux's SMB client takes a lock that it has looked at for held, for a second after another host has
   * given it back (measured; the listing shows the truth). An attempt to remove what is not there makes it ask again.
   * So it is made where a refusal and a listing disagree twice. If the lock is another's after all, writers collide.
   */
  private async tryLock(progress: Progress): Promise<Unlock | 'held' | 'refused'> {
    for (let tries = 0; ; tries++) {
      const attempt = await this.lock.tryOnce();
      if (attempt !== 'held' || !this.line.isLockGone) return attempt;
      await progress.latest();
      if (!this.line.isLockGone) return 'held';
      if (tries < DISAGREEMENTS) continue;
      this.isLockHidden = await this.lock.forget();
      return await this.lock.tryOnce();
    }
  }

  /**
   * Nothing is published under this lock: its holder is dead or stopped. The waiter that has found this out takes it,
   * and frees the name for all that come later. Where it cannot, it goes on without.
   */
  private async breakThrough(patienceMs: number, seen: Seen): Promise<Unlock | null | 'waits'> {
    const nowMs = this.context.clock.elapsedMs();
    if (nowMs - seen.movedMs >= patienceMs) {
      const taken = await this.lock.takeOver(patienceMs);
      if (typeof taken === 'function') return taken;
      const mostMs = Math.min(MOST_PATIENCES * patienceMs, MOST_PATIENCE_MS);
      if (taken === null && nowMs - seen.movedMs < mostMs) return 'waits';
      this.lock.passOver();
      return null;
    }
    // A lock that has just changed hands is not compared: in a crowd that would be an operation for every waiter.
    if (nowMs - Math.max(seen.comparedMs, this.lock.standsSinceMs) < OUTLIVED_MS) return 'waits';
    seen.comparedMs = nowMs;
    if (!(await this.lock.isOutlived(seen.latest, patienceMs))) return 'waits';
    this.lock.passOver();
    return null;
  }

  /** The processes ahead do not take their turn, or the lock is that of a dead one. */
  private isStill({ movedMs, triedMs }: Seen, nowMs: number): boolean {
    const stillMs = Math.max(STILL_MS, STILL_TURNS * this.turnMs);
    return nowMs - movedMs >= stillMs && nowMs - triedMs >= STILL_TRY_MS;
  }

  private pauseMs({ movedMs }: Seen, tries: number): number {
    const { clock, random } = this.context;
    const { turnMs } = this;
    const jitter = 0.75 + random.fraction() / 2;
    const longestMs = Math.max(LONGEST_PAUSE_MS, LONGEST_PART * turnMs); // of the next in line
    const { believed: ahead, hasOnlyTies, isNext, sightsOfNoLock } = this.line;
    if (isNext) {
      const pauseMs = Math.max(FIRST_PAUSE_MS, FIRST_PART * turnMs) * PAUSE_GROWS ** tries;
      return jitter * Math.min(pauseMs, longestMs);
    }
    if (sightsOfNoLock > 0) return jitter * (hasOnlyTies ? TIED_GRACE_MS : GRACE * longestMs);
    const isQuiet = clock.elapsedMs() - movedMs >= STILL_MS;
    const waitMs = Math.max(
      PART_OF_WAIT * (ahead - 1) * turnMs,
      isQuiet ? ahead * STILL_PAUSE_MS : SHORTEST_WAIT_MS,
    );
    return jitter * Math.min(waitMs, LONGEST_WAIT_MS);
  }

  private noteTurn(turnMs: number | null): void {
    if (turnMs !== null) this.turnMs = Math.min((this.turnMs + turnMs) / 2, LONGEST_TURN_MS);
  }

  private turnWith(unlock: Unlock | null, waited: Waited | null): Turn {
    return new HeldTurn(this.context, this.stages, unlock, waited);
  }
}

/** What one wait has seen of the numbers. */
class Seen {
  latest = -1;
  /** When the latest number was first seen, or the wait began. */
  movedMs: number;
  listedMs = Number.NEGATIVE_INFINITY;
  comparedMs: number;
  /** The last listing showed a new number. */
  isMoved = false;
  triedMs: number;

  constructor(startedMs: number) {
    this.movedMs = startedMs;
    this.comparedMs = startedMs;
    this.triedMs = startedMs;
  }

  /** @returns how long one turn took since the listing before; null where that does not show */
  note(latest: number, nowMs: number): number | null {
    const isFirst = this.latest < 0;
    const turns = latest - this.latest;
    const sinceMs = nowMs - this.listedMs;
    this.isMoved = turns > 0 && !isFirst;
    if (turns > 0) this.movedMs = nowMs;
    this.latest = Math.max(this.latest, latest);
    this.listedMs = nowMs;
    return this.isMoved ? sinceMs / turns : null;
  }
}

/** A stage that a process has waited with, and when it was made. */
type Waited = { readonly attempt: Attempt; readonly made: Instant };

/** A turn, with or without the lock. */
class HeldTurn implements Turn {
  private readonly context: StoreContext;
  private readonly stages: Stages;
  private unlock: Unlock | null;
  private waited: Waited | null;

  constructor(context: StoreContext, stages: Stages, unlock: Unlock | null, waited: Waited | null) {
    this.context = context;
    this.stages = stages;
    this.unlock = unlock;
    this.waited = waited;
  }

  async begin(): Promise<Attempt> {
    return { ...(await this.stage()), endTurn: () => this.end() };
  }

  /**
   * The stage that the process has waited with, at the server's time now: the own clocks tell that, or the stamp on the
   * own lock. Others can foretell the lock's name, so the stamp counts only if it agrees with the own clock.
   */
  private async stage(): Promise<Attempt> {
    const { waited } = this;
    if (waited === null) return await this.stages.make();
    this.waited = null;
    const { attempt, made } = waited;
    const { clock, files, paths } = this.context;
    const dueNow = () => attempt.shareTimeMs + clock.elapsedMs() - made.elapsedMs;
    if (elapsedMs(made, instantOf(clock)) <= CARRIED_MS) return { ...attempt, shareTimeMs: dueNow() };
    const lock = this.unlock && (await files.stat(paths.lock).catch(() => null));
    const dueMs = dueNow();
    if (lock?.kind === 'directory' && Math.abs(lock.modifiedMs - dueMs) <= AGREES_MS)
      return { ...attempt, shareTimeMs: lock.modifiedMs };
    await this.stages.drop(attempt);
    return await this.stages.make();
  }

  async end(): Promise<void> {
    const { unlock, waited } = this;
    this.unlock = null;
    this.waited = null;
    if (unlock) await inTime(this.context.clock, UNLOCK_MS, unlock());
    if (waited) await this.stages.drop(waited.attempt);
  }
}
