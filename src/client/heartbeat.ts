import type { InstanceRecord, Licence } from '../licence/document.js';
import { andThen, type ChangeContext } from '../licence/revision.js';
import type { Instant } from '../licence/time.js';
import { type BeatOutcome, beat, type SeatFate, type Standing } from '../rules/beat.js';
import {
  BEAT_PATIENCE_INTERVALS,
  LEAST_BEAT_PATIENCE_MS,
  RETURN_INTERVALS,
  RETURN_POLL_MS,
} from '../rules/timing.js';
import type { Limits } from '../share/deadline.js';
import type { Change } from '../store/commit.js';
import type { ClientContext } from './client-context.js';
import { Found } from './found.js';
import type { Looks } from './look.js';
import type { Loss } from './seat.js';
import { type Made, PATIENCE_MS, type Table } from './table-view.js';
import { lossOf } from './warning-text.js';

/** Rule 2: what a beat commits, and what its commit means for the seats held here. Nothing is read or written here. */
export class Beats {
  private readonly context: ClientContext;
  private readonly table: Table;
  private readonly looks: Looks;

  constructor(context: ClientContext, table: Table, looks: Looks) {
    this.context = context;
    this.table = table;
    this.looks = looks;
  }

  limits(): Limits {
    const shareMs = Math.max(this.table.intervalMs * BEAT_PATIENCE_INTERVALS, LEAST_BEAT_PATIENCE_MS);
    return this.table.limits(Math.min(PATIENCE_MS, shareMs));
  }

  /** One commit for all modules, with the sweep in it. */
  change(started: Instant): Change<BeatOutcome> {
    const { holds, identity } = this.context;
    return (context) => {
      const outcome = beat(context, this.standing(context));
      if (outcome.kind === 'doubled') return { answer: outcome, draft: null };
      if (outcome.kind === 'expired') return { answer: outcome, draft: outcome.draft };
      if (outcome.record) {
        identity.writes(outcome.record);
        holds.promised(identity.answersWithin, started);
      }
      this.queued(outcome.draft?.licence ?? context.licence);
      const maySweep = context.policy.level === 'heartbeat'; // rule 10: Light never does
      const { draft } = outcome;
      const sweep = (now: ChangeContext) => this.looks.sweep(now, started.elapsedMs);
      return { answer: outcome, draft: maySweep && draft ? andThen(context, draft, sweep) : draft };
    };
  }

  private standing({ licence, policy }: ChangeContext): Standing {
    const { holds, identity } = this.context;
    const isClosed = this.table.closedMs(licence, policy, null) > 0;
    const doubtful = holds.modules.filter((module) => {
      const hold = holds.get(module);
      return hold === undefined || holds.remainingMs(hold) <= 0;
    });
    return {
      ...{ who: identity.claimant, seats: holds.seats, highestBeat: identity.highestBeat },
      ...(isClosed && { notNow: doubtful }),
      mayReturn: (module) => holds.mayReturn(module),
      returnSeconds: (module) => Math.max(0, this.returnMs(module)) / 1000,
    };
  }

  /** How long this instance still tries to put back the record that supports a seat. */
  private returnMs(module: string): number {
    const { clock, holds } = this.context;
    const sinceMs = holds.get(module)?.belief.since.elapsedMs ?? Number.NEGATIVE_INFINITY;
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
    holds.looked(identity.answersWithin, since, true);
    holds.confirm(record, since);
  }

  /** What a beat that the share has confirmed means. */
  made({ done, since }: Made<BeatOutcome>): Found {
    const found = new Found();
    found.wantLook(this.context.clock.elapsedMs() + this.table.lookPeriodMs);
    const { answer, licence } = done;
    switch (answer.kind) {
      case 'expired':
        return this.loseAllExpired(found);
      case 'doubled':
        return found.and(this.looks.takeNewId());
      case 'beaten':
        if (answer.record) this.confirmed(answer.record, since);
        for (const [module, fate] of answer.fates) this.followFate(module, fate, { licence, found });
        if (answer.record === null) return found;
        found.confirmedSince = since;
        return found.and(this.looks.next(licence)); // not ownSeats(): the beat has just decided about them
    }
  }

  private followFate(module: string, fate: SeatFate, { licence, found }: FateContext): void {
    if (fate.kind === 'lost') this.lose(module, lossOf(fate.tombstone), found);
    const { clock, holds } = this.context;
    const { lookPeriodMs, policy } = this.table;
    const hold = holds.get(module);
    if (!hold || fate.kind !== 'noPlace') return;
    if (hold.belief.validForMs === Number.POSITIVE_INFINITY) holds.doubt(module); // Light: the place is another's now
    const nowMs = clock.elapsedMs();
    found.wantLook(nowMs + RETURN_POLL_MS);
    const closedMs = policy ? this.table.closedMs(licence, policy, null) : 0;
    if (closedMs > 0) found.wantBeat(nowMs + closedMs);
    else if (this.returnMs(module) <= 0) this.lose(module, lossOf(null), found);
    else found.wantBeat(nowMs + lookPeriodMs);
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

interface FateContext {
  readonly licence: Licence;
  readonly found: Found;
}
