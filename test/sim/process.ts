import type { OpenOptions } from '../../src/api.js';
import type { Seat } from '../../src/client/seat.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import type { FileStat, ShareFiles } from '../../src/share/files.js';
import type { Change, Committed } from '../../src/store/commit.js';
import type { Store } from '../../src/store/store.js';
import { callOf, type Operation, portOf } from '../helpers/port.js';
import { FOLDER, type User } from '../helpers/world.js';
import { Meter } from './meter.js';
import { shortPath, type Trace } from './trace.js';

const REVISION = new RegExp(`^${FOLDER}/(\\d{12})/licence\\.json$`);
const LOCK = `${FOLDER}/lock`;
const REMEMBERED = 64;
const STOPPED_MS = 25_000;

/** Something a process was asked, and by when it must have answered. */
export interface Question {
  readonly what: string;
  /** On the process's own monotonic clock, milliseconds. */
  readonly dueMs: number;
}

interface ProcessEvents {
  readonly now: () => number;
  readonly acknowledged: (commit: string) => void;
  /** Whatever it wrote for this change is in no revision, and never will be. */
  readonly denied: () => void;
  readonly failed: (error: unknown) => void;
  readonly answered: (question: Question) => void;
  readonly renaming: (from: string) => void;
  /**
   * It takes away a lock that is not its own, which it has seen unchanged for so long by its own clock. Milliseconds.
   */
  readonly brokeLock: (seenMs: number) => void;
  /** The share shows an empty folder, as a client does that has lost its listing. */
  readonly isListingEmpty: () => boolean;
}

/**
 * One process as the simulation sees it: the shipped code in it, everything it asks of the share, and what it knows.
 */
export class Process {
  readonly user: User;
  readonly questions = new Set<Question>();
  /** It cannot beat, through its own misfortune: dead, stopped, asleep, cut off, refused. */
  readonly misfortune = new Meter();
  /** It can see nothing of the share: stopped, asleep, cut off. */
  readonly blind = new Meter();
  /** Since when it has been running, neither stopped nor asleep. True time, milliseconds. */
  runningSinceMs: number;
  /** The change that the last stage it wrote is about: one id for all attempts. */
  lastChange: string | null = null;
  /** True time, milliseconds. */
  readonly startedMs: number;
  private readonly trace: Trace;
  isOpen = false;
  private hasLock = false;
  /** In its last listing. */
  private showsLock = true;
  /** The lock of another process, as it was last looked at, and since when it has looked like that. */
  private foreignLock = { identity: '', sinceMs: Number.POSITIVE_INFINITY };
  /** Since when it has had a seat without a gap. True time, milliseconds. */
  seatedSinceMs = 0;
  private readonly on: ProcessEvents;
  private trap: { left: number; readonly spring: () => void; readonly inCommits: boolean } | null = null;
  /** Its commits that have no answer yet. */
  private pendingCommits = 0;
  private calls = 0;
  private inCall = false;
  private isLooking = false;
  /** The modules that it has asked for, without a seat. */
  readonly wanting = new Set<string>();
  /** When it first had an answer of the share to a commit. True time, milliseconds. */
  firstCommitMs = Number.POSITIVE_INFINITY;
  /** When a commit last had an answer of the share, and when one last had none. True time, milliseconds. */
  lastCommitMs = 0;
  lastFailureMs = 0;
  /** Counts its commits: two revisions of one commit are one change made twice. */
  commits = 0;
  /** The highest revision that it has read or published, by whatever way. */
  highest = -1;
  /** A look has shown that its own change is lost, and no commit has been answered since. */
  isDoubted = false;
  private learnt: { readonly revision: number; readonly call: number }[] = [];

  constructor(user: User, nowMs: number, trace: Trace, on: ProcessEvents) {
    this.user = user;
    this.startedMs = nowMs;
    this.runningSinceMs = nowMs;
    this.trace = trace;
    this.on = on;
  }

  /** A process that was stopped past a deadline has one operation's patience from then on. Milliseconds. */
  get graceMs(): number {
    return this.runningSinceMs === this.startedMs ? 0 : STOPPED_MS;
  }

  /** What its records carry as their note, so that each can be told whose it is, whatever names it was given. */
  get key(): string {
    return `${this.user.host.name}/${this.user.pid}`;
  }

  get who(): string {
    return `${this.user.who}/${this.user.pid}`;
  }

  get isRunning(): boolean {
    const { clock } = this.user;
    return clock.isAlive && !clock.gate.isShut && !clock.host.gate.isShut;
  }

  /** After so many more operations on the share, in the middle of one; `inCommits`: only those of commits count. */
  setTrap(left: number, spring: () => void, inCommits = false): void {
    this.trap = { left, spring, inCommits };
  }

  /** Whether it has had its look: it read this revision or a later one, and what that look led to is over. */
  hasHeeded(revision: number): boolean {
    const found = this.learnt.find((one) => one.revision >= revision);
    if (found === undefined) return false;
    return this.inCall ? this.calls > found.call + CALLS_PER_LOOK : true;
  }

  /** What it has read above that revision is gone. */
  forget(revision: number): void {
    this.learnt = this.learnt.filter((one) => one.revision <= revision);
  }

  /** The seats in a module that the application still has, good or suspended. */
  seatsIn(module: string): Seat[] {
    return this.seats().filter((seat) => seat.module === module);
  }

  /** All of them. */
  seats(): Seat[] {
    return this.user.seats.filter((seat) => !isOver(seat));
  }

  async open(withinMs: number, names: OpenOptions = {}): Promise<void> {
    await this.ask('open', withinMs, this.user.open({ ...names, note: this.key }));
    const [shared] = this.user.instances.values();
    if (!shared) throw new Error('an opened licence is among the instances of its process');
    this.listen(shared.store);
    this.isOpen = true;
  }

  /** Waits for an answer that must come in time. */
  async ask<T>(what: string, withinMs: number, answer: Promise<T>): Promise<T> {
    const question = { what, dueMs: this.user.clock.elapsedMs() + withinMs };
    this.questions.add(question);
    try {
      return await answer;
    } finally {
      this.questions.delete(question);
      this.on.answered(question);
    }
  }

  /** Listens at a store: what it acknowledges, and what it fails with. */
  listen(store: Store): void {
    const { commit, read, noticeDisplayCopy } = store;
    store.read = async (deadline) => {
      // What it reads when it acquires or gives back is no look: its own seat may wait for the next one.
      this.isLooking = true;
      const top = await this.during(read.call(store, deadline)).finally(() => {
        this.isLooking = false;
      });
      this.isDoubted ||= top.loss === 'certain';
      return top;
    };
    store.noticeDisplayCopy = (top) => this.during(noticeDisplayCopy.call(store, top));
    store.commit = <A>(change: Change<A>, deadline: Parameters<Store['commit']>[1]) =>
      this.committing(commit.call(store, change as Change<unknown>, deadline) as Promise<Committed<A>>);
  }

  /** One at a time, as the store does them. */
  private async committing<A>(answer: Promise<Committed<A>>): Promise<Committed<A>> {
    this.commits++;
    this.pendingCommits++;
    this.lastChange = null;
    try {
      const done = await this.during(answer).finally(() => {
        this.pendingCommits--;
      });
      this.isDoubted = false;
      this.firstCommitMs = Math.min(this.firstCommitMs, this.on.now());
      this.lastCommitMs = this.on.now();
      if (done.published) {
        this.highest = done.licence.revision; // whatever it saw before, it has accepted what is there
        this.on.acknowledged(done.licence.commit);
      } else this.on.denied();
      return done;
    } catch (error) {
      this.lastFailureMs = this.on.now();
      if (!(error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN')) this.on.denied();
      throw error;
    }
  }

  private async during<T>(call: Promise<T>): Promise<T> {
    this.calls++;
    this.inCall = true;
    try {
      return await call;
    } catch (error) {
      this.on.failed(error);
      throw error;
    } finally {
      this.inCall = false;
    }
  }

  /** The share as this process sees it: traced, and with a trap that may spring in the middle of any operation. */
  wrap(files: ShareFiles): ShareFiles {
    const call = callOf(files);
    return portOf(async (operation, args) => {
      this.step();
      if (operation === 'rename') this.on.renaming(String(args[0]));
      if (['removeDirectory', 'rename'].includes(operation) && args[0] === LOCK) this.unlock();
      const doing = call(operation, args);
      if (operation === 'list' && args[0] === FOLDER && this.on.isListingEmpty()) return doing.then(() => []);
      try {
        const value = await doing;
        this.noteDone(operation, args, value);
        return value;
      } catch (error) {
        this.trace.note(
          this.who,
          `${describe(operation, args)}: ${String((error as { kind?: string }).kind ?? error)}`,
        );
        throw error;
      }
    });
  }

  private step(): void {
    if (this.trap === null || (this.trap.inCommits && this.pendingCommits === 0) || this.trap.left-- > 0)
      return;
    const { spring } = this.trap;
    this.trap = null;
    spring();
  }

  private noteDone(operation: Operation, args: readonly unknown[], value: unknown): void {
    const path = String(args[0]);
    if (operation === 'read') this.highest = Math.max(this.highest, numberIn(path));
    if (operation === 'rename') this.highest = Math.max(this.highest, numberIn(`${args[1]}/licence.json`));
    if (operation === 'read' && this.isLooking) this.learn(path);
    if (operation === 'writeNew' && !isRestored(String(args[1]))) this.lastChange = changeIn(String(args[1]));
    if (path === LOCK) this.noteLock(operation, value as FileStat);
    if (operation === 'list' && path === FOLDER) this.showsLock = (value as string[]).includes('lock');
    if (this.trace.isKept)
      this.trace.note(this.who, `${describe(operation, args)}${answerOf(operation, value)}`);
  }

  private noteLock(operation: Operation, stat: FileStat): void {
    if (operation === 'makeDirectory') this.hasLock = true;
    if (operation !== 'stat') return; // the own one too: where the answer was lost, it is taken for another's
    const identity = `${stat.inode}:${stat.modifiedMs}`;
    if (identity !== this.foreignLock.identity)
      this.foreignLock = { identity, sinceMs: this.user.clock.elapsedMs() };
  }

  private unlock(): void {
    if (!this.hasLock && this.showsLock)
      this.on.brokeLock(this.user.clock.elapsedMs() - this.foreignLock.sinceMs);
    this.hasLock = false;
  }

  private learn(path: string): void {
    const revision = numberIn(path);
    if (revision <= (this.learnt.at(-1)?.revision ?? -1)) return;
    this.learnt.push({ revision, call: this.calls });
    if (this.learnt.length > REMEMBERED) this.learnt.shift();
  }
}

const numberIn = (path: string): number => Number(REVISION.exec(path)?.[1] ?? -1);

/** After its read a look looks at the face, and may commit what follows. */
const CALLS_PER_LOOK = 2;

const isOver = (seat: Seat): boolean =>
  seat.told === 'lost' || seat.told === 'left' || seat.told === 'leaving';

/** A rebuilt table is not made by a change: it comes before one. */
const isRestored = (text: string): boolean => text.includes('"events":[{"kind":"restored"');

/** The last id in `recent` of a document, without reading all of it. */
function changeIn(text: string): string | null {
  const from = text.indexOf('"recent":[');
  if (from < 0) return null;
  const until = text.indexOf(']', from);
  return text.slice(from, until).split('"').at(-2) ?? null;
}

function describe(operation: Operation, args: readonly unknown[]): string {
  const path = shortPath(String(args[0]));
  return operation === 'rename' ? `rename ${path} -> ${shortPath(String(args[1]))}` : `${operation} ${path}`;
}

function answerOf(operation: Operation, value: unknown): string {
  if (operation !== 'list') return '';
  const numbers = (value as string[]).filter((name) => /^\d{12}$/.test(name)).map(Number);
  return numbers.length === 0 ? ': no numbers' : `: up to ${Math.max(...numbers)}, ${numbers.length} of them`;
}
