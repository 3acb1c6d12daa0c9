import type { InstanceRecord, Licence, Tombstone } from '../../src/licence/document.js';
import type { EventDraft } from '../../src/licence/revision.js';
import { numberName } from '../../src/share/layout.js';
import { FOLDER } from '../helpers/world.js';
import { Ledger } from './ledger.js';
import { Lines } from './line.js';
import { clockTime, type Trace } from './trace.js';

/** A promise that was broken: what the simulation is for. */
export interface Violation {
  readonly rule: Rule;
  readonly atMs: number;
  readonly what: string;
}

export type Rule =
  | 'table over the limit' // counted seats <= max + overdraft
  | 'belief over the limit' // valid beliefs, as places
  | 'belief without a place' // a valid seat that the table does not hold
  | 'chain broken' // revisions grow by one, each the child of the one before
  | 'acknowledged and lost' // an acknowledged commit is not an ancestor of the newest revision
  | 'applied twice'
  | 'denied and made' // a change that its caller was told is not made
  | 'published for nothing' // a declined change publishes nothing
  | 'given back and kept' // released without a fault, and still in the table; or kept for no application
  | 'ghost kept' // given back or taken in lost revisions, as the writer knew, and still there
  | 'seat vanished' // neither released, nor a tombstone
  | 'live user evicted'
  | 'evicted unasked' // by rule 5b, and no roll call had stood for T/4
  | 'evicted unwatched' // by an instance that was asleep, or did not see the share, for most of the silence
  | 'dead user not evicted'
  | 'light swept'
  | 'removed came back' // by himself, instead of asking again
  | 'one seat, two users' // whom the licence does not count as one
  | 'removal not noticed'
  | 'lock broken too early'
  | 'lost without a cause'
  | 'wait without a deadline'
  | 'overtaken' // in the queue; or a place stands free, and an instance waits for it
  | 'refused though free'
  | 'undecided'
  | 'healthy table reported lost'
  | 'journal wrong' // something that happened is not in it, or is in it twice, or never happened
  | 'written where the share was' // a table begun in the empty directory under a mount that has gone
  | 'lost table not healed' // although an instance is alive that has seen it, looks and can write
  | 'crashed';

/** What the simulation knows of the process behind a record. */
export interface Holder {
  readonly who: string;
  readonly isAlive: boolean;
  /** How long it could not have beaten, through its own misfortune, since the world began. Milliseconds. */
  readonly misfortuneMs: number;
  /** Whether the application in it believes that it has this seat, or would, if it looked at the clock. */
  readonly holds: (module: string) => boolean;
  /** How long it was awake and the share to be seen, since then, and in how many pieces. */
  readonly watched: (sinceMs: number) => { readonly ms: number; readonly gaps: number };
}

/** One record as the share has it, and the last beat in it. */
export interface Standing {
  readonly record: InstanceRecord;
  /** Since when it is of this level. */
  readonly levelSinceMs: number;
  readonly beatAtMs: number;
  readonly misfortuneMsAtBeat: number;
}

/** A name in the roll call that stands. */
interface Called {
  readonly beat: number;
  readonly sinceMs: number;
  readonly misfortuneMs: number;
}

/** The writer of a revision: a process, and which of its commits. */
export interface Writer {
  readonly who: string;
  readonly key: string;
  readonly commit: number;
}

export interface TruthOptions {
  readonly limits: Readonly<Record<string, number>>;
  readonly now: () => number;
  readonly trace: Trace;
  readonly holderOf: (record: { readonly note: string | null }) => Holder | undefined;
  readonly report: (rule: Rule, what: string) => void;
  /** Whether `user@host` is the user of a record, as the licence counts. */
  readonly isOwn: (record: InstanceRecord, actor: string) => boolean;
  /** Whether the share once left a change of this writer without an answer: then the writer gives up its number. */
  readonly isUnsure: (key: string) => boolean;
  /**
   * How long the share was down for all since a beat. Only if the evictor had no cause to notice, and has proved since
   * that it could write, and the beating instance could not for all but `mostMs` since then; else 0. Milliseconds.
   */
  readonly unheardMs: (standing: Standing, evictor: string, mostMs: number) => number;
  /** An instance is newly seated. */
  readonly seated: () => void;
  /** A process has made a roll call. */
  readonly asked: (key: string) => void;
  /** Whether the server's clock was set since then, and before this process had an answer of it. */
  readonly isClockSet: (sinceMs: number, key: string) => boolean;
  /** Whether the licence counts users by their names, on whatever computers. */
  readonly countsNames: boolean;
  /** The fastest clock gains so much: 0.07. */
  readonly drift: number;
  /** The table is whole again. */
  readonly onRegained: () => void;
  /** The newest state that a process has seen, and believed. */
  readonly knownBy: (key: string) => Licence | null;
  /** Everything above that revision is gone: what was read of it tells nothing of what gets its number next. */
  readonly onForgotten: (revision: number) => void;
  /** Whether a live holder has seen that revision. */
  readonly isKnown: (revision: number) => boolean;
  /** The highest revision that a process has read or published, by whatever way. */
  readonly highestOf: (key: string) => number;
  /**
   * How late a beat may be without a misfortune: the pace of retries, a busy share. Milliseconds.
   */
  readonly slackMs: (intervalMs: number) => number;
  /** As late may an answer be, which everybody gives at once. Milliseconds. */
  readonly answerSlackMs: number;
}

/**
 * Dead after this; its grace comes on top, times 7/6. The promises of rule 4, written down a second time on purpose.
 */
const DEAD_INTERVALS = 1.75;
const LATE_INTERVALS = 0.75;
const graceMs = (record: InstanceRecord): number => (7 / 6) * 1000 * record.graceSeconds;
const intervalMs = (record: InstanceRecord): number => 1000 * record.checkIntervalSeconds;
/** How long a beat stands still before its record may be evicted. Milliseconds. */
export const deadAfterMs = (record: InstanceRecord): number =>
  DEAD_INTERVALS * intervalMs(record) + graceMs(record);

/** Rule 5b, written down a second time on purpose: after a call and T/4, out if silent for 2 T by share time. */
const UNANSWERED = 'did not answer the roll call';
const BROKEN = 'did not answer within';
const OUT_INTERVALS = 2;
const WAIT_INTERVALS = 1 / 4;
const LOOK_INTERVALS = 1 / 8;

/** So many revisions below what was seen are a loss that is rebuilt. */
const DEEP = 16;
/** Revisions that a late commit may still stand on. */
const REMEMBERED = 64;

/** What the server really holds: the chain of revisions as they were published, and what each of them did. */
export class Truth {
  readonly options: TruthOptions;
  table: Licence;
  standings: ReadonlyMap<string, Standing> = new Map();
  readonly lines: Lines;
  /**
   * `host/pid module` of everybody in the table, and when each of them was removed by the administrator: the revision.
   */
  /** The place of each, by process and module. */
  private seated = new Map<string, string>();
  readonly removed = new Map<string, { readonly revision: number; readonly atMs: number }>();
  /**
   * As removed: put out by a newcomer that could not know that the server's clock had been set since the last beat, and
   * kept from answering. No rule saves such an instance; its seat may be valid until its next look.
   */
  readonly mistaken = new Map<string, { readonly revision: number }>();
  /** `host/pid module` of every instance that ever lost its seat to another. */
  readonly taken = new Set<string>();
  /** For each module, how many seats were in use from when on. */
  readonly usage = new Map<string, { fromMs: number; inUse: number }[]>();
  private called = new Map<string, Called>();
  private readonly changes = new Map<string, number>();
  private readonly deniedChanges = new Set<string>();
  private readonly calls = new Map<string, number>();
  private readonly commits: string[] = [];
  readonly ledger: Ledger;
  evictions = 0;
  restores = 0;
  /** The table was lost or damaged behind everybody's back: since when. */
  lostSinceMs: number | null = null;
  /** Until when, after a loss or what came of it, beliefs and table may differ. */
  private shakenUntilMs = 0;
  /** The newest revisions that there were, those that are lost among them: what the next may be made of. */
  private history: Licence[] = [];
  /**
   * The newest revisions were forgotten: the last of them, since when, and which instances had a seat only in them, as
   * `host/pid module`.
   */
  private forgotten: { readonly top: Licence; readonly atMs: number } | null = null;
  private fromRevision = 0;
  private restoredMs = Number.NEGATIVE_INFINITY;
  /** The highest number there ever was since the table was last rebuilt. */
  private highest = 0;
  readonly adrift = new Set<string>();
  /** `host/pid module` of everybody whose seat had been given back or taken in lost revisions, and is there again. */
  readonly returned = new Set<string>();
  /** Living users that have lost a seat that was only in lost revisions, or that a rebuilt table had no place for. */
  livesOut = 0;
  losses = 0;
  /** The writer of the newest revision. */
  lastKey = '';
  /** When each beat was first published. */
  private readonly beats = new Map<string, Pick<Standing, 'beatAtMs' | 'misfortuneMsAtBeat'>>();
  /** Seats that were taken for good in revisions that were lost, and that a live instance knows of. */
  readonly owed = new Map<
    string,
    { readonly dueMs: number; readonly what: string; readonly isSure: boolean }
  >();
  /**
   * Removals in forgotten revisions that a live instance knew, and that are undone: no instance put them back, or the
   * removed one has beaten since.
   */
  undone = 0;

  constructor(first: Licence, options: TruthOptions) {
    this.options = options;
    this.table = first;
    this.commits.push(first.commit);
    this.ledger = new Ledger({
      report: (what) => this.report('journal wrong', what),
      revision: () => this.revision,
    });
    this.lines = new Lines({ ...options, wentBackMs: () => this.wentBackMs });
  }

  get revision(): number {
    return this.table.revision;
  }

  isSeated(key: string, module: string): boolean {
    return this.placeOf(key, module) !== undefined;
  }

  /** The place that a process has in the table. */
  placeOf(key: string, module: string): string | undefined {
    return this.seated.get(`${key} ${module}`);
  }

  /** A revision has got its number. */
  published(number: number, text: string, by: Writer): void {
    const next = JSON.parse(text) as Licence;
    if (next.revision !== number) this.broken(`revision ${number} says that it is ${next.revision}`);
    if (next.restored && next.lineage !== this.table.lineage && next.events[0]?.kind === 'restored') {
      this.restored(next, by);
      return;
    }
    if (number <= this.revision) {
      this.note(by.who, `revision ${number} once more, below the newest (${this.revision}): void`);
      this.ledger.late(next);
      return;
    }
    this.catchUp(next, by);
    if (number !== this.revision + 1) this.broken(`${number} follows ${this.revision}`);
    if (next.parent?.commit !== this.table.commit)
      this.broken(`revision ${number} was made from another revision than ${this.revision}`);
    this.regained();
    this.follow(next, by);
  }

  // --- lost and restored --------------------------------------------------------------------------------------------

  /** Whether the table that people rest on may not be the one that is there. */
  get isShaken(): boolean {
    return this.lostSinceMs !== null || this.options.now() < this.shakenUntilMs;
  }

  /** Not seated, and no fault of anybody: in the time that every look, beat and return after a loss takes. */
  isExcused(atMs: number, ableSinceMs: number): boolean {
    const { forgotten } = this;
    if (forgotten === null) return false;
    const { intervalMs: ms, slackMs, graceMs: grace } = this.longest();
    const isAble = ableSinceMs < forgotten.atMs;
    const isDeep = forgotten.top.revision >= this.fromRevision + DEEP;
    const looksMs = ms * (LOOK_INTERVALS + 1 / 32) * (1 + 2 * this.options.drift) + 2 * slackMs;
    const beliefMs = (1.5 * ms + grace) * (1 + 2 * this.options.drift) + slackMs;
    return atMs - forgotten.atMs < (isAble && !isDeep ? Math.min(looksMs, beliefMs) : beliefMs);
  }

  lose(): void {
    this.lostSinceMs = this.options.now();
    this.losses++;
  }

  /**
   * The newest revisions are gone, and what is left can be read: that is the table now, whatever instances know. A
   * rebuilt one may follow only while it is 16 and more below what the rebuilder has seen.
   */
  forget(older: Licence): void {
    this.forgotten = { top: this.table, atMs: this.options.now() };
    this.fromRevision = older.revision;
    this.losses++;
    this.oweRemovals(this.table, older.revision, false);
    this.turnTo(older);
  }

  private turnTo(older: Licence): void {
    const places = new Set(
      older.instances.flatMap(({ note, seats }) => seats.map((seat) => `${note} ${seat.module}`)),
    );
    for (const { note, seats } of this.table.instances)
      for (const { module } of seats)
        if (!places.delete(`${note} ${module}`)) this.adrift.add(`${note} ${module}`);
    for (const place of places) this.returned.add(place);
    for (const made of [this.changes, this.calls])
      for (const [key, revision] of made) if (revision > older.revision) made.delete(key);
    this.standings = this.standingsIn(older, this.standings, () => true);
    const names = new Set(older.rollCall?.names.map(({ instance }) => instance));
    for (const key of this.called.keys()) if (!names.has(key)) this.called.delete(key);
    this.table = older;
    this.options.onForgotten(older.revision);
    this.countSeats(older);
  }

  /**
   * A late commit may stand on a revision that is lost: then that is what it goes on from, and what was there is lost
   * instead.
   */
  private catchUp(next: Licence, by: Writer): void {
    if (this.forgotten === null || next.parent?.commit === this.table.commit) return;
    const parent = this.history.find(({ commit }) => commit === next.parent?.commit);
    if (!parent) return;
    this.note(by.who, `goes on from revision ${parent.revision}, which is lost`);
    this.ledger.abandoned();
    this.ledger.broken(parent.revision);
    this.forgotten = { top: this.table, atMs: this.options.now() };
    this.fromRevision = parent.revision;
    this.turnTo(parent);
  }

  /** When the table last went back to an older state. */
  get wentBackMs(): number {
    return Math.max(this.restoredMs, this.forgotten?.atMs ?? Number.NEGATIVE_INFINITY);
  }

  /**
   * 16 and more revisions are gone, and no commit has gone on as far yet. For instances that know of them, and cannot
   * rebuild, it is lost.
   */
  get isDeep(): boolean {
    return this.highest >= this.revision + DEEP;
  }

  /**
   * Since when a process should have rebuilt: 16 and more that it has seen are gone, and no commit has gone on so far.
   */
  deepSinceMs(highest: number): number | null {
    return this.forgotten && highest >= this.revision + DEEP ? this.forgotten.atMs : null;
  }

  /** It is whole again: restored, or a writer that had read it in time has published the next. */
  private regained(): void {
    if (this.lostSinceMs === null) return;
    this.lostSinceMs = null;
    const { intervalMs, slackMs } = this.longest();
    this.shakenUntilMs = this.options.now() + (intervalMs * 3) / 8 + 2 * slackMs;
    this.options.onRegained();
  }

  private longest(): { intervalMs: number; slackMs: number; graceMs: number } {
    const there = [...this.table.instances, ...(this.forgotten?.top.instances ?? [])];
    const ms = Math.max(60_000, ...there.map(intervalMs));
    return { intervalMs: ms, slackMs: this.options.slackMs(ms), graceMs: Math.max(0, ...there.map(graceMs)) };
  }

  /** One restored revision for each loss, far above everything, and never for a table that is whole. */
  private restored(next: Licence, by: Writer): void {
    const isDeep = this.forgotten !== null && this.options.highestOf(by.key) >= this.fromRevision + DEEP;
    if (this.lostSinceMs === null && !isDeep) this.broken(`${by.who} restored a table that was whole`);
    if (next.parent?.commit !== this.table.commit) this.ledger.abandoned();
    const least = Math.max(this.revision, next.restored?.revision ?? 0) + 1;
    if (next.revision % 1000 !== 0 || next.revision < least)
      this.broken(`restored as ${next.revision}; the newest was ${this.revision}`);
    this.note(by.who, `RESTORED as revision ${next.revision}, from ${next.restored?.from}`);
    this.oweRemovals(this.table, next.restored?.revision ?? 0, true);
    this.lostSinceMs ??= this.options.now();
    this.regained();
    this.restores++;
    this.restoredMs = this.options.now();
    this.ledger.published(next);
    this.table = next;
    this.commits.push(next.commit);
    this.changes.set(next.recent.at(-1) ?? '', next.revision);
    this.standings = this.standingsIn(next, this.standings, () => true);
    this.remember(next, by);
    this.countSeats(next);
  }

  /** Removals in the lost revisions that a live instance has seen must be in the table again soon. */
  private oweRemovals(lost: Licence, fromRevision: number, isSure: boolean): void {
    const { intervalMs, slackMs } = this.longest();
    const dueMs = this.options.now() + intervalMs / 2 + 2 * slackMs;
    const missing = lost.gone.filter((stone) => stone.reason === 'removed' && stone.revision > fromRevision);
    for (const { instance, seat, user, host, module, revision } of missing)
      if (this.options.isKnown(revision))
        this.owed.set(`${instance} ${seat}`, {
          ...{ dueMs, isSure },
          what: `${user}@${host} in ${module}, removed in revision ${revision}`,
        });
  }

  /** Looked at from time to time. */
  checkOwed(): void {
    for (const [key, { dueMs, what, isSure }] of this.owed) {
      if (this.options.now() < dueMs) continue;
      this.owed.delete(key);
      const isThere = this.table.instances.some((record) =>
        record.seats.some((seat) => `${record.id} ${seat.id}` === key),
      );
      if (isThere && !isSure) this.undone++;
      else if (isThere) this.report('removed came back', `${what}, with the restored table`);
    }
  }

  private follow(next: Licence, by: Writer): void {
    const before = this.table;
    this.table = next;
    this.commits.push(next.commit);
    this.ledger.published(next);
    this.countChange(next, by);
    this.checkWorth(before, next, by);
    this.note(by.who, `published revision ${next.revision}${next.events.map(wordsOf).join('')}`);
    for (const { kind, module } of next.events)
      if (kind === 'seated') this.returned.delete(`${by.key} ${module}`);
    if (next.events.some(({ kind }) => kind === 'seated')) this.options.seated();
    this.lines.follow(before, next, by);
    this.checkWhoIsGone(before, next, by);
    this.checkWhoIsBack(next);
    this.checkGhosts(next, by);
    this.standings = this.standingsIn(next, this.standings);
    this.noteBeats();
    this.remember(next, by);
    this.updateCalled(next, by);
    this.countSeats(next);
  }

  /** A number was taken out of the folder by a process that has had no commit answered since then. */
  cleared(number: number, sinceMs: number): void {
    if (number >= this.revision) this.broken(`the newest revision, ${number}, was cleared away`);
    this.ledger.cleared(number, sinceMs);
  }

  /** A file was removed, by whatever path or handle: not the document of the newest revision. */
  fileRemoved(isThere: (path: string) => boolean): void {
    const { revision } = this;
    if (revision > 0 && !isThere(`${FOLDER}/${numberName(revision)}/licence.json`))
      this.broken(`the document of the newest revision, ${revision}, was removed`);
  }

  /** A caller was told that its change is in the table. */
  acknowledged(who: string, change: string | null, commit: string): void {
    if (change === null || !this.changes.has(change))
      this.report('acknowledged and lost', `${who} was told that a change is made, and it is in no revision`);
    if (!this.commits.includes(commit, Math.max(0, this.commits.length - 1000)))
      this.report(
        'acknowledged and lost',
        `${who} was told of a revision that is not an ancestor of ${this.revision}`,
      );
  }

  /** A caller was told that its change was not made. */
  denied(who: string, change: string | null): void {
    if (change === null) return;
    if (this.changes.has(change))
      this.report('denied and made', `${who} was told that a change is not made, and it is`);
    this.deniedChanges.add(change);
  }

  /**
   * What was declined publishes nothing; a process that does not know the outcome of its claim takes the number that
   * the claim would need.
   */
  private checkWorth(before: Licence, next: Licence, by: Writer): void {
    const isSame = ({ id, beat, seats }: InstanceRecord, place: number) => {
      const other = before.instances[place];
      return other?.id === id && other.beat === beat && other.seats.length === seats.length;
    };
    if (next.events.length > 0 || next.instances.length !== before.instances.length) return;
    if (lineOf(next) !== lineOf(before)) return;
    const asked = new Set(before.rollCall?.names.map(({ instance, beat }) => `${instance} ${beat}`));
    if (next.rollCall?.names.some(({ instance, beat }) => !asked.has(`${instance} ${beat}`))) return;
    const { provedAt } = next.rollCall ?? {};
    if (provedAt !== undefined && provedAt !== before.rollCall?.provedAt) return; // rule 7
    if (next.instances.every(isSame) && !this.options.isUnsure(by.key))
      this.report('published for nothing', `revision ${next.revision} by ${by.who} changes nothing`);
  }

  private countChange(next: Licence, by: Writer): void {
    const change = next.recent.at(-1) ?? '';
    if (this.deniedChanges.has(change))
      this.report(
        'denied and made',
        `${by.who} was told that a change is not made, and it is revision ${next.revision}`,
      );
    const call = `${by.key} ${by.commit}`;
    if (by.commit > 0 && this.calls.has(call))
      this.report(
        'applied twice',
        `one commit of ${by.who} has made two revisions, the second is ${next.revision}`,
      );
    this.calls.set(call, next.revision);
    const earlier = this.changes.get(change);
    if (earlier !== undefined)
      this.report('applied twice', `one change is revision ${earlier} and revision ${next.revision}`);
    this.changes.set(change, next.revision);
  }

  private countSeats(next: Licence): void {
    this.seated = new Map();
    const computers = new Map<string, string>();
    for (const record of next.instances)
      for (const seat of record.seats) {
        this.checkShared(computers, record, seat.id);
        const key = `${record.note} ${seat.module}`;
        this.seated.set(key, seat.id);
        this.removed.delete(key);
        this.mistaken.delete(key);
        this.adrift.delete(key);
      }
    this.countUsage(next);
  }

  /** How many seats are in use in what is there to be seen: never too many. */
  private countUsage(next: Licence): void {
    const nowMs = this.options.now();
    const ids = new Map<string, Set<string>>();
    for (const { id, module } of next.instances.flatMap(({ seats }) => seats))
      ids.set(module, (ids.get(module) ?? new Set()).add(id));
    for (const [module, limit] of Object.entries(this.options.limits)) {
      const inUse = ids.get(module)?.size ?? 0;
      if (inUse > limit) this.report('table over the limit', `${inUse} seats of ${limit} in ${module}`);
      const usage = this.usage.get(module) ?? [];
      if (usage.at(-1)?.inUse !== inUse)
        this.usage.set(module, [...usage.slice(-200), { fromMs: nowMs, inUse }]);
    }
  }

  /**
   * An evicted instance may put its record back. A removed one may not, unless it has lost another seat since.
   */
  private checkWhoIsBack(next: Licence): void {
    for (const { kind, instance, module, user, host, ...event } of next.events) {
      const stone = next.gone.findLast((one) => one.instance === instance && one.seat === event['seat']);
      if (kind === 'back' && stone?.reason === 'removed')
        this.report(
          'removed came back',
          `${user}@${host} in ${module}, removed in revision ${stone.revision}`,
        );
    }
  }

  /** Records share a seat only on one computer, unless the licence counts names alone. */
  private checkShared(computers: Map<string, string>, record: InstanceRecord, seat: string): void {
    const computer = record.note?.split('/')[0] ?? '';
    const other = computers.get(seat) ?? computer;
    computers.set(seat, computer);
    if (other !== computer && !this.options.countsNames)
      this.report('one seat, two users', `seat ${seat.slice(0, 8)} on ${other} and on ${computer}`);
  }

  // --- instances that were there before, and are no more ------------------------------------------------------------

  private checkWhoIsGone(before: Licence, next: Licence, by: Writer): void {
    for (const record of before.instances)
      for (const seat of record.seats) {
        const after = next.instances.find((other) => other.id === record.id);
        if (after?.seats.some((held) => held.id === seat.id && held.module === seat.module)) continue;
        this.checkOneGone(record, seat.module, seat.id, next, by);
      }
  }

  private checkOneGone(
    record: InstanceRecord,
    module: string,
    seat: string,
    next: Licence,
    by: Writer,
  ): void {
    const who = `${record.user}@${record.host}/${record.pid}`;
    const isTold = next.events.some((event) => event['seat'] === seat && event['instance'] === record.id);
    const isOwn = isTold || !this.isReminded(record, seat, next); // one that was remembered may have the same number
    const stone = next.gone.findLast(
      (one) => isOwn && one.revision === next.revision && one.instance === record.id && one.seat === seat,
    );
    if (stone === undefined && this.isReminded(record, seat, next)) {
      this.taken.add(`${record.note} ${module}`);
      return;
    }
    if (stone === undefined && this.isGhost(record, next)) return;
    if (stone === undefined) {
      const isGiven = record.seats.some((one) => one.id === seat && one.given);
      if (isGiven ? !isTold : by.key !== record.note)
        this.report('seat vanished', `${who} in ${module}: taken out by ${by.who}, with no tombstone`);
      return;
    }
    const key = `${record.note} ${module}`;
    this.taken.add(key);
    if (stone.reason === 'removed')
      this.removed.set(key, { revision: next.revision, atMs: this.options.now() });
    else {
      this.checkEviction(record, module, stone, by);
      this.checkEvictor(next, stone, by);
    }
  }

  /**
   * An instance that goes on where revisions are lost leaves out what they no longer held, as far as it knows, if that
   * has not beaten since.
   */
  private checkGhosts(next: Licence, by: Writer): void {
    const known = this.options.knownBy(by.key);
    if (!next.events.some(({ kind }) => kind === 'forgotten') || known?.lineage !== next.lineage) return;
    const ids = new Set(known.instances.map(({ id }) => id));
    const ghost = next.instances.find(
      ({ id, beatAt }) => !ids.has(id) && beatAt <= (known.committedAt ?? ''),
    );
    if (ghost) this.report('ghost kept', `${ghost.user}@${ghost.host}/${ghost.pid} by ${by.who}`);
  }

  /** A lost revision no longer held it, and it has not beaten since the table went back. */
  private isGhost({ id, beatAt }: InstanceRecord, next: Licence): boolean {
    return (
      next.events.some(({ kind }) => kind === 'forgotten') &&
      this.history.some(
        ({ instances, committedAt }) =>
          committedAt !== null && committedAt >= beatAt && !instances.some((one) => one.id === id),
      )
    );
  }

  /** An instance remembered the tombstone of a revision that was lost. */
  private isReminded(record: InstanceRecord, seat: string, next: Licence): boolean {
    const isTold = next.events.some(({ kind }) => kind === 'reminded' || kind === 'forgotten');
    return isTold && next.gone.some((one) => one.instance === record.id && one.seat === seat);
  }

  /** Light never sweeps. */
  private checkEvictor(next: Licence, stone: Tombstone, by: Writer): void {
    const own = next.instances.find((record) => record.note === by.key);
    if (stone.reason === 'evicted' && own?.level === 'light')
      this.report('light swept', `${by.who} evicted ${stone.user}@${stone.host}, and is Light itself`);
  }

  private checkEviction(record: InstanceRecord, module: string, stone: Tombstone, by: Writer): void {
    this.evictions++;
    const who = `${record.user}@${record.host}/${record.pid} in ${module}`;
    const holder = this.options.holderOf(record);
    if (stone.reason === 'process gone') {
      if (holder?.isAlive)
        this.report('live user evicted', `${who}: called a gone process by ${by.who}, and it runs`);
      if (record.level === 'light' && !this.options.isOwn(record, stone.actor ?? ''))
        this.report('light swept', `${who}: by ${stone.actor}`);
      return;
    }
    if (record.level === 'light') this.report('light swept', `${who}: evicted by ${by.who}`);
    const standing = this.standings.get(record.id);
    if (stone.words?.startsWith(BROKEN)) {
      this.checkPromise(record, module, by);
    } else if (stone.words === UNANSWERED) {
      this.checkCalled(record, module, stone, by);
      if (standing && this.options.isClockSet(standing.beatAtMs, by.key))
        this.mistaken.set(`${record.note} ${module}`, { revision: stone.revision });
    } else if (standing && holder) this.checkSilence(record, standing, holder, { who, module, by });
  }

  private checkSilence(
    record: InstanceRecord,
    standing: Standing,
    holder: Holder,
    { who, module, by }: { who: string; module: string; by: Writer },
  ): void {
    this.checkWatched(record, standing, who, by);
    const silentMs = this.options.now() - standing.beatAtMs;
    const ownMs = holder.misfortuneMs - standing.misfortuneMsAtBeat;
    const found =
      `${who}, by ${by.who}: silent for ${clockTime(silentMs)}, ` +
      `${clockTime(ownMs)} of it through its own misfortune; T ${clockTime(intervalMs(record))}`;
    const deadMs = deadAfterMs(record) / (1 + this.options.drift);
    if (silentMs < deadMs) this.report('live user evicted', `too early: ${found}`);
    const patientMs = LATE_INTERVALS * intervalMs(record) + graceMs(record);
    const sharedMs = this.options.unheardMs(standing, by.key, intervalMs(record) * LOOK_INTERVALS);
    const excusedMs = ownMs + sharedMs + this.options.slackMs(intervalMs(record));
    if (holder.isAlive && holder.holds(module) && excusedMs < patientMs / (1 + 2 * this.options.drift))
      this.report('live user evicted', found);
  }

  /**
   * Rule 5b: it was asked, by a roll call that stood for T/4 while the requester was awake; a live instance that can
   * looks and answers.
   */
  private checkCalled(record: InstanceRecord, module: string, stone: Tombstone, by: Writer): void {
    const called = this.called.get(record.id);
    const holder = this.options.holderOf(record);
    const who = `${record.user}@${record.host}/${record.pid} in ${module}, by ${by.who}`;
    if (called?.beat !== record.beat) {
      this.report('evicted unasked', `${who}: no roll call named him`);
      return;
    }
    const nowMs = this.options.now();
    const waitMs = (WAIT_INTERVALS * intervalMs(record)) / (1 + this.options.drift);
    const stoodMs = nowMs - called.sinceMs;
    const found = `${who}: asked ${clockTime(stoodMs)} ago; T ${clockTime(intervalMs(record))}`;
    if (stoodMs < waitMs) this.report('evicted unasked', found);
    this.checkAsker(record, called, stone, found, by);
    if (!holder?.isAlive || !holder.holds(module)) return;
    const ownMs = holder.misfortuneMs - called.misfortuneMs;
    const excusedMs = ownMs + this.options.slackMs(intervalMs(record));
    const lookMs = (LOOK_INTERVALS * intervalMs(record)) / (1 + 2 * this.options.drift);
    if (excusedMs < lookMs)
      this.report('live user evicted', `${found}; he could answer but for ${clockTime(ownMs)}`);
  }

  /**
   * Rule 7: it had promised, the roll call stood for as long, the requester was there; a live instance that can
   * answers.
   */
  private checkPromise(record: InstanceRecord, module: string, by: Writer): void {
    const called = this.called.get(record.id);
    const who = `${record.user}@${record.host}/${record.pid} in ${module}, by ${by.who}`;
    const answerMs = 1000 * (record.answersWithin ?? Number.NaN);
    if (called?.beat !== record.beat || Number.isNaN(answerMs)) {
      this.report('evicted unasked', `${who}: not called, or nothing promised`);
      return;
    }
    const stoodMs = this.options.now() - called.sinceMs;
    const found = `${who}: called ${clockTime(stoodMs)} ago, promised ${clockTime(answerMs)}`;
    const leastMs = answerMs / (1 + this.options.drift);
    if (stoodMs < leastMs) this.report('evicted unasked', found);
    const asker = this.options.holderOf({ note: by.key })?.watched(called.sinceMs);
    if (asker && asker.ms + (asker.gaps * answerMs) / 4 < leastMs)
      this.report(
        'evicted unwatched',
        `${found}, and watched for ${clockTime(asker.ms)}, ${asker.gaps} gaps`,
      );
    const holder = this.options.holderOf(record);
    if (!holder?.isAlive || !holder.holds(module)) return;
    const ownMs = holder.misfortuneMs - called.misfortuneMs;
    if (ownMs + this.options.answerSlackMs < answerMs / 4)
      this.report('live user evicted', `${found}; he could answer but for ${clockTime(ownMs)}`);
  }

  /**
   * By share time it was silent for 2 T, or the requester itself has seen it; and that was awake while the roll call
   * stood.
   */
  private checkAsker(
    record: InstanceRecord,
    called: Called,
    stone: Tombstone,
    found: string,
    by: Writer,
  ): void {
    const outMs = OUT_INTERVALS * intervalMs(record) + graceMs(record);
    const ageMs = Date.parse(stone.at) - Date.parse(record.beatAt);
    const asker = this.options.holderOf({ ...record, note: by.key });
    const standing = this.standings.get(record.id);
    if (!asker || !standing) return;
    const seen = asker.watched(standing.beatAtMs);
    const seenMs = (seen.ms + (seen.gaps * intervalMs(record)) / 4) * (1 + this.options.drift);
    if (ageMs < outMs && seenMs < outMs)
      this.report('live user evicted', `${found}; his beat is ${clockTime(ageMs)} old by share time`);
    const { ms, gaps } = asker.watched(called.sinceMs);
    const forgivenMs = gaps * Math.max(LOOK_INTERVALS * intervalMs(record), 1000);
    if (ms + forgivenMs < (WAIT_INTERVALS * intervalMs(record)) / (1 + this.options.drift))
      this.report('evicted unwatched', `${found}, and watched for ${clockTime(ms)}, with ${gaps} gaps`);
  }

  private updateCalled(next: Licence, by: Writer): void {
    const before = this.called;
    this.called = new Map();
    for (const { instance, beat } of next.rollCall?.names ?? []) {
      const record = next.instances.find((one) => one.id === instance);
      if (record?.beat !== beat) continue;
      const known = before.get(instance);
      const fresh = () => ({
        beat,
        sinceMs: this.options.now(),
        misfortuneMs: this.options.holderOf(record)?.misfortuneMs ?? 0,
      });
      const isKnown = known?.beat === beat;
      this.called.set(instance, isKnown ? known : fresh());
      if (!isKnown) this.options.asked(by.key);
    }
  }

  /**
   * Rule 3: silence counts while the evictor was awake and looking; a gap in that counts for two look periods at most.
   */
  private checkWatched(record: InstanceRecord, standing: Standing, who: string, by: Writer): void {
    const evictor = this.options.holderOf({ ...record, note: by.key });
    if (!evictor) return;
    const { ms, gaps } = evictor.watched(standing.beatAtMs);
    const forgivenMs = (gaps * intervalMs(record)) / 4;
    const deadMs = deadAfterMs(record) / (1 + this.options.drift);
    if (ms + forgivenMs >= deadMs) return;
    const seen = `${by.who} watched ${clockTime(ms)} of it, with ${gaps} gaps; T ${clockTime(intervalMs(record))}`;
    this.report('evicted unwatched', `${who}: ${seen}`);
  }

  /** A record that is there again, and in an older state all but its author's, is there with a beat of then. */
  private standingsIn(
    next: Licence,
    before: ReadonlyMap<string, Standing>,
    isOlder: (record: InstanceRecord) => boolean = () => false,
  ): ReadonlyMap<string, Standing> {
    const nowMs = this.options.now();
    return new Map(
      next.instances.map((record) => {
        const known = before.get(record.id);
        const isSameLevel = known?.record.level === record.level;
        if (isSameLevel && known.record.beat === record.beat) return [record.id, { ...known, record }];
        const levelSinceMs = isSameLevel ? known.levelSinceMs : nowMs;
        const misfortuneMsAtBeat = this.options.holderOf(record)?.misfortuneMs ?? 0;
        const then = known === undefined || isOlder(record) ? this.beats.get(beatOf(record)) : undefined;
        const fresh = { beatAtMs: nowMs, misfortuneMsAtBeat, ...then };
        return [record.id, { record, levelSinceMs, ...fresh }];
      }),
    );
  }

  private remember(next: Licence, by: Writer): void {
    this.history = [...this.history.slice(-REMEMBERED), next];
    this.lastKey = by.key;
    this.highest =
      next.events[0]?.kind === 'restored' ? next.revision : Math.max(this.highest, next.revision);
  }

  private noteBeats(): void {
    for (const { record, beatAtMs, misfortuneMsAtBeat } of this.standings.values())
      this.beats.set(beatOf(record), { beatAtMs, misfortuneMsAtBeat });
  }

  private broken(what: string): void {
    this.report('chain broken', what);
  }

  private report(rule: Rule, what: string): void {
    this.options.report(rule, what);
  }

  private note(who: string, text: string): void {
    this.options.trace.note(who, text);
  }
}

/** The queue of a table, each waiter with its promise: a second window may wait longer. */
const lineOf = ({ waiting }: Licence): string =>
  waiting.map(({ seat, waitSeconds }) => `${seat} ${waitSeconds}`).join();

const beatOf = ({ id, beat }: InstanceRecord): string => `${id} ${beat}`;

/** Which rule spoke. */
const rules: Readonly<Record<string, string>> = {
  seated: 'was seated',
  back: 'put his own record back',
  given: 'was given the place he waited for',
  'passed over': 'did not take his place',
  'gave up': 'gave up the place he waited for',
  forgotten: 'went on where revisions are lost',
  reminded: 'put in what he remembered of the lost revisions',
  released: 'gave his seat back',
  evicted: 'was put out',
  removed: 'was removed',
  settings: 'the settings were changed',
};

function wordsOf(event: EventDraft): string {
  const { kind, user, host, module, reason, actor, words } = event;
  const who = user === undefined ? String(actor ?? '') : `${user}@${host} in ${module}`;
  const why =
    reason === 'evicted'
      ? words === UNANSWERED
        ? ' (rule 5b: did not answer)'
        : ' (rule 4: stood still)'
      : reason === 'process gone'
        ? ' (rule 5a: provably gone)'
        : '';
  return `; ${who} ${rules[kind] ?? kind}${why}`;
}
