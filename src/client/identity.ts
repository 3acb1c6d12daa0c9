import type { InstanceRecord } from '../licence/document.js';
import type { Proofs } from '../rules/claim.js';
import type { Requester } from '../rules/seats.js';
import { soon } from '../share/clock.js';
import type { Random } from '../share/random.js';
import { actorOf, type IsProcessGone } from './machine.js';

export interface IdentityDeps {
  readonly random: Random;
  readonly who: Omit<Requester, 'id'>;
  /** Rule 5(a). Only asked for records of this machine. */
  readonly isProcessGone: IsProcessGone;
  /** When this machine started by share time, given what share time is now; null where that proves nothing. */
  readonly bootedAtMs: (shareTimeMs: number) => number | null;
}

/** The identity of this instance in the table, and what its computer can tell of the other instances there. */
export class Identity {
  private ownRecord: InstanceRecord | null = null;
  private readonly deps: IdentityDeps;
  private ownId: string;
  private ownHighestBeat = 0;
  private committedAnswer: number | null = null;
  private readonly asked = new Map<string, boolean>();

  constructor(deps: IdentityDeps) {
    this.deps = deps;
    this.ownId = deps.random.id();
  }

  /** The own record as last confirmed. Null: this instance holds no seat. */
  get record(): InstanceRecord | null {
    return this.ownRecord;
  }

  get id(): string {
    return this.ownId;
  }

  /** The highest beat that this instance tried to write. A higher one in its record is from a copy of this machine. */
  get highestBeat(): number {
    return this.ownHighestBeat;
  }

  get requester(): Requester {
    return { ...this.deps.who, id: this.id, highestBeat: this.highestBeat };
  }

  get actor(): string {
    return actorOf(this.deps.who);
  }

  /**
   * Rule 7: within this number of seconds the instance has promised to answer a call. A commit that is on its way
   * counts as if it were confirmed. Null: no promise.
   */
  get answersWithin(): number | null {
    return this.committedAnswer;
  }

  /** This instance tries to write this record. */
  writes(record: InstanceRecord): void {
    this.writesBeat(record.beat);
    if (record.answersWithin !== null)
      this.committedAnswer = Math.min(this.committedAnswer ?? record.answersWithin, record.answersWithin);
  }

  /** The own record is in the table. */
  confirmed(record: InstanceRecord): void {
    this.ownRecord = record;
    this.committedAnswer = record.answersWithin;
  }

  /** This instance holds no seat any more. */
  forget(): void {
    this.ownRecord = null;
    this.committedAnswer = null;
  }

  /** A peer may write the own record with this beat, because the instance waits in a queue. */
  writesBeat(beat: number): void {
    this.ownHighestBeat = Math.max(this.ownHighestBeat, beat);
  }

  /** From now on this is another instance. */
  renew(): void {
    this.ownId = this.deps.random.id();
    this.ownHighestBeat = 0;
  }

  /** What this computer can prove of other instances. */
  proofs(shareTimeMs: number): Proofs {
    const bootedAtMs = this.deps.bootedAtMs(shareTimeMs);
    return { isGone: (record) => this.isGone(record), bootedAtMs };
  }

  /** In one synchronous piece of work the system is asked about a process once, also if many records name its pid. */
  private isProcessGone(pid: number, start: string | null, thread: string | undefined): boolean {
    if (this.asked.size === 0) soon(() => this.asked.clear());
    const key = `${pid} ${start} ${thread}`;
    const isGone = this.asked.get(key) ?? this.deps.isProcessGone(pid, start, thread);
    this.asked.set(key, isGone);
    return isGone;
  }

  isGone(record: Pick<InstanceRecord, 'machine' | 'pid' | 'processStart' | 'thread'>): boolean {
    const { pids } = this.deps.who.machine;
    return (
      pids !== null &&
      record.machine.pids === pids &&
      this.isProcessGone(record.pid, record.processStart, record.thread)
    );
  }
}
