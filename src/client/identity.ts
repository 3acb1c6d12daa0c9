import type { InstanceRecord } from '../licence/document.js';
import type { Proofs } from '../rules/claim.js';
import type { Claimant } from '../rules/seats.js';
import type { Dice } from '../share/random.js';
import { actorOf, type IsProcessGone } from './machine.js';

export interface IdentityDeps {
  readonly dice: Dice;
  readonly who: Omit<Claimant, 'id'>;
  /** Rule 5(a). Only asked for records of this machine. */
  readonly isProcessGone: IsProcessGone;
  /** When this machine started by share time, given what share time is now; null where that proves nothing. */
  readonly bootedAtMs: (shareTimeMs: number) => number | null;
}

/** Who this instance is in the table, and what its machine can tell of the others there. */
export class Identity {
  private ownRecord: InstanceRecord | null = null;
  private readonly deps: IdentityDeps;
  private ownId: string;
  private ownHighestBeat = 0;
  private promised: number | null = null;
  private readonly asked = new Map<string, boolean>();

  constructor(deps: IdentityDeps) {
    this.deps = deps;
    this.ownId = deps.dice.id();
  }

  /** Our record as last confirmed; null while we hold no seat. */
  get record(): InstanceRecord | null {
    return this.ownRecord;
  }

  get id(): string {
    return this.ownId;
  }

  /** The highest beat we ever tried to write; a higher one in our record was written by somebody who runs as us. */
  get highestBeat(): number {
    return this.ownHighestBeat;
  }

  get claimant(): Claimant {
    return { ...this.deps.who, id: this.id, highestBeat: this.highestBeat };
  }

  get actor(): string {
    return actorOf(this.deps.who);
  }

  /**
   * Rule 7: within so many seconds we have promised to answer, or may have: a commit that is on its way counts like one that is
   * confirmed. Null: we have not.
   */
  get answersWithin(): number | null {
    return this.promised;
  }

  /** We try to write this record. */
  writes(record: InstanceRecord): void {
    this.writesBeat(record.beat);
    if (record.answersWithin !== null)
      this.promised = Math.min(this.promised ?? record.answersWithin, record.answersWithin);
  }

  /** Our record is in the table. */
  confirmed(record: InstanceRecord): void {
    this.ownRecord = record;
    this.promised = record.answersWithin;
  }

  /** We hold no seat any more. */
  forget(): void {
    this.ownRecord = null;
    this.promised = null;
  }

  /** Somebody may write our record with this beat, because we let him. */
  writesBeat(beat: number): void {
    this.ownHighestBeat = Math.max(this.ownHighestBeat, beat);
  }

  /** From now on we are another. */
  renew(): void {
    this.ownId = this.deps.dice.id();
    this.ownHighestBeat = 0;
  }

  /** What this computer can prove of the others. */
  proofs(shareTimeMs: number): Proofs {
    const bootedAtMs = this.deps.bootedAtMs(shareTimeMs);
    return { isGone: (record) => this.isGone(record), bootedAtMs };
  }

  /** The system is asked about a process once in one synchronous piece of work, in however many records its pid is written. */
  private isProcessGone(pid: number, start: string | null, thread: string | undefined): boolean {
    if (this.asked.size === 0) queueMicrotask(() => this.asked.clear());
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
