/**
 * The folder of numbered revisions, and how the next one is published. This file is where a seat is won or lost.
 *
 * The argument. Assume of the file server only this: (A1) it renames a directory atomically, and refuses if the new name
 * is a directory that is not empty; (A2) a file that was written, synced and closed is read back whole under a path
 * the reader has never used before; (A3) it does not undo what it acknowledged; (A4) no directory listing is older than
 * the five minutes for which a superseded revision is left alone.
 *
 * - A revision is a directory `<number>/licence.json`, complete before it gets its number, and never changed after. It is
 *   published by ONE rename of a private stage onto the next number. By A1 the server lets one writer have a number, and
 *   it alone decides: no lock, no clock, no cache of ours takes part. A stale listing only makes a writer aim at a
 *   number that is taken, and be refused.
 * - Every revision is computed from the immutable content of its parent alone (A2) and names it. So the acknowledged
 *   revisions are one chain, and nobody can publish beside it: who was frozen, slow, or mad of clock loses at the server.
 * - Whether a rename was done is read from what is there, never from its errno: replies are lost, requests repeated, and
 *   an error may follow a success. The commit's own random id under the number says "ours". While that is undecided the
 *   stage is kept and the same rename repeated; a stage name is random and used once, so a request that arrives late can
 *   move only what it was meant to move, to where it was meant to go, once, and only if the number is still free.
 * - Clearing away could free an old number for somebody with an old listing. He would publish below the top. So after the
 *   rename the folder is listed again: a commit counts only if the listing ends with its own number, or its change is among
 *   the `recent` ones of the top; otherwise it is void and is made again from the real top, under the same change id,
 *   which is looked for in every base first: a change is applied once, however often it is tried.
 * - Listing and reading are two operations, and a process may be stopped between them for longer than a superseded revision
 *   is left alone: the number it then reads may be somebody's void one. So where a change is acknowledged or denied after
 *   an attempt, the folder is listed once more after reading, and must still end with that number.
 * - "Not made" is said only of a stage that could be set aside (no late request can move it any more), and after an earlier
 *   attempt only from a look at the top. A top so far above an attempt that `recent` may have forgotten it proves nothing.
 *   Everything else is COMMIT_UNKNOWN. All of this is walked through, state by state, in test/model.
 * - Where A3 does not hold, and the newest revisions are gone, what is there is the truth. A listing that ends below the highest
 *   number seen may also be an old one; so no change is denied by it: something is published on it, and the server decides.
 *   16 and more below is a lost table, and nothing is written before that has lasted: then a holder rebuilds it, and an instance
 *   without a seat goes on from what is there.
 * - Nothing that is true is ever overwritten, truncated or renamed over, so a reader gets a whole revision or none; and
 *   nothing has to be taken over from a dead writer, so none blocks another. A crash leaves a stage that nobody reads.
 */

import { decodeText, type Licence, parseLicence } from '../licence/document.js';
import { type Policy, readPolicy } from '../licence/entitlement.js';
import { inFile, SeatfileFault } from '../licence/fault.js';
import { firstWhere } from '../licence/ordered.js';
import { licenceIdOf } from '../rules/restore.js';
import { breath, type Clock, LARGE_BYTES } from '../share/clock.js';
import { checkLimits, type Limits, toFault } from '../share/deadline.js';
import { removeTree } from '../share/emptying.js';
import {
  type FileStat,
  ShareError,
  type ShareErrorKind,
  type ShareFiles,
  sameRights,
} from '../share/files.js';
import {
  clearingName,
  documentIn,
  inFolder,
  numberName,
  numbersAmong,
  type Place,
  type StageOwner,
  stageName,
} from '../share/layout.js';
import { SLOW_MS } from '../share/op-timeouts.js';
import type { Dice } from '../share/random.js';

/** The newest revision, as one look found it. */
export interface Top {
  readonly licence: Licence;
  readonly policy: Policy;
  /**
   * Revisions that this process knows of are not in it. Doubtful: it is below the highest number seen, which may be an old listing;
   * it proves nothing before a commit on it is published. Certain: it is at or above our own last confirmed change, and lacks it.
   */
  readonly loss: 'doubtful' | 'certain' | null;
  /** Monotonic clock, milliseconds: when the look began and ended. */
  readonly startedMs: number;
  readonly endedMs: number;
}

/** A document as it was read. */
interface ReadRevision {
  readonly text: string;
  readonly licence: Licence;
  readonly policy: Policy;
}

export interface Stage {
  readonly name: string;
  readonly path: string;
  /** The file server's clock, from the time it stamped on this directory. Milliseconds since 1970. */
  readonly shareTimeMs: number;
}

/** What became of an attempt to publish. Doubtful: not in the table, but a rename of it may still arrive. */
export type Fate = 'ours' | 'lost' | 'doubtful';

export interface RevisionsOptions {
  /** How long a client may go on seeing an old listing or an old absence: trouble is believed after so long. Milliseconds. @default 60,000 */
  readonly cachesMs: number;
  /** For how long a refused rename is tried again while something keeps the stage open. Milliseconds. @default 10,000 */
  readonly busyMs: number;
  readonly onSlow?: ((waitingFor: string) => void) | undefined;
}

/** A top so far above our base can no longer tell whether our change is in it: its `recent` holds 256 ids. */
export const MOST_ABOVE = 200;
/** The newest revision so far below one that was seen is a stale listing at first, and then a lost table. */
const LOST_BELOW = 16;
const LONGEST_PAUSE_MS = 2000;
/** A look that goes on waiting says so again, with how long it may still take. Milliseconds. */
const TELL_AGAIN_MS = 10_000;
/** A share that answers with failures is given this long to recover within one look. Milliseconds. */
const FAILING_MS = 10_000;

/**
 * Trouble is believed only after so many looks that met the same: who is stopped between listing and reading finds the
 * revision cleared away, however long ago he began.
 */
const LOOKS_TO_BELIEVE = 3;
/** How far back it is remembered when the top climbed. Milliseconds; more than any revision is left alone for. */
const LONGEST_MEMORY_MS = 3_600_000;

/** What the last looks met: since when, when last, and how often. */
const NOTHING_MET = { what: '', sinceMs: 0, lastMs: 0, looks: 0 };

/** Trouble is the same only while it is met again so soon: who was stopped, or did not look, has seen nothing of it. Milliseconds. */
const LONGEST_GAP_MS = 60_000;

/** A stage that is exchanged for something else as soon as it is made is made again so often. */
const MOST_EXCHANGES = 5;
/** A stage is gone, or is no longer the one that we made. */
const NOT_OURS: readonly ShareErrorKind[] = ['missing', 'wrongKind', 'exists'];

type Trouble = {
  readonly kind: 'noFolder' | 'empty' | 'behind' | 'vanished' | 'damaged' | 'foreign' | 'failing';
  /** Tells this trouble from another of its kind. */
  readonly what: string;
  readonly fault: unknown;
};

export class Revisions {
  readonly place: Place;
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly dice: Dice;
  private readonly owner: StageOwner;
  private readonly options: RevisionsOptions;
  private highestSeen = -1;
  /** When the top was first seen at this number or above, newest last: tells since when an older one is superseded. */
  private readonly climbs: { top: number; atMs: number }[] = [];
  private cached: ReadRevision | null = null;
  /** What the last looks met, kept from one call to the next: a caller's patience may be shorter than the caches' lifetime. */
  private met = NOTHING_MET;
  /** The licence that the folder belongs to, once known. */
  private licenceId: string | null = null;
  /** The last change of our own that was confirmed: every later revision of its lineage descends from it. */
  private own: { readonly lineage: string; readonly revision: number; readonly changeId: string } | null =
    null;
  /** While a commit that was placed is being confirmed: its number. A listing that ends below it is a stale one. */
  private placed = -1;
  /** The highest number seen when what is there, 16 and more below it, was taken for the table: see {@link take}. -1 for none. */
  private taken = -1;
  /** The lineage that was last found to be of that licence. */
  private lineage: string | null = null;

  constructor(
    place: Place,
    files: ShareFiles,
    clock: Clock,
    dice: Dice,
    owner: StageOwner,
    options: RevisionsOptions,
  ) {
    this.place = place;
    this.files = files;
    this.clock = clock;
    this.dice = dice;
    this.owner = owner;
    this.options = options;
  }

  /** Numbers in the folder, ascending; null when there is no folder. */
  async numbers(): Promise<number[] | null> {
    try {
      const numbers = numbersAmong(await this.files.list(this.place.folder));
      const top = numbers.at(-1);
      if (top !== undefined && top > (this.climbs.at(-1)?.top ?? -1)) this.noteClimb(top);
      return numbers;
    } catch (error) {
      if (error instanceof ShareError && error.kind === 'missing') return null;
      throw error;
    }
  }

  private noteClimb(top: number): void {
    const nowMs = this.clock.elapsedMs();
    this.climbs.push({ top, atMs: nowMs });
    while (this.climbs[1] && nowMs - this.climbs[1].atMs > LONGEST_MEMORY_MS) this.climbs.shift();
  }

  /** A top below this one is a stale listing, or a loss. */
  expectAtLeast(revision: number): void {
    this.highestSeen = Math.max(this.highestSeen, revision);
  }

  /** Somebody has published that number since we met the trouble: what we were shown may be older, and has to last anew. */
  meetAnew(revision: number): void {
    this.expectAtLeast(revision);
    this.met = NOTHING_MET;
  }

  /** The highest number this process knows of; -1 for none. */
  get seenUpTo(): number {
    return this.highestSeen;
  }

  /** What is there is the truth, and nobody looks back: a commit of ours on it was published. */
  private accept(revision: number): void {
    this.highestSeen = revision;
    while ((this.climbs.at(-1)?.top ?? -1) > revision) this.climbs.pop();
    this.noteClimb(revision);
  }

  /**
   * A listing far below what was seen has lasted past the caches' lifetime, and no holder has rebuilt the table: from now on what
   * it ends with is the table, as after a small loss, until a higher number is seen. The server decides about a commit on it.
   * @returns whether that was what the last look met
   */
  take(): boolean {
    if (this.met.what !== 'behind') return false;
    this.taken = this.highestSeen;
    return true;
  }

  private isBehind(number: number): boolean {
    const isFar = number <= this.highestSeen - LOST_BELOW && this.taken !== this.highestSeen;
    return isFar || number < this.placed;
  }

  private lossIn(licence: Licence): Top['loss'] {
    const { own } = this;
    const above = own?.lineage === licence.lineage ? licence.revision - own.revision : -1;
    if (own && above >= 0 && above < MOST_ABOVE && !licence.recent.includes(own.changeId)) return 'certain';
    return licence.revision < this.highestSeen ? 'doubtful' : null;
  }

  /** Since when we have known a number superseded, milliseconds of the monotonic clock; Infinity if not at all. */
  supersededSinceMs(revision: number): number {
    const climb = this.climbs[firstWhere(this.climbs, ({ top }) => top > revision)];
    return climb?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /**
   * One look: list, open, read. What cannot be is first a stale listing and listed again past the caches' lifetime; "nothing
   * there" is never an empty table.
   * @throws SeatfileFault TABLE_LOST, TABLE_DAMAGED, SHARE_*, ABORTED; nothing is written
   */
  async top(limits: Limits): Promise<Top> {
    const enteredMs = this.clock.elapsedMs();
    let failingMs: number | null = null;
    let tellMs = enteredMs + SLOW_MS;
    for (let tries = 0; ; tries++) {
      const startedMs = this.clock.elapsedMs();
      const found = await this.lookOnce();
      if (!('kind' in found)) {
        this.met = NOTHING_MET;
        return found;
      }
      const nowMs = this.clock.elapsedMs();
      failingMs = found.kind === 'failing' ? (failingMs ?? nowMs) : null;
      if (failingMs !== null ? startedMs - failingMs >= FAILING_MS : this.isBelieved(found, startedMs, nowMs))
        throw await this.faultOf(found);
      if (nowMs >= limits.untilMs) throw await this.unseen(found);
      checkLimits(limits, this.clock, `the newest revision in ${this.place.folder}`);
      if (startedMs >= tellMs) {
        tellMs = startedMs + TELL_AGAIN_MS;
        const leftMs = failingMs === null ? this.doubtMs(nowMs) : failingMs + FAILING_MS - nowMs;
        const left = `${Math.max(1, Math.ceil(leftMs / 1000))} s at most`;
        this.options.onSlow?.(`the share to show the newest revision (${sightOf(found)}); ${left}`);
      }
      await this.clock.sleep(Math.min(10 * 2 ** Math.min(tries, 10), LONGEST_PAUSE_MS), limits.signal);
    }
  }

  /** Whether looks have met the same for long enough, and often enough, that no cache can be the cause. */
  private isBelieved(found: Trouble, startedMs: number, nowMs: number): boolean {
    const isSame = this.met.what === found.what && nowMs - this.met.lastMs <= LONGEST_GAP_MS;
    if (!isSame) this.met = { what: found.what, sinceMs: nowMs, lastMs: nowMs, looks: 0 };
    this.met = { ...this.met, lastMs: nowMs, looks: this.met.looks + 1 };
    const waitedMs = startedMs - this.met.sinceMs; // to its start: we may have been stopped since
    return waitedMs >= this.options.cachesMs && this.met.looks >= LOOKS_TO_BELIEVE;
  }

  /** How much longer the trouble that was met has to last. Milliseconds. */
  private doubtMs(nowMs: number): number {
    return this.met.sinceMs + this.options.cachesMs - nowMs;
  }

  /** One look as it comes, for whoever is about to heal: null when there is trouble. */
  async glance(): Promise<Top | null> {
    const found = await this.lookOnce();
    return 'kind' in found ? null : found;
  }

  /** From now on the folder of another licence is none of ours. */
  expectLicence(licence: Licence): void {
    this.licenceId ??= licenceIdOf(licence.entitlement);
  }

  /**
   * As top(), and the listing still ends with that number after it was read: what tells of a change that was tried before
   * must not be a number that was cleared away meanwhile, and given to somebody who slept.
   */
  async steadyTop(limits: Limits): Promise<Top> {
    for (;;) {
      const top = await this.top(limits);
      const numbers = await this.numbers().catch(() => null); // what lasts, the next look meets too
      if (numbers?.at(-1) === top.licence.revision) return top;
      await this.clock.sleep(this.dice.fraction() * 20, limits.signal);
      checkLimits(limits, this.clock, `the newest revision in ${this.place.folder} to stand still`);
    }
  }

  /** The deadline ended before the trouble could be believed: it may be no more than an old listing. */
  private async unseen(found: Trouble): Promise<unknown> {
    if (found.kind === 'failing') return found.fault;
    const cause = await this.faultOf(found);
    return new SeatfileFault(
      'SHARE_UNREACHABLE',
      `${this.place.folder}: given up at the deadline before the share showed the newest revision (${messageOf(cause)})`,
      { cause },
    );
  }

  /** Where the file system is another than at opening, what is missing or strange is no loss: the mount is gone. */
  private async faultOf({ kind, fault }: Trouble): Promise<unknown> {
    if (kind === 'failing' || !(await this.isElsewhere())) return fault;
    return new SeatfileFault(
      'SHARE_UNREACHABLE',
      `${this.place.folder}: another file system is there than when it was opened; is the share connected?`,
      { cause: fault },
    );
  }

  private async isElsewhere(): Promise<boolean> {
    const { volume, around } = this.place;
    if (volume === null) return false;
    return (await this.files.volume(around).catch(() => null))?.type !== volume;
  }

  private async lookOnce(): Promise<Top | Trouble> {
    const startedMs = this.clock.elapsedMs();
    try {
      const numbers = await this.numbers();
      if (numbers === null) return trouble('noFolder', await this.folderGone());
      const number = numbers.at(-1);
      if (number === undefined) return trouble('empty', this.lost('holds no revision'));
      if (this.isBehind(number))
        return trouble(
          'behind',
          this.lost(`ends at revision ${number}, but ${this.highestSeen} was seen before`),
        );
      const read = await this.readRevision(number);
      if (read === null) {
        await this.files.removeDirectory(this.numberPath(number)).catch(() => undefined); // only ever succeeds on an empty one
        return trouble('vanished', this.damaged(number, 'cannot be opened'));
      }
      const { licence, policy } = read;
      const id = licence.lineage === this.lineage ? this.licenceId : licenceIdOf(licence.entitlement);
      if (this.licenceId !== null && id !== this.licenceId)
        return trouble('foreign', this.anothers(number, String(id)));
      this.lineage = licence.lineage;
      const loss = this.lossIn(licence);
      this.expectAtLeast(number);
      return { licence, policy, loss, startedMs, endedMs: this.clock.elapsedMs() };
    } catch (error) {
      if (error instanceof SeatfileFault && error.code === 'TABLE_DAMAGED') return trouble('damaged', error);
      if (error instanceof ShareError && ['unsaid', 'busy', 'stale'].includes(error.kind))
        return { kind: 'failing', what: 'failing', fault: toFault(error) };
      throw toFault(error);
    }
  }

  /** With the licence file beside it, a missing folder is a loss; without, the share is not where it was. */
  async folderGone(): Promise<SeatfileFault> {
    const { face, folder } = this.place;
    const isFaceThere = await this.files.stat(face).then(
      () => true,
      () => false,
    );
    if (isFaceThere) return this.lost('is gone');
    return new SeatfileFault(
      'SHARE_UNREACHABLE',
      `${folder}: gone, and so is ${face}; expected both; is the share connected?`,
    );
  }

  private lost(found: string): SeatfileFault {
    return new SeatfileFault(
      'TABLE_LOST',
      `${this.place.folder} ${found}; nothing was written. ${healAdvice(this.place.face)}`,
    );
  }

  private anothers(number: number, id: string): SeatfileFault {
    return new SeatfileFault(
      'TABLE_LOST',
      `${this.place.folder} ends at revision ${number} of licence "${id}"; expected licence "${this.licenceId}". Nothing was written; put the folder of this licence back`,
    );
  }

  private damaged(number: number, found: string): SeatfileFault {
    return new SeatfileFault(
      'TABLE_DAMAGED',
      `${documentIn(this.numberPath(number))} ${found}; expected revision ${number} of the licence; nothing was written. ${healAdvice(this.place.face)}`,
    );
  }

  private numberPath(number: number): string {
    return inFolder(this.place, numberName(number));
  }

  /** A revision's document; null when it is not there (cleared away, or not to be seen yet). */
  async readNumber(number: number): Promise<Licence | null> {
    return (await this.readRevision(number))?.licence ?? null;
  }

  private async readRevision(number: number): Promise<ReadRevision | null> {
    const read = await this.readIn(this.numberPath(number), (found) => this.damaged(number, found));
    if (read && read.licence.revision !== number)
      throw this.damaged(number, `says it is revision ${read.licence.revision}`);
    return read;
  }

  /** What healers agreed on, by the name of that: to be copied byte by byte. @throws SeatfileFault TABLE_DAMAGED */
  async readAgreed(directory: string): Promise<Omit<ReadRevision, 'policy'> | null> {
    return await this.readIn(
      directory,
      (found) => new SeatfileFault('TABLE_DAMAGED', `${documentIn(directory)} ${found}; rename ${directory}`),
    );
  }

  private async readIn(
    directory: string,
    damaged: (found: string) => SeatfileFault,
  ): Promise<ReadRevision | null> {
    const path = documentIn(directory);
    const bytes = await this.files.read(path).catch((error: unknown) => {
      if (error instanceof ShareError && (error.kind === 'missing' || error.kind === 'stale')) return null;
      if (error instanceof ShareError && error.kind === 'wrongKind')
        throw damaged('is no revision of ours (remove it)');
      if (error instanceof ShareError && error.kind === 'tooLarge')
        throw damaged('is larger than the 16 MiB a revision may have');
      throw error;
    });
    const read = bytes && this.parse(bytes, path, damaged);
    if (bytes && bytes.length > LARGE_BYTES) await breath();
    return read;
  }

  private parse(bytes: Uint8Array, path: string, damaged: (found: string) => SeatfileFault): ReadRevision {
    try {
      const text = decodeText(bytes, path);
      if (this.cached?.text === text) return this.cached;
      const licence = parseLicence(text, path);
      const policy = inFile(path, () => readPolicy(licence)); // without one every look of every instance would end
      this.cached = { text, licence, policy };
      return this.cached;
    } catch (error) {
      if (error instanceof SeatfileFault && error.code === 'LICENCE_NEWER') throw error;
      throw damaged(`is damaged (${messageOf(error)})`);
    }
  }

  /** A directory of our own to write the next revision in. Made before listing: that refreshes an NFS client's listing too. */
  async makeStage(): Promise<Stage> {
    for (let tries = 1; ; tries++) {
      const name = stageName(this.owner, this.dice.id());
      const path = inFolder(this.place, name);
      try {
        const { modifiedMs } = await this.makeDirectory(path);
        return { name, path, shareTimeMs: modifiedMs };
      } catch (error) {
        if (error instanceof ShareError && error.kind === 'missing') throw await this.folderGone();
        const isExchanged = error instanceof ShareError && error.kind === 'wrongKind';
        if (!isExchanged || tries === MOST_EXCHANGES) throw error;
      }
    }
  }

  /** Makes a directory with the rights of the directory around the licence, whatever the umask. */
  async makeDirectory(path: string): Promise<FileStat> {
    await this.files.makeDirectory(path);
    const stat = await this.files.stat(path);
    if (stat.kind !== 'directory') throw new ShareError('wrongKind', 'make directory', path); // planted meanwhile
    if (!sameRights(stat.mode, this.place.directoryMode))
      await this.files.setMode(path, this.place.directoryMode).catch(() => undefined); // a share may refuse chmod
    return stat;
  }

  /**
   * Publishes a text as revision `number` if nobody else has, and says whether the change is in the table.
   * @throws SeatfileFault COMMIT_UNKNOWN when the share will not say; SHARE_* when nothing was published
   */
  async publish(stage: Stage, next: Licence, text: string, changeId: string, limits: Limits): Promise<Fate> {
    try {
      await this.files.writeNew(documentIn(stage.path), text, this.place.fileMode);
    } catch (error) {
      // The stage was cleared away while we slept, or exchanged. If it is the folder that is gone, the next stage says so.
      if (error instanceof ShareError && NOT_OURS.includes(error.kind)) return 'lost';
      const isUnanswered = error instanceof ShareError && error.kind === 'silent';
      if (!isUnanswered) await this.discard(stage.path); // never renamed, so nobody can want it
      throw toFault(error);
    }
    const placed = await this.renameUntilDecided(stage, next, limits);
    if (placed === 'anothers') return (await this.discard(stage.path)) ? 'lost' : 'doubtful'; // a late request may still move it
    const isBelow = next.revision <= this.highestSeen;
    if (placed === 'placed') this.expectAtLeast(next.revision); // a listing that ends below it is a stale one
    const fate = await this.confirm(next, changeId, placed === 'placed', limits);
    if (fate === 'ours') this.own = { lineage: next.lineage, revision: next.revision, changeId };
    if (fate === 'ours' && isBelow) this.accept(next.revision);
    return fate === 'lost' && placed === 'stageGone' ? 'doubtful' : fate;
  }

  /** Step 7 of the commit: by what is there, never by errno. */
  private async renameUntilDecided(
    stage: Stage,
    next: Licence,
    limits: Limits,
  ): Promise<'placed' | 'anothers' | 'stageGone'> {
    let undecidedMs: number | null = null; // since when we have looked and it was undecided: a stop before that is no wait
    let isDoubtful = false; // some attempt may still be carried out
    for (;;) {
      const failure = await this.files.rename(stage.path, this.numberPath(next.revision)).then(
        () => null,
        (error: unknown) => error,
      );
      if (failure === null) return 'placed';
      if (isUnsaid(failure)) isDoubtful = true;
      const found = await this.whoseIs(next, stage).catch(() => 'unseen' as const); // whatever hides it, it may be done
      if (found === 'ours') return 'placed';
      if (found === 'anothers' || found === 'stageGone') return found;
      undecidedMs ??= this.clock.elapsedMs();
      await this.giveUpRenaming(stage, failure, isDoubtful || found === 'unseen', undecidedMs, limits);
      await this.clock.sleep(20 + this.dice.fraction() * 200, limits.signal);
    }
  }

  private async giveUpRenaming(
    stage: Stage,
    failure: unknown,
    isDoubtful: boolean,
    sinceMs: number,
    limits: Limits,
  ): Promise<void> {
    const nowMs = this.clock.elapsedMs();
    const isLate = nowMs >= limits.untilMs || limits.signal?.aborted === true;
    if (isDoubtful && isLate)
      throw new SeatfileFault(
        'COMMIT_UNKNOWN',
        `rename ${stage.path}: the share did not say whether it was done; the next look will show it`,
        { cause: failure },
      );
    if (isDoubtful || (!isLate && nowMs - sinceMs < this.options.busyMs)) return;
    const kept = await this.setAside(stage.path);
    if (kept === null || (isHeldOpen(failure) && isHeldOpen(kept))) throw toFault(failure);
    throw new SeatfileFault(
      'COMMIT_UNKNOWN',
      `${stage.path}: could neither be published nor taken back (${messageOf(toFault(failure))}); the next look will show whether it was`,
      { cause: failure },
    );
  }

  private async whoseIs(next: Licence, stage: Stage): Promise<'ours' | 'anothers' | 'nobodys' | 'stageGone'> {
    const there = await this.readNumber(next.revision);
    if (there) return there.commit === next.commit ? 'ours' : 'anothers';
    const names = await this.files.list(this.place.folder);
    if (names.includes(numberName(next.revision))) {
      const again = await this.readNumber(next.revision);
      if (again) return again.commit === next.commit ? 'ours' : 'anothers';
    }
    return names.includes(stage.name) ? 'nobodys' : 'stageGone';
  }

  /** Step 8 of the commit: our change counts if the folder ends with our own number, or the top says so. */
  private async confirm(
    next: Licence,
    changeId: string,
    isPlaced: boolean,
    limits: Limits,
  ): Promise<'ours' | 'lost'> {
    if (isPlaced && (await this.numbers().catch(() => null))?.at(-1) === next.revision) return 'ours';
    let top: Top;
    try {
      if (isPlaced) this.placed = next.revision;
      top = await this.steadyTop(limits);
    } catch (error) {
      throw new SeatfileFault(
        'COMMIT_UNKNOWN',
        `${this.place.folder}: could not be listed after a commit; the next look will show whether it was done`,
        { cause: error },
      );
    } finally {
      this.placed = -1;
    }
    if (top.licence.recent.includes(changeId)) return 'ours';
    if (top.licence.revision - next.revision < MOST_ABOVE) return 'lost';
    throw new SeatfileFault(
      'COMMIT_UNKNOWN',
      `${this.place.folder}: ${MOST_ABOVE} revisions passed during one commit; the next look will show whether it was done`,
    );
  }

  /**
   * Removes a directory of ours, or what was planted under its name: renamed away first, so that a late rename finds nothing to
   * move and a slow reader gets the whole file or none. What cannot be emptied stays for a later round of clearing.
   * @returns whether it could be renamed away
   */
  async discard(path: string, isLate?: () => boolean): Promise<boolean> {
    return (await this.setAside(path, isLate)) === null;
  }

  /** Null, or why it could not be renamed away. */
  private async setAside(path: string, isLate?: () => boolean): Promise<unknown> {
    const aside = inFolder(this.place, clearingName(this.dice.id()));
    try {
      await this.files.rename(path, aside);
    } catch (error) {
      return error;
    }
    await removeTree(aside, this.files, undefined, isLate).catch(() => undefined);
    return null;
  }
}

/** What to do about a lost table: the end of a fault's message, which `seatfile repair` itself leaves out. */
export const healAdvice = (face: string): string =>
  `Running instances that hold a seat rebuild the table by themselves; if none runs: seatfile repair ${face}`;

/** What is behind stays so while somebody goes on from it: no cache shows for so long what is older than all that we have seen. */
const trouble = (kind: Trouble['kind'], fault: SeatfileFault): Trouble => ({
  kind,
  what: kind === 'behind' ? kind : `${kind} ${fault.message}`,
  fault,
});

/** What is to be seen for now; it may be no more than an old listing, so it is no fault yet. */
function sightOf({ kind, fault }: Trouble): string {
  if (kind === 'failing') return messageOf(fault);
  if (kind === 'noFolder') return 'no folder is to be seen beside the licence file';
  return kind === 'damaged' || kind === 'vanished' ? 'it cannot be read' : 'only an older one is to be seen';
}

const isUnsaid = (error: unknown): boolean =>
  error instanceof ShareError && (error.kind === 'unsaid' || error.kind === 'silent');

/**
 * What something keeps open (a virus scanner) is refused for that, and the servers that refuse so (SMB) carry out no request
 * twice: it stays where it is. A refusal for rights is no such proof: with NFS a copy of the request may come after them.
 */
const isHeldOpen = (error: unknown): boolean => error instanceof ShareError && error.kind === 'busy';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
