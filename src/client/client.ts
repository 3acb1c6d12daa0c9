import type { Warning } from '../api.js';
import type { InstanceRecord } from '../licence/document.js';
import type { Instant } from '../licence/time.js';
import { leaveMarked } from '../rules/leaving.js';
import { instantOf } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import type { Change } from '../store/commit.js';
import { Agenda } from './agenda.js';
import type { ClientContext } from './client-context.js';
import type { Found } from './found.js';
import { Beats } from './heartbeat.js';
import { PollFindings } from './poll-findings.js';
import { type CommitResult, isShareTrouble, type Made, PATIENCE_MS, Table } from './table-view.js';

/**
 * Keeps the seats of one instance, and is the only file that reacts: commits, beats and polls return what they found,
 * and the client turns it into due times, warnings, and the end of the agenda. It calls down only.
 */
export class Client {
  readonly table: Table;
  private readonly context: ClientContext;
  private readonly agenda: Agenda;
  private readonly pollFindings: PollFindings;
  private readonly beats: Beats;

  constructor(context: ClientContext) {
    this.context = context;
    this.table = new Table(context);
    this.agenda = new Agenda(context, this.table);
    this.pollFindings = new PollFindings(context, this.table);
    this.beats = new Beats(context, this.table, this.pollFindings);
  }

  get isHolder(): boolean {
    return this.agenda.isRunning;
  }

  // --- what runs in the queue ---------------------------------------------------------------------------------------

  /**
   * Every commit of this instance. What it found counts before what a confirmed beat says of the next one.
   * @throws SeatfileFault as the store
   */
  async commit<A>(change: Change<A>, deadline: Deadline): Promise<Made<A>> {
    const attempt = await this.table.commit(change, deadline);
    if (attempt.isBeatWanted) this.agenda.beatSoon();
    if (attempt.kind === 'made') {
      this.context.onSeen(attempt.done);
      return attempt;
    }
    if (isShareTrouble(attempt.error)) {
      this.table.failed();
      this.agenda.commitFailed();
    }
    throw attempt.error;
  }

  /** As commit(), for a change that may be given up: its failure says nothing of the share. */
  async commitAside<A>(change: Change<A>, deadline: Deadline): Promise<CommitResult<A>> {
    const result = await this.table.commit(change, deadline);
    if (result.isBeatWanted) this.agenda.beatSoon();
    return result;
  }

  /** Rule 2. @throws SeatfileFault when the share did not confirm the beat */
  async beat(): Promise<void> {
    const started = instantOf(this.context.clock);
    this.agenda.beatBegins(started.elapsedMs);
    const made = await this.commit(this.beats.change(started), this.beats.deadline());
    this.agenda.pollEnded(started.elapsedMs); // its commit has read the table, and swept it
    await this.heed(this.beats.made(made));
  }

  /** Rule 3. @throws SeatfileFault when the share could not be read, or did not confirm an eviction */
  async poll(): Promise<void> {
    const { clock, holds, store, warnings } = this.context;
    const { agenda, pollFindings, table } = this;
    const started = instantOf(clock);
    agenda.pollBegins(started.elapsedMs);
    const top = await table.read(table.deadline(PATIENCE_MS));
    if (top.loss !== null) {
      this.follow(pollFindings.lacking(top));
      agenda.pollEnded(started.elapsedMs);
      return;
    }
    if (table.saw(top)) agenda.beatSoon();
    this.context.onSeen(top);
    this.follow(pollFindings.attend(top.licence, started));
    this.warn(
      await warnings.face(await store.noticeDisplayCopy(top.licence), () => table.deadline(PATIENCE_MS)),
    );
    agenda.listen();
    // First: a removed holder must know it also where a commit fails now.
    await this.heed(pollFindings.ownSeats(top.licence));
    if (holds.size === 0) return;
    if (pollFindings.isSweepDue(top.licence, started.elapsedMs)) return await this.sweep(started.elapsedMs);
    agenda.pollEnded(started.elapsedMs);
    this.follow(pollFindings.next(top.licence));
  }

  private async sweep(polledMs: number): Promise<void> {
    const { agenda, pollFindings, table } = this;
    const startedMs = this.context.clock.elapsedMs();
    const { done } = await this.commit(
      (context) => ({ answer: null, draft: pollFindings.sweep(context, startedMs) }),
      table.deadline(PATIENCE_MS),
    );
    agenda.pollEnded(polledMs);
    await this.heed(pollFindings.ownSeats(done.licence));
    this.follow(pollFindings.next(done.licence));
  }

  /**
   * Rule 9: seats that are removed gently are not valid any more; now the table may give them to others. Until the
   * share has confirmed that, the loops go on, also for the last seat.
   */
  private async heed(found: Found): Promise<void> {
    if (found.mustLeave) {
      const { identity } = this.context;
      const leave: Change<null> = (context) => ({ answer: null, draft: leaveMarked(context, identity.id) });
      await this.commit(leave, this.table.deadline(PATIENCE_MS));
      found.hasLost = true;
    } else if (this.isHolder && this.context.holds.size === 0) found.hasLost = true; // its mark went in another way
    this.follow(found);
  }

  // --- reactions ----------------------------------------------------------------------------------------------------

  private follow({ confirmedSince, wanted, hasLost }: Found): void {
    if (confirmedSince) this.agenda.beatConfirmed(confirmedSince);
    this.agenda.want(wanted);
    if (hasLost) this.seatsOver();
  }

  /** A claim was confirmed by a commit that began at `since`. From now on its record is kept in the table. */
  seated(record: InstanceRecord, since: Instant): void {
    this.beats.confirmed(record, since);
    this.agenda.beatConfirmed(since);
    if (this.isHolder) return;
    const { identity, store } = this.context;
    store.rebuildAs(identity);
    this.table.isHolder = true;
    const signal = this.agenda.start();
    void this.keep(signal);
    void this.pulse(signal);
  }

  /** Seats were lost or given back. With the last one the loops end. */
  seatsOver(): void {
    const { holds, identity, store } = this.context;
    if (this.isHolder && holds.size === 0) {
      this.agenda.stop();
      this.table.isHolder = false;
      this.table.forgetOthers();
      identity.forget();
      store.rebuildAs(null);
    }
    this.context.onSeatsOver();
  }

  private warn(warning: Warning | null): void {
    if (warning) this.context.onWarning(warning);
  }

  // --- threads of control, while a seat is held ---------------------------------------------------------------------

  private async keep(signal: AbortSignal): Promise<void> {
    const { clock, queue } = this.context;
    while (!signal.aborted) {
      const { waitMs, early } = this.agenda.next();
      if (waitMs > 0) await clock.sleep(waitMs, early);
      if (!signal.aborted)
        await queue.run(() => this.tend(signal)).catch((error: unknown) => this.complain(error));
    }
  }

  /** Does what is due. */
  private async tend(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const due = this.agenda.due();
    if (due === 'beat') await this.beat();
    else if (due === 'look') await this.poll();
  }

  private complain(error: unknown): void {
    this.agenda.stopListening();
    this.warn(this.context.warnings.trouble(error));
  }

  /** Tells the states by the clocks alone: nothing is read, so a dead share cannot stop it. */
  private async pulse(signal: AbortSignal): Promise<void> {
    const { clock, holds } = this.context;
    while (!signal.aborted) {
      const before = instantOf(clock);
      const { pulseMs } = this.agenda;
      await clock.sleep(pulseMs, signal);
      if (signal.aborted) return;
      this.agenda.pulsed(before, pulseMs);
      holds.tell();
      holds.tellEnding(this.table.ending);
    }
  }
}
