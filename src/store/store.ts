import type { InstanceRecord, Licence } from '../licence/document.js';
import type { SeatfileFault } from '../licence/fault.js';
import { Trust } from '../licence/trust.js';
import { type Deadline, toFault } from '../share/deadline.js';
import { nullIf } from '../share/files.js';
import { type LicencePaths, refusedName } from '../share/layout.js';
import { withTimeouts } from '../share/op-timeouts.js';
import { SerialQueue } from '../share/serial.js';
import { type BeatRevision, revisionOfBeat } from './beat-revision.js';
import { type Change, type Committed, Committer } from './commit.js';
import { Compaction } from './compact.js';
import type { StoreContext } from './context.js';
import { DisplayCopy, type DisplayCopyState } from './display-copy.js';
import { FirstFolder } from './first-folder.js';
import { GarbageCollector, type GarbageContext } from './garbage.js';
import { Journal, type JournalReading, type Kept, measure, readBack } from './journal-files.js';
import { TableMemory } from './memory.js';
import { CommitProgress } from './progress.js';
import { type RebuildActor, Rebuilder, type Survey } from './rebuild.js';
import { Recovery } from './recovery.js';
import { Refresh } from './refresh.js';
import type { Turn } from './register.js';
import { editedSettings, ReplacementFile } from './replacement-file.js';
import { type LatestRevision, Revisions } from './revisions.js';
import type { Shown } from './shown.js';
import { lateDisplayCopy } from './shown-copy.js';
import { type StoreOptions, storeDefaults } from './store-options.js';

export interface StoreDeps extends GarbageContext {
  /** The writer's name in the journal, until {@link Store.rebuildAs} says otherwise: `user@host`. */
  readonly actor: string;
  /** What this process knows of the vendor. @default no key: every licence opens */
  readonly trust?: Trust;
}

/**
 * The seat table on a share: `read()` and `commit(change)`. One operation at a time. A commit answers as soon
 * as it is certain; after the answer it collects garbage, and some seconds later it refreshes `licence.json`.
 */
export class Store {
  readonly paths: LicencePaths;
  readonly trust: Trust;
  /** Told what is wrong with the journal. It costs no seat. */
  onJournalTrouble: (trouble: string) => void = () => undefined;
  /** Told why `licence.json` could not be refreshed, once until that changes. It costs no seat. */
  onDisplayCopyTrouble: (trouble: string) => void = () => undefined;
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
  private readonly displayCopy: DisplayCopy;
  private readonly replacement: ReplacementFile;
  private readonly refresh: Refresh;
  private readonly journal: Journal;
  private readonly compaction: Compaction;
  private readonly garbage: GarbageCollector;

  constructor({ actor, trust = Trust.none, ...given }: StoreDeps, options: Partial<StoreOptions> = {}) {
    this.options = { ...storeDefaults, ...options };
    this.paths = given.paths;
    this.trust = trust;
    const files = withTimeouts(given.files, given.clock, this.options);
    const context = { ...given, files };
    this.context = context;
    this.revisions = new Revisions(context, this.options, trust);
    this.progress = new CommitProgress(context);
    this.memory = new TableMemory(this.revisions, this.progress, actor);
    this.committer = new Committer(context, this.revisions, this.memory);
    this.firstFolder = new FirstFolder(context, this.revisions);
    this.rebuilder = new Rebuilder(context, this.revisions, this.firstFolder);
    this.recovery = new Recovery(this.paths, this.revisions, this.rebuilder, this.memory);
    const { wreckMs } = this.options;
    const editIn = (shown: Shown) => editedSettings(shown, this.revisions);
    this.displayCopy = new DisplayCopy(this.paths, files, context.clock, { wreckMs, editIn });
    const { queue } = this;
    this.replacement = new ReplacementFile(this.displayCopy, this.committer, this.takeTurn);
    this.refresh = new Refresh(context, this.displayCopy, this.committer, {
      queue,
      replacement: this.replacement,
    });
    this.refresh.onTrouble = (trouble) => this.onDisplayCopyTrouble(trouble);
    this.journal = new Journal(this.paths, files);
    const { clearing } = this.options;
    const { register } = this.revisions;
    this.compaction = new Compaction(register, this.journal, context, clearing);
    this.compaction.onTrouble = (trouble) => this.onJournalTrouble(trouble);
    this.garbage = new GarbageCollector(register, context, clearing, this.compaction);
  }

  /** A poll: the latest revision, or the licence file itself where no revision exists yet. Writes nothing. */
  read(deadline: Deadline): Promise<LatestRevision> {
    return this.serially(() => this.recovery.run(() => this.readNow(deadline), deadline));
  }

  private async readNow(deadline: Deadline): Promise<LatestRevision> {
    const { clock } = this.context;
    if (await this.firstFolder.folderExists()) {
      const top = await this.revisions.latest(deadline);
      return this.memory.known(top.loss === null ? top : await this.revisions.latestAnew(deadline));
    }
    const startedMs = clock.elapsedMs();
    const { licence, policy } = await this.firstFolder.firstRevision();
    if (licence.revision > 0)
      return this.memory.known(await this.firstFolder.hiddenLatest(licence.revision, deadline));
    return { licence, policy, loss: null, startedMs, endedMs: clock.elapsedMs() };
  }

  /**
   * From now on this process holds a seat, and rebuilds a lost table from what it has seen. `null`: it holds
   * none, and takes what is there where that has lasted. A command does neither: it tells the loss.
   */
  rebuildAs(by: RebuildActor | null): void {
    this.recovery.rebuildActor = by;
    this.memory.actor = by?.actor ?? this.memory.actor;
  }

  /** Whether this process remembers more than a poll shows: its next commit puts that in. */
  remembersMore(top: LatestRevision): boolean {
    return this.memory.hasMoreThan(top);
  }

  /**
   * Adopts a file that was put over `licence.json` in one commit, or keeps it as `licence.json.refused`. Then
   * the latest revision is shown again.
   * @returns what became of it, in words; null when there is none
   */
  settleReplacement(deadline: Deadline): Promise<string | null> {
    return this.serially(() => this.replacement.settle(deadline));
  }

  /** What lies there, for `seatfile repair`; to be asked when a poll has failed. Writes nothing. */
  survey(): Promise<Survey> {
    return this.serially(() => this.rebuilder.survey());
  }

  /**
   * Rebuilds a table that no running process remembers from what lies there. Nothing is removed or changed.
   * @returns the latest revision then; null when nothing that is there can be trusted
   */
  repair(deadline: Deadline): Promise<LatestRevision | null> {
    return this.serially(async () => {
      if (!(await this.rebuilder.repair(this.memory.actor, deadline))) return null;
      const top = this.memory.known(await this.revisions.latest(deadline));
      await this.displayCopy.show(top.licence);
      return top;
    });
  }

  /** Where a refused file lies, if there is one. */
  refusedFile(): Promise<string | null> {
    const path = refusedName(this.paths.licenceFile);
    return this.serially(async () => ((await this.context.files.stat(path).catch(() => null)) ? path : null));
  }

  /** When the folder was last written in, by the server's stamp; null where there is none. */
  folderTime(): Promise<number | null> {
    return this.serially(async () => {
      const stat = await nullIf(this.context.files.stat(this.paths.folder), 'missing');
      return stat?.modifiedMs ?? null;
    });
  }

  /**
   * What `licence.json` shows, by a stat, and a read if that changed; one that lags is refreshed soon. Never
   * fails.
   */
  noticeDisplayCopy(top: Licence): Promise<DisplayCopyState> {
    return this.serially(async () => {
      const look = await this.displayCopy.look(top);
      this.refresh.noticed(look, top);
      return look.state;
    });
  }

  /** The highest revision known from elsewhere (`licence.json`): a table that ends below it is a loss. */
  expectAtLeast(revision: number): void {
    this.revisions.register.expectAtLeast(revision);
  }

  /** The server's clock, by its stamp on a directory made for that. Milliseconds since 1970. */
  shareTime(): Promise<number> {
    return this.serially(async () => {
      const stage = await this.revisions.register.begin();
      await this.revisions.register.abandon(stage);
      return stage.shareTimeMs;
    });
  }

  /**
   * Applies one pure change to the latest revision and publishes the result as the next: once, or not at all.
   * @throws SeatfileFault COMMIT_UNKNOWN when the share would not say which; every other: nothing was changed
   */
  commit<A>(change: Change<A>, deadline: Deadline): Promise<Committed<A>> {
    return new Promise((resolve, reject) => {
      this.serially(async () => {
        const tried = () => this.progress.watch(() => this.commitInTurn(change, deadline), deadline);
        const committed = await this.recovery.run(tried, deadline);
        resolve(committed);
        if (!committed.published) return;
        await this.refresh.committed(committed.licence);
        this.compaction.committed(committed.licence);
        await this.garbage.committed(committed.licence, committed.shareTimeMs);
      }).catch(reject); // after the answer it changes nothing
    });
  }

  private async commitInTurn<A>(change: Change<A>, deadline: Deadline): Promise<Committed<A>> {
    if (!(await this.firstFolder.folderExists())) {
      const hidden = await this.firstFolder.firstCommit(deadline);
      if (hidden) this.memory.known(hidden);
    }
    const committed = await this.committer.commit(change, deadline, this.takeTurn);
    this.memory.remember(committed.licence);
    if (committed.published) this.memory.committed();
    return committed;
  }

  private readonly takeTurn = async (deadline: Deadline): Promise<Turn> => {
    if (!this.options.lock) return await this.committer.noTurn(deadline);
    const patienceMs = Math.min(this.options.turnMs, this.memory.pollMs / 2);
    const onLatest = (number: number) => this.progress.noteLatest(number);
    return await this.revisions.register.takeTurn({ patienceMs, onLatest }, deadline);
  };

  /** The fault of a commit that others outpace; null where it is late for another reason. */
  outpaced(): SeatfileFault | null {
    return this.progress.outpaced();
  }

  /** What happened since a time, from the journal and the revisions not yet in it. Writes nothing. */
  async readJournal(sinceMs: number, deadline: Deadline): Promise<JournalReading> {
    const top = await this.read(deadline);
    const { segmentNumbers } = this.options.clearing;
    return await this.serially(() =>
      readBack(top.licence, this.revisions.register, this.journal, sinceMs, segmentNumbers),
    );
  }

  /** In which revision a record got its beat; null: that is not known. Writes nothing. */
  beatRevision(record: Pick<InstanceRecord, 'id' | 'beat'>): Promise<BeatRevision | null> {
    return this.serially(() => revisionOfBeat(this.revisions.register, record));
  }

  /** How much is kept in the folder. Writes nothing. */
  measure(): Promise<Kept> {
    return this.serially(() => measure(this.revisions.register, this.journal, this.context.files));
  }

  /** The revision that `licence.json` shows although a later one has long been there; null: none. */
  lateDisplayCopy(top: Licence, shareTimeMs: number): Promise<number | null> {
    const committedMs = (revision: number) => this.revisions.committedMs(revision);
    return this.serially(() =>
      lateDisplayCopy(this.paths.licenceFile, top, shareTimeMs, this.context.files, committedMs),
    );
  }

  /** Resolves when everything after the answers is done too. */
  async settled(): Promise<void> {
    await this.queue.idle();
    await this.refresh.finish();
  }

  private serially<T>(act: () => Promise<T>): Promise<T> {
    return this.queue.run(act).catch((error: unknown) => {
      throw toFault(error);
    });
  }
}
