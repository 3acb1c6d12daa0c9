import type { Licence } from '../licence/document.js';
import type { SeatfileFault } from '../licence/fault.js';
import { type Limits, toFault } from '../share/deadline.js';
import { nullIf } from '../share/files.js';
import { type Place, refusedName } from '../share/layout.js';
import { ANSWER_MS, patient } from '../share/op-timeouts.js';
import { SerialQueue } from '../share/serial.js';
import { type Change, type Committed, Committer } from './commit.js';
import { Compaction } from './compact.js';
import type { StoreContext } from './context.js';
import { Face, type FaceState, lateFace, WRECK_MS } from './display-copy.js';
import { FirstFolder } from './first-folder.js';
import { GarbageCollector, type GarbageContext, type GarbageOptions } from './garbage.js';
import { Journal, type JournalReading, type Kept, measure, readBack } from './journal-files.js';
import { TableMemory } from './memory.js';
import { CommitProgress } from './progress.js';
import { type RebuildActor, Rebuilder, type Survey } from './rebuild.js';
import { Recovery } from './recovery.js';
import { Refresh } from './refresh.js';
import type { EndTurn } from './register.js';
import { Revisions, type Top } from './revisions.js';

/** Waits and ages; the defaults are the design's, and tests shorten them. All milliseconds. */
export interface StoreOptions {
  /** For one share operation. @default 20,000 */
  readonly answerMs: number;
  /** For a lock that stays unchanged. @default 10,000 */
  readonly stealMs: number;
  /**
   * For a turn while nothing moves. @default min(T/16, 5 s): less than the T/8 from which a commit counts as
   * slow. Else the lock of a killed process would keep its peers from evicting it.
   */
  readonly turnMs: number;
  readonly cachesMs: number;
  readonly busyMs: number;
  readonly wreckMs: number;
  readonly clearing: GarbageOptions;
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

export interface StoreDeps extends GarbageContext {
  /** The writer's name in the journal, until {@link Store.healAs} says otherwise: `user@host`. */
  readonly actor: string;
}

/** A process collects garbage after every fourth of its commits. */
const COMMITS_PER_ROUND = 4;

/**
 * The seat table on a share: `read()` and `commit(change)`. One operation at a time. A commit answers as soon
 * as it is certain; after the answer it refreshes `licence.json` and collects garbage.
 */
export class Store {
  readonly place: Place;
  /** Told what is wrong with the journal. It costs no seat. */
  onJournalTrouble: (trouble: string) => void = () => undefined;
  /** Told why `licence.json` could not be refreshed, once until that changes. It costs no seat. */
  onFaceTrouble: (trouble: string) => void = () => undefined;
  private readonly context: StoreContext;
  private readonly options: StoreOptions;
  private readonly queue = new SerialQueue();
  private readonly revisions: Revisions;
  private readonly progress: CommitProgress;
  private readonly memory: TableMemory;
  private readonly committer: Committer;
  private readonly firstFolder: FirstFolder;
  private readonly rebuilder: Rebuilder;
  private readonly recovery: Recovery;
  private readonly face: Face;
  private readonly refresh: Refresh;
  private readonly journal: Journal;
  private readonly compaction: Compaction;
  private readonly garbage: GarbageCollector;
  private commits = 0;

  constructor({ actor, ...given }: StoreDeps, options: Partial<StoreOptions> = {}) {
    this.options = { ...storeDefaults, ...options };
    this.place = given.place;
    const files = patient(given.files, given.clock, this.options);
    const context = { ...given, files };
    this.context = context;
    this.revisions = new Revisions(context, this.options);
    this.progress = new CommitProgress(context);
    this.memory = new TableMemory(this.revisions, this.progress, actor);
    this.committer = new Committer(context, this.revisions, this.memory);
    this.firstFolder = new FirstFolder(context, this.revisions);
    this.rebuilder = new Rebuilder(context, this.revisions, this.firstFolder);
    this.recovery = new Recovery(this.place, this.revisions, this.rebuilder, this.memory);
    this.face = new Face(this.place, files, context.clock, this.options.wreckMs);
    this.refresh = new Refresh(context, this.face, this.committer, this.queue);
    this.refresh.onTrouble = (trouble) => this.onFaceTrouble(trouble);
    this.journal = new Journal(this.place, files);
    const { clearing } = this.options;
    const { register } = this.revisions;
    this.compaction = new Compaction(register, this.journal, context, clearing);
    this.compaction.onTrouble = (trouble) => this.onJournalTrouble(trouble);
    this.garbage = new GarbageCollector(register, context, clearing, this.compaction);
  }

  /** A poll: the latest revision, or the licence file itself where no revision exists yet. Writes nothing. */
  read(limits: Limits): Promise<Top> {
    return this.inLine(() => this.recovery.run(() => this.readNow(limits), limits));
  }

  private async readNow(limits: Limits): Promise<Top> {
    const { clock } = this.context;
    if (await this.firstFolder.folderExists()) {
      const top = await this.revisions.latest(limits);
      return this.memory.known(top.loss === null ? top : await this.revisions.latestAnew(limits));
    }
    const startedMs = clock.elapsedMs();
    const { licence, policy } = await this.firstFolder.firstRevision();
    if (licence.revision > 0)
      return this.memory.known(await this.firstFolder.hiddenTop(licence.revision, limits));
    return { licence, policy, loss: null, startedMs, endedMs: clock.elapsedMs() };
  }

  /**
   * From now on this process holds a seat, and rebuilds a lost table from what it has seen. `null`: it holds
   * none, and takes what is there where that has lasted. A command does neither: it tells the loss.
   */
  healAs(by: RebuildActor | null): void {
    this.recovery.rebuildActor = by;
    this.memory.actor = by?.actor ?? this.memory.actor;
  }

  /** Whether this process remembers more than a poll shows: its next commit puts that in. */
  remembersMore(top: Top): boolean {
    return this.memory.hasMoreThan(top);
  }

  /**
   * Adopts a file that was put over `licence.json` in one commit, or keeps it as `licence.json.refused`. Then
   * the latest revision is shown again.
   * @returns what became of it, in words; null when there is none
   */
  heedDrop(limits: Limits): Promise<string | null> {
    return this.inLine(async () => {
      const endTurn = await this.takeTurn(limits);
      try {
        return await this.refresh.settleReplacement((await this.revisions.latest(limits)).licence, limits);
      } finally {
        await endTurn();
      }
    });
  }

  /** What lies there, for `seatfile repair`; to be asked when a poll has failed. Writes nothing. */
  survey(): Promise<Survey> {
    return this.inLine(() => this.rebuilder.survey());
  }

  /**
   * Rebuilds a table that no running process remembers from what lies there. Nothing is removed or changed.
   * @returns the latest revision then; null when nothing that is there can be trusted
   */
  repair(limits: Limits): Promise<Top | null> {
    return this.inLine(async () => {
      if (!(await this.rebuilder.repair(this.memory.actor, limits))) return null;
      const top = this.memory.known(await this.revisions.latest(limits));
      await this.face.show(top.licence);
      return top;
    });
  }

  /** Where a refused file lies, if there is one. */
  refusedFile(): Promise<string | null> {
    const path = refusedName(this.place.face);
    return this.inLine(async () => ((await this.context.files.stat(path).catch(() => null)) ? path : null));
  }

  /** When the folder was last written in, by the server's stamp; null where there is none. */
  folderTime(): Promise<number | null> {
    return this.inLine(async () => {
      const stat = await nullIf(this.context.files.stat(this.place.folder), 'missing');
      return stat?.modifiedMs ?? null;
    });
  }

  /** What `licence.json` shows, by a stat, and a read if that changed. Never fails. */
  noticeFace(top: Licence): Promise<FaceState> {
    return this.inLine(() => this.face.notice(top));
  }

  /** The highest revision known from elsewhere (`licence.json`): a table that ends below it is a loss. */
  expectAtLeast(revision: number): void {
    this.revisions.register.expectAtLeast(revision);
  }

  /** The server's clock, by its stamp on a directory made for that. Milliseconds since 1970. */
  shareTime(): Promise<number> {
    return this.inLine(async () => {
      const stage = await this.revisions.register.begin();
      await this.revisions.register.abandon(stage);
      return stage.shareTimeMs;
    });
  }

  /**
   * Applies one pure change to the latest revision and publishes the result as the next: once, or not at all.
   * @throws SeatfileFault COMMIT_UNKNOWN when the share would not say which; every other: nothing was changed
   */
  commit<A>(change: Change<A>, limits: Limits): Promise<Committed<A>> {
    return new Promise((resolve, reject) => {
      this.inLine(async () => {
        const tried = () => this.progress.watch(() => this.inTurn(change, limits, resolve), limits);
        const committed = await this.recovery.run(tried, limits);
        if (!committed.published) return;
        this.compaction.committed(committed.licence);
        if (++this.commits % COMMITS_PER_ROUND === 0)
          await this.garbage.round(committed.licence, committed.shareTimeMs);
      }).catch(reject); // after the answer it changes nothing
    });
  }

  private async inTurn<A>(
    change: Change<A>,
    limits: Limits,
    answer: (committed: Committed<A>) => void,
  ): Promise<Committed<A>> {
    if (!(await this.firstFolder.folderExists())) {
      const hidden = await this.firstFolder.firstCommit(limits);
      if (hidden) this.memory.known(hidden);
    }
    const endTurn = await this.takeTurn(limits);
    try {
      const committed = await this.committer.commit(change, limits);
      this.memory.remember(committed.licence);
      if (committed.published) this.memory.committed();
      answer(committed);
      if (committed.published) await this.refresh.show(committed.licence, limits);
      return committed;
    } finally {
      await endTurn();
    }
  }

  private async takeTurn(limits: Limits): Promise<EndTurn> {
    if (!this.options.lock) return async () => undefined;
    const patienceMs = Math.min(this.options.turnMs, this.memory.pollMs / 2);
    const onLatest = (number: number) => this.progress.noteLatest(number);
    return await this.revisions.register.takeTurn({ patienceMs, onLatest }, limits);
  }

  /** The fault of a commit that others outpace; null where it is late for another reason. */
  outpaced(): SeatfileFault | null {
    return this.progress.outpaced();
  }

  /** What happened since a time, from the journal and the revisions not yet in it. Writes nothing. */
  async readJournal(sinceMs: number, limits: Limits): Promise<JournalReading> {
    const top = await this.read(limits);
    const { segmentNumbers } = this.options.clearing;
    return await this.inLine(() =>
      readBack(top.licence, this.revisions.register, this.journal, sinceMs, segmentNumbers),
    );
  }

  /** How much is kept in the folder. Writes nothing. */
  measure(): Promise<Kept> {
    return this.inLine(() => measure(this.revisions.register, this.journal, this.context.files));
  }

  /** The revision that `licence.json` shows although a later one has long been there; null: none. */
  lateFace(top: Licence, shareTimeMs: number): Promise<number | null> {
    const committedMs = (revision: number) => this.revisions.committedMs(revision);
    return this.inLine(() => lateFace(this.place.face, top, shareTimeMs, this.context.files, committedMs));
  }

  /** Resolves when everything after the answers is done too. */
  async settled(): Promise<void> {
    this.refresh.hurry();
    await this.queue.idle();
    await this.refresh.settled();
  }

  private inLine<T>(act: () => Promise<T>): Promise<T> {
    return this.queue.run(act).catch((error: unknown) => {
      throw toFault(error);
    });
  }
}
