import type { InstanceRecord, Licence } from '../../src/licence/document.js';
import { numberName } from '../../src/share/layout.js';
import { FOLDER } from '../helpers/world.js';
import { Evictions, graceMs, intervalMs } from './evictions.js';
import { Ledger } from './ledger.js';
import type { Office } from './office.js';
import { wordsOf } from './trace.js';

/** A promise that was broken: what the simulation is for. */
export interface Violation {
  readonly rule: Rule;
  readonly atMs: number;
  readonly what: string;
}

export type Rule =
  | 'table over the limit' // counted seats <= max + overdraft
  | 'belief without a place' // a valid seat that the table does not hold
  | 'one seat, two users' // on two computers, where the licence does not count names alone
  | 'chain broken' // revisions grow by one, each the child of the one before; the latest stays
  | 'acknowledged and lost' // an acknowledged commit is not an ancestor of the latest revision
  | 'applied twice'
  | 'denied and made' // a change of which the caller was told that it is not made
  | 'journal wrong' // an event is not in it, or is in it twice, or never happened
  | 'live user evicted'
  | 'lost without a cause' // told to be lost, and never taken
  | 'healthy table reported lost'
  | 'lost table not healed' // although a holder lives that has seen it, polls and can write
  | 'written where the share was' // a table begun in the empty directory under a mount that has gone
  | 'dead user not evicted'
  | 'kept without a holder' // the process lives, and its application has no such seat
  | 'undecided' // a person without an answer, or without a seat while seats are free
  | 'wait without a deadline'
  | 'lock broken too early'
  | 'crashed';

/** The process that published a revision, and which of its commits that was. */
export interface Writer {
  readonly who: string;
  readonly key: string;
  readonly commit: number;
}

/** One record as the share has it, and its last beat. */
export interface Standing {
  readonly record: InstanceRecord;
  readonly beatAtMs: number;
  readonly misfortuneMsAtBeat: number;
}

/** A loss of as many revisions is rebuilt. */
const DEEP = 16;
/** Revisions that a late commit may still stand on. */
const REMEMBERED = 64;

/** What the server really holds: the chain of revisions as they were published, and what each of them did. */
export class Truth {
  private readonly office: Office;
  table: Licence;
  readonly evictions: Evictions;
  readonly ledger: Ledger;
  /** What the table holds: `host/pid module`. */
  seated: ReadonlySet<string> = new Set();
  /** Holders whose seat was only in lost revisions. By `host/pid module`. */
  readonly adrift = new Set<string>();
  /** How many seats of a module are in use, and since when. */
  readonly usage = new Map<string, { readonly fromMs: number; readonly inUse: number }>();
  private readonly changes = new Map<string, number>();
  private readonly calls = new Map<string, number>();
  private readonly deniedChanges = new Set<string>();
  /** Changes in lost revisions, and when these were lost. */
  private readonly lostChanges = new Map<string, number>();
  private readonly commits: string[] = [];
  /** The newest revisions that there were, those that are lost among them: what the next may be made of. */
  private history: Licence[] = [];
  /** The table was lost or damaged: since when. */
  lostSinceMs: number | null = null;
  /** Until when, after that, valid seats and table may differ. */
  private shakenUntilMs = 0;
  /** The newest revisions were lost: the last of them, and when. */
  private forgotten: { readonly top: Licence; readonly from: number; readonly atMs: number } | null = null;
  /** When the table last went back to an older state. */
  wentBackMs = Number.NEGATIVE_INFINITY;
  /** The highest number there ever was since the table was last rebuilt. */
  private highest = 0;
  /** The process that published the latest revision. */
  lastKey = '';
  restores = 0;
  losses = 0;

  constructor(first: Licence, office: Office) {
    this.office = office;
    this.table = first;
    this.commits.push(first.commit);
    this.ledger = new Ledger((what) => office.report('journal wrong', what));
    this.evictions = new Evictions(office);
  }

  get revision(): number {
    return this.table.revision;
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
      const what = `revision ${number} once more, below the newest (${this.revision}): void`;
      this.office.trace.note(by.who, what);
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

  private follow(next: Licence, by: Writer): void {
    const before = this.table;
    this.countChange(next, by);
    this.office.trace.note(by.who, `published revision ${next.revision}${next.events.map(wordsOf).join('')}`);
    if (next.events.some(({ kind }) => kind === 'seated')) this.office.seated();
    this.evictions.follow(before, next, by);
    this.adopt(next, by);
    this.evictions.noteCalls(next, by);
  }

  private adopt(next: Licence, by: Writer): void {
    this.table = next;
    this.commits.push(next.commit);
    this.ledger.published(next);
    this.history = [...this.history.slice(-REMEMBERED), next];
    this.lastKey = by.key;
    this.evictions.stand(next);
    this.countSeats(next);
    this.highest =
      next.events[0]?.kind === 'restored' ? next.revision : Math.max(this.highest, next.revision);
  }

  /** A number was taken out of the folder. */
  cleared(number: number): void {
    if (number >= this.revision) this.broken(`the latest revision, ${number}, was cleared away`);
  }

  /** A file was removed, by whatever path or handle: not the document of the latest revision. */
  fileRemoved(isThere: (path: string) => boolean): void {
    if (this.revision > 0 && !isThere(`${FOLDER}/${numberName(this.revision)}/licence.json`))
      this.broken(`the document of the latest revision, ${this.revision}, was removed`);
  }

  // --- changes: what was acknowledged is there, once; what was denied never ------------------------------------------

  acknowledged(who: string, change: string | null, commit: string): void {
    const isAncestor = this.commits.includes(commit, Math.max(0, this.commits.length - 1000));
    const lostMs = this.lostChanges.get(change ?? '') ?? Number.NEGATIVE_INFINITY;
    const isJustLost = this.office.nowMs - lostMs < this.office.commitMs; // before its answer
    if (isAncestor && (this.changes.has(change ?? '') || isJustLost)) return;
    this.office.report(
      'acknowledged and lost',
      `${who} was told of a change that is not in revision ${this.revision}`,
    );
  }

  denied(who: string, change: string | null): void {
    if (change === null) return;
    if (this.changes.has(change))
      this.office.report('denied and made', `${who} was told that a change is not made, and it is`);
    this.deniedChanges.add(change);
  }

  private countChange(next: Licence, by: Writer): void {
    const change = next.recent.at(-1) ?? '';
    if (this.deniedChanges.has(change))
      this.office.report('denied and made', `${by.who} was told so, and it is revision ${next.revision}`);
    const call = `${by.key} ${by.commit}`;
    const earlier = this.changes.get(change) ?? (by.commit > 0 ? this.calls.get(call) : undefined);
    if (earlier !== undefined)
      this.office.report('applied twice', `${by.who}: as revision ${earlier} and as ${next.revision}`);
    this.calls.set(call, next.revision);
    this.changes.set(change, next.revision);
  }

  // --- seats --------------------------------------------------------------------------------------------------------

  private countSeats({ instances }: Licence): void {
    const { countBy, modules } = this.office.plan;
    const held = instances.flatMap(({ note, seats }) => seats.map((seat) => ({ note: note ?? '', ...seat })));
    this.seated = new Set(held.map(({ note, module }) => `${note} ${module}`));
    for (const key of this.seated) {
      this.evictions.out.delete(key);
      this.adrift.delete(key);
    }
    for (const module of Object.keys(modules))
      this.countUsage(module, new Set(held.filter((one) => one.module === module).map(({ id }) => id)).size);
    const computers = new Set(held.map(({ id, note }) => `${id} ${note.split('/')[0]}`));
    if (countBy !== 'user' && computers.size > new Set(held.map(({ id }) => id)).size)
      this.office.report('one seat, two users', 'a seat is shared by two computers');
  }

  private countUsage(module: string, inUse: number): void {
    const limit = this.office.limitOf(module);
    if (inUse > limit) this.office.report('table over the limit', `${inUse} seats of ${limit} in ${module}`);
    if (this.usage.get(module)?.inUse !== inUse) this.usage.set(module, { fromMs: this.office.nowMs, inUse });
  }

  // --- lost and restored --------------------------------------------------------------------------------------------

  /** Whether the table that the holders rest on may not be the one that is there. */
  get isShaken(): boolean {
    return this.lostSinceMs !== null || this.office.nowMs < this.shakenUntilMs;
  }

  /** After a loss of revisions a valid seat may be without a place for as long as a poll, a beat and a return take. */
  isExcused(ableSinceMs: number): boolean {
    if (this.forgotten === null) return false;
    const { intervalMs: ms, slackMs, graceMs: grace } = this.longest();
    const isAble = ableSinceMs < this.forgotten.atMs;
    const isDeep = this.forgotten.top.revision >= this.forgotten.from + DEEP;
    const pollsMs = ms * (1 / 8 + 1 / 32) * (1 + 2 * this.office.drift) + 2 * slackMs;
    const validMs = (1.5 * ms + grace) * (1 + 2 * this.office.drift) + slackMs;
    const excusedMs = isAble && !isDeep ? Math.min(pollsMs, validMs) : validMs;
    return this.office.nowMs - this.forgotten.atMs < excusedMs;
  }

  /** The table is lost; or only the latest revisions, and what is left is the table now, whatever a process knows. */
  lose(older: Licence | null): void {
    this.losses++;
    this.ledger.lost();
    if (older) this.turnTo(older);
    else this.lostSinceMs = this.office.nowMs;
  }

  private turnTo(older: Licence): void {
    this.wentBackMs = this.office.nowMs;
    this.forgotten = { top: this.table, from: older.revision, atMs: this.wentBackMs };
    for (const key of this.seated) this.adrift.add(key); // until it is counted
    for (const [key, revision] of this.changes)
      if (revision > older.revision) this.lostChanges.set(key, this.wentBackMs);
    for (const made of [this.changes, this.calls])
      for (const [key, revision] of made) if (revision > older.revision) made.delete(key);
    this.table = older;
    this.evictions.turnTo(older);
    this.office.forgetAbove(older.revision);
    this.countSeats(older);
  }

  /** A late commit may stand on a lost revision: then the table goes on from that, and what was there is lost. */
  private catchUp(next: Licence, by: Writer): void {
    if (this.forgotten === null || next.parent?.commit === this.table.commit) return;
    const parent = this.history.find(({ commit }) => commit === next.parent?.commit);
    if (!parent) return;
    this.office.trace.note(by.who, `goes on from revision ${parent.revision}, which is lost`);
    this.turnTo(parent);
  }

  /** Since when the table is lost for those that have seen so high a revision. */
  deepSinceMs(highest = this.highest): number | null {
    return this.forgotten && highest >= this.revision + DEEP ? this.forgotten.atMs : null;
  }

  /** Restored, or a writer that had read it in time has published the next. */
  private regained(): void {
    if (this.lostSinceMs === null) return;
    this.lostSinceMs = null;
    const { intervalMs: ms, slackMs } = this.longest();
    this.shakenUntilMs = this.office.nowMs + (ms * 3) / 8 + 2 * slackMs;
    this.office.regained();
  }

  private longest(): { intervalMs: number; slackMs: number; graceMs: number } {
    const there = [...this.table.instances, ...(this.forgotten?.top.instances ?? [])];
    const ms = Math.max(60_000, ...there.map(intervalMs));
    return { intervalMs: ms, slackMs: this.office.slackMs(ms), graceMs: Math.max(0, ...there.map(graceMs)) };
  }

  /** One restored revision for each loss, a round number above everything, and never for a table that is whole. */
  private restored(next: Licence, by: Writer): void {
    const known = this.office.processAt(by.key)?.highest ?? -1;
    const isDeep = this.forgotten !== null && known >= this.forgotten.from + DEEP;
    if (this.lostSinceMs === null && !isDeep) this.broken(`${by.who} restored a table that was whole`);
    const least = Math.max(this.revision, next.restored?.revision ?? 0) + 1;
    if (next.revision % 1000 !== 0 || next.revision < least)
      this.broken(`restored as ${next.revision}; the newest was ${this.revision}`);
    this.office.trace.note(by.who, `RESTORED as revision ${next.revision}, from ${next.restored?.from}`);
    this.lostSinceMs ??= this.office.nowMs;
    this.regained();
    this.restores++;
    this.wentBackMs = this.office.nowMs;
    this.changes.set(next.recent.at(-1) ?? '', next.revision);
    this.adopt(next, by);
  }

  private broken(what: string): void {
    this.office.report('chain broken', what);
  }
}
