import type { InstanceRecord, Licence, SeatRecord, Tombstone } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import type { ChangeContext, Draft } from '../licence/revision.js';
import type { Instant } from '../licence/time.js';
import { evict } from '../rules/evict.js';
import { isLeaving } from '../rules/leaving.js';
import { isAnyOffered, Queues } from '../rules/queue.js';
import { isOffered } from '../rules/records.js';
import { isCalled } from '../rules/roll-call.js';
import { LONGEST_QUEUE_GAP_MS, RECALL_INTERVALS, RETURN_POLL_MS } from '../rules/timing.js';
import { tombstonesOf } from '../rules/tombstones.js';
import type { LatestRevision } from '../store/revisions.js';
import type { ClientContext } from './client-context.js';
import { Found } from './found.js';
import type { Table } from './table-view.js';
import { lossOf, lossOfLeaving } from './warning-text.js';

/** What a poll shows of the own seats. */
interface Seen {
  /** By module. */
  readonly held: ReadonlyMap<string, SeatRecord>;
  readonly queues: Queues;
  readonly tombstoneOf: (seat: SeatRecord) => Tombstone | null;
}

/** Rule 3: what a poll means for the seats held here, and for the peers. Nothing is read or written here. */
export class PollFindings {
  private readonly context: ClientContext;
  private readonly table: Table;

  constructor(context: ClientContext, table: Table) {
    this.context = context;
    this.table = table;
  }

  /**
   * The newest revisions are lost, or the client of the share shows an old listing: this poll counts for nothing. If
   * the last own change is missing, the own seats may be missing too. Then a beat commits, and the server decides.
   */
  lacking(top: LatestRevision): Found {
    const { clock, random, holds, store } = this.context;
    const found = new Found();
    if (top.loss === 'certain') for (const module of holds.modules) holds.doubt(module);
    const isMissed = top.loss === 'certain' || !this.isIn(top.licence) || store.remembersMore(top);
    if (isMissed)
      found.wantBeat(clock.elapsedMs() + random.fraction() * this.table.intervalMs * RECALL_INTERVALS);
    return found;
  }

  /** Whether the last confirmed own beat is there. */
  private isIn({ instances }: Licence): boolean {
    const { record } = this.context.identity;
    return record === null || instances.some(({ id, beat }) => id === record.id && beat >= record.beat);
  }

  /** Rule 7: a poll supports validity if it shows no roll call for the own record, and validity has not lapsed. */
  attend(licence: Licence, started: Instant): Found {
    const { clock, holds, identity } = this.context;
    const found = new Found();
    if (isCalled(licence, identity.id)) return found; // next() answers
    if (!holds.polled(identity.answersWithin, started, false)) found.wantBeat(clock.elapsedMs());
    return found;
  }

  /** What a poll shows of this instance. */
  ownSeats(licence: Licence): Found {
    const { holds, identity } = this.context;
    const mine = licence.instances.find((record) => record.id === identity.id);
    if (holds.size > 0 && mine && mine.beat > identity.highestBeat) return this.takeNewId();
    const seen: Seen = {
      ...{ held: new Map(mine?.seats.map((seat) => [seat.module, seat])), queues: new Queues(licence) },
      tombstoneOf: tombstonesOf(licence, identity.id),
    };
    const found = this.told(mine);
    for (const module of holds.modules) this.checkOwn(module, seen, found);
    return found;
  }

  /** What the own record says to this instance: messages, and seats that it is to leave (rule 9). */
  told(mine: InstanceRecord | undefined): Found {
    const { holds } = this.context;
    const found = new Found();
    for (const seat of mine?.seats ?? []) {
      if (seat.messages) holds.tellMessages(seat);
      if (!isLeaving(seat)) continue;
      if (holds.get(seat.module)?.seat.id === seat.id) holds.lose(seat.module, lossOfLeaving(seat.leaving));
      found.mustLeave = true;
    }
    return found;
  }

  /** A poll can end validity, and never restores it. */
  private checkOwn(module: string, { held: seats, queues, tombstoneOf }: Seen, found: Found): void {
    const { clock, holds, identity } = this.context;
    const hold = holds.get(module);
    const held = seats.get(module);
    if (held && isOffered(held)) found.wantBeat(clock.elapsedMs()); // the offer that this instance queued for
    if (!hold || held) return;
    if (queues.positionOf(module, identity.id) !== null) return; // next() comes back for it
    const tombstone = tombstoneOf(hold.seat);
    if (tombstone && tombstone.reason !== 'evicted' && tombstone.reason !== 'process gone') {
      holds.lose(module, lossOf(tombstone));
      found.hasLost = true;
      return;
    }
    if (tombstone) holds.doubt(module);
    found.wantBeat(clock.elapsedMs());
  }

  /** Another process runs under this id: a copied machine. This one takes a new id, and asks for its seats again. */
  takeNewId(): Found {
    const { clock, random, holds, identity } = this.context;
    identity.renew();
    for (const module of holds.modules) holds.moveOn(module, random.id()); // the old place is the other's
    const found = new Found();
    found.wantBeat(clock.elapsedMs());
    return found;
  }

  /**
   * Whether a poll that began at `startedMs` shows peers to evict, or a queue that must move on. Light does neither.
   */
  isSweepDue(licence: Licence, startedMs: number): boolean {
    const isLight = this.context.identity.record?.level === 'light';
    const verdicts = isLight ? [] : this.table.verdicts(licence, startedMs);
    return verdicts.length > 0 || (!isLight && this.table.isQueueOverdue(licence));
  }

  /** Evicts the peers that are out by a poll, or a beat, that began at `startedMs`. */
  sweep(context: ChangeContext, startedMs: number): Draft | null {
    const verdicts = this.table.verdicts(context.licence, startedMs);
    return evict(context, { verdicts, actor: this.context.identity.actor });
  }

  /** After a beat or a poll: when the peers need the next one, and whether the own record must be renewed. */
  next(licence: Licence): Found {
    const { clock, holds, identity } = this.context;
    const { policy, peerObserver } = this.table;
    const { record } = identity;
    const found = new Found();
    if (holds.size === 0 || !record || !policy) return found;
    const nowMs = clock.elapsedMs();
    if (isOtherCommitment(record, policy) || isCalled(licence, identity.id)) found.wantBeat(nowMs);
    if (this.table.isBanned(licence, record.user)) found.wantBeat(nowMs); // which ends the seats
    const queues = new Queues(licence);
    if (holds.modules.some((module) => queues.positionOf(module, identity.id) !== null))
      found.wantPoll(nowMs + RETURN_POLL_MS);
    if (record.level === 'light') {
      if (this.table.seemsExpired(policy)) found.wantBeat(nowMs); // its commit knows the server's time
      return found;
    }
    const { beatEarly, pollAgainMs } = peerObserver.next(licence, nowMs);
    if (beatEarly) found.wantBeat(nowMs);
    found.wantPoll(Math.max(pollAgainMs, nowMs + 1));
    if (isAnyOffered(licence)) found.wantPoll(nowMs + LONGEST_QUEUE_GAP_MS); // its waiter may be dead
    return found;
  }
}

/** Whether the policy asks for another promise than the record gives. */
const isOtherCommitment = (record: InstanceRecord, policy: Policy): boolean =>
  record.level !== policy.level ||
  record.checkIntervalSeconds !== policy.checkIntervalSeconds ||
  record.graceSeconds !== policy.graceSeconds ||
  record.answersWithin !== policy.answerWithinSeconds;
