import type { Licence } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence, nextRevision } from '../../src/licence/revision.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { Trust } from '../../src/licence/trust.js';
import type { JudgePlace } from '../../src/share/binding.js';
import type { Deadline } from '../../src/share/deadline.js';
import type { ShareFiles } from '../../src/share/files.js';
import {
  type LicencePaths,
  numberName,
  numbersAmong,
  pathsOf,
  type StageOwner,
} from '../../src/share/layout.js';
import type { Change, Committed } from '../../src/store/commit.js';
import { Store } from '../../src/store/store.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import { HandClock, HostTime } from '../../src/testing/host-time.js';
import { EPOCH_MS, Timeline } from '../../src/testing/timeline.js';
import type { SimClientState } from '../share/simulated/client.js';
import { SimServer } from '../share/simulated/server.js';
import type { ServerOptions } from '../share/simulated/tree.js';
import { seededDice } from './dice.js';
import { clientOf, filesOfProcess } from './memory-share.js';

export interface WriterOptions {
  readonly store?: Partial<StoreOptions>;
  readonly client?: Partial<SimClientState>;
  /** Faults, between the store and the share. */
  readonly wrap?: (files: ShareFiles) => ShareFiles;
  readonly isDead?: (owner: StageOwner) => boolean;
  readonly trust?: Trust;
  readonly judgePlace?: JudgePlace;
}

const MINUTE_MS = 60_000;

/** A licence on a memory share, and stores that write in it: the share's side of things, without instances. */
export class Table {
  readonly timeline = new Timeline();
  readonly server: SimServer;
  readonly paths: LicencePaths;
  private pids = 1;
  private readonly seed: string | number;

  constructor(options: ServerOptions & { readonly seed?: string | number } = {}) {
    this.server = new SimServer(this.timeline, options);
    this.paths = pathsOf('/share/licence.json', 0o775, 0o664);
    this.seed = options.seed ?? 1;
    this.server.makeDirectory('/share');
    this.server.setMode('/share', 0o775);
    this.server.writeNew(this.paths.licenceFile, formatLicence(bareLicence(), 'pretty'), 0o664);
  }

  writer(options: WriterOptions = {}): Writer {
    return new Writer(this, this.pids++, this.seed, options);
  }

  /** As after this many commits of words w1, w2, ... by another process. */
  grow(revisions: number): Licence {
    const { server, paths } = this;
    if (!server.isThere(paths.folder)) {
      this.makeRevision(bareLicence());
    }
    for (let n = 0; n < revisions; n++) {
      const base = this.top();
      const licence = { ...base, ...tallied(base, `w${base.revision + 1}`) };
      const stamp = {
        changeId: `change-${base.revision}`,
        commit: `commit-${base.revision}`,
        shareTimeMs: server.nowMs,
      };
      this.makeRevision(nextRevision(base, { licence, events: [] }, stamp));
    }
    return this.top();
  }

  makeRevision(licence: Licence): void {
    const { server, paths } = this;
    if (!server.isThere(paths.folder)) this.makeDirectory(paths.folder);
    this.makeDirectory(this.numberPath(licence.revision));
    server.writeNew(this.documentPath(licence.revision), formatLicence(licence, 'compact'), paths.fileMode);
  }

  private makeDirectory(path: string): void {
    this.server.makeDirectory(path);
    this.server.setMode(path, this.paths.directoryMode);
  }

  numberPath(revision: number): string {
    return `${this.paths.folder}/${numberName(revision)}`;
  }

  documentPath(revision: number): string {
    return `${this.numberPath(revision)}/licence.json`;
  }

  numbers(): number[] {
    return numbersAmong(this.server.list(this.paths.folder));
  }

  top(): Licence {
    const number = this.server.isThere(this.paths.folder) ? this.numbers().at(-1) : undefined;
    const path = number === undefined ? this.paths.licenceFile : this.documentPath(number);
    return parseLicence(this.server.readText(path), path);
  }

  tally(): readonly string[] {
    return tallyOf(this.top());
  }

  /** What lies in the folder beside the revisions. */
  others(): string[] {
    return this.server.list(this.paths.folder).filter((name) => !/^\d{12}$/.test(name));
  }

  /** The revision that `licence.json` shows. */
  shown(): number {
    return parseLicence(this.server.readText(this.paths.licenceFile), this.paths.licenceFile).revision;
  }
}

/** One process that writes. */
export class Writer {
  readonly table: Table;
  readonly clock: HandClock;
  readonly store: Store;
  readonly slow: string[] = [];

  constructor(table: Table, pid: number, seed: string | number, options: WriterOptions) {
    this.table = table;
    this.clock = new HandClock(new HostTime(table.timeline));
    const client = clientOf(table.server, options.client);
    const chance = seededDice(`${seed}/${pid}/kill`);
    this.store = new Store(
      {
        paths: table.paths,
        files: filesOfProcess(client, this.clock, chance, options.wrap),
        clock: this.clock,
        random: seededDice(`${seed}/${pid}`),
        owner: { machine: 'abcdef01', pid },
        isDead: options.isDead ?? (() => false),
        actor: 'ada@pc-1',
        trust: options.trust ?? Trust.none,
        ...(options.judgePlace && { judgePlace: options.judgePlace }),
      },
      {
        onSlow: (waitingFor, { mostMs }) =>
          void this.slow.push(`${waitingFor}; ${Math.max(1, Math.ceil(mostMs / 1000))} s at most`),
        ...options.store,
      },
    );
  }

  deadline(ms = MINUTE_MS, signal?: AbortSignal): Deadline {
    return { untilMs: this.clock.elapsedMs() + ms, signal };
  }

  /** Starts a commit; time is moved by the caller. */
  adding(word: string, ms?: number, signal?: AbortSignal): Promise<Committed<string>> {
    return this.store.commit(adding(word), this.deadline(ms, signal));
  }

  /** Adds a word, and lets time pass until everything behind the answer is done too. */
  async add(word: string, ms?: number): Promise<Committed<string>> {
    const { timeline } = this.table;
    try {
      return await timeline.run(this.adding(word, ms));
    } finally {
      await timeline.run(this.store.settled());
    }
  }

  async read(ms?: number): Promise<Licence> {
    return (await this.table.timeline.run(this.store.read(this.deadline(ms)))).licence;
  }
}

/** Unknown keys survive a rewrite: the tests keep a list of words in one. */
export function tallyOf(licence: Licence): readonly string[] {
  return 'tally' in licence && Array.isArray(licence.tally) ? licence.tally : [];
}

const tallied = (base: Licence, word: string) => ({ tally: [...tallyOf(base), word] });

/** A change that adds one word. It never declines, so a change applied twice shows. */
export const adding =
  (word: string): Change<string> =>
  ({ licence: base }) => ({
    answer: word,
    draft: { licence: { ...base, ...tallied(base, word) }, events: [] },
  });

export const declining: Change<string> = () => ({ answer: 'no', draft: null });

export function bareLicence(): Licence {
  const issuedAt = new Date(EPOCH_MS).toISOString();
  const modules = [{ module: 'M1', maxUsers: 10 }];
  const sealed = sealUnsigned({ licenceId: 'acme-1', issuedAt, modules });
  return firstLicence(sealed, {}, { lineage: 'lineage-1', commit: 'commit-0' });
}

/** The code a promise is rejected with; null when it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<string | null> {
  return await promise.then(
    () => null,
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
}
