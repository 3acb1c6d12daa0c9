import type { Licence } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import { isSameTable, licenceIdOf } from '../licence/lineage.js';
import { formatLicence } from '../licence/text.js';
import {
  type Candidate,
  HIGHEST_REBUILDABLE,
  newest,
  type RestoreStamp,
  restore,
  restoredNumber,
  type Source,
} from '../rules/restore.js';
import { type Deadline, toFault } from '../share/deadline.js';
import {
  damagedName,
  documentIn,
  inFolder,
  isStrange,
  type LicencePaths,
  numberName,
  restoredName,
} from '../share/layout.js';
import type { StoreContext } from './context.js';
import type { FirstFolder } from './first-folder.js';
import type { FolderRegister } from './folder-register.js';
import type { Attempt } from './register.js';
import type { ReadRevision, Revisions } from './revisions.js';
import { readDisplayCopy } from './shown-copy.js';

/**
 * The instance that rebuilds: `user@host` for the journal, and its id. Its own record goes back only by its
 * next beat.
 */
export type RebuildActor = Pick<RestoreStamp, 'actor' | 'id'>;

/**
 * What became of it: the table is whole, by us or by a quicker process; nothing there is surely of this
 * licence; another process seems to have rebuilt it since we met the trouble. With the last two nothing was
 * written.
 */
export type RebuildResult = 'whole' | 'untrusted' | 'doubted';

/** One of this many numbers, newest first, should be readable. */
const MOST_READ = 64;

/** What there is to rebuild a table from. */
export interface Remains {
  readonly candidates: readonly Candidate[];
  readonly base: Candidate;
  /** The highest number known from any of them, readable or not. */
  readonly highest: number;
}

/** What lies there, for an administrator to decide about. */
export interface Survey {
  readonly numbers: readonly number[] | null;
  /** Those above the newest readable one, newest first. */
  readonly unreadable: readonly { readonly number: number; readonly why: string }[];
  readonly readable: Licence | null;
  readonly face: Licence | null;
  /** Names in the folder that are none of ours. */
  readonly strangers: readonly string[];
  /** Numbers so high that nothing fits above them: a repair renames them. */
  readonly tooHigh: readonly number[];
  readonly remains: Remains | null;
}

/** A restored revision as it lies under the name of the lineage that was lost. */
interface Agreed extends ReadRevision {
  readonly text: string;
}

/**
 * Rebuilds a lost table. Of all processes that rebuild one lost lineage exactly one wins, and no late one can
 * bury what grew from its result: README.md, "How a table is rebuilt".
 */
export class Rebuilder {
  private readonly context: StoreContext;
  private readonly revisions: Revisions;
  private readonly register: FolderRegister<ReadRevision>;
  private readonly firstFolder: FirstFolder;

  constructor(context: StoreContext, revisions: Revisions, firstFolder: FirstFolder) {
    this.context = context;
    this.revisions = revisions;
    this.register = revisions.register;
    this.firstFolder = firstFolder;
  }

  private get paths(): LicencePaths {
    return this.context.paths;
  }

  /**
   * Rebuilds the table, or leaves that to a quicker process.
   * @param memory the newest state that this process has seen; null for `seatfile repair`
   */
  async rebuild(memory: Licence | null, by: RebuildActor, deadline: Deadline): Promise<RebuildResult> {
    const numbers = await this.register.numbers();
    const remains = await this.remains(memory, numbers);
    if (remains === null || restoredNumber(remains.highest) > HIGHEST_REBUILDABLE) return 'untrusted';
    if (memory !== null && numbers !== null && this.isNews(remains.base, memory, numbers)) {
      this.register.resetTrouble(remains.base.licence.revision);
      return 'doubted';
    }
    const build = (base: Candidate, shareTimeMs: number) => this.restored(remains, base, shareTimeMs, by);
    if (numbers === null) await this.firstFolder.recreate((shareTimeMs) => build(remains.base, shareTimeMs));
    else await this.rebuildInside(remains, numbers.at(-1) ?? -1, build, deadline);
    return 'whole';
  }

  /**
   * Made by another process that has rebuilt the table that we knew, and above all that we were ever shown.
   */
  private isNews({ licence }: Candidate, memory: Licence, numbers: readonly number[]): boolean {
    const shown = Math.max(this.register.highestSeen, numbers.at(-1) ?? -1);
    return licence.lineage !== memory.lineage && licence.revision > shown;
  }

  /** What there is to see, without a memory of our own. Writes nothing. */
  async survey(): Promise<Survey> {
    const { files } = this.context;
    const all = await this.register.numbers();
    const isTooHigh = (number: number) => restoredNumber(number) > HIGHEST_REBUILDABLE;
    const tooHigh = (all ?? []).filter(isTooHigh);
    const numbers = all?.filter((number) => !isTooHigh(number)) ?? null;
    const names = all === null ? [] : await files.list(this.paths.folder);
    const { readable, unreadable } = await this.scan(numbers ?? []);
    const face = await this.readFace();
    const remains = await this.remains(null, numbers);
    return { numbers: all, unreadable, readable, face, strangers: names.filter(isStrange), tooHigh, remains };
  }

  /**
   * As rebuild(), where no running instance remembers more. What leaves no room above it is renamed, and kept.
   */
  async repair(actor: string, deadline: Deadline): Promise<boolean> {
    const { tooHigh } = await this.survey();
    for (const number of tooHigh) {
      const aside = inFolder(this.paths, damagedName(number, this.context.random.id()));
      await this.context.files.rename(inFolder(this.paths, numberName(number)), aside);
    }
    return (await this.rebuild(null, { actor, id: null }, deadline)) === 'whole';
  }

  /** Null when what is there is of another licence, or when nothing shows that this place is ours. */
  async remains(memory: Licence | null, numbers: readonly number[] | null): Promise<Remains | null> {
    const face = await this.readFace();
    const { readable: inside } = await this.scan(numbers ?? []);
    const ours = memory ?? inside ?? face;
    if (ours === null || (inside && !isOfOne(inside, ours))) return null;
    const isDisplayCopyOurs = face !== null && isOfOne(face, ours);
    // An empty place where the share was mounted, or another licence.
    if (numbers === null && !isDisplayCopyOurs) return null;
    const candidates = candidatesOf({ memory, folder: inside, face }).filter(({ licence }) =>
      isSameTable(licence, ours),
    );
    const base = newest(candidates);
    if (base === null) return null;
    const known = [...candidates.map(({ licence }) => licence.revision), numbers?.at(-1) ?? -1];
    if (isDisplayCopyOurs) known.push(face.revision);
    return { candidates, base, highest: Math.max(this.register.highestSeen, ...known) };
  }

  /** An entitlement that does not verify is none to rebuild from, whatever its number. */
  private async readFace(): Promise<Licence | null> {
    return await readDisplayCopy(this.paths.licenceFile, this.context.files, this.revisions.trust);
  }

  private async scan(numbers: readonly number[]): Promise<Pick<Survey, 'readable' | 'unreadable'>> {
    const unreadable: { number: number; why: string }[] = [];
    for (const number of [...numbers].reverse().slice(0, MOST_READ)) {
      const found = await this.register.read(number).catch((error: unknown) => {
        if (error instanceof SeatfileFault && error.code === 'TABLE_DAMAGED') return error.message;
        throw toFault(error);
      });
      if (found !== null && typeof found !== 'string') return { readable: found.licence, unreadable };
      unreadable.push({ number, why: found ?? 'there is no licence.json in it' });
    }
    return { readable: null, unreadable };
  }

  private restored(
    { candidates, highest }: Remains,
    base: Candidate,
    shareTimeMs: number,
    by: RebuildActor,
  ): Licence {
    const { random } = this.context;
    const ids = { changeId: random.id(), commit: random.id(), lineage: random.id() };
    const above = { candidates, base, highest: Math.max(highest, base.licence.revision) };
    return restore(above, {
      ...ids,
      ...{ shareTimeMs, actor: by.actor, id: by.id },
    });
  }

  private async rebuildInside(
    remains: Remains,
    top: number,
    build: (base: Candidate, shareTimeMs: number) => Licence,
    deadline: Deadline,
  ): Promise<void> {
    const { stages } = this.register;
    const stage = await stages.make();
    if ((await this.register.latestOnce()) !== null) {
      await stages.discard(stage.path); // another process was quicker, or it was an old listing after all
      return;
    }
    const agreed = await this.agreed(stage, top, remains.base, (base) => build(base, stage.shareTimeMs));
    await this.revisions.publish(await stages.make(), agreed, agreed.text, deadline);
  }

  /**
   * The restored revision that all processes agree on. One that was agreed on before, and whose number is
   * there and cannot be read either, was lost in its turn: then its lineage is the one to heal.
   */
  private async agreed(
    stage: Attempt,
    top: number,
    base: Candidate,
    build: (base: Candidate) => Licence,
  ): Promise<Agreed> {
    const there = inFolder(this.paths, restoredName(base.licence.lineage));
    const earlier = await this.readAgreed(there);
    if (earlier !== null && earlier.licence.revision <= top)
      return await this.agreed(stage, top, { from: 'folder', licence: earlier.licence }, build);
    if (earlier === null) return await this.propose(stage, there, build(base));
    await this.register.stages.discard(stage.path);
    return earlier;
  }

  private async readAgreed(directory: string): Promise<Agreed | null> {
    const found = await this.register.reader.readNamed(directory);
    if (found) this.revisions.trust.judge(found.document.licence);
    return found && { ...found.document, text: found.text };
  }

  /**
   * Puts a restored revision under the one name of the lost lineage, if that is free; gives what is there
   * then.
   */
  private async propose(stage: Attempt, there: string, own: Licence): Promise<Agreed> {
    const { files } = this.context;
    await files.writeNew(documentIn(stage.path), formatLicence(own, 'compact'), this.paths.fileMode);
    const failure = await files.rename(stage.path, there).then(
      () => null,
      (error: unknown) => error,
    );
    const found = await this.readAgreed(there); // by what is there, never by errno
    if (found === null) throw toFault(failure);
    if (found.licence.commit !== own.commit) await this.register.stages.discard(stage.path);
    return found;
  }
}

const isOfOne = (one: Licence, other: Licence): boolean =>
  licenceIdOf(one.entitlement) === licenceIdOf(other.entitlement);

function candidatesOf(found: Readonly<Record<Source, Licence | null>>): Candidate[] {
  const sources: readonly Source[] = ['memory', 'folder', 'face'];
  return sources.flatMap((from) => {
    const licence = found[from];
    return licence === null ? [] : [{ from, licence }];
  });
}
