import type { InstanceRecord, Licence } from '../licence/document.js';
import type { Verdict } from '../rules/liveness.js';
import {
  addPoll,
  capSilence,
  type Evidence,
  type Judgement,
  judge,
  type Observations,
  type OwnCommit,
  type Poll,
  recentCommits,
} from '../rules/liveness.js';
import { LEAST_SLOW_MS } from '../rules/timing.js';

/**
 * What one instance has seen of its peers, and whether its own commits are in order enough to judge them (rules 3 and
 * 4). All times are milliseconds of the monotonic clock; `periodMs` is the instance's own poll period.
 */
export class PeerObserver {
  private observations: Observations = new Map();
  private commits: OwnCommit[] = [];
  private lastSeen: Licence | null = null;
  private isTroubled = false;

  saw(seen: Poll, ownId: string, periodMs: number): void {
    this.lastSeen = seen.licence;
    this.observations = addPoll(this.observations, seen, { id: ownId, periodMs });
  }

  /** How long this instance has seen the beat of the record unchanged. */
  unchangedMs(record: InstanceRecord): number {
    const seen = this.observations.get(record.id);
    return seen?.identity === record.beat ? seen.forMs : 0;
  }

  /** An own commit failed. No peer is blamed for what this instance could not do either. */
  failed(): void {
    this.isTroubled = true;
    this.commits = [];
  }

  /** An own commit was confirmed. If it was slow, or one failed before, every silence is capped (rule 4b). */
  committed(startedMs: number, confirmedMs: number, periodMs: number): void {
    if (this.isTroubled || isSlow(confirmedMs - startedMs, periodMs)) {
      if (this.lastSeen) this.observations = capSilence(this.observations, this.lastSeen);
      this.commits = [];
    }
    this.isTroubled = false;
    this.commits = recentCommits(
      [...this.commits, { startedMs, confirmedMs }],
      confirmedMs,
      this.longestIntervalMs(),
    );
  }

  /** The peers that are out: by proof always, by silence only while the own commits are in order. */
  verdicts(
    licence: Licence,
    nowMs: number,
    startedMs: number,
    periodMs: number,
    isGone: (record: InstanceRecord) => boolean,
  ): Verdict[] {
    const gone = provenGone(licence, isGone);
    if (this.isTroubled || isSlow(nowMs - startedMs, periodMs)) return gone;
    return [...gone, ...judge(licence, this.evidence(nowMs)).evict];
  }

  /** When the peers need the next poll, and whether this instance must beat before. */
  next(licence: Licence, nowMs: number): Pick<Judgement, 'beatEarly' | 'pollAgainMs'> {
    const { beatEarly, pollAgainMs } = judge(licence, this.evidence(nowMs));
    return { beatEarly: beatEarly && !this.isTroubled, pollAgainMs };
  }

  private evidence(nowMs: number): Evidence {
    return { observations: this.observations, commits: this.commits, nowMs };
  }

  private longestIntervalMs(): number {
    const promised = this.lastSeen?.instances.map((record) => record.checkIntervalSeconds * 1000) ?? [];
    return promised.reduce((longest, one) => Math.max(longest, one), 0);
  }
}

/** Rule 5(a): the peers with a process that provably exists no more. */
export const provenGone = (licence: Licence, isGone: (record: InstanceRecord) => boolean): Verdict[] =>
  licence.instances
    .filter((record) => record.level === 'heartbeat' && isGone(record) && holdsMore(record))
    .map(({ id, beat }) => ({ instance: id, beat, reason: 'process gone' }));

/**
 * A longer commit says that the share is in trouble. The limit is T/8, and at least 1 s, as a busy computer needs
 * that.
 */
const isSlow = (tookMs: number, periodMs: number): boolean => tookMs > Math.max(periodMs, LEAST_SLOW_MS);

/** A borrowed seat survives its process, so a record with nothing else is left alone. */
const holdsMore = (record: InstanceRecord): boolean => record.seats.some((seat) => seat.untilAt === null);
