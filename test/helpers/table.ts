import type { Licence } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence, nextRevision } from '../../src/licence/revision.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import type { Limits } from '../../src/share/deadline.js';
import type { ShareFiles } from '../../src/share/files.js';
import { numberName, numbersAmong, type Place, placeOf, type StageOwner } from '../../src/share/layout.js';
import type { Change, Committed } from '../../src/store/commit.js';
import { Store, type StoreOptions } from '../../src/store/store.js';
import { EPOCH_MS, HandClock, HostTime, Timeline } from './clock.js';
import { seededDice } from './dice.js';
import {
  type ClientState,
  clientOf,
  filesOfProcess,
  MemoryServer,
  type MemoryServerOptions,
} from './memory-share.js';

export interface WriterOptions {
  readonly store?: Partial<StoreOptions>;
  readonly client?: Partial<ClientState>;
  /** Faults, between the store and the share. */
  readonly wrap?: (files: ShareFiles) => ShareFiles;
  readonly isDead?: (owner: StageOwner) => boolean;
}

const MINUTE_MS = 60_000;

/** A licence on a memory share, and stores that write in it: the share's side of things, without instances. */
export class Table {
  readonly timeline = new Timeline();
  readonly server: MemoryServer;
  readonly place: Place;
  private pids = 1;
  private readonly seed: string | number;

  constructor(options: MemoryServerOptions & { readonly seed?: string | number } = {}) {
    this.server = new MemoryServer(this.timeline, options);
    this.place = placeOf('/share/licence.json', 0o775, 0o664);
    this.seed = options.seed ?? 1;
    this.server.makeDirectory('/share');
    this.server.setMode('/share', 0o775);
    this.server.writeNew(this.place.face, formatLicence(bareLicence(), 'pretty'), 0o664);
  }

  writer(options: WriterOptions = {}): Writer {
    return new Writer(this, this.pids++, this.seed, options);
  }

  /** As after this many commits of words w1, w2, ... by another process. */
  grow(revisions: number): Licence {
    const { server, place } = this;
    if (!server.isThere(place.folder)) {
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
    const { server, place } = this;
    if (!server.isThere(place.folder)) this.makeDirectory(place.folder);
    this.makeDirectory(this.numberPath(licence.revision));
    server.writeNew(this.documentPath(licence.revision), formatLicence(licence, 'compact'), place.fileMode);
  }

  private makeDirectory(path: string): void {
    this.server.makeDirectory(path);
    this.server.setMode(path, this.place.directoryMode);
  }

  numberPath(revision: number): string {
    return `${this.place.folder}/${numberName(revision)}`;
  }

  documentPath(revision: number): string {
    return `${this.numberPath(revision)}/licence.json`;
  }

  numbers(): number[] {
    return numbersAmong(this.server.list(this.place.folder));
  }

  top(): Licence {
    const number = this.server.isThere(this.place.folder) ? this.numbers().at(-1) : undefined;
    const path = number === undefined ? this.place.face : this.documentPath(number);
    return parseLicence(this.server.readText(path), path);
  }

  tally(): readonly string[] {
    return tallyOf(this.top());
  }

  /** What lies in the folder beside the revisions. */
  others(): string[] {
    return this.server.list(this.place.folder).filter((name) => !/^\d{12}$/.test(name));
  }

  /** The revision that `licence.json` shows. */
  shown(): number {
    return parseLicence(this.server.readText(this.place.face), this.place.face).revision;
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
        place: table.place,
        files: filesOfProcess(client, this.clock, chance, options.wrap),
        clock: this.clock,
        dice: seededDice(`${seed}/${pid}`),
        owner: { machine: 'abcdef01', pid },
        isDead: options.isDead ?? (() => false),
        actor: 'ada@pc-1',
      },
      { onSlow: (waitingFor) => void this.slow.push(waitingFor), ...options.store },
    );
  }

  limits(ms = MINUTE_MS, signal?: AbortSignal): Limits {
    return { untilMs: this.clock.elapsedMs() + ms, signal };
  }

  /** Starts a commit; time is moved by the caller. */
  adding(word: string, ms?: number, signal?: AbortSignal): Promise<Committed<string>> {
    return this.store.commit(adding(word), this.limits(ms, signal));
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
    return (await this.table.timeline.run(this.store.read(this.limits(ms)))).licence;
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
