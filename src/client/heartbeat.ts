import type { Loss } from '../api.js';
import type { InstanceRecord, Licence } from '../licence/document.js';
import { andThen, type ChangeContext } from '../licence/revision.js';
import type { Instant } from '../licence/time.js';
import { type BeatOutcome, beat, type HeldState, type SeatOutcome } from '../rules/beat.js';
import {
  BEAT_PATIENCE_INTERVALS,
  LEAST_BEAT_PATIENCE_MS,
  RETURN_INTERVALS,
  RETURN_POLL_MS,
} from '../rules/timing.js';
import type { Deadline } from '../share/deadline.js';
import type { Change } from '../store/commit.js';
import type { ClientContext } from './client-context.js';
import { Found } from './found.js';
import type { PollFindings } from './poll-findings.js';
import { type Made, PATIENCE_MS, type Table } from './table-view.js';
import { lossOf } from './warning-text.js';

/** Rule 2: what a beat commits, and what its commit means for the seats held here. Nothing is read or written here. */
export class Beats {
  private readonly context: ClientContext;
  private readonly table: Table;
  private readonly pollFindings: PollFindings;

  constructor(context: ClientContext, table: Table, pollFindings: PollFindings) {
    this.context = context;
    this.table = table;
    this.pollFindings = pollFindings;
  }

  deadline(): Deadline {
    const shareMs = Math.max(this.table.intervalMs * BEAT_PATIENCE_INTERVALS, LEAST_BEAT_PATIENCE_MS);
    return this.table.deadline(Math.min(PATIENCE_MS, shareMs));
  }

  /** One commit for all modules, with the sweep in it. */
  change(started: Instant): Change<BeatOutcome> {
    const { holds, identity } = this.context;
    return (context) => {
      const outcome = beat(context, this.heldState(context));
      if (outcome.kind === 'doubled') return { answer: outcome, draft: null };
      if (outcome.kind === 'expired') return { answer: outcome, draft: outcome.draft };
      if (outcome.record) {
        identity.writes(outcome.record);
        holds.commitAnswer(identity.answersWithin, started);
      }
      this.queued(outcome.draft?.licence ?? context.licence);
      const maySweep = context.policy.level === 'heartbeat'; // rule 10: Light never does
      const { draft } = outcome;
      const sweep = (now: ChangeContext) => this.pollFindings.sweep(now, started.elapsedMs);
      return { answer: outcome, draft: maySweep && draft ? andThen(context, draft, sweep) : draft };
    };
  }

  private heldState({ licence, policy }: ChangeContext): HeldState {
    const { holds, identity } = this.context;
    const isClosed = this.table.settlingMs(licence, policy, null) > 0;
    const doubtful = holds.modules.filter((module) => {
      const hold = holds.get(module);
      return hold === undefined || holds.remainingMs(hold) <= 0;
    });
    return {
      ...{ who: identity.requester, seats: holds.seats, highestBeat: identity.highestBeat },
      heard: holds.heard,
      ...(isClosed && { notNow: doubtful }),
      mayReturn: (module) => holds.mayReturn(module),
      returnSeconds: (module) => Math.max(0, this.returnMs(module)) / 1000,
    };
  }

  /** How long this instance still tries to put back the record that supports a seat. */
  private returnMs(module: string): number {
    const { clock, holds } = this.context;
    const sinceMs = holds.get(module)?.validity.since.elapsedMs ?? Number.NEGATIVE_INFINITY;
    return sinceMs + RETURN_INTERVALS * this.table.intervalMs - clock.elapsedMs();
  }

  /** This is about to be written. While the instance is in a queue there, a peer may write its record with a seat. */
  private queued({ waiting }: Licence): void {
    const { identity } = this.context;
    for (const one of waiting) if (one.instance === identity.id) identity.writesBeat(one.beat);
  }

  /** The own record is in the table since a commit that began then. */
  confirmed(record: InstanceRecord, since: Instant): void {
    const { holds, identity } = this.context;
    identity.confirmed(record);
    holds.polled(identity.answersWithin, since, true);
    holds.confirm(record, since);
  }

  /** What a beat that the share has confirmed means. */
  made({ done, since }: Made<BeatOutcome>): Found {
    const found = new Found();
    found.wantPoll(this.context.clock.elapsedMs() + this.table.pollPeriodMs);
    const { answer, licence } = done;
    switch (answer.kind) {
      case 'expired':
        return this.loseAllExpired(found);
      case 'doubled':
        return found.and(this.pollFindings.takeNewId());
      case 'beaten':
        if (answer.record) this.confirmed(answer.record, since);
        for (const [module, seatOutcome] of answer.outcomes)
          this.followOutcome(module, seatOutcome, { licence, found });
        if (answer.record === null) return found.and(this.pollFindings.told(this.ownIn(licence)));
        found.confirmedSince = since;
        found.and(this.pollFindings.told(answer.record));
        return found.and(this.pollFindings.next(licence)); // not ownSeats(): the beat has just decided about them
    }
  }

  private ownIn({ instances }: Licence): InstanceRecord | undefined {
    return instances.find(({ id }) => id === this.context.identity.id);
  }

  private followOutcome(module: string, seatOutcome: SeatOutcome, { licence, found }: OutcomeContext): void {
    if (seatOutcome.kind === 'lost') this.lose(module, lossOf(seatOutcome.tombstone), found);
    const { clock, holds } = this.context;
    const { pollPeriodMs, policy } = this.table;
    const hold = holds.get(module);
    if (!hold || seatOutcome.kind !== 'noPlace') return;
    if (hold.validity.validForMs === Number.POSITIVE_INFINITY) holds.doubt(module); // Light: the place is another's now
    const nowMs = clock.elapsedMs();
    found.wantPoll(nowMs + RETURN_POLL_MS);
    const settlingMs = policy ? this.table.settlingMs(licence, policy, null) : 0;
    if (settlingMs > 0) found.wantBeat(nowMs + settlingMs);
    else if (this.returnMs(module) <= 0) this.lose(module, lossOf(null), found);
    else found.wantBeat(nowMs + pollPeriodMs);
  }

  private loseAllExpired(found: Found): Found {
    const at = this.table.policy?.expiresAt ?? null;
    for (const module of this.context.holds.modules)
      this.lose(module, { reason: 'expired', by: null, words: null, at }, found);
    return found;
  }

  private lose(module: string, loss: Loss, found: Found): void {
    this.context.holds.lose(module, loss);
    found.hasLost = true;
  }
}

interface OutcomeContext {
  readonly licence: Licence;
  readonly found: Found;
}
