import { type Licence, refuseMoved, textToPublish } from '../licence/document.js';
import { type Policy, policyAfter } from '../licence/entitlement.js';
import { inFile, isLoss, SeatfileFault } from '../licence/fault.js';
import { type ChangeContext, type Draft, nextRevision } from '../licence/revision.js';
import { fromIso } from '../licence/time.js';
import { lastCommon, recall } from '../rules/recall.js';
import { type Drop, judgeDrop } from '../rules/replacement.js';
import { lookPeriodMs } from '../rules/timing.js';
import { breath, type Clock } from '../share/clock.js';
import { checkLimits, type Limits, toFault } from '../share/deadline.js';
import { nullIf, type ShareErrorKind, type ShareFiles } from '../share/files.js';
import { type Place, refusedName, type StageOwner } from '../share/layout.js';
import { ANSWER_MS, patient } from '../share/op-timeouts.js';
import type { Dice } from '../share/random.js';
import { SerialQueue } from '../share/serial.js';
import type { StoreContext } from './context.js';
import { Face, type FaceState, lateFace, WRECK_MS } from './display-copy.js';
import { Beginning } from './first-folder.js';
import { Clearing, type ClearingOptions } from './garbage.js';
import { Journal, type JournalReading, type Kept, measure, readBack } from './journal-files.js';
import { type Healer, Healing, type Survey } from './rebuild.js';
import { type Attempt, type EndTurn, MOST_ABOVE } from './register.js';
import { Revisions, type Top } from './revisions.js';

/**
 * A pure change of the newest revision. No draft: nothing is published. It may be called more than once. Its faults name no file.
 */
export type Change<A> = (context: ChangeContext) => { readonly answer: A; readonly draft: Draft | null };

export interface Committed<A> {
  readonly answer: A;
  /** The newest revision: the one published, or the one the change declined to follow. */
  readonly licence: Licence;
  readonly policy: Policy;
  readonly published: boolean;
  readonly shareTimeMs: number;
  /** The look that the change was based on. */
  readonly base: Top;
}

/** Waits and ages; the defaults are the design's, and tests shorten them. All milliseconds. */
export interface StoreOptions {
  /** For one share operation. @default 20,000 */
  readonly answerMs: number;
  /** For a lock that stands still. @default 10,000 */
  readonly stealMs: number;
  /**
   * For a turn while nothing moves. @default min(T/16, 5 s): less than the T/8 from which a commit counts as slow, or the
   * lock of a killed process would keep everybody from evicting him
   */
  readonly turnMs: number;
  readonly cachesMs: number;
  readonly busyMs: number;
  readonly wreckMs: number;
  readonly clearing: ClearingOptions;
  /** Whether to take the lock at all: the tests show that nothing rests on it. @default true */
  readonly lock: boolean;
  readonly onSlow?: ((waitingFor: string) => void) | undefined;
}

const storeDefaults: StoreOptions = {
  answerMs: ANSWER_MS,
  stealMs: 10_000,
  turnMs: 5000,
  cachesMs: 60_000,
  busyMs: 10_000,
  wreckMs: WRECK_MS,
  clearing: { segmentNumbers: 64, supersededMs: 300_000, abandonedMs: 86_400_000 },
  lock: true,
};

export interface StoreDeps extends StoreContext {
  readonly isDead: (owner: StageOwner) => boolean;
  /** Who writes, for the journal, until {@link Store.healAs} says otherwise: `user@host`. */
  readonly actor: string;
}

/** One change and its attempts. */
interface Trial<A> {
  readonly changeId: string;
  /** The answer of the last attempt that may have succeeded after all. */
  earlier: Pick<Committed<A>, 'answer' | 'shareTimeMs'> | null;
  /** The number that the first attempt aimed at. */
  firstAim: number;
  isDoubtful: boolean;
}

/** After every so many commits of a process it clears away. */
const COMMITS_PER_CLEARING = 4;
const FACE_AGAIN_MS = 1000;

/**
 * The seat table on a share: `read()` and `commit(change)`. One operation at a time; a commit answers as soon as it is
 * certain, and shows the face and clears away behind the answer.
 */
export class Store {
  readonly place: Place;
  /** Told what is wrong with the journal. It costs nobody a seat. */
  onJournalTrouble: (trouble: string) => void = () => undefined;
  /** Told why `licence.json` could not be refreshed, once until that changes. It costs nobody a seat. */
  onFaceTrouble: (trouble: string) => void = () => undefined;
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly dice: Dice;
  private readonly options: StoreOptions;
  private readonly revisions: Revisions;
  private readonly face: Face;
  private readonly clearing: Clearing;
  private readonly journal: Journal;
  private readonly faceAgain = new AbortController();
  private showingAgain: Promise<void> = Promise.resolve();
  private toldOfFace: ShareErrorKind | null = null;
  private readonly queue = new SerialQueue();
  private commits = 0;
  private readonly beginning: Beginning;
  private readonly healing: Healing;
  /** Who heals a lost table; null for an instance that holds no seat, and so knows nothing better than what is there; undefined for a command. */
  private healer: Healer | null | undefined = undefined;
  /** The commit under way: when it began, and the first and the last revision that it has seen. */
  private trying: { readonly sinceMs: number; from: number | null; top: number } | null = null;
  private actor: string;
  /** The newest state this process has seen, and the last one of the lineage before, if the table was restored meanwhile. */
  private memory: Licence | null = null;
  private memoryBefore: Licence | null = null;
  /** An eighth of the check interval, once known: no longer is waited for a turn while nothing moves. */
  private lookMs = Number.POSITIVE_INFINITY;

  constructor(deps: StoreDeps, options: Partial<StoreOptions> = {}) {
    this.options = { ...storeDefaults, ...options };
    this.place = deps.place;
    this.clock = deps.clock;
    this.dice = deps.dice;
    this.actor = deps.actor;
    this.files = patient(deps.files, deps.clock, this.options);
    const context: StoreContext = {
      ...{ place: this.place, files: this.files, clock: this.clock, dice: this.dice, owner: deps.owner },
    };
    this.revisions = new Revisions(context, this.options);
    const { register } = this.revisions;
    this.face = new Face(this.place, this.files, this.clock, this.options.wreckMs);
    this.journal = new Journal(this.place, this.files);
    this.clearing = new Clearing(
      { register, stages: register.stages },
      context,
      deps.isDead,
      this.options.clearing,
      this.journal,
      (trouble) => this.onJournalTrouble(trouble),
    );
    this.beginning = new Beginning(context, this.revisions);
    this.healing = new Healing(context, this.revisions, this.beginning);
  }

  /** A look: the newest revision, or the licence file itself where no revision exists yet. Writes nothing. */
  read(limits: Limits): Promise<Top> {
    return this.inLine(() => this.healed(() => this.readNow(limits), limits));
  }

  private async readNow(limits: Limits): Promise<Top> {
    if (await this.beginning.folderExists()) {
      const top = await this.revisions.latest(limits);
      return this.known(top.loss === null ? top : await this.lookedAgain(limits));
    }
    const startedMs = this.clock.elapsedMs();
    const { licence, policy } = await this.beginning.firstRevision();
    if (licence.revision > 0) return this.known(await this.beginning.hiddenTop(licence.revision, limits));
    return { licence, policy, loss: null, startedMs, endedMs: this.clock.elapsedMs() };
  }

  /** A directory of our own makes most clients list anew. Where we may not write it is what it is. */
  private async lookedAgain(limits: Limits): Promise<Top> {
    const stage = await this.revisions.register.begin().catch(() => null);
    if (stage) await this.revisions.register.abandon(stage);
    return await this.revisions.stableLatest(limits);
  }

  /**
   * From now on this process holds a seat, and heals a lost table from what it has seen. `null`: it holds none, and takes what is there where
   * that has lasted. A command does neither: it tells the loss.
   */
  healAs(healer: Healer | null): void {
    this.healer = healer;
    this.actor = healer?.actor ?? this.actor;
  }

  /** Whether this process remembers something of the revisions that are not in it: its next commit puts that in. */
  remembersMore({ licence, policy, loss }: Top): boolean {
    const context = { licence, policy, nowMs: Number.MAX_SAFE_INTEGER };
    return loss !== null && this.recalled(context, loss).licence !== licence;
  }

  /**
   * A file that somebody dropped over `licence.json` is adopted in one commit, or kept as `licence.json.refused`; then the newest
   * revision is shown again.
   * @returns what became of it, in words; null when there is none
   */
  heedDrop(limits: Limits): Promise<string | null> {
    return this.inLine(async () => {
      const unlock = await this.takeTurn(limits);
      try {
        return await this.settleDrop((await this.revisions.latest(limits)).licence, limits);
      } finally {
        await unlock();
      }
    });
  }

  private async settleDrop(top: Licence, limits: Limits): Promise<string | null> {
    const dropped = await this.face.dropped(top);
    if (dropped === null) return null;
    const { answer, licence } = await this.untilPublished<Drop>((context) => {
      const answer = judgeDrop(context, { text: dropped.text, actor: this.actor });
      return { answer, draft: answer.kind === 'adopted' ? answer.draft : null };
    }, limits);
    this.remember(licence);
    if (answer.kind !== 'refused') {
      await this.face.showOver(licence, dropped.identity);
      return answer.kind === 'adopted' ? 'was replaced by a new one, which is in force now' : null;
    }
    await this.face.setAside(dropped.identity);
    await this.face.show(licence);
    return `was replaced by a file that is refused: ${answer.why}; it is kept as ${refusedName(this.place.face)}`;
  }

  /** What failed because the table is lost is done again when it is healed. */
  private async healed<T>(act: () => Promise<T>, limits: Limits): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!isLoss(error)) throw error;
      if (this.healer === null && this.revisions.register.acceptBehind()) return await act();
      if (!this.healer || this.memory === null) throw error;
      refuseMoved(this.memory, this.place.face);
      const healed = await this.healing.heal(this.memory, this.healer, limits).catch((failure: unknown) => {
        if (failure instanceof SeatfileFault && failure.code === 'COMMIT_UNKNOWN') return 'whole'; // not of `act`
        throw failure;
      });
      if (healed === 'untrusted') throw error;
      return healed === 'doubted' ? await this.healed(act, limits) : await act();
    }
  }

  /** What lies there, for `seatfile repair`; to be asked when a look has failed. Writes nothing. */
  survey(): Promise<Survey> {
    return this.inLine(() => this.healing.survey());
  }

  /**
   * Rebuilds a table that nobody remembers from what lies there. Nothing is removed or changed.
   * @returns the newest revision then; null when nothing that is there can be trusted
   */
  repair(limits: Limits): Promise<Top | null> {
    return this.inLine(async () => {
      if (!(await this.healing.repair(this.actor, limits))) return null;
      const top = this.known(await this.revisions.latest(limits));
      await this.face.show(top.licence);
      return top;
    });
  }

  /** Where a refused file lies, if there is one. */
  refusedFile(): Promise<string | null> {
    const path = refusedName(this.place.face);
    return this.inLine(async () => ((await this.files.stat(path).catch(() => null)) ? path : null));
  }

  /** When somebody last wrote in the folder, by what the server stamps on it; null where there is none. */
  folderTime(): Promise<number | null> {
    return this.inLine(
      async () => (await nullIf(this.files.stat(this.place.folder), 'missing'))?.modifiedMs ?? null,
    );
  }

  /** What `licence.json` shows, by a stat, and a read if that changed. Never fails. */
  noticeFace(top: Licence): Promise<FaceState> {
    return this.inLine(() => this.face.notice(top));
  }

  /** The highest revision known from elsewhere (the face): a table that ends below it is a loss. */
  expectAtLeast(revision: number): void {
    this.revisions.register.expectAtLeast(revision);
  }

  /** The file server's clock, by what it stamps on a directory made and removed for that. Milliseconds since 1970. */
  shareTime(): Promise<number> {
    return this.inLine(async () => {
      const stage = await this.revisions.register.begin();
      await this.revisions.register.abandon(stage);
      return stage.shareTimeMs;
    });
  }

  /**
   * Applies one pure change to the newest revision and publishes the result as the next: once, or not at all.
   * @throws SeatfileFault COMMIT_UNKNOWN when the share would not say which; every other: nothing was changed
   */
  commit<A>(change: Change<A>, limits: Limits): Promise<Committed<A>> {
    return new Promise((resolve, reject) => {
      this.inLine(async () => {
        const tried = () => this.watched(() => this.underLock(change, limits, resolve), limits);
        const committed = await this.healed(tried, limits);
        if (!committed.published) return;
        this.clearing.committed(committed.licence);
        if (++this.commits % COMMITS_PER_CLEARING === 0)
          await this.clearing.round(committed.licence, committed.shareTimeMs);
      }).catch(reject); // after an answer this is nobody's business any more
    });
  }

  /** What happened, from the journal and the revisions not yet in it, as far back as the time asked for. Writes nothing. */
  async readJournal(sinceMs: number, limits: Limits): Promise<JournalReading> {
    const top = await this.read(limits);
    const { segmentNumbers } = this.options.clearing;
    return await this.inLine(() =>
      readBack(top.licence, this.revisions.register, this.journal, sinceMs, segmentNumbers),
    );
  }

  /** How much is kept in the folder. Writes nothing. */
  measure(): Promise<Kept> {
    return this.inLine(() => measure(this.revisions.register, this.journal, this.files));
  }

  /** Resolves when everything behind the answers is done too. */
  async settled(): Promise<void> {
    this.faceAgain.abort();
    await this.queue.idle();
    await this.showingAgain;
  }

  private inLine<T>(act: () => Promise<T>): Promise<T> {
    return this.queue.run(act).catch((error: unknown) => {
      throw toFault(error);
    });
  }

  /** What a commit that is past its deadline was late for, where that is no fault of the share: others were writing. */
  outpaced(): SeatfileFault | null {
    if (this.trying === null) return null;
    const { sinceMs, from, top } = this.trying;
    if (from === null || top === from) return null;
    const seconds = Math.round((this.clock.elapsedMs() - sinceMs) / 1000);
    return new SeatfileFault(
      'SHARE_BUSY',
      `${this.place.face}: waited ${seconds} s for a turn to write; the share answers, and others made ${top - from} changes meanwhile; try again, or allow more time (timeoutMs, --timeout)`,
    );
  }

  /** What ended at the deadline although the share answers says so. */
  private async watched<T>(act: () => Promise<T>, limits: Limits): Promise<T> {
    this.trying = { sinceMs: this.clock.elapsedMs(), from: null, top: 0 };
    try {
      return await act();
    } catch (error) {
      const isLate = error instanceof SeatfileFault && error.code === 'SHARE_UNREACHABLE' && !error.cause;
      if (isLate && this.clock.elapsedMs() >= limits.untilMs) throw this.outpaced() ?? error;
      throw error;
    } finally {
      this.trying = null;
    }
  }

  private async underLock<A>(
    change: Change<A>,
    limits: Limits,
    answer: (committed: Committed<A>) => void,
  ): Promise<Committed<A>> {
    if (!(await this.beginning.folderExists())) {
      const hidden = await this.beginning.begin(limits);
      if (hidden) this.known(hidden);
    }
    const unlock = await this.takeTurn(limits);
    try {
      const committed = await this.untilPublished(change, limits);
      this.remember(committed.licence);
      if (committed.published) this.memoryBefore = null; // in the table now
      answer(committed);
      if (committed.published) await this.showFace(committed.licence, limits);
      return committed;
    } finally {
      await unlock();
    }
  }

  private async takeTurn(limits: Limits): Promise<EndTurn> {
    if (!this.options.lock) return async () => undefined;
    const patienceMs = Math.min(this.options.turnMs, this.lookMs / 2);
    const onLatest = (number: number) => void this.seen(number);
    return await this.revisions.register.takeTurn({ patienceMs, onLatest }, limits);
  }

  /** Behind the answer: nothing that goes wrong with it is anybody's business. */
  private async showFace(top: Licence, limits: Limits): Promise<void> {
    const shown = await this.face.show(top);
    if (shown === 'refused') this.showingAgain = this.showAgain();
    else this.tellOfFace();
    if (shown === 'foreign') await this.settleDrop(top, limits).catch(() => undefined);
  }

  /** A refused face is tried once more, a second later: by then a virus scanner has let go. */
  private async showAgain(): Promise<void> {
    await this.clock.sleep(FACE_AGAIN_MS, this.faceAgain.signal);
    await this.inLine(async () => {
      const unlock = await this.revisions.register.tryTurn();
      if (unlock === null) return; // the process that writes now shows it anyway
      const top = await this.revisions
        .latest({ untilMs: this.clock.elapsedMs() + FACE_AGAIN_MS })
        .catch(() => null);
      if (top) await this.face.show(top.licence);
      await unlock();
      this.tellOfFace();
    }).catch(() => undefined);
  }

  private tellOfFace(): void {
    const { trouble } = this.face;
    if (trouble !== null && trouble !== this.toldOfFace) this.onFaceTrouble(faceTroubles[trouble] ?? trouble);
    this.toldOfFace = trouble;
  }

  /** The revision that `licence.json` still shows although a later one has long been there; null where it is not late. */
  lateFace(top: Licence, shareTimeMs: number): Promise<number | null> {
    const committedMs = async (revision: number) => {
      const read = await this.revisions.register.read(revision).catch(() => null);
      const at = read?.licence.committedAt ?? null;
      return at === null ? null : fromIso(at);
    };
    return this.inLine(() => lateFace(this.place.face, top, shareTimeMs, this.files, committedMs));
  }

  private async untilPublished<A>(change: Change<A>, limits: Limits): Promise<Committed<A>> {
    const trial: Trial<A> = {
      changeId: this.dice.id(),
      earlier: null,
      firstAim: Number.POSITIVE_INFINITY,
      isDoubtful: false,
    };
    for (let attempt = 0; ; attempt++) {
      const tried = trial.earlier;
      const committed = await this.attempt(change, trial, limits).catch((error: unknown) => {
        if (tried === null) throw error;
        return this.afterAttempts(trial, tried, error);
      });
      if (committed && !committed.published && trial.isDoubtful) throw this.unknownOutcome(null);
      if (committed) return committed;
      await this.clock.sleep(this.dice.fraction() * 20 * Math.min(attempt + 1, 10), limits.signal);
    }
  }

  /** An attempt failed, and an earlier one may have succeeded without our knowing: the top tells, or nothing does. */
  private async afterAttempts<A>(
    trial: Trial<A>,
    tried: NonNullable<Trial<A>['earlier']>,
    error: unknown,
  ): Promise<Committed<A>> {
    if (error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN') throw error;
    const now: Limits = { untilMs: this.clock.elapsedMs() };
    const base = await this.revisions.stableLatest(now).catch((cause: unknown) => {
      throw this.unknownOutcome(cause);
    });
    const { licence, policy } = base;
    if (licence.recent.includes(trial.changeId)) return { ...tried, licence, policy, published: true, base };
    if (isForgotten(trial, licence)) throw this.unknownOutcome(error, FORGOTTEN);
    if (base.loss !== null) throw this.unknownOutcome(error); // an old listing, or a revision that is lost again
    throw trial.isDoubtful ? this.unknownOutcome(error) : error;
  }

  /** Once through the steps of a commit; null when somebody else got the number. */
  private async attempt<A>(change: Change<A>, trial: Trial<A>, limits: Limits): Promise<Committed<A> | null> {
    checkLimits(limits, this.clock, `a free number in ${this.place.folder}`);
    const stage = await this.stageFor(limits);
    const made = await this.prepared(change, trial, stage, limits).catch(async (error: unknown) => {
      await this.revisions.register.abandon(stage);
      throw error;
    });
    if (made.text === null) {
      await this.revisions.register.abandon(stage);
      return made.committed;
    }
    const { committed, text } = made;
    const { answer, licence: next, shareTimeMs } = committed;
    trial.earlier = { answer, shareTimeMs };
    trial.firstAim = Math.min(trial.firstAim, next.revision);
    const fate = await this.revisions.publish(stage, next, text, limits);
    if (fate === 'unknown') trial.isDoubtful = true;
    return fate === 'published' ? committed : null;
  }

  /** What the attempt comes to, and the text that has to be published for it; null: nothing has. Writes nothing. */
  private async prepared<A>(
    change: Change<A>,
    trial: Trial<A>,
    { shareTimeMs }: Attempt,
    limits: Limits,
  ): Promise<{ readonly committed: Committed<A>; readonly text: string | null }> {
    const base = await this.baseFor(trial.earlier !== null, limits);
    const { licence, policy } = base;
    if (trial.earlier !== null && licence.recent.includes(trial.changeId))
      return { committed: { ...trial.earlier, licence, policy, published: true, base }, text: null };
    if (isForgotten(trial, licence)) throw this.unknownOutcome(null, FORGOTTEN);
    refuseMoved(licence, this.place.face);
    const start = this.recalled({ licence, policy, nowMs: shareTimeMs }, base.loss);
    const context = this.contextAfter(base, start, shareTimeMs);
    const { answer, draft: changed } = inFile(this.place.face, () => change(context));
    const draft = afterRecall(start, changed, base.loss !== null);
    if (draft === null)
      return { committed: { answer, licence, policy, published: false, shareTimeMs, base }, text: null };
    await breathIfLarge(draft.licence);
    const next = nextRevision(licence, draft, {
      changeId: trial.changeId,
      commit: this.dice.id(),
      shareTimeMs,
    });
    const { policy: nextPolicy } = this.contextAfter(base, { licence: next }, shareTimeMs);
    const committed = { answer, licence: next, policy: nextPolicy, published: true, shareTimeMs, base };
    await breathIfLarge(next);
    return { committed, text: textToPublish(licence, next, this.place.face) };
  }

  /** A base, and what this process remembers of revisions that are lost, to go in with its change. */
  private recalled(context: ChangeContext, loss: Top['loss']): Draft {
    const { licence } = context;
    const memory = loss === null ? this.memoryBefore : this.memory;
    const reminded = memory ? recall(context, memory) : licence;
    const { actor } = this;
    if (loss === null)
      return { licence: reminded, events: reminded === licence ? [] : [{ kind: 'reminded', actor }] };
    const from = 1 + ((memory && lastCommon(licence, memory)) ?? licence.revision);
    const to = Math.max(this.revisions.register.highestSeen, memory?.revision ?? 0, from);
    return { licence: reminded, events: [{ kind: 'forgotten', actor, from, to }] };
  }

  /** What a change, or a step of one, is given: a later state of the base, with what holds in it. */
  private contextAfter(base: Top, { licence }: Pick<Draft, 'licence'>, nowMs: number): ChangeContext {
    const policy = inFile(this.place.face, () => policyAfter(base.licence, base.policy, licence));
    return { licence, policy, nowMs };
  }

  /** After a doubtful attempt nothing that follows proves that the change was not made. */
  private unknownOutcome(
    cause: unknown,
    why = 'the share did not say whether a change was made',
  ): SeatfileFault {
    return new SeatfileFault('COMMIT_UNKNOWN', `${this.place.folder}: ${why}; the next look will show it`, {
      cause,
    });
  }

  /** A folder that is missing is first a stale absence: looked for past the caches' lifetime before it is a loss. */
  private async stageFor(limits: Limits): Promise<Attempt> {
    try {
      return await this.revisions.register.begin();
    } catch (error) {
      if (!(error instanceof SeatfileFault)) throw error;
      await this.revisions.latest(limits);
      return await this.revisions.register.begin();
    }
  }

  /** What the next attempt is made from. After another one it also tells what became of that. */
  private async baseFor(isAgain: boolean, limits: Limits): Promise<Top> {
    const { revisions } = this;
    return this.known(isAgain ? await revisions.stableLatest(limits) : await revisions.latest(limits));
  }

  private seen(top: number): number {
    if (this.trying) {
      this.trying.from ??= top;
      this.trying.top = Math.max(this.trying.top, top);
    }
    return top;
  }

  private remember(licence: Licence): void {
    this.seen(licence.revision);
    this.revisions.forks.expectLicence(licence);
    if (this.memory && this.memory.lineage !== licence.lineage) this.memoryBefore = this.memory;
    this.memory = licence;
  }

  private known(top: Top): Top {
    if (top.loss === null) this.remember(top.licence);
    this.lookMs = lookPeriodMs(top.policy.checkIntervalSeconds);
    return top;
  }
}

/** So many records and waiters are a large document. */
const MANY = 1000;
const breathIfLarge = async ({ instances, waiting }: Licence): Promise<void> => {
  if (instances.length + waiting.length > MANY) await breath();
};

const RIGHTS = 'the right to write it is missing, or to write in the directory around it';
const faceTroubles: Partial<Record<ShareErrorKind, string>> = {
  refused: RIGHTS,
  readOnly: RIGHTS,
  busy: 'something keeps it open (editor, virus scanner, backup)',
  full: 'no space is left, or no file entries (inodes)',
};

const FORGOTTEN = `${MOST_ABOVE} revisions passed during one commit`;

/**
 * On a base that lacks revisions the server has to decide, so something is published even if the change comes to nothing; what
 * is remembered of a table before it was rebuilt waits for a change.
 */
function afterRecall(start: Draft, changed: Draft | null, mustPublish: boolean): Draft | null {
  if (changed === null) return mustPublish ? start : null;
  return { licence: changed.licence, events: [...start.events, ...changed.events] };
}

/** So many revisions have passed since the first attempt that `recent` may hold its change no more. */
const isForgotten = (trial: Trial<unknown>, top: Licence): boolean =>
  top.revision - trial.firstAim >= MOST_ABOVE;
